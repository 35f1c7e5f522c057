"""Errors that beginners meet: PyTorch's words first, then what led there and what to write instead."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import chainrule as cr


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
