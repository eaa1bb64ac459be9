"""The top of an account's card: what a client asks for on the telephone, in the order in which it is asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from dashboards.components.facts import facts
from dashboards.components.formats import UNKNOWN, iso, money, number, percent, plural, words
from dashboards.components.page import current_page, nothing, section
from dashboards.components.tables import Column, table
from dashboards.components.words import said
from dashboards.queries import account_card as cards
from dashboards.queries.base import rows


def joined(*parts: str | None) -> str | None:
    """What is known of the parts, with commas between; None when nothing is."""
    return ", ".join(part for part in parts if part and part != UNKNOWN) or None


def paid(amount: Any, currency: str | None, base: Any, code: str | None) -> str | None:
    """An amount as it was written, and in base currency where that is another one."""
    if amount is None:
        return money(base, code, 2) if base is not None else None
    own = money(amount, currency, 2)
    return own if currency == code or base is None else f"{own} ({money(base, code, 2)})"


def since(days: int | None) -> str | None:
    """How long ago, in words."""
    if days is None:
        return None
    return "today" if days == 0 else f"{plural(days, 'day')} ago"


def duration(days: float) -> str:
    """Days in the unit that reads best; what was entered ahead says so."""
    size = abs(days)
    if size < 1 / 24:
        text = plural(round(size * 1440), "minute")
    else:
        text = f"{size * 24:,.0f} hours" if size < 2 else f"{size:,.0f} days"
    return text + (" ahead" if days < 0 else "")


def _ago(day: date | None) -> str | None:
    return since((current_page().publication["as_of_date"] - day).days) if day else None


def _ahead(day: date | None) -> str | None:
    days = (day - current_page().publication["as_of_date"]).days if day else None
    if days is None or days < 0:
        return None
    return "today" if days == 0 else f"in {plural(days, 'day')}"


def payments(card: dict[str, Any], code: str | None) -> None:
    """When was the payment, what is due, what is overdue (B6)."""
    last = paid(card["last_payment_document_amount"], card["last_payment_currency"], card["last_payment_amount"], code)
    due = paid(card["next_due_document_amount"], card["next_due_currency"], card["next_due_amount"], code)
    invoice = paid(card["last_invoice_amount"], card["last_invoice_currency"], None, code)
    overdue = card["overdue_amount"]
    facts(
        [
            ("Last payment", joined(iso(card["last_payment_on"]), last, _ago(card["last_payment_on"]))),
            ("Next due", joined(iso(card["next_due_on"]), due, _ahead(card["next_due_on"]))),
            (
                "Overdue",
                joined(
                    money(overdue, code, 2) if overdue is not None else None,
                    f"oldest {plural(card['oldest_days_overdue'], 'day')}" if card["oldest_days_overdue"] else None,
                ),
            ),
            ("Disputed", "nothing" if card["disputed_amount"] == 0 else money(card["disputed_amount"], code, 2)),
            ("Last invoice", joined(iso(card["last_invoice_on"]), card["last_invoice_number"], invoice)),
            ("First invoice", iso(card["first_invoice_on"])),
        ]
    )


def documents(card: dict[str, Any]) -> None:
    """When were the acts sent, are they signed, which contract is in force (B7, B8)."""
    unsigned = card["unsigned_acts"]
    facts(
        [
            ("Last act sent", joined(iso(card["last_act_sent_on"]), card["last_act_number"])),
            ("Last act signed", joined(iso(card["last_act_signed_on"]), card["last_signed_act_number"])),
            (
                "Not signed",
                joined(plural(unsigned, "act"), f"oldest since {iso(card['oldest_unsigned_act_on'])}")
                if unsigned
                else ("none" if unsigned == 0 and card["last_act_sent_on"] else None),
            ),
            ("Contract", joined(card["contract_number"], words(card["contract_state"]))),
            (
                "Contract ends",
                joined(iso(card["contract_ends_on"]), _ahead(card["contract_ends_on"]))
                if card["contract_ends_on"] or not card["contract_number"]
                else "open-ended",
            ),
        ]
    )


def terms(card: dict[str, Any], account: str) -> None:
    """On what terms: days, limit, discount, rating (B2)."""
    behaviour = rows(cards.terms(current_page().warehouse, account))
    limits = [
        f"{money(row['credit_limit'], row['currency'])}, {percent(row['credit_used_ratio'])} used"
        for row in behaviour
        if row["credit_limit"] is not None
    ]
    ratings = [f"{row['payment_rating']} in {row['currency']}" for row in behaviour if row["payment_rating"]]
    days = card["payment_terms_days"]
    discount = card["effective_discount_12m"]
    facts(
        [
            ("Payment terms", number(days) + " days" if days is not None else None),
            ("Credit limit", "; ".join(limits) or money(card["credit_limit"], card["currency"])),
            ("Price list", card["price_list"]),
            ("Discount", f"{percent(discount)} off list, 12 months" if discount is not None else None),
            ("Payment rating", "; ".join(ratings)),
            ("Unapplied", money(card["unapplied_amount"], current_page().base_currency, 2)),
        ]
    )


def contact(card: dict[str, Any]) -> None:
    """Who spoke with them last, what is planned, who is responsible (A24, F16, D11)."""
    manager = card["owner_name"]
    if card["is_owner_away"]:
        until = f"away until {iso(card['owner_away_until'])}" if card["owner_away_until"] else "away"
        manager = joined(manager, until)
    stands_in = card["substitute_name"] or ("nobody is named" if card["is_owner_away"] else None)
    facts(
        [
            (
                "Last contact",
                joined(
                    iso(card["last_contact_on"]),
                    words(card["last_contact_channel"]),
                    f"by {card['last_contact_by']}" if card["last_contact_by"] else None,
                    f"with {card['last_contact_person']}" if card["last_contact_person"] else None,
                ),
            ),
            ("Usual channel", words(card["usual_channel"])),
            (
                "Next contact",
                joined(iso(card["next_contact_on"]), card["next_contact_type"], card["next_contact_subject"]),
            ),
            ("Next task", joined(iso(card["next_task_on"]), card["next_task_subject"])),
            ("Manager", joined(manager, card["team"])),
            *([("Stands in", stands_in)] if stands_in else []),
            ("Telephone", card["phone"]),
            ("E-mail", card["email"]),
        ]
    )


def profile(card: dict[str, Any]) -> None:
    """The rest of the client's profile (F11), and how well its card is kept (P16, P17)."""
    lag = card["card_lag_days"]
    late = None if lag is None else duration(lag)
    lacking = ", ".join(said("card_field", card["missing_fields"], card))
    facts(
        [
            ("Belongs to", card["parent_name"] or card["parent_account_id"]),
            (
                "Group",
                (card["group_name"] or card["group_id"]) if card["group_id"] != card["account_id"] else None,
            ),
            ("Goal", card["client_goal"]),
            ("Website", card["website"]),
            ("Tier", card["tier"]),
            ("Card filled", percent(card["card_completeness"], 0)),
            *([("Card lacks", lacking)] if lacking else []),
            ("Entered after", joined(late, f"{percent(card['card_on_time_ratio'], 0)} on time") if late else None),
            ("Record", f"{card['_file']}, line {card['_row']}" if card["_file"] else None),
            ("Account id", card["account_id"]),
        ]
    )


