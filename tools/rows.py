"""Rows that had the same time to learn, beside the same layout, from two seeds: \
train them one by one, then score them all on the same clips.

    python tools/rows.py train DATA ROW SEED OUT --minutes 30     ROW: futures, peer or simvp; called again, it goes on
    python tools/rows.py score DATA OUT --csv nbs/results/val1000.csv       DATA: clips that nobody learned from
"""
import argparse
import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from framepred.app.methods import layout_method, predictor_method
from framepred.data.finding import open_data
from framepred.files import atomic, read_json, weights_dir
from framepred.motion.futures import Futures, train_futures
from framepred.motion.layout import Layout, decide
from framepred.predict.predictor import Predictor
from framepred.predict.train import train_predictor, variant
from framepred.score.answers import baselines, each
from framepred.score.scoring import Scored, Scores, run_method
from framepred.score.evaluate import differences, score_table, write_csv


def train(
    data,      # the clips to learn from
    row,       # futures, peer or simvp
    seed,
    out,       # the row gets a folder in it
    minutes,
    preset,
    layout,    # layout weights, the same for every row
    device,
):
    out = Path(out)/f'{row}-{seed}'
    how = dict(max_minutes=minutes, seed=seed, device=device)
    if row != 'futures':
        beside = None if row == 'simvp' else Layout.load(layout)
        return train_predictor(data, out, variant(preset, method=row), beside, **how)
    if not (out/'weights').exists():
        shutil.copytree(layout, out/'weights', ignore=shutil.ignore_patterns('futures'))
    return train_futures(data, out, preset, **how)


def both_ways(layout):
    "The layout asked about the clip and about its mirror image: what the futures gain by that alone"
    def predict(clip):
        there = layout.boxes(clip.masks)
        back = layout.boxes(np.asarray(clip.masks)[..., ::-1])
        if not len(there.ids):
            return layout.predict(clip.masks)
        mirrored_ids = back.ids.tolist()
        place = [0, *(1+mirrored_ids.index(i) for i in there.ids)]   # map 0 is the background
        maps = layout.maps(there)
        mirrored = layout.maps(back)[place][..., ::-1]
        return decide((maps+mirrored)/2, there.ids, layout.settings.threshold)
    return dataclasses.replace(layout_method(layout), run=each(predict), facts=dict(mirrored='yes'))


def shipped(layout, **how):
    "The shipped predictor beside a layout"
    predictor = Predictor.load(weights_dir('predictor'), layout, 'cpu')
    return predictor_method(predictor, **how)


def trained(folder, layout, **how):
    "The method of a row that was trained here, from its folder"
    row, seed = folder.name.rsplit('-', 1)
    if row == 'futures':
        futures = Futures.load(folder/'weights')
        p = Predictor.load(weights_dir('predictor'), futures, 'cpu').with_(pixels=0.)
        facts = read_json(folder/'weights'/'futures'/'settings.json')
    else:
        p = Predictor.load(folder, Layout.load(layout), 'cpu')
        facts = read_json(folder/'weights'/'settings.json')
    m = predictor_method(p, **how)
    learned = dict(seed=seed, learned=facts['step'], minutes=f'{facts["minutes"]:.0f}')
    name = 'futures' if row == 'futures' else m.name
    return dataclasses.replace(m, name=name, facts={**m.facts, **learned})


def rows(out, layout):
    "Name → method, made when it is asked for"
    told = Futures.load(layout)
    made = {
        'copy': lambda: baselines()[0],
        'velocity': lambda: baselines()[1],
        'layout': lambda: layout_method(told),
        'layout_both': lambda: both_ways(told),
        'shipped': lambda: shipped(told),
        'shipped-one': lambda: shipped(told, blend=1., samples=1),
    }
    for folder in sorted(Path(out).glob('*-[0-9]')):
        if not (folder/'weights').is_dir():
            continue
        made[folder.name] = lambda folder=folder: trained(folder, layout)
        if folder.name.startswith('peer'):   # once more, without the layout's share
            made[f'{folder.name}-alone'] = lambda folder=folder: trained(folder, layout, blend=1.)
    return made


def read_scored(file, method, refs):
    "What `write_scored` kept of a method's answers; how like its pictures are is not among it"
    with np.load(file) as z:
        names = z['names'].tolist()
        asked = tuple(r for r in refs if r.name in set(names))
        unknown = np.full((len(names), 2), np.nan)
        return Scored(method, asked, z['counts'], z['seen'], float(z['seconds']), unknown, {}, [])


def write_scored(file, scored):
    with atomic(file) as part:
        np.savez_compressed(
            part,
            names=[r.name for r in scored.refs],
            counts=scored.counts,
            seen=scored.seen,
            seconds=scored.seconds,
        )


def score(data, out, csv, layout, only):
    refs = open_data(data).split('val')
    done = {}   # row → what it scored
    for name, make in rows(out, layout).items():
        if only and name not in only:
            continue
        method = make()
        file = Path(out)/'scores'/f'{name}.npz'
        if file.exists():
            done[name] = read_scored(file, method, refs)
        else:
            done[name] = run_method(method, refs)
            write_scored(file, done[name])
    scores = Scores(tuple(done.values()), len(refs), {}, ())
    table = score_table(scores)
    table.insert(0, 'row', list(done))
    paired = pd.concat([against(base, done, scores) for base in ('layout', 'layout_both') if base in done])
    print(table.round(4).to_string(), paired.round(4).to_string(), sep='\n')
    if csv:
        write_csv(table, csv)
        write_csv(paired, Path(csv).with_name(f'{Path(csv).stem}_differences.csv'))


def against(base, done, scores):
    "How much better each other row is than `base`, clip by clip"
    d = differences(scores, done[base].method.label)
    d = d.drop(columns='method').assign(against=base)
    d.insert(0, 'row', [n for n in done if n != base])
    return d


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = p.add_subparsers(dest='verb', required=True)
    t = verbs.add_parser('train')
    s = verbs.add_parser('score')
    for v in (t, s):
        v.add_argument('data')
        v.add_argument('--layout', default=str(weights_dir('layout')), help='layout weights, the same for every row')
    t.add_argument('row', choices=['futures', 'peer', 'simvp'])
    t.add_argument('seed', type=int)
    for v in (t, s):
        v.add_argument('out')
    t.add_argument('--minutes', type=float, default=30.)
    t.add_argument('--preset', default='tiny')
    t.add_argument('--device', default='auto')
    s.add_argument('--csv')
    s.add_argument('--only', nargs='*', help='these rows alone')
    return p.parse_args()


if __name__ == '__main__':
    a = arguments()
    if a.verb == 'train':
        print(train(a.data, a.row, a.seed, a.out, a.minutes, a.preset, a.layout, a.device))
    else:
        score(a.data, a.out, a.csv, a.layout, a.only)
