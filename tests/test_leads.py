"""Errors that beginners meet: PyTorch's words first, then what led there and what to write instead."""

from __future__ import annotations

import copy
import math
import pickle
import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.base.language import LANGUAGES


@pytest.mark.parametrize(
    ("loss", "lead"),
    [
        (lambda x: cr.tensor((x**2).sum().item()), "item"),
        (lambda x: cr.tensor(math.sin(x[0])), "functions of math or NumPy"),
        (lambda x: cr.tensor(np.sum(x.detach().numpy())), "functions of math or NumPy"),
        (lambda x: (x > 0).sum(), "int64"),
        (lambda x: x.argmax(), "argmax"),
        (lambda x: cr.tensor([1.0, 2.0]).sum(), "requires_grad=True"),
    ],
)
def test_backward_without_a_history_leads_to_what_cut_it(loss, lead):
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^element 0 of tensors does not require grad.*" + lead):
        loss(x).backward()


def test_backward_under_no_grad_says_so():
    with cr.no_grad(), pytest.raises(RuntimeError, match=r"^element 0 of tensors.*under no_grad"):
        cr.tensor(1.0).backward()


def test_a_second_backward_leads_to_the_loop():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    h = cr.tanh(x)
    h.sum().backward()
    with pytest.raises(RuntimeError, match=r"^Trying to backward through the graph a second time.*h\.detach\(\)"):
        cr.tanh(h + x).sum().backward()


@pytest.mark.parametrize(
    ("shapes", "lead"),
    [([(3, 4), (3, 4)], r"a @ b\.T"), ([(3, 4), (3, 5)], r"a\.T @ b"), ([(3, 4), (5, 6)], "last size")],
)
def test_a_product_that_does_not_fit_says_what_to_turn(shapes, lead):
    with pytest.raises(RuntimeError, match=r"^mat1 and mat2 shapes cannot be multiplied.*" + lead):
        cr.matmul(*map(cr.ones, shapes))


def test_class_numbers_in_a_column():
    with pytest.raises(RuntimeError, match=r"^Expected target size \[3\], got \[3, 1\].*squeeze\(1\)"):
        cr.nn.functional.cross_entropy(cr.ones(3, 5), cr.ones(3, 1).long())


def test_numpy_on_what_is_differentiated_leads_to_the_own_function():
    with pytest.raises(TypeError, match=r"torch\.sin\(x\) for np\.sin\(x\)") as caught:
        cr.minimize(lambda x: np.sin(x) + np.exp(x), 1.0, lr=0.1, progress=False)
    assert "detach" not in str(caught.value)
    with pytest.raises(RuntimeError, match=r"^Can't call numpy\(\) on Tensor that requires grad.*torch\.sin"):
        np.sin(cr.ones(2, requires_grad=True))


@pytest.mark.parametrize(
    ("owner", "typed", "meant"),
    [(cr.nn, "lineer", "Linear"), (cr.nn, "relu", "ReLU"), (cr.optim, "sgd", "SGD"), (cr.optim, "adamw", "AdamW"),
     (cr, "Relu", "relu"), (cr.nn.functional, "crossentropy", "cross_entropy")],
)  # fmt: skip
def test_a_name_that_is_nearly_right(owner, typed, meant):
    with pytest.raises(AttributeError, match=rf"Near it: .*\b{meant}\b"):
        getattr(owner, typed)


@pytest.mark.parametrize("code", ["th", "vi", "ru"])
def test_leads_are_in_the_language_chosen_and_torch_words_stay(code):
    with cr.language(code), pytest.raises(RuntimeError, match=r"^element 0 of tensors does not require grad") as caught:
        cr.tensor(1.0).backward()
    assert "Nothing was recorded" not in str(caught.value)


def test_bfloat16_is_named_and_its_tensors_are_refused():
    """Tables of dtypes and comparisons run; whatever would make a tensor of it says why there is none."""
    d = cr.bfloat16
    assert (repr(d), d.itemsize, d.is_floating_point) == ("torch.bfloat16", 2, True)
    assert {"bfloat16": d, "float16": cr.float16}["bfloat16"] is d and cr.ones(1).dtype != d
    assert pickle.loads(pickle.dumps(d)) is d and copy.deepcopy(d) is d
    x = cr.ones(2)
    for use in (
        lambda: x.to(d), lambda: x.bfloat16(), lambda: x.type(d), lambda: cr.zeros(2, dtype=d), lambda: x.sum(dtype=d),
        lambda: cr.tensor(1.0, dtype=d), lambda: cr.nn.Linear(1, 1).bfloat16(), lambda: cr.nn.Linear(1, 1, dtype=d),
        lambda: cr.finfo(d), lambda: cr.set_default_dtype(d), lambda: cr.rand(2, dtype=d),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"no tensor here is of torch.bfloat16.*torch.float32 has the same range"):
            use()
    assert x.dtype == cr.get_default_dtype() == cr.float32


