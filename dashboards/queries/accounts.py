"""The list of accounts: what is looked for, what is left, and the lists that leave Keybook from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, first, known_count, known_sum, select


@dataclass(frozen=True)
class Asked:
    """What the page asks for. `flags` all have to hold; every other empty choice lets everything pass."""

    statuses: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    search: str = ""
    keys_only: bool = False
    overdue_only: bool = False

    def values(self) -> dict[str, Any]:
        """The parameters that the queries bind."""
        # The trunk prefix that some write in brackets is not dialled from abroad.
        digits = "".join(sign for sign in self.search.replace("(0)", "") if sign.isdigit()).lstrip("0")
        # A few digits are in every number; from five on they are somebody's.
        dialled = digits if len(digits) >= 5 and not any(sign.isalpha() for sign in self.search) else ""
        return asdict(self) | {"statuses": list(self.statuses), "flags": list(self.flags), "digits": dialled}


# What is looked for may be a name or an id, a person, a telephone number however it is written, an e-mail address, or
# the number of a document.
_FOUND = f"""
    with chosen as ({ACCOUNTS}),

    persons as (
        select account_id, min(full_name) as found_by
        from {{rpt_account_people}}
        where $search <> '' and (
            contains(lower(full_name), lower($search))
            or contains(lower(email), lower($search))
            or ($digits <> '' and contains(regexp_replace(phone, '[^0-9]', '', 'g'), $digits))
        )
        group by account_id
    ),

    papers as (
        select account_id, min(title) as found_by
        from {{rpt_account_timeline}}
        where len($search) >= 3 and event_group in ('invoices', 'cash', 'documents')
            and contains(lower(title), lower($search))
        group by account_id
    ),

    found as (
        select accounts.*, coalesce(persons.found_by, papers.found_by) as found_by
        from {{rpt_accounts}} as accounts
        left join persons on persons.account_id = accounts.account_id
        left join papers on papers.account_id = accounts.account_id
        where {CHOSEN.replace("account_id in", "accounts.account_id in")}
            and (len($statuses) = 0 or list_contains($statuses, status))
            and (not $keys_only or is_key_account)
            and (not $overdue_only or overdue_amount > 0)
            and (not list_contains($flags, 'new') or is_new_card)
            and (not list_contains($flags, 'unmapped') or not has_crm_record)
            and (not list_contains($flags, 'terms') or is_billed_without_terms)
            and (not list_contains($flags, 'incomplete') or missing_fields is not null)
            and (not list_contains($flags, 'unsigned') or unsigned_acts > 0)
            and (not list_contains($flags, 'unplanned') or (next_contact_on is null and next_task_on is null))
            and (not list_contains($flags, 'away') or is_owner_away)
            and (not list_contains($flags, 'deciders') or is_decision_maker_silent)
            and (
                $search = ''
                or contains(lower(account_name), lower($search))
                or contains(lower(accounts.account_id), lower($search))
                or contains(lower(email), lower($search))
                or ($digits <> '' and contains(regexp_replace(phone, '[^0-9]', '', 'g'), $digits))
                or persons.found_by is not null
                or papers.found_by is not null
            )
    )
"""

LIST = f"""{_FOUND}
    select account_id, account_name, found_by, status, tier, is_key_account, segment, country, team, owner_name,
        revenue_12m, open_amount, overdue_amount, unapplied_amount, last_payment_on, next_due_on, last_contact_on,
        next_contact_on, card_completeness, missing_fields, health_score
    from found
    order by revenue_12m desc nulls last, open_amount desc nulls last, account_name, account_id
    limit $most
