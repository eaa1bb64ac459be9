"""Calls by day: legs folded into conversations (K1), and what became of each (K2), by polars in bulk."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import duckdb
import phonenumbers
import polars as pl

from pipelines.verification.compare import Figure, Key, published
from pipelines.verification.rows import Raw
from pipelines.verification.shares import Aside, parts, put_aside

COUNTS = ("inbound", "answered", "missed", "voicemail", "abandoned", "failed")
# Calls between the same two numbers fold (K1).
PAIR = ("_system", "direction", "caller", "callee")
PARENT = ("_system", "call_id", "parent_call_id")
# The rows of what is read, and of what is folded, at once.
READ = 1_000_000
PART = 500_000
# What of a call says what became of it.
KEPT = (
    "call_id", "direction", "started_at", "answered_at", "wait_seconds", "talk_seconds", "total_seconds", "status",
    "is_voicemail", "agent_id", "agent_name",
)  # fmt: skip
# What of a call is read.
COLUMNS = (
    "call_id", "parent_call_id", "direction", "caller_number", "callee_number", "started_at", "answered_at", "ended_at",
    "wait_seconds", "talk_seconds", "total_seconds", "status", "is_voicemail", "agent_id", "agent_name",
)  # fmt: skip
# What telephones send for ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE: a withheld number.
WITHHELD = {"266696687", "7378742833", "2562533", "8656696", "86282452253"}


def national_digits(country: phonenumbers.PhoneMetadata | None) -> int | None:
    """How many digits a number has that is dialled as it stands within a country, where no 0 goes before it."""
    if country is None:
        return None
    if country.country_code in (1, 7):
        return 10
    mobile, fixed = (
        [length for length in (kind.possible_length if kind else ()) if length > 0]
        for kind in (country.mobile, country.fixed_line)
    )
    is_bare = country.national_prefix is None and country.national_prefix_for_parsing is None
    return mobile[0] if is_bare and len(mobile) == 1 and mobile[0] in fixed and mobile[0] >= 7 else None


def comparable(number: str, calling_code: str | None, length: int | None = None) -> str | None:
    """A number's digits in the international form, without an extension; None where it is withheld.

    Dialled as they stand are those of so many digits, else those that a 0 goes before.
    """
    text = re.split(r" x[ .]*[0-9]|ext|доб|вн|#|@", number.lower())[0]
    dialled = re.sub(r"[^0-9+]", "", text)
    digits = dialled.replace("+", "")
    if digits in WITHHELD or len(digits.lstrip("0")) < 2:
        return None
    if dialled.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    # From +7 one dials 8 10 abroad, and 8 within the country.
    if calling_code == "7" and (outside := re.fullmatch(r"810(\d{9,})", digits)):
        return outside[1]
    if calling_code == "7" and re.fullmatch(r"8\d{10}", digits):
        digits = digits[1:]
    if calling_code and length:
        return calling_code + digits if len(digits) == length else digits
    return calling_code + digits[1:] if digits.startswith("0") and calling_code else digits


def roots(parents: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Call -> the call at the top of its parents, be it in no export; those in a circle have none but themselves."""
    found = {}
    for system, call in parents:
        path = [call]
        while (parent := parents.get((system, path[-1]))) and parent not in path:
            path.append(parent)
        is_circle = parents.get((system, path[-1])) is not None
        found[system, call] = call if is_circle else path[-1]
    return found


def tops(parents: pl.DataFrame) -> pl.DataFrame:
    """`_system`, `call_id` and its `top`: of each call that names a parent, and of those tops."""
    named = parents.select("_system", "call_id", pl.col("parent_call_id").alias("top"))
    # Of most the parent has none itself. The others are followed one by one.
    chained = named.join(named, left_on=["_system", "top"], right_on=["_system", "call_id"], how="semi")
    above = chained.select("_system", pl.col("top").alias("call_id")).unique()
    followed = pl.concat([chained, named.join(above, on=["_system", "call_id"], how="semi")]).unique()
    found = roots({(system, call): parent for system, call, parent in followed.iter_rows()})
    chains = [(system, call, top) for (system, call), top in found.items()]
    schema = {"_system": pl.String, "call_id": pl.String, "top": pl.String}
    chain = pl.DataFrame(chains, orient="row", schema=schema)
    told = pl.concat([chain, named.join(chain, on=["_system", "call_id"], how="anti")])
    themselves = told.select("_system", pl.col("top").alias("call_id"), "top")
    return pl.concat([themselves, told]).unique(["_system", "call_id"], keep="first", maintain_order=True)


