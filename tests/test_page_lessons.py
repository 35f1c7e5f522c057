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


X = np.linspace(-2, 3, 30)
Y = 0.8 * X + 1 + 0.4 * np.sin(7 * X)


def compared(tab: Tab, f: Any, shapes: list[tuple[int, ...]], x: list[float]) -> None:
    """The page's value and gradient at a place beside the engine's."""
    leaves, at = [], 0
    for shape in shapes:
        n = int(np.prod(shape))
        leaves.append(cr.tensor(np.reshape(x[at : at + n], shape), dtype=cr.float64, requires_grad=True))
        at += n
    y = f(*leaves)
    slopes = np.concatenate([g.reshape(-1).tolist() for g in cr.autograd.grad(y, leaves)])
    value, gradient = tab.get("x => [chainrule.value(x), chainrule.gradient(x)]", x)
    assert value == pytest.approx(y.item(), rel=1e-11)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-9, atol=1e-11)


def test_data_stand_beside_the_landscape_and_move(opened: Any) -> None:
    tab = opened(None, data=(X, Y), model="a*x + b", start={"a": -1.0, "b": 3.0}, lr=0.1)
    x, y = cr.tensor(X), cr.tensor(Y)
    compared(tab, lambda a, b: ((a * x + b - y) ** 2).mean(), [(), ()], [0.3, -0.7])
    slope, offset = np.polyfit(X, Y, 1)
    end = tab.get("() => chainrule.app.run.points.at(-1)")
    assert end == pytest.approx([slope, offset], abs=1e-3)
    curve = lambda: tab.get("() => document.querySelector('path.fit.run0').getAttribute('d')")  # noqa: E731
    before = curve()
    tab.get("() => chainrule.app.goTo(40)")
    tab.settle()
    assert curve() != before  # it moves as the point does
    heat = tab.get("() => document.querySelector('.band:nth-child(5)').getAttribute('d')")
    box = tab.tab.locator(".datum").nth(29).bounding_box()
    px, py = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.tab.mouse.move(px, py)
    tab.tab.mouse.down()
    tab.tab.mouse.move(px, py + 100, steps=5)
    tab.tab.mouse.up()
    tab.settle()
    moved = tab.get("() => chainrule.D.slice()")
    assert moved[59] < Y[29] - 1 and moved[:29] == pytest.approx(X[:29].tolist())
    assert tab.get("() => document.querySelector('.band:nth-child(5)').getAttribute('d')") != heat
    x2, y2 = cr.tensor(moved[:30], dtype=cr.float64), cr.tensor(moved[30:], dtype=cr.float64)
    compared(tab, lambda a, b: ((a * x2 + b - y2) ** 2).mean(), [(), ()], [0.3, -0.7])
    plan = {"lr": 0.1, "optimizer": "sgd", "settings": {"momentum": 0.0}}
    points = tab.get("() => chainrule.app.run.points")
    wanted = descent(lambda a, b: ((a * x2 + b - y2) ** 2).mean(), [-1.0, 3.0], plan, len(points) - 1)
    np.testing.assert_allclose(points, wanted, rtol=1e-9, atol=1e-9)
    link = tab.get("() => { chainrule.app.remember(); return location.hash; }")
    tab.tab.locator(".datum").nth(3).focus()
    tab.tab.keyboard.press("ArrowUp")
    tab.settle()
    assert tab.get("() => chainrule.D[33]") > Y[3]
    tab.get("() => { chainrule.app.undo(); chainrule.app.undo(); chainrule.app.now(); }")
    assert tab.get("() => chainrule.D.slice(30)") == pytest.approx(Y.tolist())
    tab.tab.goto("about:blank")
    tab.tab.goto(tab.address + link)
    tab.settle()
    assert tab.get("() => chainrule.D.slice()") == moved


