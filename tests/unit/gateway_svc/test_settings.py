from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway_svc.settings import PREFIX, BadSettings, Settings, default_data_dir, passwords, read, shown


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.delenv("LATENTWIRE_DATA_DIR", raising=False)


def test_the_defaults_are_loopback_and_a1111s_port() -> None:
    settings = read({"host": None})
    assert (settings.host, settings.port, settings.inference) == ("127.0.0.1", 7860, "127.0.0.1:50051")
    assert (settings.users, settings.cors_allow_origins) == ({}, ())


def test_a_flag_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "PORT", "1000")
    assert (read({}).port, read({"port": 2000}).port) == (1000, 2000)


def test_several_replicas_are_named_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "INFERENCE", "a:1, b:2")
    assert (read({}).inference, read({}).resume_every) == ("a:1,b:2", 5)


@pytest.mark.parametrize("name", ["LATENTWIRE_DATA_DIR", PREFIX + "DATA_DIR"])
def test_the_data_folder_has_two_names_in_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/data")
    assert read({}).data_dir == Path("/data")
    assert read({"data_dir": Path("/other")}).data_dir == Path("/other")


def test_data_goes_where_the_desktop_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/x")
    assert default_data_dir() == Path("/x/latentwire")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/ann")
    assert read({}).data_dir == Path("/home/ann/.local/share/latentwire")


def test_origins_are_split_at_commas() -> None:
    assert read({"cors_allow_origins": "http://a, http://b,"}).cors_allow_origins == ("http://a", "http://b")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"port": 70000}, "port: "),
        ({"inference": "nowhere"}, "inference: "),
        ({"inference": "http://there:1"}, "inference: "),
        ({"inference": "there:99999"}, "inference: "),
        ({"inference": "there:1,nowhere"}, "inference: "),
        ({"inference": ","}, "inference: "),
        ({"resume_every": -1}, "resume_every: "),
        ({"cors_allow_origins_regex": "("}, "cors_allow_origins_regex: "),
        ({"api_auth": "ann"}, "api_auth: "),
        ({"api_auth": ":p"}, "api_auth: "),
        ({"api_auth": "a" * 129 + ":p"}, "api_auth: "),
        ({"no_such": 1}, "no_such: "),
        ({"subpath": "/a b"}, "subpath: "),
        ({"subpath": "a//b"}, "subpath: "),
        ({"tls_keyfile": Path(__file__)}, "tls_keyfile and tls_certfile go together"),
        ({"tls_certfile": Path("/nowhere/c.pem")}, "tls_certfile: "),
        ({"timeout_keep_alive": 0}, "timeout_keep_alive: "),
    ],
)
def test_a_bad_value_is_a_sentence_that_names_it(flags: dict[str, object], words: str) -> None:
    with pytest.raises(BadSettings, match=rf"^{words}.*\.$"):
        read(flags)


def test_an_unknown_variable_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "PROT", "1")
    with pytest.raises(BadSettings, match="LATENTWIRE_GATEWAY_PROT is not a setting"):
        read({})


def test_secrets_are_not_shown() -> None:
    text = shown(read({"api_auth": "ann:secret", "inference_token": "secret"}))
    assert "secret" not in text
    assert json.loads(text)["api_auth"] == "**********"
    assert json.loads(shown(read({})))["api_auth"] is None


def test_a_password_may_hold_colons_and_be_empty() -> None:
    assert passwords("ann:a:b, bob:") == {"ann": "a:b", "bob": ""}
    assert Settings(api_auth=SecretStr("ann:x")).users == {"ann": "x"}


@pytest.mark.parametrize(("asked", "kept"), [("", ""), ("/", ""), ("sd", "/sd"), ("/a/b.c/", "/a/b.c")])
def test_a_subpath_begins_with_a_slash_and_does_not_end_with_one(asked: str, kept: str) -> None:
    assert read({"subpath": asked}).subpath == kept
