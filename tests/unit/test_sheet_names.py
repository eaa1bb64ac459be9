"""What the sheets of packs are called: in every language a whole name that a workbook takes, and no two alike."""

from __future__ import annotations

import pytest

from pipelines.files import read_yaml
from pipelines.reports.packs.xlsx import ROOM, sheet_name
from pipelines.words import FOLDER, languages

# Of all packs, so that it holds whichever of them stand in one.
WORDS = read_yaml(FOLDER / "pack.yml")["pack"]
PATHS = ["pack.kpi", "pack.missing", *(f"pack.sections.{name}" for name in WORDS["sections"])]


@pytest.mark.parametrize("code", languages())
def test_a_sheet_has_a_whole_name_of_its_own(code: str) -> None:
    names = {path: sheet_name(path, languages()[code]) for path in PATHS}
    assert len(names) > 40
    assert not {path: name for path, name in names.items() if not 0 < len(name) <= ROOM}
    assert not [name for name in names.values() if set("[]:*?/\\") & set(name) or name.startswith("'")]
    # What stands there is what somebody wrote, and not a part of it.
    written = {text[code] for text in WORDS["sheets"].values()}
    written |= {"".join(sign for sign in languages()[code].text(path) if sign not in "[]:*?/\\") for path in PATHS}
    assert set(names.values()) <= written
    # A workbook takes no two names that differ in capital letters alone.
    assert len({name.casefold() for name in names.values()}) == len(names)
