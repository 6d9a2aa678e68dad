"""What one row of `framepred evaluate` has over another, clip by clip: `python tools/pairs.py DATA OUT`

    framepred simulate DATA --train 0 --val 400 --hidden 0 --seed 45 --masks-only
    python tools/pairs.py DATA nbs/results      # nbs/results/pairs.csv

The rows are those of `framepred evaluate DATA` with the shipped weights; each is held against the others on the same
clips, with 95 % over clips. Called again, it goes on.
"""
import argparse
from pathlib import Path

import pandas as pd
import torch

from framepred.app.asking import make_kit, notes_on
from framepred.app.methods import table_methods
from framepred.data.finding import open_data
from framepred.score.evaluate import differences, score_table, write_csv
from framepred.score.scoring import score


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data', type=Path)
    parser.add_argument('out', type=Path)
    parser.add_argument('--against', nargs='+', default=['layout', 'drawn'], help='rows (default: layout drawn)')
    a = parser.parse_args()
    torch.set_num_threads(1)
    refs, kit = open_data(a.data).split('val'), make_kit()
    print(*notes_on(refs, kit), sep='\n')
    scores = score(a.data, 'val', table_methods(refs, kit), None, a.out/'counts')
    print(score_table(scores)[['method', 'masks', 'jaccard', 'seconds_per_clip']].round(4).to_string(index=False))
    labels = [s.method.label for s in scores.methods]
    pairs = pd.concat([differences(scores, label) for label in labels if label.split()[0] in a.against])
    write_csv(pairs, a.out/'pairs.csv')
    print(pairs.round(4).to_string(index=False))


if __name__ == '__main__':
    main()
