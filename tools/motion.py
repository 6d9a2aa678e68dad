"""What of a state at frame 11 has to be known to say where things are in frame 22: `python tools/motion.py DATA OUT`

    framepred simulate DATA --train 0 --val 300 --hidden 0 --state --masks-only --seed 43
    python tools/motion.py DATA OUT      # OUT/motion.csv

Every row is told the true masks of frames 1–11 of a val clip. The rows from a state put it into MuJoCo, without the
objects never seen, and let it run to frame 22: the true state, the true state with something wrong with it, or what
the layout's boxes say of it. The last rows are those of the network that reads states, with parts of the truth in its
answer, and of the layout and its futures together. Differences are to the layout in pairs, with 95 % over clips.
"""
import argparse
import dataclasses
from pathlib import Path

import numpy as np
import torch
from rows import both_ways

from framepred.app.methods import layout_method
from framepred.core import OBSERVED, SIZE, rng
from framepred.data.finding import open_data
from framepred.files import weights_dir
from framepred.motion.layout import decide
from framepred.motion.boxes import STEPS
from framepred.motion.futures import Futures
from framepred.motion.simulated import Simulated, simulated_on
from framepred.motion.states import HOME, fitted, marks_of, states_of
from framepred.score.answers import Method, baselines, each
from framepred.score.evaluate import differences, score_table, write_csv
from framepred.score.scoring import LATE, Scores, run_method
from framepred.sim.physics import Viewer, load_state, oracle_motion
from framepred.sim.scene import Camera, kind_of

NOW = OBSERVED-1
FUTURES = 16


class Known:
    "A clip with its state at frame 11, and what the layout's boxes say of that state"
    def __init__(self, clip, state, layout):
        self.name, self.state, self.scene = clip.name, state, state.scene
        self.q, self.v = state.qpos[NOW].copy(), state.qvel[NOW].copy()
        frames = np.stack([np.isin(self.scene.kinds, m) for m in clip.masks[:OBSERVED]])
        self.frames = frames.sum(0)
        self.seen, self.late = self.frames > 0, self.frames <= LATE
        self.sphere = np.array([kind_of(k)[0] == 1 for k in self.scene.kinds])
        self.read_places, self.read_velocities = self.q[:, :2].copy(), self.v[:, :2].copy()
        self.outlook, names = layout.outlook(clip.masks), self.scene.kinds.tolist()
        forecast = self.outlook.forecast
        self.ids, self.at = forecast.ids, [names.index(k) for k in forecast.ids]
        for i, at in enumerate(self.at):
            now, later = (self.ground(forecast.sides[f, i], self.scene.half[at]) for f in (0, 2))
            self.read_places[at] = now
            self.read_velocities[at] = (later-now)/(2*self.scene.world.interval)

    def ground(self, sides, height):
        "Where the middle of a box is, at this height above the floor"
        top, bottom, left, right = sides
        ray = self.scene.camera.rays((left+right-1)/2, (top+bottom-1)/2)
        return (self.scene.camera.eye+ray*(height-self.scene.camera.eye[2])/ray[2])[:2]

    def future(self, q, v, scene=None):
        "The mask of frame 22, simulated on from these places and velocities"
        scene = scene or self.scene
        state = dataclasses.replace(
            self.state, scene=scene, qpos=np.broadcast_to(q, (OBSERVED, *q.shape)),
            qvel=np.broadcast_to(v, (OBSERVED, *v.shape)))
        return Viewer(scene).place(oracle_motion(state, self.seen)).mask()


def true_state(k, places=None, velocities=None, which=slice(None)):
    "Places and velocities at frame 11; other ones on the floor for some objects, where they are given"
    q, v = k.q.copy(), k.v.copy()
    if places is not None:
        q[which, :2] = places[which]
    if velocities is not None:
        q[which, 3:] = upright(q[which, 3:])
        v[which, :2], v[which, 2] = velocities[which], 0
        v[which] = rolling(k, v)[which]
    return q, v


