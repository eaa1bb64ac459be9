"""Key accounts against plain Python that follows the definitions, not the SQL.

One seeded company of three years in two currencies: invoices (some made void later), payments, contracts, talks, calls, deals
and costs; an owner who left, absences with and without a substitute. Criteria, tiers, stages, the list and the proposals of
every quarter are worked out here from the events up to the quarter's end. A second build, as of an earlier day and from the
same exports, must tell the same of every quarter that both have seen the end of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support import calls
from tests.support.chance import is_tried
from tests.support.deals import FIRST as FIRST_DEAL
from tests.support.deals import State, state
from tests.support.homes import make
from tests.support.key_accounts import ACCOUNTS, AS_OF, CHANGED, EARLIER, FIRST, KEPT, KRONA, Company, Rows, back
from tests.support.oracle import seed
from tests.support.raw_rows import write_raw


def euros(row: dict[str, Any]) -> Decimal:
    """An invoice's net amount in the base currency, to four places; less than nothing for a credit note."""
    rate = Decimal(1)
    if row["currency"] == "SEK":
        rate = next(value for since, value in reversed(KRONA.items()) if since <= row["issued_on"])
        # Rates come every 20 days: the one that counts may be older than the change.
        if row["issued_on"] < date(2023, 1, 1) + timedelta(days=20) and rate == KRONA[date(2023, 1, 1)]:
            steps = (row["issued_on"] - date(2021, 1, 1)).days // 20
            rate_on = date(2021, 1, 1) + timedelta(days=20 * steps)
            rate = next(value for since, value in reversed(KRONA.items()) if since <= rate_on)
    return (row["net_amount"] * rate).quantize(Decimal("0.0001")) * (-1 if row["document_kind"] == "credit_note" else 1)


def on(text: str | None) -> date | None:
    """The day of a moment."""
    return date.fromisoformat(text[:10]) if text else None


def evidence(company: Company, number: int, day: date) -> dict[str, Any]:
    """What is known of an account at the end of a day, from what had happened by then."""
    year, two = back(day, 12), back(day, 24)
    standing = [
        row for row in company.of("billing.invoices", number)
        if row["issued_on"] <= day and (row["voided_on"] is None or row["voided_on"] > day)
    ]  # fmt: skip
    revenue = sum((euros(row) for row in standing if row["issued_on"] > year), Decimal(0))
    before = sum((euros(row) for row in standing if two < row["issued_on"] <= year), Decimal(0))
    costs = [row["amount"] for row in company.of("plan.costs", number) if year < row["month"] <= day]
    lines = {row["invoice_id"]: row["product_id"] for row in company.rows["billing.invoice_lines"]}
    products = {
        lines[row["invoice_id"]] for row in standing if row["issued_on"] > year and row["document_kind"] == "invoice"
    } - {None}
    paid = [row for row in company.of("billing.invoices", number) if year < row.get("paid_on", date.min) <= day]
    contracts = [row for row in company.of("crm.documents", number) if row["starts_on"] <= day]
    deals = [row for row in company.of("crm.deals", number) if (on(row["created_at"]) or day) <= day]
    people = {row["contact_id"]: row for row in company.of("crm.contacts", number)}
    talks = [
        (on(row["occurred_at"]), people[row["contact_id"]]) for row in company.of("crm.activities", number)
        if year < (on(row["occurred_at"]) or day) <= day
    ]  # fmt: skip
    is_manned = any(row["job_title"] or row["contact_role"] for row in people.values())
    # Before anything tells of a deal, nobody knows that there was none.
    is_deal_known = any((on(row["created_at"]) or AS_OF) <= day for row in company.rows["crm.deals"])
    first = [row["issued_on"] for row in company.of("billing.invoices", number)]
    first += [on(row["closed_at"]) for row in company.of("crm.deals", number) if row["status"] == "won"]
    first += [row["starts_on"] for row in company.of("crm.documents", number)]
    since = min(first)
    all_invoices = min(row["issued_on"] for row in company.rows["billing.invoices"])
    return {
        "revenue": revenue,
        "revenue_before": before if all_invoices <= two else None,
        "since": since if since <= day else None,
        "margin_share": float((revenue - sum(costs)) / revenue) if costs and revenue else None,
        "tenure_years": (day - since).days / 365 if since <= day else None,
        "decision_maker_contacts": sum(
            row["job_title"] == "CEO" and spoken > day - timedelta(days=90) for spoken, row in talks if spoken
        ) if is_manned else None,
        "product_breadth": len(products) or None,
        "revenue_growth": float(revenue / before) if before and all_invoices <= two else None,
        "open_deals": sum(row["status"] == "open" or (on(row["closed_at"]) or day) > day for row in deals)
        if is_deal_known else None,
        "on_time_share": sum(row["paid_on"] <= row["due_on"] for row in paid) / len(paid) if paid else None,
        "contracts_in_force": sum(row["ends_on"] >= day for row in contracts),
        "contracts": len(contracts),
        "buying_centres": len({row["job_title"] or row["contact_role"] for _, row in talks} - {None})
        if is_manned else None,
    }  # fmt: skip


