"""What changed in periods that were already reported (N16): a publication against that of the last pack.

The delivery ledger names the publication of what was sent. Both files are read, one after the other: what is compared
are the lines that the pack's figures are sums of, documents and payments by account and currency, deals won and
conversations, up to the last day of what was sent. A line that is there once only, or is another by now, is a part of
the change, with its file and row. `owed` is the balance of money owed on that day as each of the two tells it itself:
the parts of money sum to its change to the cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb

from pipelines import reporting_contract
from pipelines.bounds import connect
from pipelines.delivery.ledger import ALERT, FOLDER, Ledger
from pipelines.delivery.periods import Unit
from pipelines.settings import Settings
from pipelines.warehouse.publications import FILE, Publication, Warehouse

Problem = Literal["not_sent", "not_kept", "other_version", "nothing_later"]
# What a period of lines is called after the first day of; a half-year is told by its quarters.
_TRUNCATED: dict[Unit, str] = {"week": "week", "month": "month", "quarter": "quarter", "half-year": "quarter"}

# The lines of a publication, all of them: what lies after the last day now may have lain before it earlier.
_LINES = """
    create temp table {name} as
    select
        line_id,
        account_id,
        account_name,
        currency,
        case
            when kind in ('invoice', 'debit_note', 'opening_balance') then 'invoiced'
            when kind = 'credit_note' then 'credited'
            when kind = 'payment' then 'paid'
            else 'other'
        end as measure,
        document,
        coalesce(debit, 0) - coalesce(credit, 0) as amount,
        occurred_on,
        _file,
        _row
    from keybook.reporting.rpt_statement_lines
    where $accounts is null or list_contains($accounts::varchar[], account_id)
    union all
    select
        events.event_id,
        events.account_id,
        accounts.account_name,
        events.currency,
        case when events.event_type = 'call' then 'calls' else 'won' end,
        events.title,
        case when events.event_type = 'call' then 1 else events.amount end,
        events.occurred_on,
        events._file,
        events._row
    from keybook.reporting.rpt_account_timeline as events
    left join keybook.reporting.rpt_accounts as accounts on events.account_id = accounts.account_id
    where events.event_type in ('deal_won', 'call')
        and ($accounts is null or list_contains($accounts::varchar[], events.account_id))"""
_OWED = """
    create temp table {name}_owed as
    select currency, sum(net_amount) as owed
    from receivable_aging($until)
    where $accounts is null or list_contains($accounts::varchar[], account_id)
    group by currency"""
# A line that is not there moves nothing; the amount of one that is there may be unknown, and so is then the change.
_CHANGES = """
    with earlier as (
        select *, date_trunc('{unit}', occurred_on)::date as period from sent where occurred_on <= $until
    ),

    later as (
        select *, date_trunc('{unit}', occurred_on)::date as period from now where occurred_on <= $until
    ),

    changed as (
        select
            coalesce(earlier.line_id, later.line_id) as line_id,
            coalesce(earlier.period, later.period) as period,
            coalesce(earlier.measure, later.measure) as measure,
            coalesce(earlier.currency, later.currency) as currency,
            coalesce(earlier.account_id, later.account_id) as account_id,
            coalesce(later.account_name, earlier.account_name) as account_name,
            coalesce(later.document, earlier.document) as document,
            coalesce(later.occurred_on, earlier.occurred_on) as occurred_on,
            earlier.line_id is not null as is_sent,
            later.line_id is not null as is_now,
            case when earlier.line_id is null then 0 else earlier.amount end as was,
            case when later.line_id is null then 0 else later.amount end as is_,
            earlier._file as was_file,
            earlier._row as was_row,
            later._file as now_file,
            later._row as now_row
        from earlier
        full join later
            on earlier.line_id = later.line_id
            and earlier.period = later.period
            and earlier.measure = later.measure
            and earlier.account_id is not distinct from later.account_id
            and earlier.currency is not distinct from later.currency
        where earlier.line_id is null or later.line_id is null or earlier.amount is distinct from later.amount
    )

    select
        changed.period,
        changed.measure,
        changed.currency,
        changed.account_id,
        changed.account_name,
        changed.line_id,
        changed.document,
        case
            when changed.is_sent and changed.is_now then 'amount'
            when other.line_id is null then case when changed.is_now then 'came_late' else 'gone' end
            when other.account_id is distinct from changed.account_id then 'account'
            when other.currency is distinct from changed.currency then 'currency'
            when other.measure <> changed.measure then 'kind'
            else 'date'
        end as reason,
        changed.occurred_on,
        changed.was,
        changed.is_ as "now",
        changed.is_ - changed.was as difference,
        changed.was_file,
        changed.was_row,
        changed.now_file,
        changed.now_row
    from changed
    -- The same line on the other side, where it is told otherwise.
    left join (
        select *, false as is_now from sent
        union all
        select *, true as is_now from now
    ) as other
        on changed.line_id = other.line_id
        and changed.is_now <> other.is_now
        and not (changed.is_sent and changed.is_now)
    order by changed.period desc, changed.measure, changed.currency, abs(changed.is_ - changed.was) desc,
        changed.line_id, changed.account_id, changed.is_now"""
# The changed figures: of each period, measure and currency in which a line changed, what both publications tell.
_TOTALS = """
    with lines as (
        select *, true as is_sent from sent
        union all
        select *, false as is_sent from now
    ),

    summed as (
        select
            date_trunc('{unit}', occurred_on)::date as period,
            measure,
            currency,
            count(*) filter (where is_sent and amount is null) as unknown_then,
            count(*) filter (where not is_sent and amount is null) as unknown_now,
            coalesce(sum(amount) filter (where is_sent), 0) as was,
            coalesce(sum(amount) filter (where not is_sent), 0) as is_
        from lines
        where occurred_on <= $until
        group by all
    ),

    told as (
        select
            period,
            measure,
            currency,
            case when unknown_then = 0 then was end as was,
            case when unknown_now = 0 then is_ end as is_
        from summed
    )

    select period, measure, currency, was, is_ as "now", is_ - was as difference
    from told
    where was is distinct from is_
    order by period desc, measure, currency"""
_BALANCES = """
    select
        coalesce(sent_owed.currency, now_owed.currency) as currency,
        coalesce(sent_owed.owed, 0) as was,
        coalesce(now_owed.owed, 0) as "now",
        coalesce(now_owed.owed, 0) - coalesce(sent_owed.owed, 0) as difference
    from sent_owed
    full join now_owed on sent_owed.currency = now_owed.currency
    where coalesce(sent_owed.owed, 0) <> coalesce(now_owed.owed, 0)
    order by 1"""


@dataclass(frozen=True)
class Sent:
    """What a report of a period was last made of when it was sent."""

    report: str
    period: str
    publication: str
    at: str


@dataclass(frozen=True)
class Restated:
    """What changed since a report was sent, up to its last day; `problem` says why that is not known.

    `rows` are the lines, `totals` the figures of a period, measure and currency, `owed` the balances on the last day
    that are others by now, each with `was`, `now` and `difference`, in the currency.
    """

    report: str
    period: str
    sent: Sent | None = None
    until: date | None = None
    publication: str = ""
    problem: Problem | None = None
    rows: tuple[dict[str, Any], ...] = ()
    totals: tuple[dict[str, Any], ...] = ()
    owed: tuple[dict[str, Any], ...] = ()


def last_sent(ledger: Ledger, report: str, *, before: str | None = None, period: str | None = None) -> Sent | None:
    """What was sent last of a report: of a period, or of the newest one, which may have to lie before another."""
    keys = [period] if period else sorted((each.name for each in (ledger.folder / report).glob("*")), reverse=True)
    for key in keys:
        if before is not None and key >= before:
            continue
        arrived = [sending for entry in ledger.entries(report, key) for sending in entry.arrived]
        if arrived:
            newest = max(arrived, key=lambda sending: str(sending["at"]))
            return Sent(report, key, str(newest["publication"]), str(newest["at"]))
    return None


def kept_for_reports(home: Path) -> set[str]:
    """The publications that the newest pack of each report was made of: what changes after is told against them."""
    ledger = Ledger(home / FOLDER)
    sent = (last_sent(ledger, folder.name) for folder in ledger.folder.glob("*") if folder.name != ALERT)
    return {each.publication for each in sent if each}


def restated(
    settings: Settings, report: str, unit: Unit, *, before: str | None = None, period: str | None = None,
    publication: str | None = None, accounts: Sequence[str] | None = None,
) -> Restated:  # fmt: skip
    """What changed since a report was sent: by default the newest, against what is published now.

    `accounts` are those whose lines count; all, and the lines of none, when not given.
    """
    warehouse = Warehouse(settings.warehouse)
    sent = last_sent(Ledger(settings.home / FOLDER), report, before=before, period=period)
    if sent is None:
        return Restated(report, period or "", problem="not_sent")
    whole = {each.version: each for each in warehouse.publications() if each.known_at is None}
    then = whole.get(sent.publication)
    if then is None:
        return Restated(report, sent.period, sent, problem="not_kept")
    until = date.fromisoformat(then.as_of_date)
    now = whole.get(publication) if publication else _newest(warehouse, whole.values(), then)
    if now is None or now.as_of_date < then.as_of_date:
        return Restated(report, sent.period, sent, until, problem="nothing_later")
    if then.contract != reporting_contract.digest() or now.contract != then.contract:
        return Restated(report, sent.period, sent, until, now.version, problem="other_version")
    files = [warehouse.versions / each.version / FILE for each in (then, now)]
    found = _compared(files[0], files[1], until, unit, accounts)
    return Restated(report, sent.period, sent, until, now.version, None, *found)


def _newest(warehouse: Warehouse, whole: Sequence[Publication] | Any, then: Publication) -> Publication | None:
    """What is published now, else the newest that reaches the last day of what was sent."""
    reaching = [each for each in whole if each.as_of_date >= then.as_of_date]
    published = warehouse.published()
    if published in reaching:
        return published
    return max(reaching, key=lambda each: each.version, default=None)


Rows = tuple[dict[str, Any], ...]


def _compared(
    then: Path, now: Path, until: date, unit: Unit, accounts: Sequence[str] | None
) -> tuple[Rows, Rows, Rows]:
    """The changed lines, figures and balances between two published files."""
    if then == now:
        return (), (), ()
    with connect() as connection:
        for name, file in (("sent", then), ("now", now)):
            # A publication's views and macros know it by this name alone, so that one is let go before the other.
            connection.execute(f"attach '{str(file).replace(chr(39), chr(39) * 2)}' as keybook (read_only)")
            connection.execute("use keybook.main")
            whose = {"accounts": None if accounts is None else list(accounts)}
            connection.execute(_LINES.format(name=name), whose)
            connection.execute(_OWED.format(name=name), {"until": until, **whose})
            connection.execute("use memory.main")
            connection.execute("detach keybook")
        unit_said = _TRUNCATED[unit]
        asked = (_CHANGES.format(unit=unit_said), _TOTALS.format(unit=unit_said))
        changes, totals = (tuple(_rows(connection, query, {"until": until})) for query in asked)
        return changes, totals, tuple(_rows(connection, _BALANCES, {}))


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    done = connection.execute(query, values)
    names = [column[0] for column in done.description or ()]
    for row in done.fetchall():
        yield dict(zip(names, row, strict=True))