def upright(turn): # (n, 4)
    "The same, turned about the upright axis alone"
    w, x, y, z = turn.T
    yaw = np.arctan2(2*(w*z+x*y), 1-2*(y*y+z*z))
    zero = np.zeros_like(yaw)
    return np.stack([np.cos(yaw/2), zero, zero, np.sin(yaw/2)], -1)


def rolling(k, v):
    "Spheres roll without slipping; what else they turn about is gone"
    v = v.copy()
    s, half = k.sphere, k.scene.half[k.sphere]
    v[s, 3:] = np.stack([-v[s, 1]/half, v[s, 0]/half, 0*half], -1)
    return v


def spinning(k, how):
    "The true state with another spin of the spheres"
    q, v = true_state(k)
    q[k.sphere, 3:] = 1, 0, 0, 0   # a sphere looks the same however it is turned, and MuJoCo counts spin in its axes
    if how == 'zero':
        v[k.sphere, 3:] = 0
    else:
        v = rolling(k, v)
    return q, v


def noisy(k, r, place, speed):
    q, v = true_state(k)
    q[:, :2] += r.normal(0, 1, q[:, :2].shape)*place
    v[:, :2] += r.normal(0, 1, q[:, :2].shape)*speed
    return q, v


def slippery(k, factor):
    world = dataclasses.replace(k.scene.world, friction=factor*k.scene.world.friction)
    return *true_state(k), dataclasses.replace(k.scene, world=world)


def nominal(k):
    "All objects of one size, seen by the camera that is the same for all clips"
    half = np.full_like(k.scene.half, np.mean(k.scene.world.size))
    q, v = true_state(k)
    u, w, _ = k.scene.camera.project(q[:, :3])
    camera = Camera()
    rays = camera.rays(u, w)
    q[:, :3] = camera.eye+rays*((half-camera.eye[2])/rays[:, 2])[:, None]
    return q, v, dataclasses.replace(k.scene, half=half, camera=camera)


READ = {   # row → state, with what the layout's boxes say in it
    'places and velocities as read': lambda k: true_state(k, k.read_places, k.read_velocities),
    'velocities as read': lambda k: true_state(k, None, k.read_velocities),
    'places as read': lambda k: true_state(k, k.read_places),
    'both as read, of objects seen in at most 4 frames': lambda k: true_state(
        k, k.read_places, k.read_velocities, k.late),
    'both as read, of the others': lambda k: true_state(k, k.read_places, k.read_velocities, ~k.late),
}
BENT = {   # row → state
    'true': true_state,
    'spheres roll': lambda k: spinning(k, 'rolling'),
    'spheres do not spin': lambda k: spinning(k, 'zero'),
    'camera and sizes as on average': nominal,
    'friction × 0.7': lambda k: slippery(k, .7),
    'friction × 1.4': lambda k: slippery(k, 1.4),
}
NOISE = {   # row → standard deviation of places (units), of velocities (units a second)
    'places 1e-6 off': (1e-6, 0),
    'velocities 0.05 off': (0, .05),
    'places 0.05 off': (.05, 0),
    'both 0.05 off': (.05, .05),
    'both 0.02 off': (.02, .02),
    'both 0.01 off': (.01, .01),
}
VOTED = 'both 0.05 off', 'both 0.02 off', 'both 0.01 off'


MIXED = {   # row → which of the ten numbers of `framepred.motion.states` are the true ones
    'none': (),
    'places': range(2),
    'velocities': range(2, 4),
    'spin': range(4, 7),
    'yaw': range(7, 9),
    'sizes': (9,),
    'all': range(10),
}


SEEN = {   # of objects seen in so many frames
    'in 1 frame': (1,),
    'in 2 frames': (2,),
    'in 3 or 4 frames': (3, 4),
    'in at most 4 frames': range(1, 5),
    'in more': range(5, OBSERVED+1),
}


def partly_true(k, states, numbers, which):
    "What the network says of the state, with the truth in some numbers of some objects"
    found, shape = states.states_at(k.outlook, [(0,)])
    true = fitted(states_of(torch.from_numpy(marks_of(k.scene, k.q, k.v)), torch.from_numpy(HOME))[k.at]).numpy()
    for i in numbers:
        found[0, which, i] = true[which, i]
    return simulated_on(found, shape, states.inside, k.outlook.now)[0].mask(k.ids, STEPS)


