"""Kaggle, imitated: the wheelhouse in a clean Python 3.12, and the staged kernel twice in a tree like Kaggle's,
offline; the second run resumes

`python .ci/kaggle_test.py [wheels] [kernel] [cut] [classify]`: some of the four, or all. The last line counts.
"""
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent/"tools"))
import kaggle

# What Kaggle's image has of what the wheels ask for, from the list of packages published with it
IMAGE = {
    'accelerate': '1.13.0',
    'albumentations': '2.0.8',
    'huggingface-hub': '1.10.1',
    'ipywidgets': '8.1.5',
    'matplotlib': '3.10.0',
    'numpy': '2.4.6',
    'pandas': '2.3.3',
    'pillow': '11.3.0',
    'pyopengl': '3.1.10',
    'safetensors': '0.7.0',
    'scipy': '1.16.3',
    'timm': '1.0.26',
    'torch': '2.10.0',
    'torchvision': '0.25.0',
    'tqdm': '4.67.3',
}
UNUSED = {'mujoco-studio'}   # MuJoCo's viewer
OFFLINE = dict(
    PIP_NO_INDEX='1',
    PIP_CONFIG_FILE=os.devnull,
    HTTP_PROXY='http://127.0.0.1:9',
    HTTPS_PROXY='http://127.0.0.1:9',
    HF_HUB_OFFLINE='1',
    NO_PROXY='127.0.0.1,localhost',
)
# what the image test's environment must not have from here
NOT_LINKED = re.compile(
    r'(__editable__|_?framepred|segmentation_models_pytorch'
    r'|pip\b|pip-|_virtualenv|distutils-prec|__pycache__|easy-install)'
)
# some of what the wheel must bring along
SAMPLES = (
    'val/video_1000/mask.npy',
    'hidden/video_15000/image_0.png',
    'weights/segmenter/weights.safetensors',
    'weights/layout/settings.json',
)
# what a session must leave behind
KEPT = (
    'table.csv',
    'runs/segmenter/best/settings.json',
    'runs/segmenter/last/state.json',
    'runs/layout/weights/settings.json',
)
# and one of the classifier
ANSWERED = (
    'checkpoints/best_model/weights.safetensors',
    'checkpoints/last/weights.safetensors',
    'logs/auxiliary.csv',
    'logs/classifier.csv',
    'outputs/answers.csv',
    'outputs/report.html',
    'outputs/scores.csv',
)


class Skip(Exception):
    "Why a test could not be made here"


def python312():
    probe = 'import sys, venv; assert sys.version_info[:2] == (3, 12)'
    places = [
        os.environ.get('PYTHON312'),
        shutil.which('python3.12'),
        *sorted(glob.glob(str(Path.home()/'.pyenv/versions/3.12.*/bin/python'))),
    ]
    for place in places:
        if place and subprocess.run([place, '-c', probe], capture_output=True).returncode == 0:
            return place
    raise Skip('there is no Python 3.12 here (looked for $PYTHON312, python3.12 and ~/.pyenv/versions)')


def call(*args, env=None, **kw):
    "What a command printed; it must end well"
    args = [str(a) for a in args]
    r = subprocess.run(args, capture_output=True, text=True, env=os.environ | (env or {}), **kw)
    assert r.returncode == 0, (
        f'{" ".join(args)} ended with status {r.returncode}:\n'
        f'{r.stdout[-2500:]}\n{r.stderr[-2500:]}'
    )
    return r.stdout


# What is installed: its name → version and what it asks for
INSTALLED = '''
import importlib.metadata, json
found = {}
for d in importlib.metadata.distributions():
    found[d.name.lower().replace('_', '-')] = [d.version, d.requires or []]
print(json.dumps(found))
'''


def check_requirement(name, requirement, there):
    "What `name` asks for must be installed, or be in Kaggle's image, in a version that will do"
    from packaging.requirements import Requirement
    r = Requirement(requirement)
    need = r.name.lower().replace('_', '-')
    if need in UNUSED:
        return
    if r.marker and not r.marker.evaluate({'python_version': '3.12', 'extra': ''}):
        return
    have = there.get(need, [IMAGE.get(need)])[0]
    assert have, f'{name} needs {need}, which neither the wheelhouse nor Kaggle\'s image has'
    assert r.specifier.contains(have, prereleases=True), f'{name} needs {r}, and Kaggle has {have}'