def test_a_fit_shows_what_it_leaves_of_the_data_and_its_chi2(opened: Any) -> None:
    """At its minimum, and where its parameters are dragged to."""
    sigma = 0.2 + 0.1 * np.abs(X)
    found = cr.fit(lambda t, w, c: w[0] * t + w[1] * t**2 + c, X, Y, {"w": np.ones(2), "c": 0.0}, sigma=sigma)
    tab = opened(found)
    for move in ([0.0, 0.0, 0.0], [0.5, -0.1, 1.0]):
        at = np.array([*found.params["w"], found.params["c"]]) + move
        tab.get("x => { chainrule.app.pause(); chainrule.app.moveTo(x, false); }", at.tolist())
        tab.settle()
        left = Y - (at[0] * X + at[1] * X**2 + at[2])
        letter, _, value = tab.get("() => document.querySelector('.data text.total').textContent").partition(" = ")
        assert letter == "χ²" and float(value) == pytest.approx(((left / sigma) ** 2).sum(), rel=1e-3)
        path = tab.get("() => document.querySelector('.data path.left').getAttribute('d')")
        places = np.array([p.split("m")[0].split(",") for p in path.split("M")[1:]], dtype=float)
        np.testing.assert_allclose(np.diff(places[:, 0]), np.diff(places[:, 0]).mean(), atol=0.2)
        up, across = np.polyfit(left, places[:, 1], 1)
        assert up < 0
        np.testing.assert_allclose(places[:, 1], up * left + across, atol=0.2)


def test_data_of_a_closure_are_found_where_it_is_plain_which_they_are(opened: Any) -> None:
    x, y = cr.tensor(X), cr.tensor(Y)
    f = lambda a, b: (a * (b * x).sin() - y).abs().mean() + 0.01 * a * a  # noqa: E731
    tab = opened(f, start=(0.5, 1.2), lr=0.05)
    assert tab.tab.locator(".datum").count() == 30
    compared(tab, f, [(), ()], [0.31, 1.4])
    assert tab.get("() => chainrule.predict([2, 3], [0.25])") == pytest.approx(2 * np.sin(0.75))
    plain = opened(lambda a: ((a * x - x * y) ** 2).mean() + (a - y).abs().sum(), start=1.0, lr=0.05)
    assert plain.tab.locator(".datum").count() == 0  # two differences: it is not plain what is compared with what


def test_a_networks_decision_is_drawn_as_it_trains(opened: Any) -> None:
    rng = np.random.default_rng(3)
    points = rng.standard_normal((40, 2))
    x, y = cr.tensor(points), cr.tensor((points[:, 0] * points[:, 1] > 0).astype(float))

    def net(x: Any, w: Any, b: Any, v: Any) -> Any:
        return cr.tanh(x @ w + b) @ v

    def loss(w: Any, b: Any, v: Any) -> Any:
        return cr.nn.functional.binary_cross_entropy_with_logits(net(x, w, b, v), y)

    start = [cr.tensor(rng.standard_normal(s)) for s in ((2, 4), (4,), (4,))]
    tab = opened(loss, start=start, data=(x, y), model=net, optimizer="adam", lr=0.1, steps=150)
    compared(tab, loss, [(2, 4), (4,), (4,)], rng.standard_normal(16).tolist())
    at = lambda: tab.get("() => document.querySelector('path.side4').getAttribute('d')")  # noqa: E731
    before = at()
    tab.get("() => chainrule.app.goTo(150)")
    tab.settle()
    assert at() != before
    right = tab.get("""() => {
        const { D, predict, app } = chainrule, p = app.run.points.at(-1);
        return Array.from({ length: 40 }, (_, k) => (predict(p, [D[2 * k], D[2 * k + 1]]) > 0) === (D[80 + k] === 1));
    }""")
    assert sum(right) >= 36
    source = tab.get("() => document.scripts[1].text")
    assert source.index("const OPS =") - source.index("const value =") < 6000  # a loop over the points


