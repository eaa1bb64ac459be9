"""What the weekly pack holds, out of the reporting tables of one publication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb

from pipelines.reports.packs.figures import Figure, Tables, aging, cell
from pipelines.reports.packs.restating import sections as restated_sections
from pipelines.reports.packs.sections import Kind, Pack, Pair, Section, listed

# Movements by what they are; all others are `other`.
MOVED = {"invoiced": ("invoice", "debit_note", "opening_balance"), "credited": ("credit_note",), "paid": ("payment",)}
# The feed without which nobody knows whether a section has rows.
FEEDS = {
    "causes": "invoices", "bridge": "invoices", "debtors": "invoices", "cash": "invoices", "pipeline": "deals",
    "danger": "deals", "channels": "calls",
}  # fmt: skip
# What Keybook knows by itself.
KNOWN = ("feeds", "unlikely")
WEEKS_AHEAD = 4
WEEKS_BACK = 12
# What moves the open pipeline, in the order in which it is read.
MOVEMENTS = (
    "opening", "opened", "won", "lost", "re_owned", "pulled_in", "slipped", "grown", "shrunk", "currency", "not_known",
    "closing",
)  # fmt: skip


def read(
    connection: duckdb.DuckDBPyConnection,
    company: str,
    titles: Mapping[str, str] | None = None,
    restated: Mapping[str, Any] | None = None,
) -> Pack:
    """The pack of what is published; `restated` is what changed since the one before was sent."""
    tables = Tables(connection)
    sections = [
        _trend(tables), _causes(tables), _bridge(tables), _debtors(tables), _promises(tables), _cash(tables),
        _pipeline(tables), _danger(tables), _norms(tables), _channels(tables), _feeds(tables), _unlikely(tables),
    ]  # fmt: skip
    told = [replace(one, told=one.name in KNOWN or tables.has_told(FEEDS.get(one.name))) for one in sections]
    return Pack(
        company, str(tables.run["base_currency"] or ""), str(tables.run["business_timezone"]), tables.as_of,
        tables.week[0], _pairs(tables), _missing(tables),
        {section.name: section for section in (*told, *restated_sections(restated))},
        titles or {},
    )  # fmt: skip


def _pairs(tables: Tables) -> dict[str, Pair]:
    pairs = [
        Pair(name, "money", tables.total(aging(tables.as_of), column), tables.total(aging(tables.before), column))
        for name, column in (
            ("open", "open_amount_base"), ("overdue", "overdue_amount_base"), ("unapplied", "unapplied_amount_base"),
        )
    ]  # fmt: skip
    table, earlier = "rpt_call_response", (tables.week[0] - timedelta(days=7), tables.before)
    for column in ("inbound", "answered", "missed"):
        now, before = tables.total(table, column, day=tables.week), tables.total(table, column, day=earlier)
        pairs.append(Pair(column, "count", now, before))
    month = tables.as_of.replace(day=1)
    won = tables.total("rpt_sales_monthly", "won_amount", month=month)
    # Who has no target is no unknown part of the others'.
    target = tables.total("rpt_sales_monthly", "target", "known", month=month)
    pairs.append(Pair("won", "money", won, plan=target))
    return {pair.name: pair for pair in pairs}


def _missing(tables: Tables) -> dict[str, Figure]:
    """Counts of what is not known, which the figures above do without or are unknown for."""
    kpis: dict[str, Any] = {"is_total": True, "as_of_date": tables.as_of}
    return {
        "rates": tables.total(aging(tables.as_of), "missing_rate_count"),
        # What managers' months are told without.
        "month_rates": tables.total(
            "rpt_team_scorecard", "missing_rate_count", month=_whole_month(tables, "rpt_team_scorecard")
        ),
        "undated": tables.total("rpt_receivable_kpis", "undated_payment_count", **kpis),
        "rejected": tables.total("rpt_data_health", "rows_rejected"),
        "deal_rates": tables.total("rpt_pipeline", "missing_rate_count", as_of_date=tables.as_of),
        "deal_amounts": tables.total("rpt_pipeline", "missing_amount_count", as_of_date=tables.as_of),
    }


def _trend(tables: Tables) -> Section:
    """What was owed and overdue at the end of each of the last weeks."""
    rows = []
    for back in range(WEEKS_BACK, -1, -1):
        day = tables.as_of - timedelta(weeks=back)
        both = (tables.total(aging(day), column) for column in ("open_amount_base", "overdue_amount_base"))
        # Days before the first document had no balance, which is no balance of nothing.
        rows.append([tables.total(aging(day), "as_of_date", "last"), *both])
    known = [row for row in rows if row[0].value is not None]
    return Section("trend", (("day", "date"), ("open", "money"), ("overdue", "money")), known, drawn=True)


def _causes(tables: Tables) -> Section:
    """Whose overdue money changed most in the week."""
    found = tables.connection.execute(
        f"""
        with days as (
            select account_id, overdue_amount_base as now, 0 as before from {aging(tables.as_of)}
            union all
            select account_id, 0, overdue_amount_base from {aging(tables.before)}
        )
        select account_id, any_value(account_name)
        from days
        inner join reporting.rpt_accounts using (account_id)
        group by account_id
        having count(now) = count(*) and count(before) = count(*) and sum(now) <> sum(before)
        order by abs(sum(now) - sum(before)) desc, account_id
        """
    ).fetchall()
    rows = []
    for account_id, name in found:
        key = {"account_id": account_id}
        both = (
            tables.total(aging(day), "overdue_amount_base", "moved", **key) for day in (tables.as_of, tables.before)
        )
        rows.append([Figure(name, "rpt_accounts", "account_name", key), *both])
    return Section("causes", (("account", "text"), ("overdue", "money"), ("week_before", "money")), rows,
                   ("overdue", "week_before"), change=("overdue", "week_before"))  # fmt: skip


def _bridge(tables: Tables) -> Section:
    """From what was owed a week before to what is owed, a currency each: the balances less what is paid ahead."""
    lines, week = "rpt_statement_lines", tables.week
    found = tables.connection.execute(f"select distinct currency from reporting.{lines} order by currency").fetchall()
    kinds = [kind for (kind,) in tables.connection.execute(f"select distinct kind from reporting.{lines}").fetchall()]
    known = {kind for group in MOVED.values() for kind in group}
    groups = {name: list(group) for name, group in MOVED.items()}
    groups["other"] = sorted(set(kinds) - known)
    rows = []
    for (currency,) in found:
        key = {"currency": currency}
        rows.append([
            Figure(currency, lines, "currency", key),
            tables.total(aging(tables.before), "net_amount", "moved", **key),
            *(tables.total(lines, "debit", "moved", "credit", **key, occurred_on=week, kind=group)
              for group in groups.values()),
            tables.total(aging(tables.as_of), "net_amount", "moved", **key),
        ])  # fmt: skip
    rows = [row for row in rows if any(figure.value for figure in row[1:])]
    money: tuple[tuple[str, Kind], ...] = tuple((name, "money") for name in ("opening", *groups, "closing"))
    return Section("bridge", (("currency", "text"), *money), rows)


def _debtors(tables: Tables) -> Section:
    table = "rpt_collection_worklist"
    found = tables.rows(table, "overdue_amount > 0", "order by overdue_amount desc, account_id")
    return listed("debtors", table, found, ("account_id",), {
        "account": ("account_name", "text"), "overdue": ("overdue_amount", "money"),
        "oldest": ("oldest_days_overdue", "count"), "promised_for": ("next_promised_for", "date"),
        "action": ("suggested_action", "text", "collection_action"), "manager": ("owner_name", "text", "owner"),
    }, ("overdue",))  # fmt: skip


def _promises(tables: Tables) -> Section:
    """Promises of the week, and what is promised for the next."""
    table, until = "rpt_promises", tables.as_of + timedelta(days=7)
    found = tables.rows(
        table, "promised_for between ? and ?", "order by promised_for, promise_id", (tables.week[0], until)
    )
    return listed("promises", table, found, ("promise_id",), {
        "promised_for": ("promised_for", "date"), "account": ("account_name", "text"), "amount": ("amount", "money"),
        "currency": ("currency", "text"), "received": ("received_amount", "money"),
        "state": ("state", "text", "pack.promise_state"),
    })  # fmt: skip


def _cash(tables: Tables) -> Section:
    table, until = "rpt_cash_forecast_weeks", tables.as_of + timedelta(weeks=WEEKS_AHEAD)
    found = tables.rows(table, "week_start <= ?", "order by currency, week_start", (until,))
    return listed("cash", table, found, ("currency", "week_start"), {
        "currency": ("currency", "text"), "week": ("week_start", "date"), "expected": ("expected_amount", "money"),
        "low": ("low", "money"), "high": ("high", "money"), "promised": ("promised_amount", "money"),
    })  # fmt: skip


def _pipeline(tables: Tables) -> Section:
    """What moved the open pipeline in the newest week that is complete."""
    table = "rpt_pipeline_bridge"
    weeks = tables.rows(table, "is_complete", "order by week_start desc limit 1")
    rows = []
    for week in weeks:
        key = {"week_start": week["week_start"]}
        found = {row["movement"] for row in tables.rows(table, "week_start = ?", values=[key["week_start"]])}
        for movement in filter(found.__contains__, MOVEMENTS):
            whole = {**key, "movement": movement}
            rows.append([
                Figure(movement, table, "movement", whole, words="pipeline_movement"),
                *(tables.total(table, column, **whole) for column in ("deals", "amount", "missing_amount_count")),
            ])  # fmt: skip
    notes = tuple(
        ("pipeline", {name: cell(table, week, name, ("week_start",)) for name in ("week_start", "week_end")})
        for week in weeks
    )
    columns: tuple[tuple[str, Kind], ...] = (
        ("movement", "text"), ("deals", "count"), ("amount", "money"), ("without_amount", "count"),
    )  # fmt: skip
    return Section("pipeline", columns, rows, notes=notes)


def _danger(tables: Tables) -> Section:
    """Key accounts that are not well, and how well they were a week before."""
    table = "rpt_account_health"
    found = tables.rows(
        table,
        "is_newest and band <> 'green' and account_id in "
        "(select account_id from reporting.rpt_accounts where is_key_account)",
        "order by score, account_id",
    )
    made = listed("danger", table, found, ("account_id", "week_start"), {
        "account": ("account_name", "text"), "band": ("band", "text", "pack.band"), "score": ("score", "count"),
        "week_before": ("score", "count"), "why": ("reasons", "text", "health_reason"),
    })  # fmt: skip
    for row, figures in zip(found, made.rows, strict=True):
        week_before = row["week_start"] - timedelta(days=7)
        key = {"account_id": row["account_id"], "week_start": week_before}
        figures[3] = tables.total(table, "score", **key)
    return made


def _norms(tables: Tables) -> Section:
    """The team against its norms and targets, in the newest month that is over."""
    table = "rpt_team_scorecard"
    month = _whole_month(tables, table)
    found = tables.rows(
        table, "month = ? and employee_id is not null", "order by team, employee_name, employee_id", [month]
    )
    made = listed("norms", table, found, ("month", "employee_id"), {
        "manager": ("employee_name", "text", "owner"), "accounts": ("accounts", "count"),
        "revenue": ("revenue", "money"), "target": ("target", "money"), "attainment": ("attainment", "ratio"),
        "collected": ("collected", "money"), "overdue_share": ("overdue_ratio", "ratio"),
        "on_time": ("card_on_time_ratio", "ratio"),
    })  # fmt: skip
    return replace(made, notes=_of_month(table, month))


def _channels(tables: Tables) -> Section:
    """Calls by channel, in the newest month that is over: no part of a month leads."""
    table = "rpt_call_channels"
    month = _whole_month(tables, table)
    made = listed("channels", table, tables.rows(table, "month = ?", "order by calls desc, source", [month]),
                   ("month", "source"), {
        "source": ("source", "text", "weekly.channel"), "calls": ("calls", "count"), "answered": ("answered", "count"),
        "missed": ("missed", "count"), "leads": ("leads", "count"), "won": ("won_amount", "money"),
        "cash_applied": ("cash_applied", "money"),
    }, ("calls", "answered", "missed"))  # fmt: skip
    newest = {"day": tables.total("rpt_call_response", "day", "last")}
    return replace(made, notes=(*_of_month(table, month), ("newest_call", newest)))


def _whole_month(tables: Tables, table: str) -> date | None:
    """The newest month of a table of which no day is still to come."""
    found = tables.connection.execute(
        f"select max(month) from reporting.{table} where month + interval 1 month <= ?",
        [tables.as_of + timedelta(days=1)],
    ).fetchall()
    return found[0][0]  # type: ignore[no-any-return]


def _of_month(table: str, month: date | None) -> tuple[tuple[str, Mapping[str, Figure]], ...]:
    return (("month", {"month": Figure(month, table, "month", {"month": month})}),) if month else ()


def _feeds(tables: Tables) -> Section:
    """Exports that are late, or of which rows were rejected."""
    table = "rpt_data_health"
    found = tables.rows(
        table, "freshness_state in ('late', 'stale') or rows_rejected > 0",
        "order by freshness_state = 'fresh', days_old desc, domain, entity, source",
    )  # fmt: skip
    return listed("feeds", table, found, ("source", "domain", "entity"), {
        "entity": ("entity", "text", "weekly.entity"), "source": ("source", "text", "contract"),
        "state": ("freshness_state", "text", "pack.freshness"),
        "days_old": ("days_old", "count"), "usual_pause": ("usual_pause_days", "count"),
        "rejected": ("rows_rejected", "count"),
    })  # fmt: skip


def _unlikely(tables: Tables) -> Section:
    """Headline figures that leave their own history: to be looked at before the pack goes out."""
    table, key = "rpt_plausibility", ("table_name", "column_name", "group_values", "period")
    found = tables.rows(table, "kind <> 'incomplete'", f"order by period desc, {', '.join(key)}")
    made = listed("unlikely", table, found, key, {
        "what": ("column_name", "text", "figure"), "of": ("group_values", "text"), "month": ("period", "month"),
        "value": ("value", "money"), "usual": ("usual_value", "money"), "why": ("kind", "text", "plausibility"),
    })  # fmt: skip
    units: dict[str, Kind] = {"money": "money", "ratio": "ratio"}
    return replace(made, kinds=tuple(units.get(row["unit"], "count") for row in found))
