"""Hooks of modules: functions called before and after `forward`, and in backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor

if TYPE_CHECKING:
    from chainrule.nn.module import Module


class Hooks:
    """The hooks of one module."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[Callable[..., Any], bool]] = {}
        self.after: dict[int, tuple[Callable[..., Any], bool]] = {}
        self.backward: dict[int, Callable[..., Any]] = {}

    def run(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`module.forward` with its hooks."""
        for hook, with_kwargs in list(self.before.values()):
            got = hook(module, args, kwargs) if with_kwargs else hook(module, args)
            if got is not None and with_kwargs:
                args, kwargs = got
            elif got is not None:
                args = got if isinstance(got, tuple) else (got,)
        watch = _Backward(module, list(self.backward.values())) if self.backward else None
        if watch is not None:
            args = watch.inputs(args)
        out = module.forward(*args, **kwargs)
        for hook, with_kwargs in list(self.after.values()):
            got = hook(module, args, kwargs, out) if with_kwargs else hook(module, args, out)
            out = out if got is None else got
        return out if watch is None else watch.outputs(out)


class _Backward:
    """One call's backward hooks. The input passes through an identity, whose gradient is its own through the module."""

    def __init__(self, module: Module, hooks: list[Callable[..., Any]]) -> None:
        self.module, self.hooks = module, hooks
        self.grad_output: list[Tensor | None] = []
        self.grad_input: list[Tensor | None] = []

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, with the first that wants a gradient watched."""
        self.grad_input = [None] * len(args)
        wanting = [i for i, x in enumerate(args) if isinstance(x, Tensor) and x._g is not None]
        if len(wanting) > 1:
            raise NotImplementedError("full backward hooks are for modules of a single input that requires grad")
        self.place = wanting[0] if wanting else None
        if self.place is None:
            return args
        passed = REGISTRY["alias"](args[self.place])
        passed.register_hook(self._arrived)
        return (*args[: self.place], passed, *args[self.place + 1 :])

    def outputs(self, out: Any) -> Any:
        """The result, watched."""
        outs = out if isinstance(out, tuple) else (out,)
        self.grad_output = [None] * len(outs)
        for i, t in enumerate(outs):
            if isinstance(t, Tensor) and t._g is not None:
                t.register_hook(lambda g, i=i: self._left(i, g))
        return out

    def _left(self, i: int, g: Tensor) -> None:
        self.grad_output[i] = g
        if self.place is None:
            self._call()

    def _arrived(self, g: Tensor) -> Tensor | None:
        place: Any = self.place
        self.grad_input[place] = g
        return self._call()[place]

    def _call(self) -> Any:
        grads: Any = tuple(self.grad_input)
        for hook in self.hooks:
            got = hook(self.module, grads, tuple(self.grad_output))
            if got is not None:
                grads = got if isinstance(got, tuple) else (got,)
        return grads
