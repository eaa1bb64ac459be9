"""`keybook deliver`: sends the reports that are due, once, and says who gets what and what is held, and why."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.shared import UNUSABLE, WITH_REJECTS, HomeCommand, Run, logged, settings_of
from pipelines.formats import printable

if TYPE_CHECKING:
    from pipelines.delivery.decisions import Decision
    from pipelines.delivery.run import Deliveries
    from pipelines.settings import Settings


def _moment(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no moment; write one such as 2026-11-02T06:00") from error


@click.command(cls=HomeCommand)
@click.option("--dry-run", is_flag=True, help="Make what would be sent and say to whom, and send nothing.")
@click.option("--as-of-time", callback=_moment, help="With --dry-run: as if it were then, in business time.")
@click.option(
    "--release", nargs=2, metavar="REPORT PERIOD", help="Send what is held, with what holds it written on it."
)
@click.option(
    "--again", nargs=3, metavar="REPORT PERIOD RECIPIENT",
    help="Send once more what was refused, or of which nobody knows whether it arrived.",
)  # fmt: skip
@click.option(
    "--arrived", nargs=3, metavar="REPORT PERIOD RECIPIENT", help="Say that what may not have arrived did: it is sent."
)
@click.option("--correct", nargs=2, metavar="REPORT PERIOD", help="Replace what was sent, where its figures changed.")
@click.option(
    "--acknowledge", nargs=2, metavar="ALERT RECIPIENT", help="Say that an alert was seen: silent while it lasts."
)
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a report and alert, for a log.")
@click.option("--template", is_flag=True, help="Write a delivery.yml to begin with, and send nothing.")
def deliver(
    home: Path | None,
    dry_run: bool,
    as_of_time: datetime | None,
    release: tuple[str, str] | None,
    again: tuple[str, str, str] | None,
    arrived: tuple[str, str, str] | None,
    correct: tuple[str, str] | None,
    acknowledge: tuple[str, str] | None,
    as_json: bool,
    template: bool,
) -> None:
    """Make and send the reports that are due by delivery.yml, once; what holds one is said.

    Exit code 0 when all that is due is sent; 3 when something is held, put off, refused, or may not have arrived; 2
    when delivery.yml cannot be used.
    """
    settings = settings_of(home=home)
    if template:
        return _write_template(settings)
    if as_of_time is not None and not dry_run:
        raise click.UsageError("--as-of-time is for --dry-run: what is sent is sent now.")
    if dry_run and (release or again or arrived or correct or acknowledge):
        raise click.UsageError(
            "--release, --again, --arrived, --correct and --acknowledge are a person's word, and not tried."
        )
    with logged(settings, "deliver", as_json, dry_run=dry_run) as run:
        words = {"release": release, "again": again, "arrived": arrived, "correct": correct}
        _deliver(settings, run, {name: word for name, word in words.items() if word}, acknowledge, as_of_time,
                 dry_run, as_json)  # fmt: skip


def _deliver(
    settings: Settings, run: Run, words: dict[str, tuple[str, ...]], acknowledge: tuple[str, str] | None,
    as_of_time: datetime | None, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Takes a person's words, sends or previews, and ends with the exit code."""
    from pipelines.delivery.run import WordError

    deliveries = _deliveries(settings, run)
    now = datetime.now(UTC)
    if as_of_time is not None:
        now = as_of_time if as_of_time.tzinfo else as_of_time.replace(tzinfo=deliveries.zone)
    try:
        for name, word in words.items():
            getattr(deliveries, name)(*word, now)
    except WordError as error:
        raise click.UsageError(f"{error}.") from error
    decisions = deliveries.preview(now) if dry_run else deliveries.deliver(now)
    run.told = {"reports": Counter(each.state for each in decisions if each.does != "nothing")}
    are_well = [_told(decision, dry_run, as_json) for decision in decisions]
    are_well.append(_alerted(deliveries, acknowledge, now, dry_run, as_json))
    if not as_json:
        _tell_coming(deliveries, now)
    sys.exit(0 if all(are_well) else WITH_REJECTS)


def _write_template(settings: Settings) -> None:
    from pipelines.delivery.plan import FILE, TEMPLATE
    from pipelines.files import write_whole

    path = settings.home / FILE
    if path.exists():
        raise click.UsageError(f"{path} is there already.")
    settings.home.mkdir(parents=True, exist_ok=True)
    write_whole(path, TEMPLATE.read_text(encoding="utf-8"))
    click.echo(str(path))


