"""The companies of the sample: accounts in the CRM, customers in the billing system, and where the two part.

Positions 0 … accounts-1 are the CRM's accounts, the story's first. Then come the customers that no CRM knows, and last
the duplicate of one account that was merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from pipelines.sample import words
from pipelines.sample.noise import Bools, Floats, Ints, along
from pipelines.sample.people import People
from pipelines.sample.scope import DAY, Scope
from pipelines.sample.story import CAST, CHANNEL, DUPLICATE_NAME, PART, Turns

# From the largest customer to the smallest: documents a month, and how large one is. A fifth brings about two thirds.
FREQUENCY = (4.0, 3.0, 2.4, 1.9, 1.5, 1.2, 1.0, 0.8, 0.6, 0.45, 0.35)
MULTIPLE = (9.0, 6.0, 4.2, 3.0, 2.2, 1.7, 1.3, 1.0, 0.8, 0.7, 0.6)
SIZES = (4.5, 1.5)  # a multiple above them: an enterprise, a company of middle size
PAYERS = ("prompt", "usual", "late", "slow")
FOREVER = 1 << 40


@dataclass(frozen=True)
class Parties:
    """Every company, by position. Months are the sample's (0 …), days and seconds count from 1970-01-01."""

    accounts: int  # how many are accounts of the CRM
    names: list[str]
    domains: list[str]
    country: Ints
    currency: Ints
    industry: Ints
    is_customer: Bools
    true_account: Ints  # the CRM account that it is; -1 for none
    parent: Ints
    acquired_month: Ints  # -1: a customer from before
    lead_day: Ints
    created: Ints  # seconds; for those acquired, when the lead was converted
    first_month: Ints  # of invoices
    last_month: Ints  # the month after the last with invoices
    silent_day: Ints  # nothing happens from this day on
    frequency: Floats
    multiple: Floats
    payer: Ints
    terms: Ints
    discount_permille: Ints
    channel: Ints
    owner: Ints  # at the start
    owner_now: Ints
    moved_day: Ints  # the day from which owner_now keeps the account; FOREVER where nobody took it over

    @property
    def count(self) -> int:
        """All companies."""
        return len(self.names)

    @property
    def duplicate(self) -> int:
        """The position of the merged duplicate."""
        return self.count - 1

    @property
    def is_crm(self) -> Bools:
        """True for the CRM's accounts, the merged duplicate not among them."""
        return np.arange(self.count) < self.accounts

    def owner_at(self, party: Ints, days: Ints) -> Ints:
        """Who keeps the accounts on those days."""
        return np.where(days < self.moved_day[party], self.owner[party], self.owner_now[party])


def _names(scope: Scope, country: Ints, taken: int) -> list[str]:
    """A name for every company that the story does not name: stem, trade and legal form, each pair once."""
    noise, given, found = scope.noise, dict.fromkeys(words.STEMS, 0), []
    form = noise.whole("names/form", len(country), 0, 5)
    for position in range(taken, len(country)):
        place = words.COUNTRIES[country[position]]
        stems, trades = words.STEMS[place.words].split(), words.TRADES[place.words].split()
        pairs = len(stems) * len(trades)
        step = next(prime for prime in (7919, 6701, 5003) if gcd(prime, pairs) == 1)
        turn, number = divmod(given[place.words], pairs)
        given[place.words] += 1
        code = (number * step + int(noise.whole(f"names/{place.words}", 1, 0, pairs - 1)[0])) % pairs
        name = f"{stems[code % len(stems)]} {trades[code // len(stems)]}"
        if turn:
            name += f" {place.cities[(turn - 1) % len(place.cities)]}"
        if turn > len(place.cities):
            name += f" {turn}"
        found.append(f"{name} {place.forms[form[position] % len(place.forms)]}")
    return found


def _acquired(scope: Scope, turns: Turns, count: int) -> Ints:
    """The month of each company's first call or enquiry; -1 for half of them, which were there before."""
    noise = scope.noise
    latest = scope.months - 3
    month = (noise.curve("acquired/month", count, [0, 0.3, 0.55, 0.8, 0.9999]) * latest).astype(np.int64)
    month[noise.chance("acquired/before", count, 0.46)] = -1
    month[: len(CAST)] = -1
    for back in range(3):  # the campaign that pays has clients at any size of the sample
        month[scope.accounts - 1 - back] = min(turns.search_month + back, latest)
    month[scope.accounts :] = -1
    return month


def _channel(scope: Scope, turns: Turns, month: Ints) -> Ints:
    noise, count = scope.noise, len(month)
    found = noise.pick("channel", count, [0.2, 0.36, 0.24, 0.14, 0.06])
    by_search = (month >= turns.search_month) & noise.chance("channel/search", count, 0.55)
    by_search[scope.accounts - 3 : scope.accounts] = True
    return np.where(by_search, CHANNEL["search"], np.where(month < 0, CHANNEL["direct"], found))


