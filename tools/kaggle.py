"""Everything Kaggle needs, under build/kaggle: a data set with wheels, samples and weights, and the kernel. \
`python tools/kaggle.py --help`

The data set's wheels are framepred itself and what Kaggle's Python 3.12 image lacks of what it needs; they are
installed with `--no-deps`, so Kaggle's own torch stays. kaggle_kernel.json says what the kernel is; the `kaggle`
tool wants kernel-metadata.json.
"""
import argparse
import configparser
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

root = Path(__file__).resolve().parent.parent
build = root/'build'/'kaggle'

# Not in the list of packages that Kaggle publishes with its image (installed_cpu_packages.txt of its docker-python
# repository); accelerate, albumentations, ipywidgets, safetensors, timm and the others that framepred needs are.
LACKING = ('segmentation-models-pytorch', 'mujoco', 'mujoco-core', 'glfw')
PYTHON = '3.12'
PLATFORMS = (
    'manylinux_2_28_x86_64',
    'manylinux_2_17_x86_64',
    'manylinux2014_x86_64',
    'manylinux_2_12_x86_64',
    'manylinux2010_x86_64',
)
# what a wheel is made from
PARTS = ('framepred', 'data_samples', 'nbs/index.ipynb', 'setup.py', 'settings.ini', 'README.md', 'LICENSE')

# every field of the API's documentation of kernel-metadata.json, and what it may hold
FIELDS = dict(
    id=str,
    title=str,
    code_file=str,
    language=str,
    kernel_type=str,
    is_private=bool,
    enable_gpu=bool,
    enable_tpu=bool,
    enable_internet=bool,
    machine_shape=str,
    keywords=list,
    dataset_sources=list,
    competition_sources=list,
    kernel_sources=list,
    model_sources=list,
)
SHAPES = (
    '',
    'NvidiaTeslaT4',
    'NvidiaTeslaT4Highmem',
    'NvidiaTeslaP100',
    'NvidiaTeslaA100',
    'NvidiaL4',
    'NvidiaL4X1',
    'NvidiaH100',
    'NvidiaRtxPro6000',
)
CHOICES = dict(
    language=('python', 'r', 'rmarkdown'),
    kernel_type=('script', 'notebook'),
    machine_shape=SHAPES,
)


def slug(title):
    return re.sub(r'-+', '-', re.sub('[^a-z0-9]+', '-', title.lower())).strip('-')


def refuse(why):
    raise SystemExit(f'kaggle_kernel.json: {why}')


def check_kernel(meta):
    "A wrong field is silently ignored by the server, so it is an error here"
    for k in set(FIELDS) ^ set(meta):
        refuse(f'the field {k} is {"missing" if k in FIELDS else "none that the API knows"}.')
    for k, kind in FIELDS.items():
        if type(meta[k]) is not kind:
            refuse(f'{k} is {meta[k]!r}, which is no {kind.__name__}.')
    if not re.fullmatch('[a-z0-9-]+/[a-z0-9-]+', meta['id']):
        refuse(f'the id {meta["id"]} is not owner/slug.')
    wanted = slug(meta['title'])
    given = meta['id'].split('/')[1]
    if wanted != given:
        refuse(f'the title makes the slug {wanted}, the id says {given}; Kaggle wants them alike.')
    if not 5 <= len(meta['title']) <= 50:
        refuse('the title must have 5 to 50 characters.')
    for k, known in CHOICES.items():
        if meta[k] not in known:
            refuse(f'{k} is {meta[k]!r}; it may be {", ".join(filter(None, known))}.')
    if meta['enable_gpu'] and meta['enable_tpu']:
        refuse('a kernel has a GPU or a TPU, not both.')
    if not (root/meta['code_file']).is_file():
        refuse(f'there is no {meta["code_file"]}.')


def check_dataset(meta):
    for k, (least, most) in dict(title=(6, 50), subtitle=(20, 80)).items():
        if not least <= len(meta[k]) <= most:
            raise SystemExit(
                f'the data set\'s {k} has {len(meta[k])} characters; '
                f'it may have {least} to {most}.'
            )
    name = meta['id'].split('/')[1]
    if not 3 <= len(name) <= 50 or len(meta['licenses']) != 1:
        raise SystemExit('the data set needs a slug of 3 to 50 characters and one licence.')


