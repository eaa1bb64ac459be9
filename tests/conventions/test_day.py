"""What `pipelines/entities.yml` declares of the run's day is whole, and dbt and the documentation say the same."""

from __future__ import annotations

import re

import pytest

from pipelines.exports import day
from pipelines.exports.entities import Entity, entities
from pipelines.warehouse.transform import DBT_PROJECT

EACH = pytest.mark.parametrize("entity", entities().values(), ids=lambda entity: entity.id)


def test_dbt_and_the_documentation_have_the_declaration() -> None:
    """Otherwise run `python -m pipelines.exports.day`."""
    assert day.MACRO.read_text(encoding="utf-8") == day.macro()
    text = day.DOCS.read_text(encoding="utf-8")
    assert text == day.documented(text)


@EACH
def test_every_date_has_its_place(entity: Entity) -> None:
    """A date that nobody thought of would let the future in."""
    cut = entity.cut
    dates = {column.name for column in entity.columns if column.type in ("date", "timestamp")}
    placed = [*cut.since, *cut.later, *cut.until, *cut.any_day]
    assert dates - {*placed, *cut.now} == set()
    assert {*placed} <= dates
    assert not {*cut.later} & {*cut.until, *cut.any_day, *cut.now}


@EACH
def test_the_cut_names_columns_of_its_entity(entity: Entity) -> None:
    cut = entity.cut
    columns = {column.name for column in entity.columns}
    states = {state for dates in (cut.later, cut.until) for states in dates.values() for state in states}
    said = {column for conditions in cut.no_event.values() for column in conditions}
    assert {*cut.now, *cut.at_export, *(cut.fresh or ()), *states, *said} <= columns
    assert not {*cut.now, *cut.at_export} & {*entity.key}
    assert {*cut.no_event} <= {*cut.since, *cut.later}
    # Of a whole that is itself a part the cut would see only the first step.
    assert {*cut.of} <= columns
    assert all(len(entities()[whole].key) == 1 and not entities()[whole].cut.of for whole in cut.of.values())


@EACH
def test_every_entity_is_staged_by_its_declaration(entity: Entity) -> None:
    model = DBT_PROJECT / "models" / "staging" / entity.domain / f"stg_{entity.domain}__{entity.name}.sql"
    # A list is what a person says now: it has one version, and no row of it begins or ends with the day.
    how = f"listed('{entity.name}')" if entity.domain == "lists" else f"staged('{entity.id}'"
    assert how in model.read_text(encoding="utf-8")


def test_only_seconds_are_called_seconds() -> None:
    """A control total tells money from seconds by the column's name."""
    for entity in entities().values():
        for column in entity.columns:
            if column.type in ("money", "seconds"):
                assert (column.type == "seconds") == column.name.endswith("_seconds"), f"{entity.id}.{column.name}"


def test_a_row_of_raw_reaches_a_model_through_the_cut() -> None:
    """Raw rows of entities are read by staging, by the run's day and by what counts landed rows, and by nothing else."""
    tables = "|".join(entity.table for entity in entities().values())
    reading = re.compile(rf"source\('raw', *('({tables})'|\w+ *(~|\|))")
    found = {
        path.name
        for path in [*DBT_PROJECT.glob("models/**/*.sql")]
        if "staging" not in path.parts and reading.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"int_run_dated.sql", "int_landed_totals.sql"}


# Names that below staging may be a day that staging never saw: a contract's end as an event of an account, an adjustment or a
# promise without a day that of its export, an owner's stretch begins where the one before is agreed to end; money that an
# application alone tells of takes the day on which that became known.
DERIVED = {"occurred_on", "made_on", "entered_on", "settled_on", "starts_on", "received_on", "told_on", "done_on"}


def test_what_staging_has_cut_is_not_cut_again() -> None:
    """A date that staging leaves out where it lies after the run's day is never after it below."""
    cut = {date for entity in entities().values() for date in (*entity.cut.since, *entity.cut.later)}
    names = {name.removesuffix("_at") + "_on" if name.endswith("_at") else name for name in cut} - DERIVED
    again = re.compile(rf"\b({'|'.join(sorted(names))})(, *\w+\.as_of_date\))? *<= *((run|settings|runs)\.)?as_of_date")
    found = {
        f"{path.stem}: {match[0]}"
        for path in DBT_PROJECT.glob("models/**/*.sql")
        if "staging" not in path.parts
        for match in again.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()
