"""What a newcomer can get wrong: `python tools/newcomer.py [--quick] [--kills] [WORD …]`

Runs every case of bad input and prints a table of command, exit status and message. Status 1 where a question ends
in a traceback, in more than a sentence, or with another status than it should. `--quick` leaves out what computes
for more than a moment; `--kills` ends each verb five times with SIGKILL, and compares what it makes in the end.
"""
import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))
SAMPLES = root/'data_samples'


def changed_weights(folder, kind, **values):
    "The shipped weights with other values anywhere in their settings"
    shutil.copytree(SAMPLES/'weights'/kind, folder)
    file = folder/'settings.json'
    facts = json.loads(file.read_text())

    def put(d):
        for k, v in d.items():
            if k in values:
                d[k] = values[k]
            elif isinstance(v, dict):
                put(v)
    put(facts['settings'])
    file.write_text(json.dumps(facts))


def playground(d):
    "Folders and files that are wrong, each in its way"
    (d/'empty').mkdir()
    (d/'file').write_text('hello')
    (d/'list.json').write_text('[1, 2]')
    (d/'typo.json').write_text('{"verb": "evaluate", "data": "x", "sample": 3}')
    (d/'value.json').write_text('{"verb": "predict", "data": "x", "samples": "many"}')
    (d/'switch.json').write_text('{"verb": "evaluate", "data": "x", "all": "yes"}')
    (d/'cut.json').write_text('{"verb": "pre')
    (d/'deep.json').write_text('['*100000)
    (d/'none.json').write_text('{"data": "x"}')
    (d/'pre.json').write_text('{"verb": "predict", "data": "x"}')
    clip = SAMPLES/'val'/'video_1000'
    for name in ('text', 'floats', 'pickled', 'short', 'huge', 'clip'):
        shutil.copytree(clip, d/'odd'/name/'val'/'video_1000')
    mask = 'val/video_1000/mask.npy'
    good = np.load(clip/'mask.npy')
    (d/'odd'/'text'/mask).write_text('0 0 1')
    np.save(d/'odd'/'floats'/mask, good.astype(float))
    np.save(d/'odd'/'pickled'/mask, np.array([{}], object), allow_pickle=True)
    np.save(d/'odd'/'short'/mask, good[:3])
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }"
    (d/'odd'/'huge'/mask).write_bytes(b'\x93NUMPY\x01\x00'+len(head).to_bytes(2, 'little')+head)
    (d/'odd'/'clip'/'val'/'video_1000').rename(d/'odd'/'clip'/'val'/'clip_1000')
    hidden = d/'few'/'hidden'/'video_15000'
    hidden.mkdir(parents=True)
    (hidden/'image_0.png').write_bytes((SAMPLES/'hidden'/'video_15000'/'image_0.png').read_bytes()[:200])
    (d/'bare'/'train').mkdir(parents=True)
    (d/'loop').mkdir()
    (d/'loop'/'val').symlink_to(d/'loop'/'val')
    np.save(d/'wrong.npy', np.zeros((2, 3, 4), np.uint8))
    np.save(d/'nan.npy', np.full((4, 160, 240), np.nan))
    np.save(d/'objects.npy', np.array([{}], object), allow_pickle=True)
    (d/'cut.npy').write_bytes((d/'wrong.npy').read_bytes()[:40])
    for name in 'text.pt', 'text.gif', 'text.mp4':
        (d/name).write_text('neither a tensor nor a picture')
    w = d/'w'
    for name, kind, values in (
        ('nan', 'predictor', dict(blend=float('nan'))),
        ('huge', 'predictor', dict(channels=10**9)),
        ('wide', 'predictor', dict(channels=4096)),
        ('word', 'layout', dict(width='wide')),
        ('zero', 'predictor', dict(channels=0)),
        ('minus', 'predictor', dict(blocks=-1)),
        ('steps', 'predictor', dict(steps=10**9)),
    ):
        changed_weights(w/name, kind, **values)
    shutil.copytree(SAMPLES/'weights'/'layout', w/'cut')
    whole = (w/'cut'/'weights.safetensors').read_bytes()
    (w/'cut'/'weights.safetensors').write_bytes(whole[:1000])
    shutil.copytree(SAMPLES/'weights'/'predictor', w/'notnumbers')
    from safetensors.torch import load_file, save_file
    state = load_file(w/'notnumbers'/'weights.safetensors')
    save_file({k: v/0 if v.is_floating_point() else v for k, v in state.items()}, w/'notnumbers'/'weights.safetensors')
    (d/'far'/'val'/'video_99999999999999999999').mkdir(parents=True)
    (d/'far'/'val'/'video_999999999').mkdir(parents=True)
    (d/'far'/'val'/'video_1').symlink_to(SAMPLES/'val'/'video_1000')
    for name in ('garbage', 'array', 'unsaid', 'alone'):
        shutil.copytree(SAMPLES/'weights'/'layout', w/name)
    (w/'garbage'/'settings.json').write_bytes(b'\xff\xfe\x00garbage')
    (w/'array'/'settings.json').write_text('[]')
    (w/'unsaid'/'settings.json').write_text('{"kind": "layout"}')
    (w/'alone'/'weights.safetensors').unlink()


