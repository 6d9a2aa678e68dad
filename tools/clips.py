"""What chapter 82 shows: the weights `clips` and `clips-plain`

    framepred simulate DATA --train 500 --val 60 --hidden 0 --seed 21
    python tools/clips.py DATA OUT mend      # VAE, U-Net, both
    python tools/clips.py DATA OUT plain     # the plain U-Net, for as long

Called again, each training goes on. Weights are left in OUT/NAME/weights, processor time in OUT/NAME/processor.txt.
"""
import argparse
import time
from pathlib import Path

from framepred.clips.enhance import gather
from framepred.clips.latent import CLIPS, train_clips

MEND = CLIPS['tiny'].changed(vae=350, unet=400, joint=30)
PLAIN = CLIPS['tiny'].changed(
    method='plain', fold=2, channels=18, multipliers=(1, 2, 4), temporal=(2,), unet=600)


def mend(a):
    got = gather(a.data, most=60)
    return train_clips(got.clips, a.out/'mend', MEND, held=got.held, device='cpu')


def plain(a):
    got = gather(a.data, most=60)
    return train_clips(got.clips, a.out/'plain', PLAIN, held=got.held, device='cpu')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data', type=Path)
    parser.add_argument('out', type=Path)
    parser.add_argument('what', choices=['mend', 'plain'])
    a = parser.parse_args()
    start = time.process_time()
    print(globals()[a.what](a))
    with open(a.out/a.what/'processor.txt', 'a') as f:
        f.write(f'{(time.process_time()-start)/60:.2f} minutes\n')


if __name__ == '__main__':
    main()
