"""`latentwire generate`: pictures into files."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from latentwire.commands import exit_statuses
from latentwire.commands.picture_files import FORMATS, PictureFiles
from latentwire.commands.plain import as_json
from latentwire.commands.reaching import Reach, reaching

if TYPE_CHECKING:
    from latentwire.client import GeneratedImage
    from latentwire.client.asking import GenerateOptions

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@dataclass(frozen=True, slots=True)
class Written:
    """A picture that is in a file; sizes in pixels."""

    file: str
    seed: int
    subseed: int
    width: int
    height: int
    infotext: str


def _size(_: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not WIDTHxHEIGHT in pixels, such as 256x256", param=parameter)
    return int(match[1]), int(match[2])


@click.command()
@click.argument("prompt")
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=1, show_default=True, help="Pictures.")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=Path(), help="A folder, or a picture's name.")
@click.option("--negative", metavar="PROMPT", help="What not to show.")
@click.option(
    "--size", callback=_size, metavar="WIDTHxHEIGHT", help="In pixels, multiples of 8; the model's own when left out."
)
@click.option("--steps", type=int, help="1 to 150.")
@click.option("--sampler", metavar="NAME", help="Which solver.")
@click.option("--scheduler", metavar="NAME", help="Which noise schedule.")
@click.option("--cfg-scale", type=float, help="How much the prompt counts, 0 to 100.")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), help="Of the first picture; random when left out.")
@click.option("--model", metavar="NAME", help="Which model; the default one when left out.")
@click.option("--init-image", type=_FILE, help="A picture to start from.")
@click.option("--strength", type=float, help="How much of it is made anew, 0 to 1.")
@click.option("--mask", type=_FILE, help="White of it is repainted.")
@click.option("--format", "format_", type=click.Choice(["png", "jpeg", "webp"]), help="Of the files.")
@click.option("--quality", type=int, help="Of JPEG and WebP, 1 to 100.")
@click.option("--request-id", metavar="ID", help="The generation's id; made up when left out.")
@reaching
def generate(reach: Reach, prompt: str, count: int, out: Path, **options: Any) -> None:
    """Make pictures and write them into files, whose names are printed. Files are never overwritten.

    Ctrl-C cancels the generation on the server.
    """
    files = PictureFiles.at(out, prompt)
    written: list[Written] = []
    told: dict[str, object] = {}
    try:
        with _ended_by_sigterm():
            told = _generated(reach, prompt, _asked({**options, "count": count}, out), files, written)
    except OSError as error:
        reach.tell_failure(f"{error.filename or out}: {error.strerror}")
        sys.exit(exit_statuses.FAILED)
    finally:
        _print(reach, written, told)


def _generated(
    reach: Reach, prompt: str, options: GenerateOptions, files: PictureFiles, written: list[Written]
) -> dict[str, object]:
    """Makes the pictures, writes each into a file as it comes, and returns what there is to tell of them."""
    from latentwire.client import ImageDone, Reattached
    from latentwire.client.results import Collector
    from latentwire.commands.progress_bar import progress_bar

    collector = Collector()
    with (
        reach.client() as client,
        progress_bar(options["count"]) as show,
        closing(client.generate_iter(prompt, timeout_s=reach.timeout, **options)) as events,
    ):
        for event in events:
            show(event)
            collector.take(event)
            if isinstance(event, ImageDone):
                picture = event.image
                path = files.write(picture.data, seed=picture.seed, format=picture.format)
                written.append(_written(path, picture))
            elif isinstance(event, Reattached):
                reach.remark(f"connected again after: {event.lost}")
    result = collector.result()
    for warning in result.warnings:
        reach.remark(warning)
    return {
        "request_id": result.request_id,
        "images": written,
        "stopped": result.stopped,
        "timings": result.timings,
        "warnings": result.warnings,
    }


def _asked(options: dict[str, Any], out: Path) -> GenerateOptions:
    """What the user gave, in the client's words."""
    size, negative, format_ = options.pop("size"), options.pop("negative"), options.pop("format_")
    renamed = {
        "width": size and size[0],
        "height": size and size[1],
        "negative_prompt": negative,
        "format": format_ or FORMATS.get(out.suffix.lower()),
    }
    asked = {name: value for name, value in {**options, **renamed}.items() if value is not None}
    return cast("GenerateOptions", asked)


def _written(path: Path, image: GeneratedImage) -> Written:
    return Written(str(path), image.seed, image.subseed, image.width, image.height, image.infotext)


def _print(reach: Reach, written: list[Written], told: dict[str, object]) -> None:
    """What there is in files, also where not all came."""
    if not reach.as_json:
        for picture in written:
            click.echo(picture.file)
    elif told or written:
        click.echo(as_json(told or {"images": written}))


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the block in order, as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(exit_statuses.TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
