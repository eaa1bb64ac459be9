"""Account health against plain Python that follows the definitions, not the SQL.

A small world of the sample, some of whose accounts leave, is built twice from the same exports: as of the last day, and
as of an earlier one. Measures, points, groups and scores of whole accounts are worked out here day by day; the back-test
from the weekly scores; who left is held against the truth of the world.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from pipelines.sample.decline import make_decline
from pipelines.sample.scope import Scope
from pipelines.sample.world import World, make_world
from tests.support.health_rows import day, rows_of
from tests.support.homes import make
from tests.support.oracle import SEEDS, seed
from tests.support.raw_rows import write_raw

EARLIER, AS_OF = date(2026, 2, 10), date(2026, 6, 17)
REPORTS = ["rpt_account_health_measures", "rpt_account_health", "rpt_health_backtest", "rpt_health_departures"]
HORIZON, REST, LEAST_WEEKS, RED = 182, 35, 4, 50.0
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world() -> World:
    """What happens, and who leaves."""
    return make_world(Scope(accounts=120, months=18, seed=5, calls=8000, invoices=2400, until=AS_OF))


@pytest.fixture(scope="module")
def homes(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[date, duckdb.DuckDBPyConnection]]:
    """The reports as of the last day, and the weekly scores as of the earlier one."""
    found: dict[date, duckdb.DuckDBPyConnection] = {}
    rows = rows_of(world)
    for as_of, wanted in ((AS_OF, REPORTS), (EARLIER, ["fct_account_health"])):
        home: Path = tmp_path_factory.mktemp("health")
        write_raw(home, rows, as_of_date=as_of)
        found[as_of] = duckdb.connect(str(make(home, wanted)), read_only=True)
    yield found
    for connection in found.values():
        connection.close()


@pytest.fixture(scope="module")
def warehouse(homes: dict[date, duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    """The later build."""
    return homes[AS_OF]


def rows(warehouse: duckdb.DuckDBPyConnection, query: str) -> Rows:
    """The rows of a query."""
    return list(warehouse.cursor().sql(query).to_arrow_table().to_pylist())


def by_account(found: Rows) -> dict[str, Rows]:
    """The rows of each account."""
    parts: dict[str, Rows] = defaultdict(list)
    for row in found:
        parts[row["account_id"]].append(row)
    return parts


class Facts:
    """What the measures are made of, each by account, as the warehouse's facts have it."""

    def __init__(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        """Reads them."""

        def of(query: str) -> dict[str, Rows]:
            return by_account(rows(warehouse, query))

        self.invoices = of(
            "select account_id, issued_on, revenue_amount_base from marts.fct_invoices where not is_void"
        )
        self.items = of("select * from marts.fct_receivable_intervals where open_amount > 0")
        self.paid = of("select * from marts.fct_receivable_settlements where is_payment")
        self.contacts = of("select account_id, occurred_on from marts.fct_two_way_contacts")
        self.promises = of("select * from marts.fct_promises where state in ('kept', 'partly', 'broken')")
        self.missed = of("select * from marts.fct_missed_calls where is_handled is not null")
        self.deals = of("select * from marts.fct_deals")
        self.cases = of("select * from marts.fct_cases")


def monday(of: date) -> date:
    """The Monday of a day's week."""
    return of - timedelta(days=of.weekday())


def decided_on(missed_at: datetime) -> date:
    """K4, K5: the working day on which the time to call back is over; it runs while the business is open (UTC here)."""
    settings = {row["parameter"]: row["value"] for row in seed("parameter_defaults")}
    left, day = timedelta(hours=float(settings["handled_window_hours"])), missed_at.date()
    while True:
        opens, closes = (
            datetime.combine(day, time(), UTC) + timedelta(hours=float(settings[name]))
            for name in ("opens_at_hour", "closes_at_hour")
        )
        left -= max(closes - max(opens, missed_at), timedelta()) if day.weekday() < 5 else timedelta()
        if left <= timedelta():
            return day
        day += timedelta(days=1)


def usual_gap(days: list[date]) -> float | None:
    """The median of the last 12 gaps between distinct days; from three days on."""
    found = sorted(set(days))
    gaps = [(later - earlier).days for earlier, later in pairwise(found)]
    return statistics.median(gaps[-12:]) if len(found) >= 3 else None


def measures(facts: Facts, account: str, as_of: date) -> dict[str, float | None]:
    """All measures of an account from what had happened by the end of a day. Weeks are those of Monday to Sunday."""

    def within(when: date, newest: int, oldest: int) -> bool:
        weeks = (monday(as_of) - monday(when)).days // 7
        return when <= as_of and newest <= weeks < oldest

    found: dict[str, float | None] = {}
    open_items = [i for i in facts.items[account] if i["valid_from"] <= as_of < i["valid_to"]]
    total = float(sum(i["open_amount"] for i in open_items))
    overdue = [i for i in open_items if i["due_on"] < as_of]
    disputed = [i for i in open_items if i["disputed_from"] and i["disputed_from"] <= as_of < i["disputed_to"]]
    found["overdue_share"] = float(sum(i["open_amount"] for i in overdue)) / total if total else None
    found["disputed_share"] = float(sum(i["open_amount"] for i in disputed)) / total if total else None

    def late(newest: int, oldest: int) -> list[int]:
        return [
            max((p["settlement_date"] - p["due_on"]).days, 0)
            for p in facts.paid[account] if within(p["event_date"], newest, oldest)
        ]  # fmt: skip

    recent = late(0, 13) + [(as_of - i["due_on"]).days for i in overdue]
    habit = late(13, 65)
    found["payment_delay"] = statistics.mean(recent) - statistics.mean(habit) if recent and len(habit) >= 3 else None
    due = [p for p in facts.promises[account] if within(p["kept_by"] + timedelta(days=1), 0, 26)]
    found["broken_promises"] = sum(p["state"] != "kept" for p in due) / len(due) if due else None

    contacts = [c["occurred_on"] for c in facts.contacts[account] if c["occurred_on"] <= as_of]
    gap = found["usual_contact_gap"] = usual_gap(contacts)
    found["silence"] = (as_of - max(contacts)).days / max(gap, 7) if gap is not None else None
    before = sum(within(c, 8, 34) for c in contacts)
    days = 7 * 7 + as_of.weekday() + 1
    found["contact_trend"] = (
        (sum(within(c, 0, 8) for c in contacts) / days) / (before / (26 * 7)) if before >= 6 else None
    )
    missed = [m for m in facts.missed[account] if within(decided_on(m["started_at"]), 0, 8)]
    found["unhandled_missed"] = float(sum(not m["is_handled"] for m in missed)) if missed else None

    deals = [d for d in facts.deals[account] if d["created_on"] <= as_of]
    still = [d for d in deals if d["closed_on"] is None or max(d["closed_on"], d["created_on"]) > as_of]
    found["open_pipeline"] = float(len(still)) if deals else None
    won = [d["closed_on"] for d in facts.deals[account] if d["status"] == "won" and d["closed_on"] <= as_of]
    found["recent_win"] = float((as_of - max(won)).days) if won else None
    invoiced = [i for i in facts.invoices[account] if i["issued_on"] <= as_of]
    invoice_gap = found["usual_invoice_gap"] = usual_gap([i["issued_on"] for i in invoiced])
    found["invoice_gap"] = (
        (as_of - max(i["issued_on"] for i in invoiced)).days / max(invoice_gap, 14) if invoice_gap is not None else None
    )
    found["revenue_trend"] = None
    first = min((i["issued_on"] for i in invoiced), default=None)
    if first and invoice_gap is not None and invoice_gap * 2 <= 13 * 7:
        weeks = (monday(as_of) - monday(first)).days // 7
        earlier = float(sum(i["revenue_amount_base"] for i in invoiced if within(i["issued_on"], 13, 65)))
        if weeks >= 26 and earlier > 0:
            now = float(sum(i["revenue_amount_base"] for i in invoiced if within(i["issued_on"], 0, 13)))
            span = 7 * min(52, weeks + 1 - 13)
            found["revenue_trend"] = (now / (7 * 12 + as_of.weekday() + 1)) / (earlier / span)
    cases = [c for c in facts.cases[account] if c["opened_on"] <= as_of]
    opened = [c for c in cases if c["closed_on"] is None or c["closed_on"] > as_of]
    lately = any(within(c["opened_on"], 0, 52) for c in cases)
    found["pending_cases"] = float(len(opened)) if lately or opened else None
    found["oldest_case"] = float((as_of - min(c["opened_on"] for c in opened)).days) if opened else None
    return found


def scored(values: dict[str, float | None]) -> tuple[float | None, float]:
    """The score and the coverage: weighted means of points within groups, and of the groups that are known."""
    groups = {row["measure_group"]: float(row["weight"]) for row in seed("health_groups")}
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    weights: dict[str, float] = defaultdict(float)
    for row in seed("health_measures"):
        weights[row["measure_group"]] += float(row["weight"])
        value, zero, full = values[row["measure"]], float(row["zero_at"]), float(row["full_at"])
        if value is not None:
            share = min(1.0, max(0.0, (value - zero) / (full - zero)))
            points[row["measure_group"]].append((float(row["weight"]), 100 * share))
    known = {group: sum(w for w, _ in found) for group, found in points.items()}
    coverage = sum(groups[group] * known[group] / weights[group] for group in points) / sum(groups.values())
    if not points or coverage < 0.25:
        return None, coverage
    means = {group: sum(w * p for w, p in found) / known[group] for group, found in points.items()}
    return sum(groups[g] * mean for g, mean in means.items()) / sum(groups[g] for g in means), coverage


def test_scores_and_measures_are_what_the_definitions_give(warehouse: duckdb.DuckDBPyConnection) -> None:
    facts = Facts(warehouse)
    names = [row["measure"] for row in seed("health_measures")]
    # Every seventh account in all its weeks: those that leave, those that are new and those in the other currency.
    weeks = rows(warehouse, "select * from marts.fct_account_health order by account_id, as_of_date")
    chosen = set(sorted({row["account_id"] for row in weeks})[::7])
    checked = 0
    for row in weeks:
        if row["account_id"] not in chosen:
            continue
        values = measures(facts, row["account_id"], row["as_of_date"])
        score, coverage = scored(values)
        where = (row["account_id"], row["as_of_date"])
        assert float(row["coverage"]) == pytest.approx(coverage, abs=1e-4), where
        assert (None if row["score"] is None else float(row["score"])) == (
            None if score is None else pytest.approx(score, abs=0.0051)
        ), where
        if row["has_measures"]:
            for name in (*names, "usual_contact_gap", "usual_invoice_gap"):
                expected = values[name] if values[name] is None else pytest.approx(values[name], rel=1e-4, abs=1e-6)
                assert row[name] == expected, (*where, name)
        checked += 1
    assert checked > 500
    assert {row["as_of_date"] for row in weeks} >= {AS_OF, AS_OF - timedelta(days=AS_OF.weekday() + 1)}
    seen = {name for name in names if any(row[name] is not None for row in weeks)}
    assert seen >= set(names) - {"oldest_case"}


def test_an_earlier_build_knows_the_same_of_its_weeks(homes: dict[date, duckdb.DuckDBPyConnection]) -> None:
    asked = """
        select account_id, as_of_date, score, coverage, cash_score, contact_score, deal_score, service_score, status
        from marts.fct_account_health where as_of_date < date '2026-02-09' and as_of_date > date '2025-01-01'
    """
    later, earlier = ({(r["account_id"], r["as_of_date"]): r for r in rows(homes[d], asked)} for d in (AS_OF, EARLIER))
    assert len(earlier) > 2000
    assert later == earlier


def test_contributions_sum_to_the_score(warehouse: duckdb.DuckDBPyConnection) -> None:
    wrong = rows(
        warehouse,
        """
        select health.account_id, health.as_of_date, health.score, parts.contribution, parts.weight
        from reporting.rpt_account_health as health
        left join (
            select account_id, week_start, sum(contribution) as contribution, sum(weight) as weight
            from reporting.rpt_account_health_measures group by all
        ) as parts using (account_id, week_start)
        where health.has_measures and health.score is not null
            and not coalesce(abs(health.score - parts.contribution) < 0.006 and abs(parts.weight - 1) < 1e-9, false)
        """,
    )
    assert not wrong


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        ("rpt_account_health", None),
        ("rpt_account_health", "select * replace (score + 0.01 as score) from reporting.rpt_account_health"),
        (
            "rpt_account_health_measures",
            "from reporting.rpt_account_health_measures where measure <> (select max(measure) from "
            "reporting.rpt_account_health_measures where contribution > 1)",
        ),
    ],
)
def test_the_identity_of_the_score_can_fail(
    warehouse: duckdb.DuckDBPyConnection, table: str, broken: str | None
) -> None:
    text = (SEEDS.parent / "tests" / "assert_health_contributions_sum_to_the_score.sql").read_text(encoding="utf-8")
    query = text.split("}}}) }}", 1)[1]
    for name in ("rpt_account_health", "rpt_account_health_measures"):
        instead = f"({broken})" if broken and name == table else f"reporting.{name}"
        query = query.replace("{{ ref('" + name + "') }}", instead)
    assert bool(rows(warehouse, query)) == bool(broken)