def work(card: dict[str, Any], code: str | None) -> None:
    """What is being sold, complained about and celebrated."""
    cases = card["open_cases"]
    oldest = card["oldest_case_days"]
    tasks = card["open_tasks"]
    facts(
        [
            (
                "Open deals",
                joined(
                    plural(card["open_deals"], "deal"),
                    money(card["open_deals_amount"], code) if card["open_deals_amount"] is not None else None,
                    f"first closes {iso(card['next_close_on'])}" if card["next_close_on"] else None,
                )
                if card["open_deals"]
                else ("none" if card["open_deals"] == 0 else None),
            ),
            (
                "Open claims",
                joined(
                    plural(cases, "case"),
                    f"oldest {plural(oldest, 'day')}" if oldest is not None else None,
                    card["oldest_case_reason"],
                )
                if cases
                else ("none" if cases == 0 else None),
            ),
            (
                "Open tasks",
                joined(number(tasks), f"{card['overdue_tasks']} overdue" if card["overdue_tasks"] else None)
                if tasks is not None
                else None,
            ),
            ("Decision makers", card["decision_maker_names"] or ("none known" if card["contacts"] else None)),
            ("Next birthday", joined(iso(card["next_birthday_on"]), card["next_birthday_name"])),
        ]
    )


def answers(card: dict[str, Any], account: str, code: str | None) -> None:
    """Six panels of facts, and the rows that they come from."""
    with st.grid(3, min_column_width=330, gap="small"):
        with section("Payments", key="card-payments"):
            payments(card, code)
        with section("Documents", key="card-papers"):
            documents(card)
        with section("Terms", key="card-facts"):
            terms(card, account)
        with section("Contact", key="card-who"):
            contact(card)
        with section("In hand", key="card-work"):
            work(card, code)
        with section("Profile", key="card-profile"):
            profile(card)
    with st.expander("Where these answers come from", icon=":material/receipt_long:"):
        found = cards.proof(current_page().warehouse, account)
        if not found.num_rows:
            nothing("No row is known behind them.")
            return
        st.caption("Each answer with the file and the line of the row behind it; sums stand below, row by row.")
        table(
            found,
            {
                "answer": Column("Answer", pinned=True),
                "happened_on": Column("Date", "date"),
                "event_type": Column("What", width="large", words="timeline"),
                "amount": Column("Amount", "money"),
                "currency": Column("Currency"),
                "_file": Column("File"),
                "_row": Column("Line", "count"),
            },
            "card_proof",
            height="content",
        )
