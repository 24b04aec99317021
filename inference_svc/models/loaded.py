"""Loaded models, and the runner that computes the engine's batches with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from inference_svc.models.activations import Activations
from inference_svc.models.evaluate import Evaluator
from inference_svc.models.tokenizer import ClipTokenizer
from inference_svc.models.upscalers import Upscalers
from inference_svc.work import Array, BatchKey, Kind, ModelFacts, Row
from latentwire.errors import NotFound


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that is ready to run. `budget`: bytes that a batch may take."""

    facts: ModelFacts
    tokenizer: ClipTokenizer
    evaluator: Evaluator
    activations: Activations
    budget: int

    def max_rows(self, key: BatchKey) -> int:
        """Returns the most rows of a batch: what the graph is fixed to, or what memory allows; at least 1."""
        fixed = self.evaluator.networks.limits.fixed_batch.get(key.kind)
        return fixed or max(1, self.budget // self.activations.row_bytes(key))


class ModelRunner:
    """The engine's Runner over all loaded models and upscalers.

    `run` is called by the device thread alone. Another thread may hand a model over or take it away at any time: the
    table is replaced as a whole, so that a batch that runs keeps what it began with.
    """

    def __init__(self, upscalers: Upscalers | None = None) -> None:
        self._upscalers = upscalers
        self._models: Mapping[str, LoadedModel] = MappingProxyType({})

    def hand_over(self, model: LoadedModel) -> None:
        """Makes a model available to batches that begin from now on."""
        self._models = MappingProxyType({**self._models, model.facts.name: model})

    def take_away(self, name: str) -> None:
        """Frees a model; nothing happens where there is none of that name."""
        self._models = MappingProxyType({key: model for key, model in self._models.items() if key != name})

    def run(self, key: BatchKey, rows: Sequence[Row]) -> list[Array]:
        """Returns the result of each row, in order; see the engine's Runner."""
        if key.kind is Kind.UPSCALE and self._upscalers is not None:
            return self._upscalers.run(rows)
        return self._model(key.model).evaluator.run(key.kind, rows)

    def facts(self, model: str) -> ModelFacts:
        """Returns what is known of a loaded model. Raises NotFound."""
        return self._model(model).facts

    def max_rows(self, key: BatchKey) -> int | None:
        """Returns the most rows that a batch of this key may have."""
        if key.kind is Kind.UPSCALE and self._upscalers is not None:
            return self._upscalers.max_rows(key)
        return self._model(key.model).max_rows(key)

    def _model(self, name: str) -> LoadedModel:
        if name not in self._models:
            raise NotFound(f"no model named {name!r} is loaded", reason="MODEL_NOT_FOUND")
        return self._models[name]