def _handed_over(scope: Scope, people: People, turns: Turns, owner: Ints) -> tuple[Ints, Ints]:
    """Who keeps each company in the end, and since when: the leaver's book goes over in the weeks before they leave.

    Now and then an account changes hands without anybody leaving.
    """
    noise, count = scope.noise, len(owner)
    managers = people.account_managers
    other = managers[noise.whole("owner/other", count, 0, len(managers) - 1)]
    is_leaver = owner == people.leaver
    moves = ~is_leaver & (owner != people.overloaded) & (other != owner) & noise.chance("owner/moves", count, 0.1)
    moves[: len(CAST)] = False
    usual = scope.start_day + noise.whole("owner/moved", count, 60, scope.until_day - scope.start_day)
    usual[np.flatnonzero(moves)[-1:]] = scope.until_day - 4  # the list of hand-overs is kept to the end
    last_weeks = turns.leaver_day - 7 * noise.whole("owner/week", count, 0, 3)
    day = scope.workday(np.where(is_leaver, last_weeks, usual))
    return (
        np.where(is_leaver, people.overloaded, np.where(moves, other, owner)),
        np.where(is_leaver | moves, day, FOREVER),
    )


def make_parties(scope: Scope, people: People, turns: Turns) -> Parties:
    """All companies with what decides their history."""
    noise, accounts = scope.noise, scope.accounts
    strangers = max(2, round(accounts * 0.03))
    count = accounts + strangers + 1
    duplicate, cast = count - 1, np.arange(len(CAST))
    is_cast = np.arange(count) < len(CAST)

    country = noise.pick("country", count, [place.share for place in words.COUNTRIES])
    country[cast] = [words.COUNTRY_OF[actor.country] for actor in CAST]
    country[duplicate] = country[PART["survivor"]]
    names = [actor.name for actor in CAST] + _names(scope, country, len(CAST))
    names[duplicate] = DUPLICATE_NAME
    domains = [f"{words.slug(name.rsplit(' ', 1)[0])}.example" for name in names]
    domains[duplicate] = domains[PART["survivor"]]

    month = _acquired(scope, turns, count)
    is_prospect = (month >= 0) & noise.chance("prospect", count, 0.4)
    is_prospect[accounts - 3 :] = False
    # Prospects come to the end; who became a customer came early enough to be billed.
    month = np.where(is_prospect, month * (scope.months - 1) // max(scope.months - 4, 1), month)
    rank = noise.uniform("size", count)
    rank = np.where(is_prospect | (np.arange(count) >= accounts), 0.8 + rank * 0.2, 0.02 + rank * 0.98)
    rank[cast] = [actor.size for actor in CAST]
    rank[accounts - 3 : accounts] = [0.2, 0.3, 0.4]

    last = np.full(count, scope.months)
    leaves = ~is_cast & (month < 0) & noise.chance("leaves", count, 0.07)
    last[leaves] = (noise.curve("leaves/month", count, [0.35, 0.8])[leaves] * scope.months).astype(np.int64)
    silent = np.full(count, FOREVER)
    last[PART["quiet"]], silent[PART["quiet"]] = turns.quiet_month, turns.quiet_day
    last[PART["bankrupt"]], silent[PART["bankrupt"]] = turns.bankrupt_month, turns.bankrupt_day
    last[duplicate] = turns.merged_month
    silent[leaves] = scope.month_starts[last[leaves]] + 3

    starts = np.append(scope.month_starts, 0)
    lead_day = np.where(month >= 0, starts[month] + noise.whole("lead/day", count, 0, 24), 0)
    lead_day = np.where(month >= 0, scope.workday(np.minimum(lead_day, scope.until_day - 24)), 0)
    before = (scope.start_day - noise.whole("created/before", count, 90, 1700)) * DAY
    converted = scope.workday(lead_day + noise.whole("converted", count, 3, 18)) * DAY
    created = np.where(month >= 0, converted, before) + noise.whole("created/time", count, 8 * 3600, 17 * 3600)

    payer = noise.pick("payer", count, [0.28, 0.5, 0.22])
    payer[cast] = [PAYERS.index(actor.payer) for actor in CAST]
    owner = noise.pick("owner", count, people.book.tolist())
    owner[PART["quiet"]] = owner[PART["disputed"]] = people.overloaded
    owner_now, moved_day = _handed_over(scope, people, turns, owner)
    parent = np.full(count, -1)
    for position, actor in enumerate(CAST):
        parent[position] = PART[actor.parent] if actor.parent else -1

    terms = np.array([14, 30, 30, 30, 45, 60])[noise.whole("terms", count, 0, 5)]
    terms[PART["growing"]] = 60  # so that the invoice that it has paid in part is not due yet

    true_account = np.where(np.arange(count) < accounts, np.arange(count), -1)
    true_account[duplicate] = PART["survivor"]
    currency = np.array([place.currency for place in words.COUNTRIES])[country]
    return Parties(
        accounts=accounts,
        names=names,
        domains=domains,
        country=country,
        currency=currency,
        industry=noise.whole("industry", count, 0, len(words.INDUSTRIES) - 1),
        is_customer=~is_prospect,
        true_account=true_account,
        parent=parent,
        acquired_month=month,
        lead_day=lead_day,
        created=created,
        first_month=np.where(month >= 0, month + 2, 0),
        last_month=last,
        silent_day=silent,
        frequency=along(rank, FREQUENCY),
        multiple=along(rank, MULTIPLE),
        payer=payer,
        terms=terms,
        discount_permille=np.array([0, 0, 30, 50, 80, 120])[noise.whole("discount", count, 0, 5)],
        channel=_channel(scope, turns, month),
        owner=owner,
        owner_now=owner_now,
        moved_day=moved_day,
    )