def spells(weeks: Rows, points: str, threshold: float) -> list[tuple[date, date]]:
    """First and last day of each alarm: flagged weeks of an active account no further apart than the rest."""
    found: list[tuple[date, date]] = []
    for row in sorted(weeks, key=lambda row: row["as_of_date"]):
        if row["status"] != "active" or row[points] is None or float(row[points]) > threshold:
            continue
        when = row["as_of_date"]
        if found and (when - found[-1][1]).days <= REST:
            found[-1] = (found[-1][0], when)
        else:
            found.append((when, when))
    return found


def test_the_back_test_counts_what_it_says(warehouse: duckdb.DuckDBPyConnection) -> None:
    weeks = by_account(rows(warehouse, "select * from marts.fct_account_health"))
    begins = min(row["as_of_date"] for found in weeks.values() for row in found)
    left: dict[tuple[str, date], date] = {}
    for account, found in weeks.items():
        for row in sorted(found, key=lambda row: row["as_of_date"]):
            if row["status"] == "paused" and row["last_sign_on"] >= begins:
                left.setdefault((account, row["last_sign_on"] + timedelta(days=1)), row["as_of_date"])
    tested = {
        (account, left_on)
        for account, left_on in left
        if sum(
            row["status"] == "active" and row["score"] is not None and 0 < (left_on - row["as_of_date"]).days <= HORIZON
            for row in weeks[account]
        ) >= LEAST_WEEKS
    }  # fmt: skip
    table = {(r["method"], r["threshold"]): r for r in rows(warehouse, "select * from reporting.rpt_health_backtest")}
    assert {row["departures"] for row in table.values()} == {len(tested)}
    assert len(tested) >= 5
    for method, points in (("score", "score"), ("silence", "silence_points"), ("overdue", "overdue_share_points")):
        for threshold in (30.0, 50.0, 75.0):
            counted: dict[str, int] = defaultdict(int)
            before: dict[tuple[str, date], int] = {}
            for account, found in weeks.items():
                for started, ended in spells(found, points, threshold):
                    about = sorted(
                        key for key, paused in left.items()
                        if key[0] == account and started < paused and ended + timedelta(days=HORIZON) >= key[1]
                    )  # fmt: skip
                    if not about:
                        counted["open" if ended + timedelta(days=HORIZON) > AS_OF else "false"] += 1
                    elif started < about[0][1]:
                        counted["before"] += 1
                        lead = min((about[0][1] - started).days, HORIZON)
                        before[about[0]] = max(before.get(about[0], 0), lead)
                    else:
                        counted["late"] += 1
            row = table[method, threshold]
            assert {name: row[f"alarms_{name}"] for name in ("before", "late", "false", "open")} == {
                name: counted[name] for name in ("before", "late", "false", "open")
            }, (method, threshold)
            if (method, threshold) == ("score", RED):
                leads = rows(warehouse, "select account_id, left_on, lead_days from reporting.rpt_health_departures")
                assert {(r["account_id"], r["left_on"]): r["lead_days"] for r in leads} == {
                    k: before.get(k) for k in left
                }
            told = {key: lead for key, lead in before.items() if key in tested}
            assert row["flagged_before"] == len(told)
            assert row["recall"] == pytest.approx(len(told) / len(tested))
            assert row["lead_days_median"] == (statistics.median(told.values()) if told else None)


