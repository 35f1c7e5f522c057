"""Makes pictures of what people see, in out/figures: `python tools/figures.py [NAME ...]`; those that the README shows
are copied to docs/figures.

A figure is a function of this file. One whose name begins with `plot_` is given a theme and returns axes; it is saved
for the light and for the dark theme, as plot_curve_light.png and so on. One that begins with `shown_` returns what a
notebook would show, which a browser (Chromium, by playwright) makes a picture of; with `drawn_`, a picture of a graph,
which is saved as SVG; with `page_`, a page, of which a picture is made, and what to put into its address for
that; with `film_`, a `Film` of a page, which is saved as GIF. Whoever changes what is seen looks at them.
"""

from __future__ import annotations

import argparse
import html
import io
import shutil
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from PIL import Image

import chainrule as cr

FOLDER = Path(__file__).parent.parent / "out" / "figures"
SHOWN = Path(__file__).parent.parent / "docs" / "figures"
DPI = 75
KINDS = ("plot_", "shown_", "drawn_", "page_", "film_")


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


def fraction(x: Any) -> Any:
    return cr.exp(-(x**2 - x + 1) / cr.cos(cr.log(x)) ** 2)


def shown_derive() -> str:
    found = cr.derive(lambda x: cr.exp(x) * cr.sin(x), 1.0)
    steps = "".join(f"<li>{html.escape(s.sentence)}<br>{_math(s)}</li>" for s in found.steps)
    return f"{mathml(found.latex())}<ol>{steps}</ol>"


def shown_derive_matrices() -> str:
    cr.manual_seed(0)
    X, y = cr.randn(100, 20), cr.randn(100)
    return mathml(cr.derive(lambda w: ((X @ w - y) ** 2).sum(), cr.zeros(20)).latex())


def shown_explain() -> str:
    x = cr.tensor(2.0, requires_grad=True)
    y = 2 * x**3
    z = 5 * y**2
    return cr.explain(z)._repr_html_()


def shown_explain_nan() -> str:
    x = cr.tensor([0.0, 4.0], requires_grad=True)
    root = cr.where(x > 0, x.sqrt(), 0.0)
    total = root.sum()
    return cr.explain(total)._repr_html_()


def shown_check() -> str:
    def f(w: Any) -> Any:
        return (w[0] - 1) ** 2 * w[1].exp()

    def by_hand(w: Any) -> Any:
        return cr.stack([2 * (w[0] - 1), (w[0] - 1) ** 2 * w[1].exp()])

    return cr.check(f, cr.tensor([2.0, 0.5]), by_hand=by_hand)._repr_html_()


def drawn_polynomial() -> Any:
    x = cr.tensor(2.0, requires_grad=True)
    y = 2 * x**3
    z = 5 * y**2
    return cr.picture(z)


def drawn_fraction() -> Any:
    x = cr.tensor(1.0, requires_grad=True)
    y = fraction(x)
    return cr.picture(y)


def drawn_network() -> Any:
    cr.manual_seed(0)
    model = cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.Tanh(), cr.nn.Linear(3, 1))
    X, target = cr.randn(5, 2), cr.randn(5, 1)
    loss = ((model(X) - target) ** 2).mean()
    return cr.picture(loss, model)


def drawn_loop() -> Any:
    w, h = cr.tensor(0.9, requires_grad=True), cr.tensor(1.0)
    for _ in range(50):
        h = cr.tanh(w * h)
    return cr.picture(h)


def page_quartic() -> tuple[Any, str]:
    return cr.page("x - 4*x**2 + x**4/4", start=4.0, lr=0.01), "#lr=0.12&step=6&theme=light"


def page_data() -> tuple[Any, str]:
    x = np.linspace(-2, 3, 30)
    y = 0.8 * x + 1 + 0.4 * np.sin(7 * x)
    page = cr.page(data=(x, y), model="a*x + b", start={"a": -1.0, "b": 3.0}, lr=0.1)
    return page, "#step=4&theme=light"


class Film(NamedTuple):
    """What is filmed: a page with what goes into its address, what is clicked first, its part (from one element to
    another), and for each picture a script with the milliseconds that it is shown.
    """

    page: Any
    address: str
    first: str
    part: tuple[str, str]
    frames: Iterable[tuple[str, int]]
    width: int = 760


def film_race() -> Film:
    """Five optimisers in a long valley, from one start."""
    page = cr.page("x^2/10 + 2y^2", start=(-4.0, 3.0), lr=0.2)
    steps = [*range(24), *range(24, 60, 2), *range(60, 121, 6)]
    go = [(f"chainrule.app.goTo({k})", 1200 if k == 0 else 90) for k in steps]
    first = "document.querySelector('.races button').click(); chainrule.app.pause()"
    return Film(page, "#theme=light", first, (".toolbar", ".stage"), [*go[:-1], (go[-1][0], 2500)])


