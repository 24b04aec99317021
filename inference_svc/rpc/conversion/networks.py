"""Extra networks that prompts ask for and that are not there."""

from __future__ import annotations

from collections.abc import Iterable

from inference_svc.prompts import extra_networks, not_found

_MOST_NETWORKS = 16


def networks_not_found(prompts: Iterable[str]) -> list[str]:
    """Returns a sentence for each network that prompts name and that is not there; beyond a few, how many more.

    Not for negative prompts: there they are words.
    """
    texts = list(not_found([network for prompt in prompts for network in extra_networks(prompt)[1]]))
    left_out = len(texts) - _MOST_NETWORKS
    return texts if left_out <= 0 else [*texts[:_MOST_NETWORKS], f"{left_out} more networks not found"]
