"""The model that takes over for the last part of the steps."""

from __future__ import annotations

from inference_svc.pipelines import PromptedModel, RefinerSettings
from inference_svc.rpc.catalogue import UsableModel
from inference_svc.rpc.conversion.beside import Beside, check_fits, check_latents
from inference_svc.rpc.conversion.hires import hires_sizes
from inference_svc.rpc.conversion.settings import checked_enum
from inference_svc.rpc.conversion.violations import Violations
from inference_svc.work import ModelFacts
from latentwire.v1 import generation_service_pb2 as g

_PASS = "pass"  # a word of the language, and so no attribute that can be written


def resolve_refiner(
    request: g.GenerateImageRequest,
    resolved: g.GenerateImageRequest,
    facts: ModelFacts,
    beside: Beside,
    violations: Violations,
) -> None:
    """Fills in the defaults, and checks every value and that the model can go on with the other one's latents."""
    if not request.HasField("refiner"):
        return
    given = request.refiner
    if not given.model:
        violations.add("refiner.model", "", "a name of ListModels")
    acting = checked_enum(refiner_pass(given), g.RefinerPass, "refiner.pass", violations)
    resolved.refiner.CopyFrom(
        g.Refiner(
            model=beside.refiner.facts.name if beside.refiner else given.model,
            switch_at=violations.number("refiner.switch_at", given.switch_at, 0, 1),
        )
    )
    setattr(resolved.refiner, _PASS, acting or g.REFINER_PASS_SECOND)
    if beside.refiner and not violations:
        _check_model(resolved, facts, beside.refiner.facts, beside, violations)


def refiner_pass(refiner: g.Refiner) -> g.RefinerPass.ValueType:
    """Returns which passes it acts in."""
    acting: g.RefinerPass.ValueType = getattr(refiner, _PASS)
    return acting


def refiner_settings(resolved: g.Refiner, model: UsableModel) -> RefinerSettings:
    """Returns which model takes over, and when."""
    acting = refiner_pass(resolved)
    return RefinerSettings(
        model=PromptedModel(model.facts, model.tokenizer),
        switch_at=resolved.switch_at,
        first=acting in {g.REFINER_PASS_FIRST, g.REFINER_PASS_BOTH},
        second=acting in {g.REFINER_PASS_SECOND, g.REFINER_PASS_BOTH},
    )


def _check_model(
    resolved: g.GenerateImageRequest, facts: ModelFacts, own: ModelFacts, beside: Beside, violations: Violations
) -> None:
    check_latents("refiner.model", own, facts, violations)
    acting, hires = refiner_pass(resolved.refiner), resolved.HasField("hires")
    if not hires or acting != g.REFINER_PASS_SECOND:
        check_fits("refiner.model", (resolved.width, resolved.height), own, violations)
    if hires and acting != g.REFINER_PASS_FIRST:
        second = beside.hires.facts if beside.hires else facts
        check_fits("refiner.model", hires_sizes(resolved, second).size, own, violations)
