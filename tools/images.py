"""The README's pictures, made again from the sample clips and the shipped weights: `python tools/images.py [NAME …]`

`clip`: clip 1003 rolled forward, as an animation and as a film strip. `rollouts`: the painted rollouts of three clips
and the sampler at work, as chapter `frames` shows them. All of them where none is named.
"""
import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

root = Path(__file__).resolve().parent.parent
images = root/'nbs'/'images'
SHOWN = ('rolls', 'denoise')   # cells of the chapter


def larger(picture, size=(384, 256)):
    "Frames are small; a page has room"
    return np.asarray(Image.fromarray(picture).resize(size, Image.LANCZOS))


def clip(name='video_1003'):
    from framepred.app.jobs import rollout_rows
    from framepred.app.methods import Kit
    from framepred.data.finding import open_data
    from framepred.data.reading import read_clip
    from framepred.files import samples_dir
    from framepred.show.png import save_png
    from framepred.show.strip import film_strip
    from framepred.show.viz import animate
    ref, = (r for r in open_data(samples_dir()).split('val') if r.name == name)
    rows = rollout_rows(read_clip(ref), Kit())
    save_png(film_strip(rows), images/f'{name}.png')
    moving = {label: [larger(p) for p in row] for label, row in rows.items() if label in ('predicted', 'truth')}
    animate(moving).save(images/f'{name}.gif')


def rollouts():
    chapter, = (root/'nbs').glob('[0-9]*_frames.ipynb')
    cells = {c['id']: c for c in json.loads(chapter.read_text(encoding='utf-8'))['cells']}
    parts = [
        Image.open(io.BytesIO(base64.b64decode(o['data']['image/jpeg'])))
        for cell in SHOWN for o in cells[cell]['outputs'] if 'image/jpeg' in o.get('data', {})
    ]
    page = Image.new('RGB', (max(p.width for p in parts), sum(p.height for p in parts)), 'white')
    top = 0
    for part in parts:
        page.paste(part, (0, top))
        top += part.height
    page.save(images/'rollouts.jpg', quality=82)


if __name__ == '__main__':
    made = dict(clip=clip, rollouts=rollouts)
    for name in sys.argv[1:] or made:
        made[name]()
