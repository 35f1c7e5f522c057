"""`python -m fuzz` (from the folder `tests`): a soak. Prints news as small programs, and a count of each class."""

from __future__ import annotations

import argparse
import collections
import sys

import torch

from .compare import MODES, random_program
from .shrink import shrink, text

LONG, SHORT = 300, 25  # lines of each tenth program, and of the others: as the suite has them


def main() -> int:
    """Run programs; the status is 1 if there was news."""
    options = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    options.add_argument("--programs", type=int, default=1000)
    options.add_argument("--long", type=int, default=LONG, help="lines in each tenth program")
    options.add_argument("--short", type=int, default=SHORT, help="lines in the others")
    options.add_argument("--seed", type=int, default=0, help="the number of the first program")
    given = options.parse_args()
    torch.set_num_threads(1)
    seen: collections.Counter[str] = collections.Counter()
    news: collections.Counter[str] = collections.Counter()
    lines = ended = 0
    for seed in range(given.seed, given.seed + given.programs):
        mode = MODES[seed % 3]
        pair, found = random_program(seed, mode, given.long if seed % 10 == 9 else given.short)
        lines += len(pair.lines)
        seen.update(pair.passed)
        if found is None:
            ended += 1
        else:
            news[found.topic] += 1
            if news[found.topic] == 1:
                small, found = shrink(pair.lines, mode, found)
                print(f"\n# program {seed}\n{text(small, mode, found)}", flush=True)
    print(f"\n{given.programs} programs, {lines} lines, from seed {given.seed}; {ended} without news")
    for name, count in (*seen.most_common(), *((f"NEWS {n}", c) for n, c in news.most_common())):
        print(f"{count:7} {name}")
    return 1 if news else 0


if __name__ == "__main__":
    sys.exit(main())
