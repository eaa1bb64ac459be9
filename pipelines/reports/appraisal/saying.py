"""What the half-year appraisal says on its first page, in sentences that carry their figures."""

from __future__ import annotations

from pipelines.reports.packs.sections import Pack
from pipelines.reports.packs.wording import changed, money, named, shown
from pipelines.words import Language


def sentences(pack: Pack, language: Language) -> list[str]:
    """Turnover, plan, cards and quota; of several, who missed the quota again. What is not known says so."""
    revenue = pack.pairs["revenue"]

    def of(name: str, kind: str = "ratio") -> str:
        return shown(pack.pairs[name].now, kind, language)

    plan = money(revenue.plan, pack, language) if revenue.plan and revenue.plan.value is not None else None
    said = [
        _said("revenue", language, now=money(revenue.now, pack, language),
              change=changed(revenue, pack, language, pack.name), growth=of("against_year_before")),
        _said("plan", language, share=of("plan_share"), target=plan),
        _said("quota", language, reached=of("quota_reached", "count"), missed=of("quota_missed", "count")),
    ]  # fmt: skip
    months = pack.sections["by_month"]
    if pack.person and months.rows:
        at, on_time = months.column("month"), months.column("on_time")
        shares = [
            f"{shown(row[at], 'month', language)} – {shown(row[on_time], 'ratio', language)}" for row in months.rows
        ]
        said.append(_said("cards", language, shares="; ".join(shares)))
    appraised = pack.sections["appraised"]
    missed = appraised.column("misses_at_end")
    again = [row for row in appraised.rows if (row[missed].value or 0) > 1]  # type: ignore[operator]
    if again:
        said.append(_said("again", language, count=str(len(again)), names=named(again)))
    return said


def _said(name: str, language: Language, **values: object) -> str:
    return language.text(f"appraisal.said.{name}", **values)
