"""The messages of errors that need more than a line: what happened, with which values, where, and what to do."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from typing import Any

from chainrule.base.language import say

_FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)

INFERENCE_SAVED = (
    "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and "
    "use it in autograd."
)


def freed() -> str:
    """A second backward() through the same graph."""
    return f"{_FREED} " + say(
        "Most often a loop goes on from a value of the round before: compute it anew (run the forward pass again "
        "before each backward()), or cut off what is kept from round to round, as a hidden state: h = h.detach()."
    )


def no_history(i: int, kind: str, recording: bool) -> str:
    """backward() of a tensor that nothing led to. kind: its dtype, if it has no derivatives; else empty."""
    if kind:
        lead = say(
            "It holds whole numbers or truth values ({kind}), as argmax, comparisons and .long() give them; these have "
            "no derivative.", kind=kind,
        )  # fmt: skip
    elif not recording:
        lead = say("Nothing is recorded here: this runs under no_grad().")
    else:
        lead = say(
            "Nothing was recorded that leads to it. Either no tensor that it was computed from has requires_grad=True, "
            "or the way was cut: by no_grad(), detach(), .data, .item(), float(), functions of math or NumPy, or "
            "torch.tensor(...) of a result. explain(y, x) says more."
        )
    return f"element {i} of tensors does not require grad and does not have a grad_fn. {lead}"


def products_do_not_fit(p: tuple[int, ...], q: tuple[int, ...]) -> str:
    """A product of matrices whose inner sizes differ; what to do, where turning one over mends it."""
    lead = say("the last size of the first, {n}, must be the first of the second, {m}", n=p[-1], m=q[0])
    if len(q) == 2 and p[-1] == q[1]:
        lead += "; " + say("with the second turned over it fits: a @ b.T")
    elif len(p) == 2 and p[0] == q[0]:
        lead += "; " + say("with the first turned over it fits: a.T @ b")
    return lead


def classes_in_a_column(shape: tuple[int, ...]) -> str:
    """What to do where class numbers stand in a column, one a row; empty for other shapes."""
    column = len(shape) == 2 and shape[1] == 1
    return ": " + say("one class number belongs to each row: target.squeeze(1)") if column else ""


NUMPY_OF_GRAD = "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."


def numpy_called() -> str:
    """A NumPy function that was called on a tensor with a gradient."""
    return say(
        "NumPy's functions know nothing of gradients: call the function of the same name of this package, as "
        "torch.sin(x) for np.sin(x)."
    )


def not_scalar(shape: tuple[int, ...]) -> str:
    """backward() of a tensor of several elements without a gradient."""
    return f"grad can be implicitly created only for scalar outputs, but this tensor has shape {list(shape)}. " + say(
        "Reduce it first, y.sum().backward(), or weigh its elements: y.backward(torch.ones_like(y))."
    )


def leaf_changed(what: str, view: bool) -> str:
    """An in-place change of a leaf that is being recorded, or of a view of one."""
    of = "a view of a leaf Variable" if view else "a leaf Variable"
    lead = say(
        "Its gradient would be lost. Change it inside `with torch.no_grad():`, or write the operation that returns a "
        "new tensor."
    )
    return f"{of} that requires grad is being used in an in-place operation ({what}). {lead}"


def no_floats(dtype: Any) -> str:
    """Gradients asked for whole numbers."""
    return (
        f"only Tensors of floating point and complex dtype can require gradients, but this one is {dtype}. "
        + as_floats()
    )


def as_floats() -> str:
    """What makes floats of whole numbers."""
    return say("Make it with a point, 2. instead of 2, or convert it: x.float().")


def many_elements(n: int, asked: bool) -> str:
    """A tensor of several elements, or of none, `asked` for its item, or otherwise where one number is wanted."""
    lead = say("One number is wanted here: x.sum(), x[0], or, for a function of math, torch's of the same name.")
    said = f"a Tensor with {n} elements cannot be converted to Scalar"
    return f"{said if asked else 'only one element tensors can be converted to Python scalars'}. {lead}"


def do_not_broadcast(p: int, q: int, i: int, first: tuple[int, ...], second: tuple[int, ...]) -> str:
    """Shapes that do not go together, by their i-th sizes p and q."""
    lead = say("Compared from the right, sizes must be equal, or one of them 1.")
    return (
        f"The size of tensor a ({p}) must match the size of tensor b ({q}) at non-singleton dimension {i} "
        f"(shapes {list(first)} and {list(second)}). {lead}"
    )


def two_dtypes(said: str) -> str:
    """Operands of two dtypes where PyTorch promotes none."""
    return f"{said}. " + say("Bring them to one dtype: x.float(), or model.double().")


def classes(n: int) -> str:
    """The class numbers that there are."""
    return say("there are {n} classes, with numbers from 0 to {last}.", n=n, last=n - 1)


def no_probabilities() -> str:
    """Numbers outside of [0, 1] where probabilities are wanted."""
    lead = say("Pass them through sigmoid, or take binary_cross_entropy_with_logits.")
    return f"all elements of input should be between 0 and 1. {lead}"


def other_size(said: str) -> str:
    """A target whose shape is not the input's."""
    return f"{said} " + say("Bring the target to the input's shape: target.view_as(input).")


