"The sample clips, made again by the simulator (the folder's README says so too)."
import shutil
from pathlib import Path

from framepred.sim.simulate import simulate_split

if __name__ == '__main__':
    out = Path(__file__).resolve().parent.parent/'data_samples'
    for split, count in dict(train=8, val=8, hidden=4).items():
        shutil.rmtree(out/split, ignore_errors=True)
        simulate_split(out, split, count, seed=0, state=split == 'val')
