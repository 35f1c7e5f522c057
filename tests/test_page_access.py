"""A page for everybody: what axe-core looks for, the keyboard alone, other colours, paper."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import pages
from pages import Tab
from test_page_browser import OVERLAPS

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


def test_nothing_hangs_over_on_a_narrow_phone(opened: Any) -> None:
    """With all that was opened, in each language: boxes as they are measured."""
    rng = np.random.default_rng(3)
    points = rng.standard_normal((12, 2))
    shown: list[tuple[Any, dict[str, Any]]] = [
        ("x - 4*x**2 + x**4/4", {"start": 4.0}),
        (None, {"data": (X, Y), "model": "a*x + b", "start": {"a": -1.0, "b": 3.0}}),
        (None, {"data": (points, points[:, 0] > 0), "model": lambda x, w: x @ w, "start": rng.standard_normal(2)}),
    ]
    for f, named in shown:
        tab = opened(f, **named, width=360)
        everything_open(tab)
        tab.tab.locator(".bar > button").click()
        for language in ("en", "th", "vi", "ru"):
            tab.get(f"() => chainrule.app.change({{language: '{language}'}})")
            tab.settle()
            assert tab.get(OVERLAPS) == [], language


@pytest.mark.parametrize("f, named, sheets", [
    ("x - 4*x**2 + x**4/4", {"start": 4.0}, 2),
    (None, {"data": (X, Y), "model": "a*x + b", "start": {"a": -1.0, "b": 3.0}}, 1),
])  # fmt: skip
def test_paper_gets_a_tidy_sheet(opened: Any, f: Any, named: dict[str, Any], sheets: int) -> None:
    """With a race, the data or the graph; and legends in colour, though a browser prints no backgrounds unasked."""
    tab = opened(f, **named)
    everything_open(tab)
    printed = tab.tab.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "12mm"))
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == sheets
    tab.tab.emulate_media(media="print")
    tab.settle()
    told = tab.get("""() => {
        const shown = (e) => e.getBoundingClientRect().width > 0;
        const used = [...document.querySelectorAll("main button, main input[type=range], .tour")].filter(shown);
        const drawn = [...document.querySelectorAll("svg")].filter(shown).filter((svg) => {
            const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;  // in its own proportions, and whole
            return view.width && (Math.abs(box.height / box.width - view.height / view.width) > 0.02 ||
                box.right > document.documentElement.clientWidth + 1);
        });
        const marks = [...document.querySelectorAll(".legend")].map((e) => getComputedStyle(e, "::before"));
        const pale = marks.filter((style) => (style.printColorAdjust ?? style.webkitPrintColorAdjust) !== "exact");
        return [used.length, drawn.length, pale.length, document.querySelectorAll(".swatch").length];
    }""")
    assert told == [0, 0, 0, 5]


FOCUSED = """() => {
    const e = document.activeElement;
    if (e === document.body) return []; // between the last and the first
    const style = getComputedStyle(e), all = globalThis.seen ??= [];
    if (all.includes(e)) return null;
    all.push(e);
    const marked = style.outlineStyle !== "none" ? parseFloat(style.outlineWidth) : e.localName === "circle" ?
        parseFloat(style.strokeWidth) : 0;
    return [e.outerHTML.slice(0, 90), marked];
}"""
MISSED = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex]")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && !e.disabled && e.tabIndex >= 0 && !globalThis.seen.includes(e);
}).map((e) => e.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("f, named", [
    ("x**2 - 4*x + 5", {"start": 5.0}),
    (None, {"data": (X, Y), "model": "a*x + b", "start": {"a": -1.0, "b": 3.0}}),
])  # fmt: skip
def test_tab_comes_to_everything_and_shows_where_it_is(opened: Any, f: Any, named: dict[str, Any]) -> None:
    tab = opened(f, **named)
    everything_open(tab)
    stops: list[list[Any]] = []
    while len(stops) < 200:
        tab.tab.keyboard.press("Tab")
        stop = tab.get(FOCUSED)
        if stop is None:  # once around
            break
        stops.append(stop)
    assert len(stops) > 25 and tab.get(MISSED) == []
    assert [stop for stop in stops if stop and stop[1] < 2] == []


def test_every_point_of_the_data_is_moved_by_keys(opened: Any) -> None:
    order = np.random.default_rng(1).permutation(len(X))
    tab = opened(None, data=(X[order], Y[order]), model="a*x + b", start={"a": -1.0, "b": 3.0}, lr=0.1)
    press = tab.tab.keyboard.press
    tab.tab.locator(".datum[tabindex='0']").focus()
    press("Home")
    for k in range(len(X)):  # from left to right
        press("ArrowUp")
        press("PageDown" if k < len(X) - 1 else "Shift+ArrowRight")
    tab.settle()
    numbers = np.array(tab.get("() => chainrule.D.slice()")).reshape(2, -1)
    assert (numbers[1] > Y[order]).all()
    assert (numbers[0] != X[order]).sum() == 1 and numbers[0].max() > X.max()
    assert tab.tab.locator(".datum[tabindex='0']").count() == 1
    press("PageUp")
    press("ArrowDown")
    tab.settle()
    assert tab.get("() => chainrule.D.slice()")[len(X) + int(np.argsort(X[order])[-2])] == pytest.approx(
        Y[-2], abs=1e-3
    )


def test_all_is_done_by_keys(tab: Tab) -> None:
    press = tab.tab.keyboard.press
    tab.show("x**2*sin(x) + x", 1.5, lr=0.05)
    tab.tab.locator(".handle").focus()
    low, high = tab.get("() => chainrule.app.plot.domain")
    for key, wanted in (
        ("+", lambda a, b: b - a < high - low), ("Control+ArrowRight", lambda a, b: a > low),
        ("0", lambda a, b: (a, b) == (low, high)), ("-", lambda a, b: b - a > high - low),
    ):  # fmt: skip
        press(key)
        tab.settle()
        assert wanted(*tab.get("() => chainrule.app.plot.domain")), key
    press("ArrowRight")
    tab.settle()
    assert 1.5 < tab.state("start")[0] < 1.7
    for name, told in (
        ("One part forward", "Forward: u₁"),
        ("One part forward", "Forward: u₂"),
        ("One part back", "Forward: u₁"),
    ):
        tab.tab.get_by_role("button", name=name, exact=True).focus()
        press("Enter")
        assert tab.tab.inner_text(".sentence").startswith(told)
    rate = tab.tab.locator(".rate input[type=range]")
    rate.focus()
    press("ArrowRight")
    tab.settle()
    assert 0.05 < tab.state("lr") < 0.1
    tab.tab.get_by_role("button", name="Race learning rates").focus()
    press("Space")
    tab.tab.wait_for_function("() => chainrule.app.kept.length === 4 && chainrule.app.shownStep() > 0")
    tab.tab.get_by_role("button", name="Pause", exact=True).focus()
    press("Enter")
    tab.tab.get_by_role("button", name="Remove this run").first.focus()
    press("Enter")
    tab.settle()
    assert tab.get("() => chainrule.app.kept.length") == 3
    tab.tab.locator(".menu summary").focus()
    press("Enter")
    press("Escape")
    assert not tab.get("() => document.querySelector('.menu').open")


@pytest.mark.parametrize("language", ["en", "th", "vi", "ru"])
def test_a_tour_of_five_stops_covers_nothing(tab: Tab, language: str) -> None:
    tab.tab.set_viewport_size({"width": 360, "height": 740})
    tab.tab.emulate_media(reduced_motion="reduce")
    tab.get(f"() => chainrule.app.change({{language: '{language}'}})")
    tab.settle()
    start = tab.tab.locator(".bar > button")
    start.focus()
    tab.tab.keyboard.press("Enter")
    texts, tops = [], []
    for k in range(5):
        told, boxes = tab.get("""() => {
            const card = document.querySelector(".tour"), target = document.querySelector(".toured");
            const [a, b] = [card, target].map((e) => e.getBoundingClientRect());
            const over = document.documentElement.scrollWidth - innerWidth;
            return [card.innerText, [a.bottom, b.top, a.top + scrollY, over]];
        }""")
        assert f"{k + 1} / 5" in told
        texts.append(told)
        tops.append(boxes[2])
        assert boxes[0] <= boxes[1] + 1 and boxes[3] == 0  # above what it is about, nothing hangs over
        tab.tab.keyboard.press("Enter")
    assert len(set(texts)) == 5 and tops == sorted(tops)
    assert tab.tab.locator(".tour, .toured").count() == 0
    assert tab.get("() => document.activeElement === document.querySelector('.bar > button')")
    start.click()  # again, and away
    tab.tab.get_by_role("button", name=tab.get("() => document.querySelector('.tour .primary').textContent")).click()
    assert "2 / 5" in tab.tab.inner_text(".tour")
    tab.tab.keyboard.press("Escape")
    assert tab.tab.locator(".tour").count() == 0
    if language == "en":
        tab.tab.set_viewport_size({"width": 1280, "height": 900})
        start.click()
        box = tab.tab.locator(".handle").bounding_box()
        tab.tab.mouse.click(box["x"] - 80, box["y"])  # everything can be used meanwhile
        tab.settle()
        assert tab.state("start")[0] < 3 and tab.tab.locator(".tour").count() == 1
        tab.tab.keyboard.press("Escape")


@pytest.mark.parametrize("text, start", [("x**2", 3.0), ("x**2 + 2*y**2", (1.5, -1.0))])
def test_nothing_that_is_drawn_keeps_a_click_from_the_plot(tab: Tab, text: str, start: Any) -> None:
    tab.tab.set_viewport_size({"width": 1280, "height": 1600})
    tab.show(text, start)
    taken = tab.get("""() => [...document.querySelectorAll(".stage figure:not([hidden]) .backdrop")].flatMap((area) => {
        const { left, top, width, height } = area.getBoundingClientRect(), found = new Set();
        for (let k = 1; k < 3000; k++) {  // places that lie everywhere
            const [x, y] = [left + width * (k * 0.618034 % 1), top + height * (k * 0.754878 % 1)];
            found.add(document.elementFromPoint(x, y)?.getAttribute("class") ?? "beyond");
        }
        return [...found];
    })""")
    assert set(taken) <= {"backdrop", "handle", "grip"}
