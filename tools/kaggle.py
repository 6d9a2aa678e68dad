"""Everything Kaggle needs, under build/kaggle: a data set with wheels, samples and weights, and the kernel. \
`python tools/kaggle.py --help`

The data set's wheels are framepred itself and what Kaggle's image lacks of what it needs, for the image's Python
and for the others that framepred runs on, since an image changes without notice; they are installed with
`--no-deps`, so Kaggle's own torch stays. kaggle_kernel.json says what the kernel is; the `kaggle` tool wants
kernel-metadata.json.
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
PYTHON = '3.12'   # of the image
PYTHONS = ('3.11', '3.12', '3.13', '3.14')   # that there are wheels for; the image may be another one tomorrow
PLATFORMS = (
    'manylinux_2_28_x86_64',
    'manylinux_2_17_x86_64',
    'manylinux2014_x86_64',
    'manylinux_2_12_x86_64',
    'manylinux2010_x86_64',
)
# what a wheel is made from
PARTS = ('framepred', 'data_samples', 'nbs/index.ipynb', 'setup.py', 'settings.ini', 'README.md', 'LICENSE')

# what the API's documentation of kernel-metadata.json has, and what each may hold
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
# these may be left out: the number of a kernel that is there already, and the image that it runs in
OPTIONAL = dict(id_no=int, docker_image=str, docker_image_pinning_type=str)
# NvidiaTeslaT4 is two T4s; there is no kernel with one
SHAPES = ('', 'NvidiaTeslaT4')
RETIRED = ('NvidiaTeslaP100', 'TpuV38', 'Tpu1VmV38')
CHOICES = dict(
    language=('python', 'r', 'rmarkdown'),
    kernel_type=('script', 'notebook'),
    docker_image_pinning_type=('original', 'latest'),
)
SOURCE = '[A-Za-z0-9-]+/[A-Za-z0-9-]+'   # an owner's data set or kernel
SOURCES = dict(
    dataset_sources=SOURCE,
    kernel_sources=SOURCE,
    competition_sources='[A-Za-z0-9-]+',
    model_sources=f'{SOURCE}/[A-Za-z0-9-]+/[A-Za-z0-9-]+/[0-9]+',
)


def slug(title):
    return re.sub(r'-+', '-', re.sub('[^a-z0-9]+', '-', title.lower())).strip('-')


def refuse(why):
    raise SystemExit(f'kaggle_kernel.json: {why}')


def check_kernel(meta):
    "A wrong field is silently ignored by the server, so it is an error here"
    check_fields(meta)
    check_name(meta)
    check_machine(meta)
    check_sources(meta)
    if not (root/meta['code_file']).is_file():
        refuse(f'there is no {meta["code_file"]}.')


def check_fields(meta):
    "All that are needed, none that is unknown, each of its type"
    known = FIELDS | OPTIONAL
    for k in sorted(set(FIELDS)-set(meta)):
        refuse(f'the field {k} is missing.')
    for k, value in meta.items():
        if k not in known:
            refuse(f'the field {k} is none that the API knows.')
        if type(value) is not known[k]:
            refuse(f'{k} is {value!r}, which is no {known[k].__name__}.')
        if k in CHOICES and value not in CHOICES[k]:
            refuse(f'{k} is {value!r}; it may be {", ".join(CHOICES[k])}.')


def check_name(meta):
    if not re.fullmatch('[a-z0-9-]+/[a-z0-9-]+', meta['id']):
        refuse(f'the id {meta["id"]} is not owner/slug.')
    wanted = slug(meta['title'])
    given = meta['id'].split('/')[1]
    if wanted != given:
        refuse(f'the title makes the slug {wanted}, the id says {given}; Kaggle wants them alike.')
    if not 5 <= len(meta['title']) <= 50:
        refuse('the title must have 5 to 50 characters.')


def check_sources(meta):
    for k, pattern in SOURCES.items():
        for source in meta[k]:
            if not isinstance(source, str) or not re.fullmatch(pattern, source):
                refuse(f'{source!r} cannot be one of the {k}.')


def check_machine(meta):
    "A card that everybody is given, and that the image's torch runs on"
    shape = meta['machine_shape']
    if shape in RETIRED:
        refuse(f'{shape} is retired; Kaggle would silently give another machine.')
    if shape not in SHAPES:
        refuse(
            f'the machine shape {shape} is not for everybody: leave NvidiaTeslaT4 (two T4s) here, '
            f'and where you may, push with `kaggle kernels push --accelerator {shape}`.'
        )
    if meta['enable_gpu'] and meta['enable_tpu']:
        refuse('a kernel has a GPU or a TPU, not both.')
    if shape and not meta['enable_gpu']:
        refuse(f'{shape} is a GPU, and enable_gpu is false.')


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


def download(requirement, out, python):
    "One wheel for a Python of Kaggle's, whatever Python this is"
    target = ['--python-version', python, '--implementation', 'cp']
    for abi in ('cp' + python.replace('.', ''), 'abi3', 'none'):
        target += ['--abi', abi]
    for platform in PLATFORMS:
        target += ['--platform', platform]
    pip('download', '-q', '--no-deps', '--only-binary=:all:', *target, '-d', out, requirement)


def wheelhouse(kept, python):
    "The wheels that Kaggle lacks, for one Python; kept between builds, since they come from the network"
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
        download(name + version, kept, python)
    return sorted(kept.glob('*.whl'))


def all_wheels(out):
    "Into `out`, what Kaggle lacks for each Python; most wheels are the same for all"
    for python in PYTHONS:
        kept = root/'build'/'wheelhouse'/python
        kept.mkdir(parents=True, exist_ok=True)
        try:
            wheels = wheelhouse(kept, python)
        except SystemExit as e:
            if python == PYTHON:
                raise
            print(f'no wheels for Python {python}: {str(e).strip().splitlines()[-1]}', file=sys.stderr)
            continue
        for w in wheels:
            shutil.copy(w, out)


def version_here():
    settings = configparser.ConfigParser(delimiters=['='])
    settings.read(root/'settings.ini', encoding='utf-8')
    return settings['DEFAULT']['version']


def stage_dataset(dataset, owner):
    "Wheels, samples and weights; gives the metadata"
    our_wheel(dataset/'wheels')
    all_wheels(dataset/'wheels')
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
            f'Wheels of framepred {version} and of what it needs beyond Kaggle\'s image, for Python '
            f'{", ".join(PYTHONS)} '
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
    said_owner, name = meta['id'].split('/')
    owner = user or said_owner
    about = stage_dataset(dataset, owner)
    meta |= dict(
        id=f'{owner}/{name}',
        code_file=Path(meta['code_file']).name,
        dataset_sources=[*meta['dataset_sources'], about['id'], *data],
        competition_sources=[*meta['competition_sources'], *competitions],
    )
    if meta['id'] != f'{said_owner}/{name}':   # the number is of another's kernel, and would be preferred
        meta.pop('id_no', None)
    if internet is not None:
        meta['enable_internet'] = internet
    if resume:   # its own last version, mounted under /kaggle/input
        meta['kernel_sources'] = [*meta['kernel_sources'], meta['id']]
    check_sources(meta)
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
        help="attach the kernel's own last version, so that it goes on from there; not for the first push",
    )
    p.add_argument(
        '--internet',
        choices=['on', 'off'],
        default=None,
        help='instead of what kaggle_kernel.json says',
    )
    return p.parse_args()


def report(
    meta,    # of the kernel
    about,   # of the data set
    user,    # the owner that was asked for, if any
    resume,  # does the kernel go on from its own last version?
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
        f'\nkaggle datasets status {about["id"]}        # again, until it says ready'
        f'\nkaggle kernels push -p {here}/kernel'
        f'\nkaggle kernels status {meta["id"]}'
        f'\nkaggle kernels output {meta["id"]} -p {here}/output        # when it is complete'
    )
    if resume:
        print('\nIt goes on from its own last version, which must be there and complete.')
    else:
        print('\nThe first push names no earlier version; --resume does, from the second on.')


if __name__ == '__main__':
    a = arguments()
    internet = None if a.internet is None else a.internet == 'on'
    report(*stage(a.user, a.data, a.competition, a.resume, internet, a.kernel), a.user, a.resume)
