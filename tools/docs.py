"""The documentation as plain HTML, without Quarto: every notebook as a chapter, the API reference from the docments

`python tools/docs.py [FOLDER]`. Quarto makes a prettier site from the same notebooks (`nbdev_docs`, see
.github/workflows/docs.yml); this one needs nothing but nbconvert.
"""
import configparser
import dataclasses
import html
import importlib
import inspect
import re
import shutil
import sys
import warnings
from pathlib import Path

import nbformat
from fastcore.docments import docments
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter

root = Path(__file__).resolve().parent.parent
config = configparser.ConfigParser(delimiters=['='])
config.read(root/'settings.ini', encoding='utf-8')
about = config['DEFAULT']

STYLE = '''
:root{color-scheme:light dark;--page:#fff;--ink:#222;--faint:#666;--line:#ddd;--code:#f6f7f8;--link:#2b6cb0}
@media(prefers-color-scheme:dark){
:root{--page:#181a1d;--ink:#e4e4e4;--faint:#a0a0a0;--line:#3a3d42;--code:#22252a;--link:#8ab8e8}
}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
a{color:var(--link)}
.page{display:grid;grid-template-columns:15rem minmax(0,1fr);max-width:80rem;margin:0 auto}
nav{padding:1.2rem 1rem;font-size:.9rem;border-right:1px solid var(--line);
position:sticky;top:0;height:100vh;overflow-y:auto}
nav a{display:block;padding:.12rem 0;text-decoration:none}
nav .here{font-weight:700}
nav b{display:block;margin-top:.8rem;color:var(--faint);font-weight:500}
main{padding:1rem 1.6rem 4rem;min-width:0}
@media(max-width:800px){
.page{display:block}
nav{position:static;height:auto;max-height:40vh;border:0;border-bottom:1px solid var(--line)}
nav a{display:inline-block;margin-right:.8rem}
}
h1{line-height:1.2}
h2{margin-top:2.2rem}
blockquote{margin:0 0 1rem;color:var(--faint);font-size:1.05rem}
.anchor-link{display:none}
pre,.highlight{background:var(--code);border-radius:4px;overflow-x:auto;font-size:.85rem}
pre{padding:.6rem .8rem;margin:.5rem 0}
.highlight pre{margin:0}
code{font-size:.88em}
img{max-width:100%;height:auto;background:#fff;border-radius:3px}
table{border-collapse:collapse;font-size:.88rem;display:block;overflow-x:auto}
td,th{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left}
.jp-OutputPrompt,.jp-InputPrompt,.prompt{display:none}
.output_area pre,.jp-OutputArea-output pre{background:none;padding:.2rem .8rem}
dt{font-weight:600}
.behind{color:var(--faint);margin:.2rem 0}
.sig{font-family:ui-monospace,monospace;font-size:.88rem;background:var(--code);
padding:.4rem .7rem;border-radius:4px;overflow-x:auto;white-space:pre-wrap}
'''
MATHJAX = (
    '<script>MathJax={tex:{inlineMath:[["$","$"]]}}</script>'
    '<script async src="https://cdn.jsdelivr.net/npm/mathjax@3/es5/tex-svg.js"></script>'
)


def style():
    "Ours, and the colours of code by day and by night"
    light = HtmlFormatter(style='default').get_style_defs('.highlight')
    dark = HtmlFormatter(style='github-dark').get_style_defs('.highlight')
    dark = re.sub(r'(?m)^(pre|td|span).*$', '', dark)   # they would apply outside of code too
    return (
        f'{light}\n'
        f'@media(prefers-color-scheme:dark){{{dark}}}'
        f'{STYLE}'
        '.highlight{background:var(--code)}'
    )


def link(file, text, here):
    return f'<a class="{"here" if file == here else ""}" href="{file}">{html.escape(text)}</a>'


