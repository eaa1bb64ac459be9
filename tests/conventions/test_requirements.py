"""The register of requirements is whole and true: every id once, and every name in it is there.

What a `met` row says is held to what can be held without running anything: it names a column that a model really builds
and a page, report or command that exists, and a page that it names reads a table that it names.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import click
import pytest

from pipelines.commands.main import main
from pipelines.files import read_yaml
from pipelines.lists import lists

ROOT = Path(__file__).resolve().parents[2]
LAST = {"A": 29, "B": 15, "C": 34, "D": 20, "E": 17, "F": 19, "G": 7}
STATES = {"met", "partly", "needs_feed", "not_built"}
# What every page shows beside its own: the names of accounts and people, the metric catalogue.
COMMON = {"base.py", "common.py", "tables.py"}


def register() -> list[dict[str, str]]:
    """The rows of the seed."""
    with (ROOT / "dbt_project" / "seeds" / "requirements.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def columns() -> dict[str, set[str]]:
    """Model -> its columns, as the contract of a reporting table has them; a mart's are not declared, so it has none."""
    found: dict[str, set[str]] = {path.stem: set() for path in (ROOT / "dbt_project/models/marts").rglob("*.sql")}
    for path in (ROOT / "dbt_project/models/reporting").rglob("*.yml"):
        for model in read_yaml(path).get("models", []):
            found[model["name"]] = {column["name"] for column in model.get("columns", [])}
    return found


def named(row: dict[str, str]) -> list[str]:
    """What the row names."""
    return [name.strip() for name in row["met_by"].split(";") if name.strip()]


@cache
def pages() -> dict[str, set[str]]:
    """Page -> the reporting tables that its own queries read, through its components too."""
    folder = ROOT / "dashboards"
    files = {path.stem: path for path in (folder / "queries").glob("*.py") if path.name not in COMMON}
    reads = {name: set(re.findall(r"\{(rpt_\w+)\}", path.read_text(encoding="utf-8"))) for name, path in files.items()}

    def imported(path: Path, seen: set[Path]) -> set[str]:
        if path in seen:
            return set()
        seen.add(path)
        text = path.read_text(encoding="utf-8")
        taken: set[str] = set(re.findall(r"dashboards\.queries\.(\w+)", text))
        for line in re.findall(r"from dashboards\.queries import ([^\n(]+|\([^)]+\))", text):
            taken |= {word.split(" as ")[0].strip() for word in line.strip("()").split(",") if word.strip()}
        parts = set(re.findall(r"from dashboards\.components\.(\w+)", text))
        for line in re.findall(r"from dashboards\.components import ([^\n(]+|\([^)]+\))", text):
            parts |= {word.split(" as ")[0].strip() for word in line.strip("()").split(",") if word.strip()}
        for part in parts:
            taken |= imported(folder / "components" / f"{part}.py", seen)
        return taken

    found = {}
    for path in (folder / "app_pages").glob("*.py"):
        found[path.stem] = set().union(*(reads.get(name, set()) for name in imported(path, set())))
    return found


def exists(name: str, models: dict[str, set[str]], shown: dict[str, set[str]]) -> bool:
    """Whether what a row names is there."""
    kind, _, rest = name.partition(":")
    if kind == "page":
        return rest in shown and f"app_pages/{rest}.py" in (ROOT / "dashboards/app.py").read_text(encoding="utf-8")
    if kind == "seed":
        return (ROOT / "dbt_project" / "seeds" / f"{rest}.csv").is_file()
    if kind == "list":
        return rest in lists()
    if kind == "command":
        group: click.Command | None = main
        words = rest.split()
        for word in words[1:]:
            group = group.commands.get(word) if isinstance(group, click.Group) else None
        return words[0] == "keybook" and group is not None
    model, _, column = name.partition(".")
    return model in models and (not column or column in models[model])


def test_every_requirement_stands_once_and_in_order() -> None:
    expected = [f"{letter}{number}" for letter, last in LAST.items() for number in range(1, last + 1)]
    assert [row["requirement_id"] for row in register()] == expected


def test_every_row_says_what_it_is_and_how_far_it_is_met() -> None:
    for row in register():
        assert None not in row, row
        assert None not in row.values(), row
        assert row["state"] in STATES, row
        assert row["requirement"].strip(), row
        assert row["area"].strip(), row
        assert re.fullmatch(r"S[0-4](, S[0-4])*", row["origin"]), row
        assert row["state"] != "needs_feed" or row["feed"], row
        assert row["state"] != "partly" or row["note"], f"{row['requirement_id']}: what is missing?"
        assert row["state"] != "not_built" or not named(row), (
            f"{row['requirement_id']} is not built and met by something"
        )


def test_every_name_is_there() -> None:
    models, shown = columns(), pages()
    wrong = [f"{row['requirement_id']}: {name}" for row in register() for name in named(row)
             if not exists(name, models, shown)]  # fmt: skip
    assert not wrong


def test_what_is_met_names_a_column_and_where_it_shows() -> None:
    shown = pages()
    for row in register():
        if row["state"] not in ("met", "needs_feed"):
            continue
        names = named(row)
        tables = {name.partition(".")[0] for name in names if "." in name and ":" not in name}
        places = [name for name in names if name.startswith(("page:", "command:"))]
        assert tables, f"{row['requirement_id']} names no column"
        assert places, f"{row['requirement_id']} names no page, report or command"
        for place in places:
            if place.startswith("page:"):
                assert shown[place[5:]] & tables, f"{row['requirement_id']}: {place} reads none of {sorted(tables)}"


@pytest.mark.parametrize(
    "name",
    ["rpt_accounts.no_such_column", "rpt_nothing.account_id", "page:nothing", "command:keybook nothing", "seed:nothing", "list:nothing",
     "command:nothing"],
)  # fmt: skip
def test_a_wrong_name_is_seen(name: str) -> None:
    assert not exists(name, columns(), pages())
