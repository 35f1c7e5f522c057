"""What a page has for lessons, in a real browser: races, data beside the landscape, the chain rule in motion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import pages
from chainrule import optim
from chainrule.func.expression import parse
from pages import Tab

pytestmark = pytest.mark.skipif(bool(pages.browser_missing()), reason=pages.browser_missing() or "-")

CLASSES = {"sgd": optim.SGD, "adam": optim.Adam, "rmsprop": optim.RMSprop, "adagrad": optim.Adagrad}


def descent(f: Any, start: list[float], plan: dict[str, Any], steps: int) -> list[list[float]]:
    """The points of a descent by the package's own optimiser, on doubles."""
    leaves = [cr.tensor(x, dtype=cr.float64, requires_grad=True) for x in start]
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in plan["settings"].items()}
    optimizer = CLASSES[plan["optimizer"]](leaves, lr=plan["lr"], **settings)  # type: ignore[operator]
    rows = [[x.item() for x in leaves]]
    for _ in range(steps):
        optimizer.zero_grad()
        f(*leaves).backward()
        optimizer.step()
        rows.append([x.item() for x in leaves])
    return rows


def test_a_race_is_run_by_the_engines_optimisers_from_one_start(tab: Tab) -> None:
    text = "(1 - x)**2 + 5*(y - x**2)**2"
    tab.show(text, (-1.0, 1.5), lr=0.02)
    tab.tab.get_by_role("button", name="Race the optimisers").click()
    tab.get("() => { const { app } = chainrule; app.pause(); app.moveTo([-0.8, 1.25], false); app.goTo(30); }")
    tab.settle()
    kept = tab.get("() => chainrule.app.kept")
    assert len(kept) == 4 and len({(k["plan"]["optimizer"], k["plan"]["settings"].get("momentum")) for k in kept}) == 4
    for k in kept:
        points = k["run"]["points"]
        assert points[0] == [-0.8, 1.25]  # each follows the start in hand
        np.testing.assert_allclose(points[:61], descent(parse(text), points[0], k["plan"], 60), rtol=1e-9, atol=1e-9)
    at = tab.get(
        "() => [...document.querySelectorAll('.square .runner')].map((c) => [c.cx.baseVal.value, c.cy.baseVal.value])"
    )
    panel = "([x, y]) => [chainrule.app.plot.panel.x(x), chainrule.app.plot.panel.y(y)]"
    for k, place in zip(kept, at):  # all of them at the step that is shown
        assert place == pytest.approx(tab.get(panel, k["run"]["points"][30]), abs=0.1)
    assert tab.get("() => document.querySelectorAll('.low .runner').length") == 5
    assert tab.tab.locator(".legend-line .legend").count() == 6
    link = tab.get("() => { chainrule.app.remember(); return location.hash; }")
    tab.get("() => { chainrule.app.reset(); chainrule.app.remember(); }")
    tab.get("hash => { location.hash = hash; }", link)
    tab.tab.wait_for_function(
        "() => chainrule.app.kept.length === 4 && chainrule.app.kept[0].run.points[0][0] === -0.8"
    )


def test_one_optimiser_races_at_several_rates(tab: Tab) -> None:
    tab.show("3*x**2", 1.0, lr=0.1)  # steps hold for rates below 1/3
    tab.tab.wait_for_function("() => chainrule.app.seen")
    tab.tab.get_by_role("button", name="Race learning rates").click()
    tab.get("() => { chainrule.app.pause(); chainrule.app.goTo(Infinity); }")
    tab.settle()
    runs = tab.get("() => chainrule.app.kept.map(({plan, run}) => [plan.lr, run.outcome])")
    assert [r for r, _ in runs] == sorted(r for r, _ in runs) and runs[0][0] < 0.1 < runs[-1][0]
    assert all((outcome == "diverged") == (rate > 1 / 3) for rate, outcome in runs)
    assert runs[-1][1] == "diverged"  # the last shows what too much is
    assert "diverged" in tab.tab.inner_text(".runs")
