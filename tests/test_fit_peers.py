"""`fit` beside SciPy, lmfit and iminuit: values and errors to 1e-4, intervals by profile to 1% and better.

What they answered is recorded (`fit_problems.py`), so it is compared everywhere; where they are installed, it is also
looked at whether they still answer so.
"""

from __future__ import annotations

import json
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from fit_problems import PEERS, PROBLEMS, RECORDED, counted, for_minuit, unlikely

TABLE = json.loads(RECORDED.read_text())
HESSE = 1e-3  # iminuit's second derivatives are differences, good to about that
SAID = [(who, name) for who in PEERS for name in PROBLEMS if who != "iminuit" or for_minuit(PROBLEMS[name])]


@cache
def ours(name: str, scaled: bool | None = None) -> Any:
    p = PROBLEMS[name]
    absolute = not (p.scaled if scaled is None else scaled)
    if p.model is None:
        return cr.fit(residuals=partial(p.residuals, cr), start=p.start, absolute_sigma=absolute, **p.options)
    model = partial(p.model, cr)
    return cr.fit(model, p.x, p.y, p.start, sigma=p.sigma, absolute_sigma=absolute, **p.options)


def whole_errors(name: str) -> dict[str, float]:
    """Errors by the whole curvature of χ², as iminuit has them; `fit`'s are by JᵀJ, as SciPy's and lmfit's are."""
    found = ours(name)
    problem = found.problem

    def chi2(v: Any) -> Any:
        r = problem.compute(v)
        return (r * r).sum()

    curvature = cr.func.hessian(chi2)(cr.tensor(found.end.x)).numpy()
    return dict(zip(found.labels, np.sqrt(2 * np.diag(np.linalg.inv(curvature)))))


@pytest.mark.parametrize(("who", "name"), SAID)
def test_values_and_errors_are_the_peers(who: str, name: str) -> None:
    found, theirs, options = ours(name), TABLE[who][name], PROBLEMS[name].options
    assert found.success, found.message
    for parameter, value in theirs["values"].items():
        assert found.params[parameter] == pytest.approx(value, rel=1e-4)
    if "bounds" in options and who != "scipy":  # their errors at a bound are those of a transformed parameter
        return
    errors = whole_errors(name) if who == "iminuit" else found.errors
    for parameter, error in theirs["errors"].items():
        assert errors[parameter] == pytest.approx(error, rel=1e-4 if who != "iminuit" else HESSE)


@pytest.mark.parametrize("name", [name for name in PROBLEMS if PROBLEMS[name].intervals])
def test_profiles_are_the_peers(name: str) -> None:
    """lmfit's `conf_interval` scales by χ²/dof always; iminuit's MINOS is where χ² has risen by 1."""
    for who, scaled, level in (("lmfit", True, 0.95), ("iminuit", False, 0.682689492137086)):
        for parameter, (low, high) in TABLE[who].get(name, {}).get("intervals", {}).items():
            if parameter in PROBLEMS[name].intervals:
                got = ours(name, scaled).interval(parameter, level)
                np.testing.assert_allclose(got, (low, high), rtol=0, atol=0.002 * (high - low))


def test_counts_by_their_likelihood() -> None:
    """Poisson's by `minimize`, with the covariance of the Hessian at the end."""
    f, theirs = partial(unlikely, cr), TABLE["iminuit"]["counts"]
    found = cr.minimize(f, np.array([3000.0, 0.5, 400.0]), optimizer="newton", bounds=[(1e-3, None)] * 3)
    assert found.success
    covariance = np.linalg.inv(cr.func.hessian(f)(cr.tensor(found.x)).numpy())
    for i, name in enumerate("akc"):
        assert found.x[i] == pytest.approx(theirs["values"][name], rel=1e-4)
        assert np.sqrt(covariance[i, i]) == pytest.approx(theirs["errors"][name], rel=HESSE)


def test_what_data_hardly_tell_apart_is_said() -> None:
    found = ours("two exponentials, hardly determined")
    assert any("hardly tell" in note for note in found.notes)
    assert any("bound 0.6, beyond" in note for note in ours("bounds active").notes)


@pytest.mark.parametrize("who", PEERS)
def test_the_peers_still_answer_so(who: str) -> None:
    pytest.importorskip(who, reason=f"{who} is not installed: its recorded answers are compared")
    for name, problem in PROBLEMS.items():
        if name in TABLE[who]:
            now, then = PEERS[who](problem), TABLE[who][name]
            for kind in then:
                for parameter, value in then[kind].items():
                    np.testing.assert_allclose(now[kind][parameter], value, rtol=1e-3, err_msg=f"{name}: {parameter}")
    if who == "iminuit":
        assert counted()["values"] == pytest.approx(TABLE[who]["counts"]["values"], rel=1e-3)