def stage(found: dict[str, Any], day: date) -> str | None:
    """D7: the highest stage whose conditions all hold."""
    reached = None
    for row in seed("relationship_stages"):
        if (
            found["since"]
            and found["since"] <= back(day, int(row["min_tenure_months"]))
            and found["contracts"] >= int(row["min_contracts"])
            and (found["buying_centres"] or 0) >= int(row["min_buying_centres"])
            and (found["decision_maker_contacts"] or 0) >= int(row["min_decision_maker_contacts"])
        ):
            reached = row["stage"]
    return reached


def quarters(as_of: date) -> list[tuple[date, date]]:
    """The quarters kept and the one before, by their first day, and the day on which each is measured."""
    newest = date(as_of.year, as_of.month - (as_of.month - 1) % 3, 1)
    starts = [back(newest, 3 * step) for step in range(12, -1, -1)]
    return [(first, min(back(first, -3) - timedelta(days=1), as_of)) for first in starts]


def expected(company: Company, as_of: date) -> dict[tuple[date, str], tuple[Any, ...]]:
    """Met, known, tier, stage, listed and proposal by quarter and account (D2, D3, D5, D6, D7)."""
    criteria = seed("key_account_criteria")
    told: dict[tuple[date, str], tuple[Any, ...]] = {}
    before: set[int] = set()
    for quarter, day in quarters(as_of):
        known = [number for number in range(len(ACCOUNTS)) if FIRST + timedelta(days=70 * number) <= day]
        found = {number: evidence(company, number, day) for number in known}
        whole = sum((max(row["revenue"], Decimal(0)) for row in found.values()), Decimal(0))
        tiers, running = {}, Decimal(0)
        for number in sorted(known, key=lambda n: (-found[n]["revenue"], f"test:A{n}")):
            share = running / whole if whole else None
            row = found[number]
            row["revenue_share"] = float(max(row["revenue"], Decimal(0)) / whole) if whole else None
            running += max(row["revenue"], Decimal(0))
            if share is not None and row["revenue"] > 0:
                tiers[number] = "A" if share < Decimal("0.8") else "B" if share < Decimal("0.95") else "C"
        computed = {row["criterion"]: float(row["threshold"]) for row in criteria if row["kind"] == "computed"}
        met = {n: sum((found[n][name] or 0) >= least for name, least in computed.items()) for n in known}
        seen = {n: sum(found[n][name] is not None for name in computed) for n in known}
        qualified = {n for n in known if met[n] > len(criteria) / 2}
        # What a person decided holds whatever is proposed.
        listed = qualified | {n for n, since in KEPT.items() if n in known and since <= quarter}
        for number in known:
            proposal = ("stay" if number in before else "enter") if number in qualified else None
            proposal = "leave" if proposal is None and number in before | listed else proposal
            told[quarter, f"test:A{number}"] = (
                met[number], seen[number], tiers.get(number), stage(found[number], day), number in listed, proposal,
            )  # fmt: skip
        before = listed
    # The quarter before the first one kept is only what its proposals follow from.
    return {key: row for key, row in told.items() if key[0] > quarters(as_of)[0][0]}


MEASURES = {row["criterion"] for row in seed("key_account_criteria") if row["kind"] == "computed"}
QUERY = (
    "select quarter, account_id, criteria_met, criteria_known, tier, relationship_stage, is_listed, proposal"
    " from marts.fct_key_account_quarters"
)