def film_chain() -> Film:
    """The chain rule, part by part: values forward, gradients back, a sum where paths meet."""
    page = cr.page("x**2*sin(x) + x", start=1.5, lr=0.05)
    turn = "document.querySelectorAll('.motion button')[2].click()"
    return Film(page, "#theme=light", "0", (".motion", ".chain .scroll"), [("0", 900), *[(turn, 1300)] * 9], 1000)


def mathml(tex: str) -> str:
    from latex2mathml.converter import convert

    return convert(tex, "block")


def _math(step: Any) -> str:
    from sympy import latex

    return mathml(f"{latex(step.before)} = {latex(step.after)}")


PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: white; font: 16px/1.5 "DejaVu Sans", sans-serif; }}
main {{ display: inline-block; max-width: 900px; padding: 16px 24px; }} math {{ font-size: 1.15em; }}
</style><main>{}</main>"""


def photograph(shown: dict[str, str], pages: dict[str, tuple[Any, str]]) -> None:
    """Save what a browser makes of pieces of HTML, and of whole pages."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1000, "height": 600})
        for name, what in shown.items():
            tab.set_content(PAGE.format(what))
            save_png(tab.locator("main").screenshot(), FOLDER / f"{name}.png")
        for name, (page, where) in pages.items():
            tab = browser.new_page(viewport={"width": 1280, "height": 880})
            with tempfile.TemporaryDirectory() as folder:
                tab.goto(page.save(Path(folder) / "page.html").as_uri() + where)
            tab.wait_for_timeout(500)
            save_png(tab.screenshot(), FOLDER / f"{name}.png")
        browser.close()


def shoot(film: Film, path: Path) -> None:
    """Save a film: each picture is taken of the page itself, and all are written in one palette."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p, tempfile.TemporaryDirectory() as folder:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": film.width, "height": 3200}, reduced_motion="reduce")
        tab.goto(film.page.save(Path(folder) / "page.html").as_uri() + film.address)
        tab.wait_for_selector(".chain svg *")
        tab.evaluate(f"() => {{ {film.first}; document.querySelector('.zoom').hidden = true; }}")
        top, bottom = (tab.locator(name).first.bounding_box() for name in film.part)
        clip = {
            "x": top["x"] - 8, "y": top["y"] - 8, "width": bottom["width"] + 16,
            "height": bottom["y"] + bottom["height"] - top["y"] + 16,
        }  # fmt: skip
        pictures, shown = [], []
        for script, milliseconds in film.frames:
            tab.evaluate(f"() => {{ {script} }}")
            tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            pictures.append(Image.open(io.BytesIO(tab.screenshot(clip=clip))).convert("RGB"))
            shown.append(milliseconds)
        browser.close()
    palette = common_palette(pictures)
    drawn = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    drawn[0].save(path, save_all=True, append_images=drawn[1:], duration=shown, loop=0, disposal=1)
    print(f"{path.name}: {len(drawn)} pictures, {path.stat().st_size / 1000:.0f} kB")


def common_palette(pictures: list[Any]) -> Any:
    """256 colours for all pictures: the most frequent as they are, so that no line or dot loses its own, and for the
    shades between them the median cut of everything.
    """
    pixels = np.concatenate([np.asarray(picture).reshape(-1, 3) for picture in pictures])
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    frequent = colours[np.argsort(-counts)[:160]]
    everything = Image.fromarray(colours[None])  # each shade once
    cut = np.array(everything.quantize(96, Image.Quantize.MEDIANCUT).getpalette()[: 3 * 96]).reshape(-1, 3)
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([frequent, cut]).astype(np.uint8).tobytes())
    return palette


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    figures = {name: f for name, f in globals().items() if name.startswith(KINDS)}
    parser.add_argument("names", nargs="*", metavar="NAME", help="plot_curve and so on; all of them otherwise")
    chosen = parser.parse_args().names or list(figures)
    matplotlib.use("Agg")
    matplotlib.rcParams["figure.dpi"] = DPI
    warnings.filterwarnings("ignore", "minimize diverged")
    FOLDER.mkdir(parents=True, exist_ok=True)
    by_kind = {k: {n: figures[n]() for n in chosen if n.startswith(k)} for k in ("shown_", "page_")}
    photograph(by_kind["shown_"], by_kind["page_"])
    for name in chosen:
        if name.startswith("drawn_"):
            figures[name]().save(FOLDER / f"{name}.svg")
        if name.startswith("film_"):
            shoot(figures[name](), FOLDER / f"{name}.gif")
        for theme in ("light", "dark") if name.startswith("plot_") else ():
            figure = np.ravel(figures[name](theme))[0].figure
            save(figure, FOLDER / f"{name}_{theme}.png")
            matplotlib.pyplot.close(figure)
    for shown in SHOWN.iterdir():
        if (FOLDER / shown.name).exists():
            shutil.copy(FOLDER / shown.name, shown)


def save(figure: Any, path: Path) -> None:
    """Save a matplotlib figure."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DPI)
    save_png(drawn.getvalue(), path)


def save_png(png: bytes, path: Path) -> None:
    """Save a picture in 256 colours, at a third of the size."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(256, kmeans=1, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
