"""What holds in other worlds: `python tools/worlds.py DATA OUT`

A hundred val clips of each world of the simulator are made under DATA, and `framepred evaluate` scores them with the
shipped weights, nothing fitted: OUT/worlds.csv. Of these worlds all weights have seen `standard` alone. `--layout W`
puts another layout in the place of the shipped ones, such as one that `framepred finetune` fitted.
"""
import argparse
from pathlib import Path

import pandas as pd
import torch

from framepred.app.asking import evaluate
from framepred.score.evaluate import write_csv
from framepred.sim.scene import WORLDS
from framepred.sim.simulate import simulate_split


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data', type=Path)
    parser.add_argument('out', type=Path)
    parser.add_argument('--clips', type=int, default=100, help='of each world (default: 100)')
    parser.add_argument('--seed', type=int, default=43)
    parser.add_argument('--layout', type=Path)
    parser.add_argument('--only', nargs='+', choices=list(WORLDS), default=list(WORLDS), help='these worlds')
    a = parser.parse_args()
    torch.set_num_threads(1)
    tables = []
    for name in a.only:
        folder = a.data/name
        if not (folder/'val').is_dir():
            simulate_split(
                folder, 'val', a.clips, seed=a.seed, workers=1, masks_only=True, state=True, profile=name)
        table = evaluate(folder, layout=a.layout)
        tables.append(table.assign(world=name))
        print(name, *table.attrs['notes'], sep='\n')
        print(table[['method', 'jaccard', 'iou_late', 'iou_still', 'seconds_per_clip']].round(3).to_string(index=False))
    write_csv(pd.concat(tables), a.out/'worlds.csv')


if __name__ == '__main__':
    main()