def test_who_left_is_who_leaves_in_the_world(world: World, warehouse: duckdb.DuckDBPyConnection) -> None:
    decline = make_decline(world.scope, world.parties)
    shows = decline.pays_later | decline.goes_quiet
    truth = {f"test:A{place}": place for place in np.flatnonzero(decline.is_leaving[: world.parties.accounts])}
    found = by_account(rows(warehouse, "select * from marts.fct_account_departures where returned_on is null"))
    # The status needs 60 days or more without a sign: who left later is not paused yet.
    overdue = {a for a, place in truth.items() if day(world.parties.silent_day[place]) < AS_OF - timedelta(days=150)}
    assert overdue
    assert overdue <= set(found) <= set(truth)
    for account, departures in found.items():
        silent = day(world.parties.silent_day[truth[account]])
        assert departures[-1]["left_on"] <= silent + timedelta(days=1)
        assert departures[-1]["left_on"] > silent - timedelta(days=75)
    told = {
        (row["account_id"], row["left_on"])
        for row in rows(
            warehouse,
            "select * from marts.fct_health_alarms where method = 'score' and threshold = 75 and outcome = 'before'",
        )
    }
    tested = {(a, d[-1]["left_on"]) for a, d in found.items() if d[-1]["is_tested"] and shows[truth[a]]}
    assert len(tested & told) / len(tested) >= 0.5
    # The signs are in the data: those who show them score lower in their last weeks than they did before them.
    last = rows(
        warehouse,
        """
        select departures.account_id, avg(score) filter (left_on - as_of_date <= 28) as at_the_end,
            avg(score) filter (left_on - as_of_date between 130 and 200) as before
        from marts.fct_account_departures as departures
        inner join marts.fct_account_health as health using (account_id)
        where health.as_of_date < departures.left_on group by departures.account_id
        """,
    )
    fell = [r["before"] - r["at_the_end"] for r in last if r["before"] and shows[truth[r["account_id"]]]]
    assert statistics.mean(fell) > 10
