"""The sample's story is the same for any seed, and its files hold together as the vendors' would."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.exports.entities import entities
from pipelines.sample import SampleTruth, generate
from pipelines.sample.calls_files import make_legs
from pipelines.sample.columns import record_ids
from pipelines.sample.scope import Scope
from pipelines.sample.story import CHANNEL, PART
from pipelines.sample.world import make_world
from pipelines.sample.writer import formats, stored_gzip
from tests.support.chance import seeds
from tests.support.samples import SMALL, read, small_world

SEEDS = seeds(6)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleTruth]:
    folder = tmp_path_factory.mktemp("sample") / "landing"
    return folder, generate(folder, accounts=60, months=18, seed=3).truth


# Story.


@pytest.mark.parametrize("seed", SEEDS)
def test_the_story_holds_for_any_seed(seed: int) -> None:
    world = small_world(seed, calls=3000)
    invoices, ledger, parties, calls, turn = world.invoices, world.ledger, world.parties, world.calls, world.turns
    pay, quiet = ledger.payments, PART["quiet"]

    # The large client goes quiet and leaves overdue debt.
    mine = invoices.party == quiet
    assert invoices.issued[mine].max() < turn.quiet_day < world.scope.until_day - 80
    assert calls.started[calls.party == quiet].max() // 86_400 < turn.quiet_day
    assert world.deals.closed[world.deals.party == quiet].max() // 86_400 < turn.quiet_day
    assert ledger.balance[mine & (invoices.due < world.scope.until_day)].sum() > 0

    # The slow payer pays 40 to 60 days late (and then the Monday after), always.
    slow = invoices.party[pay.application_invoice] == PART["slow_payer"]
    whole = pay.application_amount == invoices.gross[pay.application_invoice]
    late = (pay.application_day - invoices.due[pay.application_invoice])[slow & whole]
    assert late.min() >= 40
    assert np.median(late) <= 63

    # The campaign that pays brings customers who pay; the one that only costs brings short calls and no lead.
    by_search = np.flatnonzero((parties.channel == CHANNEL["search"]) & (parties.acquired_month >= turn.search_month))
    assert np.isin(world.leads.party, by_search).sum() == len(by_search) >= 3
    assert np.isin(pay.party, by_search).any()
    assert (world.deals.stage[np.isin(world.deals.party, by_search)] == 4).any()
    brand = calls.channel == CHANNEL["brand"]
    assert brand.any()
    assert calls.talk[brand].max() < 30
    assert not (world.leads.channel == CHANNEL["brand"]).any()

    # One debt is written off, one big invoice is disputed, one card payment comes back, one refund is paid.
    other = ledger.adjustments
    assert PART["bankrupt"] in invoices.party[other.invoice[other.is_write_off]]
    assert ledger.balance[invoices.party == PART["bankrupt"]].sum() == 0
    disputed = np.flatnonzero((invoices.disputed >= 0) & (invoices.resolved < 0))
    assert invoices.party[disputed].tolist() == [PART["disputed"]]
    assert (
        invoices.gross[disputed[0]]
        == invoices.gross[invoices.party == PART["disputed"]].max()
        == ledger.balance[disputed[0]]
    )
    assert PART["chargeback"] in invoices.party[other.invoice[~other.is_write_off]]
    assert PART["refunded"] in pay.party[pay.refunded > 0]
    assert (pay.excess - pay.refunded)[pay.party == PART["overpaid"]].max() > 0
    notes = ledger.credit_notes
    assert (notes.invoice >= 0).any()
    assert notes.party[notes.invoice < 0].tolist() == [PART["credited"]]
    assert invoices.is_draft.any()
    assert invoices.is_void.any()

    # One account manager is overloaded: more accounts, more missed calls.
    people = world.people
    book = np.bincount(parties.owner_now[: parties.accounts], minlength=people.count)
    assert book.argmax() == people.overloaded
    assert book[people.leaver] == 0
    missed = calls.is_inbound & (calls.status > 0)
    hers = calls.employee == people.overloaded
    assert (
        missed[hers].mean()
        > 1.5 * missed[~hers & calls.is_inbound & (calls.lead < 0)].mean() * calls.is_inbound[hers].mean()
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_company_grows(seed: int) -> None:
    world = make_world(Scope(120, 24, seed, 2000, 2592, date(2026, 10, 31)))
    month = world.scope.month_of(world.invoices.issued)
    net = np.array([world.invoices.net[(month == number) & world.invoices.is_issued].sum() for number in range(24)])
    assert net[12:].sum() > 1.12 * net[:12].sum()
    assert net[-3:].sum() > 1.2 * net[:3].sum()
    shares = np.sort([world.invoices.net[world.invoices.party == party].sum() for party in range(world.parties.count)])[
        ::-1
    ]
    assert shares[: len(shares) // 4].sum() > 0.65 * shares.sum()
    assert 0.03 < world.invoices.net[world.invoices.party == PART["quiet"]].sum() / shares.sum() < 0.15


def test_nothing_happens_after_the_last_day(tmp_path: Path) -> None:
    until = date(2025, 3, 17)
    generate(tmp_path / "out", until=until, **SMALL)
    happened = {
        "Invoice.csv": ["Invoice Date", "CF.Disputed On", "CF.Dispute Resolved On"],
        "Customer_Payment.csv": ["Date", "Invoice Payment Applied Date"], "ringostat_calls_2025.csv": ["calldate"],
        "Task.csv": ["CreatedDate", "CompletedDateTime"], "Opportunity.csv": ["CreatedDate"],
        "Lead.csv": ["CreatedDate"],
        "OpportunityHistory.csv": ["CreatedDate"], "Case.csv": ["CreatedDate", "ClosedDate"],
        "billing_invoices.csv": ["issued_on"], "billing_applications.csv": ["applied_on"],
        "billing_adjustments.csv": ["occurred_on"], "billing_dunning_events.csv": ["sent_at"],
        "billing_promises.csv": ["made_on"], "crm_documents.csv": ["sent_at", "signed_at"],
        "plan_fx_rates.csv": ["rate_date"], "calls_channel_costs.csv": ["spent_on"],
        "crm_case_events.csv": ["occurred_at"], "crm_commitments.csv": ["made_on", "approved_on", "done_on"],
        "crm_stock_outs.csv": ["asked_on", "supply_requested_on", "told_on", "analogue_offered_on", "closed_on"],
        "billing_deliveries.csv": ["ordered_on", "delivered_on"],
        "crm_product_uses.csv": ["used_on"],
        "crm_campaign_members.csv": ["invited_on", "opened_on", "responded_on", "attended_on"],
    }  # fmt: skip
    for name, columns in happened.items():
        frame = read(tmp_path / "out", name)
        for column in columns:
            assert (frame[column].max() or "")[:10] <= until.isoformat(), (name, column)
    closed = read(tmp_path / "out", "Opportunity.csv").filter(pl.col("IsClosed") == "true")
    assert closed["CloseDate"].max() <= until.isoformat()
    assert read(tmp_path / "out", "Invoice.csv")["Invoice Date"].max() > "2025-03-10"


# Files.


def test_ids_refer_to_rows_of_the_sample(sample: tuple[Path, SampleTruth]) -> None:
    folder, truth = sample
    accounts, users = read(folder, "Account.csv"), read(folder, "User.csv")
    contacts, deals = read(folder, "Contact.csv"), read(folder, "Opportunity.csv")
    customers, invoices = read(folder, "Contacts.csv"), read(folder, "Invoice.csv")
    known = {
        "AccountId": accounts["Id"], "OwnerId": users["Id"], "WhoId": contacts["Id"], "ContactId": contacts["Id"],
        "OpportunityId": deals["Id"], "ConvertedOpportunityId": deals["Id"], "CF.Opportunity ID": deals["Id"],
        "ConvertedAccountId": accounts["Id"], "ConvertedContactId": contacts["Id"], "ParentId": accounts["Id"],
        "MasterRecordId": accounts["Id"], "ManagerId": users["Id"], "Customer ID": customers["Contact ID"],
        "CustomerID": customers["Contact ID"], "customer_id": customers["Contact ID"], "employee_id": users["Id"],
        "substitute_id": users["Id"], "account_id": accounts["Id"], "owner_id": users["Id"], "deal_id": deals["Id"],
        "Invoice Number": invoices["Invoice Number"], "invoice_id": invoices["Invoice Number"],
        "Product2Id__c": read(folder, "Product2.csv")["Id"], "CampaignId": read(folder, "Campaign.csv")["Id"],
        "SKU": read(folder, "crm_products.csv")["product_id"],
        "product_id": pl.concat([read(folder, "crm_products.csv")["product_id"], read(folder, "Product2.csv")["Id"]]),
        "case_id": read(folder, "Case.csv")["Id"],
    }  # fmt: skip
    # The small billing systems have ids of their own.
    apart = {spec["file"] for kind in ("lists", "reports") for spec in formats()[kind]}
    apart |= {"Event.csv.gz", "stripe_payments.csv", "billing_opening_balances.csv"}
    checked = 0
    for name in truth.files:
        if name in apart or name in ("billing_invoices.csv", "crm_products.csv"):
            continue
        frame = read(folder, name)
        for column, values in known.items():
            if column in frame.columns:
                checked += frame[column].drop_nulls().len()
                assert set(frame[column].drop_nulls()) <= set(values), (name, column)
    assert checked > 20_000
    for name in ("Account.csv", "Contact.csv", "Opportunity.csv", "User.csv", "Contacts.csv"):
        assert read(folder, name).select(pl.col("^(Id|Contact ID)$").is_unique().all()).item(), name


def test_what_became_of_a_case_ends_as_the_case_does(sample: tuple[Path, SampleTruth]) -> None:
    """Its history says the day and hour of its closing that the CRM says, and nothing before its opening or after that."""
    folder, _ = sample
    cases, events = read(folder, "Case.csv"), read(folder, "crm_case_events.csv")
    moments = {
        row["Id"]: (row["CreatedDate"][:19], (row["ClosedDate"] or "9999")[:19]) for row in cases.iter_rows(named=True)
    }
    last: dict[str, str] = {}
    for row in events.sort("occurred_at").iter_rows(named=True):
        opened, closed = moments[row["case_id"]]
        assert opened <= row["occurred_at"][:19] <= closed, row
        if row["event"] == "closed":
            last[row["case_id"]] = row["occurred_at"][:19]
    assert last == {case: closed for case, (_, closed) in moments.items() if closed != "9999"}
    assert {row["event"] for row in events.iter_rows(named=True)} == {"closed", "reopened", "escalated"}


def test_templates_carry_their_entitys_columns_and_its_key(sample: tuple[Path, SampleTruth]) -> None:
    folder, _ = sample
    for spec in formats()["templates"]:
        entity = entities()[spec["entity"]]
        frame = read(folder, f"{entity.table}.csv")
        columns = [column for column in frame.columns if column != "system"]
        assert columns == [column.name for column in entity.columns], spec
        assert frame.height > 0
        assert frame.select(entity.key).null_count().sum_horizontal().item() == 0, spec
        assert frame.select(entity.key).is_unique().all(), spec
        if "system" in spec:
            assert frame["system"].unique().to_list() == [formats()["systems"][spec["system"]]]


def test_vendors_files_keep_their_habits(sample: tuple[Path, SampleTruth]) -> None:
    folder, _ = sample
    first = (folder / "Account.csv").read_text(encoding="utf-8").splitlines()[1]
    assert first.startswith('"001')
    assert '.000Z"' in first
    assert (folder / "Contacts.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert gzip.decompress((folder / "Event.csv.gz").read_bytes()).startswith(b'"Id","WhoId"')
    assert "\n" in read(folder, "Account.csv")["BillingStreet"].str.join("|").item().replace("\r", "")
    assert read(folder, "Account.csv")["Name"].str.ends_with(" ").any()
    ids = read(folder, "Task.csv")["Id"]
    assert (ids.str.len_chars() == 18).all()


def test_faults_are_rows_that_cannot_be_read_or_repeat_another(sample: tuple[Path, SampleTruth]) -> None:
    folder, truth = sample
    assert truth.faulty_rows == {"Invoice.csv": 3, "Customer_Payment.csv": 1}
    lines = pl.read_csv(folder / "Invoice.csv", infer_schema_length=0)
    unread = lines.filter(pl.col("Invoice Date").str.to_date("%Y-%m-%d", strict=False).is_null())
    assert unread["Invoice Number"].to_list() == ["ERR-001", "ERR-002", "ERR-003"]
    payments = pl.read_csv(folder / "Customer_Payment.csv", infer_schema_length=0)
    unread = payments.filter(pl.col("Amount").cast(pl.Float64, strict=False).is_null())
    assert unread["Invoice Number"].to_list() == [None]
    for name in ("Task.csv", max(name for name in truth.files if name.startswith("ringostat"))):
        frame = pl.read_csv(folder / name, infer_schema_length=0)
        assert frame.is_duplicated().sum() == 2, name


@pytest.mark.parametrize("pause_from", ["start", "end"])
def test_legs_fold_into_exactly_the_conversations(sample: tuple[Path, SampleTruth], pause_from: str) -> None:
    folder, truth = sample
    rows = pl.concat([read(folder, name) for name in truth.files if name.startswith("ringostat")]).unique("uniqueid")
    assert rows.height == truth.counts["call_legs"] > truth.counts["conversations"]
    seconds = pl.col("billsec", "waittime", "duration").cast(pl.Int64)
    rows = rows.with_columns(
        seconds,
        start=pl.col("calldate").str.to_datetime().dt.epoch("s"),
        pair=pl.concat_list(pl.min_horizontal("caller", "dst"), pl.max_horizontal("caller", "dst")).list.join("|"),
    ).sort("pair", "start", "uniqueid")
    assert rows.filter(pl.col("billsec") + pl.col("waittime") != pl.col("duration")).height == 0
    assert rows["billsec"].sum() == truth.counts["talk_seconds"]
    is_hidden = pl.col("caller").is_null() | pl.col("dst").is_null()
    folded = rows.filter(~is_hidden).with_columns(end=pl.col("start") + pl.col("duration"))
    pause = (pl.col("start") - pl.col(pause_from).shift()).over("pair")
    conversations = folded.select((pause > 120).fill_null(True).sum()).item()
    assert rows.filter(is_hidden).height + conversations == truth.counts["conversations"]
    assert rows.filter(is_hidden).height > 0


def test_a_second_leg_follows_its_first_within_the_fold() -> None:
    world = small_world(1, calls=3000)
    legs = make_legs(world)
    assert 20 < legs.is_second.sum() < 300
    assert (world.calls.second_after[legs.of[legs.is_second]] <= 120).all()
    assert (legs.talk >= 0).all()
    assert (np.diff(legs.begins) >= 0).all()


def test_callers_are_whom_the_truth_says(sample: tuple[Path, SampleTruth]) -> None:
    folder, truth = sample
    owners: dict[str, set[str]] = {}
    spelled = pl.concat([
        read(folder, "Account.csv").filter(pl.col("IsDeleted") == "false").select(phone="Phone", account="Id"),
        read(folder, "Contact.csv").select(phone="Phone", account="AccountId"),
        read(folder, "Contact.csv").select(phone="MobilePhone", account="AccountId"),
    ]).drop_nulls()  # fmt: skip
    for phone, account in spelled.iter_rows():
        owners.setdefault("".join(filter(str.isdigit, phone))[-6:], set()).add(account)
    callers = truth.callers
    for number, account in callers.filter("is_in_crm").select("number", "account_id").iter_rows():
        assert account in owners[number[-6:]]
    known = callers["account_id"].is_not_null()
    assert 0.1 < known.mean() < 0.95
    assert (known & ~callers["is_in_crm"]).any(), "some companies call from numbers that nobody wrote down"
    assert callers["number"].is_unique().all()
    spellings = {phone[:1] if phone[:2] != "00" else "00" for phone in spelled["phone"]}
    assert {"+", "0", "00"} <= spellings


def test_most_customers_can_be_found_in_the_crm_and_some_cannot(sample: tuple[Path, SampleTruth]) -> None:
    folder, truth = sample
    customers = read(folder, "Contacts.csv").join(truth.customers, left_on="Contact ID", right_on="customer_id")
    accounts, contacts = read(folder, "Account.csv"), read(folder, "Contact.csv")
    by_tax = customers.join(accounts, left_on="Tax Registration Number", right_on="VAT_Number__c")
    by_mail = customers.join(contacts, left_on="EmailID", right_on="Email")
    assert (by_tax["account_id"] == by_tax["Id"]).all()
    assert (by_mail["account_id"] == by_mail["AccountId"]).all()
    found = set(by_tax["Contact ID"]) | set(by_mail["Contact ID"])
    assert 0.6 < len(found) / customers.height < 1
    assert customers["account_id"].null_count() == truth.counts["customers_without_account"] >= 2
    merged = truth.story["survivor"]
    assert (
        customers.filter(pl.col("Contact ID") == merged["merged_customer_id"])["account_id"].item()
        == merged["account_id"]
    )
    assert accounts.filter(pl.col("Id") == merged["merged_account_id"])["MasterRecordId"].item() == merged["account_id"]


# Parts.


def test_record_ids_carry_check_characters_that_keep_them_apart_in_lower_case() -> None:
    ids = record_ids("001", 40_000)
    assert ids.is_unique().all()
    assert ids.str.to_lowercase().is_unique().all()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    for text in ids.head(50):
        chunks = [text[place : place + 5] for place in (0, 5, 10)]
        bits = [sum(1 << place for place, letter in enumerate(chunk) if "A" <= letter <= "Z") for chunk in chunks]
        assert text[15:] == "".join(letters[bit] for bit in bits)


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 200_001])
def test_stored_gzip_unpacks_to_what_was_packed(size: int) -> None:
    content = bytes(place % 251 for place in range(size))
    assert gzip.decompress(stored_gzip(content)) == content


def test_truth_can_be_kept_as_json(sample: tuple[Path, SampleTruth]) -> None:
    _, truth = sample
    text = truth.as_json()
    assert truth.story["quiet"]["account_id"] in text
    assert str(truth.totals["open"]["EUR"]) in text