def pip(*args):
    args = [str(a) for a in args]
    command = [sys.executable, '-m', 'pip', '--disable-pip-version-check', *args]
    r = subprocess.run(command, capture_output=True, text=True)
    if r.returncode:
        raise SystemExit(f'pip {" ".join(args)} failed:\n{r.stdout[-1000:]}{r.stderr[-2000:]}')


def our_wheel(out):
    "The wheel, built from a copy: setuptools leaves things behind, and picks up what an earlier build left"
    left_out = shutil.ignore_patterns('__pycache__', '.*', '*.tmp-*')
    with tempfile.TemporaryDirectory() as tmp:
        for name in PARTS:
            copy = Path(tmp)/name
            if (root/name).is_dir():
                shutil.copytree(root/name, copy, ignore=left_out)
            else:
                copy.parent.mkdir(exist_ok=True)
                shutil.copy(root/name, copy)
        can_build = importlib.util.find_spec('setuptools') and importlib.util.find_spec('wheel')
        alone = ['--no-build-isolation'] if can_build else []
        pip('wheel', '-q', '--no-deps', *alone, '-w', out, tmp)
    wheels = sorted(out.glob('framepred-*.whl'))
    if len(wheels) != 1:
        raise SystemExit(f'{out} should hold one wheel of framepred and holds {len(wheels)}.')
    return wheels[0]


def download(requirement, out):
    "One wheel for Kaggle's Python, whatever Python this is"
    target = ['--python-version', PYTHON, '--implementation', 'cp']
    for abi in ('cp' + PYTHON.replace('.', ''), 'abi3', 'none'):
        target += ['--abi', abi]
    for platform in PLATFORMS:
        target += ['--platform', platform]
    pip('download', '-q', '--no-deps', '--only-binary=:all:', *target, '-d', out, requirement)


def wheelhouse(kept):
    "The wheels that Kaggle lacks, for its Python; kept between builds, since they come from the network"
    for name in LACKING:
        try:
            version = '==' + importlib.metadata.version(name)   # what the tests here ran with
        except importlib.metadata.PackageNotFoundError:
            version = ''
        stem = name.replace('-', '_') + '-'
        if any(kept.glob(stem + version[2:] + '*.whl')):
            continue
        for old in kept.glob(stem + '*.whl'):
            old.unlink()
        download(name + version, kept)
    return sorted(kept.glob('*.whl'))


def version_here():
    settings = configparser.ConfigParser(delimiters=['='])
    settings.read(root/'settings.ini', encoding='utf-8')
    return settings['DEFAULT']['version']


def stage_dataset(dataset, owner):
    "Wheels, samples and weights; gives the metadata"
    our_wheel(dataset/'wheels')
    kept = root/'build'/'wheelhouse'
    kept.mkdir(parents=True, exist_ok=True)
    for w in wheelhouse(kept):
        shutil.copy(w, dataset/'wheels')
    left_out = shutil.ignore_patterns('.*', '*.tmp-*')
    shutil.copytree(root/'data_samples', dataset/'data_samples', ignore=left_out)
    version = version_here()
    about = dict(
        title=f'framepred {version}: wheels, samples and weights',
        subtitle='What the framepred kernel needs when the internet is off',
        id=f'{owner}/framepred-wheels',
        licenses=[dict(name='other')],
        keywords=['video', 'image segmentation'],
        description=(
            f'Wheels of framepred {version} and of what it needs beyond Kaggle\'s Python {PYTHON} image '
            '(to be installed with `--no-index --no-deps`), its sample clips in the competition\'s layout, '
            'made by its own simulator, and its shipped weights. MIT licence.'
        ),
    )
    check_dataset(about)
    text = json.dumps(about, indent=2)
    (dataset/'dataset-metadata.json').write_text(text + '\n', encoding='utf-8')
    return about


