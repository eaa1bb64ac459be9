"""Which tests run beside which: files that share what is dear to make go to one worker, and what takes longest begins."""

from __future__ import annotations

import pytest

# The longest, each beginning on a worker of its own; the rest follows, the quick ones last.
FIRST = ("test_knowledge", "test_browser", "test_refresh")
TIERS = ("integration", "real", "dashboards", "dbt", "unit", "conventions")


def _rank(item: pytest.Item) -> tuple[int, int]:
    tier, name = item.path.parent.name, item.path.stem
    return (FIRST.index(name) if name in FIRST else len(FIRST), TIERS.index(tier) if tier in TIERS else len(TIERS))


# First: xdist reads the groups in a hook of its own, which else comes before this one.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups tests by file, or by what the file says that it shares (`SHARES`), for `--dist loadgroup`."""
    items.sort(key=_rank)
    for item in items:
        module = item.getparent(pytest.Module)
        shares = getattr(module.obj, "SHARES", None) if module else None
        item.add_marker(pytest.mark.xdist_group(shares or item.path.stem))
