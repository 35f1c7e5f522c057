"""One word for one thing: the point, the start, options, text or function, in all that takes a function."""

from __future__ import annotations

import pytest

import chainrule as cr


def valley(x, y):
    return (x - 1) ** 2 + (y - 2) ** 2


def test_a_start_is_called_so_and_by_the_old_names():
    for found in (
        cr.minimize(valley, (0.0, 0.0), lr=0.5, steps=3),
        cr.minimize(valley, start=(0.0, 0.0), lr=0.5, steps=3),
        cr.minimize(valley, x0=(0.0, 0.0), lr=0.5, steps=3),
    ):
        assert found.x == pytest.approx((1, 2))
    ends = [cr.sweep(lambda x: x**2, **{name: [1.0, 2.0]}, lr=0.5, steps=3).x.tolist() for name in ("start", "starts")]
    assert ends[0] == ends[1] == [0, 0]
    for wrong in ({}, {"start": 1.0, "x0": 1.0}):
        with pytest.raises(TypeError, match="one start"):
            cr.minimize(lambda x: x**2, **wrong)
    with pytest.raises(TypeError, match="one start"):
        cr.sweep(lambda x: x**2, [1.0], starts=[1.0])


@pytest.mark.parametrize("point", [(1.0, 3.0), {"y": 3.0, "x": 1.0}])
def test_a_point_of_several_arguments_is_a_tuple_or_a_dict_by_names(point):
    pytest.importorskip("sympy")
    assert cr.check("x**2*y", point).ok
    derived = cr.derive("x**2*y", point=point)
    assert [float(v) for v in derived.values.derivatives.values()] == [6, 1]
    assert derived.values == cr.derive("x**2*y", 1.0, 3.0).values
    assert cr.minimize(valley, point, lr=0.5, steps=2).value == pytest.approx(0)
    assert cr.page("x**2*y", point).html == cr.page("x**2*y", start=point).html
    with pytest.raises(TypeError, match="once"):
        cr.derive("x**2*y", 1.0, point=point)


def test_a_text_is_a_function_everywhere():
    by_text = cr.minimize("(x - 1)**2 + (y - 2)**2", (0.0, 0.0), lr=0.1, steps=20)
    assert by_text.x == pytest.approx(cr.minimize(valley, (0.0, 0.0), lr=0.1, steps=20).x, rel=1e-12)
    assert cr.sweep("(x - 3)**2", [0.0, 5.0], lr=0.5, steps=3).x.tolist() == [3, 3]


def test_options_go_by_keyword_everywhere():
    by_keyword = cr.sweep("x**4", [1.0], lr=0.1, momentum=0.5, steps=5)
    assert by_keyword.x == cr.sweep("x**4", [1.0], lr=0.1, optimizer=("sgd", {"momentum": 0.5}), steps=5).x
    assert by_keyword.x == pytest.approx(cr.minimize("x**4", 1.0, lr=0.1, momentum=0.5, steps=5).x, rel=1e-12)
    for run in (cr.minimize, cr.sweep, cr.page):
        with pytest.raises(TypeError, match=r"no option 'momentun'.*Did you mean 'momentum'"):
            run("x**4", [1.0] if run is cr.sweep else 1.0, momentun=0.5)


def test_recording_is_asked_for_by_a_truth_value_too():
    assert cr.minimize("x**2", 1.0, steps=3, record=False).path is None
    assert len(cr.minimize("x**2", 1.0, steps=3, record=True).path) == 4
    assert cr.sweep("x**2", [1.0], steps=3, record=True).path.shape == (1, 4)
    assert cr.sweep("x**2", [1.0], steps=3, record=False).path is None
    for wrong in (-1, 1.5, "no"):
        with pytest.raises(ValueError, match="record must be a whole number"):
            cr.minimize("x**2", 1.0, record=wrong)


def test_a_text_is_drawn():
    pytest.importorskip("matplotlib").use("Agg")
    assert all(len(axes.lines) for axes in cr.plot.curve("x**2", -1.0, 1.0))
    assert cr.plot.contour("x**2 + y**2", (-1.0, 1.0), (-1.0, 1.0)).get_xlim() == pytest.approx((-1, 1))
    assert cr.plot.rates("x**2", 1.0, [0.1], steps=5).get_legend() is not None


@pytest.mark.parametrize("start", [(0.0, 0.0), {"y": 0.0, "x": 0.0}])
def test_a_descent_of_several_arguments_is_drawn(start):
    pytest.importorskip("matplotlib").use("Agg")
    run = cr.minimize("(x - 1)**2 + 4*(y - 2)**2", start, lr=0.1, steps=40)
    ax = cr.plot.descent("(x - 1)**2 + 4*(y - 2)**2", run)
    end = next(line for line in ax.lines if line.get_label() == "end").get_xydata()[0]
    named = dict(zip([ax.get_xlabel(), ax.get_ylabel()], end))
    assert named == pytest.approx({"x": 1, "y": 2}, abs=1e-3)
