"""`python -m fuzz` (from the folder `tests`): a soak. Prints news as small programs, and a count of each class."""

from __future__ import annotations

import argparse
import collections
import sys

from .compare import MODES, random_program
from .known import explain
from .shrink import shrink, text


def main() -> int:
    """Run programs; the status is 1 if there was news."""
    options = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    options.add_argument("--programs", type=int, default=1000)
    options.add_argument("--size", type=int, default=0, help="lines in a program; 0: mostly 12 to 40, some of 300")
    options.add_argument("--seed", type=int, default=0, help="the number of the first program")
    given = options.parse_args()
    seen: collections.Counter[str] = collections.Counter()
    news: collections.Counter[str] = collections.Counter()
    lines = 0
    for seed in range(given.seed, given.seed + given.programs):
        mode, size = MODES[seed % 3], given.size or size_of(seed)
        pair, found = random_program(seed, mode, size)
        lines += len(pair.lines)
        if found is None:
            seen["agree"] += 1
        elif (known := explain(found)) is not None:
            seen[known.name] += 1
        else:
            news[found.topic] += 1
            if news[found.topic] == 1:
                small, found = shrink(pair.lines, mode, found)
                print(f"\n# program {seed}, size {size}\n{text(small, mode, found)}", flush=True)
    print(f"\n{given.programs} programs, {lines} lines, from seed {given.seed}")
    for name, count in (*seen.most_common(), *((f"NEWS {n}", c) for n, c in news.most_common())):
        print(f"{count:7} {name}")
    return 1 if news else 0


def size_of(seed: int) -> int:
    """How many lines the program of a seed has at most."""
    return 300 if seed % 100 == 99 else 12 + seed % 29


if __name__ == "__main__":
    sys.exit(main())
