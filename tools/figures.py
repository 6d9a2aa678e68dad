"""Where the figures in the texts come from: `python tools/figures.py [NAME …]`

Decimal numbers, percentages and counts with commas in the chapters' texts (and so in README.md, which is made
from one of them) are looked for in what was measured. A figure has a source if a number there rounds to it:

- in the code or the outputs of its own chapter, of a chapter that the same text links to, or in a table that the
  chapter reads;
- of three digits, also in nbs/results and in the weights' settings; of four and more, in any chapter. Fewer digits
  are found everywhere by chance, which would say nothing;
- in tools/figures.txt, which names those that come from elsewhere, with a reason each.

What has no source is printed as a table, and the status is 1. So is a line of the list that no text needs any more.
"""
import argparse
import bisect
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

root = Path(__file__).resolve().parent.parent
LIST = root/'tools/figures.txt'
NUMBER = re.compile(r'(?<![\w.])\d[\d_]*(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?', re.I)
QUOTED = re.compile(r'(?<![\w.,/×:])(?:\d{1,3}(?:,\d{3})+|\d+\.\d+|\d+(?=\s?%))(?![\w/])')
# what is said with dots and digits and measures nothing: code, addresses, versions, equations
NOT_MEASURED = (
    r'```.*?```', r'^    .*$', r'`[^`]*`', r'\]\([^)]*\)', r'\$[^$]*\$', r'https?://\S+', r'arXiv[: ]*\d+\.\d+',
    r'(?:Python|torch|numpy|pandas|pillow|MuJoCo|smp|timm|CUDA|nbdev)\s+\d+(?:\.\d+)*',
)


class Figure(NamedTuple):
    "A number as it stands in a text"
    file: str
    cell: str
    text: str       # 34.1
    percent: bool
    sentence: str
    links: tuple    # chapters that the same text links to


class Numbers:
    "Numbers of a source, to be asked whether one of them rounds to another"

    def __init__(self, text):
        self.values = sorted({abs(float(re.sub('[,_]', '', t))) for t in NUMBER.findall(text)})

    def has(self, value, half):
        "Is one of them at most `half` away?"
        at = bisect.bisect_left(self.values, value-half)
        return at < len(self.values) and self.values[at] <= value+half


def source_of(cell):
    return ''.join(cell['source'])


def said_by(output):
    "What an output says in words and numbers"
    data = output.get('data', {})
    parts = [output.get('text', ''), data.get('text/plain', ''), data.get('text/html', ''), data.get('text/markdown', '')]
    return re.sub(r'<[^>]*>', ' ', ' '.join(''.join(p) for p in parts))


def made_by(cells):
    "All numbers in code and outputs"
    code = [c for c in cells if c['cell_type'] == 'code']
    return Numbers('\n'.join(source_of(c)+'\n'+' '.join(map(said_by, c['outputs'])) for c in code))


def figures_in(file, cell):
    "The figures of one text cell"
    text = source_of(cell)
    links = tuple(re.findall(r'\]\((?:nbs/)?(\w+)\.ipynb', text))
    for pattern in NOT_MEASURED:
        text = re.sub(pattern, ' ', text, flags=re.S | re.M if '```' in pattern else re.M)
    for m in QUOTED.finditer(text):
        begin = max(text.rfind(end, 0, m.start()) for end in ('. ', '\n', '; '))+1
        ends = [text.find(end, m.end()) for end in ('. ', '\n', '; ')]
        stop = min((e for e in ends if e > 0), default=len(text))
        percent = bool(re.match(r'\s?%', text[m.end():]))
        yield Figure(file, cell['id'], m[0], percent, ' '.join(text[begin:stop+1].split()), links)


def fits(figure, numbers):
    "Does a source have a number that rounds to the figure?"
    value = float(figure.text.replace(',', ''))
    half = .5*10.**-len(figure.text.partition('.')[2])*(1+1e-9)
    return numbers.has(value, half) or figure.percent and numbers.has(value/100, half/100)


def digits(text):
    return len(text.replace(',', '').replace('.', '').lstrip('0'))


def accepted():
    "`(file, cell, number)` → reason"
    out = {}
    for line in LIST.read_text(encoding='utf-8').splitlines():
        if line.strip() and not line.startswith('#'):
            place, number, reason = (part.strip() for part in line.split('|', 2))
            out[*place.split('#'), number] = reason
    return out


def tables():
    "Path → numbers: what was measured and written down; the points of curves are too many to be quoted"
    out = {p: Numbers(p.read_text(encoding='utf-8')) for p in (root/'nbs/results').glob('*.csv')}
    for p in (root/'data_samples').rglob('*.json'):
        facts = json.loads(p.read_text(encoding='utf-8'))
        out[p] = Numbers(json.dumps({k: v for k, v in facts.items() if k not in ('curve', 'held_jaccard')}))
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('names', nargs='*', help='chapters, by any part of their names; all by default')
    a = p.parse_args()
    books = {f.stem: json.loads(f.read_text(encoding='utf-8'))['cells'] for f in sorted((root/'nbs').glob('*.ipynb'))}
    made, written, known = {name: made_by(cells) for name, cells in books.items()}, tables(), accepted()
    tabled = [*written.values()]
    used, count, reasons, lost = set(), 0, 0, []
    for name, cells in books.items():
        if a.names and not any(n in name for n in a.names):
            continue
        whole = ' '.join(map(source_of, cells))
        own = [made[name], *(t for path, t in written.items() if path.name in whole and path.suffix == '.csv')]
        for figure in (f for c in cells if c['cell_type'] == 'markdown' for f in figures_in(name, c)):
            count += 1
            near = own + [made[n] for n in figure.links if n in made]
            key = figure.file, figure.cell, figure.text
            key = key if key in known else (*key[:2], '*')   # or all figures of the cell
            if key in known:
                used.add(key)
                reasons += 1
            wide = [[], tabled, [*tabled, *made.values()]][min(max(digits(figure.text)-2, 0), 2)]
            if key not in known and not any(fits(figure, n) for n in near+wide):
                lost.append(figure)
    for f in lost:
        print(f'{f.file:18s} {f.cell:18s} {f.text+" %"*f.percent:>9s}  {f.sentence[:150]}')
    idle = [] if a.names else [k for k in known if k not in used]
    for file, cell, number in idle:
        print(f'{file:18s} {cell:18s} {number:>9s}  stands in {LIST.name}, and in no text')
    print(f'{count} figures, {len(lost)} without a source, {reasons} accepted for a reason in {LIST.name}')
    sys.exit(bool(lost or idle))


if __name__ == '__main__':
    main()
