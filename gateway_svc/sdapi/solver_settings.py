"""Solver, schedule and their numbers in the words of the contract. Pure."""

from __future__ import annotations

from typing import Final

from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import GenerationRequest
from gateway_svc.sdapi.solver import Solver
from latentwire.v1 import types_pb2 as types

_TIMESTEP_SAMPLERS: Final = frozenset({"DDIM", "DDIM CFG++", "PLMS", "UniPC"})


def sampling(request: GenerationRequest, options: Options, solver: Solver) -> types.SamplerSettings:
    """The request's numbers, else the options'. Steps are left out: each pass says its own."""
    message = types.SamplerSettings(
        sampler=solver.sampler,
        scheduler=solver.scheduler,
        eta=request.eta if request.eta is not None else _eta(solver.sampler, options),
        s_churn=first(request.s_churn, options.s_churn),
        s_tmin=first(request.s_tmin, options.s_tmin),
        s_tmax=first(request.s_tmax, options.s_tmax),
        s_noise=first(request.s_noise, options.s_noise),
        sigma_min=options.sigma_min,
        sigma_max=options.sigma_max,
        rho=options.rho,
        sgm_noise_multiplier=options.sgm_noise_multiplier,
        old_karras_range=options.use_old_karras_scheduler_sigmas,
    )
    if options.always_discard_next_to_last_sigma:
        message.discard_next_to_last_sigma = True
    if solver.scheduler == "beta":
        message.beta_alpha, message.beta_beta = options.beta_dist_alpha, options.beta_dist_beta
    if solver.sampler == "UniPC":
        message.uni_pc.CopyFrom(_uni_pc(options))
    return message


def first(asked: float | None, otherwise: float) -> float:
    """What was asked for, else something else."""
    return otherwise if asked is None else asked


def _eta(sampler: str, options: Options) -> float | None:
    """The option for this kind of sampler; None, the sampler's own, where nobody has changed it."""
    name = "eta_ddim" if sampler in _TIMESTEP_SAMPLERS else "eta_ancestral"
    value: float = getattr(options, name)
    return None if value == Options.model_fields[name].default else value


def _uni_pc(options: Options) -> types.UniPcSettings:
    return types.UniPcSettings(
        variant=options.uni_pc_variant,
        skip_type=options.uni_pc_skip_type,
        order=options.uni_pc_order,
        lower_order_final=options.uni_pc_lower_order_final,
    )
