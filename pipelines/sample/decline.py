"""What shows before an account leaves: calls that nobody takes any more, fewer activities, later payments.

Most leave so, some without a sign; and some who stay have a bad quarter. All of it comes from streams of its own, on
top of what the other modules drew, so that nothing else of the sample changes by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample.noise import Bools, Floats, Ints
from pipelines.sample.parties import FOREVER, Parties
from pipelines.sample.scope import Scope, next_workday
from pipelines.sample.story import CAST, PART

WITH_SIGNS = 0.7  # of those that leave
SIGNS_DAYS = (60, 120)  # before the day from which nothing happens any more
BAD_QUARTER = 0.06  # of those that stay
LATER_DAYS = (20, 50)  # how much later they pay, at the beginning and at the end


@dataclass(frozen=True)
class Decline:
    """By party: the days on which something shows (`ends` not among them), and what. FOREVER: never."""

    starts: Ints
    ends: Ints
    is_leaving: Bools
    pays_later: Bools
    goes_quiet: Bools

    def progress(self, party: Ints, day: Ints) -> Floats:
        """How far the decline of each party is on each day, 0 to 1; -1 outside it."""
        starts, ends = self.starts[party], self.ends[party]
        within = (day >= starts) & (day < ends)
        far = (day - starts) / np.maximum(ends - starts, 1)
        return np.where(within, np.clip(far, 0.0, 1.0), -1.0)


def make_decline(scope: Scope, parties: Parties) -> Decline:
    """Who shows signs, from when on and which."""
    noise, count = scope.noise, parties.count
    leaves = parties.silent_day < FOREVER
    is_cast = np.arange(count) < len(CAST)
    story = np.isin(np.arange(count), [PART["quiet"], PART["bankrupt"]])
    shows = leaves & (story | noise.chance("decline/shows", count, WITH_SIGNS))
    lead = noise.whole("decline/lead", count, *SIGNS_DAYS)

    wobbles = ~leaves & ~is_cast & parties.is_customer & noise.chance("decline/wobbles", count, BAD_QUARTER)
    span = scope.until_day - scope.start_day
    began = scope.start_day + (noise.curve("decline/when", count, [0.3, 0.8]) * span).astype(np.int64)

    # The story says itself how its own clients pay.
    later = shows & ~is_cast & noise.chance("decline/later", count, 0.75) | wobbles
    quiet = shows & (~later | noise.chance("decline/quiet", count, 0.8))
    quiet |= wobbles & noise.chance("decline/wobbles_quietly", count, 0.3)
    return Decline(
        starts=np.where(shows, parties.silent_day - lead, np.where(wobbles, began, FOREVER)),
        ends=np.where(shows, parties.silent_day, np.where(wobbles, began + 91, FOREVER)),
        is_leaving=leaves,
        pays_later=later,
        goes_quiet=quiet,
    )


def paid_later(scope: Scope, parties: Parties, party: Ints, applied: Ints) -> Ints:
    """By how many days each payment comes later; never past the sample's end or what the client still pays."""
    decline = make_decline(scope, parties)
    far = np.where(decline.pays_later[party], decline.progress(party, applied), -1.0)
    first, last = LATER_DAYS
    wobble = scope.noise.whole("decline/later_days", len(applied), -6, 6)
    later = first + (far * (last - first)).astype(np.int64) + wobble
    latest = np.minimum(scope.until_day, parties.silent_day[party] + 59)
    moved = np.minimum(next_workday(applied + np.maximum(later, 1)), latest)
    return np.where(far >= 0, np.maximum(moved - applied, 0), 0)


def falls_silent(scope: Scope, parties: Parties, stream: str, party: Ints, day: Ints, most: float) -> Bools:
    """Which of the contacts with these parties (-1: none) on these days don't come about any more.

    At the beginning of a decline it is six tenths of `most`, at its end `most`.
    """
    decline = make_decline(scope, parties)
    known = np.maximum(party, 0)
    far = np.where((party >= 0) & decline.goes_quiet[known], decline.progress(known, day), -1.0)
    share = np.where(far >= 0, most * (0.6 + 0.4 * far), 0.0)
    return scope.noise.chance(f"decline/{stream}", len(party), share)
