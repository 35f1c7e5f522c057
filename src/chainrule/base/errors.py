"""The messages of errors that need more than a line: what happened, with which values, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)

NO_HISTORY = "element {i} of tensors does not require grad and does not have a grad_fn"

INFERENCE_SAVED = (
    "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and "
    "use it in autograd."
)


def not_scalar(shape: tuple[int, ...]) -> str:
    """backward() of a tensor of several elements without a gradient."""
    return (
        f"grad can be implicitly created only for scalar outputs, but this tensor has shape {list(shape)}. "
        "Reduce it first (y.sum().backward()), or pass the weights of its elements: y.backward(torch.ones_like(y))."
    )


def unused(i: int) -> str:
    """autograd.grad at an input that the outputs do not depend on."""
    return (
        f"One of the differentiated Tensors appears to not have been used in the graph (input {i}). "
        "Set allow_unused=True if this is the desired behavior."
    )


_ELSEWHERE = {  # what will not be found by looking near it, and why it is not here
    "hub": "models for download are made for torch itself",
    "onnx": "models are exported by torch itself",
    "distributed": "everything runs in one process",
    "sparse": "tensors are dense (sparse_coo_tensor(...).to_dense() is zeros(...).index_put(...))",
    "sparse_coo_tensor": "tensors are dense: use zeros(...).index_put(...)",
    "quantization": "numbers are not quantised; use float16 tensors to save memory",
    "complex": "tensors are real; keep the real and the imaginary part in two tensors",
    "complex64": "tensors are real; keep the real and the imaginary part in two tensors",
    "complex128": "tensors are real; keep the real and the imaginary part in two tensors",
    "bfloat16": "NumPy has no bfloat16; use float16 or float32",
}


def missing(owner: str, name: str, known: Iterable[str]) -> str:
    """A name of PyTorch's (or nobody's) that is not here, with the nearest that are."""
    if name in _ELSEWHERE:
        return f"module {owner!r} has no attribute {name!r}: {_ELSEWHERE[name]}."
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    hint = f" Near it: {', '.join(near)}." if near else ""
    return f"module {owner!r} has no attribute {name!r}: it is not there (yet).{hint}"
