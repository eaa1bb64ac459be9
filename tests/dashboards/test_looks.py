"""What a page says reads as people say it, fits where it stands, and is no nought of what nobody told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.components.add_shared import column_words, entity_words
from dashboards.components.formats import against
from dashboards.queries import overview
from dashboards.queries.base import Filters
from pipelines.charts import specs
from tests.support.publications import publish


def test_months_before_billing_tells_anything_are_not_known(tmp_path: Path) -> None:
    """Who exports invoices since September had not "EUR 0" in August."""
    months = [
        {"account_id": account, "month": f"2026-{month:02}-01", "net_revenue": amount, "collected": amount, "is_complete": True}
        for account in ("crm:1", "crm:2")
        for month, amount in ((8, None), (9, 35), (10, 0))
    ]  # fmt: skip
    file = publish(tmp_path, "v1", {"rpt_account_monthly": months})
    shown = {
        row["month"]: (row["revenue"], row["collected"]) for row in overview.monthly(str(file), Filters()).to_pylist()
    }
    assert shown == {"2026-08": (None, None), "2026-09": (70, 70), "2026-10": (0, 0)}


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (("Revenue", "Collected"), 2),
        # Three beside each other would be cut in a card of a third of a page.
        (("Late", "In time", "Target not known"), 2),
        (("Not due", "1–30 days", "31–60 days", "61–90 days", "91–120 days", "Over 120 days"), 3),
        (("A name that is as long as a card is wide, and longer", "Another of that kind"), 1),
    ],
)  # fmt: skip
def test_a_legend_has_as_many_names_in_a_row_as_a_narrow_card_shows(names: tuple[str, ...], columns: int) -> None:
    made = specs.legend(names)
    assert made is not None
    assert made.to_dict()["columns"] == columns
    assert specs.legend(names[:1]) is None


def test_names_of_ours_are_said_as_people_say_them() -> None:
    assert column_words("crm.deals.closed_on") == "closed on (deals)"
    assert column_words("due_on") == "due on"
    assert entity_words("billing.opening_balances") == "opening balances"
    assert against("2026-09") == "vs Sep"
