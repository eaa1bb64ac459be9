"""What of the project a build makes anew: what a change flows to, and no more.

A build may start from a copy of the published warehouse. Then the models that read a changed raw table are made anew,
with all that reads them. A boundary (`meta: {boundary: true}` in a model's YAML) is a small table that much reads and
that a change seldom alters, such as the run's date: where a boundary comes out as it was, the change ends there.
Nothing here runs dbt; that is `transform.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb

Fingerprint = tuple[int, str] | None


@dataclass
class Project:
    """The parts of dbt's manifest that say what reads what."""

    nodes: dict[str, dict[str, Any]]
    parents: dict[str, list[str]]
    children: dict[str, list[str]]
    boundaries: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> Project:
        """Takes a manifest as dbt writes it."""
        nodes = {**manifest["nodes"], **manifest["sources"]}
        boundaries = {name for name, node in nodes.items() if node.get("config", {}).get("meta", {}).get("boundary")}
        return cls(nodes, manifest["parent_map"], manifest["child_map"], boundaries)

    def sources(self, names: Iterable[str]) -> set[str]:
        """The ids of raw tables by their names."""
        wanted = set(names)
        return {
            unique_id
            for unique_id, node in self.nodes.items()
            if node["resource_type"] == "source" and node["name"] in wanted
        }

    def models_below(self, starts: set[str], stops: set[str]) -> set[str]:
        """The models that read any of `starts`, directly or through others, but not those behind `stops` alone."""
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            for child in self.children.get(waiting.pop(), []):
                if child not in found and self._is(child, "model"):
                    found.add(child)
                    if child not in stops:
                        waiting.append(child)
        return found

    def models_above(self, ends: set[str], kinds: tuple[str, ...] = ("model",)) -> set[str]:
        """The models (or nodes of other kinds too) that `ends` are made from, and themselves."""
        found = set(ends)
        waiting = list(ends)
        while waiting:
            for parent in self.parents.get(waiting.pop(), []):
                if parent not in found and any(self._is(parent, kind) for kind in kinds):
                    found.add(parent)
                    waiting.append(parent)
        return found

    def tests_of(self, models: set[str]) -> dict[str, set[str]]:
        """The data tests that look at any of these models, each with all the models that it looks at."""
        looked_at = {
            test: set(self.parents.get(test, []))
            for model in models
            for test in self.children.get(model, [])
            if self._is(test, "test")
        }
        return looked_at

    def names(self, unique_ids: Iterable[str]) -> list[str]:
        """What dbt's `--select` takes."""
        return sorted(self.nodes[unique_id]["name"] for unique_id in unique_ids)

    def needed(self, wanted: set[str], changed: set[str] | None) -> set[str]:
        """What is built for somebody who asks for some models, seeds and tests: these and what they need.

        They need all that they are made from or, in a copy of the published warehouse, what of it reads a raw table
        that has changed. Of the tests run those that look at nothing else that would have to be made; where tests alone
        are asked for, what they look at is made.
        """
        tests = {unique_id for unique_id in wanted if self._is(unique_id, "test")}
        landed = {unique_id for unique_id in self.nodes if self._is(unique_id, "source")}
        asked = (wanted - tests) or {model for test in tests for model in self.parents[test]} - landed
        made = asked | self.models_above(asked, ("model", "seed"))
        stale = set(self.nodes) - landed
        if changed is not None:
            stale = self.models_below(self.sources(changed), set())
            made = (wanted - tests) | (made & stale)
        return made | {test for test in tests if set(self.parents[test]) & stale <= made}

    def table(self, unique_id: str) -> str:
        """A model's table, as SQL names it."""
        node = self.nodes[unique_id]
        return f'"{node["schema"]}"."{node["alias"]}"'

    def is_model(self, unique_id: str) -> bool:
        """Whether an id is that of a model."""
        return self._is(unique_id, "model")

    def _is(self, unique_id: str, kind: str) -> bool:
        return unique_id in self.nodes and self.nodes[unique_id]["resource_type"] == kind


class Rebuild:
    """The steps of a build: up to the boundaries, and, when it is known which of them changed, all the rest."""

    def __init__(self, manifest: dict[str, Any], changed: set[str], connection: duckdb.DuckDBPyConnection) -> None:
        """`changed` are the names of raw tables; `connection` has the copy of the published warehouse open."""
        self.project = Project.of(manifest)
        self.changed = self.project.sources(changed)
        self.connection = connection

    def steps(self) -> Iterator[set[str]]:
        """What to build, step by step: models, and the tests that need no model of a later step.

        The caller builds each step before it asks for the next. Boundaries that read raw alone come first, because
        what reads them (the run's day is read by nearly everything) need not be looked at where they come out as they
        were; the other boundaries follow, and then the rest.
        """
        roots = {
            point
            for point in self.project.boundaries
            if not any(map(self.project.is_model, self.project.parents[point]))
        }
        settled: set[str] = set()
        made: set[str] = set()
        tested: set[str] = set()
        for points in (roots, self.project.boundaries - roots):
            reached = self.project.models_below(self.changed, settled)
            if not points & reached:
                continue
            before = self._fingerprints(points & reached)
            models = (self.project.models_above(points & reached) & reached) - made
            made |= models
            tests = self.project.tests_of(made).items()
            ready = {test for test, looked_at in tests if not looked_at & (reached - made)} - tested
            tested |= ready
            yield models | ready
            after = self._fingerprints(points & reached)
            settled |= {point for point in before if before[point] == after[point]}
        models = self.project.models_below(self.changed, settled) - made
        yield models | (set(self.project.tests_of(models | made)) - tested)

    def names(self, unique_ids: set[str]) -> list[str]:
        """What dbt's `--select` takes."""
        return self.project.names(unique_ids)

    def _fingerprints(self, points: set[str]) -> dict[str, Fingerprint]:
        """Rows and contents of each boundary's table; None where the database has none."""
        found: dict[str, Fingerprint] = {}
        for point in points:
            query = f"select count(*), cast(sum(hash(t)) as varchar) from {self.project.table(point)} as t"
            try:
                rows = self.connection.execute(query).fetchall()
            except duckdb.CatalogException:
                found[point] = None
                continue
            found[point] = (int(rows[0][0]), str(rows[0][1]))
        return found
