"""Pages in a real browser, with the network refused: the numbers, what a reader does with them, and what is refused."""

from __future__ import annotations

import base64
import itertools
import json
import math
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import pages
from chainrule import optim
from chainrule.base.language import LANGUAGES
from chainrule.func.expression import ExpressionError, parse
from chainrule.see.page import optimisers, page, sentences
from pages import Tab
from test_expression import SCHOOL

pytestmark = pytest.mark.skipif(bool(pages.browser_missing()), reason=pages.browser_missing() or "-")

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "sgd": [
        {}, {"momentum": 0.9}, {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
        {"momentum": 0.5, "dampening": 0.2},
    ],
    "adam": [{}, {"amsgrad": True, "weight_decay": 0.1}, {"betas": [0.8, 0.99]}],
    "adamw": [{}, {"amsgrad": True}],
    "adamax": [{}, {"weight_decay": 0.1}],
    "nadam": [{}, {"momentum_decay": 0.01}],
    "radam": [{}, {"weight_decay": 0.1}],
    "rmsprop": [{}, {"momentum": 0.5, "centered": True}, {"weight_decay": 0.1}],
    "rprop": [{}, {"etas": [0.6, 1.1]}],
    "adagrad": [{}, {"lr_decay": 0.1, "initial_accumulator_value": 0.5}],
    "adadelta": [{}, {"rho": 0.8}],
    "asgd": [{}, {"t0": 20, "weight_decay": 0.1}],
}  # fmt: skip


def engine(f: Any, start: Any) -> tuple[list[Any], Any]:
    """The arguments as leaves of doubles, and the function of them as a list."""
    f = parse(f) if isinstance(f, str) else f
    values = start if isinstance(start, tuple) else (start,)
    leaves = [
        cr.tensor(v.tolist() if isinstance(v, cr.Tensor) else v, dtype=cr.float64, requires_grad=True) for v in values
    ]
    return leaves, f


def flat(tensors: Any) -> list[float]:
    return [x for t in tensors for x in t.detach().reshape(-1).tolist()]


@pytest.mark.parametrize("name", list(pages.GALLERY))
def test_numbers_are_the_engines(opened: Any, name: str) -> None:
    f, start, lr = pages.GALLERY[name]
    tab = opened(f, start=start, lr=lr)
    leaves, g = engine(f, start)
    rng = np.random.default_rng(7)
    x0 = np.array(flat(leaves))
    for k in range(6):
        x = x0 + (0.3 * rng.standard_normal(x0.shape) if k else 0)
        at = 0
        for leaf in leaves:
            n = leaf.numel()
            with cr.no_grad():
                leaf.copy_(cr.tensor(x[at : at + n].tolist(), dtype=cr.float64).reshape(leaf.shape))
            at += n
        y = g(*leaves)
        slopes = flat(cr.autograd.grad(y, leaves))
        value, gradient = tab.get("x => [chainrule.value(x), chainrule.gradient(x)]", x.tolist())
        assert value == pytest.approx(float(y), rel=1e-13, abs=1e-13), x
        assert gradient == pytest.approx(slopes, rel=1e-12, abs=1e-12), x
        if isinstance(f, str):  # what is typed into the page is differentiated there, by the same rules
            typed = tab.get(
                "([t, x]) => { const m = chainrule.fromText(t); return [m.value(x), m.gradient(x)]; }", [f, x.tolist()]
            )
            assert typed[0] == pytest.approx(float(y), rel=1e-13, abs=1e-13), x
            assert typed[1] == pytest.approx(slopes, rel=1e-12, abs=1e-12), x


@pytest.mark.parametrize("shown", ["quartic", "line"])
def test_a_hundred_steps_are_the_optimisers(opened: Any, shown: str) -> None:
    f, start, _ = pages.GALLERY[shown]
    tab = opened(f, start=start, lr=0.01)
    for name in SETTINGS:
        same_steps(tab, f, start, name)


def same_steps(tab: Tab, f: Any, start: Any, name: str) -> None:
    cls: Any = getattr(
        optim,
        {"sgd": "SGD", "adamw": "AdamW", "nadam": "NAdam", "radam": "RAdam", "rmsprop": "RMSprop", "asgd": "ASGD"}.get(
            name, name.title()
        ),
    )
    lr = {"adadelta": 1.0, "sgd": 0.01, "asgd": 0.01}.get(name, 0.05)
    for given in SETTINGS[name]:
        leaves, g = engine(f, start)
        optimizer = cls(leaves, lr=lr, **{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})
        rows = [flat(leaves)]
        for _ in range(100):
            optimizer.zero_grad()
            g(*leaves).backward()
            optimizer.step()
            rows.append(flat(leaves))
        settings = {k: v for k, v in optimisers.settings(name).items() if k != "lr"} | given
        plan = {"start": rows[0], "lr": lr, "optimizer": name, "settings": settings}
        run = tab.get("plan => chainrule.descend(plan, 100)", plan)
        assert len(run["points"]) == 101, given
        np.testing.assert_allclose(run["points"], rows, rtol=1e-9, atol=1e-9, err_msg=str(given))


def doubles(rng: random.Random, n: int) -> list[float]:
    """Doubles of every size: bits drawn at random, powers of ten, and whole numbers that end in zeros."""
    drawn = [struct.unpack("<d", rng.randbytes(8))[0] for _ in range(n)]
    edges = [0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 999999.5, 9.9999e-5, 1e22, 4.074e-10]
    tens = [s * m * 10.0**e for e in range(-320, 308, 5) for m in (1, 2.5, 9.99996) for s in (1, -1)]
    return [x for x in [*drawn, *edges, *tens] if math.isfinite(x)]


def test_numbers_are_written_as_they_are(tab: Tab) -> None:
    """Read again by Python, each is the number to the digits that are shown; over the whole range of doubles."""
    seed = 3
    print("seed", seed)
    xs = doubles(random.Random(seed), 3000)
    for n in range(1, 9):
        for x, text in zip(xs, tab.get("([xs, n]) => xs.map((x) => chainrule.digits(x, n))", [xs, n])):
            read = float(text.replace("−", "-"))
            powered = x != 0 and not 1e-4 <= abs(x) < 1e6  # written with a power of ten, which takes room
            wanted = float(f"{x:.{max(n - 1, 2) if powered else n}g}")
            half = 0.5000001 * abs(x) * 10.0 ** (1 - (max(n - 1, 2) if powered else n))
            assert read == pytest.approx(wanted, rel=1e-15, abs=0) or abs(read - x) <= half, (x, n, text)


