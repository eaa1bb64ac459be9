"""The `keybook` command: thin, it calls what Dagster calls. Heavy libraries are imported by what needs them.

Exit codes: 0 published; 3 published, with files held or rows rejected; 1 a gate failed and the earlier publication
stands; 2 the arguments cannot be used, or no row of any export is landed.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from pipelines.commands.deliver import deliver, delivered
from pipelines.commands.doctor import doctor
from pipelines.commands.files import FILE_COMMANDS
from pipelines.commands.metrics import metrics
from pipelines.commands.query import sql
from pipelines.commands.reports import REPORT_COMMANDS
from pipelines.commands.restated import restated
from pipelines.commands.shared import (
    GATE_FAILED,
    PUBLISHED,
    UNUSABLE,
    WITH_REJECTS,
    Commands,
    HomeCommand,
    Run,
    logged,
    refresh_of,
    settings_of,
)
from pipelines.commands.statements import STATEMENT_COMMANDS
from pipelines.commands.verify import verify
from pipelines.delivery.periods import UNITS, last_over
from pipelines.formats import printable
from pipelines.settings import PROJECT
from pipelines.words.landed import finding_said, rejection_said

if TYPE_CHECKING:
    from pipelines.exports.costs import Cost
    from pipelines.exports.landing.raw import Receipt
    from pipelines.warehouse.publications import Publication
    from pipelines.warehouse.refresh import PointInTime, Refresh

# What `--as-of` takes for a day: the last one of the newest week, month … that is over, for its report.
LAST_OF = {f"last-{unit}": unit for unit in UNITS}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keybook")
def main() -> None:
    """Accounts, receivables and calls out of the exports that you already have."""


def _day(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no date; write one such as 2026-01-31") from error


def _moment(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """A moment as it was written, or the end of a day."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no day or moment; write one such as 2026-01-31") from error
    return moment.isoformat() if len(value) > len("2026-01-31") else _day(context, option, value)


