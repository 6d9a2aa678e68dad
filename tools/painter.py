"""What the painter is worth on many clips, for the chapter `frame_train`: `python tools/painter.py DATA OUT`

    framepred simulate DATA --train 0 --val 300 --hidden 0 --seed 44
    python tools/painter.py DATA OUT      # OUT/painter.csv

Frame 22 of every val clip, with the shipped weights: told its true mask, and told the layout's, from the true masks of
frames 1–11. A prediction's outlines are blurred, so the painter is told of it three times: as it is, with how sure the
layout is of each pixel, and with the outlines that were seen. Scores are means over clips (PSNR, SSIM) or of the counts of all clips (Jaccard), with 95 % over clips.
"""
import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from framepred.core import OBSERVED
from framepred.data.finding import open_data
from framepred.data.reading import read_clip
from framepred.files import weights_dir
from framepred.motion.layout import Layout, decide
from framepred.predict.collage import Album, repaint
from framepred.predict.frames import FramePainter
from framepred.runtime import progress
from framepred.score.jaccard import bootstrap, iou_counts, paired
from framepred.score.metrics import psnr, ssim
from framepred.segment.segmenter import Segmenter
from framepred.synthesis.draw import Synthesizer


def ways(clip, told, painter, likely):
    "Pictures of frame 22 to compare, and what each was told"
    seen = clip.frames[:OBSERVED], clip.masks[:OBSERVED]
    album, address = painter.album(*seen), (0, clip.name, 0)
    yield 'plain collage', repaint(*seen, told), told
    yield 'album', Album(*seen).picture(told).picture, told
    yield 'album, with looks', album.picture(told).picture, told
    yield 'painter, 1 step', painter.paint(album, told, address=address).picture, told
    if likely:
        yield 'painter, told how sure', painter.paint(album, told, address=address, likely=likely).picture, told
        told = album.outlined(told)
        yield 'painter, outlines as seen', painter.paint(album, told, address=address).picture, told
    else:
        yield 'the true picture', clip.frames[-1], told


def rows_of(clip, layout, painter, segmenter):
    "A row for each way: what was told, numbers of the picture, and counts for both scores"
    truth, seen = clip.masks[-1], clip.masks[:OBSERVED]
    new = bool(np.setdiff1d(truth, seen).size)
    forecast = layout.boxes(seen)
    maps = layout.maps(forecast)
    predicted = decide(maps, forecast.ids, layout.settings.threshold)
    for kind, mask, likely in (('truth', truth, None), ('prediction', predicted, (maps, forecast.ids))):
        made = list(ways(clip, mask, painter, likely))
        labels = segmenter.labels(np.stack([picture for _, picture, _ in made]))
        for (name, picture, told), found in zip(made, labels):
            limited = np.where(np.isin(found, np.unique(seen)), found, 0)   # no class that was not seen
            yield dict(
                told=kind, picture=name, new=new, psnr=min(psnr(picture, clip.frames[-1]), 60),
                ssim=ssim(picture, clip.frames[-1]), consistency=iou_counts(found, told),
                route=iou_counts(limited, truth), mask=iou_counts(mask, truth))


def interval(name, found)->dict:
    return {name: found.value, f'{name}_low': found.low, f'{name}_high': found.high}


def summed(group)->dict:
    "One row of the table"
    out = dict(clips=len(group), psnr=group.psnr.mean(), ssim=group.ssim.mean())
    out |= interval('consistency', bootstrap(list(group.consistency)))
    old = group[~group.new]
    out |= dict(psnr_none_new=old.psnr.mean()) | interval('consistency_none_new', bootstrap(list(old.consistency)))
    out |= interval('route', bootstrap(list(group.route))) | dict(mask=bootstrap(list(group['mask'])).value)
    return out | interval('route_over_mask', paired(list(group.route), list(group['mask'])))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data', type=Path)
    parser.add_argument('out', type=Path)
    a = parser.parse_args()
    torch.set_num_threads(1)
    painter = FramePainter.load(device='cpu', looks=Synthesizer.load(device='cpu').look)
    layout, segmenter = Layout.load(weights_dir('layout')), Segmenter.load(weights_dir('segmenter'), 'cpu', tta=())
    rows = []
    for ref in progress(open_data(a.data).split('val'), desc='clips', unit='clip'):
        rows += rows_of(read_clip(ref), layout, painter, segmenter)
    table = pd.DataFrame([
        dict(told=told, picture=picture) | summed(group)
        for (told, picture), group in pd.DataFrame(rows).groupby(['told', 'picture'], sort=False)])
    a.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(a.out/'painter.csv', index=False)
    print(table.round(3).to_string(index=False))


if __name__ == '__main__':
    main()
