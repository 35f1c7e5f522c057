"""Change the code in one place, and see whether a test notices (`make mutants`, or with `--places 150 --seed 0`).

A random sample of places (a comparison, an operator, a number, a condition) is taken from the files of ROOMS;
cosmic-ray changes each in a copy of the package, and tests are run on it: those nearest to the file, and if these see
nothing, those of its room. What survives is printed as a difference: either a test is missing, or the two programs are
the same. Each mutant runs in a fork of this process, which has loaded what the tests load besides the package.
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
# Where mutants are made, and the tests that a survivor of those nearest to its file meets.
ROOMS = {
    "core": "test_autograd test_views test_forward test_complex test_func test_nn test_programs test_table test_passes "
    "test_memory test_halves test_registry test_compile test_compiled_places test_batched_ops",
    "ops": "test_elementwise test_registry test_special test_linalg test_views test_complex test_convolution "
    "test_bounds test_ranges test_batched_ops test_table test_attention test_func test_explain test_derive "
    "test_compiled_ops test_halves",
    "descend": "test_verdicts test_endings test_constraints test_minimize test_sweep test_vocabulary test_leads "
    "test_bounds test_plots",
    "optim/rules.py": "test_optim test_endings test_sweep",
}
# The tests nearest to a file, which are run first.
NEAREST = {
    "conjugate complexes": "test_complex",
    "forward leading batches": "test_forward test_batched_ops",
    "graph": "test_passes test_compile",
    "number state tracer": "test_compile test_autograd",
    "op registry dispatch fast tensor": "test_autograd test_elementwise test_forward",
    "engine tape parts inplace": "test_autograd test_views test_memory",
    "activations windows": "test_nn",
    "convolve": "test_convolution",
    "recurrent": "test_recurrent",
    "linalg factor norm contract": "test_linalg",
    "special": "test_special",
    "reduce": "test_reductions",
    "ops/steps": "test_elementwise test_derive",
    "order select": "test_reductions test_indexing",
    "views": "test_views test_indexing",
    "intervals": "test_ranges test_bounds",
    "mends": "test_explain",
    "elementwise compare": "test_elementwise test_bounds",
    "sweep lanes fast_lanes executors pieces": "test_sweep",
    "constraints box lagrangian scipy_methods": "test_constraints",
    "arrival stops words untaken": "test_verdicts test_endings test_constraints",
    "result": "test_plots test_minimize",
    "searches": "test_minimize test_constraints",
    "minimize loop steps curvature flat checkpoint digest history objective options prices recall shown":
        "test_minimize test_endings",
    "rules": "test_optim",
}  # fmt: skip
FIRST = {file: tests for files, tests in NEAREST.items() for file in files.split()}
WANTED = ("Comparison", "_Add_Sub", "_Sub_Add", "_Mul_Div", "_Div_Mul", "_Delete_", "AddNot", "TrueWith", "FalseWith")
WANTED += ("AndWith", "OrWith", "NumberReplacer", "ZeroIteration", "_USub_UAdd")
# These are the same program where classes, None and small numbers are compared.
SAME = ("_Is_Eq", "_Eq_Is", "_IsNot_NotEq", "_NotEq_IsNot")
LOADED = ("torch", "scipy.optimize", "scipy.special", "sympy", "hypothesis", "numpy.testing", "xml.etree.ElementTree")

Place = tuple[str, Path, str, int]  # a room, its file, an operator of cosmic-ray's, and at which of its places


def nearest(room: str, path: Path) -> str:
    """The tests that are run first on a change in a file."""
    return FIRST.get(f"{room}/{path.stem}") or FIRST.get(path.stem) or ROOMS[room]


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


def arguments() -> argparse.Namespace:
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--places", type=int, default=150)
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--limit", type=float, default=180, help="seconds of tests for a mutant")
    args.add_argument("--quick", action="store_true", help="only the tests nearest to each file")
    args.add_argument("--room", choices=ROOMS, action="append")
    args.add_argument("--log", type=Path, help="one line of JSON for each mutant")
    return args.parse_args()


def sampled(rooms: list[str], count: int, seed: int) -> list[Place]:
    """A random choice of all places of these rooms."""
    found = []
    for room in rooms:
        at = HERE / "src/chainrule" / room
        for path in sorted(at.glob("*.py")) if at.is_dir() else [at]:
            found += [(room, path, *place) for place in places(path)]
    print(f"{min(count, len(found))} of {len(found)} places, seed {seed}", flush=True)
    return random.Random(seed).sample(found, min(count, len(found)))


def judged(copy: Path, place: Place, stages: int, limit: float) -> tuple[str, str]:
    """How the tests of a room end with the change in one place, and the change."""
    room, path, operator, which = place
    target = copy / path.relative_to(HERE)
    before = target.read_text()  # not what is in the making beside it
    after = mutate_code(before, get_operator(operator)(), which)
    target.write_text(after)
    endings = (run(copy, tests, limit) for tests in (nearest(room, path), ROOMS[room])[:stages])
    ending = next((e for e in endings if e != "survived"), "survived")
    target.write_text(before)
    change = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=2)
    return ending, "\n".join(change)


def main() -> None:
    """Take the sample, run it, print the figure."""
    chosen = arguments()
    rooms, stages = chosen.room or [*ROOMS], 1 if chosen.quick else 2
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sample = sampled(rooms, chosen.places, chosen.seed)
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("src", "tests"):
            shutil.copytree(HERE / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "examples", "docs"):
            (copy / part).symlink_to(HERE / part)
        needed = {nearest(room, path) for room, path, *_ in sample} | (
            {ROOMS[room] for room in rooms} if stages > 1 else set()
        )
        tests = " ".join(sorted({t for some in needed for t in some.split()}))
        if (ending := run(copy, tests, 20 * chosen.limit)) != "survived":
            sys.exit(f"the tests do not pass as it is ({ending}):\n{(copy / 'log').read_text()}")
        for number, place in enumerate(sample):
            began = time.monotonic()
            ending, change = judged(copy, place, stages, chosen.limit)
            counts[ending] += 1
            where = f"{number} {place[1].relative_to(HERE)} {place[2]} {place[3]}"
            short = f"{where}: {ending}, {time.monotonic() - began:.0f} s"
            print(short if ending == "killed" else f"{short}\n{change}", flush=True)
            if chosen.log:
                why = [x for x in (copy / "log").read_text().splitlines() if x.startswith(("FAILED", "ERROR"))]
                with chosen.log.open("a") as log:
                    log.write(json.dumps({"place": short, "ending": ending, "change": change, "why": why}) + "\n")
    print(", ".join(f"{n} {ending}" for ending, n in counts.most_common()))


if __name__ == "__main__":
    main()
