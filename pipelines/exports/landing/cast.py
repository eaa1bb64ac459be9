"""Turns a contract's column maps into SQL: text cells to typed columns, each with the test of whether it could be read.

A cast never gives NULL for a text that it cannot read: `Cast.failed` tells such a row, and `Cast.reason_sql` says why.
Everything is SQL on the temporary table `grid(_line, c0, …)`, in three steps, so that DuckDB works each expression out
once and in bulk: `RowSql.cleaned` (trimmed texts t0, t1, …), `RowSql.typed` (the canonical columns), and
the tests of what failed, which read those columns by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipelines.exports.codes import Rejection
from pipelines.exports.contracts.contract import ColumnMap, Contract, EntityMap, Formats, Where
from pipelines.exports.contracts.headers import normal
from pipelines.exports.contracts.needs import is_given, reachable, unasked
from pipelines.exports.contracts.recognise import Match
from pipelines.exports.entities import Column, Entity, entities
from pipelines.exports.landing import moments
from pipelines.exports.landing.numbers import ZERO_DECIMAL, lost_figures, number
from pipelines.exports.landing.orders import Dates
from pipelines.exports.landing.reasons import FIRST_YEAR, MOST_SECONDS, YEARS_AHEAD, rejection_sql, unread
from pipelines.exports.landing.words import any_of, is_one_of, mapped, replaced, trimmed
from pipelines.exports.readers.grids import Blanks, quoted

_TRUE = ["true", "yes", "y", "t", "1"]
_FALSE = ["false", "no", "n", "f", "0"]
BLANK = "cast(null as varchar)"
NO_DATES = Dates()
NO_REASON = rejection_sql(Rejection("blank"))
_LITERAL = ColumnMap.model_validate({"value": ""})


@dataclass(frozen=True)
class Cast:
    """One canonical column: its typed SQL, the SQL of the text it came from, and of the rejection when it fails."""

    column: Column
    typed: str
    text: str
    required: bool
    reason: str
    source: str
    # SQL of the text as it is read, after what the contract replaces in it; empty where it is `text`.
    read: str = ""
    # SQL on the canonical columns of when the column counts at all.
    when: str = ""

    @property
    def failed(self) -> str:
        """SQL that is true for a row whose text cannot be read as the column's type, or is missing though required."""
        given = "" if self.required else f" and {self.text} is not null"
        return f"({self.column.name} is null{given}{f' and {self.when}' if self.when else ''})"

    @property
    def can_fail(self) -> bool:
        """Whether there is anything to read, or anything that must be there."""
        return self.required or self.text != BLANK

    @property
    def is_sure(self) -> bool:
        """Whether the text itself is the value, whatever it is: no cell of it is ever unread."""
        return not (self.required or self.column.is_id or self.typed != self.text)

    @property
    def reason_sql(self) -> str:
        """SQL of the rejection of a failed row."""
        return f"case when {self.text} is null then {rejection_sql(Rejection('blank'))} else {self.reason} end"