MET = {  # what beginners meet: PyTorch's words, by which it is searched for
    "grad can be implicitly created only for scalar outputs": lambda x: (2 * x).backward(),
    "a leaf Variable that requires grad is being used in an in-place operation": lambda x: x.add_(1),
    "a view of a leaf Variable that requires grad is being used in an in-place operation": lambda x: x[0].add_(1),
    "one of the variables needed for gradient computation has been modified by an inplace operation":
        lambda x: (y := x.exp(), y.add_(1), y.sum().backward()),
    "Trying to backward through the graph a second time": lambda x: (y := x.exp().sum(), y.backward(), y.backward()),
    "element 0 of tensors does not require grad": lambda x: x.detach().sum().backward(),
    "only Tensors of floating point and complex dtype can require gradients":
        lambda x: cr.ones(1).int().requires_grad_(),
    "could not infer output dtype": lambda x: cr.arange(3).mean(),
    "a Tensor with 2 elements cannot be converted to Scalar": lambda x: x.item(),
    "only one element tensors can be converted to Python scalars": lambda x: math.sin(x.detach()),
    "Boolean value of Tensor with more than one value is ambiguous": lambda x: bool(x > 0),
    "The size of tensor a (2) must match the size of tensor b (3)": lambda x: x + cr.ones(3),
    "mat1 and mat2 shapes cannot be multiplied (3x4 and 3x4)": lambda x: cr.ones(3, 4) @ cr.ones(3, 4),
    "mat1 and mat2 shapes cannot be multiplied (3x4 and 2x1)": lambda x: cr.nn.Linear(2, 1)(cr.ones(3, 4)),
    "to have the same dtype": lambda x: cr.ones(2, 2) @ cr.ones(2, 2).double(),
    "mat1 and mat2 must have the same dtype": lambda x: cr.nn.Linear(2, 1)(cr.ones(2).double()),
    "expected scalar type Long but found": lambda x: cr.nn.functional.cross_entropy(cr.ones(3, 5), cr.ones(3)),
    "Target 5 is out of bounds": lambda x: cr.nn.functional.cross_entropy(cr.ones(1, 5), cr.tensor([5])),
    "Expected target size": lambda x: cr.nn.functional.cross_entropy(cr.ones(3, 5), cr.ones(3, 1).long()),
    "all elements of input should be between 0 and 1": lambda x: cr.nn.functional.binary_cross_entropy(2 * x, x),
    "Using a target size": lambda x: cr.nn.functional.binary_cross_entropy(x.reshape(2, 1), x),
    "must be the same as input size": lambda x: cr.nn.BCEWithLogitsLoss()(x.reshape(2, 1), x),
    "params argument given to the optimizer should be an iterable": lambda x: cr.optim.SGD(x, lr=0.1),
    "can't optimize a non-leaf Tensor": lambda x: cr.optim.SGD([2 * x], lr=0.1),
    "has no attribute 'zeroes'": lambda x: cr.zeroes(2),
    "expected a Tensor among the operands, but got 1.0": lambda x: cr.sin(1.0),
    "must return a tensor, but it returned": lambda x: cr.minimize(math.sin, 1.0, lr=0.1, progress=False),
    "Can't call numpy() on Tensor that requires grad": lambda x: np.sin(x),
}  # fmt: skip


@pytest.mark.parametrize("words", MET)
def test_errors_that_beginners_meet_lead_on_in_the_language_chosen(words):
    """PyTorch's words are the same in every language; what is said after them is in each its own."""
    said = set()
    for code in LANGUAGES:
        with cr.language(code), pytest.raises(Exception, match=re.escape(words)) as caught:
            MET[words](cr.ones(2, requires_grad=True))
        said.add(str(caught.value).replace("\n", " "))
    assert len(said) == len(LANGUAGES)
