"""Everything that can change stands in settings.ini; this file only hands it to setuptools."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
config = ConfigParser(delimiters=['='])
config.read(here/'settings.ini', encoding='utf-8')
s = config['DEFAULT']
classify = s['classify_requirements'].split()
# weights that tables compare with stay in the repository: the wheel has what a user runs
COMPARED = ('clips-plain', 'joint', 'no-layout', 'peer', 'predictor-mean', 'rgb', 'simvp')


def travels(path):
    "Does a file of data_samples go into the wheel?"
    kind, name, *_ = (*path.relative_to(here/'data_samples').parts, '', '')
    return path.is_file() and not (kind == 'weights' and name in COMPARED)


samples = sorted(p for p in (here/'data_samples').rglob('*') if travels(p))

setup(
    name=s['lib_name'], version=s['version'], description=s['description'], keywords=s['keywords'],
    long_description=(here/'README.md').read_text(encoding='utf-8'), long_description_content_type='text/markdown',
    author=s['author'], author_email=s['author_email'], license='MIT', url=s['git_url'],
    packages=find_packages(include=['framepred*']), include_package_data=True,
    python_requires='>=' + s['min_python'],
    install_requires=s['requirements'].split(),
    extras_require={
        'medical': s['medical_requirements'].split(),
        'classify': classify,
        'completion': s['completion_requirements'].split(),
        'sidewalk': s['sidewalk_requirements'].split(),
        'dev': classify + s['dev_requirements'].split(),
    },
    # The sample clips and the shipped weights travel in the wheel; framepred.files.samples_dir finds them again.
    data_files=[(f'share/framepred/{p.parent.relative_to(here).as_posix()}', [p.relative_to(here).as_posix()]) for p in samples],
    entry_points={'console_scripts': ['framepred=framepred.app.cli:main'], 'nbdev': ['framepred=framepred._modidx:d']},
    classifiers=['Development Status :: 3 - Alpha', 'Intended Audience :: Science/Research',
                 'Programming Language :: Python :: 3', 'Framework :: Jupyter'],
    zip_safe=False)