def _day_or_period(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """A day as it was written, or the word for the last day of a period that is over."""
    return value if value in LAST_OF else _day(context, option, value)


@main.command(cls=HomeCommand)
@click.option("--landing", type=click.Path(path_type=Path), help="The folder of exports; <home>/landing if not given.")
@click.option(
    "--as-of",
    callback=_day_or_period,
    help="The day to look back from (YYYY-MM-DD), or the last day of what is over by the clock of the business: "
    f"{', '.join(LAST_OF)}, which is published beside. The newest event's if not given.",
)
@click.option(
    "--beside", is_flag=True, help="With --as-of: for reports; dashboards and queries go on with what is published."
)
@click.option("--known-at", callback=_moment, help="As reported: without what became known after this day or moment.")
@click.option("--full", is_flag=True, help="Build everything and publish, even what has not changed.")
def refresh(
    home: Path | None, landing: Path | None, as_of: str | None, beside: bool, known_at: str | None, full: bool
) -> None:
    """Land new exports, build, check and publish."""
    work = refresh_of(home=home, landing=landing)
    if landing is not None and not landing.is_dir():
        raise click.UsageError(f"{landing} is no folder.")
    with logged(work.settings, "refresh", as_of=as_of, beside=beside, known_at=known_at, full=full) as run:
        _refresh(work, run, as_of, known_at, full, beside)


def _refresh(work: Refresh, run: Run, as_of: str | None, known_at: str | None, full: bool, beside: bool) -> None:
    """Refreshes as it was asked for, and ends with the exit code."""
    if beside and not as_of:
        raise click.UsageError("--beside is for a report of a day: --as-of says which.")
    if as_of in LAST_OF:
        beside = True
        today = datetime.now(ZoneInfo(work.settings.business_timezone)).date()
        as_of = last_over(LAST_OF[as_of], today).isoformat()
    try:
        view = work.view(as_of, known_at, beside)
    except (ValueError, OverflowError) as error:
        raise click.UsageError(f"--as-of, --known-at: {error}") from error
    if view.is_ahead:
        click.echo(f"{as_of} has not come: the figures are as if nothing more happened until then.", err=True)
    retired = work.retired_until()
    if view.known_at and retired and datetime.fromisoformat(view.known_at) <= retired:
        raise click.UsageError(
            f"What was known before {retired:%Y-%m-%d %H:%M %Z} cannot be told any more: rows that were known then "
            "were taken out of raw (keep_superseded_days); --known-at takes a later moment."
        )
    first = min((receipt.known_at for receipt in work.receipts()), default=None)
    if view.known_at and first and datetime.fromisoformat(view.known_at) < datetime.fromisoformat(first):
        raise click.UsageError(f"At {known_at} nothing was known yet; the first file became known at {first}.")
    if work.is_empty():
        click.echo(
            f"Nothing is landed: drop exports (CSV, XLSX, JSON, Parquet) into {work.settings.landing_dir} and run this "
            "again. Nothing was landed before either.",
            err=True,
        )
        sys.exit(UNUSABLE)
    if not full and work.is_current(view):
        published = work.warehouse.published()
        day = view.as_of if view.is_beside else published and published.as_of_date
        click.echo(f"Nothing has changed; the publication as of {day} stands.")
    else:
        _run(work, run, view, full)
    run.told["publication"] = work.made and work.made.version
    _tell_findings(work)
    sys.exit(_exit_code(work))


def _run(work: Refresh, run: Run, view: PointInTime, full: bool) -> None:
    """Runs the refresh job in this process; exits with 1 and each gate's reason when it fails."""
    from pipelines.commands.progress import Progress

    with Progress() as progress:
        import dagster as dg

        from pipelines.definitions import build_defs

        progress.stage("Loading Dagster and dbt")
        from pipelines.warehouse.transform import TransformError

        work.on_file, work.on_node = progress.on_file, progress.on_node
        try:
            # Nobody hears of each model here, and to tell Dagster of them costs a sixth of a small refresh.
            definitions = build_defs(work, models=False)
        except TransformError as error:
            raise click.ClickException(str(error)) from error
        running = definitions.resolve_job_def("refresh")
        result = running.execute_in_process(
            run_config={
                "ops": {"transform": {"config": {**asdict(view), "full": full}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            instance=dg.DagsterInstance.ephemeral(),
            run_id=run.id,
            raise_on_error=False,
        )
    if not result.success and work.holds_no_row():
        _tell_findings(work)
        click.echo(
            f"Nothing was published: no row of the files in {work.settings.landing_dir} could be loaded. What is wrong "
            "with each stands above; mend it, or drop other exports, and run this again.",
            err=True,
        )
        sys.exit(UNUSABLE)
    if not result.success:
        run.told["steps"] = [event.step_key for event in result.filter_events(lambda event: event.is_step_failure)]
        for event in result.filter_events(lambda event: event.is_step_failure):
            data = event.step_failure_data
            raised = data.error and (data.error.cause or data.error)
            said = data.user_failure_data.description if data.user_failure_data else raised and raised.message
            click.echo(f"{event.step_key}: {str(said).strip()}", err=True)
        click.echo("Nothing was published; the earlier publication stands.", err=True)
        sys.exit(GATE_FAILED)
    made, published = work.made, work.warehouse.published()
    assert made is not None
    beside = " beside, for reports," if published != made else ""
    click.echo(
        f"Published{beside} as of {made.as_of_date}: {made.rows_loaded:,} rows from {made.files:,} files; "
        f"{made.rows_rejected:,} rows rejected, {made.files_held:,} files held."
    )
    if beside and published:
        click.echo(f"Dashboards and queries go on with what is published as of {published.as_of_date}.")
    for export in work.full_exports(view.known_at):
        if export.rows_before is not None and export.known_at in work.moments:
            gone = f"{export.rows_gone:,} of {export.rows_before:,} rows" if export.is_whole else "nothing, see below"
            click.echo(f"{export.file}: a full export; takes away of {export.raw_table.replace('_', '.', 1)}: {gone}.")
    _tell_costs(work)
    from pipelines.verification.proof import told

    click.echo(told(work.proof), err=any(verdict.state != "agrees" for verdict in work.proof))


def _tell_costs(work: Refresh, whole: bool = False, most: int = 10) -> None:
    """What the columns cost that exports lack: of each file of this run the dearest, or all; files alike once."""
    from pipelines.exports.costs import costs_of_file
    from pipelines.warehouse.kept import kept

    found: dict[tuple[object, ...], tuple[list[str], list[Cost]]] = {}
    standing = kept(work.settings.published.resolve()) if work.warehouse.published() else {}
    for receipt in work.receipts():
        is_told = not receipt.list_name and (whole or receipt.known_at in work.moments)
        if is_told and (costs := costs_of_file(receipt, work.contracts, standing)):
            lacking = (*receipt.digests, *((cost.header, cost.kept, cost.is_kept_whole) for cost in costs))
            found.setdefault(lacking, ([], costs))[0].append(receipt.file)
    dearest = sorted(found.values(), key=lambda item: -item[1][0].size)
    for files, costs in dearest if whole else dearest[:most]:
        name = f"{files[0]} and {len(files) - 1:,} more like it" if len(files) > 1 else files[0]
        for cost in costs if whole else costs[:1]:
            others = "" if whole or len(costs) == 1 else f" ({len(costs) - 1:,} more columns are not there)"
            click.echo(printable(f"missing   {name}: {cost.said(work.settings.language)}{others}"))
    if not whole and (len(dearest) > most or any(len(costs) > 1 for _, costs in dearest)):
        click.echo("          All of them: keybook status, or the page Data health.")


def _tell_findings(work: Refresh, most: int = 20) -> None:
    """Names every held file, and the first rejected rows of each file, with what to do."""
    language = work.settings.language
    for finding in work.troubles():
        click.echo(f"held      {finding_said(finding, language)}", err=True)
    receipts = [receipt for receipt in work.receipts() if receipt.held or receipt.rows_rejected]
    for receipt in receipts[:most]:
        for finding in receipt.held:
            click.echo(f"held      {finding_said(finding, language)}", err=True)
        if receipt.rows_rejected:
            _tell_rejects(work, receipt)
    if len(receipts) > most:
        click.echo(f"… and {len(receipts) - most} more files; `keybook status` lists them all.", err=True)


def _tell_rejects(work: Refresh, receipt: Receipt, most: int = 3) -> None:
    for reject in work.store.rejects(receipt.sha256, most):
        why = rejection_said(reject, work.settings.language)
        click.echo(f"rejected  {receipt.file}, line {reject['line']}: {why}{_value(reject)}", err=True)
    if receipt.rows_rejected > most:
        more = receipt.rows_rejected - most
        click.echo(
            f"rejected  {receipt.file}: {more:,} more rows; see the page Data health, or `keybook sql`", err=True
        )


def _in_words(work: Refresh, receipt: Receipt, most: int = 100) -> dict[str, Any]:
    """A receipt with its first rejected rows, each finding and reject with its code and in words."""
    language = work.settings.language
    said = asdict(receipt)
    said["findings"] = [row | {"message": finding_said(row, language)} for row in receipt.findings]
    rejects = work.store.rejects(receipt.sha256, most)
    said["rejects"] = [row | {"reason": rejection_said(row, language)} for row in rejects]
    return said


def _value(reject: dict[str, Any]) -> str:
    return "" if reject["value"] is None else f" ({reject['value'][:80]!r})"


def _exit_code(work: Refresh) -> int:
    flawed = work.troubles() or any(receipt.held or receipt.rows_rejected for receipt in work.receipts())
    return WITH_REJECTS if flawed else PUBLISHED


@main.command(cls=HomeCommand)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(home: Path | None, as_json: bool) -> None:
    """What is published, as of when, from which files, what was rejected and why, and which reports went out or not."""
    work = refresh_of(home=home)
    published = work.warehouse.published()
    receipts = work.receipts()
    if as_json:
        files = [_in_words(work, receipt) for receipt in receipts]
        said = {
            "published": published and asdict(published),
            "beside": [asdict(each) for each in _beside(work)],
            "files": files,
            **delivered(work.settings),
        }
        click.echo(json.dumps(said, indent=2, ensure_ascii=False, default=str))
        return
    if published is None:
        click.echo(f"Nothing is published in {work.settings.home} yet; `keybook refresh` publishes.")
    else:
        click.echo(f"Published {published.published_at} as of {published.as_of_date} ({work.settings.published}).")
    for each in _beside(work):
        click.echo(f"Beside it, for reports, as of {each.as_of_date}: {each.version}, published {each.published_at}.")
    stored = sum(int(row.get("raw_bytes") or 0) for receipt in receipts for row in receipt.entities)
    retired = sum(1 for receipt in receipts if receipt.retired_at)
    click.echo(
        f"Raw holds {stored / 2**20:,.1f} MiB of {len(receipts) - retired:,} files; {retired:,} files were retired."
    )
    for receipt in receipts:
        for row in receipt.entities:
            counts = f"{row['rows_loaded']:>9,} loaded {row['rows_rejected']:>7,} rejected"
            click.echo(f"{counts}  {row['domain']}.{row['entity']:<18} {row['contract']:<28} {receipt.file}")
    _tell_costs(work, whole=True)
    _tell_findings(work, most=len(receipts))
    told = delivered(work.settings)
    for row in told["sent"]:
        click.echo(printable(f"sent      {row['what']}: {row['state']}. {row['said']}"))
    for row in told["not_sent"]:
        click.echo(printable(f"not sent  {row['what']}: {row['state']}. {row['said']}"), err=True)


def _beside(work: Refresh) -> list[Publication]:
    """What is kept for reports alone, oldest first."""
    published = work.warehouse.published()
    return [each for each in work.warehouse.publications() if each.is_beside and each != published]


@main.command(cls=HomeCommand)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON: one entry a table that a file holds.")
def detect(home: Path | None, files: tuple[Path, ...], as_json: bool) -> None:
    """Which source contract a file matches, what is mapped, what is not, and what came near."""
    from pipelines.exports.contracts.explain import explain
    from pipelines.exports.contracts.loading import broken_contracts, load_contracts

    settings = settings_of(home=home)
    own = settings.contracts_dir
    for name, said in broken_contracts(own).items():
        broken = {"file": f"contracts/{name}", "code": "contract_broken", "said": said}
        click.echo(finding_said(broken, settings.language), err=True)
    found = [entry for file in files for entry in explain(file, load_contracts(own), settings.language)]
    if as_json:
        click.echo(json.dumps([entry.as_dict() for entry in found], indent=2, ensure_ascii=False))
    else:
        click.echo("\n\n".join(entry.as_text() for entry in found))
    sys.exit(0 if all(entry.contract for entry in found) else UNUSABLE)


@main.command(cls=HomeCommand)
def rollback(home: Path | None) -> None:
    """Publish the version before the published one again."""
    from pipelines.warehouse.publications import PublishError

    work = refresh_of(must_exist=True, home=home)
    try:
        with work.warehouse.writing():
            published = work.warehouse.rollback()
    except PublishError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Published again: {published.version}, as of {published.as_of_date}.")


@main.command(cls=HomeCommand)
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
def dashboard(home: Path | None, port: int) -> None:
    """Show the dashboards on the published warehouse."""
    settings = settings_of(home=home)
    click.echo(f"Keybook's dashboards: http://{settings.dashboard_address}:{port}")
    command = [
        sys.executable, "-m", "dashboards", "run", str(PROJECT / "dashboards" / "app.py"),
        "--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false",
        "--server.address", settings.dashboard_address,
    ]  # fmt: skip
    for name in settings.dashboard_names:
        command += ["--server.allowedHosts", name]
    # The server takes this process's place: who stops or kills the command stops the server.
    os.chdir(PROJECT)
    os.execve(sys.executable, command, os.environ | {"KEYBOOK_HOME": str(settings.home)})


@main.command()
@click.option("--accounts", type=click.IntRange(min=20), default=120, show_default=True)
@click.option("--months", type=click.IntRange(min=12), default=24, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write the exports into.")
def sample(accounts: int, months: int, seed: int, out: Path) -> None:
    """Write a coherent company's exports in real vendors' formats."""
    from pipelines.sample import SampleError, generate

    try:
        generate(out, accounts=accounts, months=months, seed=seed)
    except SampleError as error:
        raise click.UsageError(f"{error}.") from error
    files = [path for path in out.rglob("*") if path.is_file()]
    click.echo(f"Wrote {len(files)} exports of a company with {accounts} accounts to {out}.")


for _command in [
    *FILE_COMMANDS,
    *STATEMENT_COMMANDS,
    *REPORT_COMMANDS,
    deliver,
    restated,
    metrics,
    sql,
    verify,
    doctor,
]:
    main.add_command(_command)
