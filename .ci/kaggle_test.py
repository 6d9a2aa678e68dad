"""Kaggle, imitated: the wheelhouse in a clean Python 3.12, and the staged kernel twice in a tree like Kaggle's, offline; the second run resumes

`python .ci/kaggle_test.py [wheels] [kernel]`: one of the two, or both. The last line counts.
"""
import glob, hashlib, json, os, re, shutil, subprocess, sys, sysconfig, tempfile, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent/"tools"))
import kaggle

# What Kaggle's image has of what the wheels ask for, from the list of packages published with it
IMAGE = {'accelerate': '1.13.0', 'albumentations': '2.0.8', 'huggingface-hub': '1.10.1', 'ipywidgets': '8.1.5', 'matplotlib': '3.10.0', 'numpy': '2.4.6', 'pandas': '2.3.3',
         'pillow': '11.3.0', 'pyopengl': '3.1.10', 'safetensors': '0.7.0', 'scipy': '1.16.3', 'timm': '1.0.26', 'torch': '2.10.0', 'torchvision': '0.25.0', 'tqdm': '4.67.3'}
UNUSED = {'mujoco-studio'}   # MuJoCo's viewer
OFFLINE = dict(PIP_NO_INDEX='1', PIP_CONFIG_FILE=os.devnull, HTTP_PROXY='http://127.0.0.1:9', HTTPS_PROXY='http://127.0.0.1:9', HF_HUB_OFFLINE='1', NO_PROXY='127.0.0.1,localhost')


class Skip(Exception): "Why a test could not be made here"


def python312():
    for place in (os.environ.get('PYTHON312'), shutil.which('python3.12'), *sorted(glob.glob(str(Path.home()/'.pyenv/versions/3.12.*/bin/python')))):
        if place and subprocess.run([place, '-c', 'import sys, venv; assert sys.version_info[:2] == (3, 12)'], capture_output=True).returncode == 0: return place
    raise Skip('there is no Python 3.12 here (looked for $PYTHON312, python3.12 and ~/.pyenv/versions)')


def call(*args, env=None, **kw):
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True, env=os.environ | (env or {}), **kw)
    assert r.returncode == 0, f'{" ".join(map(str, args))} ended with status {r.returncode}:\n{r.stdout[-2500:]}\n{r.stderr[-2500:]}'
    return r.stdout


def test_wheels(tmp):
    "Installed offline, complete, and what they ask for beyond the wheelhouse is what Kaggle's image has"
    from packaging.requirements import Requirement
    venv, wheels = tmp/'venv', kaggle.build/'dataset'/'wheels'
    call(python312(), '-m', 'venv', venv)
    call(venv/'bin/pip', 'install', '-q', '--no-index', '--no-deps', '--find-links', wheels, 'framepred', *kaggle.LACKING, env=OFFLINE)
    code = '''import importlib.metadata as m, json
print(json.dumps({d.name.lower().replace('_', '-'): [d.version, d.requires or []] for d in m.distributions()}))'''
    there = json.loads(call(venv/'bin/python', '-c', code))
    for name in ('framepred', *kaggle.LACKING):
        for r in map(Requirement, there[name][1]):
            need = r.name.lower().replace('_', '-')
            if need in UNUSED or r.marker and not r.marker.evaluate({'python_version': '3.12', 'extra': ''}): continue
            have = there.get(need, [IMAGE.get(need)])[0]
            assert have, f'{name} needs {need}, which neither the wheelhouse nor Kaggle\'s image has'
            assert r.specifier.contains(have, prereleases=True), f'{name} needs {r}, and Kaggle has {have}'
    samples = venv/'share/framepred/data_samples'
    for f in ('val/video_1000/mask.npy', 'hidden/video_15000/image_0.png', 'weights/segmenter/weights.safetensors', 'weights/layout/settings.json'):
        assert (samples/f).is_file(), f'the wheel did not bring data_samples/{f}'
    call(venv/'bin/python', '-c', 'import framepred; assert framepred.__version__')
    return f'{len(list(wheels.glob("*.whl")))} wheels in Python 3.12'