def page(
    title,
    body,      # HTML
    here,      # the page's own file
    chapters,  # (file, title) of each, for the side
):
    "One page of the site"
    links = ''.join(link(file, text, here) for file, text in chapters)
    has_math = re.search(r'\$[^$\n<]*[\\^_][^$\n<]*\$', body)
    return (
        '<!doctype html><html lang="en">'
        '<head>'
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{html.escape(title)} · {about["title"]}</title>'
        f'<style>{style()}</style>{MATHJAX if has_math else ""}'
        '</head>'
        '<body><div class="page">'
        '<nav>'
        f'<a href="index.html"><strong>{about["title"]}</strong></a>'
        f'{link("api.html", "API reference", here)}'
        f'<b>Chapters</b>{links}'
        '</nav>'
        f'<main>{body}</main>'
        '</div></body></html>\n'
    )


def title_of(nb):
    for c in nb.cells:
        if found := re.match(r'\s*# (.+)', c.source):
            return found[1]
    return ''


def shown(cell):
    "A cell as the site shows it, without its directives; None: not at all"
    directives = []
    if cell.cell_type == 'code':
        directives = re.findall(r'(?m)^#\|\s*(.+?)\s*$', cell.source)
        if any(re.match(r'hide\b|default_exp', d) for d in directives):
            return None
        cell.source = re.sub(r'(?m)^#\|.*\n?', '', cell.source)
    if any(re.match(r'echo:\s*false', d) for d in directives):
        cell.metadata['transient'] = dict(remove_source=True)
    return cell if cell.source.strip() or cell.get('outputs') else None


