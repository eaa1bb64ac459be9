"""Chance in tests: the same in every run, or, with `SEED=3 pytest …`, another company in each random test.

Whether everything that a test is for happens, only the suite's own companies are held to (`is_tried`).
"""

from __future__ import annotations

import os
from random import Random

SEED = os.environ.get("SEED", "")


def chance(of: int | str) -> Random:
    """What draws for a test: by its own number, or name, and by the run's seed."""
    return Random(f"{SEED} {of}" if SEED else of)


def seeds(many: int) -> list[int]:
    """Seeds of so many samples."""
    return [chance(place).randrange(1_000_000) if SEED else place for place in range(many)]


def is_tried(happens: bool) -> bool:
    """Whether what a test is for happens in its company; a seed of one's own may draw one in which it does not."""
    return happens or bool(SEED)
