"""Everything Kaggle needs, under build/kaggle: a data set with wheels, samples and weights, and the kernel. `python tools/kaggle.py --help`

The data set's wheels are framepred itself and what Kaggle's Python 3.12 image lacks of what it needs; they are installed with
`--no-deps`, so Kaggle's own torch stays. kaggle_kernel.json says what the kernel is; the `kaggle` tool wants kernel-metadata.json.
"""
import argparse, configparser, importlib.metadata, importlib.util, json, os, re, shutil, subprocess, sys, tempfile
from pathlib import Path

root = Path(__file__).resolve().parent.parent
build = root/'build'/'kaggle'

# Not in the list of packages that Kaggle publishes with its image (installed_cpu_packages.txt of its docker-python repository);
# accelerate, albumentations, ipywidgets, safetensors, timm and the others that framepred needs are.
LACKING = ('segmentation-models-pytorch', 'mujoco', 'mujoco-core', 'glfw')
PYTHON, PLATFORMS = '3.12', ('manylinux_2_28_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64', 'manylinux_2_12_x86_64', 'manylinux2010_x86_64')

# every field of the API's documentation of kernel-metadata.json, and what it may hold
FIELDS = dict(id=str, title=str, code_file=str, language=str, kernel_type=str, is_private=bool, enable_gpu=bool, enable_tpu=bool, enable_internet=bool,
              machine_shape=str, keywords=list, dataset_sources=list, competition_sources=list, kernel_sources=list, model_sources=list)
SHAPES = ('', 'NvidiaTeslaT4', 'NvidiaTeslaT4Highmem', 'NvidiaTeslaP100', 'NvidiaTeslaA100', 'NvidiaL4', 'NvidiaL4X1', 'NvidiaH100', 'NvidiaRtxPro6000')


def slug(title): return re.sub(r'-+', '-', re.sub('[^a-z0-9]+', '-', title.lower())).strip('-')


def check_kernel(meta):
    "A wrong field is silently ignored by the server, so it is an error here"
    for k in set(FIELDS) ^ set(meta): raise SystemExit(f'kaggle_kernel.json: the field {k} is {"missing" if k in FIELDS else "none that the API knows"}.')
    for k, kind in FIELDS.items():
        if type(meta[k]) is not kind: raise SystemExit(f'kaggle_kernel.json: {k} is {meta[k]!r}, which is no {kind.__name__}.')
    if not re.fullmatch('[a-z0-9-]+/[a-z0-9-]+', meta['id']): raise SystemExit(f'kaggle_kernel.json: the id {meta["id"]} is not owner/slug.')
    if slug(meta['title']) != meta['id'].split('/')[1]: raise SystemExit(f'kaggle_kernel.json: the title makes the slug {slug(meta["title"])}, the id says {meta["id"].split("/")[1]}; Kaggle wants them alike.')
    if not 5 <= len(meta['title']) <= 50: raise SystemExit('kaggle_kernel.json: the title must have 5 to 50 characters.')
    for k, known in dict(language=('python', 'r', 'rmarkdown'), kernel_type=('script', 'notebook'), machine_shape=SHAPES).items():
        if meta[k] not in known: raise SystemExit(f'kaggle_kernel.json: {k} is {meta[k]!r}; it may be {", ".join(filter(None, known))}.')
    if meta['enable_gpu'] and meta['enable_tpu']: raise SystemExit('kaggle_kernel.json: a kernel has a GPU or a TPU, not both.')
    if not (root/meta['code_file']).is_file(): raise SystemExit(f'kaggle_kernel.json: there is no {meta["code_file"]}.')


def check_dataset(meta):
    for k, (least, most) in dict(title=(6, 50), subtitle=(20, 80)).items():
        if not least <= len(meta[k]) <= most: raise SystemExit(f'the data set\'s {k} has {len(meta[k])} characters; it may have {least} to {most}.')
    if not 3 <= len(meta['id'].split('/')[1]) <= 50 or len(meta['licenses']) != 1: raise SystemExit('the data set needs a slug of 3 to 50 characters and one licence.')


def pip(*args):
    r = subprocess.run([sys.executable, '-m', 'pip', '--disable-pip-version-check', *map(str, args)], capture_output=True, text=True)
    if r.returncode: raise SystemExit(f'pip {" ".join(map(str, args))} failed:\n{r.stdout[-1000:]}{r.stderr[-2000:]}')


def our_wheel(out):
    "The wheel, built from a copy: setuptools leaves things behind, and picks up what an earlier build left"
    with tempfile.TemporaryDirectory() as tmp:
        for name in ('framepred', 'data_samples', 'nbs/index.ipynb', 'setup.py', 'settings.ini', 'README.md', 'LICENSE'):
            if (root/name).is_dir(): shutil.copytree(root/name, Path(tmp)/name, ignore=shutil.ignore_patterns('__pycache__', '.*', '*.tmp-*'))
            else: (Path(tmp)/name).parent.mkdir(exist_ok=True); shutil.copy(root/name, Path(tmp)/name)
        alone = ['--no-build-isolation'] if importlib.util.find_spec('setuptools') and importlib.util.find_spec('wheel') else []
        pip('wheel', '-q', '--no-deps', *alone, '-w', out, tmp)
    wheels = sorted(out.glob('framepred-*.whl'))
    if len(wheels) != 1: raise SystemExit(f'{out} should hold one wheel of framepred and holds {len(wheels)}.')
    return wheels[0]


