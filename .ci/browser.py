"""The clip browser in a real browser: JupyterLab, Chromium, a click on Play, and the picture must change;
then the report at two widths, light and dark

`python .ci/browser.py [FOLDER]` leaves its screenshots in FOLDER. JupyterLab and selenium are installed into
build/browser when they are not there; Chromium and its driver are Debian's (`apt-get install chromium
chromium-driver`). Skipped, with the reason, where something cannot be had.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

root = Path(__file__).resolve().parent.parent
home = root/'build'/'browser'

CELLS = ['''from framepred.files import samples_dir
from framepred.data.finding import open_data
from framepred.data.reading import read_clip
from framepred.show.browse import ClipBrowser
ClipBrowser([read_clip(r) for r in open_data(samples_dir()).split('val')[2:4]])''']

REPORT = '''from framepred.app.methods import layout_method
from framepred.app.report import score_sections
from framepred.data.finding import open_data
from framepred.data.reading import read_clip
from framepred.files import samples_dir, weights_dir
from framepred.motion.layout import Layout
from framepred.score.answers import standard_methods
from framepred.score.evaluate import score_table
from framepred.score.scoring import score
from framepred.show.page import write_report
from framepred.show.palette import overlay
refs = open_data(samples_dir()).split('val')
layout, clip = Layout.load(weights_dir('layout')), read_clip(refs[3])
scores = score(samples_dir(), 'val', (*standard_methods(refs), layout_method(layout)))
drawn = [overlay(f, m, 0) for f, m in zip(clip.frames, clip.masks)]
ahead = [overlay(clip.frames[n-1], m, 0) for n, m in layout.rollout(clip.masks).items()]
rows = {'predicted': drawn[:11]+ahead, 'truth': list(clip.frames), 'true mask': drawn}
write_report(PATH, 'a report', *score_sections(scores, score_table(scores), [(clip.name, rows)]))'''

PACKAGES = ('jupyterlab>=4,<5', 'selenium>=4', 'ipywidgets>=8')
KERNEL = dict(display_name='python3', language='python')

# The pixels that are shown: ipywidgets may keep the address of the picture and change what is there
PIXELS = '''
const i = document.querySelector(".widget-image, .jupyter-widgets img");
if (!i || !i.complete || !i.naturalWidth) return null;
const c = document.createElement("canvas");
c.width = i.naturalWidth;
c.height = i.naturalHeight;
c.getContext("2d").drawImage(i, 0, 0);
return c.toDataURL()
'''
# How wide the strip is, how much of it is shown, and whether every picture is there
STRIP = '''
const s = document.querySelector(".strip").parentElement;
const whole = [...document.images].every(i => i.naturalWidth > 0);
return [s.scrollWidth, s.clientWidth, whole]
'''
# Is a score seen beside its method, without scrolling sideways? And frame 22, at the strip's end?
SEEN = '''
const right = e => e.getBoundingClientRect().right;
return [right(document.querySelector(".data td.bar")), right(document.querySelector(".strip th.target"))]
'''
BACKGROUND = 'return getComputedStyle(document.body).backgroundColor'
CODE = '.jp-Notebook .jp-CodeCell .cm-content'
PROMPT = '.jp-Notebook .jp-CodeCell .jp-InputArea-prompt'
PLAY = '.widget-play button, .jupyter-widget-play button'


class Skip(Exception):
    "Why it could not be tried"


def tool(*names):
    for n in names:
        if found := shutil.which(n):
            return found
    raise Skip(f'{names[0]} is not installed (on Debian: apt-get install chromium chromium-driver)')


def run(*args, **how):
    return subprocess.run(args, capture_output=True, text=True, **how)


def install(python):
    "JupyterLab and selenium into an environment of their own"
    pip = [python, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', *PACKAGES]
    for command in ([sys.executable, '-m', 'venv', home], pip):
        r = run(*command)
        if r.returncode:
            said = r.stderr.strip()
            why = said.splitlines()[-1] if said else r.returncode
            raise Skip(f'JupyterLab could not be installed: {why}')


def environment():
    "JupyterLab and selenium, apart from the project's own environment, which the kernel runs in"
    python = home/'bin'/'python'
    if not python.exists() or run(python, '-c', 'import jupyterlab, selenium, ipywidgets').returncode:
        install(python)
    spec = home/'share/jupyter/kernels/python3'
    spec.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, '-m', 'ipykernel_launcher', '-f', '{connection_file}']
    (spec/'kernel.json').write_text(json.dumps(dict(argv=argv) | KERNEL))
    return python


def notebook(path):
    cells = [
        dict(
            id=f'c{i}',
            cell_type='code',
            source=source,
            metadata={},
            outputs=[],
            execution_count=None,
        )
        for i, source in enumerate(CELLS)
    ]
    metadata = dict(kernelspec=KERNEL | dict(name='python3'))
    nb = dict(cells=cells, metadata=metadata, nbformat=4, nbformat_minor=5)
    path.write_text(json.dumps(nb))


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', port)) == 0


def serve(tmp):
    "Start JupyterLab on a free port; gives the process and the address"
    port = free_port()
    env = os.environ | dict(
        JUPYTER_CONFIG_DIR=str(tmp/'config'),
        JUPYTER_DATA_DIR=str(tmp/'data'),
        JUPYTER_RUNTIME_DIR=str(tmp/'runtime'),
        JUPYTERLAB_WORKSPACES_DIR=str(tmp/'spaces'),
        OMP_NUM_THREADS='1',
        PYTHONPATH=str(root),
    )
    command = [
        home/'bin'/'jupyter',
        'lab',
        '--no-browser',
        '--allow-root',
        '--ip=127.0.0.1',
        f'--port={port}',
        '--IdentityProvider.token=',
        '--ServerApp.password=',
        '--LabApp.news_url=',
        '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
        f'--ServerApp.root_dir={tmp/"work"}',
    ]
    log = open(tmp/'lab.log', 'w')
    lab = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=tmp)
    for _ in range(240):
        time.sleep(.5)
        if answers(port):
            return lab, f'http://127.0.0.1:{port}'
        if lab.poll() is not None:
            break
    lab.terminate()
    raise AssertionError('JupyterLab did not start: ' + (tmp/'lab.log').read_text()[-1500:])


def open_browser(chromium, driver):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    options.add_argument('--headless=new')
    options.add_argument('--no-sandbox')
    options.add_argument('--disable-gpu')
    options.add_argument('--disable-dev-shm-usage')
    options.add_argument('--window-size=1400,1000')
    options.add_argument('--no-proxy-server')
    return webdriver.Chrome(options=options, service=Service(driver))


def wait(
    d,           # the browser
    shots,       # where its picture goes if nothing comes
    what,        # in words
    fn,          # gives it, or nothing as long as it is not there
    seconds=90,
):
    "What `fn` gives, as soon as it gives something"
    end = time.time()+seconds
    while time.time() < end:
        try:
            if got := fn():
                return got
        except Exception:   # not there yet, or replaced meanwhile
            pass
        time.sleep(.3)
    d.save_screenshot(str(shots/'failed.png'))
    raise AssertionError(f'waited {seconds} s in vain for {what}; see failed.png')


def play_button(d):
    "The button, once it is there. What is run before the kernel has answered is lost without a word: run it again"
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    if found := d.find_elements(By.CSS_SELECTOR, PLAY):
        return found[0]
    if '[ ]' not in d.find_element(By.CSS_SELECTOR, PROMPT).text:
        return None
    d.find_element(By.CSS_SELECTOR, CODE).click()
    ActionChains(d).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
    time.sleep(3)
    return None


def is_ours(entry):
    "Whether a line of the browser's log is an error of a widget"
    message = entry['message']
    return entry['level'] == 'SEVERE' and 'favicon' not in message and 'widget' in message.lower()


def play(d, url, shots):
    "Click Play; gives how many different pictures were seen"
    from selenium.webdriver.common.by import By
    d.get(f'{url}/lab/tree/browse.ipynb')
    wait(d, shots, 'the notebook', lambda: d.find_element(By.CSS_SELECTOR, CODE))
    button = wait(d, shots, 'the play button', lambda: play_button(d), 150)
    first = wait(d, shots, 'the picture', lambda: d.execute_script(PIXELS))
    d.save_screenshot(str(shots/'browser_before.png'))
    button.click()
    seen = {first}
    end = time.time()+30
    while time.time() < end and len(seen) < 4:
        if p := d.execute_script(PIXELS):
            seen.add(p)
        time.sleep(.1)
    d.save_screenshot(str(shots/'browser_playing.png'))
    assert len(seen) >= 4, f'after a click on Play {len(seen)} pictures were seen, and 4 were expected'
    errors = [e['message'] for e in d.get_log('browser') if is_ours(e)]
    assert not errors, errors[0]
    return len(seen)


def look(d, report, width, height, dark):
    "The report, from disk, on a screen of that size"
    screen = dict(width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
    d.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', screen)
    scheme = dict(name='prefers-color-scheme', value='dark' if dark else 'light')
    d.execute_cdp_cmd('Emulation.setEmulatedMedia', dict(features=[scheme]))
    d.get(Path(report).as_uri())
    wide = d.execute_script('return document.documentElement.scrollWidth')
    assert wide <= width, f'at {width} pixels the report is {wide} wide'
    sizes = d.execute_script(STRIP)
    scrolled, shown, whole = sizes
    assert scrolled > shown and whole, (
        f'at {width} pixels the strip does not scroll, or a picture is broken: {sizes}'
    )
    ends = d.execute_script(SEEN)
    assert max(ends) <= width, f'at {width} pixels the first score ends at {ends[0]}, frame 22 at {ends[1]}'
    back = d.execute_script(BACKGROUND)
    assert (back != 'rgb(255, 255, 255)') == dark, (
        f'the page is {back} on a {"dark" if dark else "light"} screen'
    )


def drive(url, report, shots, chromium, driver):
    "What the person does; runs in the environment that has selenium"
    d = open_browser(chromium, driver)
    try:
        seen = play(d, url, shots)
        for width, height in (1280, 900), (400, 844):
            for dark in False, True:
                look(d, report, width, height, dark)
                d.save_screenshot(str(shots/f'report_{width}_{"dark" if dark else "light"}.png'))
        print(f'{seen} different pictures after a click on Play; the report fits 1280 and 400 pixels, light and dark')
    finally:
        d.quit()


def main(shots):
    chromium = tool('chromium', 'chromium-browser', 'google-chrome')
    driver = tool('chromedriver', 'chromium-driver')
    python = environment()
    with tempfile.TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        (tmp/'work').mkdir()
        notebook(tmp/'work'/'browse.ipynb')
        report = tmp/'report.html'
        made = run(sys.executable, '-c', f'PATH = {str(report)!r}\n{REPORT}', cwd=root)
        assert made.returncode == 0, made.stderr[-1500:]
        lab, url = serve(tmp)
        try:
            r = run(python, __file__, '--drive', url, report, shots, chromium, driver, timeout=420)
            told = [line for line in r.stderr.strip().splitlines() if not line.startswith('#')]
            assert r.returncode == 0, '\n'.join(told)[-1500:]
            return r.stdout.strip()
        finally:
            lab.terminate()
            try:
                lab.wait(20)
            except subprocess.TimeoutExpired:
                lab.kill()


if __name__ == '__main__':
    if sys.argv[1:2] == ['--drive']:
        _, _, url, report, shots, chromium, driver = sys.argv
        drive(url, report, Path(shots), chromium, driver)
        sys.exit()
    shots = Path(sys.argv[1] if len(sys.argv) > 1 else root/'build'/'shots').resolve()
    shots.mkdir(parents=True, exist_ok=True)
    counts = dict(passed=0, failed=0, skipped=0)
    try:
        verdict, why = 'passed', main(shots)
    except Skip as e:
        verdict, why = 'skipped', e
    except (AssertionError, subprocess.TimeoutExpired) as e:
        verdict, why = 'failed', e
    counts[verdict] += 1
    print(f'{verdict}  browser:', why)
    print(', '.join(f'{n} {k}' for k, n in counts.items()))
    sys.exit(counts['failed'] > 0)
