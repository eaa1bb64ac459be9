"""The brake: what a publication itself finds wrong with its figures, and whether that holds a pack or is written on it.

Each cause reads rows that the models have made; nothing is judged anew here. A finding has a key, so that a person's
word lets pass what was seen, and not what comes after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import duckdb

from pipelines.delivery.periods import Period
from pipelines.words import Language

Does = Literal["hold", "mark", "pass"]


class Cause(NamedTuple):
    """What is done where nobody says otherwise, and the query of its findings: the first column is a finding's key."""

    does: Does
    sql: str


# `$first` and `$last` are the days of the period.
CAUSES: dict[str, Cause] = {
    "incomplete": Cause("hold", """
        select feed, feed, complete_until
        from reporting.rpt_feed_ends
        where complete_until < $last
        order by 1"""),
    "control_total": Cause("hold", """
        select concat_ws(':', file, entity, measure, currency), file, measure, sum(difference) as difference
        from reporting.rpt_control_totals
        where difference <> 0
        group by file, entity, measure, currency
        order by 1"""),
    "proof_differs": Cause("hold", """
        select concat_ws(':', table_name, measure, currency), table_name, measure
        from reporting.rpt_verification
        where state = 'differs'
        order by 1"""),
    "proof_missing": Cause("mark", """
        select concat_ws(':', table_name, measure, currency), table_name, measure
        from reporting.rpt_verification
        where state = 'not_recomputed'
        order by 1"""),
    # Nothing new of a whole domain: its export did not come. A single one may be quiet for good.
    "silent_domain": Cause("hold", """
        select domain, domain, max(newest_event_at)::date as newest
        from reporting.rpt_data_health
        where domain <> 'plan'
        group by domain
        having count(freshness_state) > 0 and count(*) filter (where freshness_state = 'fresh') = 0
        order by 1"""),
    "stale_source": Cause("mark", """
        select concat_ws(':', source, entity), source, entity, newest_event_at::date as newest
        from reporting.rpt_data_health
        where freshness_state = 'stale' and domain <> 'plan'
        order by 1"""),
    "held_file": Cause("hold", """
        select distinct concat_ws(':', file, code), file
        from reporting.rpt_landing_findings
        where severity = 'held'
        order by 1"""),
    "implausible": Cause("mark", """
        select concat_ws(':', table_name, column_name, group_values, period), column_name as figure, group_values, kind
        from reporting.rpt_plausibility
        where kind <> 'incomplete' and period between date_trunc('month', $first) and $last
        order by 1"""),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a publication for a period."""

    cause: str
    key: str
    values: dict[str, Any]
    does: Does = "hold"

    def told(self, language: Language) -> str:
        """In words."""
        return language.text(f"delivery.cause.{self.cause}", **self.values)


def findings(
    connection: duckdb.DuckDBPyConnection, period: Period, does: dict[str, Does] | None = None
) -> list[Finding]:
    """What holds or marks a report of a period; `does` says of causes what a home wants done."""
    found = []
    for name, cause in CAUSES.items():
        wanted = (does or {}).get(name, cause.does)
        if wanted == "pass":
            continue
        days = {"first": period.first, "last": period.last}
        done = connection.execute(cause.sql, {name: day for name, day in days.items() if f"${name}" in cause.sql})
        columns = [column[0] for column in done.description or ()][1:]
        for key, *values in done.fetchall():
            found.append(Finding(name, f"{name}:{key}", dict(zip(columns, values, strict=True)), wanted))
    return found
