"""The documentation as plain HTML, without Quarto: every notebook as a chapter, the API reference from the docments. `python tools/docs.py [FOLDER]`

Quarto makes a prettier site from the same notebooks (`nbdev_docs`, see .github/workflows/docs.yml); this one needs nothing but nbconvert.
"""
import configparser, dataclasses, html, importlib, inspect, re, shutil, sys, warnings
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
@media(prefers-color-scheme:dark){:root{--page:#181a1d;--ink:#e4e4e4;--faint:#a0a0a0;--line:#3a3d42;--code:#22252a;--link:#8ab8e8}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,sans-serif}a{color:var(--link)}
.page{display:grid;grid-template-columns:15rem minmax(0,1fr);max-width:80rem;margin:0 auto}nav{padding:1.2rem 1rem;font-size:.9rem;border-right:1px solid var(--line);position:sticky;top:0;height:100vh;overflow-y:auto}
nav a{display:block;padding:.12rem 0;text-decoration:none}nav .here{font-weight:700}nav b{display:block;margin-top:.8rem;color:var(--faint);font-weight:500}main{padding:1rem 1.6rem 4rem;min-width:0}
@media(max-width:800px){.page{display:block}nav{position:static;height:auto;max-height:40vh;border:0;border-bottom:1px solid var(--line)}nav a{display:inline-block;margin-right:.8rem}}
h1{line-height:1.2}h2{margin-top:2.2rem}blockquote{margin:0 0 1rem;color:var(--faint);font-size:1.05rem}.anchor-link{display:none}
pre,.highlight{background:var(--code);border-radius:4px;overflow-x:auto;font-size:.85rem}pre{padding:.6rem .8rem;margin:.5rem 0}.highlight pre{margin:0}code{font-size:.88em}
img{max-width:100%;height:auto;background:#fff;border-radius:3px}table{border-collapse:collapse;font-size:.88rem;display:block;overflow-x:auto}td,th{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left}
.jp-OutputPrompt,.jp-InputPrompt,.prompt{display:none}.output_area pre,.jp-OutputArea-output pre{background:none;padding:.2rem .8rem}dt{font-weight:600}.behind{color:var(--faint);margin:.2rem 0}.sig{font-family:ui-monospace,monospace;font-size:.88rem;background:var(--code);padding:.4rem .7rem;border-radius:4px;overflow-x:auto;white-space:pre-wrap}
'''


def page(title, body, here, chapters):
    links = ''.join(f'<a class="{"here" if f == here else ""}" href="{f}">{html.escape(t)}</a>' for f, t in chapters)
    light, dark = HtmlFormatter(style='default').get_style_defs('.highlight'), HtmlFormatter(style='github-dark').get_style_defs('.highlight')
    dark = re.sub(r'(?m)^(pre|td|span).*$', '', dark)
    math = '<script>MathJax={tex:{inlineMath:[["$","$"]]}}</script><script async src="https://cdn.jsdelivr.net/npm/mathjax@3/es5/tex-svg.js"></script>' if re.search(r'\$[^$\n<]*[\\^_][^$\n<]*\$', body) else ''
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{html.escape(title)} · {about["title"]}</title>'
            f'<style>{light}\n@media(prefers-color-scheme:dark){{{dark}}}{STYLE}.highlight{{background:var(--code)}}</style>{math}</head><body><div class="page"><nav><a href="index.html"><strong>{about["title"]}</strong></a>'
            f'<a class="{"here" if here == "api.html" else ""}" href="api.html">API reference</a><b>Chapters</b>{links}</nav><main>{body}</main></div></body></html>\n')


def title_of(nb): return next((m[1] for c in nb.cells if (m := re.match(r'\s*# (.+)', c.source))), '')


def chapter(nb):
    "A notebook's HTML: hidden cells left out, directives taken off"
    cells = []
    for c in nb.cells:
        told = re.findall(r'(?m)^#\|\s*(.+?)\s*$', c.source) if c.cell_type == 'code' else []
        if any(re.match(r'hide\b|default_exp', t) for t in told): continue
        if c.cell_type == 'code': c.source = re.sub(r'(?m)^#\|.*\n?', '', c.source)
        if any(re.match(r'echo:\s*false', t) for t in told): c.metadata['transient'] = dict(remove_source=True)
        if c.source.strip() or c.get('outputs'): cells.append(c)
    nb.cells = cells
    body, _ = HTMLExporter(template_name='basic', anchor_link_text='', exclude_input_prompt=True, exclude_output_prompt=True).from_notebook_node(nb)
    return re.sub(r'href="(?!https?:|#)([^"#]+)\.ipynb', r'href="\1.html', body)


def signature(x):
    try: return str(inspect.signature(x))
    except (TypeError, ValueError): return '(…)'


def told(text): return re.sub('`([^`]+)`', r'<code>\1</code>', html.escape(text or ''))


def parameters(x):
    "A table of what is told of each parameter; a comment behind a signature of one line tells of all of them"
    try: docs, kinds = docments(x, full=True), inspect.signature(x).parameters
    except Exception: return ''   # no source, or nothing to be told
    behind = (docs.pop('return', None) or {}).get('docment')
    rows, empty = '', inspect.Parameter.empty
    for name, d in docs.items():
        if name not in kinds or not d.get('docment'): continue
        kind, default = kinds[name].annotation, kinds[name].default
        kind = '' if kind is empty else getattr(kind, '__name__', str(kind))
        rows += f'<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(kind)}</td><td>{"" if default is empty else html.escape(repr(default)[:60])}</td><td>{told(d["docment"])}</td></tr>'
    table = f'<table><thead><tr><th></th><th>type</th><th>default</th><th></th></tr></thead><tbody>{rows}</tbody></table>' if rows else ''
    return (f'<p class="behind">{told(behind)}</p>' if behind else '') + table


def reference(modules):
    "Every exported name of every module"
    out = ['<h1>API reference</h1><p>What each module exports, in reading order, from the sources themselves.</p>']
    for name, file in modules:
        m = importlib.import_module(f'{about["lib_name"]}.{name}')
        own = [(n, getattr(m, n)) for n in m.__all__ if hasattr(m, n) and getattr(getattr(m, n), '__module__', m.__name__) == m.__name__]
        out.append(f'<h2 id="{name}">{about["lib_name"]}.{name}</h2><p>{told(m.__doc__)} · <a href="{file}">chapter</a></p>')
        for n, x in own:
            if inspect.isclass(x):
                out.append(f'<h3 id="{name}.{n}">{n}</h3><div class="sig">class {n}{html.escape(signature(x))}</div><p>{told(inspect.getdoc(x)) if x.__dict__.get("__doc__") else ""}</p>')
                out.append(parameters(x if dataclasses.is_dataclass(x) or not inspect.isfunction(x.__dict__.get('__init__')) else x.__init__))
                methods = [(k, v.__func__ if isinstance(v, (classmethod, staticmethod)) else v.fget if isinstance(v, property) else v) for k, v in x.__dict__.items() if not k.startswith('_')]
                out += [f'<dl><dt><code>{n}.{k}{html.escape(signature(v))}</code></dt><dd>{told(inspect.getdoc(v))}{parameters(v)}</dd></dl>' for k, v in methods if inspect.isfunction(v)]
            elif callable(x): out.append(f'<h3 id="{name}.{n}">{n}</h3><div class="sig">{n}{html.escape(signature(x))}</div><p>{told(inspect.getdoc(x))}</p>{parameters(x)}')
            else: out.append(f'<h3 id="{name}.{n}">{n}</h3><div class="sig">{n} = {html.escape(repr(x)[:200])}</div>')
    return '\n'.join(out)


def main(out):
    warnings.simplefilter('ignore')   # of what other people's docstrings look like
    books = {p: nbformat.read(p, 4) for p in sorted((root/'nbs').glob('*.ipynb'))}
    chapters = [(f'{p.stem}.html', f'{p.stem.split("_")[0]} {title_of(nb)}' if p.stem[0].isdigit() else title_of(nb)) for p, nb in books.items() if p.stem != 'index']
    exported = {m[1]: f'{p.stem}.html' for p, nb in books.items() for c in nb.cells if (m := re.search(r'(?m)^#\|\s*default_exp\s+(\S+)', c.source))}
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for p, nb in books.items():
        title = title_of(nb)
        (out/f'{p.stem}.html').write_text(page(title, chapter(nb), f'{p.stem}.html', chapters), encoding='utf-8')
    (out/'api.html').write_text(page('API reference', reference(exported.items()), 'api.html', chapters), encoding='utf-8')
    if (root/'nbs/images').is_dir(): shutil.copytree(root/'nbs/images', out/'images')
    # no link of the site may lead nowhere
    lost = sorted({f'{f.name} → {h}' for f in out.glob('*.html') for h in re.findall(r'<(?:a|img)\b[^>]*?(?:href|src)="(?!https?:|#|data:|mailto:)([^"#]+)', f.read_text(encoding='utf-8')) if not (out/h).exists() and not h.startswith('../')})
    print(f'{len(books)} chapters and the API reference of {len(exported)} modules in {out}, {sum(f.stat().st_size for f in out.rglob("*") if f.is_file())/1e6:.0f} MB')
    if lost: sys.exit('links that lead nowhere: ' + '; '.join(lost[:10]))


if __name__ == '__main__': main(Path(sys.argv[1]) if len(sys.argv) > 1 else root/about['doc_path'])