class RowSql:
    """The SQL of one contract on one file's columns."""

    def __init__(
        self,
        contract: Contract,
        match: Match,
        business_timezone: str = "UTC",
        dates: Dates = NO_DATES,
        known_in: int = 9999,
    ) -> None:
        """`dates` is how the file writes its dates, `known_in` the export's year."""
        self.contract, self.match = contract, match
        self.business_timezone, self.dates, self.known_in = business_timezone, dates, known_in
        self.alone: set[str] = set()  # texts of keys (`otherwise: alone`) of which the file has one

    def cleaned(self, blanks: Blanks) -> str:
        """The grid with the texts of its cells trimmed (t0, t1, …), NULL where blank or one of the contract's blank words."""
        texts = []
        for place in self.asked_for():
            text = trimmed(f"c{place}", blanks)
            if self.contract.formats.blank:
                text = f"case when {any_of(text, self.contract.formats.blank)} then null else {text} end"
            texts.append(f"{text} as t{place}")
        return f"select {', '.join(['*', *texts])} from grid"

    def asked_for(self) -> list[int]:
        """The places of the columns whose texts are asked for: a company's own, which may be thousands, are not."""
        contract, table = self.contract, self.contract.table
        if table.lines_below or table.group:
            return list(range(len(self.match.headers)))
        asked = [*contract.headers, *filter(None, [contract.system_column])]
        return sorted({place for name in asked if (place := self.match.find([name])) is not None})

    def typed(self, casts: list[Cast], rows: str) -> str:
        """Rows of `cleaned` with the canonical columns beside their texts; what is out of bounds is not read."""
        select = f"select *, {', '.join(f'{cast.typed} as {cast.column.name}' for cast in casts)} from {rows}"
        for step in (self._ordered(casts), self._within_bounds(casts), self._told(casts), self._when(casts)):
            if step:
                replaced = ", ".join(f"{sql} as {name}" for name, sql in step.items())
                select = f"select * replace ({replaced}) from ({select})"
        return select

    @staticmethod
    def _ordered(casts: list[Cast]) -> dict[str, str]:
        """Moments of the hour that stands twice, each read as the later one; earlier where something follows them.

        That they are in that hour shows by the same clock an hour before.
        """
        read = {cast.column.name for cast in casts if cast.text != BLANK}
        ordered = {}
        for column in (cast.column for cast in casts if cast.column.name in read):
            if followers := [name for name in column.before if name in read]:
                follows = " or ".join(f"coalesce({name} < {column.name}, false)" for name in followers)
                clock, before = (
                    f"timezone(current_setting('TimeZone'), {moment})"
                    for moment in (column.name, f"{column.name} - interval 1 hour")
                )
                hour_before = f"{column.name} - interval 1 hour"
                ordered[column.name] = (
                    f"(case when ({follows}) and {clock} = {before} then {hour_before} else {column.name} end)"
                )
        return ordered

    @staticmethod
    def _told(casts: list[Cast]) -> dict[str, str]:
        """What a word that nobody knows is, where the row's other columns tell (`unknown` in entities.yml)."""
        return {
            cast.column.name: f"(case when {cast.failed} then case "
            + " ".join(f"when {condition} then {quoted(value)}" for value, condition in cast.column.unknown)
            + f" end else {cast.column.name} end)"
            for cast in casts
            if cast.column.unknown and cast.text != BLANK
        }

    @staticmethod
    def _when(casts: list[Cast]) -> dict[str, str]:
        """Columns that count only in some rows, each nothing in the others."""
        return {cast.column.name: f"(case when {cast.when} then {cast.column.name} end)" for cast in casts if cast.when}

    def _within_bounds(self, casts: list[Cast]) -> dict[str, str]:
        """Durations from 0 to a year, shares from 0 to 1, dates in years that an export can speak of, whole ids; else NULL."""
        bounded = {}
        for cast in casts:
            name, kind = cast.column.name, cast.column.type
            if cast.text == BLANK:
                continue
            if kind == "seconds":
                condition = f"{name} between 0 and {MOST_SECONDS}"
            elif kind == "ratio":
                condition = f"{name} between 0 and 1"
            elif cast.column.is_id:
                condition = f"not {lost_figures(name)}"
            elif kind in ("date", "timestamp") and not cast.column.any_year:
                # A comparison: to ask each moment for its year takes as long as to read it.
                first, end = (
                    f"cast('{year}-01-01' as {cast.column.stored_type})"
                    for year in (FIRST_YEAR, self.known_in + YEARS_AHEAD + 1)
                )
                condition = f"{name} >= {first} and {name} < {end}"
            else:
                continue
            bounded[name] = f"(case when {condition} then {name} end)"
        return bounded

    def header(self, aliases: list[str], formats: Formats | None = None) -> str:
        """The text under the first of these headers that the file has; NULL when it has none."""
        place = self.match.find(aliases)
        if place is None:
            return BLANK
        if formats and formats is not self.contract.formats and formats.blank:
            return f"(case when {any_of(f't{place}', formats.blank)} then null else t{place} end)"
        return f"t{place}"

    def where(self, conditions: list[Where]) -> str:
        """SQL of a row's conditions; true when there are none."""
        parts = []
        for condition in conditions:
            text = self.header(condition.column)
            if condition.is_ is not None:
                parts.append(f"coalesce({any_of(text, condition.is_)}, false)")
            if condition.not_ is not None:
                parts.append(f"not coalesce({any_of(text, condition.not_)}, false)")
            if condition.like is not None:
                parts.append(f"coalesce(regexp_matches({text}, {quoted(condition.like)}), false)")
            if condition.in_file is not None and condition.in_file == (text == BLANK):
                parts.append("false")
            if condition.same_as is not None:
                # A text of several lines is a list: one of them is enough.
                others = f"string_split({self.header(condition.same_as)}, chr(10))"
                parts.append(f"coalesce(list_contains({others}, {text}), false)")
            if condition.blank is not None:
                parts.append(f"{text} is {'' if condition.blank else 'not '}null")
        return " and ".join(parts) or "true"

    def deleted(self) -> str:
        """SQL that is true for a row that the export marks as deleted."""
        return " or ".join(f"({self.where(alternative)})" for alternative in self.contract.deleted) or "false"

    def entity(self, entity: Entity, mapping: EntityMap) -> list[Cast]:
        """Every column of the entity, in its order; unmapped ones are NULL. A made key is left to `land`."""
        casts = []
        for column in entity.columns:
            spec = mapping.columns.get(column.name)
            if spec is None:
                casts.append(Cast(column, f"cast(null as {column.stored_type})", BLANK, False, "null", ""))
                continue
            required = spec.required or (column.name in entity.key and mapping.key == "given")
            cast = replace(self._column(column, spec, required), when=self._when_sql(spec))
            casts.append(self._totalled(cast, mapping.one_row_per) if spec.total else cast)
        return casts

    @staticmethod
    def _when_sql(spec: ColumnMap) -> str:
        """SQL of when a column counts: the other columns have one of their words."""
        return " and ".join(
            f"coalesce({name} in ({', '.join(quoted(value) for value in values)}), false)"
            for name, values in spec.when.items()
        )

    def _totalled(self, cast: Cast, folded: list[str]) -> Cast:
        """The sum over the rows that `one_row_per` folds; one that cannot be read leaves no total."""
        keys = [self.header([name]) for name in folded]
        # Rows without a key are not folded: each is a group of its own.
        alone = f"case when {' and '.join(f'{key} is null' for key in keys)} then _line end"
        rows = f"over (partition by {', '.join([*keys, alone])})"
        unread = f"bool_or({cast.text} is not null and {cast.typed} is null) {rows}"
        typed = (
            f"(case when {unread} then null else try_cast(sum({cast.typed}) {rows} as {cast.column.stored_type}) end)"
        )
        text = f"coalesce({cast.text}, max({cast.text}) {rows})"
        reason = rejection_sql(Rejection("no_total", cast.column.stored_type))
        return replace(cast, typed=typed, text=text, reason=reason)

    def _column(self, column: Column, spec: ColumnMap, required: bool) -> Cast:
        formats = spec.formats or self.contract.formats
        if spec.cases is not None:
            return self._cases(column, spec, required)
        source = ", ".join(self._shown(aliases) for aliases in spec.headers)
        if spec.value is not None:
            literal = quoted(str(spec.value))
            reason = self._reason(column, spec, formats)
            return Cast(column, self._typed(literal, column, _LITERAL, formats), literal, required, reason, "")
        if spec.sum is not None:
            return self._sum(column, spec, formats, required, source)
        if spec.product is not None:
            return self._product(column, spec, formats, required, source)
        if spec.first_filled is not None:
            text = f"coalesce({', '.join(self.header(aliases, formats) for aliases in spec.first_filled)})"
        elif spec.join is not None:
            parts = ", ".join(self.header([name], formats) for name in spec.join)
            text = f"nullif(concat_ws({quoted(spec.with_)}, {parts}), '')"
        else:
            text = self.header(spec.from_ or [], formats)
        is_default = spec.otherwise == "alone" and not spec.map and text in self.alone
        if is_default or not is_given(spec, self.match.has, column):
            text = BLANK
        read = replaced(text, spec)
        if spec.extract is not None:
            read = f"nullif(regexp_extract({read}, {quoted(spec.extract)}, 1), '')"
        if spec.map is not None:
            read = mapped(read, spec, column)
        typed = self._typed(read, column, spec, formats)
        blanked = spec.map is not None and (spec.otherwise == "blank" or None in spec.map.values())
        failing_text = f"case when {read} is null then null else {text} end" if blanked else text
        return Cast(column, typed, failing_text, required, self._reason(column, spec, formats), source, read=read)

    def _shown(self, aliases: list[str]) -> str:
        place = self.match.find(aliases)
        return aliases[0] if place is None else self.match.headers[place]

    def _cases(self, column: Column, spec: ColumnMap, required: bool) -> Cast:
        """The first case whose condition holds; a row that it asks for what the file does not have falls to none."""
        taken: list[tuple[str, Cast]] = []
        sources: list[str] = []
        for asked, branch in reachable(spec, self.match.has):
            lacking = [aliases for condition in asked for aliases in unasked(condition, self.match.has)]
            told = [condition for condition in asked if not unasked(condition, self.match.has)]
            cast = self._column(column, branch, False)
            sources += [self._shown(aliases) for aliases in lacking] or [cast.source]
            if lacking:
                cast = Cast(column, f"cast(null as {column.stored_type})", BLANK, False, NO_REASON, "")
            taken.append((self.where(told), cast))
            if not told:
                break

        def chosen(part: Callable[[Cast], str]) -> str:
            cases = " ".join(f"when {condition} then {part(cast)}" for condition, cast in taken)
            return f"(case {cases} end)" if taken else "null"

        source = ", ".join(dict.fromkeys(filter(None, sources)))
        read = chosen(lambda cast: cast.read or cast.text)
        return Cast(
            column,
            f"cast({chosen(lambda cast: cast.typed)} as {column.stored_type})",
            f"cast({chosen(lambda cast: cast.text)} as varchar)" if taken else BLANK,
            required,
            chosen(lambda cast: cast.reason),
            source,
            read=read,
        )

    def _sum(self, column: Column, spec: ColumnMap, formats: Formats, required: bool, source: str) -> Cast:
        names = spec.sum or []
        if not is_given(spec, self.match.has, column):
            # A part that the file does not have is unknown, and so is the sum.
            return Cast(column, f"cast(null as {column.stored_type})", BLANK, required, "null", source)
        texts = [replaced(self.header([name.lstrip("-")], formats), spec) for name in names]
        amounts = [self._amount(text, column, spec, formats) for text in texts]
        # A blank part counts nothing, an unreadable one fails the sum; a sum of blanks is blank.
        terms = [
            f"{'-' if name.startswith('-') else ''}(case when {text} is null then 0 else {amount} end)"
            for name, text, amount in zip(names, texts, amounts, strict=True)
        ]
        text = f"nullif(concat_ws(' ', {', '.join(texts)}), '')"
        typed = f"(case when {text} is null then null else cast({' + '.join(terms)} as {column.stored_type}) end)"
        return Cast(column, self._signed(typed, spec), text, required, self._reason(column, spec, formats), source)

    def _product(self, column: Column, spec: ColumnMap, formats: Formats, required: bool, source: str) -> Cast:
        """One number times another, or that share of it which a second one is of a third; blank where one of them is."""
        texts = [self.header([name.lstrip("/")], formats) for name in spec.product or []]
        # Two of eighteen figures make more than eighteen: the whole file would fall with one amount of a million.
        one, other, *whole = (number(text, "DECIMAL(28,6)", formats) for text in texts)
        numbers = f"{one} * {other}"
        if whole:
            numbers = f"round(cast({numbers} as double) / nullif(cast({whole[0]} as double), 0), 2)"
        blank = " or ".join(f"{text} is null" for text in texts)
        text = f"(case when {blank} then null else {' || chr(215) || '.join(texts)} end)"
        typed = f"try_cast({numbers} as {column.stored_type})"
        return Cast(column, self._signed(typed, spec), text, required, self._reason(column, spec, formats), source)

    def _typed(self, text: str, column: Column, spec: ColumnMap, formats: Formats) -> str:
        if column.type == "text":
            # A mapped word is canonical already: contracts are checked for that.
            if not column.one_of or (spec.map is not None and spec.otherwise != "keep"):
                return text
            # A word of ours with a capital is met in letters of any case, as the others are.
            meant = [*column.words, *((word.lower(), word) for word in column.one_of if word != word.lower())]
            others = "".join(f" when lower({text}) = {quoted(word)} then {quoted(ours)}" for word, ours in meant)
            return f"(case when {is_one_of(f'lower({text})', list(column.one_of))} then lower({text}){others} end)"
        if column.type == "currency":
            return f"(case when regexp_full_match(upper({text}), '[A-Z]{{3}}') then upper({text}) end)"
        if column.type == "boolean":
            true, false = formats.true or _TRUE, formats.false or _FALSE
            return f"(case when {any_of(text, true)} then true when {any_of(text, false)} then false end)"
        if column.type in ("date", "timestamp"):
            return self._moment(text, column, spec, formats)
        return self._signed(self._scaled(text, column, spec, formats), spec)

    @staticmethod
    def _signed(typed: str, spec: ColumnMap) -> str:
        """A number with the sign that the contract gives it; none where it is out of the contract's range."""
        if spec.sign:
            typed = f"(-{typed})" if spec.sign == "negate" else f"abs({typed})"
        if spec.range is None:
            return typed
        least, most = spec.range
        # The number stands once: DuckDB plans each time that it is written, and a parameter has a range by its unit.
        within = f"number >= {least}" + ("" if most is None else f" and number <= {most}")
        return f"list_filter([{typed}], lambda number: {within})[1]"

    def _scaled(self, text: str, column: Column, spec: ColumnMap, formats: Formats) -> str:
        stored = column.stored_type
        if spec.unit == "hms":
            clock = f"regexp_full_match({text}, '\\d+:\\d\\d(:\\d\\d(\\.\\d+)?)?')"
            # Two parts are minutes and seconds, as call trackers write them.
            full = (
                f"case when length({text}) - length(replace({text}, ':', '')) = 1 then '0:' || {text} else {text} end"
            )
            return f"(case when {clock} then cast(epoch(try_cast({full} as interval)) as {stored}) end)"
        if spec.unit is None and column.type != "integer":
            return number(text, stored, formats)
        if column.type == "integer":
            amount = number(text, "DECIMAL(38,10)", formats)
            return f"(case when {amount} = floor({amount}) then cast({amount} as bigint) end)"
        return f"cast({self._amount(text, column, spec, formats)} as {stored})"

    def _amount(self, text: str, column: Column, spec: ColumnMap, formats: Formats) -> str:
        """A number in the column's own unit."""
        if spec.unit == "hms":
            return self._scaled(text, column, spec, formats)
        amount = number(f"rtrim({text}, '% ')" if spec.unit == "percent" else text, "DECIMAL(38,10)", formats)
        factor = {"milliseconds": "/ 1000", "minutes": "* 60", "percent": "/ 100"}.get(spec.unit or "", "")
        if spec.unit == "minor":
            zero = any_of(self.header([spec.currency_column or ""]), ZERO_DECIMAL) if spec.currency_column else "false"
            factor = f"/ (case when {zero} then 1 else 100 end)"
        return f"({amount} {factor})"

    def _moment(self, text: str, column: Column, spec: ColumnMap, formats: Formats) -> str:
        if spec.unit in ("unix", "unix_ms"):
            divisor = 1000 if spec.unit == "unix_ms" else 1
            return moments.day(f"to_timestamp(try_cast({text} as double) / {divisor})", column, self.business_timezone)
        return moments.read(text, column, self._patterns(spec, formats), self.dates, self.business_timezone)

    def _patterns(self, spec: ColumnMap, formats: Formats) -> list[str]:
        if spec.format:
            return spec.format
        known = (formats.date or []) + (formats.timestamp or [])
        if formats.date_orders and self.dates.order:
            known = known + formats.date_orders.get(self.dates.order, [])
        return known

    def _reason(self, column: Column, spec: ColumnMap, formats: Formats) -> str:
        asked = Rejection("unknown_word") if spec.otherwise == "alone" else None
        return rejection_sql(asked or unread(column, self._patterns(spec, formats), self.known_in, spec.range))

    def moments(self) -> list[Cast]:
        """The columns of dates and times that are read from texts, of every entity that the file feeds."""
        return [
            cast
            for entity_id, mapping in self.match.feeds
            for cast in self.entity(entities()[entity_id], mapping)
            if cast.column.type in ("date", "timestamp")
            and cast.text != BLANK
            and cast.source
            and mapping.columns[cast.column.name].unit is None
        ]

    def unmapped(self) -> list[tuple[str, int]]:
        """The file's columns that no entity takes, with their places: they are kept in `_extra`."""
        taken = set()
        for _, mapping in self.contract.feeds:
            for spec in mapping.columns.values():
                for aliases in spec.carried:
                    place = self.match.find(aliases)
                    if place is not None:
                        taken.add(normal(self.match.headers[place]))
        return [(header, place) for place, header in enumerate(self.match.headers) if normal(header) not in taken]
