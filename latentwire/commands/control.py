"""`latentwire cancel` and `latentwire wait-ready`."""

from __future__ import annotations

import click

from latentwire.commands.plain import as_json
from latentwire.commands.reaching import Reach, reaching
from latentwire.errors import LatentwireError

_PATIENCE_S = 60.0


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--task", is_flag=True, help="The ids are those of tasks, which are cancelled as a whole.")
@click.option("--reason", default="", metavar="WORDS", help="Told to whoever waits for it.")
@reaching
def cancel(reach: Reach, ids: tuple[str, ...], *, task: bool, reason: str) -> None:
    """End generations and discard what they made; those that this has ended are printed.

    One that has ended already is no error, one that nobody knows is; the others are cancelled all the same.
    """
    failures: list[LatentwireError] = []
    with reach.client() as client:
        for id_ in ids:
            name = {"task_id": id_} if task else {"request_id": id_}
            try:
                ended = client.cancel(**name, reason=reason, timeout_s=reach.timeout)
            except LatentwireError as error:
                failures.append(error)
                continue
            for request_id in ended:
                click.echo(as_json({"request_id": request_id}) if reach.as_json else request_id)
    for failure in failures[1:]:
        reach.tell(failure)
    if failures:
        raise failures[0]


@click.command("wait-ready")
@reaching
def wait_ready(reach: Reach) -> None:
    """Return once the server takes generations; after 60 s, or --timeout, say why it does not."""
    with reach.client() as client:
        client.wait_ready(_PATIENCE_S if reach.timeout is None else reach.timeout)
    if reach.as_json:
        click.echo(as_json({"address": reach.address, "ready": True}))
