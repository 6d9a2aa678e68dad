"""Kaggle, imitated: what the API is told, the wheelhouse in a clean Python 3.12, and the staged kernel twice in a
tree like Kaggle's, offline and by the clock; the second run resumes

`python .ci/kaggle_test.py [metadata] [wheels] [kernel] [inside] [cut] [hub] [cards] [classify]`: some, or all.
`--minutes 6`: so long may each run of the kernel take. The last line counts.
"""
import argparse
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
from datetime import datetime
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


MINUTES = 4   # that a run of the kernel may take; the least in which every stage has its turn


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


# Wrong metadata, and a word of the sentence that refuses it
WRONG = (
    (dict(machine_shape='NvidiaTeslaP100'), 'retired'),
    (dict(machine_shape='NvidiaH100'), 'everybody'),
    (dict(machine_shape='NvidiaTeslaT4Highmem'), 'everybody'),
    (dict(enable_gpu=False), 'enable_gpu'),
    (dict(enable_tpu=True), 'TPU'),
    (dict(gpu=True), 'none that the API knows'),
    (dict(is_private='true'), 'no bool'),
    (dict(language='julia'), 'may be'),
    (dict(title='Something else'), 'slug'),
    (dict(id='nobody'), 'owner/slug'),
    (dict(dataset_sources=['clips']), 'dataset_sources'),
    (dict(id_no='12'), 'no int'),
    (dict(docker_image_pinning_type='newest'), 'may be'),
    (dict(code_file='nbs/none.ipynb'), 'there is no'),
)
RIGHT = dict(id_no=12, docker_image='gcr.io/kaggle-gpu-images/python', docker_image_pinning_type='original')

# What Kaggle's own client makes of a folder: the fields of its request, instead of sending it
CLIENT = '''
import contextlib, json, sys
from types import SimpleNamespace
from kaggle.api.kaggle_api_extended import KaggleApi
class Request:
    def save_kernel(self, request):
        self.kept = request
client = Request()
kernels = SimpleNamespace(kernels=SimpleNamespace(kernels_api_client=client))
api = KaggleApi()
api.build_kaggle_client = lambda: contextlib.nullcontext(kernels)
api.kernels_push(sys.argv[1])
names = 'slug new_title language kernel_type is_private enable_gpu enable_tpu enable_internet machine_shape'.split()
names += ['dataset_data_sources', 'kernel_data_sources']
print(json.dumps({name: getattr(client.kept, name) for name in names}))
'''


def test_metadata(tmp):
    "What both kernels say is what the API knows; what it would silently ignore is refused"
    for name in ('kaggle_kernel.json', 'kaggle_kernel_classify.json'):
        meta = json.loads((kaggle.root/name).read_text())
        kaggle.check_kernel(meta)
        kaggle.check_kernel(meta | RIGHT)
        for wrong, word in WRONG:
            try:
                kaggle.check_kernel(meta | wrong)
            except SystemExit as e:
                assert word in str(e), f'{wrong}: {e}'
            else:
                raise AssertionError(f'{wrong} was not refused')
    python = os.environ.get('KAGGLE_CLIENT', sys.executable)
    client = [python, '-I', '-c']
    if subprocess.run([*client, 'import kaggle'], capture_output=True, cwd=tmp).returncode:
        return f'{len(WRONG)} errors refused; Kaggle\'s client is not here ($KAGGLE_CLIENT: a Python that has it)'
    kernel = kaggle.build/'kernel'
    asked = json.loads(call(*client, CLIENT, kernel, cwd=tmp, env=dict(KAGGLE_CONFIG_DIR=str(tmp))).splitlines()[-1])
    meta = json.loads((kernel/'kernel-metadata.json').read_text())
    renamed = dict(slug='id', new_title='title', dataset_data_sources='dataset_sources',
                   kernel_data_sources='kernel_sources')
    for name, value in asked.items():
        said = meta[renamed.get(name, name)]
        assert value == said, f'the client sends {name} {value!r}, and kernel-metadata.json says {said!r}'
    return f'{len(WRONG)} errors refused; Kaggle\'s client would send the same'


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
    for python in kaggle.PYTHONS:   # complete for these too
        target = ['--only-binary=:all:', '--python-version', python, '--implementation', 'cp']
        for platform in kaggle.PLATFORMS:
            target += ['--platform', platform]
        call(venv/'bin/pip', 'download', '-q', *local, *target, '-d', tmp/python, *names, env=OFFLINE)
    return f'{len(list(wheels.glob("*.whl")))} wheels in Python 3.12, and for {", ".join(kaggle.PYTHONS)}'


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
        bare = os.environ | dict(PYTHONPATH='')
        tried = subprocess.run([python, '-c', f'import {m}'], capture_output=True, cwd=tmp, env=bare)
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


