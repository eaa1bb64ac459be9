"""What the pages read of the schema `reporting`: the tables and columns of the data contract, and their types.

A table or a column that a publication lacks reads as empty or as NULL, and the page says which it is. `EXTRA` are
columns that are shown where they exist and not missed where they don't.
"""

from __future__ import annotations

SQL_TYPES = {
    "text": "varchar",
    "int": "bigint",
    "money": "decimal(38,4)",
    "real": "double",
    "bool": "boolean",
    "date": "date",
    "time": "timestamp with time zone",
}

_REQUIRED = {
    "rpt_accounts": """
        account_id text, account_name text, parent_account_id text, owner_id text, owner_name text, team text,
        segment text, country text, status text, tier text, is_key_account bool, revenue_12m money, open_amount money,
        overdue_amount money, unapplied_amount money, last_payment_on date, last_payment_amount money, next_due_on date,
        last_act_sent_on date, last_contact_on date, usual_channel text, health_score real, card_completeness real,
        first_invoice_on date, base_currency text, _file text, _row int""",
    "rpt_account_timeline": """
        account_id text, occurred_at time, event_type text, title text, amount money, currency text, employee_id text,
        _file text, _row int""",
    "rpt_account_monthly": """
        account_id text, month date, net_revenue money, collected money, open_amount_end money,
        overdue_amount_end money, won_deals int, won_amount money, two_way_contacts int, inbound_calls int,
        outbound_calls int, base_currency text""",
    "rpt_open_invoices": """
        invoice_id text, invoice_number text, instalment_number text, account_id text, account_name text, owner_id text,
        issued_on date, due_on date, days_overdue int, aging_bucket text, currency text, gross_amount money,
        open_amount money, open_amount_base money, is_disputed bool, dunning_level int, late_interest money,
        allocation text, _file text, _row int""",
    "rpt_receivable_aging": """
        as_of_date date, account_id text, account_name text, currency text, not_due money, days_1_30 money,
        days_31_60 money, days_61_90 money, days_91_120 money, days_over_120 money, open_amount money,
        credit_amount money, overdue_amount money, unapplied_amount money, net_amount money""",
    "rpt_receivable_aging_buckets": """
        as_of_date date, account_id text, currency text, bucket text, bucket_number int, from_days int, to_days int,
        open_amount money, open_amount_by_issue money""",
    "rpt_receivable_kpis": """
        month date, currency text, sales money, collected money, open_amount money, overdue_amount money,
        overdue_ratio real, unapplied_amount money, dso_simple real, dso_average real, dso_countback real,
        dso_weighted real, best_possible_dso real, delinquent_days real, average_days_delinquent real,
        average_delay_days real, average_payment_days real, on_time_ratio_amount real, on_time_ratio_count real,
        collection_effectiveness real, collection_effectiveness_cash real, turnover real, provision money,
        bad_debt_ratio real, disputed_share real, top10_share real, hhi real""",
    "rpt_receivable_movements": """
        month date, account_id text, currency text, opening money, invoiced money, credited money, collected money,
        written_off money, refunded money, other money, closing money""",
    "rpt_roll_rates": """
        month date, segment text, bucket text, roll_rate real, loss_rate real, provision_rate real, open_amount money,
        provision money""",
    "rpt_receivable_accounts": """
        account_id text, currency text, open_amount money, overdue_amount money, unapplied_amount money,
        average_days_delinquent real, average_payment_days real, on_time_ratio_amount real, payment_rating text,
        credit_limit money, credit_used_ratio real, disputed_amount money, delinquency_trend real,
        promises_kept_ratio real""",
    "rpt_promises": """
        promise_id text, account_id text, promised_for date, amount money, kept_amount money, state text,
        broken_value money""",
    "rpt_collection_worklist": """
        rank int, account_id text, overdue_amount money, oldest_days_overdue int, last_contact_on date,
        last_promise_state text, dunning_level int, suggested_action text, reason text""",
    "rpt_dunning_effect": """
        step int, channel text, window_days int, open_at_step money, cash_after money, rate real, comparison_rate real,
        low real, high real""",
    "rpt_documents": """
        deal_id text, account_id text, won_amount money, invoiced_amount money, unbilled_amount money,
        invoice_lag_days int, has_contract bool, has_invoice bool, has_act bool, has_payment bool""",
    "rpt_reconciliation": """
        account_id text, month date, act_sent_on date, act_signed_on date, our_closing money, client_closing money,
        gap money""",
    "rpt_cash_forecast": """
        week_start date, account_id text, currency text, expected_amount money, low money, high money""",
    "rpt_cash_forecast_weeks": """
        week_start date, currency text, expected_amount money, low money, high money, promised_amount money""",
    "rpt_cash_expectations": """
        invoice_id text, invoice_number text, instalment_number int, account_id text, account_name text, currency text,
        outcome text, basis text, days_overdue int, open_amount money, expected_amount money, promised_amount money,
        paid_share real, week_start date, due_on date, promised_for date, expected_on date, early_on date, late_on date,
        _file text, _row int""",
    "rpt_forecast_backtest": """
        origin date, method text, invoices int, invoices_still_open int, mean_absolute_error_days real,
        amount_error_ratio real, within_band_ratio real, expected_amount money, paid_amount money, weeks int,
        overall_error_days real, overall_amount_error_ratio real, overall_within_band_ratio real, overall_invoices int,
        base_currency text, missing_rate_count int""",
    "rpt_statement_lines": """
        account_id text, account_name text, currency text, occurred_on date, kind text, document text, debit money,
        credit money, running_balance money, as_of_date date""",
    "rpt_concentration": """
        month date, top1_share real, top5_share real, top10_share real, hhi real, clients_for_80_percent int,
        key_account_share real""",
    "rpt_revenue_retention": """
        month date, basis text, opening_revenue money, nrr real, grr real, logo_churn real, repeat_purchase_ratio real,
        quick_ratio real""",
    "rpt_pipeline": """
        as_of_date date, employee_id text, stage text, open_deals int, open_amount money, weighted_amount money,
        stale_deals int""",
    "rpt_sales_monthly": """
        month date, employee_id text, created int, won int, lost int, won_amount money, win_rate_count real,
        win_rate_amount real, cycle_days_median real, coverage real, velocity real""",
    "rpt_call_channels": """
        month date, source text, calls int, answered int, missed int, first_time_callers int, target_calls int,
        leads int, cost money, cost_per_lead money, deals int, won_amount money, invoiced money, cash_applied money""",
    "rpt_call_response": """
        day date, employee_id text, agent_name text, inbound int, answered int, missed int, abandoned int,
        answer_rate real, answer_rate_all real, answer_seconds_average real, handled_missed int,
        callback_minutes_median real, callback_minutes_p90 real""",
    "rpt_missed_calls": """
        case_id text, started_at time, caller_number_masked text, account_id text, overdue_amount money,
        handled_at time, handled_by text""",
    "rpt_data_health": """
        source text, entity text, files int, rows_read int, rows_loaded int, rows_rejected int, rows_superseded int,
        newest_event_at time, loaded_at time, freshness_state text, match_coverage real""",
    "rpt_control_totals": """
        file text, entity text, measure text, currency text, file_total money, loaded money, rejected money,
        superseded money, difference money""",
    "rpt_rejected_rows": """
        file text, line int, entity text, column_name text, value text, reason text, row_text text, landed_at time""",
    "rpt_schema_events": "file text, contract text, column_name text, event text, action text",
    "rpt_metric_catalogue": """
        metric_id text, name text, formula text, table_name text, column_name text, unit text""",
}

