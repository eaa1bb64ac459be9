"""Several data sets in one landing: a test of breadth."""

from __future__ import annotations

from pathlib import Path

from tests.support.homes import query


def test_all_three_publish_together(all_three: Path) -> None:
    found = dict(query(all_three, "select domain, sum(rows_loaded) from reporting.rpt_data_health group by all"))
    assert found["calls"] == 5000
    assert found["billing"] >= 2466 + 1030
    systems = query(all_three, "select system, count(*) from marts.dim_accounts where is_named group by all")
    assert dict(systems) == {"zoho_crm": 2229, "ibm_ar": 100}