def wheelhouse(kept):
    "The wheels that Kaggle lacks, for its Python; kept between builds, since they come from the network"
    for name in LACKING:
        try: version = '==' + importlib.metadata.version(name)   # what the tests here ran with
        except importlib.metadata.PackageNotFoundError: version = ''
        stem = name.replace('-', '_') + '-' + version[2:]
        if not any(kept.glob(stem + '*.whl')):
            for old in kept.glob(name.replace('-', '_') + '-*.whl'): old.unlink()
            pip('download', '-q', '--no-deps', '--only-binary=:all:', '--python-version', PYTHON, '--implementation', 'cp', '--abi', 'cp' + PYTHON.replace('.', ''),
                '--abi', 'abi3', '--abi', 'none', *(x for p in PLATFORMS for x in ('--platform', p)), '-d', kept, name + version)
    return sorted(kept.glob('*.whl'))


def stage(user=None, data=(), competitions=(), resume=False, internet=None):
    "Make both folders anew; gives the metadata of kernel and data set"
    meta = json.loads((root/'kaggle_kernel.json').read_text(encoding='utf-8'))
    check_kernel(meta)
    shutil.rmtree(build, ignore_errors=True)
    dataset, kernel, kept = build/'dataset', build/'kernel', root/'build'/'wheelhouse'
    for d in (dataset/'wheels', kernel, kept): d.mkdir(parents=True, exist_ok=True)
    # the data set
    our_wheel(dataset/'wheels')
    for w in wheelhouse(kept): shutil.copy(w, dataset/'wheels')
    shutil.copytree(root/'data_samples', dataset/'data_samples', ignore=shutil.ignore_patterns('.*', '*.tmp-*'))
    version = configparser.ConfigParser(delimiters=['='])
    version.read(root/'settings.ini', encoding='utf-8')
    version = version['DEFAULT']['version']
    owner = user or meta['id'].split('/')[0]
    about = dict(title=f'framepred {version}: wheels, samples and weights', subtitle='What the framepred kernel needs when the internet is off',
                 id=f'{owner}/framepred-wheels', licenses=[dict(name='other')], keywords=['video', 'image segmentation'],
                 description=f'Wheels of framepred {version} and of what it needs beyond Kaggle\'s Python {PYTHON} image (to be installed with `--no-index --no-deps`), '
                             'its sample clips in the competition\'s layout, made by its own simulator, and its shipped weights. MIT licence.')
    check_dataset(about)
    (dataset/'dataset-metadata.json').write_text(json.dumps(about, indent=2) + '\n', encoding='utf-8')
    # the kernel
    name = Path(meta['code_file']).name
    meta |= dict(id=owner + '/' + meta['id'].split('/')[1], code_file=name, dataset_sources=[*meta['dataset_sources'], about['id'], *data],
                 competition_sources=[*meta['competition_sources'], *competitions])
    if internet is not None: meta['enable_internet'] = internet
    if resume: meta['kernel_sources'] = [*meta['kernel_sources'], meta['id']]   # its own last version, mounted under /kaggle/input
    (kernel/'kernel-metadata.json').write_text(json.dumps(meta, indent=2) + '\n', encoding='utf-8')
    nb = json.loads((root/'nbs'/name).read_text(encoding='utf-8'))
    for c in nb['cells']:
        if c['cell_type'] == 'code': c |= dict(outputs=[], execution_count=None)
    nb['metadata']['kaggle'] = dict(accelerator=(meta['machine_shape'][:1].lower() + meta['machine_shape'][1:]) if meta['enable_gpu'] else 'none', isGpuEnabled=meta['enable_gpu'],
                                    isInternetEnabled=meta['enable_internet'], language=meta['language'], sourceType=meta['kernel_type'])
    (kernel/name).write_text(json.dumps(nb, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')
    return meta, about


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--user', default=os.environ.get('KAGGLE_USERNAME'), help='your name on Kaggle (default: the environment variable KAGGLE_USERNAME, else the one in kaggle_kernel.json)')
    p.add_argument('--data', nargs='*', default=[], metavar='OWNER/SLUG', help='data sets to attach: your clips')
    p.add_argument('--competition', nargs='*', default=[], metavar='SLUG', help='competitions to attach')
    p.add_argument('--resume', action='store_true', help="attach the kernel's own last version, so that it goes on from there")
    p.add_argument('--internet', choices=['on', 'off'], default=None, help='instead of what kaggle_kernel.json says')
    a = p.parse_args()
    meta, about = stage(a.user, a.data, a.competition, a.resume, a.internet and a.internet == 'on')
    for w in sorted((build/'dataset'/'wheels').iterdir()): print(f'{w.stat().st_size/1e6:6.2f} MB  {w.name}')
    here = build.relative_to(root)
    print(f'\n{here}/dataset is {about["id"]}; {here}/kernel is {meta["id"]}, {meta["machine_shape"] if meta["enable_gpu"] else "no GPU"}, internet {"on" if meta["enable_internet"] else "off"}.')
    if not a.user: print('The owner is that of kaggle_kernel.json; set KAGGLE_USERNAME, or give --user, to make it yours.')
    print(f'''
kaggle datasets create -p {here}/dataset --dir-mode zip        # later: kaggle datasets version -p {here}/dataset --dir-mode zip -m "{about["title"]}"
kaggle kernels push -p {here}/kernel''')
