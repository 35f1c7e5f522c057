"""Plots: what is drawn is read back from the artists and compared with numbers computed otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.base import language

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.colors import to_hex  # noqa: E402

from chainrule.see.plots import sampling, style  # noqa: E402


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No figure is left over."""
    yield
    pyplot.close("all")


def parabola(x: Any) -> Any:
    return x**2 - 4 * x + 5


def bowl(x: Any, y: Any) -> Any:
    return x**2 + 3 * y**2


def line(ax: Any, label: str) -> Any:
    """The line of that label."""
    return next(found for found in ax.get_lines() if found.get_label() == label)


def legend(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def joined(drawn: Any) -> list[tuple[float, float]]:
    """The stretches of x over which a line is drawn without a break."""
    x, y = drawn.get_data()
    breaks = np.flatnonzero(np.isnan(y))
    pieces = [x[p][np.isfinite(y[p])] for p in np.split(np.arange(len(x)), breaks)]
    return [(p.min(), p.max()) for p in pieces if len(p) and np.ptp(p) > 1e-6]


# ---- curve


def test_curve_draws_f_its_slope_and_numerical_slopes() -> None:
    above, below = cr.plot.curve(lambda x: x**3 - 3 * x, -2.5, 2.5)
    x, y = line(above, "f(x)").get_data()
    assert len(x) > 500 and (x.min(), x.max()) == (-2.5, 2.5)
    np.testing.assert_allclose(y, x**3 - 3 * x, atol=1e-12)
    x, slope = line(below, "f′(x)").get_data()
    np.testing.assert_allclose(slope, 3 * x**2 - 3, atol=1e-12)
    x, dots = line(below, "numerical").get_data()
    np.testing.assert_allclose(dots, 3 * x**2 - 3, atol=1e-8)
    assert above.get_shared_x_axes().joined(above, below)


def test_curve_draws_the_tangent() -> None:
    above, below = cr.plot.curve(parabola, 0, 5, at=3.0)
    tangent = line(above, "tangent at 3, slope 2")
    assert (tangent.get_xy1(), tangent.get_slope()) == ((3.0, 2.0), 2.0)
    assert any(np.array_equal(found.get_data(), [[3.0], [2.0]]) for found in below.get_lines())
    assert above.get_xlim() == (0, 5)  # a tangent does not widen the range


def test_curve_on_given_axes() -> None:
    _, ax = pyplot.subplots()
    assert cr.plot.curve(parabola, 0, 5, ax=ax) is ax
    assert legend(ax) == ["parabola(x)", "parabola′(x)", "numerical"]
    _, pair = pyplot.subplots(1, 2)
    assert cr.plot.curve(parabola, 0, 5, ax=pair) is pair
    assert legend(pair[1]) == ["parabola′(x)", "numerical"]
    with pytest.raises(ValueError, match="one or two axes, but got 3"):
        cr.plot.curve(parabola, 0, 5, ax=pyplot.subplots(1, 3)[1])


@pytest.mark.parametrize(
    "f, ends",
    [
        (lambda x: 1 / x, [(-2.0, 0.0), (0.0, 3.0)]),
        (lambda x: cr.tan(x), [(-2.0, -np.pi / 2), (-np.pi / 2, np.pi / 2), (np.pi / 2, 3.0)]),
        (lambda x: x.floor(), [(-2, -1), (-1, 0), (0, 1), (1, 2), (2, 3)]),
        (lambda x: cr.log(x), [(0.0, 3.0)]),
        (lambda x: (1 - x**2).sqrt(), [(-1.0, 1.0)]),
        (lambda x: x if x > 0.5 else x - 1, [(-2.0, 0.5), (0.5, 3.0)]),
        (lambda x: cr.sin(30 * x), [(-2.0, 3.0)]),
        (lambda x: cr.exp(8 * x), [(-2.0, 3.0)]),
        (lambda x: (x - 0.3).abs().sqrt(), [(-2.0, 3.0)]),
    ],
)
def test_lines_end_at_poles_jumps_and_edges_and_nowhere_else(f: Any, ends: list[tuple[float, float]]) -> None:
    above, _ = cr.plot.curve(f, -2, 3)
    np.testing.assert_allclose(joined(line(above, "f(x)")), ends, atol=1e-6)


def test_the_slope_of_a_kink_is_not_joined() -> None:
    _, below = cr.plot.curve(lambda x: (x - 0.3).abs(), -1, 1)
    drawn = line(below, "f′(x)")
    np.testing.assert_allclose(joined(drawn), [(-1, 0.3), (0.3, 1)], atol=1e-6)
    assert set(np.sign(drawn.get_ydata()[np.isfinite(drawn.get_ydata())])) <= {-1.0, 0.0, 1.0}


def test_limits_show_the_curve_and_not_the_pole() -> None:
    above, _ = cr.plot.curve(lambda x: 1 / x, -1, 1)
    low, high = above.get_ylim()
    assert -30 < low < -2 and 2 < high < 30
    above, _ = cr.plot.curve(lambda x: cr.exp(x), 0, 5)
    assert above.get_ylim()[1] > np.exp(5)  # a steep curve is no pole
    _, below = cr.plot.curve(lambda x: cr.tan(x) + 10 * cr.cos(x), -4, 4)
    x = np.linspace(-4, 4, 1001)
    lowest = (1 / np.cos(x) ** 2 - 10 * np.sin(x)).min()
    assert below.get_ylim()[0] < lowest < below.get_ylim()[0] + 3  # the valley of the slope is in sight, between poles


@pytest.mark.parametrize("lo, hi", [(1, 1), (2, 1), (0, float("inf")), (float("nan"), 1)])
def test_an_empty_range_is_refused(lo: float, hi: float) -> None:
    with pytest.raises(ValueError, match="lo, hi must be two finite numbers, the lower first"):
        cr.plot.curve(parabola, lo, hi)


@pytest.mark.parametrize(
    "f, error, words",
    [
        (lambda x: 3.0, TypeError, "must return a tensor, but it returned 3.0"),
        (lambda x: cr.stack([x, x]), ValueError, r"of one variable.* this one returned \[2\]"),
        (lambda x: cr.log(x), ValueError, "no tangent at -1"),
        (3.5, TypeError, "draws a function, but got a float"),
    ],
)
def test_curve_refuses_what_it_cannot_draw(f: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        cr.plot.curve(f, -2, 3, at=-1.0)


def test_a_function_without_any_value_passes_its_error_on() -> None:
    def f(x: Any) -> Any:
        raise ValueError("math domain error")

    with pytest.raises(ValueError, match="math domain error"):
        cr.plot.curve(f, 0, 1)


# ---- sampling


@pytest.mark.parametrize(
    "f",
    [
        lambda x: cr.sin(x) + x**2,  # elementwise: all at once
        lambda x: cr.sin(x) + x**2 if x > -10 else x,  # asks for the number
        lambda x: cr.stack([cr.sin(x), x**2]).sum(),  # sums over what it is given
        lambda x: cr.sin(x) + x**2 - (x - x.mean()),  # looks elementwise, is not
        lambda x: cr.sin(x).reshape(1) + x**2,
    ],
)
def test_a_function_is_sampled_right_however_it_is_written(f: Any) -> None:
    x = np.linspace(-2, 2, 50)
    y, slopes = sampling.Sampler(f, [0.0], "test").slopes(x)
    np.testing.assert_allclose(y, np.sin(x) + x**2, atol=1e-12)
    right = np.cos(x) + 2 * x
    np.testing.assert_allclose(slopes[0], right, atol=1e-12)


@pytest.mark.parametrize(
    "f, like",
    [
        (bowl, None),
        (lambda p: p[0] ** 2 + 3 * p[1] ** 2, None),
        (lambda p: (p**2 * cr.tensor([1.0, 3.0])).sum(), None),
        (lambda p: p["x"] ** 2 + 3 * p["y"] ** 2, {"x": 0.0, "y": 0.0}),
        (lambda p: bowl(*p), (0.0, 0.0)),
        (lambda p: p[0, 0] ** 2 + 3 * p[1, 0] ** 2, cr.zeros(2, 1)),
    ],
)
def test_two_variables_come_in_every_form(f: Any, like: Any) -> None:
    x, y = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(0, 2, 6))
    z, (dx, dy) = sampling.Sampler(f, [0.0, 0.0], "test", like).slopes(x, y)
    np.testing.assert_allclose(z, x**2 + 3 * y**2, atol=1e-12)
    np.testing.assert_allclose(dx, 2 * x, atol=1e-12)
    np.testing.assert_allclose(dy, 6 * y, atol=1e-12)


def test_functions_that_hold_float32_are_sampled_in_float32() -> None:
    weights = cr.tensor([[2.0, 0.0], [0.0, 6.0]])
    sampler = sampling.Sampler(lambda p: p @ (weights @ p) / 2, [0.0, 0.0], "test")
    np.testing.assert_allclose(sampler.values(np.array([1.0, 2.0]), np.array([0.0, 1.0])), [1.0, 7.0])
    assert sampler.dtype == np.float32


# ---- contours and arrows


def test_contour_lines_lie_on_equal_values() -> None:
    ax = cr.plot.contour(bowl, (-2, 2), (-1, 1))
    lines = next(c for c in ax.collections if not c.filled)
    assert len(lines.levels) >= 8
    for level, path in zip(lines.levels, lines.get_paths()):
        x, y = path.vertices.T
        np.testing.assert_allclose(x**2 + 3 * y**2, level, atol=0.01)
    assert (ax.get_xlim(), ax.get_ylim(), ax.get_aspect()) == ((-2, 2), (-1, 1), 1.0)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")


def test_contour_leaves_out_what_has_no_value() -> None:
    ax = cr.plot.contour(lambda x, y: cr.log(x * y), (-1, 2), (-1, 2))
    lines = next(c for c in ax.collections if not c.filled)
    vertices = np.concatenate([p.vertices for p in lines.get_paths() if len(p.vertices)])
    assert (vertices.prod(axis=1) > 0).all()


def test_the_axes_of_very_unlike_ranges_fill_the_figure() -> None:
    assert cr.plot.contour(bowl, (-100, 100), (-1, 1)).get_aspect() == "auto"


def test_arrows_point_down_the_gradient() -> None:
    _, ax = pyplot.subplots()
    assert cr.plot.arrows(bowl, (-2, 2), (-1, 1), ax=ax, n=6) is ax
    (quiver,) = ax.collections
    x, y = quiver.get_offsets().T
    assert len(x) == 36
    gradient = np.array([2 * x, 6 * y])
    arrows = np.array([quiver.U, quiver.V])
    cosine = (gradient * arrows).sum(0) / np.hypot(*gradient) / np.hypot(*arrows)
    np.testing.assert_allclose(cosine, -1, atol=1e-12)
    order = np.argsort(np.hypot(gradient[0] / 4, gradient[1] / 2))
    assert (np.diff(np.hypot(arrows[0] / 4, arrows[1] / 2)[order]) > -1e-12).all()  # longer where it is steeper


def test_arrows_take_the_range_of_given_axes() -> None:
    ax = cr.plot.contour(bowl, (-3, 1), (-1, 2))
    cr.plot.arrows(bowl, ax=ax)
    x, y = ax.collections[-1].get_offsets().T
    assert -3 < x.min() < -2.7 and 1.7 < y.max() < 2
    with pytest.raises(ValueError, match="needs xlim and ylim"):
        cr.plot.arrows(bowl)


def test_a_flat_function_has_no_arrows_and_one_level() -> None:
    ax = cr.plot.arrows(lambda x, y: 0 * x + 2.0, (-1, 1), (-1, 1))
    quiver = ax.collections[-1]
    assert not quiver.U.any() and not quiver.V.any()


@pytest.mark.parametrize("draw", [cr.plot.contour, cr.plot.arrows])
def test_functions_of_one_variable_have_no_contours(draw: Any) -> None:
    with pytest.raises(ValueError, match=r"two variables, .* this one returned \[2\]"):
        draw(lambda x: x**2, (-1, 1), (-1, 1))
    with pytest.raises(ValueError, match="xlim must be two numbers"):
        draw(bowl, 3, (-1, 1))


def test_a_function_without_a_finite_value_has_no_contours() -> None:
    with pytest.raises(ValueError, match="no finite value in these ranges"):
        cr.plot.contour(lambda x, y: cr.log(-(x**2) - y**2 - 1), (-1, 1), (-1, 1))


# ---- descents


def test_descent_on_a_curve_shows_the_path_of_the_result() -> None:
    found = cr.minimize(parabola, 5.0, lr=0.9, steps=20)
    ax = cr.plot.descent(parabola, found)
    x, y = line(ax, "path").get_data()
    np.testing.assert_array_equal(x, found.path)
    np.testing.assert_allclose(y, found.values, rtol=1e-6)
    assert line(ax, "start").get_xdata()[0] == 5.0 and line(ax, "end").get_xdata()[0] == pytest.approx(found.x)
    x, y = line(ax, "parabola(x)").get_data()
    np.testing.assert_allclose(y, x**2 - 4 * x + 5, atol=1e-12)
    assert ax.get_xlim()[0] < min(found.path) and max(found.path) < ax.get_xlim()[1]


@pytest.mark.parametrize(
    "f, start",
    [
        (lambda p: bowl(p[0], p[1]), cr.tensor([2.0, 1.5])),
        (lambda p: bowl(*p), (2.0, 1.5)),
        (lambda p: bowl(p["x"], p["y"]), {"x": 2.0, "y": 1.5}),
    ],
)
def test_descent_on_contours_shows_the_path_of_the_result(f: Any, start: Any) -> None:
    found = cr.minimize(f, start, lr=0.25, steps=15)
    ax = cr.plot.descent(f, found)
    x, y = line(ax, "path").get_data()
    steps = np.arange(16)
    np.testing.assert_allclose(x, 2 * 0.5**steps, rtol=1e-5)
    np.testing.assert_allclose(y, 1.5 * (-0.5) ** steps, rtol=1e-5)
    assert ax.get_aspect() == 1.0


def test_descent_on_a_surface() -> None:
    found = cr.minimize(lambda p: bowl(*p), (2.0, 1.5), lr=0.1, steps=15)
    ax = cr.plot.descent(lambda p: bowl(*p), found, surface=True)
    x, y, z = line(ax, "path").get_data_3d()
    np.testing.assert_allclose(z, x**2 + 3 * y**2, rtol=1e-6)
    given = pyplot.figure().add_subplot(projection="3d")
    assert cr.plot.descent(lambda p: bowl(*p), found, surface=True, ax=given) is given
    with pytest.raises(ValueError, match='projection="3d"'):
        cr.plot.descent(lambda p: bowl(*p), found, surface=True, ax=pyplot.subplots()[1])


def test_descent_takes_points_as_well() -> None:
    _, ax = pyplot.subplots()
    assert cr.plot.descent(parabola, [5.0, 3.0, 2.5], ax=ax) is ax
    np.testing.assert_array_equal(line(ax, "path").get_xdata(), [5, 3, 2.5])
    ax = cr.plot.descent(bowl, [cr.tensor([2.0, 1.0]), cr.tensor([1.0, 0.0])])
    np.testing.assert_array_equal(line(ax, "path").get_data(), [[2, 1], [1, 0]])


def test_a_descent_that_ran_away_shows_its_beginning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = cr.minimize(parabola, 5.0, lr=1.1, steps=3000)
    low, high = cr.plot.descent(parabola, found).get_xlim()
    assert -50 < low < -5 and 5 < high < 50


def test_descents_that_cannot_be_drawn_are_refused() -> None:
    found = cr.minimize(lambda x: (x**2).sum(), cr.ones(3), steps=3)
    with pytest.raises(ValueError, match="one or two variables, but this path has 3"):
        cr.plot.descent(lambda x: (x**2).sum(), found)
    with pytest.raises(ValueError, match="no path was recorded"):
        cr.plot.descent(parabola, cr.minimize(parabola, 1.0, record=0))
    with pytest.raises(ValueError, match="no points"):
        cr.plot.descent(parabola, [])
    with pytest.raises(ValueError, match="the path has one"):
        cr.plot.descent(parabola, [1.0, 2.0], surface=True)


# ---- runs


def test_rates_tell_what_converges_from_what_diverges() -> None:
    ax = cr.plot.rates(lambda x: x**2, 3.0, [0.1, 1.0, 1.1, 30.0], steps=25)
    names = ["lr=0.1", "lr=1: gets nowhere", "lr=1.1: diverges", "lr=30: diverges"]
    assert legend(ax) == names
    for lr, name in zip((0.1, 1.0, 1.1), names):
        steps, values = line(ax, name).get_data()
        np.testing.assert_allclose(values, 9 * (1 - 2 * lr) ** (2.0 * steps), rtol=1e-4)
    assert line(ax, names[0]).get_linestyle() == "-" and line(ax, names[2]).get_linestyle() == "--"
    assert ax.get_yscale() == "log" and ax.get_ylim()[1] < 1000  # what diverges does not hide what converges
    _, mine = pyplot.subplots()
    assert cr.plot.rates(lambda x: x**2, 3.0, [0.05, 0.1, 3.0], steps=4, ax=mine) is mine
    assert mine.get_yscale() == "linear" and mine.get_ylim()[1] < 30


def test_rates_of_vectors() -> None:
    ax = cr.plot.rates(lambda x: (x**2).sum(), cr.tensor([3.0, 4.0]), [0.25], steps=5)
    np.testing.assert_allclose(line(ax, "lr=0.25").get_ydata(), 25 * 0.25 ** np.arange(6.0), rtol=1e-5)
    with pytest.raises(ValueError, match="no learning rates"):
        cr.plot.rates(lambda x: x**2, 3.0, [])


def test_a_result_draws_its_values_and_its_way() -> None:
    found = cr.minimize(lambda x: (x - 1) ** 2, 3.0, lr=0.1, steps=20, record=2)
    values, way = found.plot()
    np.testing.assert_array_equal(values.lines[0].get_ydata(), found.values)
    np.testing.assert_array_equal(way.lines[0].get_xdata(), found.recorded)
    np.testing.assert_allclose(way.lines[0].get_ydata(), 1 + 2 * 0.8**found.recorded, rtol=1e-6)
    _, way = cr.minimize(lambda x: (x**2).sum(), [3.0, 2.0], lr=0.25, steps=3, record=1).plot()
    np.testing.assert_allclose(way.lines[0].get_xydata(), np.outer(0.5 ** np.arange(4), [3.0, 2.0]), rtol=1e-6)
    assert len(cr.minimize(lambda x: (x**2).sum(), [3.0, 2.0, 1.0], steps=3, record=1).plot()) == 1


def test_losses_of_results_and_of_lists() -> None:
    found = cr.minimize(lambda x: x**2, 1.0, lr=0.1, steps=50, record=5)
    ax = cr.plot.losses(found, [5.0, 3.0, float("inf"), 2.0], labels=["a", "b"])
    x, y = line(ax, "a").get_data()
    np.testing.assert_array_equal(x, found.recorded)
    np.testing.assert_array_equal(y, found.values)
    np.testing.assert_array_equal(line(ax, "b").get_ydata(), [5, 3, np.nan, 2])
    assert ax.get_yscale() == "log"
    assert cr.plot.losses([3.0, 2.0, 1.0]).get_yscale() == "linear"
    assert cr.plot.losses([3.0, -2.0, -100.0]).get_yscale() == "linear"
    assert legend(cr.plot.losses(found, [cr.tensor(2.0), cr.tensor(1.0)])) == [found.what, "run 2"]


def test_losses_refuse_what_is_none() -> None:
    with pytest.raises(ValueError, match="no runs"):
        cr.plot.losses()
    with pytest.raises(ValueError, match="2 runs but 1 labels"):
        cr.plot.losses([1.0], [2.0], labels=["a"])
    with pytest.raises(ValueError, match=r"run 1 has the shape \[1, 2\]"):
        cr.plot.losses(np.ones((1, 2)))


# ---- films


def test_a_film_as_gif_and_as_page(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    found = cr.minimize(parabola, 5.0, lr=0.2, steps=6)
    _, ax = pyplot.subplots(figsize=(2, 2))
    assert cr.plot.animate(parabola, found, tmp_path / "x.gif", ax=ax) is ax
    with image.open(tmp_path / "x.gif") as film:
        assert film.n_frames == 7
    assert ax.get_title() == f"step 6: value {found.value:.6g}"
    np.testing.assert_array_equal(line(ax, "path").get_xdata(), found.path)
    cr.plot.animate(lambda p: bowl(*p), [(2.0, 1.0), (1.0, 0.5)], tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and page.count("data:image/png") == 2


def test_what_does_not_move_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = pytest.importorskip("PIL.Image")
    drawn: list[int] = []
    own = matplotlib.axes.Axes.draw
    monkeypatch.setattr(matplotlib.axes.Axes, "draw", lambda self, *a, **k: (drawn.append(1), own(self, *a, **k))[1])
    ax = cr.plot.animate(parabola, cr.minimize(parabola, 5.0, lr=0.05, steps=40), tmp_path / "x.gif", frames=30)
    assert len(drawn) <= 3  # once for the layout, once for the ground
    assert not any(artist.get_animated() for artist in (*ax.lines, ax.title))
    with image.open(tmp_path / "x.gif") as film:
        first = np.asarray(film.convert("RGB"), dtype=int)
        film.seek(film.n_frames - 1)
        last = np.asarray(film.convert("RGB"), dtype=int)
    moved = (abs(first - last).max(axis=2) > 60).mean()
    assert film.n_frames == 30 and 0.001 < moved < 0.1


def test_a_film_as_mp4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.see.plots import film

    written: dict[str, Any] = {}

    def run(command: list[str], input: bytes, **_: Any) -> Any:  # stands for ffmpeg, which a machine may not have
        written.update(command=command, size=len(input))
        return subprocess.CompletedProcess(command, 0, b"", b"")

    monkeypatch.setattr(film, "ffmpeg", lambda: "ffmpeg")
    monkeypatch.setattr(film.subprocess, "run", run)
    cr.plot.animate(parabola, [5.0, 3.0, 2.5], tmp_path / "x.mp4", fps=7)
    width, height = map(int, written["command"][written["command"].index("-s") + 1].split("x"))
    assert written["size"] == 3 * width * height * 3 and written["command"][-1].endswith("x.mp4")
    assert written["command"][written["command"].index("-r") + 1] == "7"


def test_a_film_is_held_until_it_is_shown() -> None:
    ax = cr.plot.animate(parabola, [5.0, 3.0])
    assert ax.figure.film is not None
    ax.figure.canvas.draw()


def test_films_refuse_other_files_and_numbers() -> None:
    with pytest.raises(ValueError, match=r"writes .gif, .mp4 and .html, but got 'x.avi'"):
        cr.plot.animate(parabola, [5.0, 3.0], "x.avi")
    with pytest.raises(ValueError, match="at least 2 frames"):
        cr.plot.animate(parabola, [5.0, 3.0], frames=1)


@pytest.mark.parametrize("points, frames", [(5, 60), (60, 60), (1000, 60), (61, 60), (7, 2), (1, 2)])
def test_a_film_of_a_long_path_has_its_ends(points: int, frames: int) -> None:
    from chainrule.see.plots.animate import picked

    shown = picked(points, frames)
    assert (shown[0], shown[-1]) == (0, points - 1)
    assert shown == sorted(set(shown)) and len(shown) == min(frames, points)


# ---- looks


@pytest.mark.parametrize("theme, face", [("light", "#ffffff"), ("dark", "#16181d")])
def test_themes_colour_the_figures_that_are_made_and_nothing_else(theme: str, face: str) -> None:
    before = dict(pyplot.rcParams)
    ax = cr.plot.contour(bowl, (-1, 1), (-1, 1), theme=theme)
    assert to_hex(ax.get_facecolor()) == to_hex(ax.figure.get_facecolor()) == face
    assert dict(pyplot.rcParams) == before
    with pytest.raises(ValueError, match="'light', 'dark' or None"):
        cr.plot.contour(bowl, (-1, 1), (-1, 1), theme="pink")


def test_dark_axes_get_bright_lines() -> None:
    def brightness(ax: Any) -> float:
        return float(np.mean(matplotlib.colors.to_rgb(ax.get_lines()[0].get_color())))

    dark, light = (pyplot.figure().add_subplot(facecolor=c) for c in ("black", "white"))
    assert brightness(cr.plot.losses([2.0, 1.0], ax=dark)) > brightness(cr.plot.losses([2.0, 1.0], ax=light))
    with pyplot.style.context("dark_background"):
        assert brightness(cr.plot.losses([2.0, 1.0])) == brightness(dark)


def test_thai_labels_have_letters_or_are_english(monkeypatch: pytest.MonkeyPatch) -> None:
    class Thai:
        def gettext(self, text: str) -> str:
            return {"step": "ขั้นที่"}.get(text, text)

    monkeypatch.setitem(language._catalogues, "th", Thai())
    monkeypatch.setattr(style, "thai_fonts", lambda: ("Some Thai",))
    with cr.language("th"):
        _, ax = pyplot.subplots()
        cr.plot.losses([2.0, 1.0], ax=ax)
        assert ax.get_xlabel() == "ขั้นที่" and "Some Thai" in ax.xaxis.label.get_fontfamily()
        monkeypatch.setattr(style, "thai_fonts", lambda: ())
        monkeypatch.setattr(style, "_warned", False)
        with pytest.warns(UserWarning, match="no font with Thai letters"):
            assert cr.plot.losses([2.0, 1.0]).get_xlabel() == "step"
        assert cr.language() == "th"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cr.plot.losses([2.0, 1.0])  # said once


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install \"chainrule\[see\]\""):
        cr.plot.curve(parabola, 0, 5)


def test_a_notebook_shows_the_second_plot_too(tmp_path):
    (tmp_path / "notebook_backend.py").write_text(
        "import matplotlib\nfrom matplotlib.backends.backend_agg import *\nmatplotlib.interactive(True)\n"
    )  # as that of IPython, which is loaded with the first figure
    program = (
        "import chainrule as cr, matplotlib as m\nfor _ in 1, 2: cr.plot.curve('x**2', 0, 1); assert m.is_interactive()"
    )
    env = {**os.environ, "MPLBACKEND": "module://notebook_backend",
           "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(cr.__file__).parent.parent)])}  # fmt: skip
    subprocess.run([sys.executable, "-c", program], env=env, check=True)


def test_several_descents_lie_over_each_other() -> None:
    runs = [
        cr.minimize(lambda x, y: x**2 + 5 * y**2, (3.0, 1.0), optimizer=o, lr=0.1, steps=30) for o in ("sgd", "adam")
    ]
    far = cr.minimize(lambda x, y: x**2 + 5 * y**2, (-6.0, 4.0), lr=0.1, steps=30)
    ax = cr.plot.descent(lambda x, y: x**2 + 5 * y**2, [*runs, far])
    paths = [x for x in ax.lines if len(x.get_xdata()) == 31]
    assert len(paths) == 3 and len({to_hex(x.get_color()) for x in paths}) == 3
    np.testing.assert_allclose(paths[1].get_xdata(), runs[1].path[0])
    assert ax.get_xlim()[0] < -6 and ax.get_xlim()[1] > 3 and ax.get_ylim()[1] > 4
