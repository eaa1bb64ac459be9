"""Leads and opportunities. A won opportunity is what a few of a customer's invoices bill; the rest are lost or open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample.invoices import Invoices, usual_product
from pipelines.sample.ledger import summed
from pipelines.sample.noise import Ints, spread
from pipelines.sample.parties import Parties
from pipelines.sample.people import People
from pipelines.sample.scope import DAY, Scope
from pipelines.sample.story import CHANNEL, Turns

STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost")
PROBABILITIES = (10, 25, 60, 80, 100, 0)
FORECASTS = ("Pipeline", "Pipeline", "Best Case", "Commit", "Closed", "Omitted")
WON, LOST = 4, 5
REASONS = ("Price", "Competitor", "No budget", "No decision", "Timing", "Missing feature")
# Days from the beginning to the end, evenly spaced quantiles.
CYCLES = (9, 18, 26, 34, 45, 60, 95)
LONGEST_CYCLE = CYCLES[-1]
# How far into its life an opportunity reaches each stage, in hundredths.
REACHED = (0, 22, 50, 78, 100)


@dataclass(frozen=True)
class Deals:
    """One entry an opportunity. Times in seconds; `reached` is the last open stage that it was in."""

    party: Ints
    owner: Ints
    created: Ints
    closed: Ints  # for an open one, when it is expected to close
    stage: Ints
    reached: Ints
    amount: Ints
    product: Ints
    channel: Ints
    reason: Ints  # -1: not lost
    is_first: Ints  # 1 for the deal that the lead was converted to
    of_invoice: Ints  # the deal that each invoice bills, -1 for none

    @property
    def count(self) -> int:
        """All opportunities."""
        return len(self.party)


def _won(scope: Scope, parties: Parties, invoices: Invoices) -> tuple[Ints, Ints, Ints, Ints]:
    """The deals behind the invoices: the deal of each invoice, and each deal's customer, close day and amount."""
    noise, count = scope.noise, invoices.count
    account = parties.true_account[invoices.party]
    per_party = np.bincount(invoices.party, minlength=parties.count)
    first = np.cumsum(per_party) - per_party
    ordinal = np.arange(count) - first[invoices.party]
    months = np.maximum(parties.last_month - parties.first_month, 1)
    # A deal covers two to five months of a customer's invoices.
    size = np.maximum(1, per_party * noise.whole("deal/months", parties.count, 2, 5) // months)
    # Customers from before are in the middle of a deal that was won before the CRM was there.
    phase = np.where(parties.acquired_month < 0, noise.whole("deal/phase", parties.count, 0, size - 1), 0)
    begins = (ordinal + phase[invoices.party]) % size[invoices.party] == 0
    has_begun = ordinal >= (-phase % size)[invoices.party]
    group = np.cumsum(begins)
    # Some work is billed without an opportunity; strangers to the CRM have none at all.
    is_billed = (account >= 0) & has_begun & (begins | ~noise.chance("deal/none", count, 0.1))
    used, deal = np.unique(np.where(is_billed, group, -1), return_inverse=True)
    deal = deal - (1 if used[0] == -1 else 0)
    total = len(used) - (1 if used[0] == -1 else 0)
    has = deal >= 0
    value = np.where(invoices.is_void, 0, invoices.net)
    amount = summed(deal[has], value[has], total)
    starts = np.flatnonzero(has & begins)
    party = account[starts]
    # What was won lately is billed in part; a deal whose only invoice was voided was worth that invoice.
    amount = np.where(amount == 0, invoices.net[starts], amount)
    billed = np.bincount(group, minlength=group[-1] + 1)[group[starts]]
    is_last = np.append(invoices.party[starts][1:] != invoices.party[starts][:-1], True)
    goes_on = is_last & (parties.last_month[invoices.party[starts]] >= scope.months)
    meant = np.maximum(size[invoices.party[starts]], billed)
    amount = np.where(goes_on, amount * meant // billed, amount)
    unbilled = noise.chance("deal/unbilled", total, 0.1)
    amount = np.where(unbilled, amount * noise.whole("deal/unbilled_permille", total, 1080, 1300) // 1000, amount)
    amount = amount // 100 * 100
    day = invoices.issued[starts] - noise.curve("deal/billed_after", total, [1, 2, 4, 6, 9]).astype(np.int64)
    return deal, party, day, amount


def make_deals(scope: Scope, parties: Parties, invoices: Invoices) -> Deals:
    """Every opportunity: won and billed, won lately, lost, and still open."""
    noise = scope.noise
    of_invoice, won_party, won_day, won_amount = _won(scope, parties, invoices)
    known = np.arange(parties.accounts)
    months = np.arange(scope.months)
    alive = (months > parties.acquired_month[known, None]) & (
        scope.month_starts[None, :] < parties.silent_day[known, None] - 31
    )
    weights = alive * np.sqrt(parties.frequency[known])[:, None] * scope.growth()

    lost = round(len(won_party) * 0.72)
    cell, within = spread(noise, "deal/lost", weights.ravel(), lost)
    lost_party = cell // scope.months
    lost_day = scope.month_starts[cell % scope.months] + (within * scope.month_lengths[cell % scope.months]).astype(
        np.int64
    )

    # What will close after the last day, won or lost, as often as before: it has begun, and is open.
    lately = scope.until_day - 91
    ahead = round((np.count_nonzero(won_day > lately) + np.count_nonzero(lost_day > lately)) / 91 * LONGEST_CYCLE)
    cell, _ = spread(noise, "deal/ahead", weights[:, -1], ahead)
    ahead_day = scope.until_day + 1 + noise.shuffled("deal/ahead_day", ahead) * LONGEST_CYCLE // max(ahead, 1)

    # A prospect's first opportunity: lost in the end, or still open when it is recent.
    prospects = np.flatnonzero(~parties.is_customer[: parties.accounts])

    party = np.concatenate([won_party, lost_party, cell, prospects])
    kind = np.repeat(np.arange(4), [len(won_party), lost, ahead, len(prospects)])
    keys = np.arange(len(party))
    cycle = noise.curve("deal/cycle", keys, CYCLES).astype(np.int64)
    begun = parties.created[party] // DAY
    close_day = np.concatenate([won_day, lost_day, ahead_day, begun[kind == 3] + cycle[kind == 3]])
    created_day = scope.workday(np.maximum(np.where(kind == 3, begun, close_day - cycle), begun))
    close_day = np.where(kind < 2, np.minimum(scope.workday(np.maximum(close_day, created_day)), scope.until_day),
                         np.maximum(close_day, created_day))  # fmt: skip
    there = np.flatnonzero(created_day <= scope.until_day)
    party, kind, keys, cycle, created_day, close_day = (
        values[there] for values in (party, kind, keys, cycle, created_day, close_day)
    )
    is_open = close_day > scope.until_day
    is_won = kind == 0
    # A few were won in the last days and are not billed yet.
    just_won = is_open & (kind == 2) & (created_day < scope.until_day - 10) & noise.chance("deal/just_won", keys, 0.06)
    close_day = np.where(just_won, scope.until_day - noise.whole("deal/just", keys, 0, 9), close_day)
    is_open, is_won = is_open & ~just_won, is_won | just_won
    # Some open opportunities have a close date that has passed: nobody has looked after them.
    is_past = is_open & (created_day < scope.until_day - 25) & noise.chance("deal/past", keys, 0.15)
    progress = np.clip((scope.until_day - created_day) * 100 // np.maximum(cycle, 1), 0, 99)
    close_day = np.where(is_past, scope.until_day - noise.whole("deal/past_days", keys, 1, 20), close_day)

    created = np.maximum(scope.clock("deal/created", created_day), parties.created[party])
    closed = np.maximum(scope.clock("deal/closed", close_day), created + 1800)
    open_stage = np.searchsorted(np.array(REACHED), progress, side="right") - 1
    lost_from = noise.pick("deal/lost_from", keys, [0.2, 0.3, 0.35, 0.15])
    reached = np.where(is_won, 3, np.where(is_open, np.minimum(open_stage, 3), lost_from))
    stage = np.where(is_won, WON, np.where(is_open, reached, LOST))
    amount = (parties.multiple[party] * noise.curve("deal/amount", keys, [2000, 4500, 7000, 12000])).astype(
        np.int64
    ) * 100
    amount[kind == 0] = won_amount

    first = _first_of_party(parties, party, created)
    created[first] = np.where(parties.acquired_month[party[first]] >= 0, parties.created[party[first]], created[first])
    is_first = np.zeros(len(party), dtype=np.int64)
    is_first[first[parties.acquired_month[party[first]] >= 0]] = 1
    return Deals(
        party=party,
        owner=parties.owner_at(party, np.maximum(created, closed * (stage >= WON)) // DAY),
        created=created,
        closed=closed,
        stage=stage,
        reached=reached,
        amount=amount,
        product=usual_product(scope, parties, party, noise.whole("deal/slot", keys, 0, 3)),
        channel=parties.channel[party],
        reason=np.where(stage == LOST, noise.pick("deal/reason", keys, [0.28, 0.22, 0.18, 0.16, 0.1, 0.06]), -1),
        is_first=is_first,
        of_invoice=of_invoice,
    )


def _first_of_party(parties: Parties, party: Ints, created: Ints) -> Ints:
    """The position of each account's earliest opportunity."""
    order = np.lexsort((created, party))
    begins = np.append(True, party[order][1:] != party[order][:-1])
    first: Ints = order[begins]
    return first


@dataclass(frozen=True)
class Stages:
    """One entry a stage that an opportunity entered."""

    deal: Ints
    stage: Ints
    entered: Ints


def make_stages(scope: Scope, deals: Deals) -> Stages:
    """The history of every opportunity: stages in order, at growing times."""
    found_deal, found_stage, found_time = [], [], []
    end = np.where(deals.stage >= WON, deals.closed, deals.created + np.maximum(deals.closed - deals.created, 4 * DAY))
    end_of_all = np.where(deals.stage >= WON, deals.closed, (scope.until_day + 1) * DAY - 1)
    before = deals.created
    for stage in range(4):
        entered = deals.created + (end - deals.created) * REACHED[stage] // 100
        # Stages are moved on in working hours.
        entered = entered if stage == 0 else entered // DAY * DAY + 9 * 3600 + entered % (8 * 3600)
        before = np.minimum(np.maximum(entered, before), end_of_all)
        chosen = np.flatnonzero(deals.reached >= stage)
        found_deal.append(chosen)
        found_stage.append(np.full(len(chosen), stage))
        found_time.append(before[chosen])
    done = np.flatnonzero(deals.stage >= WON)
    deal = np.concatenate([*found_deal, done])
    stages = np.concatenate([*found_stage, deals.stage[done]])
    entered = np.concatenate([*found_time, deals.closed[done]])
    order = np.lexsort((stages, entered, deal))
    return Stages(deal[order], stages[order], entered[order])


@dataclass(frozen=True)
class Leads:
    """Enquiries: those that became accounts (`party`) and those that came to nothing (party -1)."""

    party: Ints
    deal: Ints
    channel: Ints
    country: Ints
    created: Ints
    by_phone: Ints  # 1 when the enquiry was a call
    owner: Ints
    status: Ints


LEAD_STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Not Converted", "Closed - Converted")


def make_leads(scope: Scope, parties: Parties, people: People, turns: Turns, deals: Deals) -> Leads:
    """One enquiry for each account won in the period, and half as many again that led nowhere."""
    noise = scope.noise
    became = np.flatnonzero(parties.acquired_month[: parties.accounts] >= 0)
    first_deal = np.full(parties.count, -1)
    first_deal[deals.party[deals.is_first == 1]] = np.flatnonzero(deals.is_first == 1)
    lost = max(10, round(len(became) * 1.5))
    month = np.minimum(
        (noise.curve("lead/month", lost, [0, 0.35, 0.6, 0.82, 1.0]) * scope.months).astype(np.int64), scope.months - 1
    )
    lost_day = scope.workday(
        scope.month_starts[month] + (noise.uniform("lead/within", lost) * scope.month_lengths[month]).astype(np.int64)
    )
    channel = noise.pick("lead/channel", lost, [0.22, 0.38, 0.16, 0.16, 0.08])
    channel = np.where(
        (month >= turns.search_month) & noise.chance("lead/search", lost, 0.35), CHANNEL["search"], channel
    )
    party = np.append(became, np.full(lost, -1))
    day = np.append(parties.lead_day[became], lost_day)
    channel = np.append(parties.channel[became], channel)
    keys = np.arange(len(party))
    by_phone = noise.chance("lead/by_phone", keys, 0.68) | (channel == CHANNEL["search"])
    by_phone &= channel != CHANNEL["newsletter"]  # who comes from there writes
    country = noise.pick("lead/country", keys, [0.34, 0.28, 0.2, 0.06, 0.12])
    status = np.where(party >= 0, 3, np.where(scope.until_day - day < 21, noise.whole("lead/status", keys, 0, 1), 2))
    managers = people.account_managers
    owner = np.where(party >= 0, parties.owner_at(np.maximum(party, 0), day),
                     managers[noise.whole("lead/owner", keys, 0, len(managers) - 1)])  # fmt: skip
    created = scope.clock("lead/clock", day)
    order = np.argsort(created, kind="stable")
    return Leads(party[order], np.where(party >= 0, first_deal[np.maximum(party, 0)], -1)[order], channel[order],
                 np.where(party >= 0, parties.country[np.maximum(party, 0)], country)[order], created[order],
                 by_phone[order].astype(np.int64), owner[order], status[order])  # fmt: skip
