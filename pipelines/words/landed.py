"""What landing found, in words: for commands and logs. Pages say the same of the publication's columns."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.formats import printable
from pipelines.words import word


def finding_said(finding: Mapping[str, object], language: str = "en") -> str:
    """A finding about a file with its place before it."""
    place = " › ".join(str(finding[name]) for name in ("file", "part") if finding.get(name))
    code = finding["code"]
    return printable(f"{place}: {word(f'finding.{code}', language, **finding)}")


def rejection_said(reject: Mapping[str, object], language: str = "en") -> str:
    """Why a row was rejected, with the column that could not be read before it."""
    column = f"{reject['column_name']}: " if reject.get("field") else ""
    return printable(column + word(f"rejection.{reject['code']}", language, **reject))