def staged_notebook(**parameters):
    "The kernel's notebook, with parameters put in as papermill does it"
    kernel = kaggle.build/'kernel'
    meta = json.loads((kernel/'kernel-metadata.json').read_text())
    nb = json.loads((kernel/meta['code_file']).read_text(encoding='utf-8'))
    cells = nb['cells']
    tagged = [c['id'] for c in cells if 'parameters' in c['metadata'].get('tags', [])]
    assert not any(c.get('outputs') for c in cells) and tagged == ['parameters']
    at = 1 + next(i for i, c in enumerate(cells) if c['id'] == 'parameters')
    cells.insert(at, dict(
        cell_type='code',
        id='injected',
        metadata=dict(tags=['injected-parameters']),
        source='\n'.join(f'{name} = {value!r}' for name, value in parameters.items()),
        outputs=[],
        execution_count=None,
    ))
    return nb


def printed(path):
    "Cell → the text it printed, of an executed notebook in which nothing failed; says where the time went"
    said = {}
    took = []
    for c in json.loads(path.read_text())['cells']:
        if c['cell_type'] != 'code':
            continue
        for o in c['outputs']:
            failed = o['output_type'] == 'error'
            assert not failed, f'{c["id"]}: {o["ename"]}: {o["evalue"]}\n{"".join(o["traceback"])[-2000:]}'
        said[c['id']] = ''.join(''.join(o.get('text', '')) for o in c['outputs'])
        times = c['metadata']['execution']
        began, ended = (datetime.fromisoformat(times[k]) for k in ('iopub.execute_input', 'shell.execute_reply'))
        seconds = (ended-began).total_seconds()
        if seconds > 1:
            took.append(f'{c["id"]} {seconds:.0f}')
    print(f'seconds: {", ".join(took)}', flush=True)
    return said


def executed(tmp, venv, root, **parameters):
    "Run the staged kernel once, as Kaggle would; gives what its cells printed, by cell, and the minutes it took"
    work = root/'working'
    notebook = work/'notebook.ipynb'
    notebook.write_text(json.dumps(staged_notebook(**parameters)), encoding='utf-8')
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
        *('--to', 'notebook', '--execute', '--inplace', '--allow-errors'),
        '--ExecutePreprocessor.timeout=600',
        '--ExecutePreprocessor.store_widget_state=False',
    ]
    before = digest(root/'input')
    start = time.time()
    command = [*alone(), venv/'bin/python', '-m', 'nbconvert', *execute, notebook]
    call(*command, env=env, cwd=work, timeout=900)
    took = (time.time()-start)/60
    installed = list(venv.glob('lib/python*/site-packages/framepred/app/__init__.py'))
    assert installed, 'framepred was not installed from the mounted wheel'
    assert digest(root/'input') == before, 'something was written under /kaggle/input'
    return printed(notebook), took


def session(tmp, venv, root, **parameters):
    "The same, for the kernel that says at the end how long it took"
    said, took = executed(tmp, venv, root, **parameters)
    minutes = parameters['MINUTES']
    ended = said['kept'].splitlines()[-1]
    assert re.fullmatch(rf'[0-9.]+ of {minutes} minutes', ended), ended
    assert took <= minutes, f'{took:.1f} minutes with the start of the kernel, of {minutes}'
    return said, took


def mount(root, *more):
    "A tree like Kaggle's, its input read-only: the staged data set, and further (folder, place under input)"
    for folder, place in ((kaggle.build/'dataset', 'datasets/framepred/framepred-wheels'), *more):
        shutil.copytree(folder, root/'input'/place)
    (root/'working').mkdir()
    for p in (root/'input').rglob('*'):
        p.chmod(0o555 if p.is_dir() else 0o444)
    return root


def check_submission(work):
    import numpy as np
    a = np.load(work/'submission.npy')
    assert a.shape == (4, 160, 240) and a.dtype == np.uint8, f'the submission is {a.dtype} {a.shape}'
    return a


def check_left(work):
    "What a session leaves in its output"
    assert check_submission(work).any(), 'the submission is empty'
    for f in KEPT:
        assert (work/f).is_file(), f'{f} was not kept'
    assert not (work/'runs/segmenter/packed').exists()


