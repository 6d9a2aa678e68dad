"""What the chapters `enhance` and `ahead` show: the weights `clips`, `clips-plain` and `clips-ahead`, and a table

    framepred simulate DATA --train 640 --val 80 --hidden 0 --seed 21
    python tools/clips.py DATA OUT mend      # VAE, U-Net, both
    python tools/clips.py DATA OUT plain     # the plain U-Net, for as long
    python tools/clips.py DATA OUT ahead     # frames 12 to 22, with the VAE of `clips`
    python tools/clips.py DATA OUT table     # OUT/ahead.csv: frame 22 of the val clips, shipped weights

Called again, each training goes on. Weights are left in OUT/NAME/weights, processor time in OUT/NAME/processor.txt.
"""
import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from framepred.clips.ahead import Ahead, draft, tensor
from framepred.clips.ahead_train import train_ahead
from framepred.clips.enhance import gather
from framepred.clips.latent import CLIPS, train_clips
from framepred.clips.vae import psnr_of
from framepred.core import OBSERVED, TARGET
from framepred.data.finding import open_data
from framepred.data.reading import read_clip
from framepred.files import weights_dir
from framepred.motion.layout import Layout
from framepred.predict.collage import Album
from framepred.predict.frames import FramePainter
from framepred.runtime import progress
from framepred.score.jaccard import bootstrap, iou_counts, paired
from framepred.segment.segmenter import Segmenter
from framepred.synthesis.draw import Synthesizer

MEND = CLIPS['tiny'].changed(vae=350, unet=400, joint=30)
PLAIN = CLIPS['tiny'].changed(
    method='plain', fold=2, channels=18, multipliers=(1, 2, 4), temporal=(2,), unet=600)
# whose masks of the frames to come it is told, does it begin with a draft of them, settings, sampler
ASKED = {
    'told nothing: first look, without noise': (None, False, dict(draws=False), 'ddim'),
    'told nothing: 1 step': (None, False, {}, 'ddim'),
    'told the layout: 1 step, from frame 11': ('layout', False, {}, 'ddim'),
    'told the layout: 1 step, from a draft': ('layout', True, {}, 'ddim'),
    'told the layout: from a draft at level 0.5, 1 step': ('layout', True, dict(start='input', level=.5), 'ddim'),
    'told the layout: DDIM, 5 steps, from a draft': ('layout', True, dict(steps=5), 'ddim'),
    'told the layout: DDPM, 5 steps, from a draft': ('layout', True, dict(steps=5), 'ddpm'),
    'told the truth: 1 step, from frame 11': ('truth', False, {}, 'ddim'),
    'told the truth: 1 step, from a draft': ('truth', True, {}, 'ddim'),
}
LAYOUT = "the layout's mask, without a picture"
LAST = 4   # frames that are decoded: no convolution of the decoder sees farther than these


def mend(a):
    got = gather(a.data, most=60)
    return train_clips(got.clips, a.out/'mend', MEND, held=got.held, device='cpu')


def plain(a):
    got = gather(a.data, most=60)
    return train_clips(got.clips, a.out/'plain', PLAIN, held=got.held, device='cpu')


def ahead(a):
    clips = [read_clip(ref) for ref in open_data(a.data).split('train')[:640]]
    seen, came = slice(OBSERVED), slice(OBSERVED, None)
    drafts = [draft(c.frames[seen], c.masks[seen], c.masks[came]) for c in progress(clips, desc='drafts', unit='clip')]
    return train_ahead([c.frames for c in clips], [c.masks for c in clips], drafts, a.out/'ahead', device='cpu')


