"""The sample: the same bytes from the same arguments, as many rows as were asked for, and amounts that add up."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.sample import SampleError, SampleTruth, generate
from pipelines.sample.ledger import still_open
from pipelines.sample.noise import Noise, spread
from tests.support.chance import seeds
from tests.support.samples import SMALL, data_rows, digests, money, read, small_world


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleTruth]:
    folder = tmp_path_factory.mktemp("sample") / "landing"
    return folder, generate(folder, accounts=60, months=18, seed=3).truth


# The same arguments, the same bytes.


def test_same_arguments_same_bytes_on_one_thread_in_another_zone(tmp_path: Path) -> None:
    generate(tmp_path / "here", **SMALL)
    code = f"from pathlib import Path; from pipelines.sample import generate; generate(Path('there'), **{SMALL!r})"
    environment = os.environ | {
        "POLARS_MAX_THREADS": "1", "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "1", "LC_ALL": "C",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
    assert digests(tmp_path / "here") == digests(tmp_path / "there")


def test_another_seed_is_another_company(tmp_path: Path) -> None:
    generate(tmp_path / "one", seed=1, **SMALL)
    generate(tmp_path / "two", seed=2, **SMALL)
    same = {name for name, digest in digests(tmp_path / "one").items() if digests(tmp_path / "two")[name] == digest}
    # The list of credit notes may be empty, and as empty lists are it is the same.
    assert same - {"stripe_credit_notes.json", "billing_opening_balances.csv"} == {"Product2.csv", "crm_products.csv"}


def test_draws_depend_on_seed_stream_and_key_only() -> None:
    noise = Noise(7)
    assert noise.uniform("a", 5)[3] == noise.uniform("a", np.array([3]))[0]
    assert not np.array_equal(noise.uniform("a", 5), noise.uniform("b", 5))
    assert noise.whole("w", 10_000, 3, 5).min() == 3
    assert noise.whole("w", 10_000, 3, 5).max() == 5
    # Fixed for good: a change of the arithmetic would change every sample that was ever written.
    assert [int(draw * 10**9) for draw in noise.uniform("fixed", 3)] == FIXED_DRAWS


FIXED_DRAWS = [807_874_183, 108_684_455, 701_174_747]


def test_spread_gives_each_cell_its_share() -> None:
    cells, within = spread(Noise(1), "s", np.array([1.0, 0.0, 3.0]), 400)
    assert np.bincount(cells, minlength=3).tolist() == [100, 0, 300]
    assert within.min() >= 0
    assert within.max() < 1


# Size.


@pytest.mark.parametrize(("accounts", "months", "calls", "invoices"), [(24, 12, 300, 150), (50, 30, 4001, 777)])
def test_size_is_what_was_asked(tmp_path: Path, accounts: int, months: int, calls: int, invoices: int) -> None:
    truth = generate(tmp_path / "out", accounts=accounts, months=months, calls=calls, invoices=invoices).truth
    numbers = read(tmp_path / "out", "Invoice.csv")["Invoice Number"].n_unique()
    assert numbers == truth.counts["invoices"] == invoices
    assert truth.counts["conversations"] == calls
    assert read(tmp_path / "out", "Account.csv").filter(pl.col("IsDeleted") == "false").height == accounts
    assert len(truth.monthly_net) == months


def test_rows_of_every_file_are_told(sample: tuple[Path, SampleTruth]) -> None:
    folder, truth = sample
    for name, rows in truth.files.items():
        assert data_rows(folder / name) == rows, name
    assert {path.name for path in folder.iterdir()} == set(truth.files)


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"accounts": 23}, "accounts"), ({"months": 11}, "months"), ({"calls": 10}, "calls"),
     ({"invoices": 20}, "invoices"),
     ({"calls": 10**8}, "calls")],
)  # fmt: skip
def test_what_cannot_be_met_is_refused_by_name(tmp_path: Path, changed: dict[str, int], named: str) -> None:
    with pytest.raises(SampleError, match=named):
        generate(tmp_path / "out", **(SMALL | changed))
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "Invoice.csv").write_text("mine")
    with pytest.raises(SampleError, match="not an empty folder"):
        generate(tmp_path, **SMALL)
    assert (tmp_path / "Invoice.csv").read_text() == "mine"


# Amounts.


def test_lines_and_tax_make_the_total(sample: tuple[Path, SampleTruth]) -> None:
    folder, truth = sample
    lines = read(folder, "Invoice.csv")
    assert lines.height == truth.counts["invoice_lines"]
    assert (
        lines.filter(
            pl.col("Quantity").cast(pl.Float64).cast(pl.Int64) * money("Item Price") != money("Item Total")
        ).height
        == 0
    )
    invoices = lines.group_by("Invoice Number").agg(
        money("Item Total").sum().alias("lines"), money("Item Tax Amount").sum().alias("tax"),
        money("SubTotal").first().alias("net"), money("Total").first().alias("gross"),
        pl.col("Total", "Balance", "Invoice Status", "Due Date").n_unique().name.suffix(" values"),
    )  # fmt: skip
    assert (
        invoices.filter((pl.col("lines") != pl.col("net")) | (pl.col("net") + pl.col("tax") != pl.col("gross"))).height
        == 0
    )
    assert invoices.select(pl.col("^.* values$").max()).row(0) == (1, 1, 1, 1)


def test_balance_is_what_the_other_files_leave_open(sample: tuple[Path, SampleTruth]) -> None:
    folder, truth = sample
    invoices = read(folder, "Invoice.csv").unique("Invoice Number").select(
        "Currency Code", "Invoice Status", money("Total").alias("gross"), money("Balance").alias("balance"),
        invoice="Invoice Number",
    )  # fmt: skip
    paid = read(folder, "Customer_Payment.csv").filter(pl.col("Invoice Number").is_not_null())
    others = read(folder, "billing_adjustments.csv").filter(pl.col("adjustment_kind") != "refund")
    # The bank that takes a payment back names it alone; what comes in for a debt that was given up lowers none.
    paid_by = dict(paid.select("CustomerPayment ID", "Invoice Number").iter_rows())
    others = others.with_columns(
        pl.col("invoice_id").fill_null(pl.col("payment_id").replace_strict(paid_by, default=None))
    )
    given_up = others.filter(pl.col("adjustment_kind") == "write_off").group_by("invoice_id").agg(
        off=pl.col("occurred_on").max()
    )  # fmt: skip
    paid = paid.join(given_up, left_on="Invoice Number", right_on="invoice_id", how="left").filter(
        (pl.col("Invoice Payment Applied Date") <= pl.col("off")).fill_null(True)
    )
    moved = pl.concat([
        paid.select(invoice="Invoice Number", amount=-money("Amount Applied to Invoice")),
        read(folder, "billing_applications.csv").select(invoice="invoice_id", amount=-money("amount")),
        others.select(
            invoice="invoice_id",
            amount=money("amount") * pl.when(pl.col("adjustment_kind") == "write_off").then(-1).otherwise(1),
        ),
    ]).group_by("invoice").agg(pl.col("amount").sum())  # fmt: skip
    assert moved["invoice"].is_in(invoices["invoice"].implode()).all()
    counted = invoices.join(moved, on="invoice", how="left").with_columns(
        left=pl.when(pl.col("Invoice Status").is_in(["Draft", "Void"]))
        .then(0)
        .otherwise(pl.col("gross") + pl.col("amount").fill_null(0))
    )
    assert counted.filter(pl.col("left") != pl.col("balance")).height == 0
    # Two invoices have more put on them than they owe.
    assert counted.filter(pl.col("left") < 0).height == 2
    found = dict(counted.group_by("Currency Code").agg(pl.col("left").sum()).iter_rows())
    assert {code: Decimal(cents) / 100 for code, cents in found.items()} == truth.totals["open"]
    states = dict(counted.group_by("Invoice Status").agg(pl.col("left").sum()).iter_rows())
    assert set(states) == {"Draft", "Void", "Paid", "Closed", "Overdue", "PartiallyPaid", "Sent"}
    assert states["Paid"] == counted.filter(pl.col("left") < 0)["left"].sum() < 0 == states["Closed"]


def test_a_payment_is_applied_up_to_its_amount_and_the_rest_is_told(sample: tuple[Path, SampleTruth]) -> None:
    folder, truth = sample
    rows = read(folder, "Customer_Payment.csv")
    applied = money("Amount Applied to Invoice")
    payments = rows.group_by("CustomerPayment ID").agg(
        money("Amount").first().alias("amount"), applied.sum().alias("rows"),
        money("Unused Amount").first().alias("unused"),
        applied.filter(pl.col("Invoice Number").is_not_null()).sum().alias("applied"), pl.col("Currency Code").first(),
    )  # fmt: skip
    assert payments.filter(pl.col("rows") != pl.col("amount")).height == 0
    assert payments.filter(pl.col("applied") > pl.col("amount")).height == 0
    assert payments.height == truth.counts["payments"]
    refunds = read(folder, "billing_adjustments.csv").filter(pl.col("adjustment_kind") == "refund")
    refunded = refunds.select("payment_id", refunded=money("amount"))
    excess = payments.filter(pl.col("amount") > pl.col("applied")).join(
        refunded, left_on="CustomerPayment ID", right_on="payment_id", how="left"
    )
    assert excess.height > refunded.height > 0
    assert (
        excess.filter(pl.col("amount") - pl.col("applied") - pl.col("refunded").fill_null(0) != pl.col("unused")).height
        == 0
    )


def test_totals_hang_together(sample: tuple[Path, SampleTruth]) -> None:
    _, truth = sample
    totals = truth.totals
    for code in ("USD", "EUR"):
        loose_notes = totals["unapplied"][code] - (
            totals["received"][code] - totals["refunded"][code] - totals["applied"][code]
        )
        assert loose_notes >= 0
        applied_notes = totals["credited_gross"][code] - loose_notes
        assert totals["open"][code] == (
            totals["invoiced_gross"][code] - totals["applied"][code] - applied_notes
            - totals["written_off"][code] + totals["charged_back"][code] + totals["returned"][code]
            + totals["recovered"][code]
        )  # fmt: skip
        assert sum(month[code] for month in truth.monthly_net.values()) == totals["invoiced_net"][code]
        assert 0 < totals["overdue"][code] < totals["open"][code] < totals["invoiced_gross"][code]


@pytest.mark.parametrize("seed", seeds(6))
def test_nothing_is_paid_before_it_is_billed_nor_more_than_billed(seed: int) -> None:
    world = small_world(seed)
    invoices, ledger = world.invoices, world.ledger
    pay = ledger.payments
    assert (pay.application_day > invoices.issued[pay.application_invoice]).all()
    assert (pay.application_day >= pay.received[pay.application_payment]).all()
    payer, debtor = pay.party[pay.application_payment], invoices.party[pay.application_invoice]
    assert ((payer == debtor) | (payer == world.parties.parent[debtor])).all()
    over = np.zeros(invoices.count, dtype=np.int64)
    np.add.at(over, pay.application_invoice, pay.over[pay.application_payment])
    assert np.count_nonzero(over) == 2
    for day in (world.scope.start_day + 100, world.turns.quiet_day, world.scope.until_day):
        assert (still_open(invoices, ledger, day) + over).min() >= 0
    assert np.array_equal(still_open(invoices, ledger, world.scope.until_day), ledger.balance)
