"""Telephone calls: conversations first, then the legs that a call tracker writes for each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from pipelines.sample.contacts import Contacts, Numbers, new_numbers
from pipelines.sample.deals import Leads
from pipelines.sample.decline import falls_silent
from pipelines.sample.invoices import Invoices
from pipelines.sample.ledger import Ledger, still_open
from pipelines.sample.noise import Bools, Floats, Ints, spread
from pipelines.sample.parties import Parties
from pipelines.sample.people import People
from pipelines.sample.scope import DAY, Scope, next_workday
from pipelines.sample.story import CHANNEL, CHANNELS, Turns

# Between two conversations of the same two numbers lie at least this many seconds, and the second leg of one begins
# within LEG_SECONDS of the first, so that folding legs that are less than 120 s apart finds exactly the conversations
# that were made, whether the pause is counted from a leg's start or from its end.
APART_SECONDS = 300
LEG_SECONDS = 90
ANSWERED, MISSED, VOICEMAIL, BUSY, FAILED = range(5)
NOBODY = -1


@dataclass
class Conversations:
    """One entry a conversation. Numbers are E.164 without the plus; 0 is a hidden number."""

    started: Ints
    number: Ints  # the other side's
    party: Ints  # the company that it is; -1 for none
    lead: Ints  # the enquiry that the call is; -1 for none
    channel: Ints
    is_inbound: Bools
    employee: Ints  # who answered, dialled or was rung; -1 for nobody in particular
    status: Ints
    wait: Ints
    talk: Ints
    second_employee: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # transferred to, or who picked up
    second_after: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # seconds; 0 for a single leg
    # Answered, had the client not been in decline: 1 was outbound, 2 inbound; 0 for all others.
    fell_silent: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        """How many conversations."""
        return len(self.started)

    def reordered(self, order: Ints) -> Conversations:
        """The same conversations in another order."""
        return Conversations(**{name: values[order] for name, values in vars(self).items() if len(values)})


def _moments(scope: Scope, stream: str, keys: Ints, day: Ints) -> Ints:
    """Times of day: working hours, a few in the evening, a few days at the weekend."""
    noise = scope.noise
    day = np.where(noise.chance(f"{stream}/weekend", keys, 0.03), day, scope.workday(day))
    hours = [8.0, 8.9, 9.5, 10.1, 10.7, 11.4, 12.6, 13.5, 14.2, 15.0, 15.9, 17.9]
    seconds = (noise.curve(f"{stream}/time", keys, hours) * 3600).astype(np.int64)
    late = (noise.curve(f"{stream}/late", keys, [18.2, 18.8, 19.6, 21.4]) * 3600).astype(np.int64)
    return day * DAY + np.where(noise.chance(f"{stream}/evening", keys, 0.035), late, seconds)


def _in_cells(scope: Scope, stream: str, weights: Floats, count: int) -> tuple[Ints, Ints]:
    """Rows and days for a matrix of weights by row and month."""
    cell, _ = spread(scope.noise, stream, weights.ravel(), count)
    month = cell % scope.months
    within = scope.noise.uniform(f"{stream}/day", count)
    return cell // scope.months, scope.month_starts[month] + (within * scope.month_lengths[month]).astype(np.int64)


def _clients(scope: Scope, parties: Parties, people: People, numbers: Numbers, count: int) -> Conversations:
    """Calls with companies that we know, both ways."""
    noise, keys = scope.noise, np.arange(count)
    months = np.arange(scope.months)
    alive = (months > parties.acquired_month[:, None]) & (scope.month_starts + 31 <= parties.silent_day[:, None])
    alive[parties.duplicate] = False
    weights = (
        alive * np.sqrt(parties.frequency)[:, None] * np.where(parties.is_customer, 1.0, 0.4)[:, None] * scope.growth()
    )
    party, day = _in_cells(scope, "call", weights, count)
    pick = (noise.uniform("call/number", keys) * numbers.per_party[party]).astype(np.int64)
    started = _moments(scope, "call", keys, day)
    owner = parties.owner_at(party, started // DAY)
    managers = people.account_managers
    other = managers[noise.whole("call/other", keys, 0, len(managers) - 1)]
    is_inbound = noise.chance("call/inbound", keys, 0.42)
    return Conversations(
        started=started,
        number=numbers.number[numbers.first_of_party[party] + pick],
        party=party,
        lead=np.full(count, -1),
        channel=np.where(is_inbound, CHANNEL["direct"], -1),
        is_inbound=is_inbound,
        employee=np.where(noise.chance("call/owner", keys, 0.86), owner, other),
        status=np.zeros(count, np.int64),
        wait=np.zeros(count, np.int64),
        talk=np.zeros(count, np.int64),
    )


def _strangers(scope: Scope, people: People, turns: Turns, parties: Parties, count: int) -> Conversations:
    """Calls from numbers that match nobody: enquiries without a lead, wrong numbers, answers to advertising."""
    noise, keys = scope.noise, np.arange(count)
    _, day = _in_cells(scope, "stranger", scope.growth()[None, :], count)
    month = scope.month_of(day)
    channel = noise.pick("stranger/channel", keys, [0.3, 0.38, 0.12, 0.08, 0.05])
    is_search = (month >= turns.search_month) & noise.chance("stranger/search", keys, 0.2)
    is_brand = (
        (month >= turns.brand_months[0]) & (month < turns.brand_months[1]) & noise.chance("stranger/brand", keys, 0.18)
    )
    channel = np.where(is_brand, CHANNEL["brand"], np.where(is_search, CHANNEL["search"], channel))
    pool = max(10, count * 6 // 10)
    country = noise.pick("stranger/country", pool, [0.36, 0.3, 0.22, 0.0, 0.12])
    own = new_numbers(scope, "mobile", country, np.ones(pool, bool), 4 * parties.count + 8 * len(parties.names))
    # Who came by the campaign that only costs never calls again, and is nobody who calls otherwise.
    half = pool // 2
    caller = np.where(is_brand, half + keys % (pool - half), noise.whole("stranger/who", keys, 0, half - 1))
    managers = people.account_managers
    return Conversations(
        started=_moments(scope, "stranger", keys, day),
        number=np.where(noise.chance("stranger/hidden", keys, 0.03), 0, own[caller]),
        party=np.full(count, -1),
        lead=np.full(count, -1),
        channel=channel,
        is_inbound=np.ones(count, bool),
        employee=managers[noise.whole("stranger/employee", keys, 0, len(managers) - 1)],
        status=np.zeros(count, np.int64),
        wait=np.zeros(count, np.int64),
        talk=np.zeros(count, np.int64),
    )


def lead_numbers(scope: Scope, leads: Leads, contacts: Contacts, used: int) -> Ints:
    """The number of each enquiry: the later contact's own, or a new one where nothing came of it."""
    new = new_numbers(scope, "mobile", leads.country, np.ones(len(leads.party), bool), used)
    first = contacts.first_of_party[np.maximum(leads.party, 0)]
    return np.where(leads.party >= 0, contacts.phone[first], new)