def conversations(raw: Raw) -> Iterator[pl.DataFrame]:
    """One row per conversation: its day, its direction, and what became of it; a frame a share of them."""
    number = raw.count("calls.calls") // PART + 1
    with put_aside(on_disk=number > 1) as aside:
        parents = list(_read(raw, aside))
        places = range(len(parents))
        named = pl.concat(parents)
        top = tops(named)
        has_legs = named.select("_system", pl.col("parent_call_id").alias("call_id"), has_legs=True).unique()
        for place in places:
            legs = aside.take(f"{place}")
            if legs.is_empty():
                continue
            legs = (
                legs.filter((pl.col("direction") != "internal").fill_null(True))
                .join(top, on=["_system", "call_id"], how="left")
                .join(has_legs, on=["_system", "call_id"], how="left")
            )
            folds = pl.col("top").is_null() & pl.col("caller").is_not_null() & pl.col("callee").is_not_null()
            opening = pl.when(~folds).then(pl.coalesce(pl.format("top {}", "top"), "call_id")).alias("opening")
            together = pl.when(folds).then(pl.struct(PAIR).hash()).otherwise(pl.struct("_system", opening).hash())
            share = legs.select(together % number).to_series()
            for one in range(number):
                aside.put(f"{place} {one}", legs.with_columns(opening).filter(share == one))
        for one in range(number):
            found = [part for place in places if (part := aside.take(f"{place} {one}")).height]
            if found:
                legs = pl.concat(found)
                yield _together(raw, _opened(raw, legs.filter(pl.col("opening").is_null())).select(legs.columns))
                yield _together(raw, legs.filter(pl.col("opening").is_not_null()))


def _read(raw: Raw, aside: Aside) -> Iterator[pl.DataFrame]:
    """Puts the calls of the day aside, in parts, and gives of each part the calls that name a parent."""
    country = phonenumbers.PhoneMetadata.metadata_for_region(raw.run.country)
    length = national_digits(country)
    national = str(country.country_code) if country and (length or country.national_prefix == "0") else None
    seconds = pl.coalesce("total_seconds", pl.col("wait_seconds").fill_null(0) + pl.col("talk_seconds"), "wait_seconds")
    for place, part in enumerate(parts(raw, "calls.calls", ("_system", "call_id"), READ)):
        legs = part.frame("calls.calls", columns=COLUMNS)
        if legs.is_empty():
            yield pl.DataFrame(schema=dict.fromkeys(PARENT, pl.String))
            continue
        numbers = set(legs["caller_number"].drop_nulls()) | set(legs["callee_number"].drop_nulls())
        digits = {number: comparable(number, national, length) for number in numbers}
        dialled = [
            pl.col(f"{name}_number").replace_strict(digits, default=None, return_dtype=pl.String).alias(name)
            for name in ("caller", "callee")
        ]
        lasted = pl.duration(milliseconds=(seconds.cast(pl.Float64) * 1000).round().cast(pl.Int64))
        end = pl.coalesce(pl.col("ended_at"), pl.col("started_at") + lasted).alias("end")
        # Whoever of the two is written as the caller: they are the same two numbers.
        is_pair = pl.col("caller").is_not_null() & pl.col("callee").is_not_null()
        pair = [
            pl.when(is_pair).then(pl.min_horizontal("caller", "callee")).alias("caller"),
            pl.when(is_pair).then(pl.max_horizontal("caller", "callee")).alias("callee"),
        ]
        aside.put(f"{place}", legs.select("_system", *KEPT, *dialled, end).with_columns(pair))
        yield legs.filter(pl.col("parent_call_id") != "").select(PARENT)


