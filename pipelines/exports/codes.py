"""What landing tells, as codes with their facts: why a row was rejected, and what was found about a file.

The words for them stand in `pipelines/words/landing.yml`, groups `rejection` and `finding`; the reporting layer's YAML
names the same codes (`rpt_rejected_rows.reason`, `rpt_landing_findings.code`), and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack

RejectionCode = Literal[
    "above_header",  # of a table that is only read
    "another_table",
    "blank",
    "block_without_end",
    "broken_quotes",
    "fed_before",
    "field_count",
    "no_boolean",
    "no_currency",
    "no_date",
    "no_duration",
    "no_json",
    "no_number",
    "no_rule",
    "no_share",
    "no_time",
    "no_total",
    "no_whole_number",
    "not_extracted",
    "open_quote",
    "other",
    "repeated",
    "undecodable",
    "unknown_word",
]
FindingCode = Literal[
    "below_table",
    "cannot_be_opened",
    "cells_blank",
    "changed_while_read",
    "clock_went_back",
    "column_missing",
    "contract_asks",
    "contract_broken",
    "currency_assumed",
    "damaged",
    "date_order_remembered",
    "date_order_unknown",
    "decimal_otherwise",
    "empty",
    "export_takes_away",
    "entity_missing",
    "encrypted_member",
    "html_entities",
    "ids_collide",
    "ids_rounded",
    "ids_shortened",
    "key_changed",
    "key_doubled",
    "kind_unclear",
    "line_ends_mixed",
    "lines_fewer",
    "lines_gone",
    "line_too_long",
    "list_columns_missing",
    "list_twice",
    "midnights",
    "nested_too_deep",
    "no_export",
    "no_file",
    "no_json_document",
    "no_rows",
    "no_such_list",
    "no_such_table",
    "no_table",
    "not_landed",
    "other",
    "read_otherwise",
    "refused",
    "rows_passed_over",
    "several_contracts",
    "system_doubled",
    "system_untold",
    "too_large",
    "too_many_cells",
    "too_much_memory",
    "too_slow",
    "too_wide",
    "unknown_format",
    "unknown_headers",
    "unpacks_too_large",
    "values_unlike",
    "workbook_unreadable",
    "words_told",
    "written_around",
    "wrong_encoding",
]


@dataclass(frozen=True)
class Rejection:
    """Why a row was rejected: the code, what was expected, and what stood there instead, where that is no cell."""

    code: RejectionCode
    expected: str | None = None
    found: str | None = None
    # The least and most that the column takes.
    least: str | None = None
    most: str | None = None


class Facts(TypedDict, total=False):
    """What a finding speaks of; what is left out it does not know."""

    contract: str
    column_name: str
    # Of several the texts with commas between.
    name: str
    # What another program, or the file itself, says.
    said: str | None
    row_count: int
    other_count: int
    limit_count: int


class Finding:
    """One code with its facts."""

    def __init__(self, code: FindingCode, **facts: Unpack[Facts]) -> None:
        """Names what was found and what it speaks of."""
        self.code = code
        self.facts: Mapping[str, object] = {"code": code, **facts}


class UnreadableError(Exception):
    """The file, or a part of it, cannot be read: a finding says why."""

    def __init__(self, code: FindingCode, **facts: Unpack[Facts]) -> None:
        """As a finding."""
        super().__init__(code)
        self.finding = Finding(code, **facts)