# Status, then the command; {d} is the playground, {s} the samples. What is after # tells what is tried.
QUICK = '''
2                                                       # no verb
2 fly                                                   # no such verb
0 --version
0 train --help
1 inspect {d}/nowhere
1 inspect {d}/file
1 inspect {d}/empty
1 inspect /proc/self
1 inspect {d}/bare                                      # a split without clips
1 inspect {d}/loop                                      # a link to itself
1 inspect {d}/odd/clip                                  # a clip that is not called video_N
1 inspect {d}/odd/text
0 inspect {d}/far                                       # numbers beyond all counting
0 inspect {s} --clips 1 --json --quiet
2 inspect {s} --clips 0
1 evaluate {s} --split test
1 evaluate {d}/nowhere
1 evaluate {d}/odd/text
1 evaluate {d}/odd/floats
1 evaluate {d}/odd/pickled                              # what could run code
1 evaluate {d}/odd/short
1 evaluate {d}/odd/huge                                 # a header that claims a terabyte
1 evaluate {s} --prediction {d}/none.npy
1 evaluate {s} --prediction {d}/wrong.npy
1 evaluate {s} --prediction {d}/nan.npy
1 evaluate {s} --prediction {d}/objects.npy
1 evaluate {s} --prediction {d}/cut.npy
1 evaluate {s} --prediction {d}/text.pt
1 evaluate {s} --prediction {d}/empty
1 evaluate {s} --prediction {s}/val/video_1000/mask.npy
1 evaluate {s} --csv {d}/empty
1 evaluate {s} --report {d}/file/report.html
1 evaluate {s} --csv /proc/table.csv
1 evaluate {s} --segmenter {d}/nowhere
1 evaluate {s} --segmenter {s}/weights/layout           # weights of another kind
1 evaluate {s} --layout {s}/weights/segmenter
1 evaluate {s} --predictor {s}/weights/layout
1 evaluate {s} --predictor {d}/file
1 evaluate {s} --predictor {d}/w/nan                    # NaN in settings.json
1 evaluate {s} --predictor {d}/w/huge                   # a billion channels
1 evaluate {s} --predictor {d}/w/wide                   # more channels than there are weights
1 evaluate {s} --predictor {d}/w/zero
1 evaluate {s} --predictor {d}/w/minus
1 evaluate {s} --predictor {d}/w/steps
1 evaluate {s} --layout {d}/w/word
1 evaluate {s} --layout {d}/w/cut                       # half a file of weights
1 evaluate {s} --layout {d}/w/garbage
1 evaluate {s} --layout {d}/w/array
1 evaluate {s} --layout {d}/w/unsaid
1 evaluate {s} --layout {d}/w/alone
1 evaluate {s} --device tpu
1 evaluate {s} --device cpu:x
1 evaluate {s} --device cuda:99
2 evaluate {s} --samples 0
2 evaluate {s} --samples many
2 evaluate {s} --samples 1000000000
2 evaluate {s} --steps 2000
2 evaluate {s} --batch-size -1
2 evaluate {s} --batch-size 1000000000
2 evaluate {s} --batch-size 1.5
2 evaluate {s} --seed x
1 predict {s} --out {d}/x.csv
1 predict {s} --out {d}/empty
1 predict {s} --out /proc/x.npy
1 predict {s} --out {d}/file/x.npy
1 predict {s} --out {d}/{long}.npy
1 predict {s} --out {d}/x.npy --frames {d}/file
1 predict {s} --out {d}/x.npy --frames /proc/frames
1 predict {s} --out {d}/x.npy --split nowhere
1 predict {d}/file --out {d}/x.npy
1 predict {d}/none.mp4                                  # one clip, and none there
1 predict {d}/text.gif
1 predict {nothing} --out {d}/x.npy                     # an empty word
1 evaluate {s} --csv {nothing}
1 predict {d}/text.mp4
1 predict {s}/val/video_1000 --ahead 12 --out {d}/one
1 predict {s}/val/video_1000 --observed 40 --out {d}/one
1 predict {s} --open
1 predict {s} --out {d}/x.npy --samples 3 --predictor {d}/w/notnumbers
1 label {s} --split unlabeled
1 label {s} --segmenter {d}/nowhere
1 label {s} --split val --out {s}/inside
1 label {s} --split val --out /proc/labels
1 simulate {d}/file --train 1
1 simulate /proc/new --train 1
1 simulate {s} --val 1 --train 0 --hidden 0 --seed 5    # clips made with another seed
2 simulate {d}/new --train -1
2 simulate {d}/new --train 1e3
2 simulate {d}/new --workers 0
1 simulate {d}/new --train 9000000 --val 9000000        # terabytes
2 simulate {d}/new --profile moon
2 train
2 train kite {s} --out {d}/r
2 train layout {s}                                      # no --out
1 train layout {s} --out {d}/r --preset huge
1 train layout {d}/nowhere --out {d}/r
1 train layout {d}/empty --out {d}/r
1 train segmenter {d}/few --out {d}/r                   # no train split
1 train layout {s} --out {d}/file
1 train layout {s} --out /proc/r
2 train layout {s} --out {d}/r --max-minutes -1
2 train layout {s} --out {d}/r --max-minutes nan
2 train layout {s} --out {d}/r --max-minutes inf
2 train layout {s} --out {d}/r --max-minutes 0
2 train layout {s} --out {d}/r --max-minutes 1e308
2 train layout {s} --out {d}/r --max-minutes soon
1 train layout {s} --out {d}/r --init {d}/nowhere
1 train layout {s} --out {d}/r --method peer
1 train predictor {s} --out {d}/r --layout {d}/nowhere
1 train predictor {s} --out {d}/r --pseudo unlabeled
1 train segmenter {s} --out {d}/r --init {s}/weights/layout
1 finetune {d}/nowhere --out {d}/r
2 finetune {s} --out {d}/r --max-minutes nan
1 train layout --out {d}/r                              # nothing to learn from
1 run --data {d}/nowhere
1 run --data {d}/empty --out {d}/out
1 run --out {d}/file
1 run --out /proc/out
1 --config {d}/nowhere.json
1 --config {d}/list.json
1 --config {d}/cut.json
1 --config {d}/deep.json
1 --config {d}/none.json
1 --config {d}/typo.json                                # an option that is not known
1 --config {d}/value.json
1 --config {d}/switch.json
1 evaluate --config {d}/pre.json
'''
SLOW = '''
0 predict {s} --out {d}/a.npy --samples 2
0 predict {s} --out {d}/a.npy --samples 2               # again: nothing to do
0 predict {d}/few --out {d}/few.npy                     # no frame can be read
0 evaluate {s} --json --samples 1 --batch-size 1
0 simulate {d}/made --train 12 --val 2 --hidden 0 --workers 1 --masks-only
0 train layout {d}/made --out {d}/r --max-minutes 0.05
0 train layout {d}/made --out {d}/r --max-minutes 0.1
1 train layout {d}/made --out {d}/r --seed 5            # a run with other settings
0 --config {d}/a.npy.command.json
'''


