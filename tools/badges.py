"""The rows under the title of every chapter: open it on Kaggle or Colab, and the chapters before and after

`python tools/badges.py [FOLDER]`: the notebooks of another folder than nbs. Called again, it changes nothing.
"""
import configparser
import json
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
KAGGLE = 'https://kaggle.com/static/images/open-in-kaggle.svg'
COLAB = 'https://colab.research.google.com/assets/colab-badge.svg'


def row(name):
    "The line for one notebook"
    settings = configparser.ConfigParser(delimiters=['='])
    settings.read(root/'settings.ini', encoding='utf-8')
    s = settings['DEFAULT']
    place = f'{s["git_url"]}/blob/{s["branch"]}/{s["nbs_path"]}/{name}'
    colab = place.replace('https://github.com/', 'https://colab.research.google.com/github/')
    line = (
        f'[![Open in Kaggle]({KAGGLE})](https://kaggle.com/kernels/welcome?src={place}) '
        f'[![Open in Colab]({COLAB})]({colab})'
    )
    if name[0].isdigit():
        line += f' There, begin with `!pip install "framepred @ git+{s["git_url"]}"`.'
    return line


def words(name):
    "A notebook's name as it is said: `18_viz.ipynb` → `11 viz`"
    return Path(name).stem.replace('_', ' ', 1)


def neighbours(before, after):
    "The line that leads to the chapters before and after"
    parts = ['[all chapters](index.ipynb)']
    if before:
        parts.insert(0, f'← [{words(before)}]({before})')
    if after:
        parts.append(f'[{words(after)}]({after}) →')
    return ' · '.join(parts)


def with_badges(text, line):
    "The title cell with its badges: after the title and the subtitle, which nbdev reads"
    text = re.sub(r'\n*^(\[!\[Open in Kaggle\]|← \[|\[all chapters\]).*$', '', text, flags=re.M)
    head = re.match(r'(?:\s*# .*\n*(?:>.*\n?)*)', text)
    if not head:
        return None
    rest = text[head.end():].strip('\n')
    return f'{head[0].rstrip()}\n\n{line}' + (f'\n\n{rest}' if rest else '')


def main(folder):
    chapters = [p.name for p in sorted(folder.glob('[0-9]*.ipynb'))]
    around = dict(zip(chapters, zip([None, *chapters], [*chapters[1:], None])))
    for p in sorted(folder.glob('*.ipynb')):
        if p.name not in around and p.stem != 'kaggle':
            continue
        nb = json.loads(p.read_text(encoding='utf-8'))
        cell = nb['cells'][0]
        old = ''.join(cell['source'])
        line = row(p.name)
        if p.name in around:
            line += '\n\n' + neighbours(*around[p.name])
        new = cell['cell_type'] == 'markdown' and with_badges(old, line)
        if not new:
            sys.exit(f'{p}: its first cell is not a title')
        if new == old:
            continue
        cell['source'] = new.splitlines(keepends=True)
        text = json.dumps(nb, sort_keys=True, indent=1, ensure_ascii=False)
        p.write_text(text + '\n', encoding='utf-8')
        print(p.name)


if __name__ == '__main__':
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else root/'nbs')
