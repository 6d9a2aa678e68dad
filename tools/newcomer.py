"""What a newcomer can get wrong: `python tools/newcomer.py [--quick] [--kills] [WORD …]`

Runs every case of bad input and prints a table of command, exit status and message. Status 1 where a question ends
in a traceback, in more than a sentence, or with another status than it should. `--quick` leaves out what computes
for more than a moment; `--kills` ends each verb five times with SIGKILL, and compares what it makes in the end.
"""
import argparse
import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))
SAMPLES = root/'data_samples'


def changed_weights(folder, kind, **values):
    "The shipped weights with other values anywhere in their settings"
    shutil.copytree(SAMPLES/'weights'/kind, folder)
    file = folder/'settings.json'
    facts = json.loads(file.read_text())

    def put(d):
        for k, v in d.items():
            if k in values:
                d[k] = values[k]
            elif isinstance(v, dict):
                put(v)
    put(facts['settings'])
    file.write_text(json.dumps(facts))


def options_files(d):
    "Files for --config that are wrong, each in its way"
    for name, text in dict(
        list='[1, 2]',
        typo='{"verb": "evaluate", "data": "x", "sample": 3}',
        value='{"verb": "predict", "data": "x", "samples": "many"}',
        switch='{"verb": "evaluate", "data": "x", "all": "yes"}',
        cut='{"verb": "pre',
        deep='['*100000,
        none='{"data": "x"}',
        pre='{"verb": "predict", "data": "x"}',
        verbs='{"verb": ["run"]}',
        object='{"verb": "predict", "data": {"a": 1}}',
        nan='{"verb": "predict", "data": "x", "seed": NaN}',
        huge='{"verb": "finetune", "data": "x", "out": "y", "max_minutes": 1e400}',
        size='{"verb": "train", "model": "classifier", "data": "x", "out": "y", "size": [32]}',
        nothing='',
    ).items():
        (d/f'{name}.json').write_text(text)
    (d/'latin.json').write_bytes(b'{"verb": "run", "out": "\xe4"}')


def copied(root, split='val'):
    "A data set of one clip; gives the clip"
    clip = root/split/'video_1000'
    shutil.copytree(SAMPLES/'val'/'video_1000', clip)
    return clip


