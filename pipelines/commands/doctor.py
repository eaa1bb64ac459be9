"""`keybook doctor`: what a refresh and the dashboards work with here, and what of it has to be mended.

It only looks: nothing is landed or built, and no lock is waited for.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from pipelines.commands.shared import GATE_FAILED, HomeCommand, settings_of
from pipelines.machine import group_limit, memory, physical_memory, size

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.warehouse.refresh import Refresh

# So long a mail server is waited for.
SECONDS = 10.0
LIBRARIES = ("keybook", "duckdb", "dbt-core", "dbt-duckdb", "dagster", "dagster-dbt", "streamlit", "polars")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `wrong` keeps something from working, a `note` may become that."""

    name: str
    state: Literal["well", "note", "wrong"]
    said: str


@click.command(cls=HomeCommand)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(home: Path | None, as_json: bool) -> None:
    """Look over settings, versions, memory, disk, locks, contracts, lists, mail and schedules; say what to mend.

    Exit code 0 when nothing has to be, 1 when something has, 2 when the settings cannot be used.
    """
    from pipelines.settings import settings_and_places
    from pipelines.warehouse.refresh import Refresh

    work = Refresh(settings_of(home=home))
    places = settings_and_places(home=home)[1]
    values = {
        name: {"value": value, "from": places.get(name, "default")}
        for name, value in work.settings.model_dump(mode="json").items()
    }
    versions = {"python": sys.version.split()[0], **{name: _version(name) for name in LIBRARIES}}
    checks = list(examine(work))
    if as_json:
        said = {"versions": versions, "settings": values, "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(said, indent=1, ensure_ascii=False, default=str))
    else:
        click.echo(", ".join(f"{name} {number}" for name, number in versions.items()))
        for name, row in values.items():
            click.echo(f"{name:<24} {_shown(name, row['value']):<36} {row['from']}")
        for check in checks:
            click.echo(f"{check.state:<6} {check.name}: {check.said}")
    sys.exit(GATE_FAILED if any(check.state == "wrong" for check in checks) else 0)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "not set"
    return size(value) if name.endswith(("_bytes", "_limit", "_size")) else str(value)


def examine(work: Refresh) -> Iterator[Check]:
    """Every check of a home."""
    yield _home(work.settings)
    yield from _memory(work.settings)
    yield from _disk(work)
    yield _lock(work.warehouse.folder / ".lock")
    yield _published(work)
    yield from _said_by_people(work)
    yield from _deliveries(work.settings)


def _home(settings: Settings) -> Check:
    home = settings.home
    if not home.exists():
        above = next(folder for folder in home.parents if folder.exists())
        writable = os.access(above, os.W_OK)
        said = (
            "is not there; `keybook refresh` makes it"
            if writable
            else f"is not there, and {above} cannot be written to"
        )
        return Check("home", "note" if writable else "wrong", f"{home} {said}")
    closed = [
        str(folder)
        for folder in (home, settings.warehouse, settings.raw, settings.warehouse / "versions")
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK)
    ]
    if closed:
        return Check("home", "wrong", f"cannot be written to: {', '.join(closed)}; give it to who runs the refresh")
    if not settings.landing_dir.is_dir():
        return Check(
            "home", "note", f"{home} can be written to; the landing folder {settings.landing_dir} is not there"
        )
    return Check("home", "well", f"{home} can be written to")


def _memory(settings: Settings) -> Iterator[Check]:
    has, limited = memory(), group_limit()
    within = f", of which this process may take {size(limited)}" if limited and limited < physical_memory() else ""
    said = f"{size(physical_memory())}{within}; DuckDB may take memory_limit = {size(settings.memory_limit)}"
    too_much = settings.memory_limit > has
    yield Check(
        "memory", "wrong" if too_much else "well", said + (": more than there is; lower it" if too_much else "")
    )
    both = settings.memory_limit + settings.dashboard_memory_limit
    if both > has and not too_much:
        yield Check("memory", "note", f"a refresh beside the dashboards may take {size(both)}: more than there is")


