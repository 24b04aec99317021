"""Several pictures on one sheet, with or without legends. Blocking: run it in a thread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from gateway_svc.grid import rows as usual_rows
from gateway_svc.sdapi.errors import Raised
from gateway_svc.sdapi.options import Options

_BLACK: Final = "#000000"
_GREY: Final = "#999999"
_WHITE: Final = "#ffffff"
_LEGEND_SHARE: Final = 3 / 4
_SMALLEST_FONT: Final = 6
_READABLE_FONT: Final = 10
_FONT_SHARE: Final = 0.08
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Label:
    """A line of a legend; what does not apply is grey and struck through."""

    text: str
    applies: bool = True


@dataclass(frozen=True, slots=True)
class Legends:
    """Lines above every column and beside every row; none: no room is left for them."""

    columns: Sequence[Sequence[Label]] = ()
    rows: Sequence[Sequence[Label]] = ()
    margin: int = 0


def sheet(
    images: Sequence[Image.Image | None], row_count: int | None = None, legends: Legends | None = None
) -> Image.Image:
    """The pictures row by row, each in a cell as large as the largest; None leaves its cell empty."""
    there = [image for image in images if image is not None]
    width, height = max(image.width for image in there), max(image.height for image in there)
    row_count = min(row_count or usual_rows(len(images)), len(images))
    column_count = math.ceil(len(images) / row_count)
    layout = _Layout.of((width, height), column_count, row_count, legends or Legends())
    canvas = Image.new("RGB", layout.size, _WHITE)
    for number, image in enumerate(images):
        if image is not None:
            canvas.paste(image, layout.cell(number % column_count, number // column_count))
    _draw_legends(canvas, layout)
    return canvas


def check_size(columns: int, row_count: int, width: int, height: int, options: Options) -> None:
    """Raises Raised for a sheet above img_max_size_mp, as A1111 does."""
    megapixels, most = columns * row_count * width * height / 1e6, options.img_max_size_mp
    if megapixels > most:
        text = f"Resulting grid would be too large ({megapixels:.0f} MPixels) (max configured size is {most:g} MPixels)"
        raise Raised("AssertionError", f"Error: {text}")


@dataclass(frozen=True, slots=True)
class _Layout:
    cell_size: tuple[int, int]
    columns: int
    rows: int
    left: int
    top: int
    legends: Legends
    font_size: int

    @classmethod
    def of(cls, cell: tuple[int, int], columns: int, rows: int, legends: Legends) -> _Layout:
        font_size = _font_size(cell, legends)
        left = int(cell[0] * _LEGEND_SHARE) if any(map(_says, legends.rows)) else 0
        lines = [len(_wrapped(labels, _font(font_size), cell[0])) for labels in legends.columns if _says(labels)]
        top = max(lines, default=0) * _line_height(font_size) + (font_size * 2 if lines else 0)
        return cls(cell, columns, rows, left, top, legends, font_size)

    @property
    def size(self) -> tuple[int, int]:
        (width, height), margin = self.cell_size, self.legends.margin
        return (
            self.left + self.columns * (width + margin) - margin,
            self.top + self.rows * (height + margin) - margin,
        )

    def cell(self, column: int, row: int) -> tuple[int, int]:
        (width, height), margin = self.cell_size, self.legends.margin
        return self.left + column * (width + margin), self.top + row * (height + margin)


def _font_size(cell: tuple[int, int], legends: Legends) -> int:
    """In proportion to the pictures, yet readable beside small ones, and smaller where a word would not fit."""
    size = max(_READABLE_FONT, int(sum(cell) / 2 * _FONT_SHARE))
    widest = max(_widest(legends.columns, size) / cell[0], _widest(legends.rows, size) / (cell[0] * _LEGEND_SHARE))
    return max(_SMALLEST_FONT, int(size / max(1.0, widest)))


def _widest(legend: Sequence[Sequence[Label]], size: int) -> float:
    words = (word for labels in legend for label in labels for word in label.text.split())
    return max(map(_font(size).getlength, words), default=0.0)


def _says(labels: Sequence[Label]) -> bool:
    return any(label.text for label in labels)


def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _line_height(font_size: int) -> int:
    return math.ceil(font_size * 1.4)


def _wrapped(labels: Sequence[Label], font: Font, width: int) -> list[Label]:
    """Lines that fit into a width, broken between words."""
    lines: list[Label] = []
    for label in labels:
        line = ""
        for word in label.text.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                lines.append(Label(line, label.applies))
                line = word
            else:
                line = longer
        lines.append(Label(line, label.applies))
    return lines


def _draw_legends(canvas: Image.Image, layout: _Layout) -> None:
    (width, height), draw = layout.cell_size, ImageDraw.Draw(canvas)
    if layout.top:
        for column, labels in enumerate(layout.legends.columns[: layout.columns]):
            left, _ = layout.cell(column, 0)
            _draw_lines(draw, labels, (left, 0, left + width, layout.top), layout.font_size)
    if layout.left:
        for row, labels in enumerate(layout.legends.rows[: layout.rows]):
            _, top = layout.cell(0, row)
            _draw_lines(draw, labels, (0, top, layout.left, top + height), layout.font_size)


def _draw_lines(
    draw: ImageDraw.ImageDraw, labels: Sequence[Label], box: tuple[int, int, int, int], font_size: int
) -> None:
    """Lines in the middle of a box."""
    font, (left, top, right, bottom) = _font(font_size), box
    lines, step = _wrapped(labels, font, right - left), _line_height(font_size)
    y = (top + bottom - len(lines) * step) / 2 + step / 2
    for line in lines:
        x, half = (left + right) / 2, font.getlength(line.text) / 2
        draw.text((x, y), line.text, _BLACK if line.applies else _GREY, font, anchor="mm")
        if not line.applies:
            draw.line((x - half, y, x + half, y), _GREY, max(1, font_size // 12))
        y += step
