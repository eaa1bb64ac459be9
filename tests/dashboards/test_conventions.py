"""Rules that the dashboards keep: where SQL stands, colours that stay apart, no unsafe export."""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from pathlib import Path

import pytest

from pipelines import reporting_contract
from pipelines.charts.palette import AGEING_DARK, AGEING_LIGHT, DARK, LIGHT
from pipelines.files import read_yaml
from pipelines.warehouse.transform import DBT_PROJECT

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
FILES = sorted(DASHBOARDS.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(DASHBOARDS)))
def test_sql_stands_where_it_belongs(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if "queries" not in file.parts and isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not re.search(r"\bselect\b.+\bfrom\b", node.value, re.IGNORECASE | re.DOTALL), node.value


def test_queries_read_reporting_only() -> None:
    for file in (DASHBOARDS / "queries").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\b(raw|staging|intermediate|marts|parameters)\.\w+", text), file.name
        for table in re.findall(r"\{(rpt_\w+)\}", text):
            assert table in reporting_contract.declared(), table


def test_a_flag_that_may_be_unknown_is_counted_as_such() -> None:
    """What no export tells is NULL in every row, and `count(*) filter` would make 0 of it."""
    flags = {
        column["name"]
        for file in (DBT_PROJECT / "models" / "reporting").rglob("_*.yml")
        for model in read_yaml(file).get("models") or []
        for column in model["columns"]
        if column["data_type"] == "boolean" and column["config"]["meta"].get("feeds")
    }
    assert "is_covered" in flags
    counted = re.compile(rf"filter \([^()]*\b({'|'.join(sorted(flags))})\b(?! is (?:not )?null)[^()]*\)")
    found = {
        f"{file.name}: {match.group(0)}"
        for file in (DASHBOARDS / "queries").glob("*.py")
        for match in counted.finditer(file.read_text(encoding="utf-8"))
    }
    # How many limits are unknown is told beside it.
    assert found == {"receivable_risk.py: filter (is_over_limit)"}, "count it by `known_count`"


def test_the_grids_own_export_is_off() -> None:
    config = tomllib.loads((DASHBOARDS / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["client"]["disableDataExport"] is True
    assert config["browser"]["gatherUsageStats"] is False


def _linear(colour: str) -> tuple[float, float, float]:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# Machado, Oliveira, Fernandes 2009, severity 1: what a protanope and a deuteranope see, in linear RGB.
_SIGHT = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}


def _lab(colour: str, sight: str) -> tuple[float, float, float]:
    rgb = _linear(colour)
    seen = [
        min(1.0, max(0.0, sum(part * value for part, value in zip(row, rgb, strict=True)))) for row in _SIGHT[sight]
    ]
    x = (0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.95047
    y = 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]
    z = (0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.08883
    fx, fy, fz = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _distance(one: str, other: str, sight: str) -> float:
    pairs = zip(_lab(one, sight), _lab(other, sight), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


@pytest.mark.parametrize("sight", _SIGHT)
@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_that_stand_together_stay_apart(look: dict[str, str], sight: str) -> None:
    together = [("blue", "teal"), ("blue", "orange"), ("blue", "violet"), ("teal", "violet"), ("teal", "grey"),
                ("blue", "grey"), ("orange", "grey"), ("orange", "violet")]  # fmt: skip
    for one, other in together:
        assert _distance(look[one], look[other], sight) > 10, (one, other)


@pytest.mark.parametrize("sight", _SIGHT)
@pytest.mark.parametrize("ramp", [AGEING_LIGHT, AGEING_DARK], ids=["light", "dark"])
def test_ages_read_in_order_without_hue(ramp: tuple[str, ...], sight: str) -> None:
    overdue = [_lab(colour, sight)[0] for colour in ramp[1:]]
    assert all(older < younger - 5 for younger, older in itertools.pairwise(overdue))
    assert all(_distance(one, other, sight) > 10 for one, other in itertools.pairwise(ramp))


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable(look: dict[str, str]) -> None:
    assert _contrast(look["ink"], look["ground"]) > 7
    assert _contrast(look["muted"], look["ground"]) > 4.5
    assert all(_contrast(look[name], look["ground"]) > 2.2 for name in ("blue", "orange", "teal", "violet", "grey"))
