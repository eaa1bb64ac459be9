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
    "rpt_key_accounts": """
        quarter date, account_id text, is_listed bool, proposal text, criteria_met int, criteria_total int,
        reason text""",
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
    "rpt_account_health": """
        week_start date, account_id text, score real, band text, coverage real, cash_score real, contact_score real,
        deal_score real, service_score real, reasons text""",
    "rpt_whitespace": """
        account_id text, product_id text, is_candidate bool, expected_value money, gate_reason text""",
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
    "rpt_receivable_movements": "charged_back money, reversed money, recovered money, brought_forward money, transferred money",
    "rpt_roll_rates": """
        bucket_number int, basis text, history_invoices int, reached_amount money, lost_amount money,
        specific_provision money, unprovided_amount money, missing_rate_count int, as_of_date date""",
    "rpt_receivable_accounts": """
        account_name text, unbilled_amount money, open_orders_amount money, credit_used money, is_over_limit bool""",
    "rpt_account_monthly": """
        missing_rate_count int, revenue_to_date money, cost_to_date money, revenue_to_cost real,
        is_cost_from_first_deal bool, budget money, budget_variance money, budget_variance_ratio real, cost money,
        margin money""",
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
    "rpt_key_accounts": """
        account_name text, segment text, country text, owner_id text, owner_name text, team text, basis text,
        decision text, decision_reason text, was_listed bool, is_proposed bool, is_qualified bool, is_drifting
        bool, drift_quarters int, is_candidate bool, is_review_due bool, tier text, is_large bool,
        criteria_known int, criteria_needed int, criteria_share real, fit_share real, attractiveness_share
        real, strength_share real, list_rank int, list_size int, list_state text, relationship_stage text,
        stage_rank int, stage_before text, is_stage_changed bool, base_currency text, revenue_12m money,
        revenue_previous_12m money, revenue_share real, revenue_growth real, margin_share real, on_time_share
        real, tenure_years real, contracts int, contracts_in_force int, buying_centres int,
        decision_maker_contacts int, two_way_contacts_12m int, product_breadth int, open_deals int,
        missing_rate_count int, measured_on date, entered_in date, left_in date, client_since date,
        last_contact_on date""",
    "rpt_key_account_criteria": """
        quarter date, account_id text, criterion text, criterion_name text, theme text, side text, kind text,
        meaning text, unit text, value real, threshold real, is_met bool, rated_by text, note text, rated_on
        date, measured_on date""",
    "rpt_account_classifications": """
        account_id text, account_name text, scheme text, scheme_name text, class text, action text, basis
        text, x_label text, y_label text, x_value real, y_value real, origin text, quarter date, classified_on
        date""",
    "rpt_account_handovers": """
        account_id text, account_name text, changed_on date, previous_owner_id text, previous_owner_name text,
        new_owner_id text, new_owner_name text, tier text, is_key_account bool, window_days int,
        days_after_seen int, is_complete bool, days_without_owner int, contacts_before int, contacts_after
        int, contacts_change real, missed_calls_before int, missed_calls_after int, payments_before int,
        payments_after int, payment_delay_days_before real, payment_delay_days_after real,
        payment_delay_change real, first_contact_on date, days_to_first_contact int""",
    "rpt_account_ownership": """
        account_id text, account_name text, parent_account_id text, group_id text, group_name text, country text,
        region text, segment text, owner_id text, owner_name text, team text, manager_name text, status text,
        tier text, is_large bool, is_key_account bool, relationship_stage text, base_currency text,
        revenue_12m money, owner_changes int, owner_changes_12m int, owner_tenure_days int,
        owner_other_accounts int, is_dedicated bool, lacks_dedicated bool, is_owner_away bool, covered_by_id
        text, covered_by_name text, is_uncovered bool, absent_days int, uncovered_days int, sold_by_id text,
        sold_by_name text, assigned_id text, assigned_name text, days_won_to_assigned int, days_won_to_contact
        int, is_handover_late bool, open_deals int, open_deal_people int, open_deals_of_others int, plan_items
        int, plan_items_done int, plan_items_overdue int, plan_progress real, next_plan_item text,
        startup_answers int, is_startup_late bool, owner_since date, owner_back_after date, next_absence_on
        date, next_uncovered_on date, first_won_on date, assigned_on date, first_contact_on date,
        next_plan_due_on date, startup_answered_on date""",
    "rpt_effort": """
        employee_id text, employee_name text, team text, account_id text, account_name text, tier text,
        is_key_account bool, is_owner bool, base_currency text, revenue_12m money, effort_minutes real,
        efforts int, assumed_efforts int, two_way_contacts int, time_share real, effort_share real,
        revenue_share real, share_gap real, revenue_rank int, revenue_share_up_to real, effort_share_up_to
        real, misplaced_share real""",
    "rpt_match_coverage": """
        measure text, source text, unit text, base_currency text, total money, matched money, ambiguous money,
        unmatched money, matched_share real, missing_rate_count int""",
    "rpt_unmatched": """
        rank int, source text, kind text, shown_id text, name text, base_currency text, open_amount money,
        revenue_12m money, deal_amount money, call_minutes money, conversations int, is_ambiguous bool,
        nearest_account_id text, nearest_account_name text, nearest_score real, why_not text""",
    "rpt_match_proposals": """
        system text, kind text, native_id text, shown_id text, name text, place int, account_id text, account_name text,
        score real, evidence text, why_not text, base_currency text, open_amount money, revenue_12m money,
        call_minutes money, seed_line text, never_link_line text""",
    "rpt_account_identities": """
        system text, kind text, native_id text, name text, account_id text, account_name text, rule text,
        rule_title text, score real, evidence text, has_crm_record bool, proposals int, _file text, _row int""",
    "rpt_account_links": """
        system text, kind text, native_id text, decision text, given_account_id text, account_name text, state text,
        finding text, reason text, decided_by text, decided_on text""",
    "rpt_key_account_coverage": """
        week_start date, employee_id text, employee_name text, team text, key_accounts int, called_accounts
        int, contacted_accounts int, coverage real, contact_coverage real""",
    "rpt_team_scorecard": """
        month date, employee_id text, employee_name text, team text, accounts int, load_band text, direct_reports int,
        is_above_span bool, open_amount money, overdue_ratio real, card_timeliness real, card_on_time_ratio real,
        card_entries int""",
    "rpt_tier_service": """
        month date, service_class text, class_rank int, missed_cases int, called_back int,
        callback_minutes_median real, callback_target real, callback_within_target real, cases_opened int,
        cases_closed int, case_days_median real, case_target real, case_within_target real""",
    "rpt_revenue_retention": """
        is_complete bool, base_currency text, new money, expansion money, contraction money, churned money, reactivated
        money, closing_revenue money, currency_effect money, negative_revenue money, opening_accounts int,
        churned_accounts int, closing_accounts int, net_churn real, nrr_12m real, grr_12m real, logo_churn_12m real,
        noncontract_accounts int, noncontract_churned int, noncontract_churn real, repeat_deal_ratio real,
        logo_churn_daily real, unpriced_count int,
        opening_revenue_12m money, new_12m money, expansion_12m money, contraction_12m money,
        churned_12m money, reactivated_12m money, closing_revenue_12m money, missing_rate_count int""",
    "rpt_revenue_retention_groups": """
        grouping_kind text, grouping_value text, month date, basis text, is_complete bool, base_currency text,
        opening_revenue money, new money, expansion money, contraction money, churned money, reactivated money,
        closing_revenue money, currency_effect money, negative_revenue money, opening_accounts int, churned_accounts
        int, closing_accounts int, nrr real, grr real, logo_churn real, net_churn real, quick_ratio real, nrr_12m
        real, grr_12m real, logo_churn_12m real, noncontract_accounts int, noncontract_churned int, noncontract_churn
        real, repeat_purchase_ratio real, missing_rate_count int, unpriced_count int""",
    "rpt_account_revenue": """
        account_id text, basis text, base_currency text, movement text, movement_12m text, opening_revenue money,
        closing_revenue money, opening_revenue_12m money, closing_revenue_12m money, month date""",
    "rpt_cohorts": """
        cohort_month date, month_number int, base_currency text, cohort_accounts int, accounts int, revenue money,
        retention real, account_retention real, is_history_start bool, missing_rate_count int""",
    "rpt_concentration": """
        revenue money, negative_revenue money, clients int, clients_for_80_percent_share real, key_accounts int,
        window_months int, is_complete bool, missing_rate_count int""",
    "rpt_account_value": """
        account_id text, base_currency text, segment text, rfm_segment text, clv_historic money, tax_in_cash money,
        clv_predicted money, clv_low money, clv_high money, revenue_12m money, revenue_rank int, revenue_share real,
        revenue_share_so_far real, recency_score int, frequency_score int, monetary_score int, days_since_payment int,
        churn_basis text, is_revenue_based bool, missing_rate_count int""",
    "rpt_account_value_groups": """
        grouping_kind text, grouping_value text, accounts int, revenue_12m money, clv_historic money, tax_in_cash money,
        clv_predicted money, clv_low money, clv_high money, revenue_based_accounts int""",
    "rpt_acquisition": """
        month date, is_complete bool, acquisition_cost money, new_accounts int, cost_per_new_account real,
        serving_cost money, cost_per_served_account real, acquisition_to_serving real""",
    "rpt_reference_lines": """
        reference_id text, metric_id text, column_name text, value real, label text, source text""",
    "rpt_account_health": """
        account_name text, owner_id text, segment text, status text, has_measures bool, is_newest bool, as_of_date
        date, last_sign_on date, last_contact_on date, last_invoice_on date""",
    "rpt_account_health_measures": """
        week_start date, account_id text, measure text, measure_group text, unit text, meaning text, evidence text,
        evidence_events text, zero_at real, full_at real, value real, points real, weight real, contribution real,
        lost_points real, is_newest bool, as_of_date date""",
    "rpt_health_backtest": """
        method text, threshold real, band text, departures int, flagged_before int, flagged_late int, recall real,
        recall_by_pause real, lead_days_median real, alarms int, alarms_before int, alarms_late int, alarms_false
        int, alarms_open int, precision real, base_rate real, accounts int, account_weeks int, horizon_days int,
        as_of_date date""",
    "rpt_health_departures": """
        account_id text, account_name text, owner_id text, owner_name text, segment text, base_currency text,
        revenue_12m money, outcome text, last_score real, last_band text, last_coverage real, last_reasons text,
        lead_days int, silence_lead_days int, overdue_lead_days int, is_tested bool, left_on date, recognised_on
        date, returned_on date, flagged_on date, silence_flagged_on date, overdue_flagged_on date, as_of_date date""",
    "rpt_silent_accounts": """
        rank int, account_id text, account_name text, owner_id text, owner_name text, segment text, tier text,
        is_key_account bool, base_currency text, suggested_action text, cadence_rule text, usual_channel text,
        health_band text, health_score real, score real, silence_points real, money_points real, renewal_points
        real, pipeline_points real, days_since_contact int, cadence_days real, own_gap_days real, silence_factor
        real, open_amount money, overdue_amount money, open_pipeline money, open_deals int, missing_rate_count int,
        attempts_without_reply int, days_to_renewal int, is_silent bool, is_fatigued bool, last_contact_on date,
        last_attempt_on date, next_renewal_on date, as_of_date date""",
    "rpt_renewals": """
        term_id text, account_id text, account_name text, owner_id text, owner_name text, term_kind text,
        term_number text, state text, renewal_window text, base_currency text, revenue_12m money, monthly_amount
        money, open_amount money, overdue_amount money, missing_rate_count int, days_to_end int, days_since_contact
        int, health_score real, health_band text, account_status text, is_renewed bool, is_signed bool, starts_on
        date, ends_on date, renewed_from date, last_contact_on date, as_of_date date, _file text, _row int""",
    "rpt_renewal_rates": """
        quarter date, term_kind text, base_currency text, ended int, renewed int, lapsed int, undecided int,
        renewal_rate real, renewed_revenue money, lapsed_revenue money, renewal_rate_amount real""",
    "rpt_whitespace": """
        account_name text, owner_id text, segment text, product_name text, category text, base_currency text,
        segment_accounts int, segment_buyers int, segment_share real, is_first_paid_on_time bool, has_open_claim
        bool, is_decision_maker_reached bool, health_band text, health_score real, decision_maker_reached_on date,
        as_of_date date""",
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
