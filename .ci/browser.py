"""The clip browser in a real browser: JupyterLab, Chromium, a click on Play, and the picture must change; then the report at two widths

`python .ci/browser.py [FOLDER]` leaves its screenshots in FOLDER. JupyterLab and selenium are installed into build/browser when they are
not there; Chromium and its driver are Debian's (`apt-get install chromium chromium-driver`). Skipped, with the reason, where something cannot be had.
"""
import json, os, shutil, socket, subprocess, sys, tempfile, time
from pathlib import Path

root = Path(__file__).resolve().parent.parent
home = root/'build'/'browser'

CELLS = ['''from framepred.files import samples_dir
from framepred.data.reading import open_data, read_clip
from framepred.show.viz import ClipBrowser
ClipBrowser([read_clip(r) for r in open_data(samples_dir()).split('val')[2:4]])''']

REPORT = '''from framepred.files import samples_dir
from framepred.data.reading import open_data, read_clip
from framepred.show.draw import overlay
from framepred.app.report import Section, chart, strip, write_report
clip = read_clip(open_data(samples_dir()).split('val')[3])
rows = {'frame': clip.frames, 'truth': [overlay(f, m) for f, m in zip(clip.frames, clip.masks)]}
write_report(PATH, 'a report', Section('a clip', (strip(rows),)), Section('a curve', (chart({'one': ([12, 22], [.9, .5])}, 'frame', 'Jaccard'),)))'''


class Skip(Exception): "Why it could not be tried"


def tool(*names):
    for n in names:
        if found := shutil.which(n): return found
    raise Skip(f'{names[0]} is not installed (on Debian: apt-get install chromium chromium-driver)')


