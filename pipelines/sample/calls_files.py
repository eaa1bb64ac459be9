"""The call tracker's log as a frame: one row per leg."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.sample.calls import ANSWERED, MISSED, Conversations
from pipelines.sample.columns import blank_unless, phone_numbers, taken, times
from pipelines.sample.noise import Bools, Ints
from pipelines.sample.story import CHANNEL, CHANNELS, SWITCHBOARD
from pipelines.sample.world import World

OUTCOMES = ("Answered", "No answer", "Voicemail", "Busy", "Failed", "Proper")
PROPER_SECONDS = 60


@dataclass(frozen=True)
class Legs:
    """One entry a leg, by time: its conversation, whether it is the second, and what the log says of it."""

    of: Ints
    is_second: Bools
    begins: Ints
    status: Ints
    wait: Ints
    talk: Ints
    employee: Ints


def make_legs(world: World) -> Legs:
    """A first leg of two is either a desk that did not pick up, or one that passed the call on."""
    calls = world.calls
    two = np.flatnonzero(calls.second_after > 0)
    of = np.append(np.arange(len(calls)), two)
    second = np.append(np.zeros(len(calls), bool), np.ones(len(two), bool))
    begins = calls.started[of] + np.where(second, calls.second_after[of], 0)
    order = np.lexsort((of, begins))
    of, second, begins = of[order], second[order], begins[order]
    after = calls.second_after[of]
    is_first_of_two = (after > 0) & ~second
    passed_on = is_first_of_two & world.scope.noise.chance("legs/passed_on", of, 0.6)
    rings_out = is_first_of_two & ~passed_on
    wait = np.where(rings_out, after - 2, np.where(passed_on, np.minimum(calls.wait[of], after // 3), calls.wait[of]))
    talk = np.where(rings_out, 0, np.where(passed_on, np.maximum(after - wait - 1, 0), calls.talk[of]))
    return Legs(
        of=of,
        is_second=second,
        begins=begins,
        status=np.where(rings_out, MISSED, calls.status[of]),
        wait=wait,
        talk=talk,
        employee=np.where(second, calls.second_employee[of], calls.employee[of]),
    )


def _first_by_number(calls: Conversations) -> Ints:
    """1 where the number has called or been called before, 0 for its first conversation."""
    _, first = np.unique(calls.number, return_index=True)
    repeated = np.ones(len(calls), dtype=np.int64)
    repeated[first] = 0
    return repeated


def call_rows(world: World) -> pl.DataFrame:
    """Every leg as the tracker logs it."""
    calls, people, noise = world.calls, world.people, world.scope.noise
    legs = make_legs(world)
    of, status, wait, talk, employee, begins = legs.of, legs.status, legs.wait, legs.talk, legs.employee, legs.begins
    inbound = calls.is_inbound[of]
    channel = np.maximum(calls.channel[of], 0)
    theirs = phone_numbers(calls.number[of])
    ours = taken(["+" + row[5] for row in CHANNELS], np.where(inbound, channel, CHANNEL["direct"]))
    ours_out = pl.Series([f"+{SWITCHBOARD}"]).gather(np.zeros(len(of), np.int64))
    is_in = pl.Series(inbound)
    answered = (status == ANSWERED) & (employee >= 0)
    repeated = _first_by_number(calls)[of]
    proper = answered & inbound & (talk >= PROPER_SECONDS) & (repeated == 0)
    # The tracker knows the number that was called; now and then it lost where the caller had found it.
    tagged = np.where(inbound & ~noise.chance("call/untagged", of, 0.08), channel, -1)
    names = taken(people.names, employee)
    word = ("network support", "it support price", "managed it", "cloud telephony", "backup service")
    keyword = taken(word, np.where(tagged == CHANNEL["search"], noise.whole("call/keyword", of, 0, 4), -1))
    pages = [f"https://www.brightwater.example/{path}" for path in ("", "contact", "pricing", "services", "cloud")]
    page = taken(pages, np.where(tagged > 0, noise.whole("call/landing", of, 0, 4), -1))
    return pl.DataFrame({
        "caller": pl.select(pl.when(is_in).then(theirs).otherwise(ours_out)).to_series(),
        "callee": pl.select(pl.when(is_in).then(ours).otherwise(theirs)).to_series(),
        "pool": blank_unless(inbound, taken([row[0] for row in CHANNELS], channel)),
        "outcome": taken(OUTCOMES, np.where(proper, 5, status)),
        "started": times(begins),
        "total": pl.Series(wait + talk),
        "talk": pl.Series(talk),
        "wait": pl.Series(wait),
        "direction": taken(("out", "in"), inbound.astype(np.int64)),
        "connected_with": blank_unless(answered, names),
        "source": taken([row[1] for row in CHANNELS], tagged),
        "medium": taken([row[2] for row in CHANNELS], tagged),
        "campaign": taken([row[3] for row in CHANNELS], tagged),
        "keyword": keyword,
        "landing": page,
        "id": "ua1-" + pl.Series(begins).cast(pl.String) + "." + pl.Series(np.arange(len(of)) + 1).cast(pl.String),
        "extension": pl.select(pl.when(pl.Series(employee) >= 0).then(pl.Series(employee + 201))).to_series(),
        "mark": taken(people.teams, employee),
        "is_repeated": pl.select(pl.when(pl.Series(calls.number[of]) > 0).then(pl.Series(repeated))).to_series(),
        "is_proper": pl.Series(proper.astype(np.int64)),
    })  # fmt: skip