def test_data_that_cannot_be_shown_are_refused() -> None:
    for data, model, said in [
        ((X, Y), None, "belong together"), ((X, Y[:5]), "a*x", "shape"), ((X, Y), "a*t", "has no x"),
        (X, "a*x", "pair"), ((np.ones((5, 3)), np.ones(5)), "a*x", "one or two"), (([np.nan], [1.0]), "a*x", "finite"),
        ((X, Y), lambda x, a: a * x.mean() * x, "mixes the points"), ((X, Y), lambda x, a: a * x.sum(), "one for each"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=said):
            cr.page(data=data, model=model, start=1.0)
    with pytest.raises(ValueError, match="does not use the numbers"):
        cr.page(lambda a: ((a * cr.tensor(X) - 1) ** 2).mean(), data=(X, Y), model="a*x", start=1.0)


def test_a_secant_becomes_the_tangent_and_the_second_derivative_is_drawn(tab: Tab) -> None:
    tab.show("x**3 - 3*x", 1.5, lr=0.01)
    tab.tab.get_by_text("Secant", exact=True).click()
    tab.settle()
    for h in (1.0, 0.1, 0.01, 0.001):
        tab.get("h => chainrule.app.change({ secant: h })", h)
        tab.settle()
        told = tab.tab.inner_text(".secant-step output")
        shown = float(told.split("Δf/h = ")[1].split(",")[0])
        assert shown == pytest.approx(((1.5 + h) ** 3 - 1.5**3) / h - 3, rel=1e-3)
    assert abs(shown - 3.75) < 0.005 and "f′ = 3.75" in told  # the slope, 3 x² - 3
    tab.tab.get_by_text("Second derivative").click()
    tab.settle()
    second = dict(tab.get("() => chainrule.app.plot.secondOf"))
    for x in list(second)[::100]:
        assert second[x] == pytest.approx(6 * x, abs=1e-3)


def test_values_are_told_under_the_pointer_and_on_the_contours(tab: Tab) -> None:
    tab.show("x**2 + 2*y**2", (1.5, -1.0))
    box = tab.tab.locator(".square .backdrop").bounding_box()
    tab.tab.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
    x, y, f = (
        float(part.split("=")[1].replace("−", "-")) for part in tab.tab.inner_text(".square .readout").split(",")
    )
    low, high, bottom, top = tab.get("() => chainrule.app.plot.domain")
    assert x == pytest.approx(low + 0.3 * (high - low), abs=0.02) and y == pytest.approx(
        top - 0.2 * (top - bottom), abs=0.02
    )
    assert f == pytest.approx(x**2 + 2 * y**2, abs=0.05)
    labels = tab.get("""() => [...document.querySelectorAll(".level")].map((t) => {
        const { panel } = chainrule.app.plot;
        return [t.textContent, panel.x.invert(Number(t.getAttribute("x"))), panel.y.invert(t.getAttribute("y") - 4)];
    })""")
    assert len(labels) >= 3
    for text, x, y in labels:  # each stands on its contour
        assert float(text) == pytest.approx(x**2 + 2 * y**2, rel=0.06, abs=0.05)


def test_wheel_and_drag_zoom_and_move_the_view(tab: Tab) -> None:
    tab.show("x**2 + 2*y**2", (1.5, -1.0))
    start, domain = tab.state("start"), tab.get("() => chainrule.app.plot.domain")
    box = tab.tab.locator(".square .backdrop").bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    tab.tab.mouse.move(x, y)
    tab.tab.keyboard.down("Control")
    tab.tab.mouse.wheel(0, -100)
    tab.tab.keyboard.up("Control")
    tab.tab.wait_for_function("() => chainrule.app.state.domain")
    tab.settle()
    near = tab.get("() => chainrule.app.plot.domain")
    assert near[1] - near[0] == pytest.approx((domain[1] - domain[0]) * np.exp(-0.5), rel=0.01)
    at = domain[0] + (domain[1] - domain[0]) / 4
    assert near[0] + (near[1] - near[0]) / 4 == pytest.approx(at, abs=0.02)  # the place under the pointer stays
    tab.tab.keyboard.down("Shift")
    tab.tab.mouse.down()
    tab.tab.mouse.move(x + 40, y, steps=4)
    tab.tab.mouse.up()
    tab.tab.keyboard.up("Shift")
    tab.settle()
    moved = tab.get("() => chainrule.app.plot.domain")
    assert moved[0] < near[0] and moved[1] - moved[0] == pytest.approx(near[1] - near[0])
    assert moved[2:] == pytest.approx(near[2:]) and tab.state("start") == start


def test_the_chain_rule_in_motion(tab: Tab) -> None:
    """f = x² sin x + x: values in the order of the graph, gradients back, a sum where three paths meet."""
    tab.show("x**2*sin(x) + x", 1.5)
    tab.tab.wait_for_selector(".box.variable")
    go = lambda name: tab.tab.get_by_role("button", name=name, exact=True).click()  # noqa: E731
    said = lambda: tab.tab.inner_text(".sentence")  # noqa: E731
    go("One part forward")
    assert said().startswith("Forward: u₁ = ")
    assert tab.get("() => document.querySelectorAll('.box.no-value').length") == 3  # the parts that come later
    assert tab.get("() => document.querySelectorAll('.box.no-gradient').length") == 5
    for _ in range(4):
        go("One part forward")
    assert said() == "Back: the derivative of the result with respect to itself is 1."
    for _ in range(4):
        go("One part forward")
    assert said().startswith("Back: ∂f/∂x = ") and "3 paths meet here" in said()
    terms, total = said().split(" = ")[1:3]
    parts = [np.prod([float(f.strip("()").replace("−", "-")) for f in t.split(" · ")]) for t in terms.split(" + ")]
    slope = 2 * 1.5 * np.sin(1.5) + 1.5**2 * np.cos(1.5) + 1
    assert len(parts) == 3 and sum(parts) == pytest.approx(slope, rel=1e-3)
    assert float(total.split(":")[0]) == pytest.approx(slope, rel=1e-4)
    assert tab.get("() => document.querySelectorAll('.wire.active.back').length") == 3
    go("One part forward")
    assert said() == "" and tab.get("() => document.querySelectorAll('.no-value, .no-gradient').length") == 0


def test_what_is_too_large_to_draw_is_folded_by_name(opened: Any) -> None:
    tab = opened(lambda w, b: cr.tanh(w @ w.flip(0) + b).sum() + (w**4).sum(), start=(np.ones(30), 0.5), lr=0.01)
    tab.tab.wait_for_selector(".folded-box")
    boxes = tab.tab.locator(".folded-box").all_inner_texts()
    assert (
        boxes[0].split("\n")[:2] == ["w", "30 numbers"]
        and boxes[1].startswith("b\n0.5")
        and boxes[-1].startswith("f\n")
    )
    size = float(np.linalg.norm(tab.get("() => chainrule.app.run.slopes[0]")[:30]))
    assert float(boxes[0].split(": ")[1]) == pytest.approx(size, rel=1e-3)


def test_examples_begin_with_their_question_and_settings_say_what_they_do(tab: Tab) -> None:
    n = tab.tab.locator(".examples option").count() - 1
    assert n == 7
    for k in range(n):
        tab.tab.locator(".examples").select_option(str(k))
        tab.settle()
        assert tab.tab.inner_text(".problem.question").endswith("?")
        losses = tab.get("() => chainrule.app.run.losses")
        assert len(losses) > 10 and min(losses) < losses[0]
    assert tab.get("() => chainrule.app.run.points.at(-1)") == pytest.approx(
        np.polyfit(range(4), [1.1, 1.9, 3.4, 3.8], 1), abs=1e-3
    )
    tab.show("3*x**2", 1.0, lr=0.1)
    assert "0.1 × 6 = 0.6" in tab.tab.inner_text(".meaning")
    tab.get("() => chainrule.app.change({ settings: { ...chainrule.app.state.settings, momentum: 0.9 } })")
    tab.settle()
    assert "10 times" in tab.tab.inner_text(".meaning")  # 1 / (1 - 0.9)
