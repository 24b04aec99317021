from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from gateway_svc.authentication import credentials
from gateway_svc.sdapi.checkpoint import default, find, title
from gateway_svc.sdapi.conversion import signed, unsigned_like
from gateway_svc.sdapi.errors import warning
from gateway_svc.sdapi.prompt_text import without_comments, without_networks
from gateway_svc.sdapi.reply import header_text
from gateway_svc.sdapi.running import eta_s, fraction, last_step
from gateway_svc.sdapi.saving import folder_of, save
from gateway_svc.sdapi.tasks import fresh, legal
from latentwire.errors import InvalidArgument
from latentwire.v1 import generation_service_pb2 as gs
from latentwire.v1.types_pb2 import GENERATION_STATE_SUCCEEDED, Model, Task


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a house", "a house"),
        ("a house # red", "a house "),
        ("# one\na house\n# two", "a house\n"),
        ("a\n#b\nc", "a\nc"),
        ("#", ""),
    ],
)
def test_comments_go_to_the_end_of_their_line(text: str, left: str) -> None:
    assert without_comments(text) == left


def test_networks_are_taken_out_of_the_text() -> None:
    assert without_networks("a <lora:x:0.5>b <hypernet:y:1> < c >") == "a b  < c >"


def test_an_id_that_is_legal_is_kept_and_another_is_always_changed_alike() -> None:
    assert (legal("task(a-1)"), legal("a b")) == ("task(a-1)", legal("a b"))
    assert legal(legal("a b")) == legal("a b") != legal("a c")
    assert legal(fresh("txt2img")) != legal(fresh("txt2img"))


@pytest.mark.parametrize("seed", [0, 5, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_seed_survives_the_signed_field(seed: int) -> None:
    assert unsigned_like(signed(seed), seed) == seed
    assert -(2**63) <= signed(seed) < 2**63


def test_a_negative_seed_that_was_asked_for_stays_negative() -> None:
    assert (unsigned_like(-5, -5), unsigned_like(-5, -1), unsigned_like(-5, None)) == (-5, 2**64 - 5, 2**64 - 5)


def test_a_header_is_one_short_line_of_ascii() -> None:
    assert header_text("ä\nb\r\n c") == "\\xe4 b c"
    assert header_text("a" * 30, limit=10) == "aaaaaaa..."


def test_a_model_without_a_hash_goes_by_its_name_alone() -> None:
    model = Model(name="sub/one", path="/models/sub/one.ckpt")
    assert (title(model), find([model], "one"), find([model], "one.ckpt")) == ("sub/one", model, model)
    assert find([model], "") is None


def test_the_default_model_is_the_one_that_says_so_else_the_first() -> None:
    first, second = Model(name="a"), Model(name="b", is_default=True)
    assert (default([first, second]), default([first]), default([])) == (second, first, None)


def test_numbers_of_files_go_on_from_what_is_there(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "outdir_samples", "txt2img-images")
    save(folder, "PNG", [1], [b"a"])
    (folder / "00007-x.png").touch()
    (folder / "notes.txt").touch()
    assert [path.name for path in save(folder, "JPEG", [5, 6], [b"b", b"c"])] == ["00008-5.jpg", "00009-6.jpg"]


def test_two_gateways_never_write_over_each_others_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "00000-5.png").write_bytes(b"theirs")
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(()))
    assert [path.name for path in save(tmp_path, "PNG", [5], [b"ours"])] == ["00001-5.png"]
    assert (tmp_path / "00000-5.png").read_bytes() == b"theirs"


@pytest.mark.parametrize("folder", ["/etc", "../x", "a/../../../x", "a\0b"])
def test_pictures_are_kept_nowhere_else(tmp_path: Path, folder: str) -> None:
    with pytest.raises(InvalidArgument, match="outdir_samples"):
        folder_of(tmp_path, "outdir_samples", folder)


def test_progress_is_never_more_than_all() -> None:
    generation = gs.Generation(progress=gs.Progress(step=21, step_count=10, batch_index=1, batch_count=1))
    assert (fraction(generation), last_step(generation)) == (1.0, 20)
    assert (fraction(gs.Generation()), last_step(gs.Generation())) == (0.0, 0)


def test_the_rest_takes_as_long_as_what_has_passed_where_nothing_is_measured() -> None:
    generation = gs.Generation()
    assert eta_s(generation, 0.5) == 0.0
    generation.start_time.FromSeconds(100)
    assert (eta_s(generation, 0.25, now_s=110.0), eta_s(generation, 0.25, now_s=90.0)) == (30.0, 0.0)
    assert eta_s(generation, 0.25) > 0


def test_members_to_come_take_as_long_as_the_one_under_way() -> None:
    generation = gs.Generation(task=Task(index=1, count=4), start_time=Timestamp(seconds=100))
    extended = eta_s(generation, 0.375, now_s=110.0)
    generation.eta.FromSeconds(5)
    assert (extended, eta_s(generation, 0.375, now_s=110.0)) == (50.0, 35.0)


def test_between_two_members_those_to_come_are_left() -> None:
    generation = gs.Generation(task=Task(index=1, count=4), state=GENERATION_STATE_SUCCEEDED)
    generation.start_time.FromSeconds(100)
    generation.end_time.FromSeconds(120)
    assert eta_s(generation, 0.5, now_s=123.0) == 40.0


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        ("Basic YTpi", b"a:b"),
        ("basic YTpi", b"a:b"),
        ("Bearer YTpi", b""),
        ("Basic !", b""),
        ("Basic \xe9", b""),
        ("", b""),
    ],
)
def test_credentials_are_read_from_basic_headers_alone(header: str, pair: bytes) -> None:
    assert credentials(header) == pair


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("inpaint.only_masked has no effect: the mask is blank", "inpaint_full_res has no effect: the mask is blank"),
        ("guidance.image_scale has no effect: no", "image_cfg_scale has no effect: no"),
        ("init.upscaler has no effect: as latents", "upscaler_for_img2img has no effect: as latents"),
        ("inpaint.conditioning_weight has no effect", "inpainting_mask_weight has no effect"),
        ("tiling has no effect: never.", "tiling has no effect: never."),
        ("Lora not found: a.b c", "Lora not found: a.b c"),
    ],
)
def test_warnings_name_fields_as_clients_know_them(said: str, told: str) -> None:
    assert warning(said) == told
