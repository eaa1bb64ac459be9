"""Matches: how much reached an account, what did not, what a person may decide, and which rule linked the rest."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import rows, select

COVERAGE = """
    select measure, source, unit, base_currency, total, matched, ambiguous, unmatched, matched_share,
        missing_rate_count, missing_amount_count
    from {rpt_match_coverage}
    order by source <> 'ALL', array_position(
        ['open_receivables', 'revenue_12m', 'open_pipeline', 'won_deals', 'call_minutes', 'conversations'], measure
    ), source
"""

UNMATCHED = """
    select rank, source, kind, shown_id, name, open_amount, revenue_12m, deal_amount, call_minutes, conversations,
        nearest_account_name, nearest_score, why_not, holders, nearest_account_id
    from {rpt_unmatched}
    where $kind = '' or kind = $kind
    order by rank
    limit $most
"""

UNMATCHED_COUNTS = "select kind, count(*) as records from {rpt_unmatched} group by kind order by kind"

PROPOSALS = """
    select name, kind, shown_id, account_name, score, open_amount, revenue_12m, call_minutes, evidence, why_not, place,
        matched_name, likeness, matched_email, matched_domain, matched_phone, held_on, holders,
        seed_line, never_link_line, system, account_id
    from {rpt_match_proposals}
    order by max(open_amount) over (partition by system, kind, native_id) desc,
        max(revenue_12m) over (partition by system, kind, native_id) desc,
        max(call_minutes) over (partition by system, kind, native_id) desc, system, kind, native_id, place
    limit $most
"""

PROPOSALS_COUNT = "select count(*) as proposals from {rpt_match_proposals}"

RULES = """
    select kind, rule, count(*) as records, min(score) as least_score,
        count(*) filter (where has_crm_record) as with_crm_record
    from {rpt_account_identities}
    group by kind, rule
    order by kind, records desc, rule
"""

LINKS = """
    select name, system, kind, native_id, account_name, rule, score, evidence, evidence_value,
        matched_name, likeness, matched_email, matched_domain, matched_phone, proposals, _file, _row, account_id
    from {rpt_account_identities}
    where ($rule = '' or rule = $rule)
        and ($search = '' or contains(lower(concat_ws(
            ' ', name, account_name, native_id, evidence_value, matched_name, matched_email, matched_domain,
            matched_phone
        )), lower($search)))
        and (kind = 'billing_customer' or rule <> 'crm_account')
    order by score, name, system, native_id
    limit $most
"""

DECISIONS = """
    select kind, native_id, system, decision, given_account_id, account_name, state, reason, decided_by,
        decided_on, _file, _row
    from {rpt_account_links}
    order by state = 'in_force', kind, system, native_id
"""


@st.cache_data(show_spinner=False, max_entries=32)
def coverage(warehouse: str) -> list[dict[str, Any]]:
    """N17, all sources first."""
    return rows(select(warehouse, COVERAGE))


@st.cache_data(show_spinner=False, max_entries=32)
def unmatched(warehouse: str, kind: str, most: int) -> pa.Table:
    """What reached no account with a CRM record, the biggest first; of one kind or all ('')."""
    return select(warehouse, UNMATCHED, kind=kind, most=most)


@st.cache_data(show_spinner=False, max_entries=32)
def unmatched_counts(warehouse: str) -> dict[str, int]:
    """Kind -> how many records of it are unmatched."""
    return {row["kind"]: row["records"] for row in rows(select(warehouse, UNMATCHED_COUNTS))}


@st.cache_data(show_spinner=False, max_entries=32)
def proposals(warehouse: str, most: int) -> pa.Table:
    """What a person may put on an account, the most money first."""
    return select(warehouse, PROPOSALS, most=most)


@st.cache_data(show_spinner=False, max_entries=32)
def proposals_count(warehouse: str) -> int:
    """How many there are."""
    return int(rows(select(warehouse, PROPOSALS_COUNT))[0]["proposals"])


@st.cache_data(show_spinner=False, max_entries=32)
def rules(warehouse: str) -> pa.Table:
    """How many records each rule put on an account."""
    return select(warehouse, RULES)


@st.cache_data(show_spinner=False, max_entries=32)
def links(warehouse: str, rule: str, search: str, most: int) -> pa.Table:
    """Records and the accounts that they are, the least sure first."""
    return select(warehouse, LINKS, rule=rule, search=search, most=most)


@st.cache_data(show_spinner=False, max_entries=32)
def decisions(warehouse: str) -> pa.Table:
    """What people decided, what changes nothing first."""
    return select(warehouse, DECISIONS)
