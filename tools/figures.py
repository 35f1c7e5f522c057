"""Makes the pictures in docs/figures anew: `python tools/figures.py [NAME ...]`.

A figure is a function of this file whose name begins with `plot_`; it is given a theme and returns axes. Each is saved
for the light and for the dark theme, as plot_curve_light.png and so on, and looked at by whoever changed a plot.
"""

from __future__ import annotations

import argparse
import io
import warnings
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image

import chainrule as cr

FOLDER = Path(__file__).parent.parent / "docs" / "figures"
DPI = 75


def parabola(x: Any) -> Any:
    return x**2 - 4 * x + 5


def himmelblau(p: Any) -> Any:
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def valley(p: Any) -> Any:
    """Rosenbrock's."""
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def plot_curve(theme: str) -> Any:
    return cr.plot.curve(lambda x: x**3 - 3 * x, -2.5, 2.5, at=1.5, theme=theme)


def plot_curve_poles(theme: str) -> Any:
    return cr.plot.curve(lambda x: cr.tan(x) + cr.abs(x), -4, 4, at=-1.0, theme=theme)


def plot_contour(theme: str) -> Any:
    return cr.plot.contour(valley, (-2, 2), (-1, 3), theme=theme)


def plot_arrows(theme: str) -> Any:
    return cr.plot.arrows(himmelblau, (-5, 5), (-5, 5), theme=theme)


def plot_descent_curve(theme: str) -> Any:
    return cr.plot.descent(parabola, cr.minimize(parabola, 5.0, lr=0.9, steps=20), theme=theme)


def plot_descent(theme: str) -> Any:
    found = cr.minimize(himmelblau, (-0.3, -0.9), lr=0.01, steps=40)
    return cr.plot.descent(himmelblau, found, xlim=(-5, 5), ylim=(-5, 5), theme=theme)


def plot_descent_surface(theme: str) -> Any:
    found = cr.minimize(himmelblau, (-0.3, -0.9), lr=0.01, steps=40)
    return cr.plot.descent(himmelblau, found, surface=True, xlim=(-5, 1), ylim=(-5, 1), theme=theme)


def plot_rates(theme: str) -> Any:
    return cr.plot.rates(lambda x: x**2, 5.0, [0.01, 0.05, 0.1, 0.2, 0.4, 1.03, 1.2], steps=30, theme=theme)


def plot_losses(theme: str) -> Any:
    ways: list[dict[str, Any]] = [
        {"lr": 1e-3},
        {"lr": 1e-3, "momentum": 0.9},
        {"optimizer": "adam", "lr": 0.05},
        {"optimizer": "newton"},
    ]
    start = cr.tensor([-1.5, 2.0], dtype=cr.float64)
    return cr.plot.losses(*[cr.minimize(valley, start, steps=600, **way) for way in ways], theme=theme)


def plot_animate(theme: str) -> Any:
    found = cr.minimize(parabola, 5.0, lr=0.9, steps=10)
    return cr.plot.animate(parabola, found, FOLDER / f"plot_animate_{theme}.gif", fps=4, theme=theme)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    figures = {name: f for name, f in globals().items() if name.startswith("plot_")}
    parser.add_argument("names", nargs="*", metavar="NAME", help="plot_curve and so on; all of them otherwise")
    chosen = parser.parse_args().names or list(figures)
    matplotlib.use("Agg")
    matplotlib.rcParams["figure.dpi"] = DPI
    warnings.filterwarnings("ignore", "minimize diverged")
    FOLDER.mkdir(exist_ok=True)
    for name in chosen:
        for theme in ("light", "dark"):
            figure = np.ravel(figures[name](theme))[0].figure
            save(figure, FOLDER / f"{name}_{theme}.png")
            matplotlib.pyplot.close(figure)


def save(figure: Any, path: Path) -> None:
    """Save a figure in 256 colours, at a third of the size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DPI)
    Image.open(drawn).convert("RGB").quantize(256, kmeans=1, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
