"""The sample's publication against its books in plain Python: balances of every month, cards, what is late, deals won."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.books import Company, Rows, differences
from tests.support.publications import sample

# A quantity that its row makes of others: what it must be, in terms of them. Days are spans between two of its dates.
MADE = {
    ("rpt_account_documents", "days_unsigned"): "case when signed_on is null then as_of_date - sent_on end",
    ("rpt_account_handovers", "days_to_first_contact"): "first_contact_on - changed_on",
    ("rpt_account_handovers", "payment_delay_change"): "payment_delay_days_after - payment_delay_days_before",
    ("rpt_account_health", "days_since_contact"): "as_of_date - last_contact_on",
    ("rpt_account_health", "days_since_invoice"): "as_of_date - last_invoice_on",
    ("rpt_account_monthly", "budget_variance"): "case when is_complete then net_revenue - budget end",
    ("rpt_account_people", "days_to_birthday"): "next_birthday_on - as_of_date",
    ("rpt_account_people", "days_silent"): "as_of_date - last_two_way_on",
    ("rpt_account_value", "clv_historic_net_of_tax"): "clv_historic - tax_in_cash",
    ("rpt_account_value", "days_since_payment"): "as_of_date - last_payment_on",
    ("rpt_accounts", "days_since_contact"): "as_of_date - last_contact_on",
    ("rpt_acquisition", "cost_per_new_account"): "acquisition_cost / nullif(new_accounts, 0)",
    ("rpt_cash_expectations", "days_overdue"): "as_of_date - due_on",
    (
        "rpt_calls_and_payment",
        "cash_per_minute",
    ): "case when last_cash_on is not null then cash_after_calls end / (select nullif(sum(talk_seconds), 0) / 60 from marts.fct_calls "
    "where started_on between first_call_on and last_call_on and status = 'answered' and account_id = rpt_calls_and_payment.account_id)",
    (
        "rpt_contact_effect",
        "window_days",
    ): "(select value from parameters.parameters where parameter = 'dunning_window_middle')",
    ("rpt_effort", "effort_hours"): "round(effort_minutes / 60.0, 4)",
    ("rpt_key_accounts", "criteria_unknown"): "criteria_total - criteria_known",
    ("rpt_key_accounts", "counted_revenue_12m"): "greatest(revenue_12m, 0)",
    ("rpt_renewal_rates", "undecided"): "ended - renewed - lapsed",
    ("rpt_renewals", "days_to_end"): "ends_on - as_of_date",
    ("rpt_renewals", "days_since_contact"): "as_of_date - last_contact_on",
    ("rpt_silent_accounts", "days_since_contact"): "as_of_date - last_contact_on",
    ("rpt_silent_accounts", "days_to_renewal"): "next_renewal_on - as_of_date",
}
# The same of all rows of a kind.
MADE |= {
    ("rpt_account_ownership", "owner_tenure_days"): "(select as_of_date from reporting.rpt_run) - owner_since",
    ("rpt_account_ownership", "owner_other_accounts"): "case when owner_id is not null then count(*) filter "
    "(where status = 'active') over (partition by owner_id) - case when status = 'active' then 1 else 0 end end",
    ("rpt_forecast_backtest", "overall_invoices"): "sum(invoices) over (partition by method)",
    ("rpt_forecast_backtest", "overall_error_days"): "sum(mean_absolute_error_days * invoices) over (partition by method) "
    "/ sum(invoices) over (partition by method)",
    ("rpt_health_backtest", "alarms"): "alarms_before + alarms_late + alarms_false + alarms_open",
    ("rpt_health_backtest", "accounts"): "(select count(distinct account_id) from reporting.rpt_account_health where score is not null)",
    ("rpt_account_handovers", "days_after_seen"): "least(window_days, (select as_of_date from reporting.rpt_run) - changed_on + 1)",
    ("rpt_tier_service", "callback_target"): "(select callback_minutes from parameters.service_targets as targets "
    "where targets.service_class = rpt_tier_service.service_class)",
    ("rpt_tier_service", "case_target"): "(select case_days from parameters.service_targets as targets "
    "where targets.service_class = rpt_tier_service.service_class)",
    ("rpt_key_accounts", "criteria_total"): "(select count(*) from parameters.key_account_criteria)",
    # More than a share of all.
    ("rpt_key_accounts", "criteria_needed"): "1 + floor(criteria_total * (select value from parameters.parameters "
    "where parameter = 'key_criteria_share'))",
}  # fmt: skip
MADE |= {
    ("rpt_health_departures", f"{alarm}_lead_days"): f"case when {alarm}_flagged_on < left_on then least(left_on - "
    f"{alarm}_flagged_on, (select max(horizon_days) from reporting.rpt_health_backtest)) end"
    for alarm in ("silence", "overdue")
}  # fmt: skip
# What a run was asked to count with.
ASKED = {
    ("rpt_account_handovers", "window_days"): "handover_window_days",
    ("rpt_health_backtest", "horizon_days"): "health_horizon_days",
}
# What rows carry of the account that they name: the card says it too.
CARRIED = {
    ("rpt_missed_calls", "overdue_amount"): "account_id is not null",
    ("rpt_renewals", "days_since_contact"): "true", ("rpt_renewals", "open_amount"): "true",
    ("rpt_renewals", "overdue_amount"): "true", ("rpt_renewals", "revenue_12m"): "ends_on >= as_of_date",
    ("rpt_effort", "revenue_12m"): "account_id is not null",
}  # fmt: skip
# Parts that come to a whole: by what both are grouped, and where the whole stands.
SUMMED = {
    ("rpt_renewal_rates", "ended"): (
        "select quarter, term_kind, ended from reporting.rpt_renewal_rates",
        "select cast(date_trunc('quarter', ends_on) as date), term_kind, count(*) from reporting.rpt_renewals "
        "where ends_on is not null group by all",
    ),
    ("rpt_renewal_rates", "renewed"): (
        "select quarter, term_kind, renewed from reporting.rpt_renewal_rates",
        "select cast(date_trunc('quarter', ends_on) as date), term_kind, count(*) filter (where is_renewed) "
        "from reporting.rpt_renewals where ends_on is not null group by all",
    ),
    ("rpt_renewal_rates", "lapsed"): (
        "select quarter, term_kind, lapsed from reporting.rpt_renewal_rates",
        "select cast(date_trunc('quarter', ends_on) as date), term_kind, count(*) filter (where state = 'lapsed') "
        "from reporting.rpt_renewals where ends_on is not null group by all",
    ),
    ("rpt_team_scorecard", "two_way_contacts"): (
        "select month, sum(two_way_contacts) from reporting.rpt_team_scorecard group by all",
        "select month, sum(two_way_contacts) from reporting.rpt_account_monthly group by all",
    ),
    ("rpt_account_value_groups", "revenue_based_accounts"): (
        "select grouping_value, revenue_based_accounts from reporting.rpt_account_value_groups where grouping_kind = 'segment'",
        "select coalesce(segment, 'not_known'), count(*) filter (where is_revenue_based and revenue_12m <> 0) from reporting.rpt_account_value "
        "group by all",
    ),
    ("rpt_account_identities", "proposals"): (
        "select system, kind, native_id, proposals from reporting.rpt_account_identities",
        "select system, kind, native_id, count(*) from reporting.rpt_match_proposals where kind <> 'phone' group by all",
    ),
    ("rpt_match_coverage", "missing_rate_count"): (
        "select measure, missing_rate_count from reporting.rpt_match_coverage where source = 'ALL'",
        "select measure, sum(missing_rate_count) from reporting.rpt_match_coverage where source <> 'ALL' group by all",
    ),
    ("rpt_cash_forecast_weeks", "promised_amount"): (
        "select week_start, sum(promised_amount) from reporting.rpt_cash_forecast_weeks group by all",
        "select week_start, sum(promised_amount) from reporting.rpt_cash_forecast group by all",
    ),
    ("rpt_team_scorecard", "open_amount"): (
        "select month, sum(open_amount) from reporting.rpt_team_scorecard group by all",
        "select month, sum(open_amount_end) from reporting.rpt_account_monthly group by all",
    ),
    **{
        ("rpt_team_scorecard", column): (
            f"select employee_id, month, {column} from reporting.rpt_team_scorecard where {column} <> 0",
            f"select employee_id, month, sum(amount) as paid from reporting.rpt_commission where {which} group by all "
            "having paid <> 0",
        )
        for column, which in (
            ("commission_accrued", "ledger = 'accrued'"),
            ("commission_payable", "ledger <> 'accrued'"),
        )
    },
    ("rpt_key_accounts", "list_size"): (
        "select distinct quarter, list_size from reporting.rpt_key_accounts",
        "select quarter, count(*) filter (where is_listed) from reporting.rpt_key_accounts group by all",
    ),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, Company]]:
    """The sample's publication, and its company."""
    file: Path = sample(tmp_path_factory)
    with duckdb.connect(str(file), read_only=True) as connection:
        yield connection, Company(file.parents[2] / "raw", connection)


