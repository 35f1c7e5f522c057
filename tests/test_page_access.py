"""A page for everybody: what axe-core looks for, the keyboard alone, other colours, paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pages
from pages import Tab

pytestmark = pytest.mark.skipif(bool(pages.browser_missing()), reason=pages.browser_missing() or "-")

X = np.linspace(-2, 3, 12)
Y = 0.8 * X + 1


@pytest.fixture(scope="module")
def watched() -> None:
    """Skips where axe-core is not to be had."""
    try:
        pages.axe()
    except OSError as reason:
        pytest.skip(str(reason))


def everything_open(tab: Tab) -> None:
    """A race is on, the chain rule is at a part, a menu is open."""
    tab.tab.wait_for_selector(".box.variable, .folded-box")
    tab.tab.get_by_role("button", name="Race the optimisers").click()
    tab.get("() => { chainrule.app.goTo(20); document.querySelector('details.menu').open = true; }")
    tab.settle()


@pytest.mark.parametrize("f, named, scheme, widths", [
    ("x - 4*x**2 + x**4/4", {"start": 4.0}, "light", (1280, 360)),
    ("(1 - x)**2 + 10*(y - x**2)**2", {"start": (-1.5, 2.0)}, "dark", (390, 2560)),
    (None, {"data": (X, Y), "model": "a*x + b", "start": {"a": -1.0, "b": 3.0}}, "light", (768,)),
])  # fmt: skip
def test_axe_finds_nothing(
    opened: Any, watched: None, f: Any, named: dict[str, Any], scheme: str, widths: tuple[int, ...]
) -> None:
    tab = opened(f, **named, scheme=scheme, width=widths[0])
    everything_open(tab)
    for width in widths:
        tab.tab.set_viewport_size({"width": width, "height": 900})
        tab.settle()
        assert tab.barriers() == [], width
        assert tab.get("() => document.documentElement.scrollWidth - innerWidth") == 0, width
