"""Whose a file is that several systems' contracts fit equally well: that one's whose landed records it names.

Only what is tied is asked, so recognising costs no other file anything.
"""

from __future__ import annotations

import re
from pathlib import Path

from pipelines.exports.contracts.recognise import Match, Recognition
from pipelines.exports.entities import entities
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import Grid

# A column whose values are this often ids of a landed entity is a link to it.
LINKED = 0.8
# Fewer equal ids may be chance.
FEWEST = 2
# A short number may be anybody's.
ANYBODYS = r"^\d{1,5}$"


def settled(recognition: Recognition, grid: Grid, raw: Path) -> Recognition:
    """The recognition, with a match where the ids of one of the tied systems alone stand in the file."""
    owners = [match for match in recognition.tied if _names_landed(match, grid, raw)]
    return Recognition(owners[0], recognition.near) if len(owners) == 1 else recognition


def _names_landed(match: Match, grid: Grid, raw: Path) -> bool:
    """Whether a column of ids, its own or a link's, holds what the system's landed records are called by."""
    keys = {entity.key[0]: entity for entity in entities().values() if len(entity.key) == 1}
    rows = grid.heads()[match.head].rows[match.header_row + 1 :]
    for _, mapping in match.feeds:
        for name, spec in mapping.columns.items():
            place = match.find(spec.from_) if spec.from_ and name in keys else None
            if place is None:
                continue
            cells = {cell.strip() for row in rows if place < len(row) and (cell := row[place]) and cell.strip()}
            ids = {cell for cell in cells if not re.match(ANYBODYS, cell)}
            files = [str(path) for path in raw.glob(f"{keys[name].domain}/{keys[name].name}/*[0-9a-f].parquet")]
            if len(ids) < FEWEST or not files:
                continue
            query = (
                f"select count(distinct cast({name} as varchar)) from read_parquet(?, union_by_name = true) "
                f"where _system = ? and cast({name} as varchar) in (select unnest(?))"
            )
            with connected() as connection:
                found = connection.execute(query, [files, match.contract.system, sorted(ids)]).fetchall()[0][0]
            if found >= max(FEWEST, LINKED * len(ids)):
                return True
    return False
