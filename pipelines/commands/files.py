"""Commands on files: read one, forget one, find a text in all, retry what was flawed, write contracts and lists."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from pipelines.commands.shared import UNUSABLE, HomeCommand, Text, refresh_of, settings_of
from pipelines.formats import printable
from pipelines.words import word
from pipelines.words.landed import finding_said, rejection_said

if TYPE_CHECKING:
    from pipelines.exports.landing.lookup import Hit
    from pipelines.exports.landing.raw import Receipt
    from pipelines.exports.landing.reading import TextTable
    from pipelines.exports.readers.unpack import Limits

EXPORT = click.Path(exists=True, dir_okay=False, path_type=Path)
LANDING = click.option(
    "--landing", type=click.Path(path_type=Path), help="The folder of exports; <home>/landing if not given."
)


def _limits(home: Path | None) -> Limits:
    from pipelines.exports.readers.unpack import Limits

    return Limits.of(settings_of(home=home))


@click.command(cls=HomeCommand)
@click.argument("file", type=EXPORT)
@click.option("--sheet", help="Which table: a sheet's name, a zip member or a JSON path; the first if not given.")
@click.option("--format", "shape", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
def read(home: Path | None, file: Path, sheet: str | None, shape: str) -> None:
    """Print a file's table as Keybook sees it, before any contract: text, all rows, the header first.

    Every text is kept exactly, also one that a spreadsheet would run as a formula. Lines that are in the file and not
    in its table go to standard error, each with its number and the reason; so do those that have more or fewer cells
    than the others, which are shown as they stand as long as no contract knows the file.
    """
    from pipelines.exports.codes import UnreadableError
    from pipelines.exports.contracts.loading import load_contracts
    from pipelines.exports.landing.reading import open_table
    from pipelines.exports.readers.texts import write_csv, write_json

    settings = settings_of(home=home)
    language = settings.language
    if file.stat().st_size == 0:
        click.echo(finding_said({"file": file.name, "code": "empty"}, language), err=True)
        return
    try:
        contracts = load_contracts(settings.contracts_dir)
        with open_table(file, contracts, _limits(home), sheet) as table:
            out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=True)
            writes: Callable[[TextTable, TextIO], None] = write_csv
            if shape == "json":
                writes = write_json
            try:
                writes(table, out)
            finally:
                out.detach()
            for line in table.left_out:
                why = rejection_said(asdict(line.rejection), language)
                click.echo(printable(f"{file.name}, line {line.line}: {why}: {line.text[:200]}"), err=True)
            for line in table.ragged:
                why = rejection_said(asdict(line.rejection), language)
                said = "shown as it stands, and loaded by no contract"
                click.echo(printable(f"{file.name}, line {line.line}: {why}: {said}: {line.text[:200]}"), err=True)
            if table.others and sheet is None:
                click.echo(f"The file's other tables (--sheet): {', '.join(table.others)}", err=True)
    except UnreadableError as error:
        click.echo(finding_said({"file": file.name, **error.finding.facts}, language), err=True)
        sys.exit(UNUSABLE)


@click.command(cls=HomeCommand)
@click.argument("file", type=Text())
@click.option("--undo", is_flag=True, help="Let a forgotten file be landed again.")
@LANDING
def forget(home: Path | None, landing: Path | None, file: str, undo: bool) -> None:
    """Take a wrongly landed file out again; the next refresh is as if it had never come.

    FILE is its name as `keybook status` shows it, its path, or the beginning of its SHA-256.
    """
    from pipelines.warehouse.corrections import NoSuchFileError
    from pipelines.warehouse.corrections import forget as take_out
    from pipelines.warehouse.corrections import undo_forget as let_in

    work = refresh_of(must_exist=True, home=home, landing=landing)
    try:
        done = (let_in if undo else take_out)(work, file)
    except NoSuchFileError as error:
        raise click.UsageError(str(error)) from error
    if undo:
        where = f"it lies at {done.lies_at[0]}, and" if done.lies_at else "once it is dropped into the landing folder,"
        click.echo(f"{done.file} is forgotten no longer: {where} the next refresh lands it.")
        return
    taken = f"{done.rows:,} rows are taken out of raw" if done.was_landed else "nothing of it was in raw"
    click.echo(f"Forgot {done.file} ({done.sha256[:12]}): {taken}.")
    for path in done.lies_at:
        click.echo(f"It still lies at {path}; it will not be landed again. `keybook forget --undo` would let it in.")
    if done.was_landed and work.warehouse.published() is not None:
        click.echo("What is published still holds it until the next `keybook refresh`.")


@click.command(cls=HomeCommand)
@click.argument("file")
@click.option("--as", "contract", default="", help="The contract that it is to be read by, where several fit.")
@click.option("--undo", is_flag=True, help="Take the word back.")
@LANDING
def accept(home: Path | None, landing: Path | None, file: str, contract: str, undo: bool) -> None:
    """Say that a held file is what it looks like; the next refresh goes by that.

    A full export that takes away much: all that it lacks is gone. Records that look like another system's: they are
    this one's. A file that several contracts fit: it is the one in --as. FILE is its name as `keybook status` shows it,
    its path, or the beginning of its SHA-256.
    """
    from pipelines.warehouse.corrections import NoSuchFileError
    from pipelines.warehouse.corrections import accept as give_word

    work = refresh_of(must_exist=True, home=home, landing=landing)
    try:
        done = give_word(work, file, contract, undo)
    except NoSuchFileError as error:
        raise click.UsageError(str(error)) from error
    if undo:
        click.echo(f"{done.file} is judged by what it holds again, from the next `keybook refresh` on.")
        return
    read_by = f" and read as {contract}" if contract else ""
    click.echo(f"{done.file} ({done.sha256[:12]}) is taken as what it looks like{read_by}, from the next refresh on.")
    if not done.lies_at and contract:
        click.echo(f"It lies no more in {work.settings.landing_dir}: drop it there again.")


def _state(receipt: Receipt) -> str:
    loaded = sum(int(row["rows_loaded"]) for row in receipt.entities)
    held = f", {len(receipt.held)} held" if receipt.held else ""
    return f"{loaded:,} loaded, {receipt.rows_rejected:,} rejected{held}"


@click.command(cls=HomeCommand)
@LANDING
def retry(home: Path | None, landing: Path | None) -> None:
    """Land again what a mended contract concerns: its own files, and those that no contract knew. Builds nothing."""
    from pipelines.warehouse.corrections import retry as land_again

    work = refresh_of(must_exist=True, home=home, landing=landing)
    done = land_again(work)
    for file in done.files:
        before, after = _state(file.before), _state(file.after)
        click.echo(f"{file.after.file}: {before + ', as before' if before == after else before + ' → ' + after}")
        for finding in file.after.held:
            click.echo(f"held      {finding_said(finding, work.settings.language)}", err=True)
    for receipt in done.gone:
        click.echo(
            f"{receipt.file} ({_state(receipt)}) lies no more in {work.settings.landing_dir}; "
            "drop it there again to retry it.",
            err=True,
        )
    if done.waiting:
        click.echo(
            f"Files with rejected rows or held parts whose contracts have not changed: {done.waiting}. "
            "`keybook status` names the rows; mend the contract, or the export."
        )
    if not done.files and not done.gone:
        click.echo("There is nothing to retry: no contract has changed since the files were landed.")
    elif done.files:
        click.echo("`keybook refresh` builds and publishes with them.")


@click.command(cls=HomeCommand)
@click.argument("text", type=Text())
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="Show at most so many rows."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def find(home: Path | None, text: str, limit: int, as_json: bool) -> None:
    """Find a document number, name, phone or e-mail in everything that was landed, rejected rows included.

    Exit code 0 when it was found, 2 when it was not; then the files that are held are named.
    """
    from pipelines.exports.landing.lookup import find as look_up

    work = refresh_of(home=home)
    found = look_up(work.store, text, limit, work.settings.published, work.lists.in_force().values())
    held = [] if found.total else list(_not_landed(refresh_of(home=home)))
    if as_json:
        hits = [asdict(hit) | {"why": _why(hit, work.settings.language)} for hit in found.hits]
        said = {"total": found.total, "hits": hits, "not_landed": held}
        click.echo(json.dumps(said, indent=2, ensure_ascii=False, default=str))
    else:
        for hit in found.hits:
            place = f"{hit.file}{' › ' + hit.part if hit.part else ''}, line {hit.line}"
            where = f"{hit.entity}{'.' + hit.column if hit.column and hit.state != 'rejected' else ''}"
            column = f" ({hit.column})" if hit.column and hit.state == "rejected" else ""
            why = _why(hit, work.settings.language)
            why = f": {why}" if why else ""
            click.echo(f"{hit.state:<10} {place}  {where}{column}  {hit.value!r}{why}")
        if found.total > len(found.hits):
            click.echo(f"… and {found.total - len(found.hits):,} more rows; --limit shows more.")
        if not found.total:
            click.echo(f"{text!r} is in no row that was landed or rejected.", err=True)
        for message in held:
            click.echo(message, err=True)
    sys.exit(0 if found.total else UNUSABLE)


def _why(hit: Hit, language: str) -> str:
    """Why a row has its state, in words."""
    if hit.state == "rejected":
        return rejection_said(hit.facts, language)
    return word(f"row_state.{hit.code}", language, **hit.facts) if hit.code else ""


def _not_landed(work: object) -> Iterator[str]:
    """Why a text may be missing: files that are held, forgotten, or not landed yet."""
    from pipelines.warehouse.refresh import Refresh

    assert isinstance(work, Refresh)
    for receipt in work.store.receipts():
        yield from (f"held       {finding_said(finding, work.settings.language)}" for finding in receipt.held)
    yield from (f"forgotten  {name}" for name in sorted(work.store.forgotten().values()))
    for file in work.new_files():
        if work.store.receipt(file.sha256) is None:
            yield f"not landed {file.name} lies in the landing folder; `keybook refresh` lands it"


@click.group()
def contract() -> None:
    """Source contracts: what a vendor's export is recognised by and what its columns mean."""


