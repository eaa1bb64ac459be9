"""`keybook statement`: a customer's statement of account, open items or reconciliation act, as a file."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import click

from pipelines.commands.shared import UNUSABLE, HomeCommand, Text, settings_of


def _day(_context: click.Context, _option: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no date; write one such as 2026-01-31") from error


@click.command(cls=HomeCommand)
@click.argument("account", type=Text())
@click.option("--currency", help="Only this currency; a file each of the account's currencies if not given.")
@click.option("--from", "from_on", callback=_day, help="The first day; the first of the last day's month if not given.")
@click.option("--to", "to_on", callback=_day, help="The last day; the as-of date if not given.")
@click.option(
    "--type", "kind", type=click.Choice(["activity", "outstanding", "act"]), default="activity", show_default=True,
    help="Movements with a running balance, what is open on the last day, or the act that both sides sign.",
)  # fmt: skip
@click.option("--language", type=click.Choice(["en", "ru", "sv"]), default="en", show_default=True)
@click.option("--format", "shape", type=click.Choice(["pdf", "xlsx"]), default="pdf", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="<home>/reports/statements if not given.")
def statement(
    home: Path | None,
    account: str,
    currency: str | None,
    from_on: date | None,
    to_on: date | None,
    kind: str,
    language: str,
    shape: str,
    out: Path | None,
) -> None:
    """Write a statement of ACCOUNT, an account's id or name, and print where.

    Exit code 2 when there is no such account, currency or period; the nearest accounts are named.
    """
    import duckdb

    from pipelines.bounds import connect
    from pipelines.reports.statements import making, reading

    settings = settings_of(home=home)
    if not settings.published.exists():
        raise click.ClickException("Nothing is published yet; run `keybook refresh` first.")
    folder = out or settings.home / "reports" / "statements"
    try:
        with connect(os.path.realpath(settings.published), read_only=True) as connection:
            account_id, _ = reading.resolve(connection, account)
            last = to_on or reading.as_of(connection) or date.min
            for code in [currency] if currency else reading.currencies(connection, account_id):
                asked = reading.Asked(account_id, code, from_on or last.replace(day=1), last)
                found = reading.read(connection, asked, settings.company_name)
                file = folder / making.file_name(found, kind, language, shape)  # type: ignore[arg-type]
                made = making.make(found, kind, language, shape)  # type: ignore[arg-type]
                folder.mkdir(parents=True, exist_ok=True)
                file.write_bytes(made)
                click.echo(str(file))
    except reading.StatementError as error:
        click.echo(f"Error: {error}.", err=True)
        sys.exit(UNUSABLE)
    except duckdb.CatalogException as error:
        raise click.ClickException(
            f"The published warehouse was built by another version of Keybook; run `keybook refresh`. ({error})"
        ) from error
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written to: {error.strerror or error}") from error


STATEMENT_COMMANDS: list[click.Command] = [statement]
