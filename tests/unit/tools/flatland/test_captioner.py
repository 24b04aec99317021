from __future__ import annotations

import numpy as np
import torch

from tools.flatland.captioner import LENGTH, Captioner, batch_of, describe, loss_of, plain_caption, token_rows
from tools.flatland.draw_scene import sample_scene
from tools.flatland.scene import Landscape, Pair, Single, Thing
from tools.flatland.tokenizer import END, build_tokenizer, vocabulary
from tools.flatland.upscaler import as_tensor

SCENES = (
    Single(Thing("cat", "black"), "medium", "yellow"),
    Pair(Thing("cat", "black"), Thing("house", "red"), "front", "white"),
    Landscape("sea", "sunset", "clear", Thing("boat", "red"), 3, count=2),
    Single(Thing("robot", "teal"), "small", "navy", look="pixel"),
)


def test_a_plain_caption_says_everything_once_and_nothing_else() -> None:
    assert [plain_caption(scene) for scene in SCENES] == [
        "a black cat on a yellow background",
        "a black cat in front of a red house on a white background",
        "two red boats on the sea at sunset",
        "pixel art of a small teal robot on a dark blue background",
    ]


def test_every_plain_caption_fits() -> None:
    tokenizer = build_tokenizer()
    assert max(len(tokenizer.encode(plain_caption(sample_scene(seed))).ids) for seed in range(400)) <= LENGTH


def test_a_row_begins_with_begin_and_ends_with_end() -> None:
    ids = vocabulary()[0]
    row = token_rows(["a cat"])[0].tolist()
    assert (len(row), row[0], row[1:3], set(row[3:])) == (
        LENGTH + 1,
        ids["<|startoftext|>"],
        [ids["a</w>"], ids["cat</w>"]],
        {ids[END]},
    )


def test_a_word_does_not_hang_on_those_that_follow() -> None:
    torch.manual_seed(0)
    model = Captioner(50).eval()
    image = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        one, two = model(image, torch.tensor([[1, 2, 3]])), model(image, torch.tensor([[1, 2, 9]]))
    torch.testing.assert_close(one[:, :2], two[:, :2])
    assert not torch.allclose(one[:, 2], two[:, 2])


def test_it_learns_from_two_pictures() -> None:
    torch.manual_seed(0)
    model = Captioner(len(vocabulary()[0]))
    pictures, rows = batch_of(range(2))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = loss_of(model, as_tensor(pictures), rows)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert len(describe(model.eval(), np.stack(list(pictures)))) == 2
