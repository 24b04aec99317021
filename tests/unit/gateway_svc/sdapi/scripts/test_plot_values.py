from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_svc.sdapi.options import Options
from gateway_svc.sdapi.schemas import Txt2ImgRequest
from gateway_svc.sdapi.scripts.plot_axes import axes
from gateway_svc.sdapi.scripts.plot_values import BadValue, listed, numbers, orders
from gateway_svc.sdapi.scripts.script import Known

AXES = {axis.label: axis for axis in axes("txt2img")}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2, 3", [1, 2, 3]),
        ("1-5", [1, 2, 3, 4, 5]),
        ("1-5 (+2)", [1, 3, 5]),
        ("1-6(+2), 9", [1, 3, 5, 9]),
        ("5-1 (-2)", [5, 3, 1]),
        ("5-1", []),
        ("-3 - -1", [-3, -2, -1]),
        ("1-10 [4]", [1, 4, 7, 10]),
        ("1-10[1]", [1]),
        ("-5", [-5]),
        ("", []),
    ],
)
def test_whole_numbers_come_in_lists_and_ranges(text: str, values: list[int]) -> None:
    assert numbers(listed(text), int) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5, 1e-1", [0.5, 0.1]),
        ("0-1 (+0.25)", [0, 0.25, 0.5, 0.75, 1]),
        ("1.5-2 [3]", [1.5, 1.75, 2.0]),
        ("7", [7.0]),
    ],
)
def test_decimal_numbers_do_too(text: str, values: list[float]) -> None:
    assert numbers(listed(text), float) == pytest.approx(values)


@pytest.mark.parametrize("text", ["many", "1-", "1-2-3", "inf", "nan", "1-2 (+)", "1-100000", "1-2 [100000]", "1.5"])
def test_what_is_no_number_is_told(text: str) -> None:
    with pytest.raises(BadValue):
        numbers(listed(text), int)


@settings(max_examples=50)
@given(st.text('0123456789-+.()[] ,e\n"', max_size=30))
def test_whatever_is_written_is_read_or_told(text: str) -> None:
    try:
        found = numbers(listed(text), float)
    except BadValue:
        found = []
    assert len(found) <= 1000


def test_a_text_without_end_is_told() -> None:
    with pytest.raises(BadValue):
        listed("a" * 200_000)


def test_a_comma_in_quotes_parts_nothing() -> None:
    assert listed('"a, b", c\n') == ["a, b", "c"]


def test_every_order_is_a_value() -> None:
    assert orders(["a", "b"]) == [("a", "b"), ("b", "a")]
    with pytest.raises(BadValue):
        orders(list("abcdefgh"))


@pytest.mark.parametrize(
    ("label", "value", "changed"),
    [
        ("Seed", 5, {"seed": 5}),
        ("Prompt order", ("c", "a"), {"prompt": "c, b, a"}),
        ("Clip skip", 2, {"override_settings": {"rho": 1, "CLIP_stop_at_last_layers": 2}}),
        ("SGM noise multiplier", "True", {"override_settings": {"rho": 1, "sgm_noise_multiplier": True}}),
        (
            "Always discard next-to-last sigma",
            "no",
            {"override_settings": {"rho": 1, "always_discard_next_to_last_sigma": False}},
        ),
        ("Styles", "one, two", {"styles": ["mine", "one", "two"]}),
        ("Size", "96x72", {"width": 96, "height": 72}),
        ("Face restore", "CodeFormer", {"restore_faces": True}),
        ("Nothing", 0, {}),
    ],
)
def test_a_value_changes_the_request(label: str, value: Any, changed: dict[str, Any]) -> None:
    request = Txt2ImgRequest(prompt="a, b, c", styles=["mine"], override_settings={"rho": 1})
    assert AXES[label].apply(request, value, [value]) == request.model_copy(update=changed)


@pytest.mark.parametrize(
    ("label", "value", "legend"),
    [("Nothing", 0, ""), ("CFG Scale", 0.1 + 0.2, "CFG Scale: 0.3"), ("Sampler", "Euler", "Euler")],
)
def test_legends_say_what_a_value_is(label: str, value: Any, legend: str) -> None:
    assert AXES[label].legend(value) == legend


def test_every_axis_of_a_field_or_an_option_has_one() -> None:
    request = Txt2ImgRequest(prompt="1 a", override_settings={})
    for axis in AXES.values():
        value: Any = {"Size": "64x64", "Prompt order": ("1",)}.get(axis.label, 1 if axis.read(["1"]) == [1] else "1")
        changed = axis.apply(request, value, [value])
        assert set(changed.override_settings or {}) <= set(Options.model_fields)
        assert set(changed.model_dump()) == set(request.model_dump())


def test_names_are_offered_from_what_is_known() -> None:
    known = Known(samplers=["Euler"], upscalers=["Lanczos"], latent_modes=["Latent"], models=["a [b]"], styles=["s"])
    offered = {axis.label: list(axis.choices(known)) for axis in axes("txt2img") if axis.choices}
    assert (offered["Sampler"], offered["Hires upscaler"]) == (["Euler"], ["Latent", "Lanczos"])
    assert (offered["Refiner checkpoint"], offered["Styles"]) == (["None", "a [b]"], ["s"])
