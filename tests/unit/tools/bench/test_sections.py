from __future__ import annotations

import pytest

from tools.bench.__main__ import main


def test_a_section_that_does_not_exist_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "--only", "pollers,cold"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "--only: pollers: expected some of kernel, throughput" in capsys.readouterr().err