def _disk(work: Refresh) -> Iterator[Check]:
    from pipelines.bounds import Bounds

    folder = next(path for path in (work.warehouse.folder, *work.warehouse.folder.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    bounds = Bounds.of(work.settings)
    published = work.warehouse.published()
    needed = int(published.bytes or 0) if published else 0
    said = f"{size(free)} free; what does not fit into memory may take max_temp_directory_size = {size(bounds.disk)}"
    if free < needed:
        yield Check("disk", "wrong", f"{said}; a build as large as the last needs {size(needed)}: make room")
    elif free < needed + bounds.disk:
        yield Check(
            "disk", "note", f"{said}; with a build as large as the last ({size(needed)}) that is more than is free"
        )
    else:
        yield Check("disk", "well", said)


def _lock(path: Path) -> Check:
    """Whether a refresh runs, and since when; the lock file itself stays when none does."""
    try:
        with path.open(encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                who = lock.read().strip() or "it does not say which"
                return Check("lock", "note", f"a run writes now ({who}); a second one waits for it")
    except FileNotFoundError:
        return Check("lock", "well", "nobody has refreshed here yet")
    except OSError as error:
        return Check("lock", "wrong", f"{path} cannot be opened: {error.strerror}")
    return Check("lock", "well", "nobody writes now")


def _published(work: Refresh) -> Check:
    import duckdb

    from pipelines import reporting_contract
    from pipelines.bounds import connect

    published = work.warehouse.published()
    if published is None:
        if os.path.lexists(work.settings.published):
            return Check("publication", "wrong", "is damaged; `keybook refresh` builds it anew")
        return Check("publication", "note", "there is none yet; `keybook refresh` publishes")
    try:
        with connect(work.settings.published.resolve(), read_only=True) as connection:
            connection.execute("select 1 from information_schema.tables limit 1")
    except duckdb.Error as error:
        said = str(error).strip().splitlines()[0]
        return Check("publication", "wrong", f"cannot be opened ({said}); `keybook refresh --full` builds it anew")
    said = f"{published.version}, as of {published.as_of_date}, {size(published.bytes or 0)}"
    if published.contract != reporting_contract.digest():
        return Check("publication", "note", f"{said}, of another version of Keybook; `keybook refresh` builds it anew")
    return Check("publication", "well", said)


def _deliveries(settings: Settings) -> Iterator[Check]:
    """Whether delivery.yml can be used, its secrets are there, its mail servers answer and its folders take files.

    Mail servers are spoken to, and nothing is sent.
    """
    from datetime import UTC, datetime

    from pipelines.delivery.alert_rules import FILE as LIST_FILE
    from pipelines.delivery.alerts import Alerts
    from pipelines.delivery.channels import unreachable
    from pipelines.delivery.plan import FILE, Folder, PlanError, Smtp, Webhook, secret
    from pipelines.delivery.run import Deliveries

    try:
        deliveries = Deliveries.of(settings)
    except PlanError as error:
        yield from (Check("delivery", "wrong", line) for line in str(error).splitlines())
        return
    if deliveries is None:
        yield Check("delivery", "well", f"there is no {FILE}: nothing is delivered")
        return
    wrong = []
    for name, channel in deliveries.plan.channels.items():
        variable = {Smtp: "password_from", Webhook: "url_from"}.get(type(channel), "")
        named = getattr(channel, variable, None)
        if named and secret(named) is None:
            wrong.append(f"{name}: {named} is not set; give it, or {named}_FILE, to whoever runs `keybook deliver`")
        elif isinstance(channel, Smtp):
            # A person waits for it: what does not answer so soon is told.
            said = unreachable(channel.model_copy(update={"seconds": min(channel.seconds, SECONDS)}))
            if said:
                wrong.append(f"{name}: {channel.host}:{channel.port} would take no mail: {said}; mend host, port, "
                             f"security or login in {FILE}, or what keeps this machine from it")  # fmt: skip
            else:
                yield Check("mail", "well", f"{name}: {channel.host}:{channel.port} answers, and would take mail")
        if isinstance(channel, Folder):
            folder = settings.home / channel.path
            above = next(path for path in (folder, *folder.parents) if path.exists())
            if not os.access(above, os.W_OK | os.X_OK):
                wrong.append(f"{name}: {above} cannot be written to; give it to whoever runs `keybook deliver`")
    yield from (Check("delivery", "wrong", said) for said in wrong)
    now = datetime.now(UTC)
    for name, report in deliveries.plan.reports.items():
        [coming] = report.due.coming(deliveries.zone, now, 1)
        due = f"{coming.due_at.astimezone(deliveries.zone):%A %-d %B %Y %H:%M} {deliveries.zone.key}"
        yield Check("schedule", "well", f"{name} {coming.key} is due next, on {due}")
    alerts = Alerts(deliveries)
    yield from (
        Check("alerts", "wrong", f"{problem}; what stands in other lines counts") for problem in alerts.problems
    )
    if alerts.rules:
        yield Check("alerts", "well", f"{len(alerts.rules)} in {settings.lists_dir / LIST_FILE}")
    late = deliveries.missing(now)
    if late:
        yield Check("delivery", "note", f"{len(late)} reports are due and not known to be sent: `keybook status`")
    elif not wrong:
        yield Check("delivery", "well", f"{len(deliveries.plan.recipients)} recipients; all that is due is sent")


def _said_by_people(work: Refresh) -> Iterator[Check]:
    """What stands in the home's contracts and lists, what of it cannot be used, and which files cannot be read."""
    from pipelines.exports.contracts.loading import broken_contracts, load_contracts
    from pipelines.words.landed import finding_said

    troubles = work.troubles()
    own = len(list(work.settings.contracts_dir.glob("*.yml"))) - len(broken_contracts(work.settings.contracts_dir))
    yield Check("contracts", "well", f"{len(load_contracts())} shipped, {own} of the home's own")
    yield Check("lists", "well", f"{sum(1 for _ in work.lists.files())} in {work.settings.lists_dir}")
    for row in troubles:
        name = str(row["file"]).split("/")[0]
        said = finding_said(row, work.settings.language)
        yield Check(name, "wrong", said) if name in ("contracts", "lists") else Check("files", "note", said)