def image(tmp):
    "An environment like Kaggle's: all that is installed here, but framepred and segmentation-models-pytorch"
    venv = tmp/'image'
    call(sys.executable, '-m', 'venv', venv)
    site = Path(call(venv/'bin/python', '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))').strip())
    for here in {sysconfig.get_path('purelib'), sysconfig.get_path('platlib')}:
        for p in Path(here).iterdir():
            if re.match(r'(__editable__|_?framepred|segmentation_models_pytorch|pip\b|pip-|_virtualenv|distutils-prec|__pycache__|easy-install)', p.name): continue
            if p.suffix == '.pth' and 'framepred' in p.read_text() or p.suffix == '.egg-link' or (site/p.name).exists(): continue
            (site/p.name).symlink_to(p)
    spec = venv/'share/jupyter/kernels/python3'
    spec.mkdir(parents=True)
    (spec/'kernel.json').write_text(json.dumps(dict(argv=[str(venv/'bin/python'), '-m', 'ipykernel_launcher', '-f', '{connection_file}'], display_name='python3', language='python')))
    for m in ('framepred', 'segmentation_models_pytorch'):
        assert subprocess.run([venv/'bin/python', '-c', f'import {m}'], capture_output=True, cwd=tmp).returncode, f'{m} is there before it was installed'
    return venv