def _deliveries(settings: Settings, run: Run) -> Deliveries:
    from pipelines.delivery.plan import FILE, PlanError
    from pipelines.delivery.run import Deliveries

    try:
        deliveries = Deliveries.of(settings)
    except PlanError as error:
        for line in str(error).splitlines():
            click.echo(printable(line), err=True)
        run.told["said"] = (
            f"{FILE} cannot be used, by {len(str(error).splitlines())} lines; `keybook doctor` names them"
        )
        sys.exit(UNUSABLE)
    if deliveries is None:
        raise click.UsageError(f"there is no {settings.home / FILE}; `keybook deliver --template` writes one.")
    return deliveries


def _told(decision: Decision, is_dry: bool, as_json: bool) -> bool:
    """Says what became of a delivery; whether nobody has to do anything."""
    from pipelines.delivery.record import remedy

    due, entry = decision.due, decision.due.entry
    what = f"{due} ({due.recipient.address or due.recipient.name})"
    facts = {"report": due.report, "period": due.period.key, "recipient": due.recipient.id}
    if decision.does == "send" and is_dry and decision.pack:
        return _say("would go", what, str(decision.pack.folder), as_json, **facts)
    state = decision.state
    if state == "sent":
        # What was sent before is no news.
        return decision.does != "send" or _say(state, what, entry.said, as_json, **facts)
    said = decision.said if decision.does == "hold" else entry.said
    helps = (
        f"`keybook deliver --release {due.report} {due.period.key}` sends it all the same." if decision.found else ""
    )
    told = helps if decision.does == "hold" else remedy(due)
    return _say(state, what, f"{said} {told}".rstrip(), as_json, **facts)


def _say(state: str, what: str, said: str, as_json: bool, **facts: str | int) -> bool:
    """A line of what became of something; whether it is well."""
    is_well = state in ("sent", "would go")
    if as_json:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        click.echo(json.dumps({"at": at, **facts, "state": state, "said": said}, ensure_ascii=False))
    else:
        click.echo(printable(f"{state:<9} {what}: {said}"), err=not is_well)
    return is_well


def _alerted(
    deliveries: Deliveries, acknowledge: tuple[str, str] | None, now: datetime, is_dry: bool, as_json: bool
) -> bool:
    """Sends the alerts of the home's list, and says what became of each; whether nobody has to do anything."""
    from pipelines.delivery.alerts import Alerts

    alerts = Alerts(deliveries)
    if acknowledge:
        click.echo(
            f"seen      alert {' to '.join(acknowledge)}: {alerts.acknowledge(*acknowledge, now)} rows", err=True
        )
    for problem in alerts.problems:
        click.echo(printable(problem), err=True)
    are_well = [
        _say(each.state, f"{each}, {each.rows} rows", each.said, as_json, alert=each.alert, recipient=each.recipient,
             rows=each.rows)
        for each in alerts.send(now, is_dry)
    ]  # fmt: skip
    return not alerts.problems and all(are_well)


def _tell_coming(deliveries: Deliveries, now: datetime) -> None:
    from pipelines.delivery.record import COMING

    for name, report in deliveries.plan.reports.items():
        coming = report.due.coming(deliveries.zone, now, COMING)
        times = [f"{each.due_at.astimezone(deliveries.zone):%A %-d %B %Y %H:%M} ({each.key})" for each in coming]
        click.echo(f"next      {name}, in {deliveries.zone.key}: {', '.join(times)}")


def delivered(settings: Settings) -> dict[str, list[dict[str, str]]]:
    """For `keybook status`: what each recipient was sent last of each report, and what is due and not sent.

    What is wrong with delivery.yml is not sent either.
    """
    from pipelines.delivery.plan import FILE
    from pipelines.delivery.record import record

    found = record(settings, datetime.now(UTC))
    last = {(each.report, each.recipient): each for each in reversed(found.told) if each.state == "sent"}
    sent = [
        {"what": str(each), "state": f"sent at {each.since.isoformat(timespec='seconds')}", "said": each.said}
        for each in last.values()
    ]
    not_sent = [{"what": FILE, "state": "cannot be used", "said": line} for line in found.problems]
    for each in reversed(found.not_sent):
        said = f"{each.said.rstrip('.')}. {each.remedy}" if each.said and each.remedy else each.said or each.remedy
        since = each.since.isoformat(timespec="seconds")
        not_sent.append({"what": str(each), "state": f"{each.state} since {since}", "said": said})
    return {"sent": sent, "not_sent": not_sent}
