"""The page of vendors lists what the shipped contracts read, no more and no less."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from pipelines.exports.contracts.languages import said_of
from pipelines.exports.contracts.loading import SOURCES, read_contract

PAGE = Path(__file__).resolve().parents[2] / "docs" / "vendors.md"
HEAD = """# What is read

A file is recognised by its headers, whatever it is called. These exports have a contract (`pipelines/sources/`); for any other, [adding-a-source.md](adding-a-source.md) makes one. A line in italics is an export that has no place here: its contract says why, and which to make instead.

| vendor | exports |
|---|---|
"""
TAIL = """
Of these vendors' other exports no public header was found, so none is guessed: the lists that Visma eEkonomi, Visma Administration, Lexware Office and Wave write as CSV or Excel (the APIs' lists above are read; Wave's export of transactions is a journal, and is named as one), and HubSpot's exports of calls and activities. What public programs call an export of these, with invented rows and headers of their own, is none. `keybook contract new` makes a first contract of such a file.

## In which languages

What is said here is in the language in which the vendor writes an export: 1C, amoCRM and Bitrix24 in Russian, Fortnox in Swedish, DATEV in German, the others in English. Where an export follows the user's language, its headers and words in German, French, Spanish, Swedish and Russian are known from the vendor's own public translations or from public programs that read it:

{languages}
In Spanish ERPNext calls the total with tax and that without `Total`: nobody can tell which one a list has. It is the net total and the taxes together where the list has both (`Total neto`, `Total Impuestos y Cargos`); otherwise the list is held.

Of HubSpot, Salesforce, QuickBooks Online, Zoho, Xero, Stripe, Aircall, amoCRM and Bitrix24 no public list of the headers in other languages was found. Such a file is held as one that nobody knows; make the export with the language set to the one above, or a contract of your own with `keybook contract new`.
"""


def page() -> str:
    """The page as the contracts' titles make it: `Vendor, export`."""
    exports: dict[str, list[str]] = defaultdict(list)
    for path in sorted(SOURCES.glob("*.yml")):
        contract = read_contract(path)
        vendor, _, export = contract.title.partition(", ")
        exports[vendor].append(f"*{export or 'all'}*" if contract.refuse else export or "all")
    rows = [f"| {vendor} | {'; '.join(exports[vendor])} |\n" for vendor in sorted(exports, key=str.casefold)]
    told = {path.stem: languages for path in sorted(SOURCES.glob("*.yml")) if (languages := said_of(path.stem))}
    known = [f"- {read_contract(SOURCES / f'{name}.yml').title}: {', '.join(told[name])}\n" for name in told]
    return HEAD + "".join(rows) + TAIL.format(languages="".join(known))


def test_the_page_of_vendors_is_that_of_the_contracts() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