def read(warehouse: Any, table: str, key: tuple[str, ...], columns: tuple[str, ...], where: str = "true") -> Rows:
    """Columns of a table by its key."""
    rows = warehouse.execute(f"select {', '.join(key + columns)} from reporting.{table} where {where}").fetchall()
    return {row[: len(key)]: dict(zip(columns, row[len(key) :], strict=True)) for row in rows}


def holds(found: Rows, expected: Rows, *, unmoved: tuple[str, ...] = ()) -> None:
    """They agree, and every column but these takes several values."""
    for column in next(iter(found.values())):
        assert column in unmoved or len({row.get(column, 0) for row in expected.values()}) > 1, (
            f"nothing tries {column}"
        )
    wrong = differences(found, expected)
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])


def test_balances_of_every_month(published: tuple[duckdb.DuckDBPyConnection, Company]) -> None:
    warehouse, company = published
    found = read(
        warehouse, "rpt_receivable_aging", ("as_of_date", "account_id", "currency"),
        ("disputed_amount", "open_amount_base", "overdue_amount_base", "unapplied_amount_base"),
        f"as_of_date in ({', '.join(repr(str(day)) for day in company.days)})",
    )  # fmt: skip
    holds(found, company.aging())


def test_months_of_accounts(published: tuple[duckdb.DuckDBPyConnection, Company]) -> None:
    warehouse, company = published
    columns = ("open_amount_end", "overdue_amount_end", "collected", "won_deals", "won_amount", "missing_amount_count")
    found = read(warehouse, "rpt_account_monthly", ("account_id", "month"), columns)
    holds(found, company.monthly(), unmoved=("missing_amount_count",))


