"""What the chapters `enhance` and `ahead` show: the weights `clips`, `clips-plain` and `clips-ahead`, and a table

    framepred simulate DATA --train 640 --val 100 --hidden 0 --seed 21
    python tools/clips.py DATA OUT mend      # VAE, U-Net, both
    python tools/clips.py DATA OUT plain     # the plain U-Net, for as long
    python tools/clips.py DATA OUT ahead     # frames 12 to 22, with the VAE of `clips`
    python tools/clips.py DATA OUT table     # OUT/ahead.csv: frame 22 of the first 20 val clips, shipped weights

Called again, each training goes on. Weights are left in OUT/NAME/weights, processor time in OUT/NAME/processor.txt.
"""
import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from framepred.clips.ahead import Ahead, tensor, train_ahead
from framepred.clips.enhance import gather
from framepred.clips.latent import CLIPS, train_clips
from framepred.clips.vae import psnr_of
from framepred.core import OBSERVED, TARGET
from framepred.data.finding import open_data
from framepred.data.reading import read_clip
from framepred.files import weights_dir
from framepred.score.jaccard import bootstrap, iou_counts, paired
from framepred.segment.segmenter import Segmenter

MEND = CLIPS['tiny'].changed(vae=350, unet=400, joint=30)
PLAIN = CLIPS['tiny'].changed(
    method='plain', fold=2, channels=18, multipliers=(1, 2, 4), temporal=(2,), unet=600)
CLIPS_SCORED = 20
# settings, sampler
ASKED = {
    'from noise, 1 step (as shipped)': ({}, 'ddim'),
    'from the input at level 0.5, 1 step': (dict(start='input', level=.5), 'ddim'),
    'from noise, DDIM, 5 steps': (dict(steps=5), 'ddim'),
    'from noise, DDPM, 5 steps': (dict(steps=5), 'ddpm'),
}
LAST = 4   # frames that are decoded: no convolution of the decoder sees farther than these


def mend(a):
    got = gather(a.data, most=60)
    return train_clips(got.clips, a.out/'mend', MEND, held=got.held, device='cpu')


def plain(a):
    got = gather(a.data, most=60)
    return train_clips(got.clips, a.out/'plain', PLAIN, held=got.held, device='cpu')


def ahead(a):
    return train_ahead(gather(a.data, most=50).clips, a.out/'ahead', device='cpu')


def pictures(clip, asked, name):
    "Frame 22 as every row has it, (3,H,W) in 0…1, and the seconds it took"
    first = next(iter(asked.values()))
    seen, truth = tensor(clip.frames[:OBSERVED]), tensor(clip.frames[OBSERVED:])
    past, future = first.net.encode(seen), first.net.encode(truth)
    last, still = seen[:, -1:], past[:, -1:].expand(-1, LAST, -1, -1, -1)
    yield 'frame 22 itself', truth[0, -1], 0.
    yield 'frame 22 through the latents', first.added(last, past, future[:, -LAST:]-past[:, -1:])[0, -1], 0.
    yield 'copy of frame 11', last[0, 0], 0.
    yield 'copy of frame 11 through the latents', first.net.decode(still)[0, -1], 0.
    for row, ask in asked.items():
        start = time.perf_counter()
        picture = ask.added(last, past, ask.change(past, name)[:, -LAST:])[0, -1]
        yield row, picture, time.perf_counter()-start


@torch.inference_mode()
def table(a):
    "Jaccard of frame 22, segmented in each row's picture, with 95 % over clips; PSNR of the picture"
    torch.set_num_threads(1)
    asked = {row: Ahead.load(a.weights, 'cpu', sampler, **how) for row, (how, sampler) in ASKED.items()}
    segmenter = Segmenter.load(weights_dir('segmenter'), 'cpu')
    counts, psnr, seconds = {}, {}, {}
    for ref in open_data(a.data).split('val')[:CLIPS_SCORED]:
        clip = read_clip(ref)
        truth = tensor(clip.frames[TARGET:])[0, 0]
        for row, picture, took in pictures(clip, asked, ref.number):
            shown = picture.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0)
            found = segmenter.labels(shown[None].numpy())[0]
            counts.setdefault(row, []).append(iou_counts(found, clip.masks[TARGET]))
            psnr.setdefault(row, []).append(psnr_of(picture, truth))
            seconds.setdefault(row, []).append(took)
    rows = []
    for row in counts:
        score, more = bootstrap(counts[row]), paired(counts[row], counts['copy of frame 11'])
        rows.append(dict(
            row=row, jaccard=score.value, jaccard_low=score.low, jaccard_high=score.high,
            over_copy=more.value, over_copy_low=more.low, over_copy_high=more.high,
            psnr=np.mean(psnr[row]) if row != 'frame 22 itself' else np.nan,
            seconds_a_clip=np.mean(seconds[row]) or np.nan, clips=len(counts[row])))
    found = pd.DataFrame(rows)
    found.to_csv(a.out/'ahead.csv', index=False)
    return found.round(3).to_string(index=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data', type=Path)
    parser.add_argument('out', type=Path)
    parser.add_argument('what', choices=['mend', 'plain', 'ahead', 'table'])
    parser.add_argument('--weights', type=Path, default=None, help='for the table (default: the shipped ones)')
    a = parser.parse_args()
    start = time.process_time()
    print(globals()[a.what](a))
    if a.what != 'table':
        with open(a.out/a.what/'processor.txt', 'a') as f:
            f.write(f'{(time.process_time()-start)/60:.2f} minutes\n')


if __name__ == '__main__':
    main()
