"""What a missing column costs: read off the models' SQL, and said where a file lacks it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import sqlglot

from pipelines.adding import drafted, look, take_in
from pipelines.exports.contracts.loading import shipped_contracts
from pipelines.exports.costs import FILE, Standing, cost, costs_of_file
from pipelines.exports.landing.raw import Receipt
from pipelines.settings import load_settings
from pipelines.warehouse.lineage import costs, made_of, written
from tests.support.publications import sample

DUE = "billing.invoices.due_on"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "exports"


@pytest.mark.parametrize(
    ("sql", "made"),
    [
        ("select a + 1 as x from t", "a"),
        ("select coalesce(t.a, u.c) as x from t left join u on t.b = u.d", "a c"),
        # What only decides which rows there are, or their order, is no part of a value.
        ("select a as x from t where b = 1 order by b", "a"),
        ("select case when a > 0 then b end as x from t", "a b"),
        ("select count(*) filter (where a = 1) as x from t", "a"),
        ("select sum(a) over (partition by b order by b) as x from t", "a"),
        ("select max_by(a, b) as x from t", "a"),
        ("with s as (select *, b as y from t) select y as x from s", "b"),
        ("with s as (select * exclude (a) from t) select s.b as x from s", "b"),
        ("select a as x from t union all select c from u", "a c"),
        # By place, though nothing names the columns before it.
        ("with s as (select null, 1, a as x from t union all select b, 2, b from t) select x from s", "a b"),
        ("select a as y, y + 1 as x from t", "a"),
        ("select (select max(c) from u where u.d = t.b) as x from t", "c"),
        ("select x from t, lateral (select t.a as x) as s", "a"),
        ("select x from t, unnest([t.a, t.b]) as s(x)", "a b"),
        # The dates of a join say into which period a row falls, which is what a sum of a period is of.
        ("select sum(c) as x from u join t on t.day <= u.d", "cW"),
        ("select c as x from u join t on t.day <= u.d", "c"),
        ("select b as x from t join u using (b)", "b"),
        ("with recursive s as (select a as x from t union all select x + 1 from s where x < 5) select x from s", "a"),
        ("select x from (values (1), (2)) as s(x)", ""),
    ],
)
def test_a_column_is_made_of_what_reaches_its_value(sql: str, made: str) -> None:
    tables = {
        "t": {"a": frozenset("a"), "b": frozenset("b"), "day": frozenset({DUE})},
        "u": {"c": frozenset("c"), "d": frozenset("d"), "b": frozenset("b")},
    }
    found = made_of(sqlglot.parse_one(sql, dialect="duckdb"), tables)["x"]
    assert found == {DUE if name == "W" else name for name in made.replace(" ", "")}


def test_what_columns_cost_is_what_the_models_make_of_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Otherwise run `python -m pipelines.warehouse.lineage HOME` after a whole refresh of a home."""
    home = sample(tmp_path_factory).parents[3]
    assert FILE.read_text(encoding="utf-8") == written(costs(home))


def test_what_everybody_knows_of_a_column_is_found() -> None:
    owner = cost("Owner", ["crm.deals.owner_id"])
    assert owner is not None
    assert owner.tables.keys() >= {"rpt_accounts", "rpt_pipeline", "rpt_team_scorecard"}
    due = cost("Due", ["billing.invoices.due_on"])
    assert due is not None
    assert due.tables.keys() >= {"rpt_receivable_aging", "rpt_collection_worklist"}
    talk = cost("Talk", ["calls.calls.talk_seconds"])
    assert talk is not None
    assert not talk.tables.keys() & {"rpt_receivable_aging", "rpt_pipeline"}
    assert "no time of talk" in talk.said()
    assert f"таблицах отчётов: {len(talk.tables)}, столбцов: {talk.size}" in talk.said("ru")
    # A link that no value passes through still costs what its words say.
    link = cost("Company", ["crm.deals.account_id"])
    assert link is not None
    assert "no link to the client" in link.said()
    assert cost("Colour", ["crm.accounts.colour"]) is None


def test_a_file_that_lacks_a_column_says_what_that_costs(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    whole = (FIXTURES / "hubspot" / "deals.csv").read_text(encoding="utf-8").splitlines()
    place = whole[0].split(",").index("Deal owner")
    cut = "\n".join(",".join(cell for at, cell in enumerate(line.split(",")) if at != place) for line in whole)
    assert not [
        said
        for said in look(settings, take_in(settings, "whole.csv", io.BytesIO("\n".join(whole).encode()))).costs
        if "owner" in said
    ]
    said = look(settings, take_in(settings, "deals.csv", io.BytesIO(cut.encode()))).costs
    assert [each.split(":")[0] for each in said if "no manager" in each] == ["without Deal owner"]


def test_a_first_contract_says_what_the_file_lacks(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    file = tmp_path / "ledgerly.csv"
    file.write_text(
        "Voucher;Debtor;Voucher date;Grand total;Currency\nV-1;Mill;2024-05-04;1250,50;SEK\nV-2;Mill;2024-05-05;90,00;SEK\n"
    )
    lacks = {each.header: each for each in drafted(settings, file, "", {}).costs}
    assert "due_on" in lacks
    assert not {"gross_amount", "issued_on", "currency"} & lacks.keys()


def test_what_an_older_file_still_says_is_kept_and_costs_nothing() -> None:
    receipt = Receipt("b" * 64, "deals-2.csv", 1, "2026-03-02T00:00:00+00:00", "2026-03-02T00:00:00+00:00")
    receipt.entities = [{"domain": "crm", "entity": "deals", "rows_loaded": 3}]
    receipt.schema_events = [
        {"event": "missing", "contract": "hubspot_deals", "column_name": name} for name in ("Amount", "Deal owner")
    ]
    contracts = shipped_contracts()

    def said(rows: int | None) -> list[str]:
        kept = {} if rows is None else {(receipt.sha256, "crm.deals.amount"): Standing(rows, ("deals-1.csv",))}
        return [each.said() for each in costs_of_file(receipt, contracts, kept)]

    amount, owner = sorted(said(None))
    assert amount.startswith("without Amount: no amount; less is known")
    assert "earlier one too, stays" in amount
    partly = sorted(said(2))
    assert partly[1] == owner
    assert partly[0].startswith(
        "without Amount: kept as deals-1.csv said it (rows: 2); of the other rows: no amount; less"
    )
    # What is kept of every row is no loss: it stands last, and names no table that knows less.
    assert said(3) == [owner, "without Amount: kept as deals-1.csv said it (rows: 3)"]
