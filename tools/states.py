"""Train the network that reads states (chapters 49 and 50): `python tools/states.py OUT`

    torchrun --nproc_per_node 2 tools/states.py OUT --minutes 60    # on two cores
    python tools/states.py OUT --preset base --device cuda --clips 400000 --workers 16 --minutes 10

OUT/weights is what `Simulated.load` takes. Called again with a larger limit it goes on, so an hour can be cut into
slices of ten minutes. Under `torchrun` the clips are best made before, by one call with `--minutes 0.1` and `--workers`.
"""
import argparse
from pathlib import Path

import torch

from framepred.motion.states_train import PRESETS, train_states


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=Path)
    parser.add_argument('--preset', choices=list(PRESETS), default='tiny')
    parser.add_argument('--clips', type=int, default=40000, help='simulated ones (default: 40000)')
    parser.add_argument('--seed', type=int, default=61, help='of the clips')
    parser.add_argument('--minutes', type=float, help="of training, the making of clips not counted (default: the preset's steps)")
    parser.add_argument('--init', type=Path, help='weights to start from')
    parser.add_argument('--workers', type=int, default=1, help='processes that make clips')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--set', nargs='*', default=[], metavar='NAME=NUMBER', help="instead of the preset's: lr=0.001")
    a = parser.parse_args()
    torch.set_num_threads(1)
    changes = {name: (int if value.isdigit() else float)(value) for name, value in (s.split('=') for s in a.set)}
    print(train_states(
        a.out, PRESETS[a.preset].changed(**changes), a.clips, a.seed, a.minutes, init=a.init, workers=a.workers,
        device=a.device))


if __name__ == '__main__':
    main()
