"""Drafts a first source contract for a file that no contract knows: guesses, questions, and what it would publish.

A draft is made of the file, of the contracts and landed files at hand, and of a person's answers, and is made anew with
every answer: the command and the page Add data show the same one. What neither the file nor an answer settles is asked,
and a contract with an open question lands nothing.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from pipelines.exports.contracts.asking import total_questions
from pipelines.exports.contracts.clues import column_sum, linked_system, links, sums, take_leftovers, total_said
from pipelines.exports.contracts.contract import Contract, ContractError
from pipelines.exports.contracts.guess import Clues, activity_named, guess
from pipelines.exports.contracts.plan import Plan, Question
from pipelines.exports.contracts.preview import Preview, preview
from pipelines.exports.contracts.profile import DAY_FIRST, Profile, profile
from pipelines.exports.contracts.recognise import recognise
from pipelines.exports.contracts.settling import settle
from pipelines.exports.contracts.vocabulary import vocabulary
from pipelines.exports.contracts.writing import contract_text
from pipelines.exports.costs import Cost, cost
from pipelines.exports.entities import entities
from pipelines.exports.landing.land import open_grids
from pipelines.exports.landing.reading import open_table, table_names
from pipelines.exports.readers.unpack import Limits
from pipelines.words import word


class DraftError(Exception):
    """No first contract can be written; the message says why and what to do."""


@dataclass(frozen=True)
class Mapped:
    """A canonical column: the headers that it comes from, and up to three of their values."""

    column: str
    headers: tuple[str, ...]
    samples: tuple[str, ...]


@dataclass
class Draft:
    """A first contract of one table, and what it would do."""

    name: str
    entity_id: str
    contract: Contract
    text: str
    mapped: list[Mapped]
    # The headers that nothing is made of, with up to three of their values.
    unmapped: list[Mapped]
    questions: list[Question]
    preview: Preview
    others: list[str] = field(default_factory=list)

    @property
    def open(self) -> list[Question]:
        """The questions without whose answers nothing is landed."""
        return [question for question in self.questions if question.blocks]

    @property
    def columns(self) -> list[str]:
        """The columns of the entity."""
        return [column.name for column in entities()[self.entity_id].columns]

    @property
    def costs(self) -> list[Cost]:
        """What each column of the entity costs that nothing in the file is, the dearest first."""
        given = {column for mapping in self.contract.entities[self.entity_id] for column in mapping.columns}
        there = [name for name in self.columns if name not in {*given, *entities()[self.entity_id].key}]
        found = [cost(name, [f"{self.entity_id}.{name}"]) for name in there]
        return sorted((each for each in found if each), key=lambda each: (-each.size, each.header))

    @property
    def summary(self) -> str:
        """The entity, and how much of the table was understood."""
        columns = sum(len(mapped.headers) for mapped in self.mapped)
        return f"{self.entity_id}, {columns} of {columns + len(self.unmapped)} columns mapped"


def said(question: Question, language: str = "en") -> str:
    """A question in words."""
    return word(f"draft_question.{question.code}", language, **question.facts)


def draft(
    path: Path,
    contracts: dict[str, Contract],
    limits: Limits,
    sheet: str | None = None,
    answers: Mapping[str, str] | None = None,
    raw: Path | None = None,
    file_name: str | None = None,
) -> Draft:
    """Drafts the contract of one table of a file: the named one, or the first that no contract knows.

    `answers` are a person's, by the questions' ids (besides `entity`, `system`, `title`, `export`, `currency`, and
    `column.NAME` for any column); `raw` is the store whose files a column may be a link to.

    Raises:
        DraftError: the file is recognised already, or nothing in it fits any entity.
        UnreadableError: the file cannot be read.
    """
    answers = answers or {}
    called = file_name or path.name
    sheet = sheet or _first_unknown(path, contracts, limits)
    with open_table(path, contracts, limits, sheet) as table:
        if table.match is not None:
            known = table.match.contract
            raise DraftError(
                f"{known.title} ({known.contract}) recognises it already; `keybook detect` shows what it maps"
            )
        headers = table.columns
        layout = take_leftovers(table)
        words = vocabulary(contracts.values())
        profiles = [profile(table.connection, header, place) for place, header in enumerate(headers)]
        prefix = words.prefix(headers)
        for one in profiles:
            one.called = words.called(one.header, prefix)
        named = re.sub(r"(\.[A-Za-z]\w{1,6})+$", "", called)
        clues = Clues(
            words,
            sums(table.connection, profiles),
            links(table.connection, profiles, raw),
            f"{named} {table.grid.part or table.grid.name}",
        )
        found = guess(profiles, clues, answers.get("entity"))
        if found is None:
            listed = ", ".join(repr(header) for header in headers[:12])
            raise DraftError(
                f"its columns ({listed}) fit no entity of pipelines/entities.yml; docs/contracts.md shows how to "
                "write a contract by hand"
            )
        name = answers.get("name") or _name(named, found.entity.name)
        plan = settle(
            Plan(
                table, found.entity, profiles, layout, words, answers, name,
                columns=dict(found.columns), joined=dict(found.joined), activity=activity_named(clues, found.entity.id), sums=clues.sums,
                table_name=clues.table_name,
                linked_system=linked_system(table.connection, clues.links, raw, found.entity.id),
            ),
            found,
        )  # fmt: skip
        contract = _contract(contract_text(plan, []), name)
        shown = _preview(plan, path, called, limits)
        own_totals = {
            column: total
            for column, mapped in plan.columns.items()
            if found.entity.column(column).type == "money" and mapped.place >= 0
            if (total := total_said(layout, mapped, table.connection)) is not None
        }
        shown.own_totals = own_totals
        rows_make = {column: column_sum(plan.columns[column], table.connection) for column in own_totals}
        plan.questions += total_questions(plan, rows_make, own_totals)
        text = contract_text(plan, [said(question) for question in plan.questions if _asks(question)])
        return Draft(
            name, found.entity.id, contract, text, *_mapped(plan, profiles), plan.questions, shown, table.others
        )


def _preview(plan: Plan, path: Path, called: str, limits: Limits) -> Preview:
    """What would be published, without what hangs on an open question."""
    asked = {question.code for question in plan.questions}
    told = plan
    if "date_order" in asked:
        told = replace(plan, answers={**plan.answers, "date_order": DAY_FIRST})
    shown = preview(path, called, _contract(contract_text(told, []), plan.name), limits, plan.entity)
    if "date_order" in asked:
        shown.dates.clear()
    if asked & {"decimal", "units", "amount", "lines"}:
        shown.sums.clear()
    return shown


def write_draft(made: Draft, out: Path, contracts: Mapping[str, Contract]) -> Path:
    """Writes a draft into a file, or under its name into a folder.

    Raises:
        DraftError: a contract of that name exists.
    """
    target = out if out.suffix == ".yml" else out / f"{made.name}.yml"
    if target.exists() or target.stem in contracts:
        raise DraftError(f"a contract {target.stem} exists already; name another with --out")
    text = made.text.replace(f"contract: {made.name}\n", f"contract: {target.stem}\n", 1)
    _contract(text, target.stem)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def _asks(question: Question) -> bool:
    # Two orders of dates hold a file themselves, column by column.
    return question.blocks and question.code != "date_order"


def _contract(text: str, name: str) -> Contract:
    try:
        return Contract.model_validate({**yaml.safe_load(text), "origin": f"{name}.yml"})
    except (yaml.YAMLError, ValueError) as error:
        raise ContractError(f"the draft {name} is no contract: {error}") from error


def _first_unknown(path: Path, contracts: dict[str, Contract], limits: Limits) -> str | None:
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        grids = open_grids(path, Path(folder), contracts, limits)
        for grid, name in zip(grids, table_names(grids), strict=True):
            if recognise(grid, contracts).match is None:
                return name or None
    return None


def _name(named: str, entity: str) -> str:
    words = [part for part in re.sub(r"[^a-z]+", " ", named.casefold()).split() if len(part) > 1]
    return f"{words[0] if words else 'mine'}_{entity}"


def _mapped(plan: Plan, profiles: list[Profile]) -> tuple[list[Mapped], list[Mapped]]:
    mapped, used = [], set()
    for column in plan.entity.columns:
        parts = plan.joined.get(column.name) or plan.added.get(column.name)
        parts = parts or ([plan.columns[column.name]] if column.name in plan.columns else [])
        if parts:
            used |= {found.place for found in parts}
            samples = tuple(sample for found in parts for sample in found.samples)[:3]
            mapped.append(Mapped(column.name, tuple(found.header for found in parts), samples))
    rest = [
        Mapped("", (found.header,), tuple(found.samples))
        for found in profiles
        if found.place not in used and found.filled
    ]
    return mapped, rest