def steps_of(said, kind):
    "How far a run came, by what was printed"
    found = re.search(rf'runs/{kind}: ([0-9]+) of [0-9]+ steps', said)
    assert found, said
    return int(found[1])


def check_resumed(first, second):
    "What the two sessions printed: the second took up what the first had left"
    resumed = second['resume']
    assert 'begins anew' in first['resume'] and 'begins anew' not in resumed, resumed
    assert all(k in resumed for k in ('segmenter:', 'layout:')), resumed
    for kind in ('segmenter', 'layout', 'predictor'):
        for said in (first, second):
            assert 'holds a run' not in said[kind], said[kind]
            steps_of(said['layout'], 'layout/futures') if kind == 'layout' else steps_of(said[kind], kind)
    for kind in ('segmenter', 'predictor'):   # what was cut short has come further; else it began with those weights
        at, planned = map(int, re.search(rf'{kind}: ([0-9]+) of ([0-9]+) steps', resumed).groups())
        after = steps_of(second[kind], kind)
        assert at == planned or after > at, f'{kind} was at step {at} of {planned}, then at {after}'


def test_kernel(tmp):
    "Twice; the second time the first one's output is mounted as input, and training goes on from it"
    venv = image(tmp)
    said = {}
    took = []
    for turn in (1, 2):
        earlier = [(tmp/'kaggle1'/'working', 'notebooks/framepred/an-earlier-version')] if turn == 2 else []
        root = mount(tmp/f'kaggle{turn}', *earlier)
        if turn == 2:
            call(venv/'bin/pip', 'uninstall', '-q', '-y', 'framepred', 'segmentation-models-pytorch')
        said[turn], minutes = session(tmp, venv, root, MINUTES=MINUTES)
        took.append(f'{minutes:.1f}')
        check_left(root/'working')
        no_time = 'no time left to score' in said[turn]['score']   # on a slow machine
        assert no_time or (root/'working'/'table.csv').is_file(), said[turn]['score']
        print(f'session {turn}, {took[-1]} minutes:', said[turn]['submission'], sep='\n', flush=True)
    check_resumed(said[1], said[2])
    print(said[2]['resume'], said[2]['segmenter'], said[2]['layout'], sep='')
    return f'{" and ".join(took)} of {MINUTES} minutes each'


def test_inside(tmp):
    "OUTSIDE = False: weights that are mounted beside the clips, and a run that began with them, are left alone"
    venv = image(tmp)
    clips = tmp/'clips'
    clips.mkdir()
    for split in ('train', 'val', 'hidden'):
        shutil.copytree(kaggle.root/'data_samples'/split, clips/split)
    run = tmp/'run'/'runs'/'segmenter'
    (run/'last').mkdir(parents=True)
    (run/'last'/'state.json').write_text('not to be read')
    (run/'begun.json').write_text(json.dumps(dict(outside=True)))
    root = mount(tmp/'kaggle', (clips, 'competitions/clips'), (tmp/'run', 'notebooks/framepred/with-weights'))
    for settings in (root/'input').rglob('weights/**/settings.json'):   # whoever looks at shipped weights fails
        settings.chmod(0o644)
        settings.write_text('not to be read')
    said, minutes = session(tmp, venv, root, MINUTES=MINUTES, OUTSIDE=False, DATA=str(root/'input/competitions/clips'))
    check_submission(root/'working')
    begun = json.loads((root/'working/runs/layout/begun.json').read_text())
    assert begun['source']['simulated'] == 0 and not begun['init'] and not begun['outside'], begun
    assert 'begins anew' in said['resume'], said['resume']
    return f'{minutes:.1f} of {MINUTES} minutes, {steps_of(said["segmenter"], "segmenter")} steps of the segmenter'


# What the kernel's own cells are run with: a trainer that stops at step 30, but not while the length is being planned
TIRED = '''
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
HEAD = ('parameters', 'install', 'choose', 'imports', 'find', 'clock', 'resume', 'take-up', 'train')


def kernel_cells():
    "Cell → its source"
    nb = json.loads((kaggle.root/'nbs'/'kaggle.ipynb').read_text())
    return {c['id']: ''.join(c['source']) for c in nb['cells']}


def test_cut_short(tmp):
    "A run that was cut short goes on at its step: half of a segmenter's steps, then the kernel's own cells again"
    cells = kernel_cells()
    root = tmp/'kaggle3'
    for d in ('input', 'working'):
        (root/d).mkdir(parents=True)
    begin = '\n'.join(cells[k] for k in HEAD) + TIRED + OFTEN
    train = cells['segmenter']
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


# a kagglehub that finds what is on this disk
HUB = '''
def dataset_download(handle):
    assert handle == 'somebody/clips', handle
    return PLACE
