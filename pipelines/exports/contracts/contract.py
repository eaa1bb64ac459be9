"""Source contracts: how a vendor's export is recognised and what its columns mean, as data.

A contract is a YAML file in `pipelines/sources/`, or a user's own in `<home>/contracts/`; `docs/contracts.md` explains
its vocabulary, which this module checks. Where contracts come from is `loading.py`; how one is applied to a file is
`recognise.py` and `cast.py`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pipelines.exports.entities import entities


class ContractError(Exception):
    """A contract cannot be used; the message names the file, the place in it and what is wrong."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_as_list)]


class Part(BaseModel):
    """The base of a contract's parts: a key that is not in the vocabulary is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Where(Part):
    """A condition on one row of the file: all that is given must hold."""

    column: Texts
    is_: Texts | None = Field(None, alias="is")
    not_: Texts | None = Field(None, alias="not")
    like: str | None = None
    blank: bool | None = None
    in_file: bool | None = None
    same_as: Texts | None = None

    @property
    def asks_rows(self) -> bool:
        """Whether it asks anything of a row, and not of the file alone."""
        return any(test is not None for test in (self.is_, self.not_, self.like, self.blank, self.same_as))

    @property
    def headers(self) -> list[list[str]]:
        """The headers that the condition looks at, each as its list of aliases."""
        return [self.column, self.same_as] if self.same_as else [self.column]


def _as_conditions(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _as_alternatives(value: Any) -> Any:
    return [_as_conditions(item) for item in _as_conditions(value)] if isinstance(value, dict | list) else value


# Conditions that must all hold; and several such lists, of which one is enough.
Conditions = Annotated[list[Where], BeforeValidator(_as_conditions)]
Alternatives = Annotated[list[list[Where]], BeforeValidator(_as_alternatives)]


class Formats(Part):
    """How values are written. What a column does not say itself, the contract's formats say for it."""

    date: Texts | None = None
    timestamp: Texts | None = None
    date_orders: dict[str, Texts] | None = None
    decimal: Literal[".", ","] = "."
    thousands: Texts = [","]
    lone_thousands: Literal["read", "reject"] = "read"
    suffixes: dict[str, int] = {}
    true: Texts = []
    false: Texts = []
    blank: Texts = []
    timezone: str = "business"

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """YAML reads the keys `true` and `false` as booleans."""
        if not isinstance(value, dict):
            return value
        return {str(key).lower() if isinstance(key, bool) else key: rest for key, rest in value.items()}


class ColumnMap(Part):
    """Where a canonical column's value comes from and how it is read. One of the first seven says where."""

    from_: Texts | None = Field(None, alias="from")
    first_filled: list[Texts] | None = None
    join: list[str] | None = None
    sum: list[str] | None = None
    product: list[str] | None = None
    value: str | int | float | None = None
    cases: list[dict[str, Any]] | None = None

    with_: str = Field(" ", alias="with")
    total: bool = False
    replace: dict[str, str] | None = None
    map: dict[str, str | None] | None = None
    otherwise: str | None = None
    extract: str | None = None
    formats: Formats | None = None
    format: Texts | None = None
    unit: Literal["milliseconds", "minutes", "hms", "percent", "minor", "unix", "unix_ms"] | None = None
    currency_column: str | None = None
    sign: Literal["negate", "absolute"] | None = None
    range: tuple[float, float | None] | None = None
    when: dict[str, Texts] = {}
    required: bool = False

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str | list) else value

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnMap:
        origins = [self.from_, self.first_filled, self.join, self.sum, self.product, self.value, self.cases]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("give exactly one of from, first_filled, join, sum, product, value, cases")
        if self.product is not None and [name.startswith("/") for name in self.product] not in (
            [False, False],
            [False, False, True],
        ):
            raise ValueError("product takes two headers, and a third one to divide by: /Header")
        _ = self.branches  # a case outside the vocabulary is found when the contract is read, not when a file is
        return self

    @cached_property
    def branches(self) -> list[tuple[list[Where], ColumnMap]]:
        """The cases in order, each with its conditions; a case without `where` is the rest."""
        found = []
        for case in self.cases or []:
            rest = {key: value for key, value in case.items() if key != "where"}
            where = [Where.model_validate(condition) for condition in _as_conditions(case.get("where", []))]
            found.append((where, ColumnMap.model_validate(rest)))
        return found

    @property
    def headers(self) -> list[list[str]]:
        """The headers that the column reads, each as its list of aliases."""
        found = [self.from_] if self.from_ else []
        found += self.first_filled or []
        found += [[name] for name in self.join or []]
        found += [[name.lstrip("-/")] for name in (self.sum or []) + (self.product or [])]
        if self.currency_column:
            found.append([self.currency_column])
        for where, column in self.branches:
            found += [aliases for condition in where for aliases in condition.headers] + column.headers
        return found

    @property
    def alone(self) -> list[ColumnMap]:
        """The map itself, or those of its cases, that read keys: one that stands alone in its file means the default.

        But not once words are mapped: a list that somebody has begun is whole.
        """
        if self.otherwise == "alone":
            return [self]
        return [found for _, column in self.branches for found in column.alone]

    @property
    def joined(self) -> list[list[str]]:
        """The headers whose texts are joined, in whichever case."""
        within = [aliases for _, column in self.branches for aliases in column.joined]
        return [[name] for name in self.join or []] + within

    @property
    def carried(self) -> list[list[str]]:
        """The headers whose whole text the column holds in every row; of the others `_extra` keeps what they say.

        A column that counts only in some rows carries nothing, it takes the first of `first_filled`, and of `cases` only what each of them takes. The parts of a sum or a
        product cannot be had from it again.
        """
        if self.when:
            return []
        if self.from_:
            return [self.from_]
        if self.first_filled:
            return [self.first_filled[0]]
        if self.cases and not self.branches[-1][0]:
            first, *others = [column.carried for _, column in self.branches]
            return [aliases for aliases in first if all(aliases in other for other in others)]
        return [[name] for name in self.join or []]

    @property
    def origins(self) -> list[list[str]]:
        """The headers that a value may come from: as `headers`, without those of conditions and currencies."""
        if self.cases is not None:
            return [aliases for _, column in self.branches for aliases in column.origins]
        return [aliases for aliases in self.headers if aliases != [self.currency_column]]