def cases(text):
    "`(status, words, remark)` of each line"
    for line in filter(None, text.splitlines()):
        line, _, remark = line.partition('#')
        status, *words = line.split()
        yield int(status), words, remark.strip()


def ask(words):
    "`(status, standard output, standard error)` of one command, in this process"
    from framepred.app.cli import main
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(words)
        except SystemExit as e:
            status = e.code
        except BaseException as e:
            print(f'Traceback: {e!r}', file=sys.stderr)
            status = -1
    return status, out.getvalue(), err.getvalue()


def wrong_with(status, wanted, err)->str:
    "What is wrong with an answer; an empty string where nothing is"
    if 'Traceback' in err:
        return 'a traceback'
    if 'no sentence yet' in err:
        return 'no sentence of its own'
    if status != wanted:
        return f'status {status}, {wanted} expected'
    said = [line for line in err.splitlines() if line.startswith('framepred: ')]
    if wanted == 1 and len(said) != 1 and 'inspect' not in err:
        return f'{len(said)} sentences'
    return ''


def run_cases(lines, d, words=(), show=print)->list:
    "The table, line by line; gives what was wrong"
    wrong = []
    names = dict(d=d, s=SAMPLES, long=300*'n', nothing='')
    for wanted, command, remark in lines:
        if words and not any(w in ' '.join(command) for w in words):
            continue
        start = time.perf_counter()
        status, out, err = ask([w.format(**names) for w in command])
        message = (err.strip() or out.strip()).splitlines()[-1:] or ['']
        text = ' '.join(command).format(d='D', s='SAMPLES', long='nnn…', nothing="''")
        message = message[0].replace(str(d), 'D').replace(str(SAMPLES), 'SAMPLES').replace(300*'n', 'nnn…')
        bad = wrong_with(status, wanted, err) if wanted != 1 or command[0] != 'inspect' else (
            '' if status == 1 else f'status {status}')
        show(f'{"WRONG " if bad else ""}| `framepred {text}` | {status} | {message} |'
             f' {time.perf_counter()-start:.1f} s |{bad or remark}')
        if bad:
            wrong.append(f'{text}: {bad}')
    return wrong


