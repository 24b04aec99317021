"""A1111's options, with its names, types and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from gateway_svc.sdapi.coercion import Number, Text, Whole
from gateway_svc.sdapi.option_groups import diffusion, page, saving, server, upscaling
from gateway_svc.sdapi.option_spec import OPTION_SPECS, READ_ONLY, Effect

INERT: Final = tuple(spec.name for spec in OPTION_SPECS if spec.effect is Effect.UNSERVED)
"""Options that change pictures or their texts in A1111 and change nothing here: said wherever they are set."""

DIRECTORIES: Final = frozenset(
    {"temp_dir", *(spec.name for spec in OPTION_SPECS if spec.name.startswith("outdir_"))},
)
"""Options that --hide-ui-dir-config keeps from being set."""

# The type that a default of some type stands for; a null stands for text.
_KINDS: Final[Mapping[type, Any]] = {bool: bool, int: Whole, float: Number, str: Text, list: list[Text]}


class UnknownOption(KeyError):
    """No option has that name."""


def _kept() -> type[BaseModel]:
    """A model of the options that nothing reads, each of its default's type."""
    fields: dict[str, Any] = {
        spec.name: (_KINDS[type(spec.default)], spec.default)
        for spec in OPTION_SPECS
        if spec.effect in (Effect.KEPT, Effect.UNSERVED)
    }
    return create_model("Kept", **fields)


# A class that is made at run time is no base class to a type checker; nothing reads its fields by name anyway.
if TYPE_CHECKING:
    Kept = BaseModel
else:
    Kept = _kept()


class Options(
    saving.Saving,
    saving.Paths,
    upscaling.Upscaling,
    upscaling.Faces,
    server.Api,
    diffusion.StableDiffusion,
    diffusion.Vae,
    diffusion.Img2Img,
    diffusion.Optimizations,
    diffusion.Compatibility,
    diffusion.SamplerParameters,
    page.Page,
    page.Infotext,
    page.LivePreviews,
    Kept,
):
    """One snapshot. Requests keep theirs, whatever is changed meanwhile."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    def overlaid(self, changes: Mapping[str, Any]) -> Self:
        """These options with some others in their place; null changes nothing that can't be null.

        Raises UnknownOption, and pydantic's ValidationError for a value of another type.
        """
        for name in changes:
            if name not in type(self).model_fields:
                raise UnknownOption(name)
        return type(self).model_validate({**dict(self), **_without_nulls(type(self), changes)})

    def shown(self) -> dict[str, Any]:
        """What GET answers: whole numbers whose default isn't 0 come as floats, as A1111 sends them."""
        fields = type(self).model_fields
        return {name: _as_shown(value, fields[name].default) for name, value in self}


def _without_nulls(kind: type[Options], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in changes.items() if value is not None or kind.model_fields[name].default is None
    }


def _as_shown(value: object, default: object) -> object:
    counted = isinstance(value, int) and not isinstance(value, bool) and default
    return float(value) if counted and isinstance(value, int) else value


__all__ = ["DIRECTORIES", "INERT", "READ_ONLY", "Options", "UnknownOption", "ValidationError"]
