"""First contracts: what the file's rows tell, what is asked, and that nothing is landed that was guessed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from benchmarks.drafts import FIXTURES, report, score_table, tables
from pipelines.exports.contracts.draft import Draft, draft
from pipelines.exports.contracts.loading import load_contracts, read_contract
from pipelines.exports.readers.unpack import Limits
from tests.support.landing import land


def _draft(folder: Path, text: str, name: str = "ledgerly.csv", raw: Path | None = None, **answers: str) -> Draft:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    said = {question.replace("__", "."): answer for question, answer in answers.items()}
    return draft(path, load_contracts(), Limits(), None, said, raw)


def _from(made: Draft, column: str) -> tuple[str, ...]:
    return next((mapped.headers for mapped in made.mapped if mapped.column == column), ())


def _asked(made: Draft) -> set[str]:
    return {question.id for question in made.open}


INVOICES = """Invoice No,Client,Invoice date,Excl,VAT,Incl,Received so far,Left
A-1,North,2024-01-05,100.00,25.00,125.00,25.00,100.00
A-2,South,2024-01-06,40.00,10.00,50.00,50.00,0.00
A-3,North,2024-01-07,80.40,20.10,100.50,0.00,100.50
"""


def test_arithmetic_tells_which_amount_is_the_whole(tmp_path: Path) -> None:
    # `Left` and `Incl` mean nothing by themselves; VAT and the sums do.
    made = _draft(tmp_path, INVOICES.replace("Left", "Balance"))
    assert (_from(made, "net_amount"), _from(made, "tax_amount"), _from(made, "gross_amount")) == (
        ("Excl",), ("VAT",), ("Incl",)
    )  # fmt: skip
    assert _from(made, "reported_balance") == ("Balance",)
    assert _asked(made) == set()


def test_parts_that_do_not_make_the_whole_are_not_mapped(tmp_path: Path) -> None:
    text = INVOICES.replace("Excl,VAT,Incl", "Subtotal,VAT,Total").replace("25.00,125.00", "25.00,120.00")
    made = _draft(tmp_path, text)
    assert _from(made, "gross_amount") == ("Total",)
    assert _from(made, "net_amount") == _from(made, "tax_amount") == ()


def test_a_need_that_nothing_meets_is_asked_and_nothing_is_landed(tmp_path: Path) -> None:
    text = "Invoice No,Client,Made,Sent off,Amount\nA-1,North,2024-01-05,2024-01-09,10.00\nA-2,South,2024-01-06,2024-01-08,20.00\n"
    made = _draft(tmp_path, text)
    assert _asked(made) == {"column.issued_on", "entity"}
    contract = tmp_path / f"{made.name}.yml"
    contract.write_text(made.text, encoding="utf-8")
    landed = land(tmp_path, tmp_path / "ledgerly.csv", {"x": read_contract(contract)})
    assert landed.receipt.entities == []
    assert "asks before anything is landed" in landed.held[0]
    answered = _draft(tmp_path, text, entity="billing.invoices", column__issued_on="Made")
    assert _asked(answered) == set()
    assert "ask" not in yaml.safe_load(answered.text)
    assert answered.preview.dates["issued_on"] == ("2024-01-05", "2024-01-06")


def test_a_minus_is_a_credit_note_and_its_amount_positive(tmp_path: Path) -> None:
    text = "Invoice No,Customer,Date,Total\nA-1,North,2024-01-05,100.00\nC-1,North,2024-01-06,-40.00\nA-2,South,2024-01-07,1.00\n"
    made = _draft(tmp_path, text)
    landed = land(tmp_path, tmp_path / "ledgerly.csv", {"x": made.contract})
    assert landed.rows("billing.invoices", "invoice_id, document_kind, gross_amount") == [
        ("A-1", "invoice", Decimal("100.0000")),
        ("C-1", "credit_note", Decimal("40.0000")),
        ("A-2", "invoice", Decimal("1.0000")),
    ]
    assert made.preview.sums["gross_amount"] == {"": Decimal("61.0000")}


REPORT = """Example Works Ltd
Customer balances