def digests(folder):
    "What a folder holds, without what tells the time"
    from hashlib import sha256
    files = [p for p in sorted(folder.rglob('*')) if p.is_file() and p.suffix in ('.npy', '.png', '.safetensors')]
    made = {p.relative_to(folder).as_posix(): sha256(p.read_bytes()).hexdigest()[:12] for p in files}
    for p in folder.glob('*.csv'):
        import pandas as pd
        made[p.name] = pd.read_csv(p).drop(columns='seconds_per_clip').to_csv()
    return made


def killed(command, seconds, cache, kills=5):
    "Start it, kill it after so many seconds, five times; then let it end"
    env = dict(os.environ, PYTHONPATH=str(root), OMP_NUM_THREADS='1', XDG_CACHE_HOME=str(cache))
    line = [sys.executable, '-c', 'from framepred.app.cli import main; raise SystemExit(main())', *command]
    for k in range(kills):
        p = subprocess.Popen(
            line, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            p.wait(seconds*(1+k/3))
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
    return subprocess.run(line, env=env, capture_output=True, text=True)


def run_kills(d, words=(), show=print)->list:
    "Each verb killed five times and once not at all"
    wrong = []
    commands = {
        'simulate {o} --train 6 --val 0 --hidden 2': 4,
        'predict {s} --out {o}/a.npy --frames {o}/frames': 6,
        'label {c} --split val --out {o}': 6,
        'evaluate {s} --csv {o}/t.csv --samples 2': 12,
        'train layout {s} --out {o} --max-minutes 0.3': 7,
    }
    shutil.copytree(SAMPLES/'val', d/'clips'/'val')
    for mask in (d/'clips').rglob('mask.npy'):
        mask.unlink()
    for n, (command, seconds) in enumerate(commands.items()):
        if words and not any(w in command for w in words):
            continue
        made = {}
        for how, kills in (('whole', 0), ('killed', 5)):
            out = d/f'{how}{n}'
            line = [w.format(o=out, s=SAMPLES, c=d/'clips') for w in command.split()]
            made[how] = killed(line, seconds, d/'cache', kills), digests(out)
        last, files = made['killed']
        timed = 'max-minutes' in command   # the clock decides how many steps: only the end can be judged
        same = timed or files == made['whole'][1]
        bad = '' if last.returncode == 0 and same and 'Traceback' not in last.stderr else 'not the same in the end'
        said = ((last.stdout+last.stderr).strip().splitlines() or [''])[-1].replace(str(d), 'D')
        show(f'{"WRONG " if bad else ""}| killed five times: `framepred {command}` | {last.returncode} | {said} |')
        if bad:
            wrong.append(f'{command}: {bad}')
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('words', nargs='*', help='only commands that hold one of these')
    p.add_argument('--quick', action='store_true', help='only what answers at once')
    p.add_argument('--kills', action='store_true', help='only the kills')
    a = p.parse_args()
    d = Path(tempfile.mkdtemp())
    try:
        playground(d)
        if a.kills:
            wrong = run_kills(d, a.words)
        else:
            wrong = run_cases(cases(QUICK if a.quick else QUICK+SLOW), d, a.words)
    finally:
        shutil.rmtree(d, ignore_errors=True)
    print(f'{len(wrong)} wrong')
    for w in wrong:
        print(' ', w)
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
