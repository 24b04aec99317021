"""What a script is: it asks for generations one after the other, and puts together what they made.

Like a pipeline, a script is a generator that never calls anything: it yields a `Turn` and is sent its pictures, an
`Enlarge` and is sent the picture, or a `Describe` and is sent words. When the task is stopped, `Stopped` is raised
in it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from PIL import Image

from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import Img2ImgRequest, Txt2ImgRequest
from gateway_svc.sdapi.scripts.arguments import Argument
from gateway_svc.sdapi.shots import Shot
from latentwire.infotext import quote

Body: TypeAlias = Txt2ImgRequest | Img2ImgRequest
Shots: TypeAlias = tuple[Shot, ...]
MOST_TURNS = 1000
"""More generations than this no script asks for."""


class Stopped(Exception):
    """The task was stopped: no more generations, put together what there is."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One generation: the request with the script's changes, and its number of how many.

    `images` and `mask` stand in for the request's own. `keep`: its pictures are saved where the request asks for that.
    """

    request: Body
    index: int = 0
    count: int = 1
    images: tuple[bytes, ...] | None = None
    mask: bytes | None = None
    remarks: tuple[tuple[str, str], ...] = ()
    keep: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Enlarge:
    """A picture to make larger, by a factor."""

    image: Image.Image
    upscaler: str
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Describe:
    """A picture to put into words, by a model of A1111's names: "CLIP" or "DeepBooru"."""

    image: bytes
    model: str


@dataclass(frozen=True, slots=True)
class Album:
    """What came of it. `sheets`, several pictures as one each, go first; `counted`: seeds and prompts tell them, too.

    `made`: those of the shots that no turn has kept.
    """

    shots: Shots
    sheets: Shots = ()
    made: Shots = ()
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Names that arguments may take."""

    samplers: Sequence[str] = ()
    schedulers: Sequence[str] = ()
    upscalers: Sequence[str] = ()
    latent_modes: Sequence[str] = ()
    models: Sequence[str] = ()
    styles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """What a script is run with: the request, its nulls filled in, the arguments' values, input pictures."""

    request: Body
    arguments: tuple[Any, ...]
    options: Options
    known: Known
    images: tuple[bytes, ...] = ()
    draw: Callable[[], int] = lambda: 0

    def fixed(self) -> Body:
        """The request with a seed and a sub-seed, drawn where it asks for any."""
        seed, subseed = self.request.seed, self.request.subseed
        return self.request.model_copy(
            update={"seed": self.draw() if seed == -1 else seed, "subseed": self.draw() if subseed == -1 else subseed}
        )


Ask: TypeAlias = Turn | Enlarge | Describe
Steps: TypeAlias = Generator[Ask, Any, Album]


@dataclass(frozen=True, slots=True)
class Script:
    """One script, with the routes that it is for."""

    title: str
    arguments: Callable[[Known, str], tuple[Argument, ...]]
    run: Callable[[Call], Steps]
    kinds: tuple[str, ...] = ("txt2img", "img2img")


def each(turns: Iterable[Turn]) -> Generator[Ask, Any, list[Shots]]:
    """Asks for every turn; returns their pictures, fewer when the task was stopped."""
    made: list[Shots] = []
    for turn in turns:
        try:
            shots: Shots = yield turn
        except Stopped:
            break
        made.append(shots)
    return made


def numbered(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with their numbers, and how many there are."""
    return [replace(turn, index=index, count=len(turns)) for index, turn in enumerate(turns)]


def with_pairs(infotext: str, pairs: Iterable[tuple[str, object]]) -> str:
    """An infotext with more pairs, before the version."""
    told = "".join(f", {key}: {quote(value)}" for key, value in pairs)
    head, version, tail = infotext.rpartition(", Version: ")
    return f"{head}{told}{version}{tail}" if version else infotext + told
