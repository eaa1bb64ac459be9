"""A document as PDF: its cells as texts in its language, for the template `statement`."""

from __future__ import annotations

from typing import Any

from pipelines.reports.statements.document import Block, Document, Facts, Pictures, Signatures, Table, Text
from pipelines.reports.typesetting import typeset

# A page's foot has one line.
_FOOT = 90


def to_pdf(document: Document) -> bytes:
    """The document as the bytes of a PDF file, dated to the last day that it speaks of."""
    return typeset("statement", _data(document), document.day)


def _data(document: Document) -> dict[str, Any]:
    foot = document.footer
    return {
        "title": document.title,
        "company": document.company,
        "language": document.language.code,
        "foot": foot if len(foot) <= _FOOT else f"{foot[: _FOOT - 1]}…",
        "page": document.language.text("statement.page", page="{page}", pages="{pages}"),
        "blocks": [_block(block, document) for block in document.blocks],
    }


def _block(block: Block, document: Document) -> dict[str, Any]:
    match block:
        case Text():
            return {"is": "text", "role": block.role, "text": block.text}
        case Facts():
            return {"is": "facts", "pairs": block.pairs}
        case Table():
            return {"is": "table", **_table(block, document)}
        case Pictures():
            pictures = [{"title": each.title, "svg": each.svg, "alt": each.alt} for each in block.pictures]
            return {"is": "pictures", "pictures": pictures}
        case Signatures():
            return {"is": "signatures", "parties": block.parties, "labels": block.labels, "stamp": block.stamp}


def _table(table: Table, document: Document) -> dict[str, Any]:
    carried = None
    if any(row.running for row in table.rows):
        said = {name: document.language.text(f"statement.carried.{name}") for name in ("from", "to")}
        carried = {"place": [column.kind for column in table.columns].index("text"), **said}
    return {
        "columns": [
            {"label": column.label, "share": column.share, "right": column.kind in ("money", "count")}
            for column in table.columns
        ],
        "bands": [{"text": text, "span": span} for text, span in table.bands],
        "boxed": table.boxed,
        "whole": table.whole,
        "carried": carried,
        "rows": [
            {
                "cells": [document.written(cell) for cell in row.cells],
                "strong": row.strong,
                "running": [document.written(cell) for cell in row.running] or None,
            }
            for row in table.rows
        ],
    }