def test_wheels(tmp):
    "Installed offline, complete, and what they ask for beyond the wheelhouse is what Kaggle's image has"
    venv = tmp/'venv'
    wheels = kaggle.build/'dataset'/'wheels'
    names = ('framepred', *kaggle.LACKING)
    call(python312(), '-m', 'venv', venv)
    local = ['--no-index', '--no-deps', '--find-links', wheels]
    call(venv/'bin/pip', 'install', '-q', *local, *names, env=OFFLINE)
    there = json.loads(call(venv/'bin/python', '-c', INSTALLED))
    for name in names:
        for requirement in there[name][1]:
            check_requirement(name, requirement, there)
    samples = venv/'share/framepred/data_samples'
    for f in SAMPLES:
        assert (samples/f).is_file(), f'the wheel did not bring data_samples/{f}'
    call(venv/'bin/python', '-c', 'import framepred; assert framepred.__version__')
    return f'{len(list(wheels.glob("*.whl")))} wheels in Python 3.12'


def link_packages(site):
    "Into `site`, all that is installed here but what the kernel is to install"
    for here in {sysconfig.get_path('purelib'), sysconfig.get_path('platlib')}:
        for p in Path(here).iterdir():
            is_ours = (
                NOT_LINKED.match(p.name)
                or p.suffix == '.pth' and 'framepred' in p.read_text()
                or p.suffix == '.egg-link'
            )
            if not is_ours and not (site/p.name).exists():
                (site/p.name).symlink_to(p)


def image(tmp):
    "An environment like Kaggle's: all that is installed here, but framepred and segmentation-models-pytorch"
    venv = tmp/'image'
    python = venv/'bin/python'
    call(sys.executable, '-m', 'venv', venv)
    site = call(python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))')
    link_packages(Path(site.strip()))
    spec = venv/'share/jupyter/kernels/python3'
    spec.mkdir(parents=True)
    argv = [str(python), '-m', 'ipykernel_launcher', '-f', '{connection_file}']
    kernel = dict(argv=argv, display_name='python3', language='python')
    (spec/'kernel.json').write_text(json.dumps(kernel))
    for m in ('framepred', 'segmentation_models_pytorch'):
        tried = subprocess.run([python, '-c', f'import {m}'], capture_output=True, cwd=tmp)
        assert tried.returncode, f'{m} is there before it was installed'
    return venv


