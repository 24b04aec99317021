"""Extra networks of a prompt: <lora:name:0.8> and its like, which name weights to add and are no words."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference_svc.prompts.weights import LIMIT

_NETWORK = re.compile(r"<(?P<kind>\w+):(?P<arguments>[^>]+)>")
_LETTERS = 128
_LABELS: Mapping[str, str] = MappingProxyType({"lora": "Lora", "hypernet": "Hypernetwork"})
_ALIASES: Mapping[str, str] = MappingProxyType({"lyco": "lora"})


@dataclass(frozen=True, slots=True)
class Network:
    """What a prompt asks for. `kind`: "lora", "hypernet", or whatever it says; "lyco" means "lora".

    `te` and `unet`: how strong it is in the text encoder and in the UNet, within -LIMIT..LIMIT; `dyn`: its rank, where
    that is said.
    """

    kind: str
    name: str
    te: float = 1.0
    unet: float = 1.0
    dyn: int | None = None


def extra_networks(text: str) -> tuple[str, tuple[Network, ...]]:
    """Returns a prompt without its networks, and those: <type:name:te:unet:dyn>, or te=, unet=, dyn= by name.

    `unet` is what `te` is unless said, and `te` is 1. A value that is no number counts as not said.
    """
    inside, closing, after = text.rpartition(">")  # no search for an end that does not come
    networks = tuple(_network(match["kind"], match["arguments"]) for match in _NETWORK.finditer(inside + closing))
    return _NETWORK.sub("", inside + closing) + after, networks


def not_found(networks: Collection[Network], known: Collection[tuple[str, str]] = ()) -> tuple[str, ...]:
    """Returns a sentence for each network that is not among the `known` ones, (kind, name), none of them twice.

    No more than the first letters of a name that is none are said.
    """
    missing = (network for network in networks if (network.kind, network.name) not in known)
    return tuple(dict.fromkeys(map(_sentence, missing)))


def _sentence(network: Network) -> str:
    label = _LABELS.get(network.kind)
    said, what = (f"{label} not found", network.name) if label else ("Unknown extra network", network.kind)
    return f"{said}: {what if len(what) <= _LETTERS else what[:_LETTERS] + '…'}"


def _network(kind: str, arguments: str) -> Network:
    said = [argument.partition("=") for argument in arguments.split(":")]
    positional = [text for text, equals, _ in said if not equals]
    named = {key: value for key, equals, value in said if equals}
    te, unet, dyn = (named.get(key, _at(positional, place)) for place, key in enumerate(("te", "unet", "dyn"), 1))
    te_weight = _number(te, 1.0)
    rank = _number(dyn, 0.0)
    return Network(_ALIASES.get(kind, kind), _at(positional, 0), te_weight, _number(unet, te_weight), int(rank) or None)


def _at(positional: list[str], place: int) -> str:
    return positional[place] if place < len(positional) else ""


def _number(text: str, otherwise: float) -> float:
    try:
        number = float(text)
    except ValueError:
        return otherwise
    return max(-LIMIT, min(number, LIMIT)) if number == number else otherwise
