"""Commands that show: `chainrule derive`, `check`, `explain`, `descend` and `page`.

given     what they are given: a function, typed or from a file, and values for its variables
paper     what they write on: rich where a person reads on a terminal, plain text elsewhere, JSON for programs
derive    formulas, steps and values of derivatives
check     slopes from several sides, and one by hand beside them
explain   how a value and its gradient are computed
descend   a descent, its way and how it ended
page      a web page to play with a function
"""
