"""A macro is for what stands in more than one place: what one model alone says stands in the model, where it is read."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pipelines.settings import PROJECT

DBT = PROJECT / "dbt_project"
# Macros that one other file alone calls, and why they are macros all the same.
CALLED_ONCE = {
    "dbt calls it, to name a schema": ["generate_schema_name"],
    "written out for every entity of pipelines/entities.yml, with the other macros that are": [
        "kept_totals", "entity_totals", "raw_columns", "newest_version", "currency_or_default"
    ],
    "how a mark of identity is made comparable stands beside how the others are": [
        "website_domain", "email_domain"
    ],
    "goes the other way of one beside it, by the same list": ["certainty_name"],
    "a fold over a list, which the model that calls it need not be read through": ["allocation_walk", "takings"],
    "the query of a table macro, which its model hands on": ["receivable_aging_at", "account_statement_totals"],
    "its model would be longer than a file may be": ["days_open_by_cohort", "paid_in_windows"],
}  # fmt: skip


def sources() -> dict[Path, str]:
    """What calls macros."""
    kinds = [("macros", "*.sql"), ("models", "*.sql"), ("models", "*.yml"), ("tests", "*.sql")]
    return {
        path: re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for folder, names in kinds
        for path in sorted((DBT / folder).rglob(names))
    }


def test_what_one_model_says_is_no_macro() -> None:
    """A step of another macro in the same file is none that is called from elsewhere."""
    texts = sources()
    homes = {name: path for path, text in texts.items() for name in re.findall(r"\{%-?\s*macro (\w+)\(", text)}
    assert len(homes) > 100
    calls: dict[str, Counter[Path]] = {name: Counter() for name in homes}
    for path, text in texts.items():
        for name in re.findall(r"(?<!macro )\b(\w+)\(", text):
            if name in calls:
                calls[name][path] += 1
    once = {
        name
        for name, places in calls.items()
        if places.total() == 0 or (places.total() == 1 and homes[name] not in places)
    }
    assert once == {name for names in CALLED_ONCE.values() for name in names}
