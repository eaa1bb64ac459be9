"""The columns of the tables of the page Revenue."""

from __future__ import annotations

from dashboards.components.tables import Column

GROUP_COLUMNS = {
    "group_name": Column("Part", width="medium", words="placeholder"),
    "closing_accounts": Column("Accounts", "count", "With revenue in the month."),
    "closing_revenue": Column("Revenue", "money", "Of the month; an account below zero counts as zero."),
    "nrr_12m": Column("Net retention, year", "ratio", "V4"),
    "grr_12m": Column("Gross retention, year", "ratio", "V5"),
    "logo_churn_12m": Column("Logo churn, year", "ratio", "V6: had any a year before, have none now."),
    "noncontract_churned": Column("Went quiet", "count", "V9: in the month, of accounts without a contract."),
    "repeat_purchase_ratio": Column("Repeat purchase", "ratio", "V13: two invoices or more in twelve months."),
    "nrr": Column("Net retention, month", "ratio", "V4"),
    "grr": Column("Gross retention, month", "ratio", "V5"),
}

MOVER_COLUMNS = {
    "movement": Column("What", help="V3", width=110),
    "account_name": Column("Account", width="medium"),
    "owner_name": Column("Manager"),
    "opening": Column("Before", "money", "At the rates of now."),
    "closing": Column("Now", "money"),
    "change": Column("Change", "money"),
}

WORTH_COLUMNS = {
    "group_name": Column("Part", width="medium", words="placeholder"),
    "accounts": Column("Accounts", "count"),
    "clv_historic": Column("Worth so far", "money", "V10, tax included."),
    "tax_in_cash": Column("Tax in it", "money"),
    "clv_predicted": Column("Predicted", "money", "V11, added up over the accounts."),
    "clv_low": Column("Low", "money", "The accounts' low ends added up."),
    "clv_high": Column("High", "money", "Their high ends added up."),
    "revenue_12m": Column("Revenue, 12 months", "money", "V1"),
    "revenue_based_accounts": Column("Without costs", "count", "Accounts with revenue of which no cost is known."),
}

VALUE_COLUMNS = {
    "rfm_segment": Column("Pays", help="What recency, frequency and money say.", width=130, words="rfm_segment"),
    "account_name": Column("Account", width="medium"),
    "segment": Column("Segment"),
    "clv_historic": Column("Worth so far", "money", "V10: cash applied − refunds − write-offs − cost."),
    "tax_in_cash": Column("Tax in it", "money", "The part of that cash that is tax."),
    "clv_predicted": Column("Predicted", "money", "V11"),
    "clv_low": Column("Low", "money", "V11 at the high end of the churn's 95 % interval."),
    "clv_high": Column("High", "money", "V11 at its low end, no lower than the floor."),
    "revenue_12m": Column("Revenue, 12 months", "money", "V1"),
    "revenue_share": Column("Share", "ratio", "V15"),
    "recency_score": Column("R", "score", "V17: 5 for the fifth that paid last."),
    "frequency_score": Column("F", "score", "V17: 5 for the fifth with most payments."),
    "monetary_score": Column("M", "score", "V17: 5 for the fifth that paid most."),
    "days_since_payment": Column("Days since payment", "count"),
    "churn_basis": Column("Churn of", help="The segment's, or the whole company's where it has too little history."),
    "is_revenue_based": Column("Before costs", "bool", "No cost of the account is known."),
}
