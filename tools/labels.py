"""The table of `nbs/85_classify.ipynb`: `python tools/labels.py OUT [--seeds 0 1 2] [--size few]`

Three tasks, a few seeds each. For each: an auxiliary, a diffusion told by it, and two more auxiliaries, which take
together as long to train as the diffusion; then all ways to ask them, on test pictures that no training saw. What is
done already is kept, so that it can be stopped, called again, and shared out: one process a seed. The rows of all that
is there are written to OUT/classify.csv, and the points of the reliability picture to OUT/classify_reliability.csv.
"""
import argparse
import json
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from framepred.classify.auxiliary import Auxiliary, AuxiliarySettings
from framepred.classify.classifier import (
    CLASSIFIERS, AuxiliaryTask, LabelTask, compare, load_classifier, ways_of)
from framepred.classify.label_diffusion import Answers, by_auxiliary, by_diffusion
from framepred.classify.scores import reliability
from framepred.classify.tasks import TASKS
from framepred.classify.pictures import held_out, read_folders
from framepred.files import atomic
from framepred.training.checkpoint import load_net
from framepred.training.fit import fit

class Size(NamedTuple):
    "How much is learned from, and for how long; an epoch of the diffusion takes 1.4 times as long as the auxiliary's"
    counts: dict   # digits, or clips, to learn from and to test on
    how: dict      # changes of the preset


SIZES = dict(
    # auxiliary and diffusion together take less than six minutes of one core
    many=Size(
        dict(digits=(1000, 797), shapes=(500, 250), collisions=(2400, 800)),
        dict(digits=dict(auxiliary=30, epochs=40, every=5, flips=False),
             shapes=dict(auxiliary=20, epochs=30, every=5),
             collisions=dict(auxiliary=16, epochs=24, every=4, turn=0., size=(32, 48)))),
    # less than one
    few=Size(
        dict(digits=(600, 600), shapes=(150, 150), collisions=(700, 350)),
        dict(digits=dict(auxiliary=12, epochs=18, every=3, flips=False),
             shapes=dict(auxiliary=8, epochs=12, every=2),
             collisions=dict(auxiliary=5, epochs=7, every=1, turn=0., size=(32, 48)))),
)
MORE = 'auxiliary 2', 'auxiliary 3'


class Member(AuxiliaryTask):
    "An auxiliary that begins elsewhere and is shown pictures in another order, but holds the same ones out"
    def __init__(self, data, split):
        super().__init__(data)
        self.split = split

    def read(self, preset, out, seed):
        return super().read(preset, out, self.split)


def trained(data, folder, how, seed)->dict:
    "Everything of one task and seed; CPU seconds that each part took, which are kept"
    path = folder/'seconds.json'
    took = json.loads(path.read_text()) if path.exists() else {}
    preset = CLASSIFIERS['tiny'].changed(lr=2e-3, **how)
    parts = dict(auxiliary=lambda: (AuxiliaryTask(data), seed),
                 classifier=lambda: (LabelTask(data, folder/'auxiliary'/'weights', 'cpu'), seed))
    parts |= {name: lambda k=k: (Member(data, seed), seed+100*k) for k, name in enumerate(MORE, 1)}
    for name in [name for name in parts if name not in took]:
        start = time.process_time()
        learn, own = parts[name]()
        fit(learn, preset, folder/name, seed=own, device='cpu')
        took[name] = time.process_time()-start
        with atomic(path) as tmp:
            tmp.write_text(json.dumps(took))
    return took


def together(nets):
    "Their mean answer, as `f(x, names)`"
    def f(x, names):
        p = np.mean([by_auxiliary(net, x).probabilities for net in nets], 0)
        return Answers(p, np.zeros(len(p)))
    return f


def asked(data, folder, task, how, seed):
    "A table, and the points of a reliability picture"
    took = trained(data, folder, how, seed)
    net = load_classifier(folder, 'cpu')
    a = net.settings.auxiliary
    members = [load_net(folder/m, 'auxiliary', AuxiliarySettings, Auxiliary).net.eval() for m in MORE]
    ways = {'auxiliary alone': None, '3 auxiliaries together': together([net.auxiliary, *members])}
    steps = (1, 10, 100) if seed == 0 else (1, 10)   # a hundred steps take most of the time: once
    ways |= ways_of(net, seed, steps, samples=2)
    ways['diffusion, 1 step, 16 samples'] = by_diffusion(net, temperature=1., steps=1, samples=16, seed=seed)
    learned, test = (read_folders(data, split, a.size, a.classes) for split in ('train', 'test'))
    held = learned.part(held_out(learned.labels, a.classes, seed))
    table, answers = compare(ways, held, test)
    seconds = dict.fromkeys(ways, took['auxiliary']+took['classifier'])
    seconds['auxiliary alone'] = took['auxiliary']
    seconds['3 auxiliaries together'] = took['auxiliary']+sum(took[m] for m in MORE)
    table['train_seconds'] = table.method.map(seconds)
    points = [pd.DataFrame(reliability(test.labels, p, 10), columns=['answers', 'sure', 'right']).assign(method=name)
              for name, p in answers.items()]
    return [t.assign(task=task, seed=seed) for t in (table, pd.concat(points))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=Path)
    parser.add_argument('--seeds', type=int, nargs='*', default=[0, 1, 2])
    parser.add_argument('--size', choices=SIZES, default='many', help='how much is learned from (default: many)')
    a = parser.parse_args()
    counts, hows = SIZES[a.size]
    torch.set_num_threads(1)
    names = 'classify', 'classify_reliability'
    for seed in a.seeds:
        for task, how in hows.items():
            data, folder = a.out/'data'/task, a.out/f'{task}{seed}'
            if not data.is_dir():
                TASKS[task](data, *counts[task])
            if not (folder/f'{names[-1]}.csv').exists():
                for name, frame in zip(names, asked(data, folder, task, how, seed)):
                    with atomic(folder/f'{name}.csv') as tmp:
                        frame.to_csv(tmp, index=False)
                print(f'{task}, seed {seed}: done', flush=True)
    for name in names:
        found = [p for task in hows for p in sorted(a.out.glob(f'{task}[0-9]*/{name}.csv'))]
        with atomic(a.out/f'{name}.csv') as tmp:
            pd.concat(map(pd.read_csv, found)).to_csv(tmp, index=False)


if __name__ == '__main__':
    main()