def test_no_zero_of_an_exponent_is_lost(tab: Tab) -> None:
    tab.show("x**2 - y**2", (2.0, 0.001), lr=0.1)
    tab.get("() => chainrule.app.goTo(100)")
    tab.settle()
    x = tab.get("() => chainrule.app.run.points.at(-1)[0]")
    assert x == pytest.approx(2 * 0.8**100, rel=1e-9)
    shown = tab.get("() => document.querySelector('.handle').getAttribute('aria-valuetext')")
    read = float(shown.split(",")[0].split("=")[1].replace("−", "-"))
    assert read == pytest.approx(x, rel=1e-3)
    for number in ("1e-10", "2.5e30", "1e20"):  # in formulas, a power of ten as such
        tab.type(f"{number}*x")
        text = tab.get("() => document.querySelector('.formulas math').textContent")
        mantissa, power = number.split("e")
        assert f"{mantissa}·10{power.replace('-', '−')}" in text or f"10{power.replace('-', '−')}" in text, text


def test_every_optimiser_is_compared() -> None:
    assert set(SETTINGS) == set(optimisers.RULES)


def test_dragging_typing_and_keys_move_the_start(opened: Any) -> None:
    tab = opened("x**2 - 4*x + 5", start=5.0, lr=0.1)
    box = tab.tab.locator(".handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.tab.mouse.move(x, y)
    tab.tab.mouse.down()
    tab.tab.mouse.move(x - 120, y, steps=6)
    tab.settle()
    assert tab.state("start")[0] < 4.5
    slope = (
        tab.tab.inner_text(".slope-label")
        if False
        else tab.get("() => document.querySelector('.slope-label').textContent")
    )
    assert float(slope.split("=")[1].replace("−", "-")) == pytest.approx(2 * tab.state("start")[0] - 4, abs=1e-2)
    tab.tab.mouse.up()
    before = tab.state("start")[0]
    tab.tab.locator(".handle").focus()
    tab.tab.keyboard.press("ArrowRight")
    tab.settle()
    assert before < tab.state("start")[0] < before + 0.2
    number = tab.tab.locator(".starts input[type=number]")
    number.fill("-1.5")
    number.press("Enter")
    tab.settle()
    assert tab.state("start") == [-1.5]
    slider = tab.tab.locator(".starts input[type=range]")
    slider.fill("1.25")
    tab.settle()
    assert tab.state("start") == [1.25]


def test_the_descent_is_played_both_ways(tab: Tab) -> None:
    tab.show("x**2 - 4*x + 5", 5.0, lr=0.001, steps=1500)  # it plays for longer than a slow machine takes to pause it
    step = lambda: tab.get("() => chainrule.app.shownStep()")  # noqa: E731
    for name, wanted in (
        ("One step forward", 1),
        ("One step forward", 2),
        ("One step back", 1),
        ("To the end", 1500),
        ("To the start", 0),
    ):
        tab.tab.get_by_role("button", name=name, exact=True).click()
        tab.settle()
        assert step() == wanted
    tab.tab.locator(".speed, .player select").first.select_option("60")
    tab.tab.get_by_role("button", name="Play", exact=True).click()
    tab.tab.wait_for_function("() => chainrule.app.shownStep() > 3")
    tab.tab.get_by_role("button", name="Pause", exact=True).click()
    at = step()
    tab.settle()
    assert step() == at > 3


def test_divergence_is_told_explained_and_marked(tab: Tab) -> None:
    tab.show("3*x**2", 1.0, lr=0.1)  # f'' = 6: steps hold for lr < 1/3
    tab.tab.wait_for_function("() => document.querySelector('.critical')")
    assert tab.title().startswith("Converges")
    note = tab.tab.inner_text(".rate-note .diverged")
    assert 1 / 3 <= float(note.split("from ")[1].split()[0]) < 0.42  # the slowest divergence takes more than 100 steps
    number = tab.tab.locator(".controls input[aria-label='Learning rate'][type=number]")
    number.fill("0.5")
    number.press("Enter")
    tab.settle()
    assert tab.title().startswith("Diverges")
    text = tab.tab.inner_text(".verdict")
    assert "0.3333" in text and "6" in text and "0.5" in text


@pytest.mark.parametrize("text, start, lr, title, said", [
    ("x**2 - y**2", (2.0, 0.001), 0.1, "Falls without end", "no minimum"),
    ("3*x", 1.0, 0.05, "Falls without end", "no minimum"),
    ("x**3", -1.0, 0.1, "Falls without end", ""),
    ("exp(-x)", 0.0, 0.5, "Still moving", ""),  # no minimum either, but it does not go below 0
    ("1/(x - 1) + x", 3.0, 0.2, "Converges", ""),  # below, beyond the pole, is no way that a descent goes
    ("tan(x)", 1.0, 0.1, "Leaps over a pole", "near x = −1.571"),
    ("x**3 - 3*x", 1.5, 0.5, "Bounces", ""),  # not "a larger rate would go on"
    ("sqrt(x) + x", 0.2, 0.5, "Leaves the domain", "x ="),
    ("exp(x**2)", 2.0, 0.1, "Diverges", ""),
    ("x**4", 1.0, 0.6, "Diverges", "From here it diverges from 0.5 on."),  # x -> x - 4 lr x^3 leaves |x| <= 1 at lr 0.5
    ("3*x**2", 1.0, 0.5, "Diverges", "2 / 6 = 0.3333"),
    ("x**2", 0.0, 0.1, "Starts on a minimum", ""), ("-x**2", 0.0, 0.1, "Starts on a maximum", ""),
    ("x**3", 0.0, 0.1, "Starts on a point of inflection", ""), ("x**4", 0.0, 0.1, "Starts on a minimum", ""),
    ("x**2 - y**2", (0.0, 0.0), 0.1, "Starts on a saddle point", ""),
    ("x**2 - y**2", (1.0, 0.0), 0.1, "Comes to a saddle", ""),
    ("relu(x)", -1.0, 0.1, "Starts where the function is flat", ""),
    ("exp(-x**2)", 5.0, 0.1, "Starts where the function is nearly flat", ""),
])  # fmt: skip
def test_verdicts_are_true(tab: Tab, text: str, start: Any, lr: float, title: str, said: str) -> None:
    """What is known of each function by hand, beside what the page says of it."""
    tab.show(text, start, lr=lr)
    tab.tab.wait_for_function("() => chainrule.app.seen")
    tab.settle()
    whole = tab.tab.inner_text(".verdict")
    assert tab.title().startswith(title), whole
    assert said in whole, whole
    assert text == "3*x**2" or "only while the rate is below" not in whole  # true of quadratic functions alone


def tears(tab: Tab) -> tuple[list[list[Any]], list[list[Any]]]:
    return tuple(
        tab.get(f"() => chainrule.app.plot.{name}.breaks.map((b) => [b.kind, b.x])") for name in ("curveOf", "slopeOf")
    )  # type: ignore[return-value]


@pytest.mark.parametrize("text, start, poles, jumps", [
    ("1/(x - 1) + x", 3.0, [1], []), ("1/(x - 0.77)**2", 3.0, [0.77], []), ("log(abs(x - 0.3))", 2.0, [0.3], []),
    ("log(x)", 1.0, [0], []), ("floor(x)", 0.5, [], [-1, 0, 1]), ("sign(x - 0.1)*x", 1.0, [], [0.1]),
    ("tan(x)", 4.0, [-math.pi / 2, math.pi / 2], []), ("where(x < 0.25, x**2, x + 1)", 1.0, [], [0.25]),
    # continuous, however steep: nothing is to be marked
    ("sin(x)/x", 2.0, [], []), ("abs(x)", 2.0, [], []), ("tanh(200*x)", 1.0, [], []), ("sqrt(abs(x))", 1.0, [], []),
    ("sin(40*x)", 1.0, [], []), ("x**4", 3.0, [], []), ("sqrt(x)", 1.0, [], []),
    ("exp(-(x**2 - x + 1)/cos(log(x))**2)", 1.0, [], []),
])  # fmt: skip
def test_curves_are_broken_where_the_function_is(
    tab: Tab, text: str, start: float, poles: list[float], jumps: list[float]
) -> None:
    tab.show(text, start, lr=0.01)
    found = tears(tab)[0]
    low, high = tab.get("() => chainrule.app.plot.domain")
    for kind, wanted in (("pole", poles), ("jump", jumps)):
        got = [x for k, x in found if k == kind and -2 < x < 2]
        assert got == pytest.approx(sorted(x for x in wanted if low <= x <= high), abs=1e-6), (kind, found)
    # No stroke of the path goes through a tear from one side to the other, and a pole does not make the axis run away.
    strokes = tab.get("() => document.querySelector('path.curve').getAttribute('d')").split("M")[1:]
    at = [tab.get("x => chainrule.app.plot.above.x(x)", x) for x in [*poles, *jumps] if low < x < high]
    for stroke in strokes:
        xs = [float(p.split(",")[0]) for p in stroke.replace("Z", "").split("L")]
        assert not any(min(xs) < x - 0.6 and max(xs) > x + 0.6 for x in at)
    if poles:
        bottom, top = tab.get("() => chainrule.app.plot.yRange")
        assert top - bottom < 100
        assert tab.get("() => document.querySelector('path.torn').getAttribute('d')")


def test_slopes_are_broken_at_kinks(tab: Tab) -> None:
    tab.show("abs(x)", 2.0, lr=0.1)
    assert tears(tab) == ([], [["jump", 0]])


@pytest.mark.parametrize("text, start", [
    ("sqrt(x)", -1.0), ("exp(1000*x)", 1.0), ("log(x - 3)", -2.0), ("sqrt(x*y)", (-1.0, 2.0)), ("1/x", 0.0),
    ("asin(x)", 4.0), ("sqrt(x)", 0.0), ("log(x) + log(y)", (-1.0, -1.0)),
])  # fmt: skip
def test_a_start_outside_the_domain(tab: Tab, text: str, start: Any) -> None:
    """Nothing goes wrong (the console is looked at when the tab closes), and the way back is one press."""
    tab.show(text, start)
    assert tab.title() in ("Not defined at the start", "Not finite at the start")
    assert "The nearest place that works" in tab.tab.inner_text(".verdict")
    tab.tab.get_by_role("button", name="Start there").click()
    tab.settle()
    x = tab.state("start")
    f = parse(text)
    leaves = [cr.tensor(v, dtype=cr.float64, requires_grad=True) for v in x]
    y = f(*leaves)
    assert math.isfinite(float(y)) and all(math.isfinite(g) for g in flat(cr.autograd.grad(y, leaves)))
    before = start if isinstance(start, tuple) else (start,)
    assert math.dist(x, before) < 8  # asin(x) is 3 away, log(x - 3) 5
    assert tab.title() not in ("Not defined at the start", "Not finite at the start")


@pytest.mark.parametrize("text, start", [
    ("x - 4*x**2 + x**4/4", 4.0), ("(1 - x)**2 + 100*(y - x**2)**2", (-1.5, 2.0)), ("x**2", 3.0),
    ("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", (0.0, 0.0)), ("1/(x - 1) + x", 3.0), ("1e6*x**2", 3.0),
])  # fmt: skip
def test_what_was_not_chosen_arrives(opened: Any, text: str, start: Any) -> None:
    """A page without a rate begins with a descent that arrives at a minimum, and shows it."""
    tab = opened(text, start=start)
    assert tab.title().startswith("Converges"), tab.title()
    assert tab.state("lr") >= 0.002
    end = tab.get("() => chainrule.app.run.points.at(-1)")
    domain = tab.get("() => chainrule.app.plot.domain")
    for i, x in enumerate(end):
        assert domain[2 * i] < x < domain[2 * i + 1]
    if len(end) == 2:  # the minimum is marked, in view
        box = tab.tab.locator("path.minimum").bounding_box()
        around = tab.tab.locator(".square .backdrop").bounding_box()
        assert around["x"] < box["x"] < around["x"] + around["width"]
        assert around["y"] < box["y"] < around["y"] + around["height"]


@pytest.mark.parametrize("text, start", [
    ("exp(-(x**2 - x + 1)/cos(log(x))**2)", 1.0), ("exp(-x)", 0.0), ("atan(x)", 1.0), ("1/x", 1.0),
])  # fmt: skip
def test_where_there_is_no_minimum_the_first_look_is_a_descent_too(opened: Any, text: str, start: float) -> None:
    """Down, by gradient descent, in steps that can be seen: no end that is flat for want of numbers."""
    tab = opened(text, start=start)
    losses = tab.get("() => chainrule.app.run.losses")
    assert tab.state("optimizer") == "sgd"
    assert all(b < a for a, b in itertools.pairwise(losses))
    low = min(losses)
    assert 4 <= sum(y > low + 0.3 * (losses[0] - low) for y in losses) < 60  # most is done neither at once nor late


def test_the_minimum_is_in_view_though_the_descent_does_not_arrive(opened: Any) -> None:
    tab = opened("(1 - x)**2 + 100*(y - x**2)**2", start=(-1.5, 2.0), lr=0.001)
    assert tab.title().startswith("Still moving")
    x0, x1, y0, y1 = tab.get("() => chainrule.app.plot.domain")
    assert x0 < 1 < x1 and y0 < 1 < y1
    assert tab.get("() => document.querySelector('path.minimum').getAttribute('d')")


def test_runs_are_laid_over_each_other(tab: Tab) -> None:
    tab.tab.get_by_role("button", name="Keep this run to compare").click()
    tab.tab.locator("select[aria-label=Optimiser]").select_option("adam")
    tab.settle()
    assert tab.get("() => document.querySelectorAll('.tall path.run').length") == 2
    assert tab.get("() => document.querySelectorAll('.low path.run').length") == 2
    assert tab.tab.locator(".runs li").count() == 2
    tab.tab.get_by_role("button", name="Remove this run").click()
    tab.settle()
    assert tab.state("runs") == []


def test_a_link_reproduces_what_was_seen(opened: Any) -> None:
    tab = opened("x**2", start=3.0, lr=0.1)
    tab.type("y**2/2 + sin(x)")
    tab.get("""() => {
        const settings = { betas: [0.8, 0.9], eps: 1e-8, weight_decay: 0, amsgrad: true };
        const { app } = chainrule;
        app.change({ start: [0.5, -2], lr: 0.25, optimizer: "adam", settings, steps: 30, step: 7 });
        app.change({ language: "ru", theme: "dark", domain: [-3, 3, -2, 4] });
        app.keep();
        app.now();
        app.remember();
    }""")
    link = tab.tab.url
    state = tab.get("() => JSON.stringify(chainrule.app.state)")
    again = opened("x**2", start=3.0, lr=0.1, hash="#" + link.split("#")[1])
    assert json.loads(again.get("() => JSON.stringify(chainrule.app.state)")) == json.loads(state)
    assert again.tab.input_value("#function") == "y**2/2 + sin(x)"


@pytest.mark.parametrize("hash", [
    "#start=%5B1e999%5D", "#start=[]", "#lr=-1&optimizer=__proto__&settings={%22__proto__%22:1}",
    "#steps=1e9&step=-3", "#text=%E0%A4%A", "#constructor=1&text=" + "(" * 3000, "#settings=null",
    "#domain=[3,1]&axes=[9,9]&runs=[null,1,{%22start%22:[1,2,3]}]&language=xx&theme=%3Cimg%20src=x%20onerror=alert(1)%3E",
    "#settings=[1]&runs={}", "#axes=null", "#text=bad((&start=[1,2]&runs=[{%22start%22:[1,2]}]", "#start=[1,2]",
])  # fmt: skip
def test_a_broken_link_breaks_nothing(tab: Tab, hash: str) -> None:
    tab.tab.goto("about:blank")
    tab.tab.goto(tab.address + hash)
    tab.settle()
    assert tab.get("() => chainrule.app.run.points.length") >= 1
    assert tab.get("() => chainrule.app.state.lr") == 0.1
    assert tab.get("() => chainrule.app.state.start") == [3] or "[1" in hash  # of a vector the first may be taken


@pytest.mark.parametrize("text", [
    "", "x +", "1/2x", "x^2y", "foo(x)", "(x", "x)", "sin", "x < 1", "x y", "1/0", "x.__class__", "x[0]", "a" * 20,
    "x**9999", "max(x)", "max(x, 1, 2)", "where(x, 1, 2)", "alert(1)", "x;y", "=", "|x", "√2x", "sin x/2", "1,234",
])  # fmt: skip
def test_bad_input_shows_where(tab: Tab, text: str) -> None:
    tab.type(text)
    assert tab.tab.inner_text(".problem").strip(), text
    assert tab.get("() => chainrule.app.error.at") is not None
    assert tab.get("() => chainrule.app.model.text") == "x**2"  # the last good one stays
    assert tab.tab.get_attribute("#function", "aria-invalid") == "true"
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert tab.get("() => chainrule.app.error.at") == refused.value.position, text
    tab.type("x**3")
    assert not tab.tab.inner_text(".problem").strip()


TYPED = [
    "-x**2", "2**-x", "2**3**x", "-2**x", "x - y - 1", "x/y/2", "x²+y³", "x·y − 2×x", "2*(x + y)*3", "--x", "-+-x",
    "1.5e-3*x + .5", "max(x, y) - min(x, 2)", "where(x <= y, x**2, -y)", "pi*x + e", "theta_0*alpha2 + x1", "x**y",
    "ln(abs(x) + 1) + lg(x**2 + 1) + tg(x/9)", "sqrt(x**2 + y**2)", "clip(x, -1, 1)", "atan2(x, y)",
    "hypot(x, y) + logaddexp(x, y)", "gelu(x) + silu(y) + softplus(x) + elu(y) + mish(x)", "sinc(x)*erf(y)",
    "exp2(x) + expm1(y) + log1p(x**2)", "fmod(x, 3) + remainder(y, 2)", "sigmoid(x)*tanh(y)",
    "round(x) + floor(y) + ceil(x) + trunc(y) + frac(x)", "reciprocal(x) + rsqrt(x**2) + square(y)",
    *(text for text, _ in SCHOOL if parse(text).variables),
]  # fmt: skip


def test_typed_expressions_are_pythons(tab: Tab) -> None:
    for text in TYPED:
        f = parse(text)
        x = [0.37 + 0.61 * i for i in range(len(f.variables))]
        leaves = [cr.tensor(v, dtype=cr.float64, requires_grad=True) for v in x]
        y = f(*leaves)
        slopes = cr.autograd.grad(y, leaves)
        got = tab.get(
            """([text, names, x]) => {
                const m = chainrule.fromText(text), at = m.names.map((n) => x[names.indexOf(n)]);
                return [m.names, m.value(at), m.gradient(at)];
            }""",
            [text, list(f.variables), x],
        )
        assert sorted(got[0]) == sorted(f.variables), text
        assert got[1] == pytest.approx(float(y), rel=1e-12, abs=1e-12), text
        for name, slope in zip(got[0], got[2]):
            assert slope == pytest.approx(float(slopes[f.variables.index(name)]), rel=1e-12, abs=1e-12), text


def random_text(rng: random.Random, depth: int) -> str:
    """An expression, mostly a right one."""
    kind = rng.random()
    inner = [random_text(rng, depth - 1) for _ in range(4)] if depth else []
    if not depth or kind < 0.2:
        return rng.choice("x y x1 a_b theta pi e 2 0.5 .5 1e2 3".split())
    if kind < 0.6:
        return f"{inner[0]} {rng.choice(['+', '-', '*', '/', '**'])} {inner[1]}"
    if kind < 0.8:
        forms = [
            "-{}",
            "+{}",
            "({})",
            "{}²",
            "max({}, {})",
            "|{}|",
            "√{}",
            "2{}",
            "{}({})",
            "{}^{}",
            "3,5{}",
            "sin {}",
            "ln²{}",
        ]
        return rng.choice(forms).format(*inner)
    if kind < 0.88:
        return "where({} < {}, {}, {})".format(*inner)
    return f"{rng.choice('sin exp sqrt log abs tanh erf sigmoid ln'.split())}({inner[0]})"


def test_both_parsers_take_and_refuse_the_same(tab: Tab) -> None:
    """The page's and Python's, on right expressions and on shuffled pieces of such."""
    seed = 20
    print("seed", seed)
    rng = random.Random(seed)
    pieces = (
        "x y x1 a_b 2 0.5 1e3 .5 pi + - * / ** ( ) , sin( max( where( < == ² × − ÷ ^ 3x foo log( 1. = >= // . _ x__ "
        "| | √ π sin ln e 3,5 1,250"
    )
    texts = [random_text(rng, rng.randint(1, 4)) for _ in range(600)]
    texts += [
        "".join(rng.choice(pieces.split()) + rng.choice(["", " "]) for _ in range(rng.randint(1, 8)))
        for _ in range(1200)
    ]
    got = tab.get(
        """texts => texts.map((text) => {
            try {
                const m = chainrule.fromText(text);
                return [m.names, String(m.value(m.names.map((_, i) => 0.7 + 0.4 * i)))];
            } catch (e) {
                return [e.constructor.name, e.at];
            }
        })""",
        texts,
    )
    taken = 0
    for text, found in zip(texts, got):
        try:
            f = parse(text)
        except ExpressionError as refused:
            assert found[0] == "ExpressionError" and found[1] == min(refused.position, len(text.rstrip())), text
            continue
        assert found[0] != "ExpressionError", text
        names, value = found
        assert set(f.variables) <= set(names), text
        taken += 1
        at = {n: 0.7 + 0.4 * i for i, n in enumerate(names)}
        wanted = float(f(**{n: at[n] for n in f.variables}))
        assert float(value.replace("Infinity", "inf")) == pytest.approx(wanted, rel=1e-9, abs=1e-12, nan_ok=True), text
    assert 300 < taken < 1500


def test_ops_are_the_tables(tab: Tab) -> None:
    """Every op that the page has, on numbers of every kind, against its own kernel."""
    from chainrule.core.op import REGISTRY
    from chainrule.see.page import rules

    table, _ = rules.table(set())
    numbers = [-3.5, -2.5, -1.0, -0.3, 0.0, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 7.25, 30.0]
    whole = {"bitwise_and", "bitwise_or"}
    for name, (n, _) in table.items():
        rows = [
            (a,) if n == 1 else (a, b) if n == 2 else (a, b, 0.7)
            for a in numbers
            for b in (numbers if n > 1 else [0.0])
        ]
        rows = [(int(a > 0), int(b > 0)) for a, b in rows] if name in whole else rows
        got = tab.get("([name, rows]) => rows.map((r) => String(Number(chainrule.OPS[name](...r))))", [name, rows])
        with np.errstate(all="ignore"):
            wanted = [
                float(REGISTRY[name].kernel(*[np.int64(v) if name in whole else np.float64(v) for v in r]))
                for r in rows
            ]
        for r, a, b in zip(rows, got, wanted):
            a = float(a.replace("Infinity", "inf"))
            assert (math.isnan(a) and math.isnan(b)) or a == pytest.approx(b, rel=2e-13, abs=2e-14), (name, r)


def test_languages_switch_in_the_page(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*sentences.sentences(), *(many for _, many in sentences.counted())]
    made = {code: {text: f"{code}: {text}" for text in texts} if code != "en" else {} for code in LANGUAGES}
    monkeypatch.setattr("chainrule.see.page.document.catalogues", lambda: made)
    tab = opened("x**2", start=3.0)
    for code in ("th", "vi", "ru", "en"):
        tab.tab.locator("select[aria-label$=Language]").select_option(code)
        tab.settle()
        prefix = "" if code == "en" else f"{code}: "
        assert tab.tab.inner_text("h2 >> nth=0").startswith(f"{prefix}The loss")
        assert tab.title().startswith(prefix)
        assert tab.get("() => document.documentElement.lang") == code
        assert tab.tab.get_by_role("button", name=f"{prefix}Play", exact=True).count() == 1


def test_numbers_of_steps_are_said_as_the_language_has_them(tab: Tab) -> None:
    for language, told in {
        "ru": {1: "1 шаг", 2: "2 шага", 5: "5 шагов", 21: "21 шаг", 22: "22 шага", 111: "111 шагов"},
        "en": {1: "1 step", 2: "2 steps"}, "vi": {1: "1 bước", 5: "5 bước"}, "th": {1: "1 ก้าว", 5: "5 ก้าว"},
    }.items():  # fmt: skip
        for n, end in told.items():
            title = tab.get(
                """([language, n]) => {
                    const { app } = chainrule;
                    app.change({ language });
                    app.compute();
                    Object.assign(app.run, { outcome: "converged", at: n });
                    app.run.points = [...Array(n).fill([1]), [0]];
                    return chainrule.verdict(app).title;
                }""",
                [language, n],
            )
            assert title.endswith(end), title


def test_two_and_more_variables(opened: Any) -> None:
    tab = opened("(1 - x)**2 + 100*(y - x**2)**2", start=(-1.2, 1.5), lr=0.001)
    assert tab.get("() => document.querySelectorAll('.band').length") >= 8
    assert tab.get("() => document.querySelector('path.arrows').getAttribute('d').length") > 1000
    box = tab.tab.locator(".square .backdrop").bounding_box()
    tab.tab.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5)
    tab.settle()
    x, y = tab.state("start")
    assert x > 0.5 and abs(y) < 0.3
    assert tab.get("() => document.querySelectorAll('.slice').length") == 2
    more = opened(lambda w: (w**2 * cr.tensor([1.0, 2.0, 3.0, 4.0])).sum(), start=cr.ones(4), lr=0.1)
    more.tab.locator(".axes select >> nth=0").select_option("3")
    more.settle()
    assert more.get("() => chainrule.app.axes()") == [3, 1]