Customer,Invoice No,Date,Amount,Open balance
North Ltd,,,,
,A-1,2024-01-05,100.00,60.00
,A-2,2024-01-06,50.00,0.00
Total for North Ltd,,,150.00,60.00
South Ltd,,,,
,A-3,2024-01-07,10.00,10.00
Total for South Ltd,,,10.00,10.00
TOTAL,,,160.00,70.00

"Tuesday, 05 March 2024 10:15 am GMTZ"
"""


def test_titles_totals_and_a_time_stamp_are_no_rows(tmp_path: Path) -> None:
    made = _draft(tmp_path, REPORT, "balances of invoices.csv")
    landed = land(tmp_path, tmp_path / "balances of invoices.csv", {"x": made.contract})
    assert landed.rejects() == []
    assert landed.rows("billing.invoices", "invoice_id, gross_amount, reported_balance") == [
        ("A-1", Decimal("100.0000"), Decimal("60.0000")),
        ("A-2", Decimal("50.0000"), Decimal("0.0000")),
        ("A-3", Decimal("10.0000"), Decimal("10.0000")),
    ]
    assert made.preview.own_totals == {"gross_amount": "160.0000", "reported_balance": "70.0000"}


def test_a_total_of_the_files_own_that_its_rows_do_not_make_is_asked(tmp_path: Path) -> None:
    text = "Invoice No,Customer,Date,Total\nA-1,North,2024-01-05,100.00\nA-2,North,2024-01-06,40.00\nTotal,,,150.00\n"
    assert _asked(_draft(tmp_path, text)) == {"total"}
    assert _asked(_draft(tmp_path, text.replace("150", "140"))) == set()


def test_columns_that_tell_rows_apart_are_asked(tmp_path: Path) -> None:
    text = "Payment No,Customer,Payment date,Amount,Deleted\nP-1,A,2024-01-05,10.00,no\nP-2,B,2024-01-06,20.00,yes\n"
    assert _asked(_draft(tmp_path, text)) == {"apart.Deleted"}
    made = _draft(tmp_path, text, apart__Deleted="yes")
    assert made.preview.sums["amount"] == {"": Decimal("10.0000")}


def test_a_blank_column_is_not_mapped_and_an_amount_is_no_rate(tmp_path: Path) -> None:
    text = "Payment No,Customer,Payment date,Amount,Currency,Method,Rate amount\nP-1,A,2024-01-05,10.00,EUR,,9.10\nP-2,B,2024-01-06,20.00,EUR,,18.20\n"
    made = _draft(tmp_path, text)
    assert _from(made, "method") == ()
    assert _from(made, "exchange_rate") == ()
    assert _from(made, "amount") == ("Amount",)


def test_a_column_of_a_landed_files_ids_is_the_link(tmp_path: Path) -> None:
    known = "customer_id,name\nK-77,North\nK-78,South\n"
    landed = land(tmp_path, known, name="customers.csv")
    assert landed.receipt.entities
    text = "Invoice No,Date,Total,Ours,Theirs\nA-1,2024-01-05,10.00,K-77,Z-1\nA-2,2024-01-06,20.00,K-78,Z-2\n"
    alone, beside = _draft(tmp_path, text), _draft(tmp_path, text, raw=landed.store.root)
    assert _from(alone, "customer_id") == ()
    assert _from(beside, "customer_id") == ("Ours",)
    # What names a system's records is of that system: the ids of another would meet none.
    assert (alone.contract.system, beside.contract.system) == ("ledgerly", "keybook")


def test_short_numbers_name_no_system(tmp_path: Path) -> None:
    landed = land(tmp_path, "customer_id,name\n1,North\n2,South\n", name="customers.csv")
    text = "Invoice No,Date,Total,Ours\nA-1,2024-01-05,10.00,1\nA-2,2024-01-06,20.00,2\n"
    assert _draft(tmp_path, text, raw=landed.store.root).contract.system == "ledgerly"


def test_first_and_last_name_and_day_and_time_are_joined(tmp_path: Path) -> None:
    people = "Person No,Forename,Surname,E-mail\n1,Eva,Exempelsson,eva@example.com\n2,Bo,Ek,bo@example.com\n"
    assert _from(_draft(tmp_path, people, "contacts.csv"), "full_name") == ("Forename", "Surname")
    calls = "Call ID,Date,Time,From,To,Status\n1,2024-01-05,10:15:00,+46701740601,+46850000001,answered\n"
    made = _draft(tmp_path, calls, "calls.csv")
    landed = land(tmp_path, tmp_path / "calls.csv", {"x": made.contract})
    assert landed.rows("calls.calls", "cast(started_at as varchar)") == [("2024-01-05 10:15:00+00",)]


def test_hundredths_are_asked_where_records_have_whole_amounts(tmp_path: Path) -> None:
    records = '[{"id": "p1", "customer": "c1", "created": 1706745600, "amount": 1250, "currency": "EUR"},'
    records += '{"id": "p2", "customer": "c1", "created": 1706832000, "amount": 500, "currency": "JPY"}]'
    made = _draft(tmp_path, records, "payments.json")
    assert made.entity_id == "billing.payments"
    assert _asked(made) == {"units"}
    answered = _draft(tmp_path, records, "payments.json", units="hundredths")
    assert answered.preview.sums["amount"] == {"EUR": Decimal("12.5000"), "JPY": Decimal("500.0000")}


# In the connector's deals a flag of a row that is gone is no deal's state, though another vendor knows `true` as won.
@pytest.mark.parametrize(
    "name", ["stripe/payments.csv", "hubspot/deals.csv", "hubspot/connector_deal.csv", "quickbooks/invoice_list.csv"]
)
def test_the_scorer_finds_right_and_wrong(name: str) -> None:
    contracts = load_contracts()
    known = [found for found in tables((FIXTURES / name).parent, contracts) if found[0] == FIXTURES / name]
    score = score_table(*known[0], contracts)
    assert score.entity_is_right
    assert score.right >= 5
    assert score.wrong_amounts == []
    assert "| Tables | 1 |" in report([score])


def test_a_table_is_of_the_kind_that_its_name_says(tmp_path: Path) -> None:
    text = "No,Customer,Date,Total\nC-1,North,2024-01-05,100.00\nC-2,South,2024-01-06,40.50\n"
    made = _draft(tmp_path, text, "credit notes.csv", entity="billing.invoices")
    assert made.contract.entities["billing.invoices"][0].columns["document_kind"].value == "credit_note"


def test_money_that_nothing_names_is_asked_for(tmp_path: Path) -> None:
    text = "No,Customer,Date,Total\nA-1,North,2024-01-05,100.00\nA-2,South,2024-01-06,40.50\n"
    assert _asked(_draft(tmp_path, text)) >= {"entity"}
    assert _asked(_draft(tmp_path, text, "sales invoices 2024.csv")) == set()


def test_quotes_are_no_invoices(tmp_path: Path) -> None:
    text = "Quote No,Customer,Date,Due date,Grand Total\nQ-1,North,2024-01-05,2024-02-05,100.50\n"
    made = _draft(tmp_path, text, "quotes.csv")
    assert made.entity_id == "crm.activities" or "entity" in _asked(made)


def test_two_totals_that_differ_are_asked_for(tmp_path: Path) -> None:
    text = "Invoice No,Customer,Date,Grand Total,Rounded Total\nA-1,North,2024-01-05,99.60,100.00\nA-2,South,2024-01-06,40.00,40.00\n"
    assert "column.gross_amount" in _asked(_draft(tmp_path, text))
    assert _asked(_draft(tmp_path, text.replace("99.60", "100.00"))) == set()


@pytest.mark.parametrize(
    ("row", "asks"),
    [
        ("A-1,North,2024-01-05,100.00,60.00,40.00,Sent", False),
        ("A-1,North,2024-01-05,100.00,60.00,100.00,Sent", True),
        ("A-1,North,2024-01-05,100.00,100.00,100.00,Paid", True),
        ("A-1,North,2024-01-05,100.00,0.00,120.00,Sent", True),
    ],
)
def test_what_is_called_open_and_is_not_the_rest_is_asked_for(tmp_path: Path, row: str, asks: bool) -> None:
    text = f"Invoice No,Customer,Date,Total,Amount Paid,Amount Due,Status\n{row}\nA-2,South,2024-01-06,40.50,0.00,40.50,Sent\n"
    assert ("column.reported_balance" in _asked(_draft(tmp_path, text))) is asks


def test_amounts_without_any_decimals_may_be_hundredths(tmp_path: Path) -> None:
    text = "Payment No,Customer,Payment date,Amount\nP-1,A,2024-01-05,125000\nP-2,B,2024-01-06,2000\n"
    assert _asked(_draft(tmp_path, text)) == {"units"}
    made = _draft(tmp_path, text, units="hundredths")
    assert made.preview.sums["amount"] == {"": Decimal("1270.0000")}
    assert _asked(_draft(tmp_path, text.replace("2000", "20.50"))) == set()


def test_what_headers_begin_with_and_what_is_written_as_one_word_hide_nothing(tmp_path: Path) -> None:
    text = "props_id,props_dealname,props_dealstage,props_amount,props_closedate\n7,Planks,Closed Won,10.50,2024-01-05\n8,Nails,Closed Lost,2.00,2024-01-06\n"
    made = _draft(tmp_path, text, "deals.csv")
    assert made.entity_id == "crm.deals"
    assert {column: _from(made, column) for column in ("deal_id", "name", "stage", "amount", "expected_close_on")} == {
        "deal_id": ("props_id",),
        "name": ("props_dealname",),
        "stage": ("props_dealstage",),
        "amount": ("props_amount",),
        "expected_close_on": ("props_closedate",),
    }


def test_a_report_above_its_header_and_a_header_of_two_lines(tmp_path: Path) -> None:
    text = (
        "Bills Receivable,,,,\nGroup :,All,,,\nDate,Bill No,Customer,Bill,Due on\n,,,Amount,\n"
        "2024-01-15,S-1,North,80.25,2024-02-14\n2024-01-20,S-2,South,20.00,2024-02-19\n2024-01-25,S-3,South,5.00,2024-02-24\n"
    )
    made = _draft(tmp_path, text, "bills.csv")
    assert (_from(made, "gross_amount"), _from(made, "invoice_id")) == (("Bill Amount",), ("Bill No",))
    assert made.preview.rows_loaded == 3


def test_several_words_of_a_column_may_count_for_nothing(tmp_path: Path) -> None:
    text = "Payment No,Customer,Payment date,Amount,Type\nP-1,A,2024-01-05,10.50,Cash\nP-2,B,2024-01-06,20.00,Test\nP-3,B,2024-01-06,30.00,Void\n"
    made = _draft(tmp_path, text, apart__Type="Test\nVoid")
    assert made.preview.sums["amount"] == {"": Decimal("10.5000")}


STAGES = """Opportunity No,Opportunity,Stage,Ended,Win probability,Value,Expected close
D-1,Planks,Closed Won,Won,100,10.50,2024-01-05
D-2,Nails,Closed Lost,Lost,0,2.00,2024-01-06
D-3,Beams,Haggling,{state},0,3.00,2024-09-06
"""


def test_a_stage_that_nobody_knows_is_what_another_column_says(tmp_path: Path) -> None:
    text = STAGES.format(state="Open")
    made = _draft(tmp_path, text, "deals.csv")
    assert (_from(made, "stage"), _from(made, "status")) == (("Stage",), ("Ended",))
    assert made.preview.states["status"] == {"lost": 1, "open": 1, "won": 1}
    # One that contradicts a stage is asked for, and a probability of 0 makes no lost deal unasked.
    other = _draft(tmp_path, STAGES.format(state="Open").replace("Closed Won,Won", "Closed Won,Lost"), "deals.csv")
    assert "column.status" in _asked(other)
    alone = _draft(tmp_path, STAGES.format(state="Whatever"), "deals.csv")
    assert "word.status.Haggling" in _asked(alone)
