"""Pseudo-randomness that depends on nothing but the seed and what it is asked for.

Every draw is a hash of (seed, stream, key): the same on every machine, at every version of the libraries and in every
order of asking, so that a new column never shifts the draws of another. Only integer arithmetic and the four basic
operations on floats are used, because logarithms and powers may differ in their last bit between processors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64, which spreads every bit of the key over the whole word."""
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))


class Noise:
    """Draws for one seed. `keys` is an array of integers, or a count n for the keys 0 … n-1."""

    def __init__(self, seed: int) -> None:
        """Takes any integer as the seed."""
        self.seed = seed

    def _bits(self, stream: str, keys: Ints | int) -> NDArray[np.uint64]:
        digest = hashlib.blake2b(f"{self.seed}/{stream}".encode(), digest_size=8).digest()
        start = np.uint64(int.from_bytes(digest, "little"))
        values = np.arange(keys) if isinstance(keys, int) else np.asarray(keys)
        with np.errstate(over="ignore"):
            return _mixed(_mixed(values.astype(np.uint64) * _GOLDEN + start))

    def uniform(self, stream: str, keys: Ints | int) -> Floats:
        """Numbers in [0, 1)."""
        return (self._bits(stream, keys) >> np.uint64(11)).astype(np.float64) * (1.0 / (1 << 53))

    def chance(self, stream: str, keys: Ints | int, probability: float | Floats) -> Bools:
        """True with the given probability."""
        return self.uniform(stream, keys) < probability

    def whole(self, stream: str, keys: Ints | int, low: int | Ints, high: int | Ints) -> Ints:
        """Whole numbers from low to high, both included."""
        start: Ints = np.asarray(low, dtype=np.int64)
        span = np.asarray(high, dtype=np.int64) - start + 1
        drawn: Ints = start + (self.uniform(stream, keys) * span).astype(np.int64)
        return drawn

    def pick(self, stream: str, keys: Ints | int, weights: Sequence[float]) -> Ints:
        """Positions 0 … len(weights)-1, each as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        draws = self.uniform(stream, keys) * edges[-1]
        picked: Ints = np.minimum(np.searchsorted(edges, draws, side="right"), len(edges) - 1).astype(np.int64)
        return picked

    def curve(self, stream: str, keys: Ints | int, quantiles: Sequence[float]) -> Floats:
        """Numbers whose evenly spaced quantiles are given (the smallest first), straight between two of them."""
        return along(self.uniform(stream, keys), quantiles)

    def shuffled(self, stream: str, count: int) -> Ints:
        """The numbers 0 … count-1 in an order of their own."""
        return np.argsort(self._bits(stream, count), kind="stable").astype(np.int64)


def along(position: Floats, table: Sequence[float]) -> Floats:
    """What an evenly spaced table says at positions from 0 to 1, straight between two entries."""
    values = np.asarray(table, dtype=np.float64)
    place = position * (len(values) - 1)
    left = np.minimum(place.astype(np.int64), len(values) - 2)
    found: Floats = values[left] + (values[left + 1] - values[left]) * (place - left)
    return found


def spread(noise: Noise, stream: str, weights: Floats, count: int) -> tuple[Ints, Floats]:
    """Lays `count` things out over cells by weight: the cell of each and how far in the cell it lies (0 to 1).

    The things lie evenly, each a little off its place, so that a cell gets what its weight says and not more or less
    by luck: totals grow as the weights do, whatever the seed.
    """
    edges = np.cumsum(weights)
    places = (np.arange(count) + 0.5 + (noise.uniform(stream, count) - 0.5) * 0.6) * (edges[-1] / max(count, 1))
    cells = np.minimum(np.searchsorted(edges, places, side="right"), len(weights) - 1).astype(np.int64)
    starts = edges[cells] - weights[cells]
    within = (places - starts) / np.where(weights[cells] > 0, weights[cells], 1.0)
    return cells, np.clip(within, 0.0, 0.999999)