def odd_masks(d):
    "Clips whose masks are wrong, each in its way"
    good = np.load(SAMPLES/'val'/'video_1000'/'mask.npy')
    whole = (SAMPLES/'val'/'video_1000'/'mask.npy').read_bytes()
    arrays = dict(
        floats=good.astype(float),
        nans=np.full(good.shape, np.nan, np.float32),
        truths=good > 0,
        short=good[:3],
        flat=good[0],
        small=good[:, ::2, ::2],
        beyond=np.where(good == 0, 60, good).astype(np.uint8),
        below=-good.astype(np.int8),
    )
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }"
    contents = dict(
        text=b'0 0 1',
        nothing=b'',
        half=whole[:len(whole)//2],
        huge=b'\x93NUMPY\x01\x00'+len(head).to_bytes(2, 'little')+head,
    )
    for name in (*arrays, *contents, 'pickled', 'zip', 'folder', 'gone'):
        copied(d/'odd'/name)
    for name, array in arrays.items():
        np.save(d/'odd'/name/'val'/'video_1000'/'mask.npy', array)
    for name, content in contents.items():
        (d/'odd'/name/'val'/'video_1000'/'mask.npy').write_bytes(content)
    np.save(d/'odd'/'pickled'/'val'/'video_1000'/'mask.npy', np.array([{}], object), allow_pickle=True)
    np.savez(d/'some.npz', good)
    (d/'odd'/'zip'/'val'/'video_1000'/'mask.npy').write_bytes((d/'some.npz').read_bytes())
    for name in 'folder', 'gone':
        (d/'odd'/name/'val'/'video_1000'/'mask.npy').unlink()
    (d/'odd'/'folder'/'val'/'video_1000'/'mask.npy').mkdir()


def odd_clips(d):
    "Clips whose pictures or names are wrong"
    file = copied(d/'pic'/'nothing')/'image_5.png'
    file.write_bytes(b'')
    file = copied(d/'pic'/'half')/'image_5.png'
    file.write_bytes(file.read_bytes()[:1000])
    file = copied(d/'pic'/'size')/'image_5.png'
    Image.new('RGB', (50, 40)).save(file)
    file = copied(d/'pic'/'deep')/'image_5.png'
    Image.new('I;16', (240, 160)).save(file)
    file = copied(d/'pic'/'clear')/'image_5.png'
    Image.new('RGBA', (240, 160)).save(file)
    file = copied(d/'pic'/'loop')/'image_5.png'
    file.unlink()
    file.symlink_to(file)
    for file in copied(d/'pic'/'one').glob('image_?*.png'):
        if file.name != 'image_0.png':
            file.unlink()
    copied(d/'a name with ü, 日本 and spaces')
    (copied(d/'pic'/'called').rename(d/'pic'/'called'/'val'/'clip_1000'))
    (d/'latin'/'val').mkdir(parents=True)
    os.mkdir(os.fsencode(d/'latin'/'val')+b'/video_\xe4')   # no UTF-8
    (d/'files').mkdir()
    (d/'files'/'val').write_text('a file where a folder should be')
    hidden = d/'few'/'hidden'/'video_15000'
    hidden.mkdir(parents=True)
    (hidden/'image_0.png').write_bytes((SAMPLES/'hidden'/'video_15000'/'image_0.png').read_bytes()[:200])
    (d/'bare'/'train').mkdir(parents=True)
    (d/'loop').mkdir()
    (d/'loop'/'val').symlink_to(d/'loop'/'val')
    (d/'far'/'val'/'video_99999999999999999999').mkdir(parents=True)
    (d/'far'/'val'/'video_999999999').mkdir(parents=True)
    (d/'far'/'val'/'video_1').symlink_to(SAMPLES/'val'/'video_1000')


def odd_arrays(d):
    "Submissions that are none, and movies"
    np.save(d/'wrong.npy', np.zeros((2, 3, 4), np.uint8))
    np.save(d/'nan.npy', np.full((4, 160, 240), np.nan))
    np.save(d/'ids.npy', np.full((8, 160, 240), 300))
    np.save(d/'objects.npy', np.array([{}], object), allow_pickle=True)
    np.save(d/'zeros.npy', np.zeros((8, 160, 240), np.uint8))
    (d/'cut.npy').write_bytes((d/'wrong.npy').read_bytes()[:40])
    (d/'zip.npy').write_bytes((d/'some.npz').read_bytes())
    for name in 'text.pt', 'text.gif', 'text.mp4':
        (d/name).write_text('neither a tensor nor a picture')
    frames = [Image.fromarray(f) for f in np.random.default_rng(0).integers(0, 255, (3, 32, 48, 3), np.uint8)]
    frames[0].save(d/'one.gif')
    frames[0].save(d/'three.gif', save_all=True, append_images=frames[1:])
    (d/'cut.gif').write_bytes((d/'three.gif').read_bytes()[:3000])
    (d/'pictures').mkdir()
    frames[0].save(d/'pictures'/'0.png')
    (d/'pictures'/'1.png').write_text('no picture')


def odd_weights(w):
    "Weights that are wrong, each in its way"
    for name, kind, values in (
        ('nan', 'predictor', dict(blend=float('nan'))),
        ('huge', 'predictor', dict(channels=10**9)),
        ('wide', 'predictor', dict(channels=4096)),
        ('word', 'layout', dict(width='wide')),
        ('zero', 'predictor', dict(channels=0)),
        ('minus', 'predictor', dict(blocks=-1)),
        ('steps', 'predictor', dict(steps=10**9)),
    ):
        changed_weights(w/name, kind, **values)
    shutil.copytree(SAMPLES/'weights'/'layout', w/'cut')
    whole = (w/'cut'/'weights.safetensors').read_bytes()
    (w/'cut'/'weights.safetensors').write_bytes(whole[:1000])
    for name in ('garbage', 'array', 'unsaid', 'alone', 'nothing', 'folder'):
        shutil.copytree(SAMPLES/'weights'/'layout', w/name)
    (w/'garbage'/'settings.json').write_bytes(b'\xff\xfe\x00garbage')
    (w/'array'/'settings.json').write_text('[]')
    (w/'unsaid'/'settings.json').write_text('{"kind": "layout"}')
    (w/'nothing'/'weights.safetensors').write_bytes(b'')
    for name in 'alone', 'folder':
        (w/name/'weights.safetensors').unlink()
    (w/'folder'/'weights.safetensors').mkdir()
    from safetensors.torch import load_file, save_file
    shutil.copytree(SAMPLES/'weights'/'predictor', w/'notnumbers')
    state = load_file(w/'notnumbers'/'weights.safetensors')
    save_file({k: v/0 if v.is_floating_point() else v for k, v in state.items()}, w/'notnumbers'/'weights.safetensors')
    for kind in 'segmenter', 'synthesis', 'clips', 'classifier':
        shutil.copytree(SAMPLES/'weights'/kind, w/f'few {kind}')
        state = load_file(w/f'few {kind}'/'weights.safetensors')
        state.pop(sorted(state)[0])
        save_file(state, w/f'few {kind}'/'weights.safetensors')


def odd_pairs(d):
    "What the sibling systems read, wrong each in its way"
    noise = np.random.default_rng(0)
    pictures = [Image.fromarray(p) for p in noise.integers(0, 255, (12, 16, 24, 3), np.uint8)]
    labels = [Image.fromarray(p) for p in noise.integers(0, 4, (12, 16, 24), np.uint8)]
    for name in 'good', 'deep', 'colour', 'size', 'list', 'names', 'colours', 'nothing':
        for folder, images in dict(images=pictures, labels=labels).items():
            (d/'pair'/name/folder).mkdir(parents=True)
            for i, image in enumerate(images):
                image.save(d/'pair'/name/folder/f'{i}.png')
    Image.fromarray(np.full((16, 24), 40000, np.uint16)).save(d/'pair'/'deep'/'labels'/'0.png')
    pictures[0].save(d/'pair'/'colour'/'labels'/'0.png')
    Image.new('L', (7, 9)).save(d/'pair'/'size'/'labels'/'0.png')
    (d/'pair'/'nothing'/'labels'/'0.png').write_bytes(b'')
    for name, said in dict(list=[], names=dict(classes=5), colours=dict(classes=list('abcd'), colours='red')).items():
        (d/'pair'/name/'dataset_info.json').write_text(json.dumps(said))
    (d/'drawn').mkdir()
    (d/'drawn'/'synthesis.json').write_text('[1]')
    for name, classes in dict(one='a', broken='ab', empty='ab', more='abc').items():
        for k in classes:
            (d/'class'/name/'train'/k).mkdir(parents=True)
            for i in range(3):
                pictures[i].save(d/'class'/name/'train'/k/f'{i}.png')
    for file in (d/'class'/'broken'/'train'/'a').iterdir():
        file.write_text('no picture')
    shutil.rmtree(d/'class'/'empty'/'train'/'a')
    (d/'class'/'empty'/'train'/'a').mkdir()
    (d/'class'/'more'/'test'/'z').mkdir(parents=True)
    (d/'dicom').mkdir()
    (d/'dicom'/'a.dcm').write_bytes(b'')
    (d/'dicom'/'b.dcm').write_bytes(b'\0'*128+b'DICM\1\2')
    with zipfile.ZipFile(d/'up.zip', 'w') as z:   # one that would climb out of its folder
        z.writestr('../../climbed.dcm', b'x')
    (d/'cut.zip').write_bytes((d/'up.zip').read_bytes()[:50])


def playground(d):
    "Folders and files that are wrong, each in its way"
    (d/'empty').mkdir()
    (d/'file').write_text('hello')
    options_files(d)
    odd_masks(d)
    odd_clips(d)
    odd_arrays(d)
    odd_weights(d/'w')
    odd_pairs(d)


# Status, then the command; {d} is the playground, {s} the samples. What is after # tells what is tried.
QUICK = '''
2                                                       # no verb
2 fly                                                   # no such verb
0 --version
0 train --help
1 inspect {d}/nowhere
1 inspect {d}/file
1 inspect {d}/empty
1 inspect /proc/self
1 inspect {d}/bare                                      # a split without clips
1 inspect {d}/loop                                      # a link to itself
1 inspect {d}/pic/called                                # a clip that is not called video_N
1 inspect {d}/odd/text
1 inspect {d}/odd/nothing --quiet                       # a mask of no bytes
1 inspect {d}/odd/half
1 inspect {d}/odd/zip                                   # an .npz with the name of an .npy
1 inspect {d}/odd/folder
1 inspect {d}/odd/nans
1 inspect {d}/odd/truths
1 inspect {d}/odd/flat
1 inspect {d}/odd/small
0 inspect {d}/odd/beyond                                # ids above 48
0 inspect {d}/odd/below                                 # and below 0
1 inspect {d}/pic/nothing
1 inspect {d}/pic/half
1 inspect {d}/pic/size
1 inspect {d}/pic/deep                                  # 16 bits a pixel
0 inspect {d}/pic/clear                                 # RGBA
1 inspect {d}/pic/loop
1 inspect {d}/pic/one
0 inspect {d}/{odd_name}
1 inspect {d}/latin --json                              # a name that is no UTF-8
1 inspect {d}/files                                     # a file where a split should be
1 inspect {d}/{long}
0 inspect {d}/far                                       # numbers beyond all counting
0 inspect {s} --clips 1 --json --quiet
2 inspect {s} --clips 0
1 evaluate {s} --split test
1 evaluate {d}/nowhere
1 evaluate {d}/odd/text
1 evaluate {d}/odd/floats
1 evaluate {d}/odd/pickled                              # what could run code
1 evaluate {d}/odd/short
1 evaluate {d}/odd/huge                                 # a header that claims a terabyte
1 evaluate {s} --prediction {d}/none.npy
1 evaluate {s} --prediction {d}/wrong.npy
1 evaluate {s} --prediction {d}/nan.npy
1 evaluate {s} --prediction {d}/objects.npy
1 evaluate {s} --prediction {d}/cut.npy
1 evaluate {s} --prediction {d}/text.pt
1 evaluate {s} --prediction {d}/empty
1 evaluate {s} --prediction {s}/val/video_1000/mask.npy
1 evaluate {s} --csv {d}/empty
1 evaluate {s} --report {d}/file/report.html
1 evaluate {s} --csv /proc/table.csv
1 evaluate {s} --segmenter {d}/nowhere
1 evaluate {s} --segmenter {s}/weights/layout           # weights of another kind
1 evaluate {s} --layout {s}/weights/segmenter
1 evaluate {s} --predictor {s}/weights/layout
1 evaluate {s} --predictor {d}/file
1 evaluate {s} --predictor {d}/w/nan                    # NaN in settings.json
1 evaluate {s} --predictor {d}/w/huge                   # a billion channels
1 evaluate {s} --predictor {d}/w/wide                   # more channels than there are weights
1 evaluate {s} --predictor {d}/w/zero
1 evaluate {s} --predictor {d}/w/minus
1 evaluate {s} --predictor {d}/w/steps
1 evaluate {s} --layout {d}/w/word
1 evaluate {s} --layout {d}/w/cut                       # half a file of weights
1 evaluate {s} --layout {d}/w/garbage
1 evaluate {s} --layout {d}/w/array
1 evaluate {s} --layout {d}/w/unsaid
1 evaluate {s} --layout {d}/w/alone
1 evaluate {s} --device tpu
1 evaluate {s} --device cpu:x
1 evaluate {s} --device cuda:99
2 evaluate {s} --samples 0
2 evaluate {s} --samples many
2 evaluate {s} --samples 1000000000
2 evaluate {s} --steps 2000
2 evaluate {s} --batch-size -1
2 evaluate {s} --batch-size 1000000000
2 evaluate {s} --batch-size 1.5
2 evaluate {s} --seed x
1 evaluate {s} --split hidden                           # nobody knows the truth
1 evaluate {s} --split ../val
1 evaluate {d}/files
1 evaluate {d}/odd/gone
1 evaluate {s} --device meta
1 evaluate {s} --device cuda
1 evaluate {s} --prediction {d}/ids.npy
1 evaluate {s} --prediction {d}/zip.npy
1 evaluate {s} --prediction {d}/zeros.npy --csv {d}/zeros.npy    # the table over the submission
1 evaluate {s} --prediction {d}/zeros.npy --csv {d}/t --report {d}/t
0 evaluate {s} --prediction {d}/zeros.npy --seed -1 --json
0 evaluate {s} --prediction {d}/zeros.npy --seed 1180591620717411303424
1 evaluate {s} --layout {d}/w/nothing
1 evaluate {s} --layout {d}/w/folder
1 evaluate {s} --segmenter {fewseg}
1 predict {s} --out {d}/x.csv
1 predict {s} --out {d}/empty
1 predict {s} --out /proc/x.npy
1 predict {s} --out {d}/file/x.npy
1 predict {s} --out {d}/{long}.npy
1 predict {s} --out {d}/x.npy --frames {d}/file
1 predict {s} --out {d}/x.npy --frames /proc/frames
1 predict {s} --out {d}/x.npy --split nowhere
1 predict {d}/file --out {d}/x.npy
1 predict {d}/none.mp4                                  # one clip, and none there
1 predict {d}/text.gif
1 predict {nothing} --out {d}/x.npy                     # an empty word
1 evaluate {s} --csv {nothing}
1 predict {d}/text.mp4
1 predict {s}/val/video_1000 --ahead 12 --out {d}/one
1 predict {s}/val/video_1000 --observed 40 --out {d}/one
1 predict {s} --open
1 predict {s} --out {d}/x.npy --samples 3 --predictor {d}/w/notnumbers
1 predict {s} --out {d}/x.npy --frames {d}/x.npy        # one name for two things
1 predict {s} --out /
1 predict {s}/hidden --out {d}/x.npy                    # a split instead of a data set
1 predict {d}/one.gif
1 predict {d}/cut.gif
1 predict {d}/pictures
1 predict {d}/three.gif --observed 1
1 predict {d}/three.gif --out {d}/file
2 predict {d}/three.gif --samples 0
1 label {d}/few --split hidden --out {d}/labelled       # no clip can be read
1 label {s} --split unlabeled
1 label {s} --segmenter {d}/nowhere
1 label {s} --split val --out {s}/inside
1 label {s} --split val --out /proc/labels
1 simulate {d}/file --train 1
1 simulate /proc/new --train 1
1 simulate {s} --val 1 --train 0 --hidden 0 --seed 5    # clips made with another seed
2 simulate {d}/new --train -1
2 simulate {d}/new --train 1e3
2 simulate {d}/new --workers 0
1 simulate {d}/new --train 9000000 --val 9000000        # terabytes
2 simulate {d}/new --profile moon
2 train
2 train kite {s} --out {d}/r
2 train layout {s}                                      # no --out
1 train layout {s} --out {d}/r --preset huge
1 train layout {d}/nowhere --out {d}/r
1 train layout {d}/empty --out {d}/r
1 train segmenter {d}/few --out {d}/r                   # no train split
1 train layout {s} --out {d}/file
1 train layout {s} --out /proc/r
2 train layout {s} --out {d}/r --max-minutes -1
2 train layout {s} --out {d}/r --max-minutes nan
2 train layout {s} --out {d}/r --max-minutes inf
2 train layout {s} --out {d}/r --max-minutes 0
2 train layout {s} --out {d}/r --max-minutes 1e308
2 train layout {s} --out {d}/r --max-minutes soon
1 train layout {s} --out {d}/r --init {d}/nowhere
1 train layout {s} --out {d}/r --method peer
1 train predictor {s} --out {d}/r --layout {d}/nowhere
1 train predictor {s} --out {d}/r --pseudo unlabeled
1 train segmenter {s} --out {d}/r --init {s}/weights/layout
1 finetune {d}/nowhere --out {d}/r
2 finetune {s} --out {d}/r --max-minutes nan
1 simulate {d}/new --train 1 --profile {d}/list.json
1 simulate {d}/new --train 1 --profile {d}/nowhere.json
1 simulate {d}/loop/val/x --train 1
1 calibrate {d}/nowhere
1 calibrate {s} --split hidden                          # no masks
1 calibrate {d}/odd/nans --split val
1 calibrate {s} --out {d}/world.txt
2 calibrate {s} --clips 0
1 train layout {s} --out {s}                            # into the data
1 train all {s} --out {d}/r --init {s}/weights/layout   # an option of another model
1 train layout {s} --out {d}/r --no-flips
2 train layout {s} --out {d}/r --share nan
2 train layout {s} --out {d}/r --simulated -1
1 train layout --simulated 3 --out {d}/r                # too few to hold one out
1 train segmenter {s} --out {d}/r --pseudo train
1 train classifier --out {d}/r
1 train classifier {d}/nowhere --out {d}/r
1 train classifier {d}/class/one --out {d}/r
1 train classifier {d}/class/broken --out {d}/r
1 train classifier {d}/class/empty --out {d}/r
1 train classifier {d}/class/more --out {d}/r           # a class that only the test has
2 train classifier {d}/class/broken --out {d}/r --size 0 5
1 finetune {s} --out {d}/r --device tpu
1 finetune {d}/empty --out {d}/r
1 finetune {s} --out {s}
2 finetune {s} --out {d}/r --workers 0
1 classify {d}/class --weights {d}/nowhere
1 classify {d}/class --weights {s}/weights/layout
1 classify {d}/class --weights {fewcla}
1 classify {d}/empty --weights {s}/weights/classifier
1 classify {d}/file --weights {s}/weights/classifier --out {d}/a.csv
1 classify {d}/class --weights {s}/weights/classifier --out {d}/empty
2 classify {d}/class --weights {s}/weights/classifier --steps 1000000000
1 evaluate-classifier {d}/nowhere --weights {s}/weights/classifier --out {d}/k
1 evaluate-classifier {d}/class/one --weights {s}/weights/classifier --out {d}/k        # nothing to test on
1 evaluate-classifier {d}/class/one --weights {fewcla} --out {d}/k
1 evaluate-classifier {d}/class/one --weights {s}/weights/classifier --out {d}/file
2 evaluate-classifier {d}/class/one --weights {s}/weights/classifier --steps 0
1 prepare simulated {d}/file
1 prepare simulated {d}/pair/list --count 1
2 prepare simulated {d}/p --count 0
2 prepare simulated {d}/p --count 100000000000
2 prepare sidewalk {d}/p --size 100000000
1 train-synthesis {d}/nowhere --out {d}/r
1 train-synthesis {d}/pair/good --out {d}/file
1 train-synthesis {d}/pair/good --out {d}/r --preset huge
1 train-synthesis {d}/pair/good --out {d}/r --init {s}/weights/synthesis
2 train-synthesis {d}/pair/good --out {d}/r --max-minutes nan
2 train-synthesis {d}/pair/good --out {d}/r --max-minutes -1
1 train-synthesis {d}/pair/deep --out {d}/r             # 40000 classes
1 train-synthesis {d}/pair/colour --out {d}/r
1 train-synthesis {d}/pair/size --out {d}/r
1 train-synthesis {d}/pair/list --out {d}/r
1 train-synthesis {d}/pair/names --out {d}/r
1 train-synthesis {d}/pair/colours --out {d}/r
1 train-synthesis {d}/pair/nothing --out {d}/r
1 synthesize {d}/nowhere {d}/g
1 synthesize {d}/pair/good {d}/file
1 synthesize {d}/pair/good {d}/drawn                    # a folder of somebody else's
1 synthesize {d}/pair/good {d}/g --weights {fewsyn}
1 synthesize {d}/odd/nans {d}/g
2 synthesize {d}/pair/good {d}/g --guidance nan
2 synthesize {d}/pair/good {d}/g --eta 50
2 synthesize {d}/pair/good {d}/g --samples 1000000000
1 evaluate-synthesis {d}/pair/good {d}/empty
1 evaluate-synthesis {s} {d}/drawn
1 evaluate-synthesis {s} {d}/drawn --report {d}/empty
1 train-clips {d}/nowhere --out {d}/r
1 train-clips {d}/empty --out {d}/r
1 train-clips {d}/dicom --out {d}/r                     # none of the files is whole
1 train-clips {d}/cut.zip --out {d}/r
1 train-clips {d}/up.zip --out {d}/r
1 train-clips hub: --out {d}/r
2 train-clips {s} --out {d}/r --max-minutes nan
1 enhance {d}/nowhere {d}/e
1 enhance {d}/dicom {d}/e
1 enhance {d}/cut.gif {d}/e.gif
1 enhance {d}/text.mp4 {d}/e.mp4
1 enhance {d}/three.gif {d}/e.avi
1 enhance {d}/three.gif {d}/three.gif                   # over itself
1 enhance {d}/three.gif {d}/pictures                    # over somebody's pictures
1 enhance {d}/three.gif {d}/e.gif --weights {fewcli}
1 enhance {d}/three.gif {d}/e.gif --window 5 5
2 enhance {d}/three.gif {d}/e.gif --level nan
2 enhance {d}/three.gif {d}/e.gif --num-frames 100000000
2 enhance {d}/three.gif {d}/e.gif --steps 0
1 train layout --out {d}/r                              # nothing to learn from
1 run --data {d}/nowhere
1 run --data {d}/empty --out {d}/out
1 run --out {d}/file
1 run --out /proc/out
1 --config {d}/nowhere.json
1 --config {d}/list.json
1 --config {d}/cut.json
1 --config {d}/deep.json
1 --config {d}/none.json
1 --config {d}/typo.json                                # an option that is not known
1 --config {d}/value.json
1 --config {d}/switch.json
1 --config {d}/verbs.json
1 --config {d}/object.json
1 --config {d}/nan.json
1 --config {d}/huge.json
1 --config {d}/size.json
1 --config {d}/nothing.json
1 --config {d}/latin.json
2 --config
1 evaluate --config {d}/pre.json
'''
SLOW = '''
0 predict {s} --out {d}/a.npy --samples 2
0 predict {s} --out {d}/a.npy --samples 2               # again: nothing to do
0 predict {d}/few --out {d}/few.npy                     # no frame can be read
0 evaluate {s} --json --samples 1 --batch-size 1
0 simulate {d}/made --train 12 --val 2 --hidden 0 --workers 1 --masks-only
0 train layout {d}/made --out {d}/r --max-minutes 0.05
0 train layout {d}/made --out {d}/r --max-minutes 0.1
1 train layout {d}/made --out {d}/r --seed 5            # a run with other settings
0 --config {d}/a.npy.command.json
'''
# What a process finds around it, as a shell says it; {f} is the command.
SURROUNDINGS = '''
0 env -u HOME -u TERM {f} inspect {s} --clips 1
0 env -i LC_ALL=C PYTHONPATH={root} {f} inspect "{d}/a name with ü, 日本 and spaces"
0 {f} inspect {s} --clips 1 <&-                         # no input
0 {f} inspect {s} --clips 1 >&-                         # no output
1 {f} inspect {d}/nowhere 2>&-
1 {f} inspect {s} --clips 1 >/dev/full                  # a full disk
1 {f} inspect {d}/nowhere 2>/dev/full
0 set +o pipefail; {f} train --help | head -1           # who reads no further is no fault
0 set +o pipefail; {f} inspect {s} --clips 1 | head -1
1 ulimit -f 100; {f} simulate {d}/full --train 1 --val 0 --hidden 0 --workers 1 --masks-only
1 ulimit -f 10; {f} evaluate {s} --prediction {d}/zeros.npy --csv {d}/full.csv --report {d}/full.html
1 cd {d}; mkdir away; cd away; rmdir ../away; {f} predict {s} --out a.npy      # a folder that is gone
130 set -m; {f} simulate {d}/stopped --train 99 --val 0 --hidden 0 & sleep 9; kill -INT -- -$!; wait $!   # Ctrl-C
'''


def cases(text):
    "`(status, words, remark)` of each line"
    for line in filter(None, text.splitlines()):
        line, _, remark = line.partition('#')
        status, *words = line.split()
        yield int(status), words, remark.strip()


def ask(words):
    "`(status, standard output, standard error)` of one command, in this process"
    from framepred.app.cli import main
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(words)
        except SystemExit as e:
            status = e.code
        except BaseException as e:
            print(f'Traceback: {e!r}', file=sys.stderr)
            status = -1
    return status, out.getvalue(), err.getvalue()


def wrong_with(status, wanted, err)->str:
    "What is wrong with an answer; an empty string where nothing is"
    if 'Traceback' in err:
        return 'a traceback'
    if 'no sentence yet' in err:
        return 'no sentence of its own'
    if status != wanted:
        return f'status {status}, {wanted} expected'
    said = [line for line in err.splitlines() if line.startswith('framepred: ')]
    if wanted == 1 and len(said) != 1 and 'inspect' not in err:
        return f'{len(said)} sentences'
    return ''


def run_cases(lines, d, words=(), show=print)->list:
    "The table, line by line; gives what was wrong"
    wrong = []
    few = {f'few{k[:3]}': d/'w'/f'few {k}' for k in ('segmenter', 'synthesis', 'clips', 'classifier')}
    names = dict(d=d, s=SAMPLES, long=300*'n', nothing='', odd_name='a name with ü, 日本 and spaces') | few
    for wanted, command, remark in lines:
        if words and not any(w in ' '.join(command) for w in words):
            continue
        start = time.perf_counter()
        status, out, err = ask([w.format(**names) for w in command])
        message = (err.strip() or out.strip()).splitlines()[-1:] or ['']
        shown = dict.fromkeys(few, 'D/w/few') | dict(d='D', s='SAMPLES', long='nnn…', nothing="''")
        text = ' '.join(command).format(**names | shown)
        message = message[0].replace(str(d), 'D').replace(str(SAMPLES), 'SAMPLES').replace(300*'n', 'nnn…')
        bad = wrong_with(status, wanted, err) if wanted != 1 or command[0] != 'inspect' else (
            '' if status == 1 else f'status {status}')
        show(f'{"WRONG " if bad else ""}| `framepred {text}` | {status} | {message} |'
             f' {time.perf_counter()-start:.1f} s |{bad or remark}')
        if bad:
            wrong.append(f'{text}: {bad}')
    return wrong


# Each verb that takes a while, as small as it goes. {o} is the folder of what it makes, and where the clock decides
# how far a training comes, only its end can be judged.
KILLS = '''
simulate {o} --train 6 --val 0 --hidden 2 --workers 1
predict {s} --out {o}/a.npy --frames {o}/frames --samples 2
predict {s}/val/video_1000 --out {o} --samples 1 --ahead 3
label {clips} --split val --out {o}
evaluate {s} --csv {o}/t.csv --samples 2
run --data {little} --out {o}
calibrate {s} --out {o}/world.json
train segmenter {s} --out {o} --max-minutes 0.2
train layout {s} --out {o} --max-minutes 0.3
train predictor {s} --out {o} --max-minutes 0.3
train all {s} --out {o} --max-minutes 0.6
train classifier {classes} --out {o} --max-minutes 0.2
finetune {s} --out {o} --max-minutes 1
classify {classes} --weights {s}/weights/classifier --out {o}/a.csv --samples 2
prepare simulated {o} --count 12 --workers 1
train-synthesis {pairs} --out {o} --max-minutes 0.2
synthesize {pairs} {o} --samples 2 --steps 4 --weights {synthesis}
train-clips {s} --out {o} --max-minutes 0.2
enhance {gif} {o}/a.gif --steps 2
pack {s} {o}
'''
# no verb: what trainings do first
PACK = '''
import sys
from framepred.data.pack import pack
from framepred.data.finding import open_data
pack(open_data(sys.argv[2]).split('train'), sys.argv[3])
'''
NOT_MADE = ('.json', '.csv', '.html', '.lock', '.txt')   # they tell the time, or name the folder


def run_surroundings(d, words=(), show=print)->list:
    "As `run_cases`, each in a shell of its own"
    wrong = []
    names = dict(d=d, s=SAMPLES, root=root, f=f'{sys.executable} -m framepred.app.cli')
    for wanted, command, remark in cases(SURROUNDINGS):
        text = ' '.join(command)
        if words and not any(w in text for w in words):
            continue
        env = dict(os.environ, PYTHONPATH=str(root))
        end = subprocess.run(['bash', '-c', text.format(**names)], capture_output=True, text=True, env=env)
        message = (end.stderr.strip().splitlines()[-1:] or [''])[0].replace(str(d), 'D')
        bad = 'a traceback' if 'Traceback' in end.stderr else 'no sentence' if 'no sentence yet' in end.stderr else ''
        if not bad and end.returncode != wanted:
            bad = f'status {end.returncode}, {wanted} expected'
        shown = text.format(d='D', s='SAMPLES', root='ROOT', f='framepred')
        show(f'{"WRONG " if bad else ""}| `{shown}` | {end.returncode} | {message} | {bad or remark}')
        if bad:
            wrong.append(f'{text}: {bad}')
    return wrong


def digests(folder):
    "What a folder holds, without what tells the time"
    from hashlib import sha256
    files = [p for p in sorted(folder.rglob('*')) if p.is_file() and p.suffix not in NOT_MADE]
    made = {p.relative_to(folder).as_posix(): sha256(p.read_bytes()).hexdigest()[:12] for p in files}
    for p in folder.glob('*.csv'):
        import pandas as pd
        made[p.name] = pd.read_csv(p).drop(columns='seconds_per_clip', errors='ignore').to_csv()
    if (folder/'world.json').exists():
        made['world.json'] = (folder/'world.json').read_text()
    return made


def killing_ground(d):
    "What the commands of `KILLS` work on"
    shutil.copytree(SAMPLES/'val', d/'clips'/'val')
    for mask in (d/'clips').rglob('mask.npy'):
        mask.unlink()
    for split, name in dict(val='video_1000', hidden='video_15000').items():
        shutil.copytree(SAMPLES/split/name, d/'little'/split/name)
    from framepred.classify.tasks import write_shapes
    write_shapes(d/'classes', train=24, test=6)
    noise = np.random.default_rng(0)
    for folder, high, shape in (('images', 255, (64, 96, 3)), ('labels', 4, (64, 96))):
        (d/'pairs'/folder).mkdir(parents=True)
        for i in range(24):
            picture = noise.integers(0, high, shape, np.uint8)
            Image.fromarray(picture).save(d/'pairs'/folder/f'{i:02}.png')
    clip = sorted((SAMPLES/'val'/'video_1000').glob('image_*.png'), key=lambda p: int(p.stem[6:]))
    first, *rest = (Image.open(p).convert('RGB') for p in clip)
    first.save(d/'a.gif', save_all=True, append_images=rest)


def killed(command, fractions, seconds, cache):
    "Start it, kill it at these fractions of its time, then let it end; gives the end, how long it took, what it said"
    env = dict(os.environ, PYTHONPATH=str(root), OMP_NUM_THREADS='1', XDG_CACHE_HOME=str(cache))
    code = PACK if command[0] == 'pack' else 'from framepred.app.cli import main; raise SystemExit(main())'
    line = [sys.executable, '-c', code, *command]
    hit = 0
    for f in fractions:
        p = subprocess.Popen(
            line, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            p.wait(seconds*f)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            hit += 1
    start = time.perf_counter()
    return subprocess.run(line, env=env, capture_output=True, text=True), time.perf_counter()-start, hit


def plans(text)->list:
    "(steps done, steps planned, why it ended) of each training that a run speaks of"
    return re.findall(r'(\d+) of (\d+) steps in .*stopped: (\S+)\.', text)


def unsound(last, whole, timed)->str:
    "What is wrong with a run that was killed; `last`, `whole`: how it ended, and what it made"
    end, files = last
    if end.returncode or 'Traceback' in end.stderr:
        return f'status {end.returncode}'
    if not timed:
        other = [k for k in {*files, *whole[1]} if files.get(k) != whole[1].get(k)]
        return f'other bytes: {", ".join(sorted(other)[:3])}' if other else ''
    done = plans(end.stdout+end.stderr)
    # where the machine became slower than the plan thought, the clock may end it, and says so
    short = [f'{a} of {b}' for a, b, why in done if a != b and why != 'time']
    missing = [k for k in whole[1] if 'weights/' in k and k not in files]
    return f'not to the end: {short+missing}' if short or missing else ''


def run_kills(d, words=(), show=print)->list:
    "Each verb killed five times and once not at all"
    wrong = []
    killing_ground(d)
    names = dict(s=SAMPLES, clips=d/'clips', little=d/'little', classes=d/'classes', pairs=d/'pairs', gif=d/'a.gif',
                 synthesis=SAMPLES/'weights'/'synthesis')
    for n, command in enumerate(filter(None, KILLS.splitlines())):
        if words and not any(w in command for w in words):
            continue
        ends = {}
        seconds = 0
        for how, fractions in (('whole', ()), ('killed', (.35, .45, .55, .65, .75))):
            out = d/f'{how}{n}'
            line = [w.format(o=out, **names) for w in command.split()]
            end, took, hit = killed(line, fractions, seconds, d/f'cache {how}{n}')
            ends[how], seconds = (end, digests(out)), took
        end = ends['killed'][0]
        bad = unsound(ends['killed'], ends['whole'], 'max-minutes' in command)
        said = ((end.stdout+end.stderr).strip().splitlines() or [''])[-1].replace(str(d), 'D')
        show(f'{"WRONG " if bad else ""}| killed {hit} times: `framepred {command}` | {end.returncode} | {said} | {bad}',
             flush=True)
        if bad:
            wrong.append(f'{command}: {bad}')
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('words', nargs='*', help='only commands that hold one of these')
    p.add_argument('--quick', action='store_true', help='only what answers at once')
    p.add_argument('--kills', action='store_true', help='only the kills')
    a = p.parse_args()
    d = Path(tempfile.mkdtemp())
    try:
        if a.kills:
            wrong = run_kills(d, a.words)
        else:
            playground(d)
            wrong = run_cases(cases(QUICK if a.quick else QUICK+SLOW), d, a.words)
            if not a.quick:
                wrong += run_surroundings(d, a.words)
    finally:
        shutil.rmtree(d, ignore_errors=True)
    print(f'{len(wrong)} wrong')
    for w in wrong:
        print(' ', w)
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