def competition_download(handle):
    assert handle == 'clips-to-come', handle
    return PLACE
'''


def test_hub(tmp):
    "DATA may be what kagglehub fetches"
    (tmp/'fetched'/'inner').mkdir(parents=True)
    (tmp/'fetched'/'inner'/'clips').symlink_to(kaggle.root/'data_samples', target_is_directory=True)
    (tmp/'kagglehub.py').write_text(f'PLACE = {str(tmp/"fetched")!r}\n{HUB}')
    cells = kernel_cells()
    head = ['parameters', 'install', 'choose', 'imports', 'find']
    for handle in ('somebody/clips', 'competition:clips-to-come'):
        code = [cells[k] for k in head]
        code.insert(1, f'DATA, INSPECT = {handle!r}, 0')
        path = os.pathsep.join([str(tmp), *filter(None, [os.environ.get('PYTHONPATH')])])
        env = OFFLINE | dict(PYTHONPATH=path, FRAMEPRED_KAGGLE=str(tmp/'none'))
        said = call(sys.executable, '-c', '\n'.join([*code, 'print("found", DATA)']), env=env, cwd=tmp)
        assert f'found {tmp/"fetched"/"inner"/"clips"}' in said, said
    return 'a data set and a competition'


# two processes on the CPU, as the kernel begins them on two cards
TWO = '''
import accelerate
from framepred.data.pack import pack
from accelerate import debug_launcher
accelerate.notebook_launcher = lambda f, args, num_processes, mixed_precision: debug_launcher(f, args, num_processes)
cards, display, MINUTES, answers, begun = ['one', 'two'], print, 2, .8, time.time()
'''


def test_cards(tmp):
    "A training on two cards, which are imitated by two processes"
    cells = kernel_cells()
    root = tmp/'kaggle'
    (root/'working').mkdir(parents=True)
    code = '\n'.join([*(cells[k] for k in HEAD), TWO, cells['predictor']])
    said = call(sys.executable, '-c', code, env=OFFLINE | dict(FRAMEPRED_KAGGLE=str(root), OMP_NUM_THREADS='1'),
                cwd=tmp, timeout=300)
    steps = re.search(r'predictor: ([0-9]+) steps on 2 cards', said)
    assert steps and int(steps[1]) > 0, said
    assert (root/'working/runs/predictor/weights/settings.json').is_file(), said
    return f'{steps[1]} steps'


def test_classify(tmp):
    "The classifier's kernel, on a mounted data set of pictures"
    from framepred.classify.tasks import write_digits
    kaggle.stage(which='classify')
    write_digits(tmp/'digits', 100, 40)
    venv, root = image(tmp), mount(tmp/'kaggle', (tmp/'digits', 'datasets/somebody/digits'))
    said, minutes = executed(tmp, venv, root, MINUTES=1)
    assert '10 classes in digits' in said['check'], said['check']
    for f in ANSWERED:
        assert (root/'working'/f).is_file(), f'{f} was not kept'
    return f'{minutes:.1f} minutes'


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


TESTS = dict(
    metadata=test_metadata,
    wheels=test_wheels,
    kernel=test_kernel,
    inside=test_inside,
    cut=test_cut_short,
    hub=test_hub,
    cards=test_cards,
    classify=test_classify,
)


def main():
    global MINUTES
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('wanted', nargs='*', metavar='NAME', help=f'some of {", ".join(TESTS)}; all by default')
    p.add_argument('--minutes', type=int, default=MINUTES, help='for each run of the kernel')
    a = p.parse_args()
    MINUTES = a.minutes
    kaggle.stage()
    counts = dict(passed=0, failed=0, skipped=0)
    for name, test in TESTS.items():
        if a.wanted and name not in a.wanted:
            continue
        start = time.time()
        verdict, why = verdict_of(test)
        counts[verdict] += 1
        print(f'{verdict}  {name} ({time.time()-start:.0f} s): {why}', flush=True)
    print(', '.join(f'{n} {k}' for k, n in counts.items()))
    sys.exit(counts['failed'] > 0)


if __name__ == '__main__':
    main()
