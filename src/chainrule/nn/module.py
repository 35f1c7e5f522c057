"""`Module`: what networks are made of. It registers the parameters, buffers and modules that are assigned to it, and
finds them again: by name, for saving and loading, for optimisers, for printing.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from chainrule.api.device import device
from chainrule.base import dtypes
from chainrule.core.tape import Node, Removable, forget_gradients, store
from chainrule.core.tensor import LEAF, Tensor, touch
from chainrule.nn.hooks import Hooks
from chainrule.nn.parameter import Buffer, Parameter, UninitializedParameter

M = TypeVar("M", bound="Module")


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` did not find, and what it did not know."""

    __slots__ = ()

    def __repr__(self) -> str:
        return super().__repr__() if self.missing_keys or self.unexpected_keys else "<All keys matched successfully>"


class Module:
    """The base of all networks: assign parameters and modules in `__init__`, compute in `forward`.

    >>> import chainrule as cr
    >>> class Line(cr.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = cr.nn.Parameter(cr.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.slope * x
    >>> Line()(cr.tensor(3.0))
    tensor(6., grad_fn=<MulBackward0>)
    """

    training: bool = True
    dump_patches = False
    _hooked: Hooks | None = None

    def __init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "training", True)
        set_(self, "_parameters", {})
        set_(self, "_buffers", {})
        set_(self, "_modules", {})
        set_(self, "_transient", set())  # buffers that are not saved

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; to be defined by each kind of module."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooked is None:
            return self.forward(*args, **kwargs)
        return self._hooked.run(self, args, kwargs)

    # ---- registration

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        kind = "_parameters" if isinstance(value, Parameter) else "_modules" if isinstance(value, Module) else None
        if kind is not None:
            if kind not in own:
                what = "parameters" if kind == "_parameters" else "module"
                raise AttributeError(f"cannot assign {what} before Module.__init__() call")
            self._forget(name, kind)
            if kind == "_parameters":
                self.register_parameter(name, value)
            else:
                own[kind][name] = value
        elif "_parameters" in own and name in own["_parameters"]:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            own["_parameters"][name] = None
        elif "_modules" in own and name in own["_modules"]:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            own["_modules"][name] = None
        elif "_buffers" in own and (name in own["_buffers"] or isinstance(value, Buffer)):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as buffer '{name}' "
                    f"(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            if isinstance(value, Buffer):
                self._forget(name, "_buffers")
                self.register_buffer(name, value, value.persistent)
            own["_buffers"][name] = value
        else:
            object.__setattr__(self, name, value)

    def _forget(self, name: str, but: str) -> None:
        for held in ("_parameters", "_buffers", "_modules"):
            if held != but:
                self.__dict__.get(held, {}).pop(name, None)
        self.__dict__.pop(name, None)
        self.__dict__.get("_transient", set()).discard(name)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for held in ("_parameters", "_modules", "_buffers"):
            if held in own and name in own[held]:
                return own[held][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for held in (self._parameters, self._buffers, self._modules):
            if name in held:
                del held[name]
                self._transient.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._parameters, *self._buffers, *self._modules})

    def _check_name(self, what: str, name: str, held: Mapping[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {_type_name(name)}")
        if "." in name:
            raise KeyError(f'{what} name can\'t contain "."' + (f", got: {name}" if what == "module" else ""))
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if hasattr(self, name) and name not in held:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter (or a place for one) under a name."""
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_type_name(param)}' object to parameter '{name}' "
                f"(torch.nn.Parameter or None required)"
            )
        if param is not None and isinstance(param._g, Node):
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
                f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is no parameter under a name; it is saved if `persistent`."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_type_name(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module under a name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_type_name(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = module

    register_module = add_module

    # ---- finding

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, with their names."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules assigned to this one, with their names."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """The modules assigned to this one."""
        for _, child in self.named_children():
            yield child

    def _members(self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for place, module in modules:
            for name, x in module.__dict__[kind].items():
                if x is None or id(x) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(x))
                yield (f"{place}.{name}" if place else name), x

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their names, such as `0.weight`."""
        yield from self._members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters: what an optimiser takes."""
        for _, x in self.named_parameters(recurse=recurse):
            yield x

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their names."""
        yield from self._members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers."""
        for _, x in self.named_buffers(recurse=recurse):
            yield x

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name."""
        module = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def _get(self, target: str, kind: str, word: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in module.__dict__[kind]:
            raise AttributeError(f"`{name}` is not {word}")
        return module.__dict__[kind][name]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name."""
        return self._get(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name."""
        return self._get(target, "_buffers", "a buffer")

    # ---- changing

    def apply(self: M, fn: Callable[[Module], Any]) -> M:
        """Call `fn` on every module, children first."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self: M, mode: bool = True) -> M:
        """Set training mode (dropout and batch statistics on), here and below."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Set evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Ask for the gradients of all parameters, or stop asking."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        forget_gradients(self.parameters(), set_to_none)

    def _cast(self: M, to: Any, floats_only: bool = True) -> M:
        for x in itertools.chain(self.parameters(), self.buffers()):
            for t in (x, x._grad):
                if t is not None and (t._a.dtype.kind == "f" or not floats_only) and t._a.dtype != to:
                    t._a = t._a.astype(to)
                    t._v = None
        return self

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Convert floating point parameters and buffers to a dtype, or a tensor's. There is one device, the CPU."""
        for x in (*args, kwargs.get("dtype"), kwargs.get("device"), kwargs.get("tensor")):
            if isinstance(x, (str, device)):
                device(x)
                continue
            d = x._a.dtype if isinstance(x, Tensor) else x.np if isinstance(x, dtypes.dtype) else None
            if d is None:
                continue
            if d.kind != "f":
                raise TypeError(
                    f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtypes.of(d)}"
                )
            self._cast(d)
        return self

    def type(self: M, dst_type: Any) -> M:
        """Convert all parameters and buffers to a dtype."""
        return self._cast(dtypes.as_np(dst_type), floats_only=False)

    def float(self: M) -> M:
        """Convert floating point parameters and buffers to float32."""
        return self._cast(dtypes.F32)

    def double(self: M) -> M:
        """Convert floating point parameters and buffers to float64."""
        return self._cast(dtypes.F64)

    def half(self: M) -> M:
        """Convert floating point parameters and buffers to float16."""
        return self._cast(np.dtype(np.float16))

    def bfloat16(self: M) -> M:
        """Refuses: no tensor here is of bfloat16."""
        return self._cast(dtypes.NAMES["bfloat16"].np)

    def cpu(self: M) -> M:
        """The module itself: its tensors live on the CPU."""
        return self

    # ---- saving and loading

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by name: what `load_state_dict` takes. Memory is shared."""
        out = OrderedDict() if destination is None else destination
        hooks = self._hooked
        for hook in list(hooks.saving.values()) if hooks else ():
            hook(self, prefix, keep_vars)
        kept = {k: x for k, x in self._buffers.items() if k not in self._transient}
        for name, x in (*self._parameters.items(), *kept.items()):
            if x is not None:
                out[prefix + name] = x if keep_vars else x.detach()
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=out, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in list(hooks.saved.values()) if hooks else ():
            out = hook(self, out, prefix, {}) or out
        return out

    def _plain_state(self) -> dict[str, Tensor]:
        """What a state holds, before hooks add to it."""
        state: dict[str, Tensor] = {}
        for place, module in self.named_modules(remove_duplicate=False):
            kept = {k: x for k, x in module._buffers.items() if k not in module._transient}
            for name, x in (*module._parameters.items(), *kept.items()):
                if x is not None:
                    state[f"{place}.{name}" if place else name] = x
        return state

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Copy what `state_dict` returned into the parameters and buffers.

        `strict=False` lets names be missing or unexpected and returns them; `assign=True` takes the tensors.

        Raises:
            RuntimeError: names (if strict) or shapes do not match; all of them are listed.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        hooked = [(name, m, m._hooked) for name, m in self.named_modules() if m._hooked is not None]
        missing: list[str] = []
        unexpected: list[str] = []
        problems: list[str] = []
        if hooked:
            state_dict = OrderedDict(state_dict)
        for name, module, hooks in hooked:
            for hook in list(hooks.loading.values()):
                hook(module, state_dict, f"{name}." if name else "", {}, strict, missing, unexpected, problems)
        mine = self._plain_state()
        missing += [k for k in mine if k not in state_dict]
        unexpected += [k for k in state_dict if k not in mine]
        keys = _IncompatibleKeys(missing, unexpected)
        for name, x in mine.items():
            if name in state_dict:
                problem = self._load(name, x, state_dict[name], assign)
                if problem:
                    problems.append(problem)
        for _, module, hooks in hooked:
            for hook in list(hooks.loaded.values()):
                hook(module, keys)
        if strict and missing:
            problems.insert(0, "Missing key(s) in state_dict: {}. ".format(", ".join(f'"{k}"' for k in missing)))
        if strict and unexpected:
            problems.insert(0, "Unexpected key(s) in state_dict: {}. ".format(", ".join(f'"{k}"' for k in unexpected)))
        if problems:
            listed = "\n\t".join(problems)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listed}")
        return keys

    def _load(self, name: str, x: Tensor, value: Any, assign: bool) -> str | None:
        """Copy or assign one value; what is wrong with it, if something is."""
        if not isinstance(value, Tensor):
            return (
                f'While copying the parameter named "{name}", expected torch.Tensor or Tensor-like object '
                f"from checkpoint "
                f"but received {type(value)}"
            )
        if isinstance(x, UninitializedParameter):
            x.materialize(value)
        if value._a.shape != x._a.shape:
            return (
                f"size mismatch for {name}: copying a param with shape {value.shape} from checkpoint, "
                f"the shape in current model is {x.shape}."
            )
        if assign:
            path, _, last = name.rpartition(".")
            parameter = isinstance(x, Parameter) and not isinstance(value, Parameter)
            setattr(self.get_submodule(path), last, Parameter(value, x._g is LEAF) if parameter else value)
        else:
            store(x, value._a)
            touch(x, "load_state_dict")
        return None

    # ---- hooks: a module without any pays nothing

    def _hook_lists(self) -> Hooks:
        hooks = self._hooked or Hooks()
        object.__setattr__(self, "_hooked", hooks)
        return hooks

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Removable:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments."""
        lists = self._hook_lists()
        return lists.add(lists.before, hook, with_kwargs, prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Removable:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output."""
        lists = self._hook_lists()
        return lists.add(lists.after, hook, with_kwargs, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Removable:
        """Call `hook(module, grad_input, grad_output)` in backward; what it returns replaces `grad_input`."""
        lists = self._hook_lists()
        return lists.add(lists.backward, hook, prepend=prepend)

    register_backward_hook = register_full_backward_hook  # its name before PyTorch 1.8

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Removable:
        """Call `hook(module, grad_output)` in backward before the module's part; a result replaces that."""
        lists = self._hook_lists()
        return lists.add(lists.backward_before, hook, prepend=prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Removable:
        """Call `hook(module, prefix, keep_vars)` before `state_dict()`."""
        return Removable(self._hook_lists().saving, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> Removable:
        """Call `hook(module, state_dict, prefix, local_metadata)` on what `state_dict()` has put together."""
        return Removable(self._hook_lists().saved, hook)

    _register_state_dict_hook = register_state_dict_post_hook  # its name before it was public

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Removable:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)` before loading.

        It may change `state_dict`, which is a copy, and add to the lists.
        """
        return Removable(self._hook_lists().loading, hook)

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., Any], with_module: bool = False) -> Removable:
        return self.register_load_state_dict_pre_hook(hook if with_module else lambda module, *args: hook(*args))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> Removable:
        """Call `hook(module, incompatible_keys)` after loading; it may change the two lists."""
        return Removable(self._hook_lists().loaded, hook)

    @property
    def _forward_pre_hooks(self) -> dict[int, Any]:
        return self._hook_lists().before

    @property
    def _forward_hooks(self) -> dict[int, Any]:
        return self._hook_lists().after

    @property
    def _backward_hooks(self) -> dict[int, Any]:
        return self._hook_lists().backward

    @property
    def _backward_pre_hooks(self) -> dict[int, Any]:
        return self._hook_lists().backward_before

    # ---- printing and copying

    def extra_repr(self) -> str:
        """What is printed between the parentheses."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(child))}" for name, child in self._modules.items()]
        if len(lines) == 1 and not children:
            return f"{self._get_name()}({lines[0]})"
        body = lines + children
        return f"{self._get_name()}(" + ("\n  " + "\n  ".join(body) + "\n" if body else "") + ")"

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def indented(text: str) -> str:
    """All lines but the first, moved in."""
    return text.replace("\n", "\n  ")


def _type_name(x: Any) -> str:
    if isinstance(x, Tensor):
        return f"torch.{dtypes.of(x._a.dtype).legacy}"
    return type(x).__name__
