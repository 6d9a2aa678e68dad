"""Rows that had the same time to learn, beside the same layout, from two seeds: train them one by one, then score them all on the same clips.

    python tools/rows.py train DATA ROW SEED OUT --minutes 30     ROW: futures, peer or simvp; called again, it goes on
    python tools/rows.py score DATA OUT --csv nbs/results/val1000.csv       DATA: clips that nobody learned from
"""
import argparse, dataclasses, shutil
from pathlib import Path
import numpy as np, pandas as pd
from framepred.score.answers import baselines, each
from framepred.files import atomic, read_json, weights_dir
from framepred.data.reading import open_data
from framepred.score.evaluate import Scored, Scores, differences, run_method, score_table, write_csv
from framepred.motion.futures import Futures, train_futures
from framepred.motion.layout import Layout, decide
from framepred.app.methods import layout_method, predictor_method
from framepred.predict.predictor import Predictor, train_predictor

def train(data, row, seed, out, minutes, preset, layout, device):
    out, how = Path(out)/f'{row}-{seed}', dict(max_minutes=minutes, seed=seed, device=device)
    if row != 'futures': return train_predictor(data, out, preset, None if row == 'simvp' else Layout.load(layout), method=row, **how)
    if not (out/'weights').exists(): shutil.copytree(layout, out/'weights', ignore=shutil.ignore_patterns('futures'))
    return train_futures(data, out, preset, **how)

def both_ways(layout):
    "The layout asked about the clip and about its mirror image: what the futures gain by that alone"
    def predict(clip):
        there, back = layout.boxes(clip.masks), layout.boxes(np.asarray(clip.masks)[..., ::-1])
        if not len(there.ids): return layout.predict(clip.masks)
        place = [0, *(1+back.ids.tolist().index(i) for i in there.ids)]
        return decide((layout.maps(there)+layout.maps(back)[place][..., ::-1])/2, there.ids, layout.settings.threshold)
    return dataclasses.replace(layout_method(layout), run=each(predict), facts=dict(mirrored='yes'))

def rows(out, layout):
    "Name → method, made when it is asked for"
    told = Futures.load(layout)
    made = dict(copy=lambda: baselines()[0], velocity=lambda: baselines()[1], layout=lambda: layout_method(told), layout_both=lambda: both_ways(told),
                **{name: lambda how=how: predictor_method(Predictor.load(weights_dir('predictor'), told, 'cpu'), **how) for name, how in
                   {'shipped': {}, 'shipped-one': dict(blend=1., samples=1)}.items()})
    def one(folder, **how):
        row, seed = folder.name.rsplit('-', 1)
        if row == 'futures':
            p, facts = Predictor.load(weights_dir('predictor'), Futures.load(folder/'weights'), 'cpu').with_(pixels=0.), read_json(folder/'weights'/'futures'/'settings.json')
        else:
            p, facts = Predictor.load(folder, Layout.load(layout), 'cpu'), read_json(folder/'weights'/'settings.json')
        m = predictor_method(p, **how)
        return dataclasses.replace(m, name='futures' if row == 'futures' else m.name, facts={**m.facts, 'seed': seed, 'learned': facts['step'], 'minutes': f'{facts["minutes"]:.0f}'})
    for folder in sorted(f for f in Path(out).glob('*-[0-9]') if (f/'weights').is_dir()):
        made[folder.name] = lambda folder=folder: one(folder)
        if folder.name.startswith('peer'): made[f'{folder.name}-alone'] = lambda folder=folder: one(folder, blend=1.)   # without the layout's share
    return made

def score(data, out, csv, layout, only):
    refs, done, names = open_data(data).split('val'), [], []
    for name, make in rows(out, layout).items():
        if only and name not in only: continue
        m, file = make(), Path(out)/'scores'/f'{name}.npz'
        if file.exists():
            with np.load(file) as z: s = Scored(m, tuple(r for r in refs if r.name in set(z['names'].tolist())), z['counts'], z['seen'], float(z['seconds']), np.full((len(z['names']), 2), np.nan), {}, [])
        else:
            s = run_method(m, refs)
            with atomic(file) as part: np.savez_compressed(part, names=[r.name for r in s.refs], counts=s.counts, seen=s.seen, seconds=s.seconds)
        done.append(s); names.append(name)
    scores = Scores(tuple(done), len(refs), {}, ())
    table, against = score_table(scores), []
    table.insert(0, 'row', names)
    for base in ('layout', 'layout_both'):
        if base not in names: continue
        d = differences(scores, done[names.index(base)].method.label).drop(columns='method').assign(against=base)
        d.insert(0, 'row', [n for n in names if n != base]); against.append(d)
    paired = pd.concat(against)
    print(table.round(4).to_string(), paired.round(4).to_string(), sep='\n')
    if csv: write_csv(table, csv); write_csv(paired, Path(csv).with_name(f'{Path(csv).stem}_differences.csv'))

if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = p.add_subparsers(dest='verb', required=True)
    t, s = verbs.add_parser('train'), verbs.add_parser('score')
    for v in (t, s): v.add_argument('data'); v.add_argument('--layout', default=str(weights_dir('layout')), help='layout weights, the same for every row')
    t.add_argument('row', choices=['futures', 'peer', 'simvp']); t.add_argument('seed', type=int)
    for v in (t, s): v.add_argument('out')
    t.add_argument('--minutes', type=float, default=30.); t.add_argument('--preset', default='tiny'); t.add_argument('--device', default='auto')
    s.add_argument('--csv'); s.add_argument('--only', nargs='*', help='these rows alone')
    a = p.parse_args()
    if a.verb == 'train': print(train(a.data, a.row, a.seed, a.out, a.minutes, a.preset, a.layout, a.device))
    else: score(a.data, a.out, a.csv, a.layout, a.only)
