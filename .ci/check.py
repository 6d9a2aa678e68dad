"The checks of continuous integration: each prints its name and its verdict; the last line counts them."
import json, subprocess, sys, time
from pathlib import Path

root = Path(__file__).resolve().parent.parent
verdicts = []
WIDTH = 120   # columns of a line of code
# Chapters that are still to be said one thing a line; none joins them
WIDE = """
03_reading 04_inspection 05_pack
09_draw 10_viz 14_diffusion 15_unet 16_jaccard 17_metrics 18_answers 19_evaluate
20_unetpp 21_identity 22_segmenter 31_report 32_methods 33_jobs 34_cli 35_results
index kaggle
""".split()


def check(name, fn):
    "Run one check; it fails by raising or by giving a sentence"
    t = time.time()
    print(f'--- {name}', flush=True)
    try: trouble = fn()
    except Exception as e: trouble = str(e)
    verdicts.append(not trouble)
    print(f'{"FAILED" if trouble else "ok"}  {name}  ({time.time()-t:.0f} s)' + (f': {trouble}' if trouble else ''), flush=True)


def shell(command, limit=1200):
    r = subprocess.run(command, shell=True, cwd=root, timeout=limit, stdin=subprocess.DEVNULL)
    if r.returncode: return f'`{command}` ended with status {r.returncode}'


def unchanged(*paths):
    r = subprocess.run(['git', 'status', '--porcelain', '--', *paths], cwd=root, capture_output=True, text=True)
    if r.returncode: return r.stderr.strip()
    if r.stdout: return 'not in step with the notebooks, run `make sync` and commit: ' + ', '.join(r.stdout.split('\n')[:-1])


def newcomer():
    return shell('pip install -q -e . && framepred run') or (None if (root/'out/table.csv').exists() else 'out/table.csv was not written')


def export():
    for p in (root/'framepred').rglob('*.py'):
        if p != root/'framepred/__init__.py':
            p.unlink()  # so that the module of a deleted notebook shows
    return shell('nbdev_export') or unchanged('framepred')


def notebook(path):
    "Executed, without errors, kernelspec python3, under 1 MB"
    nb = json.loads(path.read_text(encoding='utf-8'))
    if path.stat().st_size > 1_000_000: return f'{path.stat().st_size/1e6:.1f} MB, the limit is 1'
    if (k := nb['metadata'].get('kernelspec', {}).get('name')) != 'python3': return f'kernelspec {k!r}, not python3'
    if 'widgets' in nb['metadata']: return 'holds the state of widgets, which nobody can use without a kernel'
    code = [c for c in nb['cells'] if c['cell_type'] == 'code']
    wide = [l for c in code for l in ''.join(c['source']).splitlines() if len(l) > WIDTH]
    if wide and path.stem not in WIDE: return f'{len(wide)} lines of code are over {WIDTH} columns; the first: {wide[0].strip()[:60]} …'
    if not wide and path.stem in WIDE: return 'has no long line any more: take it out of WIDE in .ci/check.py'
    if any(o['output_type'] == 'error' for c in code for o in c['outputs']): return 'holds an error'
    # execution counts are cleaned away: a cell that shows something must hold what it showed
    for c in code:
        lines = [l for l in ''.join(c['source']).splitlines() if l.strip()]
        shows = any(l.startswith('print(') or l.rstrip().endswith('plt.show()') for l in lines)
        if shows and not c['outputs']: return f'cell {c["id"]} was not executed'
    if code and not any(c['outputs'] for c in code): return 'was not executed'


if __name__ == '__main__':
    check('a newcomer: pip install -e . && framepred run', newcomer)
    check("the quick tests: pip install -e '.[dev]' && make test", lambda: shell("pip install -q -e '.[dev]' && make test"))
    check('dependencies fit together', lambda: shell('pip check'))
    check('the package is what the notebooks export', export)
    check('lines and names: ruff check', lambda: shell('ruff check -q'))
    check('no import runs upward or in a circle', lambda: shell(f'{sys.executable} tools/rooms.py'))
    check('the notebooks are clean', lambda: shell('nbdev_clean') or unchanged('nbs'))
    check('the README is what nbs/index.ipynb says', lambda: shell(f'{sys.executable} tools/readme.py') or unchanged('README.md'))
    for p in sorted((root/'nbs').glob('*.ipynb')): check(f'{p.name} is executed, small and for python3', lambda: notebook(p))
    failed = verdicts.count(False)
    print(f'{len(verdicts)-failed} passed, {failed} failed')
    sys.exit(failed > 0)
