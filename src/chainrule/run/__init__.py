"""Run notebooks and scripts written for PyTorch, with chainrule standing in for torch.

    standin    `import torch` gives chainrule, and everything is as before afterwards
    kernel     the Jupyter kernel's process: a stand-in first, then the ordinary IPython kernel
    notebook   read a file into a notebook, run its cells in a kernel
    compare    are two outputs the same? (pure functions on text)
    check      the verdict on each recorded output of a notebook
    page       an executed notebook as one HTML file
    report     what the terminal shows
    command    `chainrule run`, which puts the above together

Nothing here imports Jupyter until a notebook is run.
"""

from .standin import stand_in

__all__ = ["stand_in"]