def stage_kernel(kernel, meta):
    "The notebook without its outputs, and what the server is to be told of it"
    name = meta['code_file']
    (kernel/'kernel-metadata.json').write_text(json.dumps(meta, indent=2) + '\n', encoding='utf-8')
    nb = json.loads((root/'nbs'/name).read_text(encoding='utf-8'))
    for c in nb['cells']:
        if c['cell_type'] == 'code':
            c |= dict(outputs=[], execution_count=None)
    shape = meta['machine_shape']
    nb['metadata']['kaggle'] = dict(
        accelerator=shape[:1].lower() + shape[1:] if meta['enable_gpu'] else 'none',
        isGpuEnabled=meta['enable_gpu'],
        isInternetEnabled=meta['enable_internet'],
        language=meta['language'],
        sourceType=meta['kernel_type'],
    )
    text = json.dumps(nb, indent=1, ensure_ascii=False)
    (kernel/name).write_text(text + '\n', encoding='utf-8')


def stage(
    user=None,        # the owner; by default the one in kaggle_kernel.json
    data=(),          # more data sets to attach
    competitions=(),  # and competitions
    resume=False,     # attach the kernel's own last version
    internet=None,    # instead of what kaggle_kernel.json says
    which='',         # a kernel of its own: kaggle_kernel_WHICH.json
):
    "Make both folders anew; gives the metadata of kernel and data set"
    said = root/(f'kaggle_kernel_{which}.json' if which else 'kaggle_kernel.json')
    if not said.is_file():
        raise SystemExit(f'there is no {said.name}; without --kernel the predictor is staged.')
    meta = json.loads(said.read_text(encoding='utf-8'))
    check_kernel(meta)
    shutil.rmtree(build, ignore_errors=True)
    dataset = build/'dataset'
    kernel = build/'kernel'
    (dataset/'wheels').mkdir(parents=True)
    kernel.mkdir(parents=True)
    owner, name = meta['id'].split('/')
    owner = user or owner
    about = stage_dataset(dataset, owner)
    meta |= dict(
        id=f'{owner}/{name}',
        code_file=Path(meta['code_file']).name,
        dataset_sources=[*meta['dataset_sources'], about['id'], *data],
        competition_sources=[*meta['competition_sources'], *competitions],
    )
    if internet is not None:
        meta['enable_internet'] = internet
    if resume:   # its own last version, mounted under /kaggle/input
        meta['kernel_sources'] = [*meta['kernel_sources'], meta['id']]
    stage_kernel(kernel, meta)
    return meta, about


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument(
        '--user',
        default=os.environ.get('KAGGLE_USERNAME'),
        help='your name on Kaggle (default: the environment variable KAGGLE_USERNAME, '
             'else the one in kaggle_kernel.json)',
    )
    p.add_argument('--kernel', default='', metavar='NAME', help='another kernel than the predictor: classify')
    p.add_argument('--data', nargs='*', default=[], metavar='OWNER/SLUG', help='data sets to attach: your clips')
    p.add_argument('--competition', nargs='*', default=[], metavar='SLUG', help='competitions to attach')
    p.add_argument(
        '--resume',
        action='store_true',
        help="attach the kernel's own last version, so that it goes on from there",
    )
    p.add_argument(
        '--internet',
        choices=['on', 'off'],
        default=None,
        help='instead of what kaggle_kernel.json says',
    )
    return p.parse_args()


def report(
    meta,   # of the kernel
    about,  # of the data set
    user,   # the owner that was asked for, if any
):
    "What was staged, and the commands that push it"
    for w in sorted((build/'dataset'/'wheels').iterdir()):
        print(f'{w.stat().st_size/1e6:6.2f} MB  {w.name}')
    here = build.relative_to(root)
    card = meta['machine_shape'] if meta['enable_gpu'] else 'no GPU'
    internet = 'on' if meta['enable_internet'] else 'off'
    print(
        f'\n{here}/dataset is {about["id"]}; '
        f'{here}/kernel is {meta["id"]}, {card}, internet {internet}.'
    )
    if not user:
        print('The owner is that of kaggle_kernel.json; set KAGGLE_USERNAME, or give --user, to make it yours.')
    folder = f'-p {here}/dataset --dir-mode zip'
    print(
        f'\nkaggle datasets create {folder}'
        f'        # later: kaggle datasets version {folder} -m "{about["title"]}"'
        f'\nkaggle kernels push -p {here}/kernel'
    )


if __name__ == '__main__':
    a = arguments()
    internet = None if a.internet is None else a.internet == 'on'
    report(*stage(a.user, a.data, a.competition, a.resume, internet, a.kernel), a.user)
