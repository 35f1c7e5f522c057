"""What all tests share: one seed, printed where a test fails, and Hypothesis without deadlines (no test is about time).

`CHAINRULE_SEED=7 pytest` runs the random tests on other numbers. `pytest --skipped` runs what the last whole run had to
skip: with it the comparisons with PyTorch are made where PyTorch is, without all the others being run twice.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.base import language

os.environ["CHAINRULE_LANGUAGE"] = "en"  # messages are compared in English, wherever the tests run
os.environ.setdefault("CHAINRULE_CACHE", "off")  # code that an earlier run has kept would hide a fault

SEED = int(os.environ.get("CHAINRULE_SEED", "0"))

try:
    import hypothesis
except ImportError:  # its tests skip themselves
    pass
else:
    hypothesis.settings.register_profile(
        "chainrule", deadline=None, print_blob=True, suppress_health_check=list(hypothesis.HealthCheck)
    )
    hypothesis.settings.load_profile("chainrule")


def pytest_configure(config: pytest.Config) -> None:
    """A compiled function that is run as it is proves nothing: tests that mean it say so by `pytest.warns`."""
    config.addinivalue_line("filterwarnings", "error::chainrule.compiler.function.CompileWarning")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--skipped`, for an interpreter in which more is installed."""
    parser.addoption("--skipped", action="store_true", help="only what the last whole run has skipped")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not skipped the last time; a module that was skipped as a whole counts for all its tests."""
    if not config.getoption("skipped"):
        return
    assert config.cache is not None
    skipped = config.cache.get("chainrule/skipped", None)
    if skipped is None:
        raise pytest.UsageError("no earlier run is known: run pytest without --skipped first")
    skipped = set(skipped)
    chosen = [i for i in items if i.nodeid in skipped or i.nodeid.partition("::")[0] in skipped]
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Remember what a whole run has skipped, for `--skipped`."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.getoption("keyword")
    if whole and not config.getoption("skipped") and config.cache is not None:
        reports = terminalreporter.stats.get("skipped", [])
        config.cache.set("chainrule/skipped", sorted({report.nodeid for report in reports}))


def pytest_report_header() -> str:
    """The seed, on top of the report."""
    return f"CHAINRULE_SEED={SEED}"


@pytest.fixture(autouse=True)
def same_start() -> Iterator[None]:
    """The order of the tests must not matter: each begins with the same random numbers, and what it switches in
    `torch.backends`, or as the language, is switched back.
    """
    cr.manual_seed(SEED)
    before, spoken = dict(vars(cr.backends.cudnn)), language._chosen
    yield
    vars(cr.backends.cudnn).update(before)
    language._chosen = spoken


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers of this test's own: the same whichever tests run beside it."""
    print(f"CHAINRULE_SEED={SEED}")
    return np.random.default_rng([SEED, zlib.crc32(request.node.nodeid.encode())])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """What starts real browsers: one for a process, as there can't be a second."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        yield partial(p.chromium.launch, executable_path="/usr/bin/chromium")


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Iterator[Any]:
    """A real browser, for all tests of pages."""
    found = chromium(args=["--no-sandbox"])
    yield found
    found.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens pages of functions, each in a tab; nothing may have gone wrong in them."""
    import pages

    tabs: list[pages.Tab] = []

    def open_(f: Any, **named: Any) -> pages.Tab:
        how = {k: named.pop(k) for k in ("width", "hash", "scheme", "touch", "scale") if k in named}
        tabs.append(pages.Tab(browser, cr.page(f, **named).save(tmp_path / f"{len(tabs)}.html"), **how))
        return tabs[-1]

    yield open_
    for tab in tabs:
        tab.context.close()
    assert not [e for tab in tabs for e in tab.errors]


@pytest.fixture(scope="session")
def one_tab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import pages

    tab = pages.Tab(browser, cr.page("x**2", start=3.0, lr=0.1).save(tmp_path_factory.mktemp("page") / "page.html"))
    yield tab
    tab.context.close()


@pytest.fixture
def tab(one_tab: Any) -> Iterator[Any]:
    """A page that the tests share, each of which finds it as it was; nothing may have gone wrong in it."""
    one_tab.anew()
    yield one_tab
    errors = one_tab.errors[:]
    one_tab.errors.clear()
    assert not errors