def alone():
    "What to put before a command so that it has no network at all, where the system allows that; the environment above hinders it everywhere"
    quiet = ['unshare', '-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
    ok = shutil.which('unshare') and shutil.which('ip') and subprocess.run([*quiet, 'true'], capture_output=True).returncode == 0
    return quiet if ok else []


def digest(folder): return {str(p.relative_to(folder)): hashlib.blake2b(p.read_bytes()).hexdigest() for p in sorted(folder.rglob('*')) if p.is_file()}


def session(tmp, venv, root, minutes=None):
    "Run the staged kernel once, as Kaggle would; gives what its cells printed, by cell, and the seconds it took"
    meta = json.loads((kaggle.build/'kernel'/'kernel-metadata.json').read_text())
    nb = json.loads((kaggle.build/'kernel'/meta['code_file']).read_text(encoding='utf-8'))
    assert not any(c.get('outputs') for c in nb['cells']) and [c['id'] for c in nb['cells'] if 'parameters' in c['metadata'].get('tags', [])] == ['parameters']
    if minutes:   # as papermill does it
        at = 1 + next(i for i, c in enumerate(nb['cells']) if c['id'] == 'parameters')
        nb['cells'].insert(at, dict(cell_type='code', id='injected', metadata=dict(tags=['injected-parameters']), source=f'MINUTES = {minutes}', outputs=[], execution_count=None))
    work = root/'working'
    (work/'notebook.ipynb').write_text(json.dumps(nb), encoding='utf-8')
    env = OFFLINE | dict(FRAMEPRED_KAGGLE=str(root), PATH=f'{venv}/bin:{os.environ["PATH"]}', JUPYTER_PATH=str(tmp/'none'), OMP_NUM_THREADS=os.environ.get('OMP_NUM_THREADS', '1'), PYTHONPATH='')
    env |= {k: '' for k in ('FRAMEPRED_SAMPLES',)} if 'FRAMEPRED_SAMPLES' in os.environ else {}
    before, t = digest(root/'input'), time.time()
    call(*alone(), venv/'bin/python', '-m', 'nbconvert', '--to', 'notebook', '--execute', '--inplace', '--ExecutePreprocessor.timeout=300', '--ExecutePreprocessor.store_widget_state=False',
         work/'notebook.ipynb', env=env, cwd=work, timeout=900)
    seconds = time.time()-t
    assert list(venv.glob('lib/python*/site-packages/framepred/app.py')), 'framepred was not installed from the mounted wheel'
    assert digest(root/'input') == before, 'something was written under /kaggle/input'
    said = {c['id']: ''.join(''.join(o.get('text', '')) for o in c['outputs']) for c in json.loads((work/'notebook.ipynb').read_text())['cells'] if c['cell_type'] == 'code'}
    return said, seconds


def test_kernel(tmp):
    "Twice; the second time the first one's output is mounted as input, and training goes on from it"
    import numpy as np
    venv, said, took = image(tmp), {}, []
    for turn in (1, 2):
        root = tmp/f'kaggle{turn}'
        shutil.copytree(kaggle.build/'dataset', root/'input'/'framepred-wheels')
        if turn == 2: shutil.copytree(tmp/'kaggle1'/'working', root/'input'/'an-earlier-session')
        (root/'working').mkdir()
        for p in (root/'input').rglob('*'): p.chmod(0o555 if p.is_dir() else 0o444)
        if turn == 2: call(venv/'bin/pip', 'uninstall', '-q', '-y', 'framepred', 'segmentation-models-pytorch')
        said[turn], seconds = session(tmp, venv, root)
        took.append(round(seconds))
        work = root/'working'
        a = np.load(work/'submission.npy')
        assert a.shape == (4, 160, 240) and a.dtype == np.uint8 and a.any(), f'the submission is {a.dtype} {a.shape}'
        for f in ('table.csv', 'runs/segmenter/best/settings.json', 'runs/segmenter/last/state.json', 'runs/layout/weights/settings.json'): assert (work/f).is_file(), f'{f} was not kept'
        assert not (work/'runs/segmenter/packed').exists()
    assert 'begins anew' in said[1]['resume'] and 'begins anew' not in said[2]['resume'], said[2]['resume']
    assert all(k in said[2]['resume'] for k in ('segmenter:', 'layout:')), said[2]['resume']
    for kind in ('segmenter', 'layout', 'predictor'):
        for turn in (1, 2): assert 'holds a run' not in said[turn][kind], said[turn][kind]
    assert all(re.search(rf'runs/{kind}(/futures)?: [0-9]+ of [0-9]+ steps', said[2][kind]) for kind in ('segmenter', 'layout')), said[2]['segmenter'] + said[2]['layout']
    print(said[2]['resume'], said[2]['segmenter'], said[2]['layout'], sep='')
    assert max(took) < 300, f'a run took {max(took)} s, and a rehearsal may take 300'
    return f'{took[0]} s and {took[1]} s'


def test_cut_short(tmp):
    "A run that was cut short goes on at its step: half of a segmenter's steps, then the kernel's own cells again"
    import nbformat
    cells = {c.id: c.source for c in nbformat.read(kaggle.root/'nbs'/'kaggle.ipynb', 4).cells}
    root = tmp/'kaggle3'
    for d in ('input', 'working'): (root/d).mkdir(parents=True)
    head = '\n'.join(cells[k] for k in ('parameters', 'choose', 'imports', 'find', 'resume'))
    begin = head + '''
from framepred.data.pack import pack
from framepred.segment.segmenter import train_segmenter
import framepred.training.loop as t
one = t.Trainer.one_step
def tired(self, data, phase, lr):
    if self.step == 30 and self.phases[0].steps < 100: raise KeyboardInterrupt   # not while the length is being planned
    return one(self, data, phase, lr)
'''
    call_it = cells['segmenter'].replace('from framepred.segment.segmenter import train_segmenter', '')
    env = OFFLINE | dict(FRAMEPRED_KAGGLE=str(root), OMP_NUM_THREADS='1')
    cut = "import dataclasses, framepred.segment.segmenter as s\nnet, recipe, how = s.PRESETS['tiny']\ns.PRESETS['tiny'] = net, recipe, dataclasses.replace(how, save_every=10)\n"
    r = subprocess.run([sys.executable, '-c', begin + cut + 't.Trainer.one_step = tired\n' + call_it], capture_output=True, text=True, env=os.environ | env, cwd=tmp, timeout=300)
    state = root/'working/runs/segmenter/last/state.json'
    assert state.is_file(), r.stderr[-2000:]
    at = json.loads(state.read_text())['step']
    shutil.copytree(root/'working', root/'input'/'cut')
    shutil.rmtree(root/'working'); (root/'working').mkdir()
    said = call(sys.executable, '-c', begin + cut + call_it, env=env, cwd=tmp, timeout=300)
    facts = json.loads(state.read_text())
    (root/'working/runs/segmenter/log.csv').read_text()   # it is there
    assert f'segmenter: {at} of' in said and facts['step'] == sum(p[0] for p in facts['plan']) > at, said
    return f'at step {at} of {facts["step"]}'


if __name__ == '__main__':
    wanted = sys.argv[1:] or ['wheels', 'kernel', 'cut']
    kaggle.stage()
    counts = dict(passed=0, failed=0, skipped=0)
    for name, test in dict(wheels=test_wheels, kernel=test_kernel, cut=test_cut_short).items():
        if name not in wanted: continue
        t = time.time()
        with tempfile.TemporaryDirectory() as tmp:
            try: verdict, why = 'passed', test(Path(tmp))
            except Skip as e: verdict, why = 'skipped', str(e)
            except (AssertionError, SystemExit, subprocess.TimeoutExpired) as e: verdict, why = 'failed', str(e)
            finally:
                for p in Path(tmp).rglob('*'):
                    if p.is_dir() and not p.is_symlink(): p.chmod(0o755)
        counts[verdict] += 1
        print(f'{verdict}  {name} ({time.time()-t:.0f} s): {why}', flush=True)
    print(', '.join(f'{n} {k}' for k, n in counts.items()))
    sys.exit(counts['failed'] > 0)
