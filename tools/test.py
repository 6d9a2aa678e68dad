"""Every chapter's cells, two chapters at a time: `python tools/test.py [--flags slow] [--workers 2] [NAME …]`

What all chapters import is imported once. Each chapter then runs in a process forked from that one,
so that none sees what another did, and none waits for torch to wake up again.
"""
import argparse
import importlib
import multiprocessing
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

root = Path(__file__).resolve().parent.parent
# What takes seconds to import. Nothing here may start threads: a forked process has only the one that forked.
HEAVY = (
    'numpy', 'pandas', 'torch', 'torch.optim.swa_utils', 'matplotlib.pyplot', 'accelerate', 'albumentations',
    'segmentation_models_pytorch', 'torchmetrics', 'IPython', 'nbdev.test', 'execnb.shell', 'diffusers',
)

# These take a minute and more, so they begin first: one that begins last is waited for by all
LONG = ('kaggle', 'segmenter', 'segmenter_train', 'loop', 'cli')


def run(path, flags, pipe):
    "One chapter, in a process of its own"
    from nbdev.test import test_nb
    os.chdir(path.parent)
    skipped = [f for f in ('slow', 'gpu') if f not in flags]
    passed, _ = test_nb(path, skip_flags=skipped, force_flags=flags, do_print=False)
    used = os.times()   # of this process and those it started: a busy machine does not blur it
    pipe.send((passed, used.user+used.system+used.children_user+used.children_system))


def test(path, flags):
    "`(path, did it pass, seconds by the clock, seconds of a processor)`"
    context = multiprocessing.get_context('fork')
    mine, theirs = context.Pipe()
    start = time.time()
    process = context.Process(target=run, args=(path, flags, theirs))
    process.start()
    theirs.close()
    try:
        passed, used = mine.recv()
    except EOFError:   # it died without a word
        passed, used = False, 0
    process.join()
    return path, passed, time.time()-start, used


def turn(path):
    "Long chapters first, then by number"
    name = path.stem.split('_', 1)[-1]
    return (LONG.index(name) if name in LONG else len(LONG)), path.name


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('names', nargs='*', help='chapters, by any part of their names; all by default')
    p.add_argument('--flags', nargs='*', default=[], help='slow, gpu: cells with these marks run too')
    p.add_argument('--workers', type=int, default=2, help='chapters at once')
    a = p.parse_args()
    chapters = sorted((root/'nbs').glob('*.ipynb'), key=turn)
    if a.names:
        chapters = [c for c in chapters if any(n in c.stem for n in a.names)]
    if not chapters:
        sys.exit(f'no chapter is called {" or ".join(a.names)}')
    for name in HEAVY:
        importlib.import_module(name)
    failed, start = [], time.time()
    with ThreadPoolExecutor(a.workers) as pool:
        for path, passed, seconds, used in pool.map(lambda c: test(c, a.flags), chapters):
            verdict = 'ok    ' if passed else 'FAILED'
            print(f'{verdict} {seconds:6.1f} s  {used:6.1f} s of a processor  {path.name}', flush=True)
            if not passed:
                failed.append(path.name)
    print(f'{len(chapters)-len(failed)} passed, {len(failed)} failed  ({time.time()-start:.0f} s)')
    sys.exit(bool(failed))


if __name__ == '__main__':
    main()
