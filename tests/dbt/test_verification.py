"""The proof: it agrees with the sample's publication, and finds a figure or a raw row that was changed."""

from __future__ import annotations

import json
import os
import re
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.bounds import current
from pipelines.verification import calls, deals, proof, revenue, shares
from pipelines.verification.compare import Verdict
from tests.support.chance import chance
from tests.support.homes import keybook
from tests.support.publications import publish, sample

SUBJECTS = {"landed", "balances", "aging", "collected", "revenue", "deals", "calls"}
# Subject, table, column -> the row that is changed by a cent, or where it is a count by one.
CHANGES = {
    ("landed", "rpt_control_totals", "loaded"): "measure = 'gross_amount'",
    ("balances", "rpt_receivable_aging", "open_amount"): "as_of_date = '2026-10-31' and open_amount > 0",
    ("balances", "rpt_receivable_aging", "overdue_amount"): "as_of_date = '2026-10-31' and open_amount > 0",
    ("balances", "rpt_receivable_aging", "credit_amount"): "as_of_date = '2026-10-31' and open_amount > 0",
    ("balances", "rpt_receivable_aging", "unapplied_amount"): "as_of_date = '2026-10-31' and unapplied_amount > 0",
    ("aging", "rpt_receivable_aging", "not_due"): "as_of_date = '2026-10-31' and not_due > 0",
    ("aging", "rpt_receivable_aging", "days_1_30"): "as_of_date = '2026-10-31' and days_1_30 > 0",
    ("aging", "rpt_receivable_aging", "days_over_120"): "as_of_date = '2026-10-31' and open_amount > 0",
    ("collected", "rpt_receivable_kpis", "collected"): "currency <> 'ALL' and collected > 0",
    ("collected", "rpt_account_monthly", "collected"): "collected > 0",
    ("revenue", "rpt_account_monthly", "net_revenue"): "net_revenue > 0",
    ("deals", "rpt_open_deals", "amount"): "amount > 0",
    ("deals", "rpt_pipeline", "open_deals"): "open_deals > 0",
    ("deals", "rpt_pipeline", "open_amount"): "open_amount > 0",
    ("deals", "rpt_pipeline", "weighted_amount"): "weighted_amount > 0",
    ("calls", "rpt_call_response", "inbound"): "inbound > 0",
    ("calls", "rpt_call_response", "answered"): "answered > 0",
    ("calls", "rpt_call_response", "missed"): "missed > 0",
    ("calls", "rpt_call_response", "voicemail"): "inbound > 0",
    ("calls", "rpt_call_response", "abandoned"): "inbound > 0",
    ("calls", "rpt_call_response", "failed"): "inbound > 0",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's publication."""
    return sample(tmp_path_factory)


def apart(raw: Path, file: Path) -> dict[tuple[str, str, str], Verdict]:
    """The figures that are not confirmed."""
    with duckdb.connect(str(file), read_only=True) as publication:
        verdicts = proof.verify(raw, publication)
    return {(found.subject, found.table, found.measure): found for found in verdicts if found.state != "agrees"}


def test_a_refresh_proves_what_it_publishes(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as publication:
        found = publication.execute(
            "select subject, sum(cells), bool_and(state = 'agrees' and cells = cells_equal and largest_difference = 0) "
            "from reporting.rpt_verification group by subject"
        ).fetchall()
    assert {subject for subject, _, _ in found} == SUBJECTS
    assert all(agrees for *_, agrees in found)
    assert min(cells for _, cells, _ in found) > 25


def test_the_command_says_what_agrees(published: Path) -> None:
    result = keybook("verify", "--home", published.parents[3])
    assert result.exit_code == 0, result.output
    assert result.output.endswith("and all agree.\n")
    lines = json.loads(keybook("verify", "--json", "--home", published.parents[3]).output)
    assert {line["subject"] for line in lines} == SUBJECTS
    assert {line["state"] for line in lines} == {"agrees"}


def test_nothing_published_is_nothing_proven(tmp_path: Path) -> None:
    assert keybook("verify", "--home", tmp_path).exit_code == 2


def test_a_changed_figure_is_found(published: Path, tmp_path: Path) -> None:
    """One cell of each column, and nothing else, is told; what is a day's or an account's sum may move with it."""
    changes = []
    for (_, table, column), where in CHANGES.items():
        step = "1" if table == "rpt_call_response" or column == "open_deals" else "0.01"
        row = f"select min(rowid) from reporting.{table} where {where}"
        changes.append(f"update reporting.{table} set {column} = {column} + {step} where rowid = ({row})")
    changes.append(
        "delete from reporting.rpt_open_deals where deal_id = (select max(deal_id) from reporting.rpt_open_deals)"
    )
    file = publish(tmp_path, "20990101T000000000000-changed", base=published, changes=changes)
    found = apart(published.parents[2] / "raw", file)
    assert set(found) == {*CHANGES, ("deals", "rpt_open_deals", "deal_id")}
    for key, verdict in found.items():
        assert len(verdict.differences) == 1 or key[1] == "rpt_open_deals", key
    assert found["revenue", "rpt_account_monthly", "net_revenue"].largest.quantize(Decimal("0.001")) == Decimal("0.010")


@pytest.mark.parametrize(
    ("entity", "change", "expected"),
    [
        ("billing/payments", pl.col("amount") + 1, {"landed", "balances", "collected"}),
        ("billing/invoices", pl.col("net_amount") + 1, {"landed", "revenue"}),
        ("billing/invoices", pl.col("due_on").dt.offset_by("-400d"), {"aging", "balances"}),
        ("crm/deal_stages", pl.col("amount") + 1, {"landed", "deals"}),
        ("calls/calls", pl.col("started_at").dt.offset_by("1d"), {"calls"}),
    ],
    ids=["a payment", "an invoice", "a due date", "a deal", "calls"],
)
def test_a_changed_raw_file_is_found(
    published: Path, tmp_path: Path, entity: str, change: pl.Expr, expected: set[str]
) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(published.parents[2] / "raw", raw)
    for file in (raw / entity).glob("*[0-9a-f].parquet"):
        pl.read_parquet(file).with_columns(change).write_parquet(file)
    assert {subject for subject, *_ in apart(raw, published)} == expected


def test_a_file_that_is_gone_is_found(published: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(published.parents[2] / "raw", raw)
    for file in (raw / "billing" / "adjustments").glob("*[0-9a-f].parquet"):
        file.unlink()
    assert "landed" in {subject for subject, *_ in apart(raw, published)}


def test_what_breaks_the_proof_is_told_and_stops_nothing(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such leg")

    monkeypatch.setattr("pipelines.verification.calls.conversations", broken)
    found = apart(published.parents[2] / "raw", published)
    assert [(verdict.state, verdict.failure) for verdict in found.values()] == [
        ("not_recomputed", "ValueError: no such leg")
    ]


def test_what_does_not_fit_into_memory_is_told_and_not_begun(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(proof.ROW_BYTES, "calls", (("calls.calls",), 10**9))
    found = apart(published.parents[2] / "raw", published)
    assert {subject for subject, *_ in found} == {"calls"}
    (verdict,) = found.values()
    assert verdict.state == "not_recomputed"
    assert re.search(r"more than the [\d.]+ GiB of memory_limit .*; raise the setting", verdict.failure)


def test_in_shares_the_same_is_computed(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are walked a share at a time where there are many; here there are shares of a hundred to two thousand."""
    monkeypatch.setattr(calls, "PART", 1_000)
    monkeypatch.setattr(calls, "READ", 2_000)
    parts = shares.parts
    for module in (deals, revenue, shares):
        monkeypatch.setattr(module, "parts", lambda raw, entity, by: parts(raw, entity, by, 100))
    monkeypatch.setattr(proof, "shares", lambda raw, accounts: shares.shares(raw, accounts, 300))
    mine = f".spill-*-{os.getpid()}-*"
    with duckdb.connect(str(published), read_only=True) as publication:
        verdicts = proof.verify(published.parents[2] / "raw", publication)
    assert {verdict.state for verdict in verdicts} == {"agrees"}
    assert sum(verdict.cells for verdict in verdicts) > 1_000
    assert not any(path.is_dir() for path in current().folder.glob(mine))


def test_the_call_above_all_is_found_however_many_lie_between() -> None:
    """In bulk as one by one, with chains and circles among them."""
    random = chance(12)
    for _ in range(30):
        ids = [f"c{number}" for number in range(random.randint(2, 40))]
        named = {call: random.choice(ids) for call in random.sample(ids, random.randint(1, len(ids)))}
        rows = [("s", call, parent) for call, parent in named.items()]
        told = calls.tops(pl.DataFrame(rows, orient="row", schema=dict.fromkeys(calls.PARENT, pl.String)))
        expected = calls.roots({(system, call): parent for system, call, parent in rows})
        expected |= {(system, top): top for (system, _), top in expected.items()}
        assert {(system, call): top for system, call, top in told.iter_rows()} == expected
