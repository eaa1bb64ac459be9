"""Explains what a file is recognised as: for `keybook detect`, and for people who write contracts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.exports.codes import Finding
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.recognise import Match, NearMiss
from pipelines.exports.landing.land import detect
from pipelines.exports.readers.unpack import Limits
from pipelines.words import word


@dataclass
class Explanation:
    """One table of a file: the contract that it matches, or why there is none."""

    file: str
    part: str
    contract: str | None = None
    title: str = ""
    entities: list[str] = field(default_factory=list)
    mapped: dict[str, str] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)
    reason: str = ""
    near: list[NearMiss] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The entry of `keybook detect --json`."""
        domain, _, entity = (self.entities[0] if self.entities else "").partition(".")
        return {
            "file": self.file,
            "part": self.part,
            "contract": self.contract,
            "domain": domain or None,
            "entity": entity or None,
            "entities": self.entities,
            "mapped": self.mapped,
            "unmapped": self.unmapped,
            "reason": self.reason,
            "near": [{"contract": miss.contract.contract, "missing": miss.missing} for miss in self.near],
        }

    def as_text(self) -> str:
        """The entry for a person."""
        lines = [f"{self.file}{' › ' + self.part if self.part else ''}"]
        if self.contract:
            lines.append(f"  {self.title} ({self.contract}) → {', '.join(self.entities) or 'nothing: ' + self.reason}")
            lines += [f"    {header} → {target}" for header, target in self.mapped.items()]
            if self.unmapped:
                lines.append(f"  kept in _extra: {', '.join(self.unmapped)}")
        else:
            lines.append(f"  held: {self.reason}")
        for miss in self.near[:3]:
            lines.append(f"  near: {miss.contract.contract} lacks {', '.join(miss.missing)}")
        return "\n".join(lines)


def targets(contract: Contract, match: Match) -> dict[str, str]:
    """Header -> the columns that it is, or takes part in."""
    found: dict[str, list[str]] = {}
    for entity_id, mapping in contract.feeds:
        for column, spec in mapping.columns.items():
            for aliases in spec.headers:
                place = match.find(aliases)
                if place is not None:
                    found.setdefault(match.headers[place], []).append(f"{entity_id}.{column}")
    return {header: ", ".join(dict.fromkeys(columns)) for header, columns in found.items()}


def explain(path: Path, contracts: dict[str, Contract], language: str = "en") -> list[Explanation]:
    """What each table of a file is recognised as; why one is not, in the words of a language."""

    def said(finding: Finding) -> str:
        return word(f"finding.{finding.code}", language, **finding.facts)

    found = []
    for part, recognition in detect(path, contracts, Limits()):
        entry = Explanation(path.name, part)
        if isinstance(recognition, Finding):
            entry.reason = said(recognition)
        elif recognition.match is None:
            entry.reason, entry.near = said(recognition.problem), recognition.near
        else:
            match = recognition.match
            entry.contract, entry.title = match.contract.contract, match.contract.title
            entry.entities = list(match.contract.entities)
            entry.mapped = targets(match.contract, match)
            entry.unmapped = [header for header in match.headers if header not in entry.mapped]
            entry.reason = match.contract.refuse or ""
            entry.near = recognition.near
        found.append(entry)
    return found
