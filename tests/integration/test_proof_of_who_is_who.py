"""When matching falls as a whole the sums stay right and nothing fails: that nobody is reached is told, and only then.

Eight companies in the CRM and eight customers in billing, with a telephone number each, and 24 numbers that called. As they
should be, eight of the numbers are the companies', and each customer's name is one of the CRM's. Broken, a spreadsheet wrote the
callers as `4.68E+10`, and billing calls the companies by names and numbers of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.homes import build, query

COMPANIES = ("Granvik", "Ekholm", "Tallåsen", "Björnträ", "Almgren", "Sjöstad", "Lindholm", "Rönnby")
OTHERS = ("Cobalt", "Meridian", "Quartz", "Falcon", "Juniper", "Onyx", "Harbour", "Zephyr")
MODELS = ["rpt_landing_findings"]
CODES = ("calls_reach_none", "companies_meet_none", "people_meet_none", "rows_reach_none")


def write(home: Path, *, is_broken: bool) -> None:
    """The exports of the company."""
    landing = home / "landing"
    landing.mkdir(parents=True)
    billed = OTHERS if is_broken else COMPANIES
    crm = [f"crm,a{place},{name} AB,+46 8 123 45 {place:02},u{place % 5}" for place, name in enumerate(COMPANIES)]
    (landing / "accounts.csv").write_text("\n".join(["system,account_id,name,phone,owner_id", *crm, ""]))
    users = [f"crm,u{place},Ann {name}" for place, name in enumerate(COMPANIES[:5])]
    (landing / "employees.csv").write_text("\n".join(["system,employee_id,full_name", *users, ""]))
    customers = [f"books,{place},{name} AB" for place, name in enumerate(billed)]
    (landing / "customers.csv").write_text("\n".join(["system,customer_id,name", *customers, ""]))
    invoices = [f"books,i{place},{place},invoice,2024-01-{place + 1:02},100,issued" for place in range(len(billed))]
    head = "system,invoice_id,customer_id,document_kind,issued_on,gross_amount,status"
    (landing / "invoices.csv").write_text("\n".join([head, *invoices, ""]))
    calls = []
    for place in range(24):
        number = "4.68E+10" if is_broken else f"+46 8 123 45 {place:02}"
        agent = f"Bo {OTHERS[place % 5]}" if is_broken else f"Ann {COMPANIES[place % 5]}"
        calls.append(
            f"pbx,c{place},inbound,{number},+46 8 900 00 00,2024-01-{place + 1:02}T10:00:00Z,answered,60,{agent}"
        )
    head = "system,call_id,direction,caller_number,callee_number,started_at,status,talk_seconds,agent_name"
    (landing / "calls.csv").write_text("\n".join([head, *calls, ""]))
    (home / "keybook.toml").write_text(
        'base_currency = "SEK"\ndefault_currency = "SEK"\nbusiness_timezone = "UTC"\ndefault_country = "SE"\n'
    )


@pytest.mark.parametrize("is_broken", [False, True])
def test_what_nobody_reaches_is_told(tmp_path: Path, is_broken: bool) -> None:
    write(tmp_path, is_broken=is_broken)
    build(tmp_path, MODELS)
    told = query(
        tmp_path,
        "select code, entity, name, row_count, other_count, limit_count from reporting.rpt_landing_findings "
        f"where code in {CODES} order by all",
    )
    assert told == (
        [
            ("calls_reach_none", "calls.calls", None, 24, 0, 8),
            ("companies_meet_none", "billing.customers", "books", 8, 0, 8),
            ("companies_meet_none", "crm.accounts", "crm", 8, 0, 8),
            ("people_meet_none", "crm.employees", "pbx", 5, 0, 5),
        ]
        if is_broken
        else []
    )


def test_a_country_of_which_none_is_reached_is_told(tmp_path: Path) -> None:
    """Of 24 numbers of Sweden eight are reached, of 20 that were read as Vietnam's none: the country is told, by its code."""
    write(tmp_path, is_broken=False)
    calls = tmp_path / "landing" / "calls.csv"
    rows = [
        f"pbx,v{place},inbound,+84 95 123 45 {place:02},+46 8 900 00 00,2024-02-{place + 1:02}T10:00:00Z,answered,60,Ann Granvik"
        for place in range(20)
    ]
    calls.write_text(calls.read_text() + "\n".join([*rows, ""]))
    build(tmp_path, MODELS)
    query_of = (
        f"select name, row_count, other_count, limit_count from reporting.rpt_landing_findings where code in {CODES}"
    )
    assert query(tmp_path, query_of) == [("84", 20, 0, 0)]