def test_the_chain_rule_follows_the_point(tab: Tab) -> None:
    tab.show("5*(2*x**3)**2", 2.0)
    tab.tab.wait_for_selector(".box.variable")
    assert "3840" in tab.get("() => document.querySelector('.box.variable .gradient').textContent")
    tab.get("() => chainrule.app.change({start: [1]})")
    tab.settle()
    assert "120" in tab.get("() => document.querySelector('.box.variable .gradient').textContent")
    assert tab.get("() => document.querySelectorAll('.formulas math').length") == 2


@pytest.mark.parametrize("item, end", [("Picture as PNG", ".png"), ("Picture as SVG", ".svg"), ("Run as CSV", ".csv")])
def test_it_saves(tab: Tab, tmp_path: Path, item: str, end: str) -> None:
    tab.show("x**2", 3.0, lr=0.1, steps=20)
    tab.tab.locator(".menu summary").click()
    with tab.tab.expect_download() as found:
        tab.tab.get_by_role("button", name=item).click()
    path = tmp_path / f"saved{end}"
    found.value.save_as(path)
    assert found.value.suggested_filename.endswith(end)
    data = path.read_bytes()
    if end == ".png":
        assert data.startswith(b"\x89PNG") and len(data) > 5000
    elif end == ".svg":
        import xml.etree.ElementTree as ET

        assert ET.fromstring(data).tag == "{http://www.w3.org/2000/svg}svg" and b"var(" not in data
    else:
        rows = data.decode().strip().split("\r\n")
        assert rows[0] == "step,x,f,df/dx" and len(rows) == 22
        assert [float(v) for v in rows[2].split(",")] == pytest.approx([1, 2.4, 5.76, 4.8])


