from __future__ import annotations

from pathlib import Path

import pytest

from gateway_svc.transcoding.rules import BadRule, Binding, bindings
from gateway_svc.transcoding.table import Found, Table
from gateway_svc.transcoding.template import BadTemplate
from tests.unit.gateway_svc.transcoding.toy import compiled, service

FILE = """
syntax = "proto3";
package toy.rules.{name};
import "google/api/annotations.proto";
message Inner {{ string text = 1; }}
message Asked {{ string id = 1; Inner inner = 2; repeated string tags = 3; }}
message Told {{ string text = 1; }}
service Rules {{
  rpc One({stream}Asked) returns (Told) {{ option (google.api.http) = {{ {rule} }}; }}
  rpc Two(Asked) returns (Told) {{ option (google.api.http) = {{get: "/two"}}; }}
}}
"""


def built(folder: Path, name: str, rule: str, stream: str = "") -> tuple[Binding, ...]:
    """The bindings of a service whose first method has a rule."""
    path = folder / f"{name}.proto"
    path.write_text(FILE.format(name=name, rule=rule, stream=stream))
    return bindings([service(compiled(path))])


@pytest.mark.parametrize(
    ("name", "rule", "words"),
    [
        ("unknown", 'get: "/a/{no}"', "no of its path is no single value of toy.rules.unknown.Asked"),
        ("message", 'get: "/a/{inner}"', "inner of its path is no single value"),
        ("many", 'get: "/a/{tags}"', "tags of its path is no single value"),
        ("through", 'get: "/a/{id.x}"', "id.x of its path is no single value"),
        ("repeated", 'get: "/a/{tags.x}"', "tags.x of its path is no single value"),
        ("body", 'post: "/a" body: "no"', "toy.rules.body.Asked has no field no"),
        ("answer", 'get: "/a" response_body: "no"', "toy.rules.answer.Told has no field no"),
        ("pathless", 'body: "*"', "a rule without a path"),
        ("twice", 'get: "/two"', "GET /two stands for two methods, toy.rules.twice.Rules.Two the second"),
    ],
)
def test_a_rule_that_no_call_can_follow_is_refused(tmp_path: Path, name: str, rule: str, words: str) -> None:
    with pytest.raises(BadRule) as caught:
        built(tmp_path, name, rule)
    assert words in str(caught.value)


def test_a_stream_of_requests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRule, match="takes a stream of requests"):
        built(tmp_path, "streaming", 'post: "/a" body: "*"', stream="stream ")


def test_a_path_that_is_no_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate):
        built(tmp_path, "template", 'get: "a"')


def test_a_rule_may_stand_for_every_verb(tmp_path: Path) -> None:
    table = Table(built(tmp_path, "verbs", 'custom {kind: "*" path: "/a/{inner.text}"}'))
    found = table.find("ANY", "/a/x")
    assert isinstance(found, Found)
    assert (found.binding.method.name, found.variables) == ("One", {"inner.text": "x"})


def test_methods_without_a_rule_have_no_binding() -> None:
    assert "Hidden" not in {binding.method.name for binding in bindings([service()])}


def test_the_most_exact_path_is_meant() -> None:
    table = Table(bindings([service()]))
    named = {path: table.find("GET", path) for path in ("/v1/books", "/v1/readings/a:on", "/v1/readings/a")}
    methods = [found.binding.method.name for found in named.values() if isinstance(found, Found)]
    assert methods == ["ListBooks", "ListenOn", "Listen"]


def test_an_unknown_path_has_no_verbs_and_a_known_one_its_own() -> None:
    table = Table(bindings([service()]))
    assert (table.find("GET", "/v1/none"), table.find("GET", "/v1/readings")) == (frozenset(), frozenset({"POST"}))