def vote(futures, ids, threshold):
    "The most probable object of several masks, where it is probable enough"
    shares = np.stack([np.mean([f == k for f in futures], 0) for k in (0, *ids)])
    return decide(shares, ids, threshold)


def voted(states, k, blend):
    "Of futures, and of the layout for the rest"
    if not len(k.ids): return np.zeros(SIZE, np.uint8)
    futures = states.draw(k.outlook, [(0, k.name, i) for i in range(FUTURES)])
    told = np.mean([states.maps(f) for f in futures], 0)
    return decide(blend*told+(1-blend)*states.layout.maps(k.outlook.forecast), k.ids, states.settings.threshold)


def methods(refs, layout, states):
    "All rows of the table"
    paths = {ref.name: ref.path/'state.npz' for ref in refs}

    kept = {}

    def known(clip):
        "Looked at once for all rows"
        if clip.name not in kept:
            kept[clip.name] = Known(clip, load_state(paths[clip.name]), layout)
        return kept[clip.name]

    def from_state(name, state):
        return Method(name, each(lambda clip: (k := known(clip)).future(*state(k))), key=name)

    def several(name, place, speed):
        def predict(clip):
            k = known(clip)
            draws = [noisy(k, rng(0, 'futures', clip.name, i), place, speed) for i in range(FUTURES)]
            return vote([k.future(*d) for d in draws], k.scene.kinds[k.seen], layout.settings.threshold)
        return Method(f'{name}, a vote of {FUTURES}', each(predict), key=name)

    yield baselines()[0]
    yield layout_method(layout)
    yield dataclasses.replace(both_ways(layout), name='layout, mirrored too', facts={})
    for name, state in {**BENT, **READ}.items():
        yield from_state(name, state)
    for name, (place, speed) in NOISE.items():
        yield Method(name, each(lambda clip, p=place, s=speed: (k := known(clip)).future(
            *noisy(k, rng(0, 'futures', clip.name, 0), p, s))), key=name)
    parts = {f'states: true are {name}': (numbers, range(1, OBSERVED+1)) for name, numbers in MIXED.items()}
    parts |= {f'states: true are all, of objects seen {when}': (range(10), counts) for when, counts in SEEN.items()}
    for name, (numbers, counts) in parts.items():
        yield Method(name, each(lambda clip, n=numbers, c=counts: partly_true(
            k := known(clip), states, n, np.isin(k.frames[k.at], c))))
    for end, blend in {'': 1., ', together with the layout': .6}.items():
        yield Method(f'states: a vote of {FUTURES}{end}', each(lambda clip, b=blend: voted(states, known(clip), b)))
    for name in VOTED:
        yield several(name, *NOISE[name])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data', type=Path)
    parser.add_argument('out', type=Path)
    parser.add_argument('--clips', type=int, help='so many, instead of all')
    parser.add_argument('--only', nargs='+', help='these rows beside the layout, instead of all')
    parser.add_argument('--states', type=Path, help='weights of the network that reads states (default: the shipped)')
    a = parser.parse_args()
    torch.set_num_threads(1)
    layout = Futures.load(weights_dir('layout'))
    refs = open_data(a.data).split('val')[:a.clips]
    done = []
    for method in methods(refs, layout, Simulated.load(a.states, layout)):
        if a.only and method.name not in ('layout', *a.only):
            continue
        done.append(run_method(method, refs, a.out/'counts'))
        print(f'{method.name}: {score_table(Scores(tuple(done[-1:]), len(refs), {}, ())).jaccard[0]:.4f}', flush=True)
    scores = Scores(tuple(done), len(refs), {}, ())
    table, over = score_table(scores), differences(scores, 'layout').set_index('method')
    for end in ('', '_low', '_high'):
        table[f'over_layout{end}'] = table.method.map(over[f'jaccard{end}'])
    write_csv(table, a.out/'motion.csv')
    print(table.round(3).to_string(index=False))


if __name__ == '__main__':
    main()
