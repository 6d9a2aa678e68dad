"""The table of chapter 47: `python tools/labels.py OUT [--seeds 0 1 2]`

Three tasks, a few seeds each: an auxiliary, a diffusion told by it, and all ways to ask the two, on test pictures
that no training saw. What is done already is kept, so that it can be stopped, called again, and shared out:
one process a seed. The table of all that is there is written to OUT/classify.csv.
"""
import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from framepred.classify.classifier import (
    CLASSIFIERS, AuxiliaryTask, LabelTask, ask, by_auxiliary, compare, load_classifier)
from framepred.classify.pictures import TASKS, read_folders, scores
from framepred.files import atomic
from framepred.training.fit import fit

# epochs are few, so that all of it takes minutes; about the same number of steps in each task
HOW = dict(
    digits=dict(flips=False, auxiliary=8, epochs=10, every=2),
    shapes=dict(auxiliary=9, epochs=11, every=3),
    collisions=dict(auxiliary=6, epochs=8, every=2, turn=0., size=(32, 48)),
)


def trained(out, task, seed):
    "The network of one task and seed, and the pictures it is tested on: every second one, to save time"
    data, folder = out/'data'/task, out/f'{task}{seed}'
    preset = CLASSIFIERS['tiny'].changed(lr=2e-3, **HOW[task])
    fit(AuxiliaryTask(data), preset, folder/'auxiliary', seed=seed, device='cpu')
    fit(LabelTask(data, folder/'auxiliary'/'weights'), preset, folder/'classifier', seed=seed, device='cpu')
    net = load_classifier(folder, 'cpu')
    a = net.settings.auxiliary
    test = read_folders(data, 'test', a.size, a.classes)
    return net, test.part(np.arange(len(test.labels)) % 2 == 0)


def write(path, frame):
    with atomic(path) as tmp:
        frame.to_csv(tmp, index=False)


def together(out, task, seeds):
    "A row for the auxiliaries of all seeds, their answers averaged: about the cost of one auxiliary and its diffusion"
    nets = [trained(out, task, seed) for seed in seeds]
    p = [ask(lambda x, names: by_auxiliary(net, x), test).probabilities for net, test in nets]
    row = scores(nets[0][1].labels, np.mean(p, 0))
    return pd.DataFrame([dict(task=task, seed=-1, method=f'{len(seeds)} auxiliaries together') | row])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=Path)
    parser.add_argument('--seeds', type=int, nargs='*', default=[0, 1, 2])
    a = parser.parse_args()
    torch.set_num_threads(1)
    for seed in a.seeds:
        for task in HOW:
            if not (a.out/'data'/task).is_dir():
                TASKS[task](a.out/'data'/task)
            path = a.out/f'{task}{seed}.csv'
            if not path.exists():
                steps = (1, 10, 100) if seed == 0 else (1, 10)   # a hundred steps take most of the time: once
                rows = compare(*trained(a.out, task, seed), steps=steps, samples=4)
                write(path, pd.DataFrame(rows).assign(task=task, seed=seed))
                print(f'{task}, seed {seed}: done', flush=True)
    found = []
    for task in HOW:
        seeds = [s for s in range(100) if (a.out/f'{task}{s}.csv').exists()]
        found += [pd.read_csv(a.out/f'{task}{s}.csv') for s in seeds]
        if len(seeds) > 1:
            found.append(together(a.out, task, seeds))
    write(a.out/'classify.csv', pd.concat(found))


if __name__ == '__main__':
    main()
