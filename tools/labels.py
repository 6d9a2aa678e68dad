"""The table of chapter 47: `python tools/labels.py OUT [--seeds 3]`

Three tasks, a few seeds each: an auxiliary, a diffusion told by it, and all ways to ask the two, on test pictures
that no training saw. Written to OUT/classify.csv after every training, so that it can be stopped and called again.
"""
import argparse
import time
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


def one(data, out, how, seed):
    "Rows of one seed, and the auxiliary's answers"
    preset = CLASSIFIERS['tiny'].changed(lr=2e-3, **how)
    start = time.process_time()
    fit(AuxiliaryTask(data), preset, out/'auxiliary', seed=seed)
    middle = time.process_time()
    fit(LabelTask(data, out/'auxiliary'/'weights'), preset, out/'classifier', seed=seed)
    spent = dict(auxiliary_seconds=middle-start, diffusion_seconds=time.process_time()-middle)
    net = load_classifier(out, 'cpu')
    a = net.settings.auxiliary
    test = read_folders(data, 'test', a.size, a.classes)
    test = test.part(np.arange(len(test.labels)) % 2 == 0)   # every second one: time
    rows = compare(net, test, samples=4)
    p = ask(lambda x, names: by_auxiliary(net, x), test).probabilities
    return [r | spent for r in rows], p, test.labels


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=Path)
    parser.add_argument('--seeds', type=int, default=3)
    a = parser.parse_args()
    torch.set_num_threads(1)
    table, members = [], {}
    for seed in range(a.seeds):
        for task, how in HOW.items():
            data = a.out/'data'/task
            if not data.is_dir():
                TASKS[task](data)
            rows, p, labels = one(data, a.out/f'{task}{seed}', how, seed)
            table += [dict(task=task, seed=seed) | r for r in rows]
            members.setdefault(task, []).append(p)
            if seed == a.seeds-1:
                together = scores(labels, np.mean(members[task], 0))
                table.append(dict(task=task, seed=-1, method=f'{a.seeds} auxiliaries together') | together)
            with atomic(a.out/'classify.csv') as tmp:
                pd.DataFrame(table).to_csv(tmp, index=False)
            print(f'{task}, seed {seed}: done', flush=True)


if __name__ == '__main__':
    main()