def _answers(given: tuple[str, ...]) -> dict[str, str]:
    """What a person answers, `question=answer` each."""
    answers: dict[str, str] = {}
    for text in given:
        question, equals, answer = text.rpartition("=")
        if not equals or not question:
            raise click.UsageError(f"--answer {text}: give the question and its answer, such as date_order='day first'")
        # Several answers of one question are several words.
        answers[question] = f"{answers[question]}\n{answer}" if question in answers else answer
    return answers


@contract.command(cls=HomeCommand)
@click.argument("file", type=EXPORT)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The file or folder to write; <home>/contracts if not given."
)
@click.option("--sheet", help="Which table, where the file holds several.")
@click.option("--answer", multiple=True, metavar="QUESTION=ANSWER", help="Answers one of the questions that it asks.")
def new(home: Path | None, file: Path, out: Path | None, sheet: str | None, answer: tuple[str, ...]) -> None:
    """Write a first contract for a file that no contract knows, with its guesses marked for a person to confirm.

    What neither the file nor an answer tells is asked, and nothing is landed by the contract until it is answered: here
    with --answer, in the file itself, or on the page Add data.
    """
    from pipelines.exports.codes import UnreadableError
    from pipelines.exports.contracts.contract import ContractError
    from pipelines.exports.contracts.draft import DraftError, draft, said, write_draft
    from pipelines.exports.contracts.loading import load_contracts

    settings = settings_of(home=home)
    own, language = settings.contracts_dir, settings.language
    contracts = load_contracts(own)
    try:
        made = draft(file, contracts, _limits(home), sheet, _answers(answer), settings.raw)
        path = write_draft(made, out or own, contracts)
    except UnreadableError as error:
        click.echo(finding_said({"file": file.name, **error.finding.facts}, language), err=True)
        sys.exit(UNUSABLE)
    except (DraftError, ContractError) as error:
        click.echo(f"{file.name}: {error}", err=True)
        sys.exit(UNUSABLE)
    click.echo(f"Wrote {path}: {made.summary}")
    click.echo("As it stands it would publish:")
    for line in made.preview.lines():
        click.echo(f"  {line}")
    for finding in made.preview.findings:
        click.echo(f"  {finding_said(finding, language)}")
    for reject in made.preview.rejects:
        click.echo(f"  line {reject['line']}: {rejection_said(reject, language)}")
    for cost in made.costs[:5]:
        click.echo(printable(f"  {cost.said(language)}"))
    if made.questions:
        click.echo("It asks (answer with --answer QUESTION=ANSWER, or in the file):")
    for question in made.questions:
        options = f" [{' | '.join(question.options[:12])}]" if question.options else ""
        must = "" if question.blocks else "  (may stay open)"
        click.echo(f"  {question.id}: {said(question, language)}{options}{must}")
    if made.open:
        click.echo("Nothing of the file is landed by it before these are answered.")
    click.echo("Confirm or correct each line marked `guess`.")
    if path.parent.resolve() == own.resolve():
        click.echo("The next `keybook refresh` reads files by it as it then stands.")
    else:
        click.echo(f"It counts once it lies in {own}.")
    if made.others:
        click.echo(f"The file's other tables (--sheet): {', '.join(made.others)}", err=True)