def pictures(clip, asked, masks, drafts, name):
    "Frame 22 as every row has it, (3,H,W) in 0…1, and the seconds it took"
    first = next(iter(asked.values()))[-1]
    seen, truth = tensor(clip.frames[:OBSERVED]), tensor(clip.frames[OBSERVED:])
    past, future = first.net.encode(seen), first.net.encode(truth)
    last, still = seen[:, -1:], past[:, -1:]
    yield 'frame 22 itself', truth[0, -1], 0.
    change = (future-still)[:, -LAST:]
    yield 'frame 22 through the latents', first.added(last, still, change)[0, -1], 0.
    yield 'copy of frame 11', last[0, 0], 0.
    yield 'copy of frame 11 through the latents', first.net.decode(still.expand(-1, LAST, -1, -1, -1))[0, -1], 0.
    for told, made in drafts.items():
        yield f'told the {told}: the draft', tensor(made)[0, -1], 0.
    for row, (told, begins, ask) in asked.items():
        start = time.perf_counter()
        if begins:
            pixels = tensor(drafts[told])
            codes = ask.net.encode(pixels)
            change = ask.change(past, name, masks[told], codes)
            made = ask.added(pixels[:, -LAST:], codes[:, -LAST:], change[:, -LAST:])
        else:
            made = ask.added(last, still, ask.change(past, name, masks.get(told))[:, -LAST:])
        yield row, made[0, -1], time.perf_counter()-start


def painted(painter, clip, found, future):
    "Frame 22 as the painter has it, told the same masks, by each strategy of its rollouts"
    for strategy, wanted in dict(direct={TARGET+1: future[TARGET+1]}, skip=future, every=future).items():
        start = time.perf_counter()
        made = list(painter.rollout(clip.frames[:OBSERVED], found, wanted, strategy, clip=clip.number))
        picture = torch.from_numpy(made[-1].picture).permute(2, 0, 1).float()/255
        yield f'told the layout: painter, {strategy}', picture, time.perf_counter()-start


def shown(picture):
    "(3,H,W) in 0…1 as a frame"
    return picture.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).numpy()


@torch.inference_mode()
def table(a):
    "Jaccard of frame 22, segmented in each row's picture, with 95 % over clips; PSNR of the picture"
    torch.set_num_threads(1)
    asked = {row: (told, begins, Ahead.load(a.weights, 'cpu', sampler, **how))
             for row, (told, begins, how, sampler) in ASKED.items()}
    segmenter, layout = Segmenter.load(weights_dir('segmenter'), 'cpu'), Layout.load(weights_dir('layout'))
    painter = FramePainter.load(weights_dir('frames'), 'cpu', looks=Synthesizer.load(device='cpu').look)
    counts, psnr, seconds = {}, {}, {}
    for ref in progress(open_data(a.data).split('val'), desc='clips', unit='clip'):
        clip = read_clip(ref)
        truth = tensor(clip.frames[TARGET:])[0, 0]
        # the layout is told what the segmenter finds in the pictures, as everything here is
        found = segmenter.labels(clip.frames[:OBSERVED])
        future = layout.rollout(found)
        album = Album(clip.frames[:OBSERVED], found)
        counts.setdefault(LAYOUT, []).append(iou_counts(future[TARGET+1], clip.masks[TARGET]))
        # a foreseen mask is blurred; its objects get the outlines that were seen
        masks = dict(layout=np.stack([album.outlined(m) for m in future.values()]), truth=clip.masks[OBSERVED:])
        drafts = {told: draft(clip.frames[:OBSERVED], found, where) for told, where in masks.items()}
        made = (*pictures(clip, asked, masks, drafts, ref.number), *painted(painter, clip, found, future))
        for row, picture, took in made:
            mask = segmenter.labels(shown(picture)[None])[0]
            counts.setdefault(row, []).append(iou_counts(mask, clip.masks[TARGET]))
            psnr.setdefault(row, []).append(psnr_of(picture, truth))
            seconds.setdefault(row, []).append(took)
    rows = []
    for row in [*psnr, LAYOUT]:
        score, more = bootstrap(counts[row]), paired(counts[row], counts['copy of frame 11'])
        rows.append(dict(
            row=row, jaccard=score.value, jaccard_low=score.low, jaccard_high=score.high,
            over_copy=more.value, over_copy_low=more.low, over_copy_high=more.high,
            psnr=np.mean(psnr[row]) if row in psnr and row != 'frame 22 itself' else np.nan,
            seconds_a_clip=np.mean(seconds.get(row, 0)) or np.nan, clips=len(counts[row])))
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