@pytest.mark.parametrize("end, scheme", [("png", "light"), ("svg", "dark")])
@pytest.mark.parametrize("text, start", [
    ("1/(x - 1) + x", 3.0), ("(1 - x)**2 + 10*(y - x**2)**2", (-1.2, 1.5)),
])  # fmt: skip
def test_saved_pictures_are_what_is_on_the_screen(
    opened: Any, browser: Any, tmp_path: Path, text: str, start: Any, end: str, scheme: str
) -> None:
    """Pixel by pixel, at twice the size: labels with their halos, colours and clips."""
    tab = opened(text, start=start, lr=0.01, scheme=scheme, scale=2)
    tab.get("""() => {  // on whole pixels, as the file is
        const stage = document.querySelector(".stage"), { y } = stage.getBoundingClientRect();
        stage.style.marginTop = `${Math.ceil(y) - y}px`;
        document.activeElement.blur();
    }""")
    shot = tab.tab.locator(".stage figure:first-child > svg").screenshot()
    tab.tab.locator(".menu summary").click()
    with tab.tab.expect_download() as found:
        tab.tab.get_by_role("button", name=f"Picture as {end.upper()}").click()
    path = tmp_path / f"saved.{end}"
    found.value.save_as(path)
    kind = {"png": "image/png", "svg": "image/svg+xml"}[end]
    urls = [
        f"data:{k};base64,{base64.b64encode(b).decode()}" for k, b in (("image/png", shot), (kind, path.read_bytes()))
    ]
    context = browser.new_context(offline=True)
    blank = context.new_page()
    parts = blank.evaluate(
        """async (urls) => {
        const images = await Promise.all(urls.map(async (u) => {
            const i = new Image();
            i.src = u;
            await i.decode();
            return i;
        }));
        const [w, h] = [images[0].width, images[0].height];
        const [a, b] = images.map((i) => {
            const c = new OffscreenCanvas(w, h).getContext("2d");
            const times = Math.round(w / i.width); // not stretched over the fraction of a pixel that a frame has more
            c.drawImage(i, 0, 0, times * i.width, times * i.height);
            return c.getImageData(0, 0, w, h).data;
        });
        // The share of pixels that differ visibly, in the worst of 16 x 16 tiles: a lost label or a blob fills some.
        const n = 16, bad = new Array(n * n).fill(0), far = Math.ceil(w / n) * Math.ceil(h / n);
        for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
            const p = 4 * (y * w + x);
            const d = Math.max(...[0, 1, 2].map((k) => Math.abs(a[p + k] - b[p + k])));
            if (d > 90) bad[Math.floor(y * n / h) * n + Math.floor(x * n / w)]++;
        }
        return Math.max(...bad) / far;
    }""",
        urls,
    )
    context.close()
    assert parts < 0.06, parts  # a blob or a lost label is more than 0.1 of its tile