@click.command("lists", cls=HomeCommand)
@click.option("--out", type=click.Path(path_type=Path), help="The folder to write into; <home>/lists if not given.")
@click.option("--feeds", is_flag=True, help="Of each kind of export instead, into <home>/templates if not given.")
def write_lists(home: Path | None, out: Path | None, feeds: bool) -> None:
    """Write an empty template of each list that people fill: links, decisions, ratings, plans and the like.

    A list that is there already is left as it is. With --feeds it is a template of each kind of export that Keybook
    reads as it is (budgets, costs, deliveries, commitments and the like), with every column that it may have: fill in
    what you know and drop it into the landing folder.
    """
    from pipelines.lists import write_feeds, write_templates

    settings = settings_of(home=home)
    if feeds:
        written, there = write_feeds(out or settings.home / "templates")
    else:
        written, there = write_templates(out or settings.lists_dir)
    for path in written:
        click.echo(f"wrote  {path}")
    for path in there:
        click.echo(f"kept   {path}")
    if feeds:
        click.echo(f"They count once they are filled in and lie in {settings.landing_dir}.")
    elif out is not None and out.resolve() != settings.lists_dir.resolve():
        click.echo(f"They count once they lie in {settings.lists_dir}.")


FILE_COMMANDS: list[click.Command] = [read, accept, forget, retry, find, contract, write_lists]
