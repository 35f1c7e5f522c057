"""The tensor: data and its place in the graph, nothing else. Methods are installed by the api floor.

`_a`  the payload: a NumPy scalar for a 0-d tensor that nothing aliases, else an ndarray; a graph node under a trace.
      A NumPy scalar is combined by Python operators at a fifth of the price of a ufunc call on a 0-d array. It cannot
      be shared, so aliasing (a view, `.data`, `.detach()`) first turns it into a 0-d array: see `shareable`.
`_g`  the history: None (no gradient wanted), LEAF, or the Node that computed this tensor.
`_v`  the version, made when first needed: when a result is kept for backward, when memory is shared or changed.

The other fields are rare and live on the class until set.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from chainrule.core.state import MODE, draw


class Leaf:
    """The history of a tensor that the user asked gradients for."""

    def __repr__(self) -> str:
        return "LEAF"


LEAF: Final = Leaf()
new = object.__new__
_getframe = sys._getframe
_users: set[str] = set()  # files seen outside of the package
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Version:
    """How often the memory behind a tensor was changed in place, when last, and by which line."""

    stamp = 0
    count = 0
    culprit: tuple[str, tuple[CodeType, int] | None] | None = None  # what, and its code and instruction
    tangents: dict[int, Tensor] | None = None  # of a kept result, under forward mode

    @property
    def _v(self) -> Version:  # so that what a node keeps is asked alike, tensor or version
        return self


if TYPE_CHECKING:
    import weakref
    from collections.abc import Callable
    from types import CodeType

    from chainrule.core.methods import Methods  # the api floor installs methods; a type checker finds them in a stub
    from chainrule.core.op import Op
    from chainrule.core.registry import Attrs
else:
    Methods = object


class Tensor(Methods):
    """An n-dimensional array that can record what is done to it; made by `tensor`, `zeros`, `randn` and their like.

    With `requires_grad` it is a leaf, whose gradient `backward()` of what is computed from it puts into `.grad`.

    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    _a: Any
    _g: Any = None
    _v: Version | None = None
    _grad: Tensor | None = None
    _base: Tensor | None = None  # the tensor whose memory this one views
    # The view steps (op, attrs, shape before) that lead from the base here.
    _path: tuple[tuple[Op, Attrs, tuple[int, ...]], ...] = ()
    _views: list[weakref.ref[Tensor]] | None = None  # weak references to the views of this base
    _t: dict[int, Tensor] | None = None  # forward-mode tangents by level
    _hooks: dict[int, Callable[[Tensor], Tensor | None]] | None = None  # hooks of a leaf
    _after: dict[int, Callable[[Tensor], None]] | None = None  # hooks run after a leaf's gradient was accumulated
    _frozen = False  # made under inference_mode
    _wary = False  # frozen, or a view made under no_grad: not every in-place change is allowed
    _retains = False  # whether `retain_grad` was asked for
    _same: Tensor | None = None  # under a trace: the tensor whose memory this one stands for (detach, data)


Operand: TypeAlias = "Tensor | float | np.ndarray[Any, Any] | np.generic"  # what an operator takes beside a tensor


def wrap(a: Any, g: Any = None) -> Tensor:
    """A tensor around a payload."""
    t = new(Tensor)
    t._a = a
    t._g = g
    t._v = None
    return t


def shareable(x: Tensor) -> np.ndarray[Any, Any]:
    """The payload as memory that another tensor may share."""
    a = x._a
    if isinstance(a, np.generic):
        x._a = a = np.array(a)
    return a  # type: ignore[no-any-return]


def version(x: Tensor) -> Version:
    """The version of x's memory, made if there is none yet."""
    v = x._v
    if v is None:
        x._v = v = Version()
    return v


def alias(x: Tensor) -> Tensor:
    """Another tensor on the same memory and version, with no history: `detach`."""
    t = wrap(shareable(x))
    t._v = version(x)
    stand_for(t, x)
    if x._frozen:
        t._frozen = t._wary = True
    return t


def twin(x: Tensor, history: object) -> Tensor:
    """Another tensor on the same memory and version, with tangents as x, and with a history of its own."""
    t = wrap(x._a, history)
    if isinstance(x._a, np.ndarray):
        t._v = version(x)
    stand_for(t, x)
    t._t = x._t
    return t


def stand_for(t: Tensor, x: Tensor) -> None:
    """Under a trace memory is found by its tensor: t says whose it stands for."""
    m = MODE.get()
    if m is not None and m.trace is not None:
        t._same = x


def touch(x: Tensor, what: str) -> None:
    """Note that `what`, called by the caller of the caller, has just changed x's memory in place."""
    v = x._v
    if v is None:
        x._v = v = Version()
    v.stamp = draw()
    v.count += 1
    frame: Any = _getframe(2)
    code = frame.f_code
    if code.co_filename not in _users:  # seldom: a set is quicker to ask than the start of a string
        while code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
            frame = frame.f_back
            code = frame.f_code
        _users.add(code.co_filename)
    v.culprit = (what, (code, frame.f_lasti))


def bump(v: Version, what: str, where: tuple[CodeType, int] | None) -> None:
    """Raise a version: `what` changed the memory, at a place given as (code, instruction)."""
    v.stamp = draw()
    v.count += 1
    v.culprit = (what, where)


def blame(v: Version) -> str:
    """The last in-place change as words: the operation and the line it stands in."""
    what, where = v.culprit or ("an in-place operation", None)
    if where is None:
        return what
    code, lasti = where
    line = None
    for i, (start, _, _, _) in enumerate(code.co_positions()):
        if i * 2 >= lasti:
            line = start
            break
    return f'{what}, in {code.co_name} ("{code.co_filename}", line {line})'