def _opened(raw: Raw, legs: pl.DataFrame) -> pl.DataFrame:
    """Legs of pairs of numbers, each with the call that opens the conversation that it is a part of."""
    legs = legs.drop("opening").sort("_system", "started_at", "call_id")
    until = pl.coalesce("end", "started_at").cum_max().shift(1).over(PAIR)
    within = pl.duration(milliseconds=int(raw.parameters["conversation_fold_seconds"] * 1000))
    legs = legs.with_columns(
        ((pl.col("started_at") > until + within) | until.is_null()).cum_sum().over(PAIR).alias("number")
    )
    return legs.with_columns(pl.col("call_id").first().over([*PAIR, "number"]).alias("opening"))


def _together(raw: Raw, legs: pl.DataFrame) -> pl.DataFrame:
    """Legs with the call that opens their conversation, added up."""
    nobody = pl.col("agent_id").is_null() & pl.col("agent_name").is_null()
    answered = pl.coalesce(
        pl.col("status") == "answered", (pl.col("talk_seconds") > 0) | pl.col("answered_at").is_not_null()
    ).fill_null(False)
    voicemail = (pl.col("status") == "voicemail") | pl.col("is_voicemail").fill_null(False)
    # A leg of the exchange itself: it names nobody and has legs of its own.
    is_exchange = nobody & pl.col("has_legs").fill_null(False)
    told = pl.col("status").is_not_null() | pl.col("wait_seconds").is_not_null() | pl.col("total_seconds").is_not_null()
    # The call that the others name opens the conversation; else the first one does.
    is_top = (pl.col("call_id") == pl.col("top")).fill_null(False)
    legs = legs.sort(~is_top, "started_at", "call_id", nulls_last=True).with_columns(
        (answered & ~voicemail & ~is_exchange).alias("is_answered"), voicemail.fill_null(False).alias("is_message"),
        (told | answered | voicemail).fill_null(False).alias("is_told"),
    )  # fmt: skip
    rang = (pl.col("end").max() - pl.col("started_at").min()).dt.total_milliseconds() / 1000
    short = raw.parameters["abandoned_below_seconds"]
    outcome = (
        pl.when("is_answered").then(pl.lit("answered"))
        .when("is_message").then(pl.lit("voicemail"))
        .when("is_failed").then(pl.lit("failed"))
        .when(~pl.col("is_told")).then(pl.lit("unknown"))
        .when(pl.col("rang") < short).then(pl.lit("abandoned"))
        .otherwise(pl.lit("missed"))
    )  # fmt: skip
    return (
        legs.group_by("_system", "opening")
        .agg(
            pl.col("started_at").first(), pl.col("direction").first(), pl.col("is_answered").any(), rang.alias("rang"),
            pl.col("is_message").any(), pl.col("is_told").any(),
            (pl.col("status") == "failed").all(ignore_nulls=False).fill_null(False).alias("is_failed"),
        )
        .with_columns(
            outcome.alias("outcome"),
            pl.col("started_at").dt.convert_time_zone(raw.run.timezone).dt.date().alias("day"),
        )
    )  # fmt: skip


def figures(raw: Raw, publication: duckdb.DuckDBPyConnection) -> Iterator[Figure]:
    """Inbound conversations of each day, and what became of them."""
    found: dict[str, dict[Key, int]] = {name: defaultdict(int) for name in COUNTS}
    for frame in conversations(raw):
        # A call that nobody knows the beginning of is of no day.
        inbound = frame.filter(pl.col("day").is_not_null() & (pl.col("direction") == "inbound"))
        for day, outcome, number in inbound.group_by("day", "outcome").len().iter_rows():
            found["inbound"][day,] += number
            if outcome in found:
                found[outcome][day,] += number
    said = published(publication, "rpt_call_response", ["day"], COUNTS)
    for name in COUNTS:
        yield Figure("calls", "rpt_call_response", name, ("day",), said[name], found[name])
