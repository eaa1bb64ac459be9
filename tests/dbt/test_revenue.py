"""Revenue, retention, cohorts, concentration and customer value against plain Python that follows the definitions.

The company of tests/support/revenue.py is built once; what every account did in every month is worked out there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import duckdb
import pytest

from tests.support.homes import breaks, gates
from tests.support.known import close, known
from tests.support.oracle import days, month_end, month_number, months, ratio
from tests.support.publications import sample
from tests.support.revenue import (
    AS_OF,
    COMPANY,
    MONTHS,
    account_of,
    booked,
    documents,
    expected,
    invoice_days,
    is_quiet,
    measured,
    rate,
    revenue,
    runs,
    trailing,
    year_before,
)
from tests.support.revenue_view import build, of, rows, unknown_in

KINDS = ("new", "expansion", "contraction", "churned", "reactivated")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The company's warehouse, its identities passed, to be written to within transactions."""
    with duckdb.connect(str(build(tmp_path_factory.mktemp("revenue")))) as connection:
        yield connection


def test_every_account_and_month(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = {
        (row["account_id"], row["basis"], row["month"]): row
        for row in rows(warehouse, "select * from marts.fct_account_revenue")
    }
    assert {key for key in found if key[:2] != ("test:A13", "mrr")} <= set(expected())  # it has no price
    seen = set()
    for key, right in expected().items():
        if key not in found:
            assert not any(right.values()), key
            continue
        assert found[key]["missing_rate_count"] == right["missing"], key
        for column, value in right.items():
            if column.endswith("missing"):
                continue
            if column.endswith("movement"):
                assert found[key][column] == value, (key, column)
                seen.add(value)
            else:
                assert close(found[key][column], value), (key, column, found[key][column], value)
        assert found[key]["is_complete"] == (measured(key[2]) == month_end(key[2]))
    assert seen == {*KINDS, "unchanged", None}


@pytest.mark.parametrize("basis", ["mrr", "invoiced"])
def test_retention_of_every_month(basis: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    found = {
        row["month"]: row
        for row in rows(warehouse, "select * from reporting.rpt_revenue_retention where basis = '" + basis + "'")
    }
    first = min(month for _, one, month in expected() if one == basis)
    assert set(found) == set(months(first, AS_OF))
    for month, row in found.items():
        for suffix, opening, closing, kind in (
            ("", "opening_revenue", "closing_revenue", "movement"),
            ("_12m", "year_opening_revenue", "year_closing_revenue", "year_movement"),
        ):
            mine = [right for (_, one, at), right in expected().items() if (one, at) == (basis, month)]
            missing = sum(right["year_missing" if suffix else "missing"] for right in mine)
            assert row[f"missing_rate_count{suffix}"] == missing, month
            sold = sum((right["revenue"] or 0 for right in mine), Fraction(0))
            assert close(row["net_revenue"], known(sold, sum(right["revenue"] is None for right in mine))), month
            began = [right for right in mine if (right[opening] or 0) > 0]
            whole = sum(right[opening] for right in began)
            kept = sum(min(right[opening], right[closing]) for right in began)
            if suffix and month_number(month) - month_number(first) < (12 if basis == "mrr" else 23):
                assert row["nrr_12m"] is row["grr_12m"] is row["logo_churn_12m"] is row["opening_revenue_12m"] is None
                continue
            for name in KINDS:
                moved = sum(abs(right[closing] - right[opening]) for right in mine if right[kind] == name)
                assert close(row[name + suffix], known(Fraction(moved), missing)), f"{month} {name}"
            if missing:
                assert row[f"nrr{suffix}"] is row[f"grr{suffix}"] is row[f"logo_churn{suffix}"] is None
                continue
            assert close(row[f"nrr{suffix}"], ratio(sum(right[closing] for right in began), whole), "1e-6")
            assert close(row[f"grr{suffix}"], ratio(kept, whole), "1e-6")
            assert row[f"grr{suffix}"] is None or row[f"grr{suffix}"] <= 1
            gone = sum(1 for right in began if right[closing] == 0)
            assert close(row[f"logo_churn{suffix}"], ratio(gone, len(began)), "1e-9")
        if row["missing_rate_count"]:
            assert row["net_churn"] is row["quick_ratio"] is None
            continue
        parts = {name: Fraction(row[name] or 0) for name in ("opening_revenue", *KINDS)}
        lost = parts["churned"] + parts["contraction"]
        won = parts["expansion"] + parts["reactivated"]
        assert close(row["net_churn"], ratio(lost - won, parts["opening_revenue"]), "1e-6")
        assert close(row["quick_ratio"], ratio(parts["new"] + parts["expansion"], lost), "1e-6")


def test_single_accounts(warehouse: duckdb.DuckDBPyConnection) -> None:
    swap = of(warehouse, 0, "mrr", "2024-06")
    assert (swap["movement"], swap["opening_revenue"], swap["closing_revenue"]) == ("expansion", 100, 150)
    # 1,000 kronor stay 1,000 kronor: only the rate moves.
    months_of_kronor = [
        row for (account, basis, _), row in expected().items() if (account, basis) == ("test:A1", "mrr")
    ]
    assert {row["movement"] for row in months_of_kronor[1:]} == {"unchanged"}
    assert any(row["currency_effect"] != 0 for row in months_of_kronor[1:])
    assert of(warehouse, 10, "invoiced", "2024-04")["movement"] == "unchanged"
    # 3 × 10 every second week, 1,200 a year and 1 a day: 65 + 100 + 30.4167 a month.
    assert close(of(warehouse, 2, "mrr", "2024-01")["revenue"], Decimal("195.4167"), "0.0002")
    assert of(warehouse, 3, "mrr", "2024-08")["movement"] == "churned"
    # Back after two months of history, and after three.
    assert of(warehouse, 5, "mrr", "2024-03")["movement"] == "new"
    assert of(warehouse, 4, "mrr", "2024-04")["movement"] == "reactivated"
    # A price that one export says otherwise than the one before counts from that export's day on.
    assert (of(warehouse, 12, "mrr", "2024-10")["revenue"], of(warehouse, 12, "mrr", "2024-11")["movement"]) == (
        70,
        "expansion",
    )
    below = of(warehouse, 11, "invoiced", "2024-07")
    assert (below["revenue"], below["closing_revenue"], below["movement"]) == (-450, 0, None)
    # Without a rate nothing is known: neither lost nor won, and counted.
    unknown = of(warehouse, 6, "mrr", "2024-02")
    assert (unknown["movement"], unknown["revenue"], unknown["missing_rate_count"]) == (None, None, 1)
    assert unknown["opening_revenue"] is unknown["currency_effect"] is None
    assert not rows(warehouse, "select * from marts.fct_account_revenue where basis = 'mrr' and account_id = 'test:A9'")
    # A price that is not known is worth nothing and counted.
    blank = of(warehouse, 13, "mrr", "2024-05")
    assert (blank["revenue"], blank["unpriced_count"]) == (None, 1)


def test_sum_of_daily_logo_churn(warehouse: duckdb.DuckDBPyConnection) -> None:
    running: dict[date, set[str]] = {}
    for offset in range((AS_OF - date(2023, 5, 31)).days + 1):
        day = date(2023, 5, 31) + days(offset)
        running[day] = {
            account_of(row["customer_id"])
            for row in COMPANY.rows["billing.subscriptions"]
            if row["unit_price"] and runs(row, day)
        }
    daily: dict[date, Fraction] = defaultdict(Fraction)
    for before, day in pairwise(running):
        if running[before]:
            daily[day.replace(day=1)] += Fraction(len(running[before] - running[day]), len(running[before]))
    found = rows(
        warehouse,
        "select month, opening_accounts, logo_churn, logo_churn_daily from reporting.rpt_revenue_retention where basis = 'mrr'",
    )
    assert any(daily.values())
    for row in found:
        if row["opening_accounts"] in (0, None):  # nothing was running that could be lost
            assert row["logo_churn_daily"] is None
            continue
        assert close(row["logo_churn_daily"], daily[row["month"]], "1e-9"), row
    # Gained and lost within February, of which the period's share is not known for want of a rate.
    [february] = [row for row in found if row["month"] == date(2024, 2, 1)]
    assert february["logo_churn"] is None
    assert daily[date(2024, 2, 1)] > 0


def test_churn_without_contract_and_repeat_purchases(warehouse: duckdb.DuckDBPyConnection) -> None:
    accounts = {account for account, basis, _ in expected() if basis == "invoiced"}
    churned = 0
    for row in rows(warehouse, "select * from reporting.rpt_revenue_retention where basis = 'invoiced'")[1:]:
        month = row["month"]
        mrr = {
            account
            for (account, basis, at), right in expected().items()
            # What is not known is no nought: a subscription without a rate is one.
            if basis == "mrr" and at == month and (right["opening_revenue"] != 0 or right["closing_revenue"] != 0)
        } | {
            account_of(one["customer_id"])
            for one in COMPANY.rows["billing.subscriptions"]
            if one["unit_price"] is None and (runs(one, measured(month)) or runs(one, month - days(1)))
        }
        free = {account for account in accounts - mrr if is_quiet(account, month - days(1)) is False}
        gone = {account for account in free if is_quiet(account, measured(month))}
        assert (row["noncontract_accounts"], row["noncontract_churned"]) == (len(free), len(gone)), month
        churned += len(gone)
        until = measured(month)
        counts = [
            sum(
                1
                for one in documents()
                if one["account"] == account
                and year_before(until) < one["issued_on"] <= until
                and one["document_kind"] == "invoice"
            )
            for account in accounts
        ]
        buying, repeated = sum(1 for count in counts if count), sum(1 for count in counts if count > 1)
        assert close(row["repeat_purchase_ratio"], ratio(repeated, buying), "1e-9"), month
    assert churned > 1


def test_segments_add_up(warehouse: duckdb.DuckDBPyConnection) -> None:
    for row in rows(warehouse, "select * from reporting.rpt_revenue_retention_groups where grouping_kind = 'segment'"):
        segment = {
            f"test:{one['account_id']}"
            for one in COMPANY.rows["crm.accounts"]
            if one["segment"] == row["grouping_value"]
        }
        mine = [
            right for (account, basis, month), right in expected().items()
            if account in segment and (basis, month) == (row["basis"], row["month"])
        ]  # fmt: skip
        missing = sum(right["missing"] for right in mine)
        assert row["missing_rate_count"] == missing
        assert row["missing_rate_count_12m"] == sum(right["year_missing"] for right in mine)
        opening = sum((right["opening_revenue"] or 0 for right in mine), Fraction(0))
        assert close(row["opening_revenue"], known(opening, missing or row["unpriced_count"]))
        if missing:
            assert row["nrr"] is None
            continue
        ended = sum(right["closing_revenue"] for right in mine if (right["opening_revenue"] or 0) > 0)
        assert close(row["nrr"], ratio(ended, opening), "1e-6")


def test_cohorts(warehouse: duckdb.DuckDBPyConnection) -> None:
    firsts: dict[str, date] = {}
    for row in sorted(documents(), key=lambda one: one["issued_on"]):
        firsts.setdefault(row["account"], row["month"])
    complete = [month for month in MONTHS if month_end(month) <= AS_OF]
    found = {
        (row["cohort_month"], row["month_number"]): row
        for row in rows(warehouse, "select * from reporting.rpt_cohorts")
    }
    there = {(cohort, month) for cohort in firsts.values() for month in complete if month >= cohort}
    assert set(found) == {(cohort, month_number(month) - month_number(cohort)) for cohort, month in there}
    for (cohort, _), row in found.items():
        members = [account for account, month in firsts.items() if month == cohort]
        now = [revenue(account, "invoiced", row["month"]) for account in members]
        first = sum(revenue(account, "invoiced", cohort) for account in members)
        missing = sum(unknown_in(account, row["month"]) for account in members)
        bought = Fraction(sum(1 for one in now if one > 0))
        assert close(row["revenue"], known(sum(now, Fraction(0)), missing))
        is_told = not missing and len(members) > 1
        is_whole = first > 0 and is_told and not any(unknown_in(account, cohort) for account in members)
        # What a cohort of one keeps is one customer's.
        assert close(row["account_retention"], ratio(bought, len(members)) if is_told else None, "1e-6")
        assert close(row["retention"], ratio(sum(now), first) if is_whole else None, "1e-6")
        assert (row["cohort_accounts"], row["accounts"]) == (len(members), known(bought, missing))
    assert {row["cohort_accounts"] for row in found.values() if row["retention"] is not None} == {2, 8}


def test_concentration(warehouse: duckdb.DuckDBPyConnection) -> None:
    accounts = {account for account, basis, _ in expected() if basis == "invoiced"}
    for row in rows(warehouse, "select * from reporting.rpt_concentration"):
        place = MONTHS.index(row["month"])
        nets = [trailing(account, measured(row["month"])) for account in accounts]
        kept = sorted((net for net in nets if net > 0), reverse=True)
        assert close(row["revenue"], sum(kept))
        assert close(row["negative_revenue"], -sum(net for net in nets if net < 0))
        shares = [net / sum(kept) for net in kept]
        assert row["clients"] == len(kept)
        assert row["window_months"] == min(place + 1, 12)
        if row["missing_rate_count"]:
            assert row["hhi"] is row["top1_share"] is row["clients_for_80_percent"] is None
            continue
        assert close(row["hhi"], sum(share**2 for share in shares), "1e-6")
        for top in (1, 5, 10):
            assert close(row[f"top{top}_share"], sum(shares[:top]), "1e-6")
        least = next(count for count in range(1, len(kept) + 1) if sum(kept[:count]) >= Fraction(4, 5) * sum(kept))
        assert row["clients_for_80_percent"] == least
    assert any(row["negative_revenue"] > 0 for row in rows(warehouse, "select * from reporting.rpt_concentration"))


def test_customer_value_so_far(warehouse: duckdb.DuckDBPyConnection) -> None:
    applied, back = booked(("applied",)), booked(("chargeback",))
    refunds, written_off = booked(("refund",)), booked(("write_off",))
    assert all(any(found.values()) for found in (back, refunds, written_off))
    costs: dict[str, int] = defaultdict(int)
    for row in COMPANY.rows["plan.costs"]:
        costs[f"test:{row['account_id']}"] += row["amount"]
    for row in rows(warehouse, "select * from reporting.rpt_account_value"):
        account = row["account_id"]
        cash = applied[account] - back[account]
        assert close(row["cash_applied"], cash), account
        value = cash - refunds[account] - written_off[account] - costs.get(account, 0)
        assert close(row["clv_historic"], value), account
        # All invoices carry 25 % on top of their net: a fifth of the cash is tax.
        assert close(row["tax_in_cash"], (cash - refunds[account]) / 5, "0.02"), account
        assert (row["is_revenue_based"], row["direct_cost"]) == (account not in costs, costs.get(account))
        assert close(row["write_offs"], written_off[account]), account


def test_predicted_value(warehouse: duckdb.DuckDBPyConnection) -> None:
    last = next(month for month in reversed(MONTHS) if month_end(month) <= AS_OF)
    window = [month for month in MONTHS if month_number(last) - 24 < month_number(month) <= month_number(last)]
    bought = {account for account, basis, _ in expected() if basis == "invoiced"}
    at_risk = [(a, month) for a in bought for month in window if is_quiet(a, month - days(1)) is False]
    lost = [
        (a, month)
        for a, month in at_risk
        if is_quiet(a, month_end(month)) and not any(day > month_end(month) for day in invoice_days(a))
    ]
    assert lost
    churn = max(Fraction(len(lost), len(at_risk)), Fraction("0.005"))
    discount = 1.1 ** (1 / 12) - 1
    for row in rows(warehouse, "select * from reporting.rpt_account_value where account_id <> 'test:A4'"):
        account = row["account_id"]
        if account not in bought:
            assert row["clv_predicted"] is None
            continue
        # Neither segment has 120 account months with a loss but Mixed, which has all losses there are.
        if row["churn_basis"] == "company":
            assert close(row["monthly_churn"], churn, "1e-9")
        year = [month for month in MONTHS if month_number(last) - 12 < month_number(month) <= month_number(last)]
        cost = sum(
            one["amount"]
            for one in COMPANY.rows["plan.costs"]
            if f"test:{one['account_id']}" == account and one["month"] in year
        )
        margin = (sum(revenue(account, "invoiced", month) for month in year) - cost) / 12
        assert close(row["margin_per_month"], margin), account
        stays = float(margin) / (row["monthly_churn"] + discount)
        # Who is quiet has left and brings nothing until it comes back.
        assert float(row["clv_predicted"]) == pytest.approx(0 if is_quiet(account, AS_OF) else stays, abs=0.1)
        assert row["clv_low"] <= row["clv_predicted"] <= row["clv_high"]
    bases = {row["segment"]: row["churn_basis"] for row in rows(warehouse, "select * from reporting.rpt_account_value")}
    assert bases == {"Mixed": "segment", "Steady": "company"}


def test_recency_frequency_and_money(warehouse: duckdb.DuckDBPyConnection) -> None:
    paid: dict[str, list[tuple[date, Fraction]]] = defaultdict(list)
    unrated: set[str] = set()
    for row in COMPANY.rows["billing.payments"]:
        if row["received_on"] <= AS_OF:
            known_rate = rate(row["currency"], row["received_on"])
            unrated |= {account_of(row["customer_id"])} if known_rate is None else set()
            amount = Fraction(row["amount"]) * (known_rate or 0)
            paid[account_of(row["customer_id"])].append((row["received_on"], amount))
    back = booked(("refund", "chargeback"))
    measures = {
        "recency_score": {account: max(day for day, _ in got) for account, got in paid.items()},
        "frequency_score": {account: len(got) for account, got in paid.items()},
        "monetary_score": {
            account: round(sum(amount for _, amount in got) - back[account], 2)
            for account, got in paid.items()
            if account not in unrated
        },
    }
    assert unrated
    for row in rows(warehouse, "select * from reporting.rpt_account_value"):
        for score, values in measures.items():
            if row["account_id"] not in values:
                assert row[score] is None
                continue
            if score == "monetary_score":
                assert close(row["paid_amount"], values[row["account_id"]], "0.011"), row  # type: ignore[arg-type]
            behind = sum(1 for value in values.values() if value < values[row["account_id"]])  # type: ignore[operator]
            assert row[score] == 5 * behind // len(values) + 1, (row["account_id"], score)


def test_months_of_accounts(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = {
        (row["account_id"], row["month"]): row for row in rows(warehouse, "select * from reporting.rpt_account_monthly")
    }
    june, july = (found["test:A2", date(2024, month, 1)] for month in (6, 7))
    assert close(june["net_revenue"], revenue("test:A2", "invoiced", date(2024, 6, 1)))
    assert close(june["budget_variance_ratio"], (Fraction(june["net_revenue"]) - 1_000) / 1_000, "1e-9")
    assert (july["budget"], july["budget_variance_ratio"]) == (0, None)
    # Ten at 50 sold for 400; the credit note takes back four at 50 that had sold for 210.
    assert close(found["test:A11", date(2024, 5, 1)]["effective_discount"], Fraction(1, 5), "1e-9")
    credited = next(
        row for row in documents() if row["document_kind"] == "credit_note" and row["account"] == "test:A11"
    )
    assert close(found["test:A11", credited["month"]]["effective_discount"], Fraction(-1, 20), "1e-9")
    for account, cost in (("test:A0", 40), ("test:A12", 120), ("test:A7", None)):
        to_date = spent = Fraction(0)
        for month in MONTHS:
            if (account, month) not in found:
                continue
            row = found[account, month]
            to_date += revenue(account, "invoiced", month)
            assert close(row["revenue_to_date"], to_date)
            if cost is None or month < date(2024, 1, 1):
                assert row["cost_to_date"] is row["revenue_to_cost"] is None
                continue
            spent += cost
            assert row["cost_to_date"] == spent
            assert close(row["revenue_to_cost"], to_date / spent, "1e-6")
            assert row["is_cost_from_first_deal"] is False  # costs are known from 2024, revenue from 2023


@pytest.mark.parametrize(
    "change",
    [
        "update marts.fct_account_revenue set revenue = revenue + 0.01 where basis = 'invoiced' and revenue > 0",
        "delete from marts.fct_account_revenue where basis = 'mrr' and month = date '2025-09-01'",
        "update reporting.rpt_revenue_retention set expansion = expansion + 0.01 where expansion > 0",
        "update reporting.rpt_revenue_retention set currency_effect = 0",
        "update reporting.rpt_revenue_retention set net_revenue = net_revenue + 1 where basis = 'invoiced'",
        "update reporting.rpt_revenue_retention set churned_accounts = churned_accounts + 1",
        "delete from reporting.rpt_revenue_retention_groups where grouping_value = 'Steady'",
        "update reporting.rpt_cohorts set revenue = revenue + 0.01 where month_number = 3",
        "update reporting.rpt_concentration set revenue = revenue + 0.01",
        "update marts.fct_account_values set revenue_12m = 0 where revenue_rank = 1",
    ],
)
def test_the_identity_fails_when_it_is_broken(
    change: str, tmp_path_factory: pytest.TempPathFactory, warehouse: duckdb.DuckDBPyConnection
) -> None:
    sql = gates(sample(tmp_path_factory).parents[3])["assert_revenue_adds_up"]
    assert breaks(warehouse, sql, change)
