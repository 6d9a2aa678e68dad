"""Which module imports which: `python tools/rooms.py [--picture nbs/images/rooms.png]`

Rooms stand in the order in which they may know each other. An import that runs upward, or in a circle,
ends with status 1.
"""
import argparse
import ast
import sys
from collections import Counter
from pathlib import Path

root = Path(__file__).resolve().parent.parent
# from the ground floor up; a room may import from those before it, and within itself
ROOMS = (
    'core', 'files', 'runtime', 'options', 'data', 'sim', 'show', 'training',
    'denoise', 'score', 'segment', 'motion', 'predict', 'synthesis', 'clips', 'classify', 'app',
)


def modules():
    "Name inside the package → path"
    package = root/'framepred'
    found = {}
    for p in sorted(package.rglob('*.py')):
        name = '.'.join(p.relative_to(package).with_suffix('').parts)
        if not name.startswith('_') and not name.endswith('__init__'):
            found[name] = p
    return found


def absolute(node, name):
    "What an import statement in module `name` refers to, as names inside the package"
    if isinstance(node, ast.Import):
        names = [a.name for a in node.names]
        return [n.removeprefix('framepred.') for n in names if n.startswith('framepred.')]
    if node.level:
        base = name.split('.')[:-node.level]
        origin = '.'.join([*base, node.module] if node.module else base)
    elif (node.module or '').split('.')[0] == 'framepred':
        origin = node.module.removeprefix('framepred').lstrip('.')
    else:
        return []
    # `from framepred.app import jobs` names a module, `from framepred.core import SIZE` does not
    return [origin] + [f'{origin}.{a.name}'.lstrip('.') for a in node.names]


def imports():
    "Module → the modules it imports, also inside functions"
    known = modules()
    arrows = {}
    for name, path in known.items():
        tree = ast.parse(path.read_text(encoding='utf-8'))
        nodes = [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
        arrows[name] = sorted({m for n in nodes for m in absolute(n, name) if m in known and m != name})
    return arrows


def circles(arrows):
    "Modules that lie on a circle of imports"
    left = dict(arrows)
    while free := [m for m, into in left.items() if not any(i in left for i in into)]:
        for m in free:
            del left[m]
    return sorted(left)


def upward(arrows):
    floor = {room: i for i, room in enumerate(ROOMS)}
    for name, into in arrows.items():
        for other in into:
            if floor[other.split('.')[0]] > floor[name.split('.')[0]]:
                yield f'{name} imports {other}'


def draw(arrows, path):
    "Rooms as boxes from the ground up, arrows between rooms as thick as there are imports"
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    rooms = {}
    for name in arrows:
        rooms.setdefault(name.split('.')[0], []).append(name.split('.')[-1])
    between = Counter((a.split('.')[0], b.split('.')[0]) for a, into in arrows.items() for b in into)
    fig, ax = plt.subplots(figsize=(11, 9), layout='constrained')
    for y, room in enumerate(ROOMS):
        inside = '' if rooms.get(room) == [room] else '  ·  '.join(rooms.get(room, []))
        ax.text(.02, y, room, va='center', weight='bold', size=11)
        ax.text(.13, y, inside, va='center', size=9, color='#444444')
        ax.axhspan(y-.42, y+.42, color='#eef2f7', zorder=0)
    for (a, b), n in between.items():
        i, j = ROOMS.index(a), ROOMS.index(b)
        if a == b:
            continue
        bow = .04+.018*(i-j)
        line = dict(arrowstyle='-|>', color='#4477aa' if i > j else '#ee6677', alpha=.55, lw=.6+.25*n,
                    connectionstyle=f'arc3,rad={bow}')
        ax.annotate('', (.96, j), (.96, i), arrowprops=line)
    ax.set(xlim=(0, 1), ylim=(-.6, len(ROOMS)-.4))
    ax.axis('off')
    ax.set_title('Rooms from the ground up; an arrow leads to what is imported', size=11)
    fig.savefig(path, dpi=110)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--picture', help='draw the rooms into this PNG')
    a = p.parse_args()
    arrows = imports()
    wrong = [*upward(arrows), *(f'{m} is on a circle of imports' for m in circles(arrows))]
    print(*wrong, sep='\n', end='\n' if wrong else '')
    count = sum(map(len, arrows.values()))
    print(f'{len(arrows)} modules in {len(ROOMS)} rooms, {count} imports, {len(wrong)} of them wrong')
    if a.picture:
        draw(arrows, a.picture)
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
