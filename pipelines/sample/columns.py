"""Columns of export files from arrays of whole numbers: ids, dates, times, money and text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.sample.noise import Bools, Ints

_BASE62 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", dtype=np.uint8)
_CHECK = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)


def record_ids(prefix: str, count: int) -> pl.Series:
    """`count` case-safe ids of 18 characters: the object's prefix, an instance, a number, three check characters.

    A check character tells which of five characters are capitals, as bits, so that ids stay apart where case is lost.
    """
    text = np.empty((count, 18), dtype=np.uint8)
    text[:, :6] = np.frombuffer(f"{prefix}Bw0".encode(), dtype=np.uint8)
    number = np.arange(count, dtype=np.int64) * 31 + 916_132_832
    for place in range(14, 5, -1):
        text[:, place] = _BASE62[number % 62]
        number //= 62
    capitals = (text[:, :15] >= ord("A")) & (text[:, :15] <= ord("Z"))
    bits = capitals.reshape(count, 3, 5) @ np.array([1, 2, 4, 8, 16])
    text[:, 15:] = _CHECK[bits]
    ends = pa.py_buffer(np.arange(0, 18 * (count + 1), 18, dtype=np.int64))
    return pl.Series(pl.from_arrow(pa.LargeStringArray.from_buffers(count, ends, pa.py_buffer(text))), dtype=pl.String)


def numbered(prefix: str, numbers: Ints, digits: int) -> pl.Series:
    """Document numbers such as INV-000012."""
    return pl.select(pl.lit(prefix) + pl.Series(numbers).cast(pl.String).str.zfill(digits)).to_series()


def taken(values: pl.Series | Sequence[str | None], positions: Ints) -> pl.Series:
    """The values at positions; nothing at -1."""
    series = values if isinstance(values, pl.Series) else pl.Series(list(values), dtype=pl.String)
    if len(positions) == 0:
        return series.clear()
    where = pl.Series(positions)
    return series.gather(pl.select(pl.when(where >= 0).then(where)).to_series())


def days(numbers: Ints) -> pl.Series:
    """Dates; nothing at -1."""
    series = pl.Series(numbers.astype(np.int32))
    return pl.select(pl.when(series >= 0).then(series).cast(pl.Date)).to_series()


def times(seconds: Ints) -> pl.Series:
    """Times in UTC; nothing at -1."""
    series = pl.Series(seconds.astype(np.int64))
    return pl.select(pl.when(series >= 0).then(series * 1000).cast(pl.Datetime("ms"))).to_series()


def cents(amounts: Ints) -> pl.Series:
    """Money; a whole number of cents below 2^53 divided by 100 is written back exactly with two decimals."""
    return pl.Series(amounts.astype(np.float64) / 100.0)


def whole(numbers: Ints) -> pl.Series:
    """Whole numbers; nothing at -1."""
    series = pl.Series(numbers.astype(np.int64))
    return pl.select(pl.when(series >= 0).then(series)).to_series()


def blank_unless(condition: Bools, values: pl.Series) -> pl.Series:
    """The values where the condition holds, nothing elsewhere."""
    return pl.select(pl.when(pl.Series(condition)).then(values)).to_series()


def phone_numbers(numbers: Ints) -> pl.Series:
    """Numbers as a call tracker writes them: plus and digits; nothing for a hidden number."""
    series = pl.Series(numbers)
    return pl.select(pl.when(series > 0).then(pl.lit("+") + series.cast(pl.String))).to_series()
