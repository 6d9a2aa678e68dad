"README.md from nbs/index.ipynb, without Quarto: markdown cells as they are, code as fences, text outputs as fences."
import json
import re
from pathlib import Path

root = Path(__file__).resolve().parent.parent


def fence(text, language=''):
    return f'```{language}\n{text.rstrip()}\n```'


def outputs(cell):
    "What a cell showed, in words; pictures are left out"
    for o in cell.get('outputs', []):
        data = o.get('data', {})
        if 'text/markdown' in data:
            yield ''.join(data['text/markdown'])
        elif 'text' in o or 'text/plain' in data and 'image/png' not in data:
            yield fence(''.join(o.get('text') or data['text/plain']))


def readme():
    parts = ['<!-- made from nbs/index.ipynb by `make sync`; edit it there -->']
    nb = json.loads((root/'nbs/index.ipynb').read_text(encoding='utf-8'))
    for cell in nb['cells']:
        text = ''.join(cell['source'])
        if cell['cell_type'] == 'markdown':
            parts.append(text)
            continue
        if text.startswith(('#| hide', '#|hide')):
            continue
        if not text.startswith('#| echo: false'):
            parts.append(fence(text, 'python'))
        parts.extend(outputs(cell))
    text = '\n\n'.join(parts) + '\n'
    # links are relative to nbs/ in the notebook and to the top here
    text = re.sub(r'\]\((?!https?:|#|\.\./)([^)]+)\)', r'](nbs/\1)', text)
    return text.replace('](../', '](')


if __name__ == '__main__':
    (root/'README.md').write_text(readme(), encoding='utf-8')