def _enquiries(leads: Leads, number: Ints, most: int) -> Conversations:
    """The first call of every enquiry that came by phone, some minutes before the lead was entered."""
    chosen = np.flatnonzero(leads.by_phone)[:most]
    count = len(chosen)
    return Conversations(
        started=leads.created[chosen] - 600 - chosen % 1200,
        number=number[chosen],
        party=leads.party[chosen],
        lead=chosen,
        channel=leads.channel[chosen],
        is_inbound=np.ones(count, bool),
        employee=leads.owner[chosen],
        status=np.zeros(count, np.int64),
        wait=np.zeros(count, np.int64),
        talk=np.zeros(count, np.int64),
    )


def _outcomes(scope: Scope, people: People, calls: Conversations) -> None:
    """Who answered what, and for how long. The overloaded one misses three times as many as the others."""
    noise, keys = scope.noise, np.arange(len(calls))
    hour = calls.started % DAY // 3600
    weekend = (calls.started // DAY + 3) % 7 >= 5
    closed = (hour < 8) | (hour >= 18) | weekend
    misses = np.where(calls.employee == people.overloaded, 0.3, 0.1)
    misses = np.where(calls.lead >= 0, 0.0, np.where(closed, 0.85, misses))
    is_missed = noise.chance("call/missed", keys, misses)
    left_message = noise.chance("call/voicemail", keys, 0.12)
    inbound = np.where(is_missed, np.where(left_message, VOICEMAIL, MISSED), ANSWERED)
    outbound = np.array([ANSWERED, MISSED, BUSY, FAILED])[noise.pick("call/reached", keys, [0.64, 0.26, 0.07, 0.03])]
    calls.status = np.where(calls.is_inbound, inbound, outbound)
    is_answered = calls.status == ANSWERED
    talk = noise.curve("call/talk", keys, [6, 25, 48, 80, 120, 165, 230, 320, 470, 760, 1900]).astype(np.int64)
    talk = np.where(calls.lead >= 0, np.maximum(talk, 95), talk)
    talk = np.where(calls.channel == CHANNEL["brand"], 5 + talk % 20, talk)
    rings = noise.curve("call/rings", keys, [2, 5, 8, 11, 15, 21, 38]).astype(np.int64)
    gives_up = noise.curve("call/gives_up", keys, [3, 9, 16, 24, 33, 46, 75]).astype(np.int64)
    calls.talk = np.where(is_answered, talk, 0)
    calls.wait = np.where(is_answered, rings, np.where(calls.status == FAILED, 0, gives_up))


def _called_back(scope: Scope, people: People, calls: Conversations, share: float) -> None:
    """Turns outbound calls into call-backs of missed ones, and inbound ones into second tries of who missed us."""
    noise = scope.noise
    missed = np.flatnonzero(calls.is_inbound & (calls.status != ANSWERED) & (calls.number != 0))
    keys = np.arange(len(missed))
    called = missed[noise.chance("callback", keys, 0.66)]
    free = np.flatnonzero(~calls.is_inbound)
    room = int(len(free) * share)
    called = called[np.sort(noise.shuffled("callback/which", len(called))[:room])]
    slots = free[np.sort(noise.shuffled("callback/slot", len(free))[: len(called)])]
    wait = noise.curve("callback/after", called, [4, 12, 22, 35, 55, 90, 160, 300, 1300]) * 60
    wait = np.where(calls.employee[called] == people.overloaded, wait * 3, wait)
    when = calls.started[called] + wait.astype(np.int64)
    # Nobody calls back at night: what falls there waits for the next working morning.
    late = (when % DAY >= 18 * 3600) | (when % DAY < 8 * 3600)
    morning = scope.workday(when // DAY + (when % DAY >= 18 * 3600)) * DAY + 8 * 3600 + when % 5400
    when = np.where(late, morning, when)
    happens = when // DAY <= scope.until_day
    called, slots, when = called[happens], slots[happens], when[happens]
    for name in ("number", "party", "employee"):
        getattr(calls, name)[slots] = getattr(calls, name)[called]
    calls.started[slots] = when

    again = missed[noise.chance("again", keys, 0.1)]
    known = np.flatnonzero(calls.is_inbound & (calls.lead < 0) & (calls.party >= 0))
    known = np.setdiff1d(known, missed, assume_unique=True)
    again = again[: int(len(known) * 0.1)]
    slots = known[np.sort(noise.shuffled("again/slot", len(known))[: len(again)])]
    for name in ("number", "party", "employee", "channel", "status", "wait", "talk"):
        getattr(calls, name)[slots] = getattr(calls, name)[again]
    calls.started[slots] = calls.started[again] + noise.whole("again/after", again, APART_SECONDS, 1500)


def _chasing(
    scope: Scope,
    parties: Parties,
    invoices: Invoices,
    ledger: Ledger,
    numbers: Numbers,
    calls: Conversations,
    share: float,
) -> None:
    """Turns outbound calls into reminders about overdue invoices, three to three weeks after they fell due."""
    noise = scope.noise
    day = invoices.due + noise.whole("chase/day", invoices.count, 3, 20)
    day = next_workday(day)
    account = parties.true_account[invoices.party]
    owes = (still_open(invoices, ledger, day) > 0) & (day <= scope.until_day) & (account >= 0)
    owes &= day < parties.silent_day[invoices.party]
    late = np.flatnonzero(owes & noise.chance("chase", invoices.count, 0.6))
    free = np.flatnonzero(~calls.is_inbound & (calls.party >= 0))
    room = min(len(late), int(len(free) * share))
    late = late[np.sort(noise.shuffled("chase/which", len(late))[:room])]
    slots = free[np.sort(noise.shuffled("chase/slot", len(free))[:room])]
    party = account[late]
    calls.party[slots] = party
    calls.number[slots] = numbers.number[numbers.first_of_party[party]]
    calls.started[slots] = scope.clock("chase/time", day[late])
    calls.employee[slots] = parties.owner_at(party, day[late])


def _kept_apart(calls: Conversations) -> None:
    """Moves conversations of the same two numbers apart, later ones later."""
    ours = np.where(calls.is_inbound, calls.channel, CHANNEL["direct"])
    pair = calls.number * len(CHANNELS) + ours
    order = np.lexsort((calls.started, pair))
    begins = np.append(True, pair[order][1:] != pair[order][:-1])
    takes = (calls.second_after + calls.wait + calls.talk + APART_SECONDS)[order]
    # How long all earlier conversations of the pair take; a conversation starts no sooner than any of them allows.
    before = np.cumsum(takes) - takes
    before -= np.maximum.accumulate(np.where(begins, before, 0))
    # A pair's number, times more than any time, keeps the running maximum within the pair.
    rank = np.cumsum(begins).astype(np.int64) << 36
    earliest = np.maximum.accumulate(calls.started[order] - before + rank) - rank
    calls.started[order] = earliest + before


def _legs(scope: Scope, people: People, calls: Conversations) -> None:
    """Some answered calls are passed on, and some ring at one desk before another picks up."""
    noise, keys = scope.noise, np.arange(len(calls))
    eligible = calls.is_inbound & (calls.status == ANSWERED) & (calls.number != 0) & (calls.talk >= 25)
    two = eligible & noise.chance("legs", keys, 0.1)
    managers = people.account_managers
    other = managers[noise.whole("legs/who", keys, 0, len(managers) - 1)]
    two &= other != calls.employee
    calls.second_employee = np.where(two, other, NOBODY)
    calls.second_after = np.where(two, noise.whole("legs/after", keys, 15, LEG_SECONDS), 0)


def _unanswered(scope: Scope, parties: Parties, calls: Conversations) -> None:
    """Clients in decline take no more calls, and call no more: we try to reach them instead."""
    silent = (calls.status == ANSWERED) & (calls.lead < 0) & (calls.number != 0)
    silent &= falls_silent(scope, parties, "calls", calls.party, calls.started // DAY, 0.95)
    calls.fell_silent = np.where(silent, 1 + calls.is_inbound, 0)
    calls.status = np.where(silent, MISSED, calls.status)
    calls.is_inbound = calls.is_inbound & ~silent
    calls.channel = np.where(silent, -1, calls.channel)
    calls.talk = np.where(silent, 0, calls.talk)
    calls.second_employee = np.where(silent, NOBODY, calls.second_employee)
    calls.second_after = np.where(silent, 0, calls.second_after)


def make_calls(scope: Scope, parties: Parties, people: People, turns: Turns, contacts: Contacts, numbers: Numbers,
               leads: Leads, enquiry_numbers: Ints, invoices: Invoices, ledger: Ledger) -> Conversations:  # fmt: skip
    """Every conversation in the order of time; exactly as many as the scope asks."""
    enquiries = _enquiries(leads, enquiry_numbers, scope.calls // 4)
    strangers = _strangers(scope, people, turns, parties, scope.calls * 15 // 100)
    clients = _clients(scope, parties, people, numbers, scope.calls - len(enquiries) - len(strangers))
    parts = (enquiries, clients, strangers)
    calls = Conversations(**{
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in vars(enquiries) if len(getattr(clients, name))
    })  # fmt: skip
    drawn = replace(ledger.payments, application_day=ledger.payments.drawn_day)
    _chasing(scope, parties, invoices, replace(ledger, payments=drawn), numbers, calls, 0.15)
    _outcomes(scope, people, calls)
    _called_back(scope, people, calls, 0.35)
    _legs(scope, people, calls)
    _kept_apart(calls)
    _unanswered(scope, parties, calls)
    return calls.reordered(np.lexsort((np.arange(len(calls)), calls.started)))
