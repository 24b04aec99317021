"""A released contract that is renewed over a break without a word to users is found, wherever the renewal hides."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.guard.clean import WORKFLOW
from tests.guard.planted import said
from tests.guard.repository import begin, commit, git
from tests.guard.test_contract import TYPES, buf, edit
from tools import proto
from tools.guard.allowed import LIST
from tools.guard.generated import CHANGELOG, IMAGE, words
from tools.guard.renewed import subject

QUEUE = ("google.protobuf.Duration queue = 1;", "google.protobuf.Duration queue = 91;")
SHALLOW = "job run runs the guards on a clone of one commit: fetch-depth: 2 in its checkout"
HISTORY = "# Changelog\n\n## [Unreleased]\n\n- Made by {}.\n\n## [1.0.0] - 2026-01-31\n\n- Born.\n"


@pytest.fixture(scope="module")
def promised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose one commit promises the contract as it is."""
    folder = tmp_path_factory.mktemp("promised")
    for name in ("proto", "third_party"):
        shutil.copytree(proto.ROOT / name, folder / name)
    shutil.copy(proto.ROOT / "buf.yaml", folder)
    (folder / LIST).parent.mkdir(parents=True)
    (folder / LIST).touch()
    renew(folder)
    (folder / CHANGELOG).write_text(HISTORY.format(named(folder)))
    begin(folder)
    return folder


@pytest.fixture
def repository(promised: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(promised, tmp_path / "repository")


def renew(folder: Path) -> None:
    """What `make release-image` does."""
    assert buf(folder, "build", "proto", "--exclude-source-info", "-o", IMAGE).returncode == 0


def named(folder: Path) -> str:
    """The words for the image as it is there."""
    return words((folder / IMAGE).read_bytes())


def tell(folder: Path, line: str, *, over: str = "- Made by") -> None:
    """Puts a line into the changelog, before another one."""
    edit(folder / CHANGELOG, over, f"{line}\n{over}")


def break_in_silence(folder: Path) -> None:
    """A break, an image of it, and in the changelog no more than the new image's name in place of the old one's."""
    old = named(folder)
    edit(folder / TYPES, *QUEUE)
    renew(folder)
    edit(folder / CHANGELOG, old, named(folder))


class TestRenewal:
    SILENT = (
        f"{IMAGE}: was renewed after {{}}: no new line of {CHANGELOG} under [Unreleased] names 'Timings', yet: "
        'Previously present field "1" with name "queue" on message "Timings" was deleted. (renewed)'
    )

    def test_a_break_that_the_changelog_tells_of_may_be_released(self, repository: Path) -> None:
        break_in_silence(repository)
        tell(repository, "- `Timings.queue` has another number.")
        assert said(repository, ["renewed", "released"]) == []

    def test_an_addition_may_be_released_without_a_break_being_named(self, repository: Path) -> None:
        edit(repository / TYPES, "message Timings {", "// Ticks.\nmessage Clock {}\n\nmessage Timings {")
        renew(repository)
        assert said(repository, ["renewed"]) == []

    def test_a_silent_renewal_is_found(self, repository: Path) -> None:
        break_in_silence(repository)
        assert said(repository, ["released"]) == []
        assert said(repository, ["renewed"]) == [self.SILENT.format("HEAD")]

    def test_a_silent_renewal_is_found_once_it_is_committed(self, repository: Path) -> None:
        break_in_silence(repository)
        commit(repository)
        assert said(repository, ["renewed"]) == [self.SILENT.format("HEAD^1")]

    def test_a_silent_renewal_of_a_branch_is_found_when_it_is_merged_and_before(self, repository: Path) -> None:
        git(repository, "checkout", "-q", "-b", "branch")
        break_in_silence(repository)
        commit(repository)
        tell(repository, "- Something else.")
        commit(repository)
        assert said(repository, ["renewed"]) == [self.SILENT.format("the merge base with main")]
        git(repository, "checkout", "-q", "main")
        git(repository, "merge", "-q", "--no-ff", "branch")
        assert said(repository, ["renewed"]) == [self.SILENT.format("HEAD^1")]

    def test_words_that_were_there_before_do_not_count(self, repository: Path) -> None:
        tell(repository, "- `Timings.queue` has another number.")
        commit(repository)
        break_in_silence(repository)
        assert said(repository, ["renewed"])[0] == self.SILENT.format("HEAD")

    def test_words_of_an_older_version_do_not_count(self, repository: Path) -> None:
        break_in_silence(repository)
        tell(repository, "- `Timings.queue` has another number.", over="- Born.")
        assert said(repository, ["renewed"]) == [self.SILENT.format("HEAD")]

    def test_a_break_without_the_name_of_the_image_is_found(self, repository: Path) -> None:
        break_in_silence(repository)
        text = (repository / CHANGELOG).read_text()
        (repository / CHANGELOG).write_text(text.replace(named(repository), "nobody"))
        tell(repository, "- `Timings.queue` has another number.")
        (finding,) = said(repository, ["renewed"])
        assert finding.endswith(f"has the words '{named(repository)}' (renewed)")

    def test_an_image_that_promises_less_than_the_contract_holds_is_found(self, repository: Path) -> None:
        alone = repository / "third_party/googleapis"
        assert buf(repository, "build", str(alone), "-o", IMAGE).returncode == 0
        found = said(repository, ["renewed"])
        assert len(found) > 1
        assert all("was renewed after HEAD" in finding for finding in found)

    def test_a_contract_that_cannot_be_compared_is_found(self, repository: Path) -> None:
        (repository / IMAGE).write_bytes(b"no image")
        assert any(f"{IMAGE} can't be compared" in finding for finding in said(repository, ["renewed"]))

    def test_a_clone_of_one_commit_says_that_it_knows_nothing(
        self, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        break_in_silence(repository)
        commit(repository)
        git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "shallow")
        assert said(tmp_path / "shallow", ["renewed"]) == []
        assert capsys.readouterr().out.startswith("renewed: no parent commit here, so nobody knows whether")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ('Previously present RPC "Draw" on service "Art" was deleted.', "Draw"),
        ('Field "1" with name "weight" on message "Part" changed type from "double" to "float".', "Part"),
        ('Previously present enum value "3" on enum "Kind" was deleted.', "Kind"),
        ('Previously present message "Part" was deleted from file.', "Part"),
        ('Previously present file "a/b.proto" was deleted.', "a/b.proto"),
        ("proto can't be compared: no such file", "proto can't be compared: no such file"),
    ],
)
def test_a_break_is_named_by_what_is_broken(message: str, name: str) -> None:
    assert subject(message) == name


@pytest.mark.parametrize(
    ("depth", "finding"),
    [
        ("", [SHALLOW]),
        (
            "          fetch-depth: 1\n",
            ["job run runs the guards on a clone of one commit: fetch-depth: 2 in its checkout"],
        ),
        ("          fetch-depth: 2\n", []),
        ("          fetch-depth: 0\n", []),
    ],
)
def test_a_workflow_that_could_not_notice_a_renewal_is_found(checkout: Path, depth: str, finding: list[str]) -> None:
    edit(
        checkout / WORKFLOW, "          persist-credentials: false\n", f"          persist-credentials: false\n{depth}"
    )
    edit(checkout / WORKFLOW, ".ci/step test", ".ci/step guard")
    assert said(checkout, ["renewed"]) == [f"{WORKFLOW}: {message} (renewed)" for message in finding]
