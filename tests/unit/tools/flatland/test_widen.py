from __future__ import annotations

import pytest
import torch

from tools.flatland.arch import build_vae
from tools.flatland.widen import widened, with_new_words


def test_a_widened_autoencoder_computes_what_the_narrow_one_does() -> None:
    torch.manual_seed(0)
    narrow, wide = build_vae((8, 16, 24, 16)).eval(), build_vae((16, 32, 48, 16)).eval()
    wide.load_state_dict(widened(narrow.state_dict(), wide.state_dict()))
    picture = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        expected = narrow.encode(picture).latent_dist.mean
        torch.testing.assert_close(wide.encode(picture).latent_dist.mean, expected, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(wide.decode(expected).sample, narrow.decode(expected).sample, atol=1e-4, rtol=1e-3)


def test_unrest_makes_the_copies_differ() -> None:
    torch.manual_seed(0)
    grown = widened({"w": torch.ones(2, 2)}, {"w": torch.zeros(2, 4)}, unrest=0.1)["w"]
    assert not torch.equal(grown[:, 0], grown[:, 1])
    assert grown.sum().item() == pytest.approx(4, rel=0.3)


def test_a_width_that_is_no_whole_multiple_is_refused() -> None:
    with pytest.raises(ValueError, match="from 4 to 6"):
        widened({"w": torch.zeros(4)}, {"w": torch.zeros(6)})


def test_known_words_keep_their_row_wherever_their_id_moves() -> None:
    old = torch.randn(3, 5)
    grown = with_new_words(old, {"a": 0, "b": 1, "end": 2}, {"a": 0, "b": 1, "c": 2, "end": 3})
    assert torch.equal(grown[[0, 1, 3]], old)
    assert 0 < grown[2].abs().max() < 10