def test_what_is_late(published: tuple[duckdb.DuckDBPyConnection, Company]) -> None:
    warehouse, company = published
    columns = ("overdue_invoices", "oldest_days_overdue", "collectible_amount", "disputed_amount")
    found, right = read(warehouse, "rpt_collection_worklist", ("account_id",), columns), company.worklist()
    holds(found, right)
    # To the last digit: it is decided what is rounded.
    assert {key: row["collectible_amount"] for key, row in found.items()} == {
        key: row["collectible_amount"] for key, row in right.items()
    }


def test_cards(published: tuple[duckdb.DuckDBPyConnection, Company]) -> None:
    warehouse, company = published
    columns = ("unapplied_amount", "last_invoice_amount", "open_tasks", "overdue_tasks")
    holds(read(warehouse, "rpt_accounts", ("account_id",), columns), company.cards())


def test_documents_and_deals(published: tuple[duckdb.DuckDBPyConnection, Company]) -> None:
    warehouse, company = published
    found = read(warehouse, "rpt_account_documents", ("document_id",), ("amount", "payment_terms_days"))
    right = company.documents()
    holds(found, {key: right[key] for key in found})
    found = read(warehouse, "rpt_documents", ("deal_id",), ("won_amount",))
    right = company.deals()
    holds(found, {key: right[key] for key in found})
    found = read(warehouse, "rpt_open_invoices", ("invoice_id", "due_on"), ("instalment_amount",))
    right = company.items()
    holds(found, {key: right[key] for key in found})


def test_what_customers_cost(published: tuple[duckdb.DuckDBPyConnection, Company]) -> None:
    warehouse, company = published
    found = read(warehouse, "rpt_acquisition", ("month",), ("acquisition_cost", "serving_cost", "new_accounts"))
    right = company.acquisition()
    holds(found, {key: right[key] for key in found})


@pytest.mark.parametrize("place", MADE, ids=".".join)
def test_what_a_row_makes_of_others(
    published: tuple[duckdb.DuckDBPyConnection, Company], place: tuple[str, str]
) -> None:
    table, column = place
    differs = f"({column} is null) <> (made is null) or abs({column} - made) > 1e-6"
    [[told, apart]] = published[0].execute(
        f"select count({column}), count(*) filter (where {differs}) "
        f"from (select {column}, {MADE[place]} as made from reporting.{table})"
    ).fetchall()  # fmt: skip
    assert (told > 0, apart) == (True, 0)


@pytest.mark.parametrize("place", CARRIED, ids=".".join)
def test_what_a_row_says_of_its_account(
    published: tuple[duckdb.DuckDBPyConnection, Company], place: tuple[str, str]
) -> None:
    table, column = place
    [[told, apart]] = published[0].execute(
        f"select count(own.{column}), count(*) filter (where own.{column} is distinct from cards.{column}) "
        f"from (select * from reporting.{table} where {CARRIED[place]}) as own "
        "inner join reporting.rpt_accounts as cards using (account_id)"
    ).fetchall()  # fmt: skip
    assert (told > 0, apart) == (True, 0)


@pytest.mark.parametrize("place", SUMMED, ids=".".join)
def test_parts_come_to_a_whole(published: tuple[duckdb.DuckDBPyConnection, Company], place: tuple[str, str]) -> None:
    whole, parts = (sorted(published[0].execute(query).fetchall(), key=str) for query in SUMMED[place])
    assert whole
    assert [row for row in whole if row[-1]] == [row for row in parts if row[-1]]


@pytest.mark.parametrize("place", ASKED, ids=".".join)
def test_what_a_run_was_asked_to_count_with(
    published: tuple[duckdb.DuckDBPyConnection, Company], place: tuple[str, str]
) -> None:
    warehouse, company = published
    found = warehouse.execute(f"select distinct {place[1]} from reporting.{place[0]}").fetchall()
    assert found == [(company.parameter(ASKED[place]),)]
