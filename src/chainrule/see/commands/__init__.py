"""Commands that show: `chainrule derive` and `chainrule descend`.

given     what both are given: a function, typed or from a file, and values for its variables
paper     what both write on: rich where a person reads on a terminal, plain text elsewhere, JSON for programs
derive    formulas, steps and values of derivatives
descend   a descent, its way and how it ended
page      a web page to play with a function
"""
