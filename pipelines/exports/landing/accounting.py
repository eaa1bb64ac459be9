"""What landing tells of a file: its control totals, its counts, its columns that changed and its findings."""

from __future__ import annotations

from typing import Any

from pipelines.exports.codes import Finding
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.headers import normal
from pipelines.exports.contracts.needs import first_of, is_ruled_out, stood_in, unasked, undecided, ungiven
from pipelines.exports.contracts.recognise import Match
from pipelines.exports.entities import Entity, entities
from pipelines.exports.landing.cast import Cast
from pipelines.exports.landing.raw import TOTAL_COLUMNS, Receipt
from pipelines.exports.readers.grids import quoted


def note(receipt: Receipt, part: str, severity: str, finding: Finding) -> None:
    """Adds a finding to a receipt: `held` says why a part of the file was not landed, `note` what in it was odd."""
    place = {"file": receipt.file, "file_sha256": receipt.sha256, "part": part, "severity": severity}
    receipt.findings.append({**place, **finding.facts})


def totals(
    file: dict[str, str],
    contract: Contract,
    entity: Entity,
    casts: list[Cast],
    rows: str = "cast_rows",
    number: str = "",
    files: str = "",
) -> str:
    """Control totals: what a file's own text adds up to, and what of it was loaded and what rejected.

    `file` is SQL of the file's name and hash. Rows of several files have a column `number`, by which `files` joins what
    `file` speaks of.
    """
    currency = "coalesce(currency, '')" if any(cast.column.name == "currency" for cast in casts) else "''"
    measures = {"rows": "1"} | {
        cast.column.name: f"coalesce({cast.column.name}, 0)"
        for cast in casts
        if cast.column.type in ("money", "seconds") and cast.source
    }
    # All measures in one pass, and no text that all rows have among what they are grouped by.
    named = "".join(f"{name}, " for name in [number] if name)
    sums = ", ".join(
        f"sum({amount}) as total{place}, sum({amount}) filter (where not bad) as loaded{place}, "
        f"sum({amount}) filter (where bad) as rejected{place}"
        for place, amount in enumerate(measures.values())
    )
    added = f"select {named}_system as system, {currency} as currency, {sums} from {rows} group by all"
    fixed = {"contract": contract.contract, "domain": entity.domain, "entity": entity.name}
    told = file | {name: quoted(value) for name, value in fixed.items()}
    known = ", ".join(f"{value} as {name}" for name, value in told.items())
    parts = " union all ".join(
        f"select {known}, {named}system, {quoted(measure)} as measure, currency, total{place} as file_total, "
        f"coalesce(loaded{place}, 0) as loaded, coalesce(rejected{place}, 0) as rejected from added {files}"
        for place, measure in enumerate(measures)
    )
    order = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in TOTAL_COLUMNS.items())
    return f"with added as materialized ({added}) select {order}{number and ', ' + number} from ({parts})"


def account(
    receipt: Receipt, contract: Contract, entity: Entity, read: int, loaded: int, rejected: int, told_by: str = ""
) -> None:
    """Counts an entity's rows in the receipt; several tables of one file add up.

    `told_by` are the columns that a made key is made of, as far as the file has them.
    """
    for row in receipt.entities:
        if (row["contract"], row["domain"], row["entity"]) == (contract.contract, entity.domain, entity.name):
            row["rows_read"] += read
            row["rows_loaded"] += loaded
            row["rows_rejected"] += rejected
            return
    receipt.entities.append(
        {
            "file": receipt.file,
            "file_sha256": receipt.sha256,
            "contract": contract.contract,
            "system": receipt.system or contract.system,
            "domain": entity.domain,
            "entity": entity.name,
            "export": contract.export,
            "rows_read": read,
            "rows_loaded": loaded,
            "rows_rejected": rejected,
            "landed_at": receipt.landed_at,
            "known_at": receipt.known_at,
            "told_by": told_by,
        }
    )


def note_unfed(receipt: Receipt, match: Match, part: str) -> None:
    """Says of the contract's entities which the file cannot give, and what it lacks for them."""
    for place, headers in match.unfed.items():
        unfed = Finding("entity_missing", name=match.contract.feeds[place][0], column_name=", ".join(headers))
        note(receipt, part, "note", unfed)


def note_columns(receipt: Receipt, match: Match, part: str) -> None:
    """Writes into the receipt which of the table's columns are new, missing or spelt otherwise."""
    contract = match.contract
    events: list[dict[str, Any]] = []
    for header in match.unmapped:
        events.append({"column_name": header, "event": "new", "action": "kept", "target": None})
    has = match.has
    for alternative in contract.deleted:
        if is_ruled_out(alternative, has):
            continue
        events += [
            {"column_name": aliases[0], "event": "missing", "action": "deleted_untold", "target": None}
            for condition in alternative
            for aliases in unasked(condition, has)
        ]
    for entity_id, mapping in match.feeds:
        for name, spec in mapping.columns.items():
            column = entities()[entity_id].column(name)
            places = [(aliases, match.find(aliases)) for aliases in spec.origins]
            second = stood_in(spec, has, column)
            if spec.first_filled and spec.first_filled[0] in second:
                told = Finding("read_otherwise", column_name=second[0][0], name=f"{entity_id}.{name}")
                note(receipt, part, "note", told)
            # Where one of several headers is missing, a name is shorter, a row untold, or a cell blank that had another.
            several = [*second, *spec.joined, *undecided(spec, has), *first_of(spec, has)]
            lost = [aliases for aliases in several if not has(aliases)]
            # One event a column that has no origin at all: other spellings are no loss.
            lost = lost or ungiven(spec, has, column)
            for aliases in lost:
                action = "read_otherwise" if aliases in second else "left_blank"
                events.append({"column_name": aliases[0], "event": "missing", "action": action, "target": name})
            for aliases, place in places:
                if place is not None and normal(match.headers[place]) != normal(aliases[0]):
                    renamed = {"column_name": match.headers[place], "event": "renamed"}
                    events.append(renamed | {"action": "read_as", "target": aliases[0]})
    fixed = {
        "file": receipt.file,
        "file_sha256": receipt.sha256,
        "contract": contract.contract,
        "part": part,
    }
    unique = {tuple(event.values()): event for event in events}
    receipt.schema_events += [fixed | event for event in unique.values()]