_EXTRA = {
    "rpt_cash_forecast": "promised_amount money",
    "rpt_accounts": """
        payment_terms_days int, credit_limit money, currency text, website text, phone text, email text, city text,
        industry text, as_of_date date, group_id text, owner_since date, substitute_name text, is_owner_away bool,
        owner_away_until date, health_band text, last_contact_at time, last_contact_channel text, last_contact_by text,
        last_contact_person text, next_contact_on date, next_contact_type text, next_contact_subject text,
        next_task_on date, next_task_subject text, open_tasks int, overdue_tasks int, open_cases int,
        oldest_case_days int, oldest_case_reason text, open_deals int, open_deals_amount money, next_close_on date,
        contract_number text, contract_state text, contract_signed_on date, contract_ends_on date,
        last_act_number text, last_signed_act_number text, last_act_signed_on date, unsigned_acts int,
        oldest_unsigned_act_on date, last_invoice_on date, last_invoice_number text, last_invoice_amount money,
        last_invoice_currency text, last_payment_currency text, last_payment_document_amount money,
        next_due_amount money, next_due_currency text, next_due_document_amount money, disputed_amount money,
        oldest_days_overdue int, credit_currency text, credit_used money, credit_used_ratio real,
        effective_discount real, decision_maker_names text, decision_makers int, contacts int,
        next_birthday_name text, next_birthday_on date, missing_fields text, card_lag_days real,
        card_on_time_ratio real, card_entries int, timed_entries int, is_new_card bool, has_crm_record bool,
        is_billed_without_terms bool, missing_rate_count int""",
    "rpt_account_timeline": "event_group text, is_two_way bool, occurred_on date",
    "rpt_account_people": """
        contact_id text, account_id text, account_name text, owner_id text, full_name text, job_title text,
        contact_role text, email text, phone text, is_decision_maker bool, next_birthday_on date, days_to_birthday int,
        is_birthday_soon bool, last_two_way_on date, last_channel text, last_contact_by text, days_silent int,
        _file text, _row int""",
    "rpt_account_documents": """
        document_id text, account_id text, document_type text, document_number text, state text, currency text,
        amount money, days_unsigned int, sent_on date, signed_on date, starts_on date, ends_on date, _file text,
        _row int""",
    "rpt_requirements": """
        requirement_id text, area text, position int, requirement text, origin text, state text, feed text,
        met_by text, note text""",
    "rpt_open_deals": """
        deal_id text, account_id text, deal_name text, employee_name text, stage text, currency text, amount money,
        amount_base money, probability real, created_on date, expected_close_on date, _file text, _row int""",
    "rpt_receivable_kpis": "base_currency text, missing_rate_count int",
    "rpt_receivable_movements": "charged_back money, reversed money, brought_forward money, transferred money",
    "rpt_roll_rates": """
        bucket_number int, basis text, history_invoices int, reached_amount money, lost_amount money,
        specific_provision money, unprovided_amount money, missing_rate_count int, as_of_date date""",
    "rpt_receivable_accounts": """
        account_name text, unbilled_amount money, open_orders_amount money, credit_used money, is_over_limit bool""",
    "rpt_account_monthly": "missing_rate_count int",
    "rpt_collection_worklist": """
        account_name text, owner_name text, base_currency text, collectible_amount money, disputed_amount money,
        missing_rate_count int, is_disputed bool, contact_name text, contact_title text, contact_phone text,
        contact_email text, usual_channel text, score real, money_points real, age_points real, silence_points real,
        promise_points real, habit_points real""",
    "rpt_promises": """
        account_name text, currency text, invoice_number text, made_on date, kept_on date, is_kept_late bool,
        closed_by text, _file text, _row int""",
    "rpt_dunning_effect": """
        steps int, steps_left_out int, difference real, comparison_invoices int, comparison_share real,
        base_currency text""",
    "rpt_documents": """
        account_name text, deal_name text, currency text, missing text, is_due bool, is_complete bool,
        are_invoices_linked bool, won_on date, contract_signed_on date, first_invoice_on date, act_sent_on date,
        act_signed_on date, last_payment_on date, _file text, _row int""",
    "rpt_reconciliation": """
        account_name text, currency text, state text, document_number text, is_active bool, is_covered bool,
        as_of_date date, _file text, _row int""",
    "rpt_pipeline": "employee_name text, team text",
    "rpt_sales_monthly": "employee_name text, team text, lost_amount money",
    "rpt_missed_calls": "state text",
    "rpt_data_health": "domain text, rows_vanished int, raw_bytes int, superseded_bytes int",
    "rpt_rejected_rows": "part text, contract text",
    "rpt_superseded_rows": """
        domain text, entity text, system text, contract text, row_key text, state text, content text, file text,
        part text, newer_file text, line int, newer_line int, known_at time, superseded_at time""",
    "rpt_receivable_findings": """
        entity text, row_id text, account_id text, account_name text, reason text, meaning text, what_to_do text,
        currency text, amount money, our_amount money, difference money, event_date date, _file text, _row int""",
    "rpt_control_totals": "file_sha256 text",
    "rpt_run": "as_of_date date, known_at time",
    "rpt_landing_findings": "file text, part text, severity text, message text",
}


def _parsed(texts: dict[str, str]) -> dict[str, dict[str, str]]:
    return {
        table: {name: SQL_TYPES[kind] for name, kind in (column.split() for column in text.split(","))}
        for table, text in texts.items()
    }


REQUIRED = _parsed(_REQUIRED)
EXTRA = _parsed(_EXTRA)


def known_columns(table: str) -> dict[str, str]:
    """Column -> DuckDB type of all that a page may read of a table."""
    return REQUIRED.get(table, {}) | EXTRA.get(table, {})
