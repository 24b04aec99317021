"""`latentwire models` and `latentwire ps`: what a server has, and what it does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import sleep
from typing import TYPE_CHECKING

import click

from latentwire.commands.plain import as_json, columns, size, span
from latentwire.commands.reaching import Reach, reaching

if TYPE_CHECKING:
    from latentwire.client import Client, Generation, Generations, Model
    from latentwire.client.listings import GenerationState

_MODELS = ("NAME", "STATE", "FAMILY", "RUNNER", "MEMORY", "SIZE", "DEFAULT")
_GENERATIONS = ("ID", "STATE", "PROGRESS", "ETA", "PICTURES", "MODEL", "AGE", "TASK")


@click.command()
@click.option("--refresh", is_flag=True, help="The server looks at its disk again first.")
@reaching
def models(reach: Reach, *, refresh: bool) -> None:
    """List the models that the server knows."""
    with reach.client() as client:
        found = client.models(refresh=refresh, timeout_s=reach.timeout).models
    if reach.as_json:
        for model in found:
            click.echo(as_json(model))
    else:
        click.echo(columns(_MODELS, [_model(model) for model in found]))


@click.command()
@click.option("--all", "all_", is_flag=True, help="Those that have ended too, as far as they are remembered.")
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Between looks of --watch.",
)
@reaching
def ps(reach: Reach, *, all_: bool, watch: bool, interval: float) -> None:
    """List the generations that run and wait on the server, oldest first."""
    with reach.client() as client, _shown(reach, watch=watch) as show:
        show(_listed(client, reach, all_=all_))
        while watch:
            sleep(interval)
            show(_listed(client, reach, all_=all_))


def _listed(client: Client, reach: Reach, *, all_: bool) -> Generations:
    if not all_:
        return client.list_generations(timeout_s=reach.timeout)
    every: tuple[GenerationState, ...] = ("waiting", "running", "succeeded", "cancelled", "failed")
    return client.list_generations(states=every, timeout_s=reach.timeout)


@contextmanager
def _shown(reach: Reach, *, watch: bool) -> Iterator[Callable[[Generations], None]]:
    """Where lists go: on a terminal that is watched each takes the place of the one before."""
    if reach.as_json:
        yield _echo_lines
    elif watch and sys.stdout.isatty():
        from rich.live import Live
        from rich.text import Text

        with Live(auto_refresh=False) as live:

            def replace(listed: Generations) -> None:
                live.update(Text(_table(listed), no_wrap=True), refresh=True)

            yield replace
    else:
        yield _echo_table


def _echo_lines(listed: Generations) -> None:
    for generation in listed.generations:
        click.echo(as_json(generation))


def _echo_table(listed: Generations) -> None:
    click.echo(_table(listed))


def _table(listed: Generations) -> str:
    now = datetime.now(UTC)
    counts = f"{listed.running_count} running, {listed.waiting_count} waiting"
    if not listed.generations:
        return counts
    return f"{columns(_GENERATIONS, [_generation(one, now) for one in listed.generations])}\n{counts}"


def _model(model: Model) -> tuple[str, ...]:
    native = str(model.capabilities.native_size) if model.capabilities else ""
    default = "yes" if model.is_default else ""
    state = f"{model.state}: {model.error}" if model.error else model.state
    return (model.name, state, model.family, model.runner, size(model.memory_bytes), native, default)


def _generation(one: Generation, now: datetime) -> tuple[str, ...]:
    age = span(((one.end_time or now) - one.accept_time).total_seconds())
    pictures = f"{one.images_done}/{one.image_count}"
    task = one.task.task_id if one.task else ""
    state = "stopping" if one.stopping and one.state == "running" else one.state
    return (one.request_id, state, _progress(one), span(one.eta_s), pictures, one.model, age, task)


def _progress(one: Generation) -> str:
    if one.state == "waiting":
        return f"{one.queue_position} before it"
    return f"{one.progress.fraction:.0%}" if one.progress else ""
