"""Where models are looked for: shipped with the package, in a folder of models, and at a path given by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from latentwire.errors import NotFound

EMBEDDED = "flatland"
"""Name of the model that the package carries."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """`model`: the default, a name or the path of a model folder; empty: the embedded one, else the first found.

    `models_dir`: a folder of model folders, each named as it is.
    """

    model: str = ""
    models_dir: Path | None = None

    def paths(self) -> Mapping[str, Path]:
        """Looks at the disk and returns model folders by name; the given path wins over a folder of the same name."""
        found = {path.name: path for path in self._folders()}
        embedded = Path(str(resources.files("inference_svc.models").joinpath(EMBEDDED)))
        if _is_model(embedded):
            found.setdefault(EMBEDDED, embedded)
        if (given := self._given()) is not None:
            found[given.name] = given
        return dict(sorted(found.items()))

    def default(self) -> str:
        """Returns the name of the model used where a request names none. Raises NotFound."""
        paths = self.paths()
        given = self._given()
        name = given.name if given else self.model or (EMBEDDED if EMBEDDED in paths else next(iter(paths), ""))
        if name not in paths:
            known = f"known: {', '.join(paths)}" if paths else "there is none at all"
            raise NotFound(f"there is no model {name!r}: {known}", reason="MODEL_NOT_FOUND")
        return name

    def _given(self) -> Path | None:
        """The default, where it is a path and not a name."""
        path = Path(self.model)
        return path.resolve() if self.model and (path.is_dir() or len(path.parts) > 1) else None

    def _folders(self) -> list[Path]:
        if self.models_dir is None or not self.models_dir.is_dir():
            return []
        return [path for path in self.models_dir.iterdir() if _is_model(path)]


def _is_model(path: Path) -> bool:
    return (path / "model_index.json").is_file()