def environment():
    "JupyterLab and selenium, apart from the project's own environment, which the kernel runs in"
    python = home/'bin'/'python'
    if not python.exists() or subprocess.run([python, '-c', 'import jupyterlab, selenium, ipywidgets'], capture_output=True).returncode:
        for command in ([sys.executable, '-m', 'venv', home], [python, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', 'jupyterlab>=4,<5', 'selenium>=4', 'ipywidgets>=8']):
            r = subprocess.run(command, capture_output=True, text=True)
            if r.returncode: raise Skip(f'JupyterLab could not be installed: {r.stderr.strip().splitlines()[-1] if r.stderr.strip() else r.returncode}')
    spec = home/'share/jupyter/kernels/python3'
    spec.mkdir(parents=True, exist_ok=True)
    (spec/'kernel.json').write_text(json.dumps(dict(argv=[sys.executable, '-m', 'ipykernel_launcher', '-f', '{connection_file}'], display_name='python3', language='python')))
    return python


def notebook(path):
    cells = [dict(id=f'c{i}', cell_type='code', source=s, metadata={}, outputs=[], execution_count=None) for i, s in enumerate(CELLS)]
    path.write_text(json.dumps(dict(cells=cells, metadata=dict(kernelspec=dict(display_name='python3', language='python', name='python3')), nbformat=4, nbformat_minor=5)))


def serve(tmp):
    "Start JupyterLab on a free port; gives the process and the address"
    with socket.socket() as s: s.bind(('127.0.0.1', 0)); port = s.getsockname()[1]
    env = os.environ | dict(JUPYTER_CONFIG_DIR=str(tmp/'config'), JUPYTER_DATA_DIR=str(tmp/'data'), JUPYTER_RUNTIME_DIR=str(tmp/'runtime'), JUPYTERLAB_WORKSPACES_DIR=str(tmp/'spaces'),
                            OMP_NUM_THREADS='1', PYTHONPATH=str(root))
    log = open(tmp/'lab.log', 'w')
    lab = subprocess.Popen([home/'bin'/'jupyter', 'lab', '--no-browser', '--allow-root', '--ip=127.0.0.1', f'--port={port}', '--IdentityProvider.token=', '--ServerApp.password=',
                            '--LabApp.news_url=', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate', f'--ServerApp.root_dir={tmp/"work"}'], stdout=log, stderr=log, env=env, cwd=tmp)
    for _ in range(240):
        time.sleep(.5)
        with socket.socket() as s:
            if s.connect_ex(('127.0.0.1', port)) == 0: return lab, f'http://127.0.0.1:{port}'
        if lab.poll() is not None: break
    lab.terminate()
    raise AssertionError('JupyterLab did not start: ' + (tmp/'lab.log').read_text()[-1500:])


def drive(url, report, shots, chromium, driver):
    "What the person does; runs in the environment that has selenium"
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.chrome.service import Service
    o = webdriver.ChromeOptions()
    o.binary_location = chromium
    for a in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=1400,1000', '--no-proxy-server'): o.add_argument(a)
    d = webdriver.Chrome(options=o, service=Service(driver))
    def wait(what, fn, seconds=90):
        end = time.time()+seconds
        while time.time() < end:
            try:
                if got := fn(): return got
            except Exception: pass   # not there yet, or replaced meanwhile
            time.sleep(.3)
        d.save_screenshot(str(shots/'failed.png'))
        raise AssertionError(f'waited {seconds} s in vain for {what}; see failed.png')
    # the pixels that are shown: ipywidgets may keep the address of the picture and change what is there
    pixels = 'const i=document.querySelector(".widget-image, .jupyter-widgets img");if(!i||!i.complete||!i.naturalWidth)return null;const c=document.createElement("canvas");c.width=i.naturalWidth;c.height=i.naturalHeight;c.getContext("2d").drawImage(i,0,0);return c.toDataURL()'
    try:
        d.get(f'{url}/lab/tree/browse.ipynb')
        wait('the notebook', lambda: d.find_element(By.CSS_SELECTOR, '.jp-Notebook .jp-CodeCell .cm-content'))
        def play_button():   # what is run before the kernel has answered is lost without a word: run it again
            if found := d.find_elements(By.CSS_SELECTOR, '.widget-play button, .jupyter-widget-play button'): return found[0]
            if '[ ]' not in d.find_element(By.CSS_SELECTOR, '.jp-Notebook .jp-CodeCell .jp-InputArea-prompt').text: return
            d.find_element(By.CSS_SELECTOR, '.jp-Notebook .jp-CodeCell .cm-content').click()
            webdriver.ActionChains(d).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
            time.sleep(3)
        play = wait('the play button', play_button, 150)
        first = wait('the picture', lambda: d.execute_script(pixels))
        d.save_screenshot(str(shots/'browser_before.png'))
        play.click()
        seen = {first}
        end = time.time()+30
        while time.time() < end and len(seen) < 4:
            if p := d.execute_script(pixels): seen.add(p)
            time.sleep(.1)
        d.save_screenshot(str(shots/'browser_playing.png'))
        assert len(seen) >= 4, f'after a click on Play {len(seen)} pictures were seen, and 4 were expected'
        errors = [e['message'] for e in d.get_log('browser') if e['level'] == 'SEVERE' and 'favicon' not in e['message'] and 'widget' in e['message'].lower()]
        assert not errors, errors[0]
        # the report, from disk
        for name, w, h, dark in (('desk', 1280, 900, False), ('phone', 390, 844, True)):
            d.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', dict(width=w, height=h, deviceScaleFactor=1, mobile=w < 500))
            d.execute_cdp_cmd('Emulation.setEmulatedMedia', dict(features=[dict(name='prefers-color-scheme', value='dark' if dark else 'light')]))
            d.get(Path(report).as_uri())
            wide = d.execute_script('return document.documentElement.scrollWidth')
            assert wide <= w, f'at {w} pixels the report is {wide} wide'
            sizes = d.execute_script('const s=document.querySelector(".strip").parentElement;return [s.scrollWidth, s.clientWidth, [...document.images].every(i=>i.naturalWidth>0)]')
            assert sizes[0] > sizes[1] and sizes[2], f'at {w} pixels the strip does not scroll, or a picture is broken: {sizes}'
            back = d.execute_script('return getComputedStyle(document.body).backgroundColor')
            assert (back != 'rgb(255, 255, 255)') == dark, f'the page is {back} on a {"dark" if dark else "light"} screen'
            d.save_screenshot(str(shots/f'report_{name}.png'))
        print(f'{len(seen)} different pictures after a click on Play; the report fits 1280 and 390 pixels')
    finally: d.quit()


def main(shots):
    chromium, driver, python = tool('chromium', 'chromium-browser', 'google-chrome'), tool('chromedriver', 'chromium-driver'), environment()
    with tempfile.TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        (tmp/'work').mkdir()
        notebook(tmp/'work'/'browse.ipynb')
        made = subprocess.run([sys.executable, '-c', f'PATH = {str(tmp/"report.html")!r}\n{REPORT}'], capture_output=True, text=True, cwd=root)
        assert made.returncode == 0, made.stderr[-1500:]
        lab, url = serve(tmp)
        try:
            r = subprocess.run([python, __file__, '--drive', url, tmp/'report.html', shots, chromium, driver], capture_output=True, text=True, timeout=420)
            assert r.returncode == 0, "\n".join(l for l in r.stderr.strip().splitlines() if not l.startswith("#"))[-1500:]
            return r.stdout.strip()
        finally:
            lab.terminate()
            try: lab.wait(20)
            except subprocess.TimeoutExpired: lab.kill()


if __name__ == '__main__':
    if sys.argv[1:2] == ['--drive']:
        _, _, url, report, shots, chromium, driver = sys.argv
        drive(url, report, Path(shots), chromium, driver)
        sys.exit()
    shots = Path(sys.argv[1] if len(sys.argv) > 1 else root/'build'/'shots').resolve()
    shots.mkdir(parents=True, exist_ok=True)
    try: print('passed  browser:', main(shots)); counts = '1 passed, 0 failed, 0 skipped'
    except Skip as e: print('skipped  browser:', e); counts = '0 passed, 0 failed, 1 skipped'
    except (AssertionError, subprocess.TimeoutExpired) as e: print('failed  browser:', e); counts = '0 passed, 1 failed, 0 skipped'
    print(counts)
    sys.exit('1 failed' in counts)