def build(home: Path, company: Company, as_of: date, models: list[str]) -> duckdb.DuckDBPyConnection:
    """Builds models as of a day, and opens what is built."""
    rows = {
        name: [{key: value for key, value in row.items() if key != "paid_on"} for row in rows]
        for name, rows in company.rows.items()
    }
    write_raw(home, rows, as_of_date=as_of)
    return duckdb.connect(str(make(home, models)), read_only=True)


@pytest.fixture(scope="module")
def company() -> Company:
    """The rows."""
    return Company()


INTERVALS = (
    "select deal_id, valid_from, valid_to, status, stage, cast(amount as double), currency, cast(probability as double),"
    " expected_close_on, owner_id from marts.fct_deal_intervals where deal_id like 'test:H%' order by all"
)
Told = dict[tuple[date, str], tuple[Any, ...]]
# Of the quarters that ended by the earlier day, whatever is told. Since when an account no longer qualified is told as far
# back as quarters are kept.
PAST = {
    table: f"select {columns} from marts.{table} where quarter < date '2024-07-01'"
    f" and quarter >= date '{quarters(AS_OF)[1][0]}' order by all"
    for table, columns in (("fct_account_quarters", "*"), ("fct_key_account_quarters", "* exclude (qualified_in)"))
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that is built twice."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def then(home: Path, company: Company) -> tuple[Told, dict[str, list[Any]]]:
    """What was told as of the earlier day: the list, and every past quarter in full."""
    with build(home, company, EARLIER, ["fct_key_account_quarters"]) as connection:
        past = {table: connection.execute(query).fetchall() for table, query in PAST.items()}
        return told(connection), past | {"intervals": connection.execute(INTERVALS).fetchall()}


@pytest.fixture(scope="module")
def warehouse(home: Path, company: Company, then: object) -> Iterator[duckdb.DuckDBPyConnection]:
    """The reports as of the later day, in the same home."""
    assert then
    models = ["rpt_key_accounts", "rpt_account_handovers", "rpt_account_ownership", "rpt_key_account_coverage"]
    with build(home, company, AS_OF, models) as connection:
        yield connection


def told(connection: duckdb.DuckDBPyConnection) -> dict[tuple[date, str], tuple[Any, ...]]:
    """What the warehouse says, as `expected` has it."""
    return {(row[0], row[1]): row[2:] for row in connection.execute(QUERY).fetchall()}


def test_the_list_of_every_quarter(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Criteria, tier, stage, list and proposal of each quarter and account; all that can happen happens."""
    wanted = expected(company, AS_OF)
    assert is_tried({row[5] for row in wanted.values()} == {"enter", "stay", "leave", None})
    assert is_tried({row[2] for row in wanted.values()} == {"A", "B", "C", None})
    assert is_tried({row[3] for row in wanted.values()} >= {"tactical", "operational", "functional"})
    assert told(warehouse) == wanted


def test_the_year_before_is_known_once_the_exports_go_back_so_far(
    company: Company, warehouse: duckdb.DuckDBPyConnection
) -> None:
    wanted = {
        (quarter, f"test:A{number}"): evidence(company, number, day)["revenue_before"]
        for quarter, day in quarters(AS_OF)[1:]
        for number in range(len(ACCOUNTS))
        if FIRST + timedelta(days=70 * number) <= day
    }
    rows = warehouse.execute(
        "select quarter, account_id, revenue_previous_12m from reporting.rpt_key_accounts"
    ).fetchall()
    assert {row[:2]: row[2] for row in rows} == wanted
    assert is_tried({value is None for value in wanted.values()} == {True, False})
    assert len(set(wanted.values())) > 10


def test_who_is_kept_drifts(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """N11: who is listed and qualifies no longer, and for how many quarters; of who never did nobody can say."""
    least = len(seed("key_account_criteria")) / 2
    last: dict[str, int] = {}
    wanted: dict[tuple[date, str], int | None] = {}
    kept = [quarter for quarter, _ in quarters(AS_OF)[1:]]
    for (quarter, account), row in sorted(expected(company, AS_OF).items()):
        place = kept.index(quarter)
        if row[0] > least:
            last[account] = place
        elif row[4]:
            wanted[quarter, account] = place - last[account] if account in last else None
    found = warehouse.execute(
        "select quarter, account_id, is_drifting, drift_quarters from reporting.rpt_key_accounts"
    ).fetchall()
    assert {row[:2]: row[3] for row in found if row[2]} == wanted
    assert not [row for row in found if row[3] is not None and not row[2]]
    assert is_tried(set(wanted.values()) == {None, 1, 2, 3, 4})


def test_what_nobody_knew_before_is_told(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """The criteria that are known of some account in a quarter and were of none in the one before."""
    wanted: dict[date, tuple[set[str], int]] = {}
    before: set[str] | None = None
    for quarter, day in quarters(AS_OF):
        known = [number for number in range(len(ACCOUNTS)) if FIRST + timedelta(days=70 * number) <= day]
        found = [evidence(company, number, day) for number in known]
        names = {name for name in MEASURES if any(row.get(name) is not None for row in found)}
        names |= {"revenue_share"} if any(row["revenue"] > 0 for row in found) else set()
        wanted[quarter] = (names - before if before is not None else set(), len(names))
        before = names
    rows = warehouse.execute(
        "select distinct quarter, newly_known_criteria, measures_known from reporting.rpt_key_accounts"
    )
    told = {row[0]: (set((row[1] or "").split(",")) - {""}, row[2]) for row in rows.fetchall()}
    assert told == {quarter: wanted[quarter] for quarter in told}
    assert is_tried(any("revenue_growth" in newly for newly, _ in told.values()))


def test_a_past_quarter_stays_as_it_was(
    company: Company, warehouse: duckdb.DuckDBPyConnection, then: tuple[Told, dict[str, list[Any]]]
) -> None:
    """Quarters that ended by an earlier as-of date are told alike on both days, to the last measure."""
    told_then, rows_then = then
    assert told_then == expected(company, EARLIER)
    for table, query in PAST.items():
        assert rows_then[table]
        assert warehouse.execute(query).fetchall() == rows_then[table]


def test_a_change_of_owner(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """N19 and P18: contacts, missed calls and payment delay in 60 days before and after, by account."""
    first, last = CHANGED - timedelta(days=60), CHANGED + timedelta(days=59)
    wanted = {}
    for number in range(6):
        days: dict[str, tuple[list[Any], list[Any]]] = {name: ([], []) for name in ("talk", "missed", "paid")}

        def put(name: str, day: date | None, value: Any, into: Any = days) -> None:
            if day and first <= day <= last:
                into[name][day >= CHANGED].append(value)

        for row in company.of("crm.activities", number):
            put("talk", on(row["occurred_at"]), row)
        # Calls of one moment are one, and a caller's misses are one case until somebody spoke with him (K1, K4).
        own = [row for row in company.rows["calls.calls"] if row["call_id"].startswith(f"VA{number}-")]
        had = calls.conversations([row | {"_system": "test"} for row in own], AS_OF)
        for one in had:
            put("talk", one.day if one.status == "answered" else None, one)
        for case in calls.cases(had):
            put("missed", case.first.day, case)
        for row in company.of("billing.invoices", number):
            put("paid", row.get("paid_on"), (row.get("paid_on", CHANGED) - row["due_on"]).days)
        late = [sum(part) / len(part) if part else None for part in days["paid"]]
        wanted[f"test:A{number}"] = (
            *(len(part) for part in days["talk"]), *(len(part) for part in days["missed"]), *late,
            *(len(part) for part in days["paid"]),
        )  # fmt: skip
    found = warehouse.execute(
        "select account_id, contacts_before, contacts_after, missed_calls_before, missed_calls_after,"
        " payment_delay_days_before, payment_delay_days_after, payments_before, payments_after"
        " from reporting.rpt_account_handovers"
        f" where changed_on = date '{CHANGED}' and previous_owner_id = 'test:ann' and new_owner_id = 'test:ben'"
    ).fetchall()
    assert {row[0]: row[1:] for row in found} == wanted
    assert is_tried(any(row[4] is not None for row in wanted.values()))
    changes = dict(warehouse.execute(
        "select account_id, owner_changes_12m from reporting.rpt_account_ownership"
    ).fetchall())  # fmt: skip
    assert changes == {f"test:A{number}": int(number < 6) for number in range(len(ACCOUNTS))}


def test_a_stand_in_goes_and_the_owner_stays(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """An account has one owner on any day: of the spans that hold it the one that began last; after all of them its own."""
    found = warehouse.execute(
        "select account_id, employee_id, valid_from, valid_to from marts.dim_account_owners"
    ).fetchall()
    seen = set()
    for number in range(7):
        spans = company.of("crm.account_owners", number)
        last = max(row["ends_on"] or date.max for row in spans)
        for day in sorted({bound for row in spans for at in (row["starts_on"], row["ends_on"] or AS_OF)
                           for bound in (at - timedelta(days=1), at, at + timedelta(days=1))}):  # fmt: skip
            held = [row for row in spans if row["starts_on"] <= day <= (row["ends_on"] or date.max)]
            after = {"test:ben"} if day > last else set()
            right = {f"test:{max(held, key=lambda row: row['starts_on'])['owner_id']}"} if held else after
            assert right == {
                owner for account, owner, since, until in found
                if account == f"test:A{number}" and (since is None or since <= day) and (until is None or day < until)
            }, (number, day)  # fmt: skip
            seen |= right
    assert seen == {"test:ann", "test:ben"}


def test_who_covers(warehouse: duckdb.DuckDBPyConnection) -> None:
    """D11: five covered days, two without a substitute, one of two whose substitute is away; the next one is known."""
    found = warehouse.execute(
        "select absent_days, uncovered_days, next_uncovered_on, is_owner_away from reporting.rpt_account_ownership"
        " where account_id = 'test:A0'"
    ).fetchall()
    assert found == [(9, 3, date(2024, 12, 2), False)]


def test_key_accounts_are_called_every_week(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """K13: of the list that stood at the week's end, the accounts with an answered call in the week.

    A list stands from its quarter's last day: what the quarter that runs would give is a proposal until it ends.
    """
    every = expected(company, AS_OF)
    listed: dict[date, set[str]] = {
        day: {account for (start, account), row in every.items() if start == quarter and row[4]}
        for quarter, day in quarters(AS_OF)[1:]
        if day == back(quarter, -3) - timedelta(days=1)
    }
    monday, wanted = date(2022, 1, 3), {}
    while monday <= AS_OF:
        sunday = min(monday + timedelta(days=6), AS_OF)
        standing = listed.get(max((day for day in listed if day <= sunday), default=AS_OF), set())
        called = {
            f"test:{row['call_id'][1:].split('-')[0]}" for row in company.rows["calls.calls"]
            if row["status"] == "answered" and monday <= (on(row["started_at"]) or AS_OF) <= sunday
        }  # fmt: skip
        if standing:
            wanted[monday] = (len(standing), len(standing & called))
        monday += timedelta(days=7)
    found = warehouse.execute(
        "select week_start, sum(key_accounts), sum(called_accounts) from reporting.rpt_key_account_coverage group by 1"
    ).fetchall()
    assert {row[0]: row[1:] for row in found} == wanted
    assert is_tried(any(called for _, called in wanted.values()))


def test_deals_are_on_each_day_what_the_definition_says(
    company: Company, then: tuple[Told, dict[str, list[Any]]], warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Each day of each deal, in both builds: what a later one tells of a day is what the earlier one told."""
    histories: dict[str, Rows] = {}
    for row in company.rows["crm.deal_stages"]:
        histories.setdefault(row["deal_id"], []).append(row)
    deals = [row for row in company.rows["crm.deals"] if row["deal_id"].startswith("H")]
    for as_of, rows in ((EARLIER, then[1]["intervals"]), (AS_OF, warehouse.execute(INTERVALS).fetchall())):
        days = [FIRST_DEAL + timedelta(days=step) for step in range((as_of - FIRST_DEAL).days + 1)]
        expected: dict[tuple[str, date], State] = {
            (f"test:{deal['deal_id']}", day): state(deal, histories.get(deal["deal_id"], []), day, as_of)
            for deal in deals
            for day in days
        }
        found: dict[tuple[str, date], State] = dict.fromkeys(expected)
        for deal, begins, ends, *told_state in rows:
            for day in days[max((begins - FIRST_DEAL).days, 0) : (ends - FIRST_DEAL).days if ends else None]:
                found[deal, day] = tuple(told_state)
        assert [(key, found[key], told) for key, told in expected.items() if found[key] != told][:3] == []
    # The rows hold what they are there for.
    assert {row[3] for row in rows} == {"open", "won", "lost", None}
    assert any(row[3] == "open" and row[5] is None for row in rows)
    closed_before = {row[0] for row in rows if row[3] in ("won", "lost") and row[2]}
    assert any(row[3] == "open" and row[0] in closed_before and row[1] > FIRST_DEAL for row in rows)
