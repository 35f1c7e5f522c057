"""The namespace of special functions: `chainrule.special`.

>>> import chainrule as cr
>>> cr.special.expit(cr.tensor([0.0]))
tensor([0.5000])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.api.operators import function as _function
from chainrule.api.public import FUNCTIONS as _FUNCTIONS
from chainrule.base import errors as _errors
from chainrule.core.op import REGISTRY as _REGISTRY

_ELSEWHERE = {  # functions of the package's own namespace, and the names they have here
    "expit": "sigmoid", "psi": "digamma", "gammaln": "lgamma", "multigammaln": "mvlgamma", "gammainc": "igamma",
    "gammaincc": "igammac",
} | {
    name: name for name in (
        "digamma", "erf", "erfc", "erfinv", "exp2", "expm1", "i0", "log1p", "log_softmax", "logit", "logsumexp",
        "polygamma", "round", "sinc", "softmax", "xlogy",
    )
}  # fmt: skip

for _name, _op in _REGISTRY.items():
    if _name.startswith("special_"):
        globals()[_name.removeprefix("special_")] = _function(_op)  # type: ignore[arg-type]


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        try:
            return _FUNCTIONS[_ELSEWHERE[name]]
        except KeyError:
            raise AttributeError(_errors.missing("chainrule.special", name, __dir__())) from None


def __dir__() -> list[str]:
    return sorted({*_ELSEWHERE, *_errors.shown(globals())})