def alone():
    """What to put before a command so that it has no network at all, where the system allows that

    OFFLINE hinders it everywhere.
    """
    quiet = ['unshare', '-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
    if not shutil.which('unshare') or not shutil.which('ip'):
        return []
    tried = subprocess.run([*quiet, 'true'], capture_output=True)
    return quiet if tried.returncode == 0 else []


def digest(folder):
    "Path → hash, of all files under a folder"
    return {
        str(p.relative_to(folder)): hashlib.blake2b(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob('*')) if p.is_file()
    }


def staged_notebook(minutes):
    "The kernel's notebook, with a limit put in as papermill does it"
    kernel = kaggle.build/'kernel'
    meta = json.loads((kernel/'kernel-metadata.json').read_text())
    nb = json.loads((kernel/meta['code_file']).read_text(encoding='utf-8'))
    cells = nb['cells']
    tagged = [c['id'] for c in cells if 'parameters' in c['metadata'].get('tags', [])]
    assert not any(c.get('outputs') for c in cells) and tagged == ['parameters']
    if minutes:
        at = 1 + next(i for i, c in enumerate(cells) if c['id'] == 'parameters')
        cells.insert(at, dict(
            cell_type='code',
            id='injected',
            metadata=dict(tags=['injected-parameters']),
            source=f'MINUTES = {minutes}',
            outputs=[],
            execution_count=None,
        ))
    return nb


def printed(path):
    "Cell → the text it printed, of an executed notebook"
    said = {}
    for c in json.loads(path.read_text())['cells']:
        if c['cell_type'] == 'code':
            said[c['id']] = ''.join(''.join(o.get('text', '')) for o in c['outputs'])
    return said


def session(tmp, venv, root, minutes=None):
    "Run the staged kernel once, as Kaggle would; gives what its cells printed, by cell, and the seconds it took"
    work = root/'working'
    notebook = work/'notebook.ipynb'
    notebook.write_text(json.dumps(staged_notebook(minutes)), encoding='utf-8')
    env = OFFLINE | dict(
        FRAMEPRED_KAGGLE=str(root),
        PATH=f'{venv}/bin:{os.environ["PATH"]}',
        JUPYTER_PATH=str(tmp/'none'),
        OMP_NUM_THREADS=os.environ.get('OMP_NUM_THREADS', '1'),
        PYTHONPATH='',
    )
    if 'FRAMEPRED_SAMPLES' in os.environ:
        env['FRAMEPRED_SAMPLES'] = ''
    execute = [
        *('--to', 'notebook', '--execute', '--inplace'),
        '--ExecutePreprocessor.timeout=300',
        '--ExecutePreprocessor.store_widget_state=False',
    ]
    before = digest(root/'input')
    start = time.time()
    command = [*alone(), venv/'bin/python', '-m', 'nbconvert', *execute, notebook]
    call(*command, env=env, cwd=work, timeout=900)
    seconds = time.time()-start
    installed = list(venv.glob('lib/python*/site-packages/framepred/app/__init__.py'))
    assert installed, 'framepred was not installed from the mounted wheel'
    assert digest(root/'input') == before, 'something was written under /kaggle/input'
    return printed(notebook), seconds


def mount(tmp, turn):
    "A tree like Kaggle's for the first or the second session, its input read-only"
    root = tmp/f'kaggle{turn}'
    shutil.copytree(kaggle.build/'dataset', root/'input'/'framepred-wheels')
    if turn == 2:
        shutil.copytree(tmp/'kaggle1'/'working', root/'input'/'an-earlier-session')
    (root/'working').mkdir()
    for p in (root/'input').rglob('*'):
        p.chmod(0o555 if p.is_dir() else 0o444)
    return root


def check_left(work):
    "What a session leaves in its output"
    import numpy as np
    a = np.load(work/'submission.npy')
    assert a.shape == (4, 160, 240) and a.dtype == np.uint8 and a.any(), f'the submission is {a.dtype} {a.shape}'
    for f in KEPT:
        assert (work/f).is_file(), f'{f} was not kept'
    assert not (work/'runs/segmenter/packed').exists()


def check_resumed(first, second):
    "What the two sessions printed: the second took up what the first had left"
    resumed = second['resume']
    assert 'begins anew' in first['resume'] and 'begins anew' not in resumed, resumed
    assert all(k in resumed for k in ('segmenter:', 'layout:')), resumed
    for kind in ('segmenter', 'layout', 'predictor'):
        for said in (first, second):
            assert 'holds a run' not in said[kind], said[kind]
    for kind in ('segmenter', 'layout'):
        steps = re.search(rf'runs/{kind}(/futures)?: [0-9]+ of [0-9]+ steps', second[kind])
        assert steps, second['segmenter'] + second['layout']


def test_kernel(tmp):
    "Twice; the second time the first one's output is mounted as input, and training goes on from it"
    venv = image(tmp)
    said = {}
    took = []
    for turn in (1, 2):
        root = mount(tmp, turn)
        if turn == 2:
            call(venv/'bin/pip', 'uninstall', '-q', '-y', 'framepred', 'segmentation-models-pytorch')
        said[turn], seconds = session(tmp, venv, root)
        took.append(round(seconds))
        check_left(root/'working')
    check_resumed(said[1], said[2])
    print(said[2]['resume'], said[2]['segmenter'], said[2]['layout'], sep='')
    assert max(took) < 300, f'a run took {max(took)} s, and a rehearsal may take 300'
    return f'{took[0]} s and {took[1]} s'


# What the kernel's own cells are run with: a trainer that stops at step 30, but not while the length is being planned
TIRED = '''
from framepred.data.pack import pack
from framepred.segment.segmenter_train import train_segmenter
import framepred.training.step as t
one = t.Stepper.step
def tired(self, number, data, phase, lr):
    if number == 30 and phase.steps < 100:
        raise KeyboardInterrupt
    return one(self, number, data, phase, lr)
'''
OFTEN = '''
import framepred.segment.segmenter_train as s
from framepred.training.fit import presets
s.SegmenterTask.presets = presets(tiny=s.PRESETS['tiny'].changed(save_every=10))
'''
# the cells of the kernel that come before the segmenter's
HEAD = ('parameters', 'install', 'choose', 'imports', 'find', 'resume', 'take-up', 'train')


def test_cut_short(tmp):
    "A run that was cut short goes on at its step: half of a segmenter's steps, then the kernel's own cells again"
    import nbformat
    nb = nbformat.read(kaggle.root/'nbs'/'kaggle.ipynb', 4)
    cells = {c.id: c.source for c in nb.cells}
    root = tmp/'kaggle3'
    for d in ('input', 'working'):
        (root/d).mkdir(parents=True)
    begin = '\n'.join(cells[k] for k in HEAD) + TIRED + OFTEN
    imported = 'from framepred.segment.segmenter_train import train_segmenter'
    train = cells['segmenter'].replace(imported, '')
    env = OFFLINE | dict(FRAMEPRED_KAGGLE=str(root), OMP_NUM_THREADS='1')
    r = subprocess.run(
        [sys.executable, '-c', f'{begin}t.Stepper.step = tired\n{train}'],
        capture_output=True,
        text=True,
        env=os.environ | env,
        cwd=tmp,
        timeout=300,
    )
    state = root/'working/runs/segmenter/last/state.json'
    assert state.is_file(), r.stderr[-2000:]
    at = json.loads(state.read_text())['step']
    shutil.copytree(root/'working', root/'input'/'cut')
    shutil.rmtree(root/'working')
    (root/'working').mkdir()
    said = call(sys.executable, '-c', begin + train, env=env, cwd=tmp, timeout=300)
    facts = json.loads(state.read_text())
    (root/'working/runs/segmenter/log.csv').read_text()   # it is there
    planned = sum(p[0] for p in facts['plan'])
    assert f'segmenter: {at} of' in said and facts['step'] == planned > at, said
    return f'at step {at} of {facts["step"]}'


def test_classify(tmp):
    "The classifier's kernel, staged, on a mounted data set of pictures"
    from framepred.classify.pictures import write_digits
    kaggle.stage(which='classify')
    venv, root = image(tmp), mount(tmp, 1)
    write_digits(root/'input'/'digits', 100, 40)
    said, seconds = session(tmp, venv, root, minutes=1)
    assert '10 classes in digits' in said['check'], said['check']
    for f in ANSWERED:
        assert (root/'working'/f).is_file(), f'{f} was not kept'
    return f'{seconds:.0f} s'


def verdict_of(test):
    "What came of a test, and why"
    with tempfile.TemporaryDirectory() as tmp:
        try:
            return 'passed', test(Path(tmp))
        except Skip as e:
            return 'skipped', str(e)
        except (AssertionError, SystemExit, subprocess.TimeoutExpired) as e:
            return 'failed', str(e)
        finally:   # what is read-only could not be removed
            for p in Path(tmp).rglob('*'):
                if p.is_dir() and not p.is_symlink():
                    p.chmod(0o755)


TESTS = dict(wheels=test_wheels, kernel=test_kernel, cut=test_cut_short, classify=test_classify)


def main(wanted):
    kaggle.stage()
    counts = dict(passed=0, failed=0, skipped=0)
    for name, test in TESTS.items():
        if name not in wanted:
            continue
        start = time.time()
        verdict, why = verdict_of(test)
        counts[verdict] += 1
        print(f'{verdict}  {name} ({time.time()-start:.0f} s): {why}', flush=True)
    print(', '.join(f'{n} {k}' for k, n in counts.items()))
    sys.exit(counts['failed'] > 0)


if __name__ == '__main__':
    main(sys.argv[1:] or list(TESTS))