def finger(tab: Tab, x: float, y: float, dx: float, dy: float) -> None:
    """One finger, put down, moved and lifted."""
    session = tab.context.new_cdp_session(tab.tab)
    send = lambda kind, at: session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})  # noqa: E731
    send("touchStart", [{"x": x, "y": y}])
    for k in range(1, 11):
        send("touchMove", [{"x": x + dx * k / 10, "y": y + dy * k / 10}])
    send("touchEnd", [])
    tab.tab.wait_for_timeout(300)
    tab.settle()


def test_a_finger_drags_the_point_and_scrolls_the_rest(opened: Any) -> None:
    tab = opened("x**2 + 2*y**2", start=(1.5, -1.0), lr=0.1, width=390, touch=True)
    tab.get("() => document.querySelector('.square').scrollIntoView({block: 'start'})")
    tab.settle()
    top = tab.get("() => scrollY")
    box = tab.tab.locator(".handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger(tab, x, y + 12, 0, -120)  # beside its middle, upwards
    moved = tab.state("start")
    assert moved[1] > -0.3 and abs(moved[0] - 1.5) < 0.2 and tab.get("() => scrollY") == top
    tab.tab.get_by_role("button", name="Undo").click()
    tab.settle()
    assert tab.state("start") == [1.5, -1.0]  # the whole drag is one change
    tab.get("() => document.querySelector('.square').scrollIntoView({block: 'start'})")
    area = tab.tab.locator(".square .backdrop").bounding_box()
    finger(tab, area["x"] + 60, area["y"] + area["height"] * 0.8, 0, -150)
    assert tab.state("start") == [1.5, -1.0] and tab.get("() => scrollY") > top + 50
    tab.get("() => document.querySelector('.square').scrollIntoView({block: 'start'})")
    area = tab.tab.locator(".square .backdrop").bounding_box()
    finger(tab, area["x"] + 60, area["y"] + 60, 1, 1)  # a tap is meant
    assert tab.state("start")[0] < 0 < tab.state("start")[1]
    tab.tab.get_by_role("button", name="Undo").click()
    tab.settle()
    assert tab.state("start") == [1.5, -1.0]


def test_changes_are_undone(tab: Tab) -> None:
    adam = "{optimizer: 'adam', settings: {betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0, amsgrad: false}}"
    for change in ("{lr: 0.3}", adam):
        tab.get(f"() => chainrule.app.change({change})")
        tab.settle()
    tab.type("x**2 + y**2")
    assert len(tab.state("start")) == 2
    wanted = [("x**2", "adam", 0.3), ("x**2", "sgd", 0.3), ("x**2", "sgd", 0.1)]
    tab.get("() => document.activeElement.blur()")
    for text, optimizer, lr in wanted:
        tab.tab.keyboard.press("Control+z")
        tab.settle()
        assert (tab.get("() => chainrule.app.model.text"), tab.state("optimizer"), tab.state("lr")) == (
            text,
            optimizer,
            lr,
        )
    assert tab.state("start") == [3]


OVERLAPS = """() => {
    const wrong = [];
    const box = (e) => e.getBoundingClientRect();
    const shown = (e) => { const b = box(e); return b.width > 0 && b.height > 0 && e.textContent.trim(); };
    for (const svg of document.querySelectorAll(".plot svg")) {
        const frame = box(svg), texts = [...svg.querySelectorAll("text")].filter(shown);
        for (const t of texts) {
            const b = box(t);
            if (b.left < frame.left - 1 || b.right > frame.right + 1) wrong.push(["clipped", t.textContent]);
        }
        for (const axis of svg.querySelectorAll(".axis")) {
            const ticks = [...axis.querySelectorAll("text")].filter(shown).map(box);
            ticks.forEach((a, i) => ticks.slice(i + 1).forEach((b) => {
                const across = a.left < b.right - 1 && b.left < a.right - 1;
                if (across && a.top < b.bottom - 3 && b.top < a.bottom - 3) wrong.push(["ticks", i]);
            }));
        }
    }
    for (const t of document.querySelectorAll("math :is(mn, mi, mo)"))
        if (t.textContent.trim() && parseFloat(getComputedStyle(t).fontSize) < 8)
            wrong.push(["small", t.textContent]);
    for (const row of document.querySelectorAll(".numbers tr")) {  // words beside words
        const cells = [...row.cells].map((c) => {
            const range = document.createRange();
            range.selectNodeContents(c);
            return range.getBoundingClientRect();
        });
        cells.forEach((a, i) => cells.slice(i + 1).forEach((b) => {
            const across = a.left < b.right - 1 && b.left < a.right - 1;
            if (across && a.top < b.bottom - 2 && b.top < a.bottom - 2) wrong.push(["numbers", row.textContent]);
        }));
        const card = box(row.closest(".figure"));
        if (cells.some((c) => c.right > card.right)) wrong.push(["numbers beyond", row.textContent]);
    }
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over > 0) wrong.push(["over", over]);
    return wrong;
}"""


@pytest.mark.parametrize("text, start", [
    ("1e9*x**4 - 3e12*x", 3.0), ("1e-10*x**2", 3.0), ("x**2 + 1e7", 0.5),
    ("exp((x**2 + 1)/(x**2 + x**(x/2) + 3))", 1.0),
    ("a**2 + b**2 + c**2 + 1e8*d**2", (1.0, 1.0, 1.0, 1.0)),
])  # fmt: skip
@pytest.mark.parametrize("width, language", [(360, "ru"), (390, "vi"), (768, "th"), (1280, "en")])
def test_no_label_is_clipped_covered_or_tiny(tab: Tab, text: str, start: Any, width: int, language: str) -> None:
    tab.tab.set_viewport_size({"width": width, "height": 900})
    tab.show(text, start, lr=0.01)
    tab.get(f"() => chainrule.app.change({{language: '{language}'}})")
    tab.settle()
    assert tab.get(OVERLAPS) == []
    ticks = tab.get("() => [...document.querySelectorAll('.plot .axis text')].map((t) => t.textContent)")
    for tick in filter(None, ticks):  # each can be read as a number
        float(tick.replace("−", "-").replace(",", ""))
    starts = tab.get("() => { const e = document.querySelector('.starts'); return e.scrollHeight - e.clientHeight; }")
    assert starts == 0  # every slider is in sight


def luminance(colour: str) -> float:
    parts = [float(c) / 255 for c in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(opened: Any, scheme: str) -> None:
    """4.5 to 1, the contrast that WCAG asks of small text."""
    tab = opened("x**2 + sin(x)", start=2.0, lr=0.1, scheme=scheme)
    tab.tab.wait_for_selector(".box.variable")
    card = luminance(tab.get("() => getComputedStyle(document.querySelector('.figure')).backgroundColor"))
    for name in (".local", ".slope-label", ".axis text", ".box .gradient", ".plot .title"):
        ink = luminance(tab.get("n => getComputedStyle(document.querySelector(n)).fill", name))
        light, dark = max(card, ink) + 0.05, min(card, ink) + 0.05
        assert light / dark >= 4.5, (name, light / dark)


@pytest.mark.parametrize("text, start", [("x**2 - 4*x + 5", 5.0), ("1/(x - 1) + x", 3.0), ("sin(3*x) + x", 0.5)])
def test_labels_do_not_lie_on_the_curve(tab: Tab, text: str, start: float) -> None:
    tab.show(text, start, lr=0.05)
    wrong = tab.get(r"""() => {
        const near = [];
        for (const [label, path] of [[".slope-label", "path.curve"], [".tall .title", "path.curve"]]) {
            for (const t of document.querySelectorAll(label)) {
                const b = t.getBoundingClientRect(), curve = document.querySelector(path);
                const at = curve.ownerSVGElement.getBoundingClientRect();
                for (const [, px, py] of curve.getAttribute("d").matchAll(/([-\d.]+),([-\d.]+)/g)) {
                    const p = { x: Number(px), y: Number(py) };
                    const [x, y] = [p.x + at.left, p.y + at.top];
                    const on = x > b.left && x < b.right && y > b.top + 2 && y < b.bottom - 2;
                    if (on) { near.push(t.textContent); break; }
                }
            }
        }
        return near;
    }""")
    assert wrong == []


def test_legends_and_print(tab: Tab) -> None:
    tab.tab.emulate_media(forced_colors="active")
    colours = tab.get("""() => [...document.querySelectorAll(".legend-line .legend")].map((e) => {
        const { backgroundColor, backgroundImage } = getComputedStyle(e, "::before");
        return backgroundColor + backgroundImage;
    })""")
    assert len(set(colours)) == len(colours) == 4
    tab.tab.emulate_media(forced_colors="none", media="print")
    tab.settle()
    assert tab.get("""() => {
        const scroll = document.querySelector(".scroll"), picture = scroll.querySelector("svg");
        const within = picture.getBoundingClientRect().right <= scroll.getBoundingClientRect().right + 1;
        return within && getComputedStyle(scroll).overflowX === "visible";
    }""")


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "\u2028\u2029",
    "{{data}}",
    "]]>--><!--",
    "${alert(1)}",
    "&lt;b&gt;",
]


def test_hostile_names_are_text(opened: Any) -> None:
    f = lambda x: x * x  # noqa: E731
    f.__name__ = name = " ".join(HOSTILE)
    for given in ({}, {"title": name}):
        tab = opened(f, start=1.0, lr=0.1, **given)
        assert tab.get("() => document.title").split() == name.replace("\u2028", " ").replace("\u2029", " ").split()
        assert tab.get("() => [document.scripts.length, document.images.length]") == [2, 0]
    for typed in HOSTILE:
        tab.type(typed)
        assert tab.tab.inner_text(".problem")
        assert tab.get("() => [document.scripts.length, document.images.length]") == [2, 0]


def test_the_policy_holds(opened: Any) -> None:
    tab = opened("x**2", start=1.0)
    got = tab.get("""async () => {
        const tried = [];
        await new Promise((done) => setTimeout(() => {  // outside of the driver's own evaluation, which may do anything
            try { tried.push(eval("1 + 1")); } catch (e) { tried.push("eval: " + e.name); }
            try { tried.push(new Function("return 1")()); } catch (e) { tried.push("Function: " + e.name); }
            done();
        }));
        const script = document.createElement("script"), image = document.createElement("div");
        script.textContent = "window.injected = true";
        image.innerHTML = "<img src=x onerror='window.injected = true'>";
        document.body.append(script, image);
        try { await fetch("https://example.org"); tried.push("fetched"); } catch { tried.push("fetch refused"); }
        return [...tried, window.injected ?? null];
    }""")
    assert got[0] == "eval: EvalError" and got[1] == "Function: EvalError" and got[2:] == ["fetch refused", None]
    assert tab.errors  # the browser tells of each refusal
    tab.errors.clear()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_hangs_over_and_nothing_shifts(opened: Any, width: int) -> None:
    for f, start in (("x - 4*x**2 + x**4/4", 4.0), ("(1 - x)**2 + 100*(y - x**2)**2", (-1.2, 1.5))):
        tab = opened(f, start=start, lr=0.001, width=width)
        tab.tab.wait_for_selector(".parts tbody tr")
        assert tab.get("() => document.documentElement.scrollWidth - innerWidth") == 0
        tops = """() => [...document.querySelectorAll(".stage, .player, .controls, main > section")].map(
            (e) => Math.round(e.getBoundingClientRect().top + scrollY))"""
        before = tab.get(tops)
        for change in ("{step: 50}", "{lr: 0.5}", "{lr: 0.0001, language: 'ru'}", "{lr: 1}", "{language: 'en'}"):
            tab.get(f"() => chainrule.app.change({change})")
            tab.settle()
            assert tab.get(tops) == before or "ru" in tab.state("language"), change


def embedded(browser: Any, outer: Path) -> None:
    """A page in a frame works, and the frame is always as high as what is in it."""
    context = browser.new_context(offline=True)
    tab = context.new_page()
    errors: list[str] = []
    tab.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    tab.on("pageerror", lambda e: errors.append(str(e)))
    tab.goto(outer.as_uri())
    inside = tab.frame_locator("iframe")
    inside.locator(".box.variable").first.wait_for()
    inside.get_by_role("button", name="One step forward").click()
    height = lambda: inside.locator("body").evaluate("e => e.offsetHeight")  # noqa: E731
    heights = []
    for act in ("Tour", "End the tour"):
        inside.get_by_role("button", name=act, exact=True).click()
        tab.wait_for_function(
            "high => Math.abs(document.querySelector('iframe').offsetHeight - high) < 2", arg=height()
        )
        heights.append(height())
    assert heights[0] > heights[1] > 1000 and tab.get_by_role("img").count() == 0
    assert inside.locator(".steps output").inner_text().startswith("1 /")
    context.close()
    assert not errors


def test_a_notebook_frame_works_and_grows(browser: Any, tmp_path: Path) -> None:
    """In srcdoc, sandboxed: no address of its own, no storage."""
    outer = tmp_path / "notebook.html"
    outer.write_text(f"<body>{page('x**2', start=2.0)._repr_html_()}</body>", encoding="utf-8")
    embedded(browser, outer)


def test_code_embeds_the_page_as_it_is(opened: Any, browser: Any, tmp_path: Path) -> None:
    tab = opened("x**2", start=2.0, lr=0.1, title='"<b>&')
    tab.get("() => chainrule.app.change({ lr: 0.25 })")
    tab.get("() => { navigator.clipboard.writeText = (text) => { globalThis.copied = text; }; }")
    tab.tab.locator(".menu summary").click()
    tab.tab.get_by_role("button", name="Copy code that embeds this page").click()
    assert tab.tab.inner_text(".done") == "The code is copied."
    code = tab.get("() => copied")
    assert len(code.strip().split("\n")) == 3 and "0.html#lr=0.25" in code
    (tmp_path / "site.html").write_text(f"<!DOCTYPE html><body><p>A site.</p>{code}</body>", encoding="utf-8")
    embedded(browser, tmp_path / "site.html")
    tab.get("() => { navigator.clipboard.writeText = () => { throw new Error(); }; }")  # where it may not be copied
    tab.tab.locator(".menu summary").click()
    with tab.tab.expect_download() as found:
        tab.tab.get_by_role("button", name="Copy code that embeds this page").click()
    found.value.save_as(tmp_path / "saved.html")
    assert (tmp_path / "saved.html").read_text(encoding="utf-8") == code
    assert "embed.html" in tab.tab.inner_text(".done")
