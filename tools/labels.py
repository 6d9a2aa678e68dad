"""The table of `nbs/76_classify.ipynb`: `python tools/labels.py OUT [--seeds 0 1 2]`

Three tasks, a few seeds each: an auxiliary, a diffusion told by it, and all ways to ask the two, on test pictures
that no training saw. What is done already is kept, so that it can be stopped, called again, and shared out:
one process a seed. The table of all that is there is written to OUT/classify.csv.
"""
import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from framepred.classify.auxiliary import Auxiliary, AuxiliarySettings
from framepred.classify.classifier import CLASSIFIERS, AuxiliaryTask, LabelTask, compare, load_classifier
from framepred.classify.label_diffusion import ask, by_auxiliary, by_diffusion, scored
from framepred.classify.pictures import TASKS, calibration_error, read_folders, scores
from framepred.files import atomic
from framepred.training.checkpoint import load_net
from framepred.training.fit import fit

# epochs are few, so that all of it takes minutes; about the same number of steps in each task
HOW = dict(
    digits=dict(flips=False, auxiliary=8, epochs=10, every=2),
    shapes=dict(auxiliary=9, epochs=11, every=3),
    collisions=dict(auxiliary=6, epochs=8, every=2, turn=0., size=(32, 48)),
)


def preset(task):
    return CLASSIFIERS['tiny'].changed(lr=2e-3, **HOW[task])


def tested(out, task, a):
    "The pictures it is tested on: every second one, to save time"
    test = read_folders(out/'data'/task, 'test', a.size, a.classes)
    return test.part(np.arange(len(test.labels)) % 2 == 0)


def auxiliary(out, task, seed):
    "The auxiliary of one task and seed"
    folder = out/f'{task}{seed}'/'auxiliary'
    fit(AuxiliaryTask(out/'data'/task), preset(task), folder, seed=seed, device='cpu')
    return load_net(folder, 'auxiliary', AuxiliarySettings, Auxiliary).net.eval()


def trained(out, task, seed):
    "The diffusion of one task and seed, and the pictures it is tested on"
    folder = out/f'{task}{seed}'
    auxiliary(out, task, seed)
    told = LabelTask(out/'data'/task, folder/'auxiliary'/'weights')
    fit(told, preset(task), folder/'classifier', seed=seed, device='cpu')
    net = load_classifier(folder, 'cpu')
    return net, tested(out, task, net.settings.auxiliary)


def write(path, frame):
    with atomic(path) as tmp:
        frame.to_csv(tmp, index=False)


def answers(out, task, seed):
    "What the test pictures were taken for: labels, and probabilities by way of asking; kept in a file"
    path = out/f'{task}{seed}_answers.npz'
    if not path.exists():
        net, test = trained(out, task, seed)
        ways = dict(
            auxiliary=lambda x, names: by_auxiliary(net, x),
            diffusion1=by_diffusion(net, steps=1, samples=4),
            tried=lambda x, names: scored(net, x, names))
        found = {name: ask(f, test).probabilities for name, f in ways.items()}
        with atomic(path) as tmp:
            np.savez(tmp, labels=test.labels, **found)
    with np.load(path, allow_pickle=False) as z:
        return dict(z)


def f1(labels, answer, classes):
    "The mean over classes, as scikit-learn has it, many times faster"
    right = np.bincount(labels[labels == answer], minlength=classes)
    both = np.bincount(labels, minlength=classes) + np.bincount(answer, minlength=classes)
    return (2*right/np.maximum(both, 1)).mean()


def pairs(out, task, seed=0, draws=1000):
    "How much better than the auxiliary, with 95 % over draws of the test pictures"
    z = answers(out, task, seed)
    labels, r, rows = z['labels'], np.random.default_rng(0), []
    drawn = r.integers(len(labels), size=(draws, len(labels)))

    def gains(p):
        q, n = z['auxiliary'], p.shape[1]
        for i in drawn:
            better = f1(labels[i], p[i].argmax(1), n) - f1(labels[i], q[i].argmax(1), n)
            yield better, calibration_error(labels[i], p[i]) - calibration_error(labels[i], q[i])

    for name, key in {'diffusion, 1 step': 'diffusion1', 'every class tried': 'tried'}.items():
        g = np.array(list(gains(z[key])))
        low, high = np.quantile(g, (.025, .975), 0)
        rows.append(dict(task=task, method=name, f1_gained=g[:, 0].mean(), f1_low=low[0], f1_high=high[0],
                         ece_gained=g[:, 1].mean(), ece_low=low[1], ece_high=high[1]))
    return pd.DataFrame(rows)


def together(out, task, seeds):
    "A row for the auxiliaries of these seeds, their answers averaged: three cost as much as one and its diffusion"
    nets = [auxiliary(out, task, seed) for seed in seeds]
    test = tested(out, task, nets[0].settings)
    p = [ask(lambda x, names: by_auxiliary(net, x), test).probabilities for net in nets]
    row = scores(test.labels, np.mean(p, 0))
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
        if len(a.seeds) > 1:
            found.append(together(a.out, task, a.seeds))
    write(a.out/'classify.csv', pd.concat(found))
    write(a.out/'classify_pairs.csv', pd.concat([pairs(a.out, task) for task in HOW]))


if __name__ == '__main__':
    main()
