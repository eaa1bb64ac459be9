"""From a statement's figures to a file's bytes and name, for the command and for the dashboards' buttons."""

from __future__ import annotations

import re
from typing import Literal

from pipelines.reports.statements.composing import compose
from pipelines.reports.statements.reading import Kind, Statement
from pipelines.words import languages

Format = Literal["pdf", "xlsx"]
FORMATS: tuple[Format, ...] = ("pdf", "xlsx")
MIME = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def make(statement: Statement, kind: Kind, language: str, shape: Format) -> bytes:
    """The document of a statement, as the bytes of a file."""
    document = compose(statement, kind, languages()[language])
    # Each writer takes a moment to import; only the one that is asked for does.
    if shape == "pdf":
        from pipelines.reports.statements.pdf import to_pdf

        return to_pdf(document)
    from pipelines.reports.statements.xlsx import to_xlsx

    return to_xlsx(document)


def file_name(statement: Statement, kind: Kind, language: str, shape: str) -> str:
    """A name that says whose, what, when; whatever the id holds, it is a name and not a path."""
    asked = statement.asked
    parts = [kind, _slug(asked.account_id), _slug(asked.currency), f"{asked.from_on}_{asked.to_on}", language]
    if kind == "outstanding":
        parts[3] = str(asked.to_on)
    return "-".join(parts) + f".{shape}"


def _slug(text: str) -> str:
    return re.sub(r"[^\w]+", "_", text).strip("_")[:80] or "account"