class EntityMap(Part):
    """What one entity takes from the file's rows."""

    columns: dict[str, ColumnMap]
    where: Conditions = []
    one_row_per: list[str] = []
    key: Literal["given", "made"] = "given"
    # What a made key is made of, so that an edited note is no new row; all mapped columns where nothing is said.
    key_from: list[str] = []
    # The column that names the document whose rows these are: a newer export of it replaces all of its older rows.
    replaces: str | None = None


class Recognise(Part):
    """What a file must look like: headers that must all be there (each with its aliases), and ones that must not.

    `title` and `rows` are what exports with the same headers are told apart by (`titles.py`).

    A file without a header row is told by its number of columns and by what its cells look like, a JSON document by its
    own keys beside the table.
    """

    headers: list[Texts] = []
    without: list[str] = []
    only: list[str] | None = None
    columns: int | None = None
    patterns: dict[str, str] = {}
    document: dict[str, str] = {}
    title: Texts = []
    rows: Texts = []


class Group(Part):
    """Rows that are titles of the rows below them: what is written in one becomes a column of those.

    `also` names further columns, each from another cell of the same title.
    """

    column: str
    when: Conditions
    from_: Texts | None = Field(None, alias="from")
    also: dict[str, Texts] = {}

    @property
    def columns(self) -> list[str]:
        """The columns that a title gives the rows below it."""
        return [self.column, *self.also]


class Blocks(Part):
    """Text of `key=value` lines in which each block is a row; keys outside of blocks belong to every row."""

    start: str
    end: str
    pair: str = "="


class Table(Part):
    """Where the table lies in its file, when it is not simply the rows below the first line."""

    path: str | None = None
    sheet: str | None = None
    header: list[str] | None = None
    header_rows: Literal[1, 2, 3] = 1
    above: dict[str, str] = {}
    group: Group | None = None
    blocks: Blocks | None = None
    encodings: dict[str, str] = {}
    short_rows: Literal["reject", "pad"] = "reject"
    blank_rows: Literal["reject", "skip"] = "skip"
    skip: Alternatives = []
    drop: list[str] = []
    ends: Literal["blank"] | None = None
    lines_below: bool = False

    @property
    def derived(self) -> list[str]:
        """Columns that the rows get from elsewhere in the file, behind their own."""
        return [*self.above, *(self.group.columns if self.group else [])]