def chapter(nb):
    "A notebook's HTML: hidden cells left out, directives taken off"
    cells = [shown(c) for c in nb.cells]
    nb.cells = [c for c in cells if c is not None]
    exporter = HTMLExporter(
        template_name='basic',
        anchor_link_text='',
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    body, _ = exporter.from_notebook_node(nb)
    return re.sub(r'href="(?!https?:|#)([^"#]+)\.ipynb', r'href="\1.html', body)


def signature(x):
    try:
        return str(inspect.signature(x))
    except (TypeError, ValueError):
        return '(…)'


def told(text):
    return re.sub('`([^`]+)`', r'<code>\1</code>', html.escape(text or ''))


def row_of(name, parameter, text):
    "A line of the table of parameters"
    empty = inspect.Parameter.empty
    kind = parameter.annotation
    kind = '' if kind is empty else getattr(kind, '__name__', str(kind))
    default = '' if parameter.default is empty else html.escape(repr(parameter.default)[:60])
    return (
        '<tr>'
        f'<td><code>{html.escape(name)}</code></td>'
        f'<td>{html.escape(kind)}</td>'
        f'<td>{default}</td>'
        f'<td>{told(text)}</td>'
        '</tr>'
    )


def parameters(x):
    "A table of what is told of each parameter; a comment behind a signature of one line tells of all of them"
    try:
        docs = docments(x, full=True)
        kinds = inspect.signature(x).parameters
    except Exception:   # no source, or nothing to be told
        return ''
    behind = (docs.pop('return', None) or {}).get('docment')
    rows = ''
    for name, d in docs.items():
        if name in kinds and d.get('docment'):
            rows += row_of(name, kinds[name], d['docment'])
    out = f'<p class="behind">{told(behind)}</p>' if behind else ''
    if rows:
        head = '<tr><th></th><th>type</th><th>default</th><th></th></tr>'
        out += f'<table><thead>{head}</thead><tbody>{rows}</tbody></table>'
    return out


def heading(module, name, sig):
    return f'<h3 id="{module}.{name}">{name}</h3><div class="sig">{sig}</div>'


def methods_of(cls):
    "The functions behind a class's public methods and properties, by name"
    for name, x in cls.__dict__.items():
        if name.startswith('_'):
            continue
        if isinstance(x, (classmethod, staticmethod)):
            x = x.__func__
        elif isinstance(x, property):
            x = x.fget
        if inspect.isfunction(x):
            yield name, x


def class_entry(module, name, cls):
    doc = told(inspect.getdoc(cls)) if cls.__dict__.get('__doc__') else ''
    yield heading(module, name, f'class {name}{html.escape(signature(cls))}') + f'<p>{doc}</p>'
    has_own_init = inspect.isfunction(cls.__dict__.get('__init__'))
    yield parameters(cls.__init__ if has_own_init and not dataclasses.is_dataclass(cls) else cls)
    for method, fn in methods_of(cls):
        head = f'<dt><code>{name}.{method}{html.escape(signature(fn))}</code></dt>'
        yield f'<dl>{head}<dd>{told(inspect.getdoc(fn))}{parameters(fn)}</dd></dl>'


def entry(module, name, x):
    "What is told of one exported name"
    if inspect.isclass(x):
        yield from class_entry(module, name, x)
    elif callable(x):
        sig = name + html.escape(signature(x))
        yield heading(module, name, sig) + f'<p>{told(inspect.getdoc(x))}</p>{parameters(x)}'
    else:
        yield heading(module, name, f'{name} = {html.escape(repr(x)[:200])}')


def reference(modules):
    "Every exported name of every module"
    out = [
        '<h1>API reference</h1>'
        '<p>What each module exports, in reading order, from the sources themselves.</p>'
    ]
    for module, file in modules:
        full = f'{about["lib_name"]}.{module}'
        m = importlib.import_module(full)
        out.append(f'<h2 id="{module}">{full}</h2><p>{told(m.__doc__)} · <a href="{file}">chapter</a></p>')
        for name in m.__all__:
            x = getattr(m, name, None)
            is_own = getattr(x, '__module__', m.__name__) == m.__name__
            if hasattr(m, name) and is_own:
                out += entry(module, name, x)
    return '\n'.join(out)


def chapter_list(books):
    "(file, title) of every chapter, numbered as its notebook is"
    for p, nb in books.items():
        if p.stem == 'index':
            continue
        number = f'{p.stem.split("_")[0]} ' if p.stem[0].isdigit() else ''
        yield f'{p.stem}.html', number + title_of(nb)


def exports(books):
    "Module → the page of the chapter that exports it"
    found = {}
    for p, nb in books.items():
        for c in nb.cells:
            if m := re.search(r'(?m)^#\|\s*default_exp\s+(\S+)', c.source):
                found[m[1]] = f'{p.stem}.html'
    return found


def lost_links(out):
    "No link of the site may lead nowhere"
    inside = re.compile(r'<(?:a|img)\b[^>]*?(?:href|src)="(?!https?:|#|data:|mailto:)([^"#]+)')
    lost = set()
    for file in out.glob('*.html'):
        for target in inside.findall(file.read_text(encoding='utf-8')):
            if not (out/target).exists() and not target.startswith('../'):
                lost.add(f'{file.name} → {target}')
    return sorted(lost)


def main(out):
    warnings.simplefilter('ignore')   # of what other people's docstrings look like
    books = {p: nbformat.read(p, 4) for p in sorted((root/'nbs').glob('*.ipynb'))}
    chapters = list(chapter_list(books))
    exported = exports(books)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for p, nb in books.items():
        file = f'{p.stem}.html'
        title = title_of(nb)
        text = page(title, chapter(nb), file, chapters)
        (out/file).write_text(text, encoding='utf-8')
    text = page('API reference', reference(exported.items()), 'api.html', chapters)
    (out/'api.html').write_text(text, encoding='utf-8')
    if (root/'nbs/images').is_dir():
        shutil.copytree(root/'nbs/images', out/'images')
    lost = lost_links(out)
    size = sum(f.stat().st_size for f in out.rglob('*') if f.is_file())
    print(
        f'{len(books)} chapters and the API reference of {len(exported)} modules '
        f'in {out}, {size/1e6:.0f} MB'
    )
    if lost:
        sys.exit('links that lead nowhere: ' + '; '.join(lost[:10]))


if __name__ == '__main__':
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else root/about['doc_path'])
