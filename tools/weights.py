"""How the shipped weights were made, as it stands in their settings: `python tools/weights.py` writes the table into \
data_samples/README.md."""
import json
import re
from pathlib import Path

root = Path(__file__).resolve().parent.parent
weights = root/'data_samples'/'weights'
BEGIN = '<!-- made by tools/weights.py -->'
END = '<!-- end -->'


def row(path)->str:
    "One line of the table"
    facts = json.loads(path.read_text())
    name = path.parent.relative_to(weights).as_posix()
    if 'made' not in facts:
        raise SystemExit(f'{path} does not say how it was made; add a sentence as "made".')
    steps = facts.get('earlier_steps', 0)+facts.get('step', 0)
    minutes = facts.get('minutes')
    done = f'{steps:,}' if minutes is None else f'{steps:,} in {minutes:.0f} min at last'
    return f'| `{name}` | {facts["made"]} | {done} |'


def main():
    readme = root/'data_samples'/'README.md'
    paths = sorted(weights.rglob('settings.json'), key=lambda p: p.parent.as_posix())
    table = ['| folder | made by | steps |', '|---|---|---|', *map(row, paths)]
    text = '\n'.join([BEGIN, '', *table, '', END])
    old = readme.read_text()
    new = re.sub(f'{re.escape(BEGIN)}.*{re.escape(END)}', lambda _: text, old, flags=re.S)
    if new != old:
        readme.write_text(new)


if __name__ == '__main__':
    main()