class Contract(Part):
    """One vendor export: recognition, layout, formats and the entities it feeds."""

    contract: str
    title: str
    system: str
    system_column: str | None = None
    export: Literal["full", "open_items", "partial"] = "partial"
    recognise: Recognise
    table: Table = Table()
    formats: Formats = Formats()
    known: list[str] = []
    # A header in another language of the vendor's: the contract's own (`languages.yml`).
    languages: dict[str, str] = {}
    # Headers that no other program has: a file in another language has two of them.
    told_by: list[str] = []
    refuse: str | None = None
    # What a person has to answer before anything of its files is landed.
    ask: list[str] = []
    deleted: Alternatives = []
    entities: dict[str, Annotated[list[EntityMap], BeforeValidator(_as_conditions)]] = {}
    origin: str = ""

    @property
    def feeds(self) -> list[tuple[str, EntityMap]]:
        """Every entity's map with the entity's id; one that a row feeds twice stands twice."""
        return [(entity_id, mapping) for entity_id, mappings in self.entities.items() for mapping in mappings]

    @model_validator(mode="after")
    def _fits_the_entities(self) -> Contract:
        if self.contract == "ALL":
            raise ValueError("ALL is what tables call every source together")
        if not self.entities and not self.refuse:
            raise ValueError("a contract feeds at least one entity, or says with `refuse` why it feeds none")
        self._layout_is_whole()
        for entity_id, mapping in self.feeds:
            entity = entities().get(entity_id)
            if entity is None:
                raise ValueError(f"{entity_id} is no entity of pipelines/entities.yml")
            names = {column.name for column in entity.columns}
            for name in mapping.columns:
                if name not in names:
                    raise ValueError(f"{entity_id} has no column {name}")
                for other, values in mapping.columns[name].when.items():
                    if other not in mapping.columns or set(values) - set(entity.column(other).one_of):
                        raise ValueError(f"{entity_id}.{name}: `when` names mapped columns with their own words")
                if mapping.columns[name].alone and entity.column(name).type != "currency":
                    raise ValueError(f"{entity_id}.{name}: `otherwise: alone` is for currencies")
                words = entity.column(name).one_of
                strange = [word for word in (mapping.columns[name].map or {}).values() if word and word not in words]
                if words and strange:
                    raise ValueError(f"{entity_id}.{name} may be {', '.join(words)}, not {', '.join(strange)}")
            missing = [name for name in entity.key if name not in mapping.columns]
            if missing and mapping.key == "given":
                raise ValueError(f"{entity_id} needs its key: {', '.join(missing)} (or `key: made`)")
            if strange := [name for name in mapping.key_from if name not in mapping.columns]:
                raise ValueError(f"{entity_id}: `key_from` names columns that are not mapped: {', '.join(strange)}")
            if mapping.key_from and mapping.key != "made":
                raise ValueError(f"{entity_id}: `key_from` goes with `key: made`")
            if mapping.key == "made" and len(missing) != 1:
                raise ValueError(f"{entity_id}: `key: made` makes one missing key column, not {len(missing)}")
            if mapping.replaces and mapping.replaces not in mapping.columns:
                raise ValueError(f"{entity_id}: `replaces` names a column that is mapped, not {mapping.replaces}")
        return self

    def _layout_is_whole(self) -> None:
        wanted, table = self.recognise, self.table
        if (table.header is None) != (wanted.columns is None):
            raise ValueError("a file without a header needs both table.header and recognise.columns")
        if table.ends and (table.path or table.blocks):
            raise ValueError("table.ends is for sheets and delimited text: records and blocks have no blank rows")
        if table.header is not None:
            strange = [name for name in wanted.patterns if name not in table.header]
            if len(table.header) != wanted.columns or not wanted.patterns or strange:
                raise ValueError("table.header names as many columns as recognise.columns, and patterns are of these")
        for _, mapping in self.feeds:
            if not mapping.one_row_per and any(column.total for column in mapping.columns.values()):
                raise ValueError("`total` adds up the rows that one_row_per folds: there is none")

    @cached_property
    def digest(self) -> str:
        """A hash of everything that decides how a file is read: a changed contract re-lands its files."""
        # Without what is left at its default: a word that joins the vocabulary changes no contract that does not use it.
        text = self.model_dump_json(by_alias=True, exclude={"title", "origin"}, exclude_defaults=True)
        columns = {name: [repr(column) for column in entities()[name].columns] for name in self.entities}
        needs = [entities()[name].needs for name in self.entities]
        return hashlib.sha256((text + json.dumps([columns, needs])).encode()).hexdigest()[:16]

    @cached_property
    def headers(self) -> set[str]:
        """Every header that the contract knows, aliases included."""
        found = set(self.known) | {alias for aliases in self.recognise.headers for alias in aliases}
        found |= {*(self.recognise.only or []), *self.table.derived, *self.table.drop}
        conditions = [*self.table.group.when] if self.table.group else []
        conditions += [condition for alternative in self.deleted + self.table.skip for condition in alternative]
        for _, mapping in self.feeds:
            conditions += mapping.where
            found |= set(mapping.one_row_per)
            found |= {alias for column in mapping.columns.values() for aliases in column.headers for alias in aliases}
        return found | {alias for condition in conditions for aliases in condition.headers for alias in aliases}
