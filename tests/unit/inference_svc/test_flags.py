"""Settings: flags, environment, sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from inference_svc.flags import BadSetting, read_settings, settings_command
from inference_svc.settings import FakeSettings, Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "HOST", "ENGINE"):
        monkeypatch.delenv(f"LATENTWIRE_INFERENCE_{name}", raising=False)


def test_every_setting_has_a_flag_with_help() -> None:
    text = CliRunner().invoke(settings_command(lambda _, __: None), ["--help"]).output
    names = [
        *(name for name in Settings.model_fields if name != "fake"),
        *(f"fake_{n}" for n in FakeSettings.model_fields),
    ]
    assert [name for name in names if f"--{name.replace('_', '-')} " not in text] == []


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTWIRE_INFERENCE_PORT", "1")
    monkeypatch.setenv("LATENTWIRE_INFERENCE_FAKE_STEP_TIME", "0.5")
    assert (read_settings({}).port, read_settings({"port": "2"}).port) == (1, 2)
    assert read_settings({}).fake.step_time == 0.5


def test_the_command_reads_its_flags() -> None:
    seen: list[tuple[Settings, bool]] = []
    command = settings_command(lambda settings, print_config: seen.append((settings, print_config)))
    arguments = ["--engine", "fake", "--port", "0", "--fake-tiny", "--fake-step-time", "0.25", "--print-config"]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    ((settings, print_config),) = seen
    assert (result.exit_code, settings.engine, settings.port, print_config) == (0, "fake", 0, True)
    assert (settings.fake.tiny, settings.fake.step_time) == (True, 0.25)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"port": "99999"}, "--port '99999' is not allowed: input should be less than or equal to 65535."),
        ({"engine": "steam"}, "--engine 'steam' is not allowed: input should be 'onnx', 'torch' or 'fake'."),
        ({"fake_step_time": "x"}, "--fake-step-time 'x' is not allowed: input should be a valid number"),
        ({"tls_key": "x"}, "--tls-cert and --tls-key go together: give both, or none."),
    ],
)
def test_a_bad_value_is_one_sentence(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSetting) as caught:
        read_settings(given)
    assert str(caught.value).startswith(sentence)


def test_a_bad_value_of_the_environment_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTWIRE_INFERENCE_PORT", "x")
    with pytest.raises(BadSetting, match=r"^LATENTWIRE_INFERENCE_PORT 'x' is not allowed"):
        read_settings({})


def test_an_unknown_setting_of_the_environment_is_a_sentence() -> None:
    with pytest.raises(BadSetting, match="LATENTWIRE_INFERENCE_PROT is set in the environment"):
        read_settings({}, {"LATENTWIRE_INFERENCE_PROT": "1", "OTHER": "2"})


def test_secrets_do_not_show() -> None:
    assert "geheim" not in repr(read_settings({"token": "geheim"}))


@pytest.mark.parametrize(
    ("given", "is_open"),
    [({}, False), ({"host": "0.0.0.0"}, True), ({"host": "0.0.0.0", "token": "t"}, False), ({"host": "::1"}, False)],
)
def test_a_server_is_open_when_others_can_call_without_more(given: dict[str, str], is_open: bool) -> None:
    assert read_settings(given).is_open == is_open


def test_tls_closes_a_server() -> None:
    settings = read_settings({"host": "0.0.0.0", "tls_cert": "c", "tls_key": "k"})
    assert (settings.is_open, settings.tls_key) == (False, Path("k"))
