"""Prompts as they go to the service: with styles, without comments and disabled networks."""

from __future__ import annotations

from dataclasses import dataclass

from gateway_svc.sdapi import prompt_text, styles
from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import GenerationRequest, Txt2ImgRequest
from gateway_svc.sdapi.styles import Style
from gateway_svc.services import Services


@dataclass(frozen=True, slots=True)
class Words:
    """Both prompts of each pass, ready. The second pass' are empty where they are the first's."""

    prompt: str
    negative_prompt: str
    second_prompt: str = ""
    second_negative_prompt: str = ""
    warnings: tuple[str, ...] = ()


async def words_of(request: GenerationRequest, options: Options, services: Services) -> Words:
    """The words of a request."""
    asked = request.styles or []
    known = await services.in_thread(styles.read, services.settings.data_dir) if asked else {}
    chosen = [known[name] for name in asked if name in known]
    prompt, negative = _ready(request.prompt, request.negative_prompt, chosen, request, options)
    second = request if isinstance(request, Txt2ImgRequest) and request.enable_hr else None
    second_prompt, second_negative = (
        _ready(second.hr_prompt, second.hr_negative_prompt, chosen, request, options) if second else ("", "")
    )
    return Words(
        prompt,
        negative,
        second_prompt if second and second.hr_prompt else "",
        second_negative if second and second.hr_negative_prompt else "",
        tuple(f'style "{name}" is not known and was ignored' for name in asked if name not in known),
    )


def _ready(
    prompt: str | None, negative: str | None, chosen: list[Style], request: GenerationRequest, options: Options
) -> tuple[str, str]:
    positive = styles.applied(prompt or "", [style.prompt for style in chosen])
    other = styles.applied(negative or "", [style.negative_prompt for style in chosen])
    return _cleared(positive, request, options), _cleared(other, request, options)


def _cleared(text: str, request: GenerationRequest, options: Options) -> str:
    text = prompt_text.without_comments(text) if options.enable_prompt_comments else text
    return prompt_text.without_networks(text) if request.disable_extra_networks else text
