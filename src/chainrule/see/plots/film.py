"""A film of a figure, written frame by frame: what does not move is drawn once, and what moves on top of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.base.extras import MissingExtra

Frame = np.ndarray[Any, Any]
MOVING = ("-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-movflags", "+faststart")


def frames(figure: Any, draw: Callable[[int], Any], shown: Sequence[int], moving: Sequence[Any]) -> Iterator[Frame]:
    """The pictures, (height, width, 3) bytes each, that `draw(i)` makes; `moving` are the artists that it changes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    own, layout = figure.canvas, figure.get_layout_engine()
    canvas = FigureCanvasAgg(figure)
    try:
        draw(shown[-1])
        canvas.draw()  # with everything, which finds the layout: it stays from here on, so that nothing trembles
        figure.set_layout_engine("none")
        for artist in moving:
            artist.set_animated(True)
        canvas.draw()
        ground = canvas.copy_from_bbox(figure.bbox)
        for i in shown:
            draw(i)
            canvas.restore_region(ground)
            for artist in moving:
                artist.draw(canvas.get_renderer())
            yield np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    finally:
        for artist in moving:
            artist.set_animated(False)
        figure.set_layout_engine(layout)
        figure.set_canvas(own)


def write_gif(pictures: Iterable[Frame], path: Path, fps: int) -> None:
    """The pictures as a GIF that begins again; the last stays for a second."""
    from PIL import Image

    first, *others = [Image.fromarray(p).quantize(64, method=Image.Quantize.FASTOCTREE) for p in pictures]
    times = [*[1000 // fps] * len(others), 1000]
    first.save(path, save_all=True, append_images=others, duration=times, loop=0)


def write_mp4(pictures: Iterable[Frame], path: Path, fps: int) -> None:
    """The pictures as an MP4 that every browser plays. Raises MissingExtra where there is no ffmpeg."""
    program = ffmpeg()
    all_of_them = list(pictures)
    height, width, _ = all_of_them[0].shape
    command = [
        program, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}",
        "-r", f"{fps}", "-i", "-", *MOVING, str(path),
    ]  # fmt: skip
    run = subprocess.run(command, input=b"".join(p.tobytes() for p in all_of_them), capture_output=True)
    if run.returncode:
        raise RuntimeError(f"ffmpeg could not write {path}: {run.stderr.decode(errors='replace').strip()[-300:]}")


def ffmpeg() -> str:
    """The path of ffmpeg: the system's, or that of imageio-ffmpeg."""
    found = shutil.which("ffmpeg")
    if found is None:
        try:
            from imageio_ffmpeg import get_ffmpeg_exe
        except ImportError:
            raise MissingExtra(
                "an .mp4 needs ffmpeg: install it, or pip install imageio-ffmpeg; .gif works without"
            ) from None
        found = get_ffmpeg_exe()
    return str(found)
