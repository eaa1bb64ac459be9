"""What a first contract will say of a table: guesses and a person's answers together, and what is still asked.

`settling.py` settles it, `asking.py` asks what neither the file nor an answer settles, `writing.py` writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.exports.contracts.clues import Layout, Sum, is_number
from pipelines.exports.contracts.guess import needs_of
from pipelines.exports.contracts.profile import DAY_FIRST, MONTH_FIRST, USUAL, Profile
from pipelines.exports.contracts.vocabulary import Vocabulary, is_amount, plain
from pipelines.exports.entities import Column, Entity
from pipelines.exports.landing.reading import TextTable

# The answer that no column, or none of the words, is meant.
NONE = "none"
# The answers that are codes, with their words in the group `draft_answer`; the others are the file's own texts.
ANSWERS = {code: code for code in ("none", "sum", "keep", "accept", "whole", "hundredths", "included", "added")} | {
    "day first": "day_first",
    "month first": "month_first",
}
# The column of an entity that all its money hangs on.
MAIN_AMOUNT = {"billing.invoices": "gross_amount", "billing.payments": "amount", "billing.orders": "open_amount"}


_CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p")


@dataclass(frozen=True)
class Question:
    """What is asked of a person: by its id an answer is given, `options` are the answers that there are.

    The words are of the group `draft_question`, by `code`, with `facts`. One that blocks holds the contract's files.
    """

    id: str
    code: str
    options: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    blocks: bool = True


@dataclass
class Plan:
    """All that the contract says, settled as far as file and answers settle it."""

    table: TextTable
    entity: Entity
    profiles: list[Profile]
    layout: Layout
    vocabulary: Vocabulary
    answers: Mapping[str, str]
    name: str
    columns: dict[str, Profile]
    joined: dict[str, list[Profile]]
    added: dict[str, list[Profile]] = field(default_factory=dict)
    multiplied: dict[str, list[Profile]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    # Rows that a person says do not count: header -> words.
    skipped: dict[str, list[str]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    made_key: str | None = None
    one_row_per: str = ""
    totalled: set[str] = field(default_factory=set)
    # A column that counts only where others have these words.
    when: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    # What the table's name says its activities are, and which sums hold in its rows.
    activity: str | None = None
    sums: list[Sum] = field(default_factory=list)
    table_name: str = ""
    linked_system: str = ""
    signed: bool = False
    minor: bool = False
    group: str = ""
    group_when: str = ""
    questions: list[Question] = field(default_factory=list)

    @property
    def needs(self) -> list[str]:
        """What a row means nothing without; of an invoice what is open of it is enough."""
        only_open = "reported_balance" in self.columns and "gross_amount" not in self.columns
        return [need for need in needs_of(self.entity) if not (need == "gross_amount" and only_open)]

    @property
    def main(self) -> Profile | None:
        """The column that all money hangs on: of an invoice its total, or what is open of it where nothing else is told."""
        name = MAIN_AMOUNT.get(self.entity.id)
        return self.columns.get(name or "") or (self.columns.get("reported_balance") if name else None)

    @property
    def title(self) -> str:
        """What people call the export."""
        return self.answers.get("title") or self.name.replace("_", " ").capitalize()

    @property
    def system(self) -> str:
        """The source system: as answered, that whose landed records it names, or the first word of the file's name."""
        return self.answers.get("system") or self.linked_system or self.name.split("_")[0]

    @property
    def export(self) -> str:
        """Whether a newer file holds everything, as answered."""
        return self.answers.get("export", "")

    @property
    def decimal(self) -> str:
        """The decimal mark as answered."""
        return self.answers.get("decimal", "")

    @property
    def date_order(self) -> str:
        """The order of day and month as answered."""
        return self.answers.get("date_order", "")

    @property
    def hundredths(self) -> dict[str, str]:
        """How amounts in hundredths are read; some currencies have none."""
        currency = self.columns.get("currency")
        return {"unit": "minor"} | ({"currency_column": currency.header} if currency else {})

    @property
    def kinds(self) -> dict[str, str]:
        """What the words of the document kind mean."""
        found = self.columns.get("document_kind")
        if found is None:
            return {}
        column = self.entity.column("document_kind")
        return {word: ours for word in found.words if (ours := self.meaning(column, word))}

    def meaning(self, column: Column, word: str) -> str | None:
        """What a word in a column with a vocabulary is: as answered, or as some contract knows it."""
        return self.answers.get(f"word.{column.name}.{word}") or self.vocabulary.means(
            self.entity.id, column.name, word
        )

    def typed(self, *types: str) -> list[Profile]:
        """The mapped columns of these types."""
        typed = {column.name: column.type for column in self.entity.columns}
        return [found for name, found in self.columns.items() if typed[name] in types]

    @property
    def moments(self) -> list[Profile]:
        """The mapped columns of dates and times that hold any."""
        return [found for found in self.typed("date", "timestamp") if found.filled and found.unix < found.filled]

    @property
    def orders(self) -> tuple[dict[str, list[str]], dict[str, int]]:
        """The patterns of each order that occur, and how many values each order leaves unread."""
        patterns: dict[str, list[str]] = {DAY_FIRST: [], MONTH_FIRST: [], "": []}
        for found in self.moments:
            for pattern, (order, _) in found.dates.items():
                joined = any(found in parts for parts in self.joined.values())
                timed = [f"{pattern} {time}" for time in _CLOCKS] if joined else [pattern]
                patterns[order] = list(dict.fromkeys([*patterns[order], *timed]))
        unread = {
            order: sum(found.unread.get(order, 0) for found in self.moments) for order in (DAY_FIRST, MONTH_FIRST)
        }
        return patterns, unread

    @property
    def both_orders(self) -> bool:
        """Whether nothing in the file tells which of day and month comes first."""
        patterns, unread = self.orders
        return bool(patterns[DAY_FIRST] and patterns[MONTH_FIRST] and unread[DAY_FIRST] == unread[MONTH_FIRST])

    @property
    def marks(self) -> tuple[list[Profile], int, int]:
        """The mapped columns of numbers, and how many values read with a decimal point and with a comma."""
        numeric = [
            found
            for found in self.typed("money", "price", "rate", "ratio", "quantity", "seconds", "integer")
            if found.filled
        ]
        if any(found.marked for found in numeric):
            # The other numbers of the file are written the same way.
            numeric += [found for found in self.profiles if is_number(found) and found.marked and found not in numeric]
        points, commas = (sum(found.numbers.get(mark, 0) for found in numeric) for mark in ".,")
        return numeric, points, commas


def amounts(profiles: list[Profile]) -> list[Profile]:
    """The columns that may be amounts of money: numbers with decimals, or words that say so."""
    return [
        found
        for found in profiles
        if is_number(found) and found.date_share < USUAL and (found.marked or is_amount(plain(found.called)))
    ]
