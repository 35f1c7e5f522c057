"""What all tests share: one seed, printed where a test fails, and Hypothesis without deadlines (no test is about time).

`CHAINRULE_SEED=7 pytest` runs the random tests on other numbers.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator

import numpy as np
import pytest

import chainrule as cr
from chainrule.base import language

os.environ["CHAINRULE_LANGUAGE"] = "en"  # messages are compared in English, wherever the tests run

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
