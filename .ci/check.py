"The checks of continuous integration: each prints its name and its verdict; the last line counts them."
import json
import subprocess
import sys
import time
from pathlib import Path

root = Path(__file__).resolve().parent.parent
verdicts = []
WIDTH = 120   # columns of a line of code


def check(name, fn):
    "Run one check; it fails by raising or by giving a sentence"
    start = time.time()
    print(f'--- {name}', flush=True)
    try:
        trouble = fn()
    except Exception as e:
        trouble = str(e)
    verdicts.append(not trouble)
    verdict = 'FAILED' if trouble else 'ok'
    why = f': {trouble}' if trouble else ''
    print(f'{verdict}  {name}  ({time.time()-start:.0f} s){why}', flush=True)


def shell(command, limit=1200):
    "Nothing if the command ended well, else a sentence"
    r = subprocess.run(command, shell=True, cwd=root, timeout=limit, stdin=subprocess.DEVNULL)
    if r.returncode:
        return f'`{command}` ended with status {r.returncode}'


def unchanged(*paths):
    "Nothing if git sees no change there, else a sentence"
    command = ['git', 'status', '--porcelain', '--', *paths]
    r = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if r.returncode:
        return r.stderr.strip()
    if r.stdout:
        changed = ', '.join(r.stdout.split('\n')[:-1])
        return f'not in step with the notebooks, run `make sync` and commit: {changed}'


def newcomer():
    if trouble := shell('pip install -q -e . && framepred run'):
        return trouble
    if not (root/'out/table.csv').exists():
        return 'out/table.csv was not written'


def quick_tests():
    return shell("pip install -q -e '.[dev]' && make test")


def export():
    for p in (root/'framepred').rglob('*.py'):
        if p != root/'framepred/__init__.py':
            p.unlink()  # so that the module of a deleted notebook shows
    return shell('nbdev_export') or unchanged('framepred')


def rooms():
    return shell(f'{sys.executable} tools/rooms.py')


def clean():
    return shell('nbdev_clean') or unchanged('nbs')


def figures():
    return shell(f'{sys.executable} tools/figures.py')


def readme():
    made = f'{sys.executable} tools/readme.py && {sys.executable} tools/weights.py'
    return shell(made) or unchanged('README.md', 'data_samples/README.md')


def lines_of(cell):
    return ''.join(cell['source']).splitlines()


def wide_lines(code):
    "Nothing if the code cells obey the width, else a sentence"
    wide = [line for c in code for line in lines_of(c) if len(line) > WIDTH]
    if wide:
        first = wide[0].strip()[:60]
        return f'{len(wide)} lines of code are over {WIDTH} columns; the first: {first} …'


def not_executed(code):
    "Execution counts are cleaned away: a cell that shows something must hold what it showed"
    for c in code:
        lines = [line for line in lines_of(c) if line.strip()]
        shows = any(line.startswith('print(') or line.rstrip().endswith('plt.show()') for line in lines)
        if shows and not c['outputs']:
            return f'cell {c["id"]} was not executed'
    if code and not any(c['outputs'] for c in code):
        return 'was not executed'


def notebook(path):
    "Executed, without errors, kernelspec python3, under 1 MB"
    nb = json.loads(path.read_text(encoding='utf-8'))
    size = path.stat().st_size
    if size > 1_000_000:
        return f'{size/1e6:.1f} MB, the limit is 1'
    kernel = nb['metadata'].get('kernelspec', {}).get('name')
    if kernel != 'python3':
        return f'kernelspec {kernel!r}, not python3'
    if 'widgets' in nb['metadata']:
        return 'holds the state of widgets, which nobody can use without a kernel'
    code = [c for c in nb['cells'] if c['cell_type'] == 'code']
    if trouble := wide_lines(code):
        return trouble
    if any(o['output_type'] == 'error' for c in code for o in c['outputs']):
        return 'holds an error'
    return not_executed(code)


def main():
    check('a newcomer: pip install -e . && framepred run', newcomer)
    check("the quick tests: pip install -e '.[dev]' && make test", quick_tests)
    check('dependencies fit together', lambda: shell('pip check'))
    check('the package is what the notebooks export', export)
    check('lines and names: ruff check', lambda: shell('ruff check -q'))
    check('no import runs upward or in a circle', rooms)
    check('the notebooks are clean', clean)
    check('every figure in the texts has a source', figures)
    check('the READMEs are what nbs/index.ipynb and the weights say', readme)
    for p in sorted((root/'nbs').glob('*.ipynb')):
        check(f'{p.name} is executed, small and for python3', lambda p=p: notebook(p))
    failed = verdicts.count(False)
    print(f'{len(verdicts)-failed} passed, {failed} failed')
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