"""

# One universal table (F12): an account a row, everything that a manager is asked for.
UNIVERSAL = f"""{_FOUND}
    select account_name, account_id, status, tier, is_key_account, health_score, segment, industry, country, city,
        owner_name, team, substitute_name, base_currency, revenue_12m, open_amount, overdue_amount,
        oldest_days_overdue, unapplied_amount, disputed_amount, open_deals, open_deals_amount, open_cases,
        payment_terms_days, currency, credit_limit, credit_currency, credit_used, credit_used_ratio,
        effective_discount_12m, price_list, client_goal, contract_number, contract_ends_on, last_invoice_on,
        last_payment_on,
        last_payment_amount, next_due_on, next_due_amount, last_act_sent_on, last_act_signed_on, unsigned_acts,
        last_contact_on, last_review_on, usual_channel, next_contact_on, decision_maker_names,
        is_decision_maker_silent, phone, email, card_completeness,
        missing_fields, _file, _row
    from found
    order by revenue_12m desc nulls last, open_amount desc nulls last, account_name, account_id
"""

EMAILS = f"""{_FOUND}
    select found.account_name, found.status, people.full_name as person, people.job_title, people.email,
        found.owner_name
    from found
    inner join {{rpt_account_people}} as people on people.account_id = found.account_id
    where people.email is not null
    union
    select account_name, status, null, null, email, owner_name
    from found
    where email is not null
        and lower(email) not in (select lower(email) from {{rpt_account_people}} where email is not null)
    order by account_name, person nulls last, email
"""

# How each manager keeps the cards: what they lack now, and how soon what happened in the newest month was entered.
CARDS = f"""{_FOUND},

    newest as (
        select employee_id, card_timeliness, card_on_time_ratio, card_entries
        from {{rpt_team_scorecard}}
        where month = (select max(month) from {{rpt_team_scorecard}} where card_entries > 0)
    ),

    kept as (
        select owner_id, max(owner_name) as owner_name, max(team) as team, count(*) filter (is_named) as accounts,
            count(*) filter (missing_fields is not null) as incomplete, count(*) filter (is_new_card) as new_cards,
            {known_count("is_billed_without_terms")} as without_terms
        from found
        group by owner_id
    )

    select coalesce(owner_name, owner_id, 'No manager') as owner_name, team, accounts, incomplete, new_cards,
        without_terms, card_entries, card_on_time_ratio, card_timeliness
    from kept
    left join newest on newest.employee_id = coalesce(kept.owner_id, 'unassigned')
    order by incomplete desc, accounts desc, 1
"""

_KNOWN = ", ".join(
    known_sum(name, f"count(*) - count({name})")
    for name in ("revenue_12m", "open_amount", "overdue_amount", "unapplied_amount")
)
TOTALS = f"""{_FOUND}
    select count(*) as rows, count(*) filter (is_named) as accounts, count(*) filter (status = 'active') as active,
        count(*) filter (status = 'paused') as paused, count(*) filter (status = 'lost') as lost,
        count(*) filter (status is null and is_named) as status_unknown, {_KNOWN},
        sum(missing_rate_count) as missing_rate_count, count(*) filter (overdue_amount > 0 and is_named) as with_overdue
    from found
"""


@st.cache_data(show_spinner=False, max_entries=64)
def found(warehouse: str, filters: Filters, asked: Asked, most: int) -> pa.Table:
    """The accounts that match, those with most revenue first, at most so many."""
    return select(warehouse, LIST, most=most, **filters.values(), **asked.values())


@st.cache_data(show_spinner=False, max_entries=64)
def totals(warehouse: str, filters: Filters, asked: Asked) -> dict[str, Any]:
    """How many match, and their sums in base currency."""
    return first(select(warehouse, TOTALS, **filters.values(), **asked.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def cards(warehouse: str, filters: Filters, asked: Asked) -> pa.Table:
    """How each manager keeps the cards of the accounts that match, the most incomplete first."""
    return select(warehouse, CARDS, **filters.values(), **asked.values())


def universal(warehouse: str, filters: Filters, asked: Asked) -> pa.Table:
    """All that match with everything of their row that a manager is asked for (F12); read when it is downloaded."""
    return select(warehouse, UNIVERSAL, **filters.values(), **asked.values())


def emails(warehouse: str, filters: Filters, asked: Asked) -> pa.Table:
    """The e-mail addresses of those that match: of their people, and their own (F13); read when they are downloaded."""
    return select(warehouse, EMAILS, **filters.values(), **asked.values())
