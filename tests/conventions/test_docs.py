"""What the documents say is there: their commands, options, links and paths."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from pipelines.commands.main import main
from pipelines.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions.md"
DOCS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted((ROOT / "docs").glob("*.md"))


def _commands(group: click.Group, prefix: str = "") -> dict[str, click.Command]:
    found = {}
    for name, command in group.commands.items():
        found[f"{prefix}{name}"] = command
        if isinstance(command, click.Group):
            found |= _commands(command, f"{prefix}{name} ")
    return found


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: path.name)
def test_commands_and_options_exist(doc: Path) -> None:
    commands = _commands(main)
    text = doc.read_text(encoding="utf-8")
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^```sh\n(.*?)^```", text, flags=re.S | re.M)
    for line in "\n".join(code).splitlines():
        called = re.search(
            r"(?:^|[\s/])keybook ([a-z]+)( new| weekly| monthly| quarterly| client| appraisal| commission)?(.*)", line
        )
        if not called or called[1] in ("in", "and"):
            continue
        name = called[1] + (called[2] or "")
        assert name in commands, line
        options = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", called[3])) <= options, line


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: path.name)
def test_links_and_paths_exist(doc: Path) -> None:
    text = doc.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert not [link for link in links if not (doc.parent / link).exists()]
    roots = ("pipelines/", "dbt_project/", "dashboards/", "tests/", "benchmarks/", "docs/")
    paths = [path for path in re.findall(r"`([\w./-]+)`", text) if path.startswith(roots)]
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    for doc in DOCS:
        code = re.findall(r"^```sh\n(.*?)^```", doc.read_text(encoding="utf-8"), flags=re.S | re.M)
        assert set(re.findall(r"^make ([a-z]+)", "\n".join(code), flags=re.M)) <= targets, doc.name


def test_settings_in_the_readme_are_settings() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S | re.M)
    names = set(re.findall(r"^([a-z_]+) =", "\n".join(blocks), flags=re.M))
    assert names
    assert names <= set(Settings.model_fields)


NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def _unit_tests() -> dict[str, str]:
    """Each dbt unit test's own text, its description with it."""
    found = {}
    for path in (ROOT / "dbt_project" / "models").rglob("*.yml"):
        for block in path.read_text(encoding="utf-8").partition("\nunit_tests:\n")[2].split("\n  - name: "):
            name, _, text = block.removeprefix("  - name: ").partition("\n")
            found[name.strip()] = text
    return found


def test_worked_figures_of_decisions_are_those_of_unit_tests() -> None:
    """Who reads a choice can look up its example: the unit test exists, and each number of the paragraph stands in it."""
    tests = _unit_tests()
    argued = [text for text in DECISIONS.read_text(encoding="utf-8").split("\n\n") if "ee unit test" in text]
    assert len(argued) >= 12
    for paragraph in argued:
        names = re.findall(r"[Ss]ee unit test `(\w+)`", paragraph)
        assert set(names) <= set(tests), paragraph[:80]
        prose = re.sub(r"`[^`]*`|\bR\d+", "", paragraph)
        worked = NUMBER.findall(" ".join(tests[name] for name in names).replace(",", ""))
        missing = [figure for figure in NUMBER.findall(prose) if figure.replace(",", "") not in worked]
        assert not missing, f"{paragraph[:80]}: {missing}"
