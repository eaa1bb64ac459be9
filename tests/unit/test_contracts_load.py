"""The contracts in `pipelines/sources/`: each is valid, recognises its fixture alone, and reads it as is expected.

`tests/fixtures/exports/expected.yml` names, for every fixture, the contracts that recognise it and all the rows that
come of it (without blank columns and without keys that are made); a new contract needs a fixture and an entry there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipelines.exports.contracts.contract import ContractError
from pipelines.exports.contracts.loading import SOURCES, load_contracts, read_contract
from pipelines.exports.entities import entities
from pipelines.files import read_yaml
from tests.support.landing import contract, land

FIXTURES = Path(__file__).parent.parent / "fixtures" / "exports"
EXPECTED: dict[str, dict[str, Any]] = read_yaml(FIXTURES / "expected.yml")
CONTRACTS = sorted(SOURCES.glob("*.yml"))


def _text(value: object) -> str:
    """A typed value as expected.yml writes it: times in UTC, numbers without trailing zeros."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond else ""
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


@cache
def _recognised() -> set[str]:
    return {name for expected in EXPECTED.values() for name in expected["contracts"]}


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_contract_is_valid_and_has_a_fixture(path: Path) -> None:
    read = read_contract(path)
    assert read.contract.startswith(f"{read.system}_")
    assert read.contract in _recognised(), "no fixture in expected.yml is recognised by this contract"


def test_every_fixture_is_expected() -> None:
    files = {str(path.relative_to(FIXTURES)) for path in FIXTURES.rglob("*") if path.is_file()}
    assert files - {"expected.yml"} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_fixture_is_recognised_and_read_as_expected(tmp_path: Path, name: str) -> None:
    expected = dict(EXPECTED[name])
    landed = land(tmp_path, FIXTURES / name, name=Path(name).name, business_timezone="Europe/Stockholm")
    receipt = landed.receipt
    contracts = load_contracts()
    assert sorted(receipt.digests) == expected.pop("contracts")
    assert [message.split(": ", 1)[1] for message in landed.held] == expected.pop("held", [])
    rejects = [] if not receipt.rows_rejected else landed.why()
    assert rejects == [(row["line"], row["reason"]) for row in expected.pop("rejects", [])]
    unknown = [event["column_name"] for event in receipt.schema_events if event["event"] == "new"]
    assert unknown == [], "the contract does not know these headers; map them or list them under known"
    read = {}
    for counted in receipt.entities:
        entity = entities()[f"{counted['domain']}.{counted['entity']}"]
        mapped = {
            name for entity_map in contracts[counted["contract"]].entities[entity.id] for name in entity_map.columns
        }
        columns = [column.name for column in entity.columns if column.name in mapped] + ["_deleted"]
        read[entity.id] = [
            {
                column: _text(value)
                for column, value in zip(columns, row, strict=True)
                if value is not None and (value or column != "_deleted")
            }
            for row in landed.rows(entity.id, ", ".join(columns))
        ]
        assert counted["rows_read"] == counted["rows_loaded"] + counted["rows_rejected"]
    assert read == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contract: other\ntitle: T\nsystem: s\nrecognise: {headers: [A]}\nrefuse: why", "must be the file's name"),
        ("contract: test\ntitle: T\nsystem: s\nrecognise: {headers: [A]}", "feeds at least one entity"),
        ("contract: test\ntitle: T\nsystem: s\nrecognise: {header: [A]}\nrefuse: why", "recognise.header"),
        ("contract: [test\n", "no valid YAML"),
        (
            "contract: test\ntitle: T\nsystem: s\nrecognise: {headers: [A]}\n"
            "entities: {crm.accounts: {columns: {account_id: A, colour: B}}}",
            "crm.accounts has no column colour",
        ),
        (
            "contract: test\ntitle: T\nsystem: s\nrecognise: {headers: [A]}\n"
            "entities: {crm.accounts: {columns: {name: A}}}",
            "crm.accounts needs its key: account_id",
        ),
        (
            "contract: test\ntitle: T\nsystem: s\nrecognise: {headers: [A]}\n"
            "entities: {crm.accounts: {columns: {account_id: {from: A, value: b}}}}",
            "exactly one of",
        ),
        (
            "contract: test\ntitle: T\nsystem: s\nrecognise: {headers: [A]}\n"
            "entities: {crm.accounts: {columns: {account_id: {cases: [{wher: {column: A, is: x}, from: A}]}}}}",
            "wher",
        ),
    ],
)
def test_a_contract_outside_the_vocabulary_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "test.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=r"test\.yml") as caught:
        read_contract(path)
    assert said in str(caught.value)


def test_the_words_for_true_need_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "test.yml"
    path.write_text(
        "contract: test\ntitle: T\nsystem: s\nrecognise: {headers: [A]}\nrefuse: why\n"
        "formats: {true: [oui], false: [non]}",
        encoding="utf-8",
    )
    formats = read_contract(path).formats
    assert (formats.true, formats.false) == (["oui"], ["non"])


def test_the_example_of_the_documentation_is_read_as_it_says(tmp_path: Path) -> None:
    page = (SOURCES.parent.parent / "docs" / "contracts.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(\w*)\n(.*?)```", page, re.S)
    export, text = next(block for kind, block in blocks if not kind), next(block for kind, block in blocks if kind)
    landed = land(tmp_path, export, contract(text))
    assert landed.rows("billing.invoices", "invoice_id, gross_amount, currency, status") == [
        ("F-1", Decimal("1284.5"), "SEK", "issued"),
        ("F-2", Decimal("90"), None, "void"),
    ]
    assert len(landed.rows("billing.invoice_lines")) == 3
    assert landed.receipt.rows_rejected == 0