def unused(i: int) -> str:
    """autograd.grad at an input that the outputs do not depend on."""
    return (
        f"One of the differentiated Tensors appears to not have been used in the graph (input {i}). "
        "Set allow_unused=True if this is the desired behavior."
    )


_ELSEWHERE = {  # what will not be found by looking near it, and why it is not here
    "hub": "models for download are made for torch itself",
    "fx": "programs are recorded by cr.compile(f), formulas by cr.derive(f); there is no torch.fx graph to rewrite",
    "onnx": "models are exported by torch itself",
    "distributed": "everything runs in one process",
    "sparse": "tensors are dense (sparse_coo_tensor(...).to_dense() is zeros(...).index_put(...))",
    "sparse_coo_tensor": "tensors are dense: use zeros(...).index_put(...)",
    "quantization": "numbers are not quantised; use float16 tensors to save memory",
    "BFloat16Tensor": "NumPy has no bfloat16; use float16 or float32",
}


def missing(owner: str, name: str, known: Iterable[str]) -> str:
    """A name of PyTorch's (or nobody's) that is not here, with the nearest that are."""
    if name in _ELSEWHERE:
        return f"module {owner!r} has no attribute {name!r}: {_ELSEWHERE[name]}."
    lower: dict[str, list[str]] = {}
    for n in known:
        if n.startswith("_"):
            continue
        lower.setdefault(n.lower(), []).append(n)  # capitals are left aside: relu is near ReLU
    near = [n for key in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.6) for n in lower[key]][:3]
    lead = say("it is not there (yet).") + (f" {say('Near it: {names}.', names=', '.join(near))}" if near else "")
    return f"module {owner!r} has no attribute {name!r}: {lead}"


def shown(names: dict[str, Any], rooms: bool = True) -> list[str]:
    """What a module with these globals offers, for its `dir()`: not what it is made with. `rooms`: its modules too."""
    own, found = names["__name__"], []
    for name, x in names.items():
        if isinstance(x, type(sys)) and not rooms:
            continue
        if not name.startswith("_") and (isinstance(x, type(sys)) or hasattr(x, "__module__")):
            home = x.__name__ if isinstance(x, type(sys)) else x.__module__
            if home.startswith(own if isinstance(x, type(sys)) else ("chainrule", "torch")):
                found.append(name)
    return sorted(found)


def line() -> str:
    """The line of the user's code that is being run: the function's name, file and line."""
    frame: Any = sys._getframe(1)
    while frame.f_globals.get("__name__", "").startswith("chainrule") and frame.f_back is not None:
        frame = frame.f_back
    return f'{frame.f_code.co_name} ("{frame.f_code.co_filename}", line {frame.f_lineno})'


SINGLE_MEMORY = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please "
    "clone() the tensor before performing the operation."
)
