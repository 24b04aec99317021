from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import gateway_svc
from gateway_svc.sdapi.option_spec import OPTION_SPECS, READ_ONLY, Effect
from gateway_svc.sdapi.options import DIRECTORIES, INERT, Options

PACKAGE = Path(gateway_svc.__file__).parent


def names(*effects: Effect) -> set[str]:
    return {spec.name for spec in OPTION_SPECS if spec.effect in effects}


def test_every_option_of_a1111_is_there_once() -> None:
    counts = Counter(spec.name for spec in OPTION_SPECS)
    assert [name for name, count in counts.items() if count > 1] == []
    assert len(counts) > 280
    assert set(counts) == set(Options.model_fields)


def test_defaults_are_those_of_the_data() -> None:
    assert {spec.name: spec.default for spec in OPTION_SPECS} == Options().model_dump()


def test_an_option_that_works_is_read_somewhere() -> None:
    text = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.parent.name != "option_groups")
    # Folders are read by names that are put together.
    read = {name for name in names(Effect.WORKS) if re.search(rf"\b{name}\b", text) or name in DIRECTORIES}
    assert names(Effect.WORKS) - read == set()


def test_what_is_only_kept_is_read_nowhere() -> None:
    kept = names(Effect.KEPT, Effect.UNSERVED) - DIRECTORIES
    read = [
        (path.name, name)
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"\b(?:options|stored)\.([A-Za-z_]\w*)", path.read_text())
        if name in kept
    ]
    assert read == []


def test_the_effects_are_told_apart() -> None:
    assert (names(Effect.REFUSED), names(Effect.UNSERVED)) == (set(READ_ONLY), set(INERT))
    assert {"s_churn", "samples_format", "CLIP_stop_at_last_layers"} <= names(Effect.WORKS)
    assert {"send_seed", "gradio_theme"} <= names(Effect.KEPT)


def test_folders_are_those_that_a1111_hides() -> None:
    assert {"outdir_samples", "outdir_grids", "outdir_save", "temp_dir"} <= DIRECTORIES
    assert "samples_format" not in DIRECTORIES
