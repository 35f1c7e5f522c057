"""Change the code in one place, and see whether a test notices (`make mutants`, or with `--places 150 --seed 0`).

A random sample of places (a comparison, an operator, a number, a condition) is taken from the files that a room of
ROOMS names; cosmic-ray changes each in a copy of the package, and the room's tests are run on it, first those that are
quick, then the others. What survives is printed as a difference: either a test is missing, or the two programs are the
same. Each mutant runs in a fork of this process, which has loaded what the tests load besides the package.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import difflib
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", CHAINRULE_THREADS="1", PYTHONDONTWRITEBYTECODE="1")

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

HERE = Path(__file__).parent.parent
SLOW = "not million and not long_chain and not soak and not peers"
# Where mutants are made, and their tests: the quick ones, then those that only a survivor of these meets.
ROOMS = {
    "core": (
        "test_views test_forward test_autograd test_complex",
        "test_func test_nn test_programs test_table test_passes test_memory test_halves test_registry",
    ),
    "ops": (
        "test_elementwise test_reductions test_indexing",
        "test_registry test_special test_linalg test_views test_complex test_convolution test_bounds test_ranges "
        "test_batched_ops test_table test_attention test_func test_explain",
    ),
    "descend": ("test_verdicts test_endings", "test_constraints test_minimize test_sweep test_vocabulary test_leads"),
    "optim/rules.py": ("test_optim", "test_endings"),
}
WANTED = ("Comparison", "_Add_Sub", "_Sub_Add", "_Mul_Div", "_Div_Mul", "_Delete_", "AddNot", "TrueWith", "FalseWith")
WANTED += ("AndWith", "OrWith", "NumberReplacer", "ZeroIteration", "_USub_UAdd")
# These are the same program where classes, None and small numbers are compared.
SAME = ("_Is_Eq", "_Eq_Is", "_IsNot_NotEq", "_NotEq_IsNot")
LOADED = ("torch", "scipy.optimize", "scipy.special", "sympy", "hypothesis", "numpy.testing", "xml.etree.ElementTree")


def places(path: Path) -> list[tuple[str, int]]:
    """What can be changed in a file: an operator of cosmic-ray's, and at which of its places."""
    tree, found = get_ast(path.read_text()), []
    for name in (n for n in operator_names() if any(w in n for w in WANTED) and not n.endswith(SAME)):
        operator = get_operator(name)
        if not operator.arguments():
            made = operator()
            found += [(name, i) for i, _ in enumerate(p for n in ast_nodes(tree) for p in made.mutation_positions(n))]
    return found


def run(copy: Path, tests: str, limit: float) -> str:
    """Run test files on the copy, in a fork: "survived", "killed" or "timeout"."""
    began, child = time.monotonic(), os.fork()
    if not child:
        os.setsid()
        os.nice(0)
        with (copy / "log").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            os.chdir(copy)
            os.environ["PYTHONPATH"] = str(copy / "src")
            sys.path.insert(0, str(copy / "src"))
            files = [f"tests/{t}.py" for t in tests.split() if (copy / "tests" / f"{t}.py").exists()]
            code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", SLOW, *files])
        os._exit(int(code))
    while time.monotonic() - began < limit:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "killed" if status else "survived"
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def main() -> None:
    """Take the sample, run it, print the figure."""
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--places", type=int, default=150)
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--limit", type=float, default=180, help="seconds of tests for a mutant")
    args.add_argument("--quick", action="store_true", help="only the quick tests of each room")
    args.add_argument("--room", choices=ROOMS, action="append")
    args.add_argument("--log", type=Path, help="one line of JSON for each mutant")
    chosen = args.parse_args()
    stages = 1 if chosen.quick else 2
    print(f"seed {chosen.seed}", flush=True)
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    all_ = []
    for room in chosen.room or ROOMS:
        at = HERE / "src/chainrule" / room
        for path in sorted(at.glob("*.py")) if at.is_dir() else [at]:
            all_ += [(room, path, *place) for place in places(path)]
    sample = random.Random(chosen.seed).sample(all_, min(chosen.places, len(all_)))
    print(f"{len(sample)} of {len(all_)} places", flush=True)
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("src", "tests"):
            shutil.copytree(HERE / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "examples", "docs"):
            (copy / part).symlink_to(HERE / part)
        for room in chosen.room or ROOMS:
            began = time.monotonic()
            if (ending := run(copy, " ".join(ROOMS[room][:stages]), 10 * chosen.limit)) != "survived":
                sys.exit(f"the tests of {room} do not pass as it is ({ending}):\n{(copy / 'log').read_text()}")
            print(f"{room}: {time.monotonic() - began:.0f} s of tests", flush=True)
        for number, (room, path, operator, which) in enumerate(sample):
            before, target = path.read_text(), copy / path.relative_to(HERE)
            after = mutate_code(before, get_operator(operator)(), which)
            target.write_text(after)
            began = time.monotonic()
            for tests in ROOMS[room][:stages]:
                ending = run(copy, tests, chosen.limit)
                if ending != "survived":
                    break
            target.write_text(before)
            counts[ending] += 1
            change = "\n".join(difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=2))
            short = f"{number} {path.relative_to(HERE)} {operator} {which}: {ending}, {time.monotonic() - began:.0f} s"
            print(short + ("" if ending == "killed" else "\n" + change), flush=True)
            if chosen.log:
                why = [x for x in (copy / "log").read_text().splitlines() if x.startswith(("FAILED", "ERROR"))]
                with chosen.log.open("a") as log:
                    log.write(json.dumps({"place": short, "ending": ending, "change": change, "why": why}) + "\n")
    print(", ".join(f"{n} {ending}" for ending, n in counts.most_common()))


if __name__ == "__main__":
    main()
