"""Comparing outputs: pure functions on text, against records such as torch's releases have printed them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.run.compare import (
    Item,
    as_far_as,
    canonical,
    differences,
    items,
    numbered,
    same_line,
    same_number,
    structure,
)


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def result(text, **mimes):
    return {"output_type": "execute_result", "data": {"text/plain": text, **mimes}}


def figure():
    return {"output_type": "display_data", "data": {"image/png": "iVBOR", "text/plain": "<Figure size 640x480>"}}


@pytest.mark.parametrize(
    "recorded, fresh",
    [
        ("0.3679", "0.3678"),  # one unit of the last place
        ("1.", "0.9999"),  # torch and NumPy leave zeros off
        ("75.", "75.0001"),
        ("1.399999976158142", "1.4000000953674316"),  # single precision, printed as a double
        ("-0.", "0."),
        ("1e-05", "1.00000001e-05"),
        ("1.2345e-05", "1.2346e-05"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("100", "100"),
        ("+7", "7"),
    ],
)
def test_numbers_that_agree(recorded, fresh):
    assert same_number(recorded, fresh)
    assert same_number(fresh, recorded)


@pytest.mark.parametrize(
    "recorded, fresh",
    [
        ("0.3679", "0.3677"),
        ("0.3679", "0.36788"),
        ("0.5", "0.501"),
        ("0.5", "0.6"),
        ("3.14", "3.15"),
        ("2.5", "2.41"),
        ("75.", "76."),
        ("1", "2"),
        ("1", "1."),  # an int is not a float
        ("100", "101"),
        ("nan", "1.0"),
        ("inf", "-inf"),
        ("1.2345e-05", "1.2345e-06"),
        ("0.1000", "-0.1000"),
    ],
)
def test_numbers_that_do_not_agree(recorded, fresh):
    assert not same_number(recorded, fresh)
    assert not same_number(fresh, recorded)


def test_tolerance_is_relative_and_can_be_chosen():
    assert same_number("1000000.0", "1000001.0")
    assert not same_number("1000000.0", "1000001.0", tolerance=1e-7)
    assert same_number("0.51", "0.52", tolerance=0.05)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(3, 8))
def test_what_one_number_prints_as_agrees_with_itself_at_any_precision(x, digits):
    assert same_number(repr(x), repr(x))
    assert same_number(f"{x:.{digits}f}", f"{math.nextafter(x, math.inf):.{digits}f}")


@given(st.floats(0.001, 1000), st.floats(0.01, 1))
def test_a_difference_of_a_percent_shows_at_five_digits(x, change):
    assert not same_number(f"{x:.8f}", f"{x * (1 + change):.8f}")


@pytest.mark.parametrize(
    "recorded, fresh",
    [
        ("tensor([75.], grad_fn=<ThMulBackward>)", "tensor([75.], grad_fn=<MulBackward0>)"),
        ("tensor([75.], grad_fn=<MulBackward>)", "tensor([75.], grad_fn=<MulBackward0>)"),
        ("tensor(1., grad_fn=<MeanBackward1>)", "tensor(1., grad_fn=<MeanBackward0>)"),
        ("tensor(1., grad_fn=<ThresholdBackward0>)", "tensor(1., grad_fn=<ReluBackward0>)"),
        ("<AddBackward0 object at 0x7f2d1c0b5d30>", "<AddBackward0 object at 0x10aa3c2e0>"),
        ("<ThAddBackward object at 0x7f2d1c0b5d30>", "<AddBackward0 object at 0x10aa3c2e0>"),
        # the longer name pushed the end of the repr to the next line
        ("tensor([1., 2.],\n       grad_fn=<ThMulBackward>)", "tensor([1., 2.], grad_fn=<MulBackward0>)"),
        ("tensor([1.], device='cuda:0', grad_fn=<AddBackward0>)", "tensor([1.], grad_fn=<AddBackward0>)"),
        ("[<matplotlib.lines.Line2D at 0x7f1>]", "[<matplotlib.lines.Line2D at 0x10aa3c2e0>]"),
        ("<matplotlib.axes._subplots.AxesSubplot at 0x7f1>", "<Axes: >"),
        ("Text(0,0.5,'y')", "Text(0, 0.5, 'y')"),
        ("0.5", "np.float64(0.5)"),
        ("[1.5, True]", "[np.float32(1.5), np.True_]"),
        ("PyTorch 1.0.1.post2", "PyTorch 2.13.0+chainrule"),
        ("'1.5.0+cu101'", "'2.13.0+chainrule'"),
        ("SGD (\n    lr: 0.1\n    nesterov: False\n)", "SGD (\n    foreach: None\n    lr: 0.1\n    nesterov: False\n)"),
        ("CPU times: user 3 ms, sys: 0 ns\nWall time: 5 ms\n1.0", "CPU times: user 9 ms\nWall time: 7 s\n1.0"),
        ("12.5 µs ± 53 ns per loop (mean of 7 runs)\nx", "9 µs ± 1 ns per loop (mean of 7 runs)\nx"),
        ("100%|████| 3000/3000 [00:02<00:00, 1234.56it/s]\ndone", "done"),
        ("HBox(children=(IntProgress(value=0, max=10), HTML(value='')))\ndone", "done"),
        ("\x1b[31mred\x1b[0m", "red"),
        (" 10%\r 50%\r100%", "100%"),
        ("one  \ntwo\n\n", "one\ntwo"),
    ],
)
def test_what_has_been_printed_differently_over_the_years_is_the_same(recorded, fresh):
    assert differences(canonical(recorded), canonical(fresh)) == []


@pytest.mark.parametrize(
    "recorded, fresh",
    [
        ("tensor([75.], grad_fn=<ThMulBackward>)", "tensor([75.], grad_fn=<AddBackward0>)"),
        ("tensor([75.], grad_fn=<MulBackward0>)", "tensor([75.])"),
        ("tensor([75.])", "tensor([75.], requires_grad=True)"),
        ("tensor([75.])", "tensor([75.], dtype=torch.float64)"),
        ("tensor(1.)", "tensor([1.])"),
        ("tensor([1., 2.])", "tensor([1., 2., 3.])"),
        ("tensor([1, 2])", "tensor([1., 2.])"),
        ("x1 = 3", "x2 = 3"),
        ("torch: none", "torch: 2.13.0+chainrule"),
        ("SGD (\n    lr: 0.1\n)", "SGD (\n    lr: 0.1\n    nesterov: False\n)"),
        ("torch.float32", "torch.float64"),
        ("torch.Size([2, 3])", "torch.Size([3, 2])"),
        ("loss: 1.0", "Loss: 1.0"),
        ("a  b", "a b"),
        ("None", "tensor(0.)"),
        ("one\ntwo", "one"),
        ("one", "one\ntwo"),
    ],
)
def test_what_differs_is_seen(recorded, fresh):
    assert differences(canonical(recorded), canonical(fresh))


def test_padding_beside_numbers_may_change_with_their_width():
    assert same_line("[0.97131 0.5      ]", "[0.97131   0.50000001]")
    assert not same_line("a  b 1.0", "a b 1.0")


def test_differences_name_the_line():
    (found,) = differences("a\nb 1\nc", "a\nb 2\nc")
    assert (found.line, found.recorded, found.fresh) == (2, "b 1", "b 2")


def test_items_join_streams_and_leave_out_what_is_not_the_answer():
    outputs = [
        stream("a\n"),
        stream("warning!", "stderr"),
        stream(["b\n", "c\n"]),
        result("[<matplotlib.lines.Line2D at 0x7f2d1c0b5d30>]"),
        figure(),
        result("tensor(3.)"),
        result("  0%|  | 0/3", **{"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}),
        {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []},
    ]
    assert set(items(outputs)) == {
        Item("stdout", "a\nb\nc"),
        Item("figure", ""),
        Item("result", "tensor(3.)"),
        Item("error", "ValueError"),
    }


def test_numbered_counts_each_kind():
    places = numbered([Item("result", "a"), Item("figure", ""), Item("result", "b")])
    assert {place: item.text for place, item in places.items()} == {
        ("result", 0): "a",
        ("figure", 0): "",
        ("result", 1): "b",
    }


def test_a_record_cut_at_a_thousand_characters_is_compared_as_far_as_it_goes():
    text = "".join(f"step {number}: {number / 7:.4f}\n" for number in range(100))
    (cut,), (whole,) = items([stream(text[:1000])]), items([stream(text)])
    assert cut.cut and not whole.cut
    old, new = as_far_as(cut, whole)
    assert differences(old.text, new.text) == []
    assert new.text.count("\n") > 50
    wrong = Item("stdout", whole.text.replace("step 3:", "step three:"))
    old, new = as_far_as(cut, wrong)
    assert [found.line for found in differences(old.text, new.text)] == [4]


def test_as_far_as_leaves_whole_records_alone():
    both = Item("stdout", "a\nb"), Item("stdout", "a\nb\nc")
    assert as_far_as(*both) == both


def test_structure_is_the_text_without_its_numbers():
    assert structure("x1 = tensor([-0.62], grad_fn=<A>)") == structure("x1 = tensor([7.1234], grad_fn=<A>)")
    assert structure("x1 = 1.0") != structure("x2 = 1.0")
    assert structure("[1. 2.]") != structure("[1. 2. 3.]")
