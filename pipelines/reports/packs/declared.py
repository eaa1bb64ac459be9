"""A pack that a file describes: which figures stand beside each other, what is not known, and lists of rows.

The file (`sections.yml` of a report) names tables, columns and kinds. What it says of rows may speak of `$first` and
`$last`, the days of the period, `$month`, its last month, `$year`, the first month of its year, `$year_before`, the
first of twelve months, `$until` and `$year_ahead`, two weeks and twelve months on, and of what a report adds.
Figures of the period before are those of the same words with its days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.figures import Figure, Tables, aging
from pipelines.reports.packs.sections import MOST, Kind, Pack, Pair, Section, listed

Said = Mapping[str, Any]
Values = dict[str, Any]
UNITS = {1: "month", 3: "quarter", 6: "half-year"}
# Promises are told so far ahead: until the next one who looks has looked.
AHEAD = timedelta(days=14)


def earlier(month: date, months: int) -> date:
    """The first day of the month so many before."""
    number = month.year * 12 + month.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True)
class Reader:
    """Reads a pack from tables as its file has it; `values` are what its words may speak of."""

    tables: Tables
    said: Said
    values: Values

    @classmethod
    def of(cls, tables: Tables, said: Said, **more: Any) -> Reader:
        """The reader of the period that ends on the publication's as-of day.

        Raises:
            PackError: no period of the file's `months` ends on that day.
        """
        months, last = said["months"], tables.as_of
        month = last.replace(day=1)
        if (last + timedelta(days=1)).day != 1 or last.month % months:
            raise PackError(f"{last}, of which the publication is, ends no {UNITS[months]}")
        values = {
            "month": month, "first": earlier(month, months - 1), "last": last, "until": last + AHEAD,
            "year": month.replace(month=1), "year_before": earlier(month, 11),
            "year_ahead": earlier(month, -13) - timedelta(days=1),
        }  # fmt: skip
        return cls(tables, said, {**values, **more})

    def before(self) -> Reader:
        """The same of the period before."""
        months, first = self.said["months"], self.values["first"]
        days = {"first": earlier(first, months), "last": first - timedelta(days=1), "month": earlier(first, 1)}
        return replace(self, values={**self.values, **days})

    def pack(
        self,
        name: str,
        company: str,
        made: Mapping[str, Callable[[Reader], Section]] | None = None,
        **whose: Any,
    ) -> Pack:
        """All of it; a section that is in `made` is made there, and `whose` says of whom it is."""
        run, days = self.tables.run, self.values
        sections = [
            made[label](self) if made and label in made else self.section(label, said)
            for label, said in self.said["sections"].items()
        ]
        return Pack(
            company, str(run["base_currency"] or ""), str(run["business_timezone"]), days["last"], days["first"],
            self.pairs(), {label: self._figure(said, how="moved") for label, said in self.said["missing"].items()},
            {section.name: section for section in sections}, name=name, months=self.said["months"],
            **whose,
        )  # fmt: skip

    def pairs(self) -> dict[str, Pair]:
        """The figures beside those of the period before and their plan."""
        found = {}
        earlier_ones = self.before()
        for group in self.said["beside"]:
            for name, own in group["figures"].items():
                said = {"column": name, **group, **own}
                plan = said.get("plan")
                found[name] = Pair(
                    name, said["kind"], self._figure(said),
                    earlier_ones._figure(said) if said.get("before", True) else None,
                    self._figure({**said, "column": plan, "how": said.get("plan_how", "sum")}) if plan else None,
                )  # fmt: skip
        return found

    def section(self, name: str, said: Said) -> Section:
        """A list of rows as they stand, or of what they come to by a column."""
        made = self._summed(name, said) if "by" in said else self._listed(name, said)
        return replace(
            made, first=said.get("first", False), drawn=said.get("drawn", False), detail=said.get("detail", False),
            told=self.tables.has_told(said.get("feed")), most=said.get("most", MOST),
        )  # fmt: skip

    def _listed(self, name: str, said: Said) -> Section:
        columns = {label: tuple(part) for label, part in said["columns"].items()}
        found = self._rows(said, f"order by {said['order']}")
        return listed(name, said["table"], found, tuple(said["key"]), columns, tuple(said.get("totals", ())))

    def _summed(self, name: str, said: Said) -> Section:
        """A row a value of `by`; a text is what all of its rows have."""
        by, of, columns = said["by"], self._of(said), said["columns"]
        where, values = self.tables.matching(of)
        found = self.tables.connection.execute(
            f"select {by} from {self.tables.relation(said['table'], 'totals')} where {where} group by {by} "
            f"order by {said['order']}", values,
        ).fetchall()  # fmt: skip
        rows = []
        for (value,) in found:
            key = {**of, by: value}
            rows.append([self._part(said, key, part) for part in columns.values()])
        kinds: tuple[tuple[str, Kind], ...] = tuple((label, part["kind"]) for label, part in columns.items())
        return Section(name, kinds, rows, tuple(said.get("totals", ())))

    def _part(self, said: Said, key: Values, part: Said) -> Figure:
        """A figure of a row that stands for all rows of a key."""
        table, column = said["table"], part["column"]
        if part["kind"] not in ("text", "month", "date"):
            whole = {**key, **self._of(part)}
            return self.tables.total(table, column, part.get("how", "sum"), part.get("less"), **whole)
        row = {said["by"]: key[said["by"]]}
        if column not in row:
            where, values = self.tables.matching(key)
            [row] = self.tables.rows(table, where, "limit 1", values)
        return Figure(row[column], table, column, key, words=part.get("words"), row=row)

    def _figure(self, said: Said, how: str = "sum") -> Figure:
        table = said["table"]
        if table == "receivable_aging":
            # What was owed on the period's last day, in the columns of `rpt_receivable_aging`.
            table = aging(self.values["last"])
        return self.tables.total(table, said["column"], said.get("how", how), said.get("less"), **self._of(said))

    def _of(self, said: Said) -> Values:
        """Column -> value, several values, or the first and the last."""
        return {name: self._value(part) for name, part in said.get("of", {}).items()}

    def _value(self, part: Any) -> Any:
        if isinstance(part, list):
            return tuple(self._value(each) for each in part)
        return self.values[part[1:]] if isinstance(part, str) and part.startswith("$") else part

    def _rows(self, said: Said, rest: str) -> list[dict[str, Any]]:
        where = said.get("where", "true")
        named = {name: self.values[name] for name in re.findall(r"\$(\w+)", where)}
        return self.tables.rows(said["table"], where, rest, named)
