"""Figures of reports and who computes them again: table, key, columns; and where a publication's differ."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.verification.rows import Raw
from tests.support.books import Company, Rows, differences
from tests.support.chance import is_tried
from tests.support.claims import Claims
from tests.support.raw_rows import files_of
from tests.support.standing import Standing

# Name of the method of `tests.support.standing.Standing` -> table, key, columns. Of `PART` the method tells also of what the report
# leaves out, of `SUMS` what the report's rows come to.
PART, SUMS = {"effort", "silence", "represented", "used_and_sent"}, {"timeline"}
# Random companies date and name their documents at random: of the sample alone.
SAMPLE_ONLY = {"timeline"}
FIGURES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "monthly": ("rpt_account_monthly", ("account_id", "month"), ("two_way_contacts", "inbound_calls", "outbound_calls", "missing_amount_count")),
    "effort": (
        "rpt_effort", ("employee_id", "account_id"),
        ("efforts", "assumed_efforts", "two_way_contacts", "effort_minutes"),
    ),
    "silence": ("rpt_silent_accounts", ("account_id",), ("cadence_days", "own_gap_days")),
    "service": (
        "rpt_tier_service", ("month", "service_class"),
        ("callback_minutes_median", "case_days_median", "case_business_minutes_median", "missed_cases", "called_back",
         "cases_opened", "cases_closed", "cases_reopened", "cases_escalated"),
    ),
    "cases_served": (
        "rpt_claims", ("case_id",),
        ("target_days", "age_days", "resolve_days", "business_minutes", "reopened_count", "work_rank", "is_late", "is_within"),
    ),
    "stages_passed": (
        "rpt_stage_conversion", ("pipeline", "stage"),
        ("deals", "reentered", "skipped", "still_there", "went_further", "conversion", "days_median", "days_p90"),
    ),
    "campaigns": (
        "rpt_campaign_reach", ("campaign_id", "kind", "channel"),
        ("members", "accounts", "active_accounts", "coverage", "opened", "open_rate", "responded", "response_rate", "attended",
         "attendance_rate", "revenue_change", "stayed_share", "other_revenue_change", "other_stayed_share"),
    ),
    "claims_before_churn": (
        "rpt_health_departures", ("account_id", "left_on"),
        ("claims_before", "open_claims", "stayed_accounts", "stayed_claims", "stayed_with_claims"),
    ),
    "talks_of_people": (
        "rpt_team_scorecard", ("employee_id", "month"),
        ("weekly_contact_accounts", "connected_share", "planned_activities", "planned_done_ratio", "logged_calls", "call_outcome_ratio",
         "decision_maker_talk_share", "emails_received", "email_reply_minutes_median", "meetings_held", "meetings_recorded_ratio",
         "meetings_next_step_ratio", "meetings_made", "meetings_by_call", "birthdays", "birthdays_reached_ratio"),
    ),
    "planned_money": (
        "rpt_team_scorecard", ("employee_id", "month"), ("profit", "profit_target", "representation_cost", "representation_budget", "bonus"),
    ),
    "contact_days": (
        "rpt_account_monthly", ("account_id", "month"), ("contact_days", "call_contacts", "email_contacts", "meeting_contacts"),
    ),
    "used_and_sent": ("rpt_account_monthly", ("account_id", "month"), ("referrals", "product_uses")),
    "represented": ("rpt_account_monthly", ("account_id", "month"), ("representation_cost",)),
    "deal_kinds": (
        "rpt_sales_monthly", ("month", "employee_id"),
        ("referred", "referral_rate", "referred_won", "from_exhibitions", "tenders", "tender_win_rate", "lost_to_competitor", "lost_to_competitor_amount"),
    ),
    "leads_screened": (
        "rpt_leads", ("lead_id",), ("score", "scored_leads", "efforts", "assumed_efforts", "effort_minutes"),
    ),
    "commitments_kept": (
        "rpt_commitments", ("commitment_id",),
        ("days_late", "buffer_days", "buffer_days_used", "is_in_time", "is_on_time_in_full", "is_over_budget"),
    ),
    "stock_outs_told": ("rpt_stock_outs", ("stock_out_id",), ("days_to_tell", "days_to_request", "is_requested_in_time")),
    "cards": (
        "rpt_accounts", ("account_id",),
        ("card_lag_days", "card_entries", "timed_entries", "open_cases", "oldest_case_days"),
    ),
    "terms": ("rpt_accounts", ("account_id",), ("credit_limit", "payment_terms_days")),
    "scorecards": (
        "rpt_team_scorecard", ("employee_id", "month"),
        ("two_way_contact_accounts", "card_timeliness", "card_entries", "new_contracts", "direct_reports",
         "lost_accounts", "quota", "misses_in_a_row", "revenue_year_before"),
    ),
    "loads": (
        "rpt_team_scorecard", ("employee_id", "month"), ("response_minutes_median", "dso_days", "promises_due", "promises_kept_ratio"),
    ),
    "load_quality": (
        "rpt_load_quality", ("measure", "load_band"),
        ("employees", "employee_months", "endless_months", "accounts_average", "value", "low", "high", "correlation", "correlation_low",
         "correlation_high"),
    ),
    "effort_outcome": (
        "rpt_effort_outcome", ("outcome", "lag_weeks"), ("employees", "employee_weeks", "calls", "slope", "low", "high"),
    ),
    "forecast_error": (
        "rpt_forecast_error", ("weeks_ahead", "employee_id", "category"),
        ("forecast", "outcome", "forecast_deals", "record_deals", "won_deals", "missing_amount_count", "missing_rate_count", "origins", "error_ratio",
         "absolute_error_ratio"),
    ),
    "bought_lately": ("rpt_whitespace", ("account_id", "product_id"), ("segment_spenders",)),
    "findings": ("rpt_findings", ("page", "finding_source", "touches", "finding"), ("findings",)),
    "open_invoices": ("rpt_open_invoices", ("invoice_id", "due_on"), ("missing_rate_count",)),
    "missed_calls": ("rpt_missed_calls", ("case_id",), ("missing_rate_count",)),
    "roll_rates": ("rpt_roll_rates", ("as_of_date", "segment", "bucket"), ("missing_rate_count",)),
    "dunning": (
        "rpt_dunning_effect", ("step", "channel", "window_days"),
        ("steps", "steps_left_out", "missing_rate_count", "open_at_step", "cash_after", "effective_steps"),
    ),
    "contact_effect": (
        "rpt_contact_effect", ("channel", "age_band"),
        ("invoices_after", "invoices_without", "invoices_left_out", "days_after", "days_without", "payments_after",
         "payments_without", "compared_share", "payments_per_100_days_after", "payments_per_100_days_without", "hazard_ratio",
         "low", "high"),
    ),
    "calls_and_payment": (
        "rpt_calls_and_payment", ("invoice_id",),
        ("connected_calls_after_due", "minutes_after_due", "cash_after_due", "cash_after_calls", "days_last_call_to_cash",
         "dunning_level"),
    ),
    "waiting": ("rpt_collection_worklist", ("account_id",), ("waiting_missed_calls",)),
    "callers": ("rpt_accounts", ("account_id",), ("waiting_missed_calls",)),
    "forecast": ("rpt_cash_forecast", ("week_start", "account_id", "currency"), ("low", "high", "promised_amount")),
    "forecast_weeks": ("rpt_cash_forecast_weeks", ("week_start", "currency"), ("low", "high", "promised_amount")),
    "backtest": (
        "rpt_forecast_backtest", ("origin", "method"),
        ("invoices_still_open", "weeks", "missing_rate_count", "paid_amount"),
    ),
    "renewals": ("rpt_renewals", ("term_id",), ("revenue_at_renewal", "monthly_amount", "missing_rate_count")),
    "renewal_rates": (
        "rpt_renewal_rates", ("quarter", "term_kind"), ("renewed_revenue", "lapsed_revenue", "missing_rate_count"),
    ),
    "acquisition": ("rpt_acquisition", ("month",), ("cost_per_served_account", "missing_rate_count")),
    "handovers": ("rpt_account_handovers", ("account_id", "changed_on"), ("days_without_owner",)),
    "ownership": ("rpt_account_ownership", ("account_id",), ("owner_changes", "open_deal_people")),
    "coverage": ("rpt_key_account_coverage", ("week_start", "employee_id"), ("contacted_accounts",)),
    "key_accounts": (
        "rpt_key_accounts", ("quarter", "account_id"),
        ("revenue_previous_12m", "company_revenue_12m", "two_way_contacts_12m"),
    ),
    "concentration": ("rpt_concentration", ("month",), ("key_accounts",)),
    "departures": ("rpt_health_departures", ("account_id", "left_on"), ("revenue_12m",)),
    "late_alarms": ("rpt_health_backtest", ("method", "threshold"), ("flagged_late", "account_weeks")),
    "timeline": ("rpt_account_timeline", ("account_id", "event_type", "currency"), ("amount",)),
}  # fmt: skip


def claims_of(raw: Path, publication: duckdb.DuckDBPyConnection) -> Claims:
    """The company of a raw store; its rows tell which files there are where it has no receipts."""
    publication.execute("set timezone = 'UTC'")
    given = Raw.of(raw, publication)
    rows = given if given.files else Raw(raw, given.run, given.parameters, files_of(raw))
    return Standing(Company(rows, publication), publication)


def held(claims: Claims, name: str) -> tuple[list[str], Rows]:
    """The cells of a figure that differ, and what they should be."""
    table, key, columns = FIGURES[name]
    kept = {}
    if name == "roll_rates":
        kept[name] = f"as_of_date in ({', '.join(repr(str(day)) for day in claims.company.days)})"
    shown = [f"sum({column})" for column in columns] if name in SUMS else columns
    query = f"select {', '.join([*key, *shown])} from reporting.{table} where {kept.get(name, 'true')}"
    query += " group by all" if name in SUMS else ""
    found: Rows = {
        row[: len(key)]: dict(zip(columns, row[len(key) :], strict=True))
        for row in claims.publication.execute(query).fetchall()
    }
    expected: Rows = getattr(claims, name)()
    if name in PART:
        expected = {place: row for place, row in expected.items() if place in found}
    return [f"{table} {line}" for line in differences(found, expected)], expected


def moves(expected: Rows, column: str) -> bool:
    """Whether a column takes several values: else nothing is tried."""
    return is_tried(len({row.get(column, 0) for row in expected.values()}) > 1)
