"""The sample's publication against its contacts, calls, entries, reminders, forecasts and terms in plain Python.

What none of its rows moves is moved by the companies of `test_truncation` and `test_unrated`, which ask the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.support.claims import Claims
from tests.support.figures import FIGURES, claims_of, held, moves
from tests.support.publications import sample

# Of the few accounts that left none had a case, every amount is known and has a rate, no promise is in force, twelve months are not two
# years, who owns an account hands it over on one day, every deal has a history, and
# the same people call in all weeks, no deal comes back to a stage or skips one, is a tender or was referred, e-mails say no direction, no lead
# is open, and each call with one has its length.
UNMOVED = {
    "claims_before", "open_claims", "open_cases", "oldest_case_days", "missing_rate_count", "missing_amount_count", "promised_amount", "account_weeks",
    "revenue_previous_12m", "revenue_year_before", "days_without_owner", "invoices_left_out",
    "record_deals", "employees", "reentered", "skipped", "emails_received", "email_reply_minutes_median", "email_contacts", "tenders",
    "tender_win_rate", "referred", "referred_won", "referral_rate", "referrals", "score", "scored_leads", "assumed_efforts",
}  # fmt: skip


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Claims]:
    """The sample's."""
    file: Path = sample(tmp_path_factory)
    with duckdb.connect(str(file), read_only=True) as connection:
        yield claims_of(file.parents[2] / "raw", connection)


@pytest.mark.parametrize("name", FIGURES)
def test_figures(claims: Claims, name: str) -> None:
    wrong, expected = held(claims, name)
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])
    assert not {column for column in FIGURES[name][2] if not moves(expected, column)} - UNMOVED
