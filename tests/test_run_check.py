"""The verdicts on a notebook's outputs, from two runs that are made up here: no kernel is started."""

import pytest

from chainrule.run.check import Status, check, tally
from chainrule.run.notebook import Failure, Run

v4 = pytest.importorskip("nbformat.v4", reason='needs pip install "chainrule[run]"')


def notebook(*cells):
    """A notebook whose cells print these texts; None is a cell without output, a list is a cell's outputs."""

    def outputs(cell):
        return [v4.new_output("stream", name="stdout", text=cell)] if isinstance(cell, str) else cell or []

    return v4.new_notebook(cells=[v4.new_code_cell("...", outputs=outputs(cell)) for cell in cells])


def verdicts(recorded, first, second=None, **run):
    """What check says, given the texts that the cells print: recorded, in a first run and in a second."""
    cells = len(first)

    def again():
        assert second is not None, "a second run was asked for without need"
        return Run(notebook(*second), cells=cells)

    return check(notebook(*recorded), Run(notebook(*first), **{"cells": cells, **run}), again)


def test_what_is_as_recorded_needs_no_second_run():
    cells = verdicts(["a 1.0", None, "b"], ["a 1.00000001", "new", "b"])
    assert [cell.status for cell in cells] == [Status.SAME, Status.NO_RECORD, Status.SAME]
    assert [cell.number for cell in cells] == [1, 2, 3]


def test_the_same_twice_and_not_as_recorded_differs():
    (cell,) = verdicts(["a 1.0"], ["a 2.0"], ["a 2.0"])
    assert cell.status is Status.DIFFERS
    assert cell.note == "differs"


def test_not_the_same_twice_is_random():
    (cell,) = verdicts(["a 0.1234"], ["a 0.5"], ["a 0.75"])
    assert (cell.status, cell.note) == (Status.RANDOM, "random, structure same")


def test_text_that_does_not_change_between_runs_is_not_excused_by_random_numbers():
    (cell,) = verdicts(["MulBackward 0.1234"], ["AddBackward 0.5"], ["AddBackward 0.75"])
    assert cell.status is Status.DIFFERS


def test_lines_before_the_first_that_changes_are_not_excused_either():
    (cell,) = verdicts(["x 3.0\n0.1"], ["x 2.0\n0.5"], ["x 2.0\n0.75"])
    assert cell.status is Status.DIFFERS
    (cell,) = verdicts(["0.1\nx 3.0"], ["0.5\nx 2.0"], ["0.75\nx 2.0"])
    assert cell.status is Status.RANDOM


def test_random_text_is_random_and_said_to_have_another_structure():
    (cell,) = verdicts(["red"], ["green"], ["blue"])
    assert cell.note == "random, structure not the same"
    (cell,) = verdicts(["0.1\n0.2"], ["0.3"], ["0.4\n0.5\n0.6"])
    assert cell.note == "random, structure not the same"


def test_a_record_that_was_cut_off_is_compared_as_far_as_it_goes():
    whole = "".join(f"step {number}\n" for number in range(200))
    (cell,) = verdicts([whole[:1000]], [whole])
    assert cell.status is Status.SAME
    assert "cut off" in cell.note


def test_raised_and_not_run():
    failure = Failure(2, "...", 1, "ValueError", "no")
    cells = verdicts(["a", "b", "c", None], ["a", None, None, None], failures=[failure], cells=2)
    assert [cell.status for cell in cells] == [Status.SAME, Status.RAISED, Status.NOT_RUN, Status.NOT_RUN]
    assert tally(cells) == {Status.SAME: 1, Status.RAISED: 1, Status.NOT_RUN: 1}


def test_recorded_errors_figures_and_interruptions():
    def error(name):
        return v4.new_output("error", ename=name, evalue="", traceback=[])

    figure = v4.new_output("display_data", data={"image/png": "aGk="})
    recorded = [[error("ValueError")], [error("ValueError")], [error("KeyboardInterrupt")], [figure], [figure]]
    first = [[error("ValueError")], [error("TypeError")], None, [figure, figure], None]
    cells = verdicts(recorded, first, first)
    assert [cell.status for cell in cells] == [
        Status.SAME,
        Status.DIFFERS,
        Status.NO_RECORD,
        Status.SAME,
        Status.DIFFERS,
    ]
    assert cells[4].verdicts[0].differences[0].recorded == "(a figure)"


def test_every_recorded_output_is_either_compared_or_counted_as_left_out():
    outputs = [
        v4.new_output("stream", name="stdout", text="a"),
        v4.new_output("stream", name="stderr", text="a warning"),
        v4.new_output("stream", name="stdout", text="b"),
        v4.new_output("execute_result", data={"text/plain": "[<matplotlib.lines.Line2D at 0x7f2d1c0b5d30>]"}),
    ]
    (cell,) = verdicts([outputs], ["ab"])
    assert (len(cell.verdicts), cell.left_out) == (1, 2)  # the two streams are one output
