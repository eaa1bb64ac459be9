"""The people at the companies and everybody's phone numbers, in the spellings that a CRM collects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.noise import Bools, Ints
from pipelines.sample.parties import Parties
from pipelines.sample.scope import DAY, Scope
from pipelines.sample.story import CAST

NO_NUMBER = 0


@dataclass(frozen=True)
class Contacts:
    """One entry a person; numbers are E.164 without the plus, 0 for none."""

    party: Ints
    first_of_party: Ints  # position of each party's first person
    names: pl.Series
    emails: pl.Series
    title: Ints
    phone: Ints
    mobile: Ints
    has_given_up: Bools  # whose mobile number is another company's person's by now; the CRM still has it


@dataclass(frozen=True)
class Numbers:
    """Every number that a company calls from, in the order of the companies."""

    number: Ints
    party: Ints
    is_listed: Bools  # somewhere in the CRM
    first_of_party: Ints
    per_party: Ints


def new_numbers(scope: Scope, stream: str, country: Ints, is_mobile: Bools, used: int = 0) -> Ints:
    """A number of its own for every entry; `used` numbers of each kind are taken already.

    The n-th number of a kind is a fixed permutation of that kind's range, so that no two are the same.
    """
    numbers = np.zeros(len(country), dtype=np.int64)
    offset = int(scope.noise.whole("numbers", 1, 0, 10**6)[0])
    for position, place in enumerate(words.COUNTRIES):
        for mobile, (prefix, digits) in ((False, place.office), (True, place.mobile)):
            chosen = np.flatnonzero((country == position) & (is_mobile == mobile))
            smallest = 10 ** (digits - 1)  # a subscriber's number does not begin with a zero
            room = 9 * smallest
            order = (np.arange(len(chosen)) + used) * 5_562_307 + offset
            numbers[chosen] = int(prefix) * 10**digits + smallest + order % room
    return numbers


def make_contacts(scope: Scope, parties: Parties) -> Contacts:
    """One to four people a company; only companies of the CRM have their people there."""
    noise = scope.noise
    known = np.arange(parties.accounts)
    people = 1 + (parties.multiple[known] > 0.75) + (parties.multiple[known] > 1.4) + (parties.multiple[known] > 3.5)
    party = np.repeat(known, people)
    first = np.cumsum(people) - people
    ordinal = np.arange(len(party)) - first[party]
    group = np.array([list(words.FIRST_NAMES).index(place.people) for place in words.COUNTRIES])[parties.country[party]]
    names, slugs = np.empty(len(party), dtype=object), np.empty(len(party), dtype=object)
    for position, key in enumerate(words.FIRST_NAMES):
        firsts, lasts = words.FIRST_NAMES[key].split(), words.LAST_NAMES[key].split()
        chosen = np.flatnonzero(group == position)
        # Two people of a company never share their first name, so no two share an address.
        one = (noise.whole("contact/first", party[chosen], 0, len(firsts) - 1) + 5 * ordinal[chosen]) % len(firsts)
        two = noise.whole("contact/last", chosen, 0, len(lasts) - 1)
        firsts_, lasts_ = np.array(firsts, dtype=object), np.array(lasts, dtype=object)
        names[chosen] = firsts_[one] + " " + lasts_[two]
        short, long = (np.array([words.slug(name) for name in group], dtype=object) for group in (firsts, lasts))
        slugs[chosen] = short[one] + "." + long[two]
    domains = np.array(parties.domains, dtype=object)
    country = parties.country[party]
    # Whoever was a lead called from the number that the contact has, so the first contact always has one.
    has_phone = (ordinal == 0) | noise.chance("contact/phone", len(party), 0.6)
    has_mobile = noise.chance("contact/mobile", len(party), 0.5)
    boss, title = noise.whole("contact/boss", len(party), 0, 2), noise.whole("contact/title", len(party), 0, 7)
    used = 2 * parties.count
    phone = np.where(has_phone, new_numbers(scope, "office", country, np.zeros(len(party), bool), used), NO_NUMBER)
    mobile = np.where(has_mobile, new_numbers(scope, "mobile", country, np.ones(len(party), bool)), NO_NUMBER)
    mobile, has_given_up = _reused(scope, parties, party, ordinal, mobile)
    return Contacts(
        party=party,
        first_of_party=first,
        names=pl.Series(names, dtype=pl.String),
        emails=pl.Series(slugs + "@" + domains[party], dtype=pl.String),
        title=np.where(ordinal == 0, boss, title),
        phone=phone,
        mobile=mobile,
        has_given_up=has_given_up,
    )  # fmt: skip


def _reused(scope: Scope, parties: Parties, party: Ints, ordinal: Ints, mobile: Ints) -> tuple[Ints, Bools]:
    """Some mobile numbers go to a person of another company of the same country, who is entered later.

    Neither is the first contact of a company, whom the story needs. Returns the numbers, and who gave theirs up.
    """
    given_up = np.zeros(len(party), bool)
    taken_over = mobile.copy()
    country, created = parties.country[party], parties.created[party]
    may = (ordinal > 0) & (mobile != NO_NUMBER)
    gets = np.flatnonzero(may & scope.noise.chance("contact/reused", len(party), 0.12))
    for person in gets.tolist():
        before = np.flatnonzero(
            may & (country == country[person]) & (created + 90 * DAY < created[person]) & ~given_up
            & (taken_over == mobile)
        )  # fmt: skip
        before = before[~np.isin(before, gets)]
        if len(before):
            giver = int(before[person % len(before)])
            given_up[giver] = True
            taken_over[person] = mobile[giver]
    return taken_over, given_up


def switchboards(scope: Scope, parties: Parties) -> Ints:
    """Every company's main number. Some share a reception with another company of their city's business centre."""
    numbers = new_numbers(scope, "office", parties.country, np.zeros(parties.count, bool))
    is_guest = scope.noise.chance("switchboard/shared", parties.count, 0.06)
    is_guest[: len(CAST)] = is_guest[parties.accounts - 3 :] = False
    hosts: dict[int, int] = {}
    for place in range(len(CAST), parties.accounts - 3):
        country = int(parties.country[place])
        if is_guest[place] and country in hosts:
            numbers[place] = numbers[hosts[country]]
        elif not is_guest[place]:
            hosts[country] = place
    return numbers


def make_numbers(scope: Scope, parties: Parties, contacts: Contacts, main: Ints) -> Numbers:
    """The numbers that each company calls from: main, its people's, and for some one that nobody wrote down."""
    everybody = np.arange(parties.count)
    unlisted = new_numbers(scope, "office", parties.country, np.zeros(parties.count, bool), parties.count)
    has_unlisted = scope.noise.chance("numbers/unlisted", parties.count, 0.25)
    mobile = np.where(contacts.has_given_up, NO_NUMBER, contacts.mobile)
    number = np.concatenate([main, contacts.phone, mobile, np.where(has_unlisted, unlisted, NO_NUMBER)])
    party = np.concatenate([everybody, contacts.party, contacts.party, everybody])
    # The duplicate's main number went with it when it was merged; the CRM does not know the strangers'.
    is_listed = np.concatenate([parties.is_crm, np.ones(2 * len(contacts.party), bool), np.zeros(parties.count, bool)])
    kept = number != NO_NUMBER
    order = np.lexsort((number[kept], party[kept]))
    party = party[kept][order]
    per_party = np.bincount(party, minlength=parties.count)
    return Numbers(number[kept][order], party, is_listed[kept][order], np.cumsum(per_party) - per_party, per_party)


SPELLINGS = ("grouped", "plain", "double_zero", "national")


def spelling_of(scope: Scope, stream: str, count: int) -> Ints:
    """Which of SPELLINGS each number is written in."""
    return scope.noise.pick(f"spelling/{stream}", count, [0.5, 0.22, 0.13, 0.15])


def spelled(numbers: Ints, country: Ints, spelling: Ints, is_mobile: bool = False) -> pl.Series:
    """Numbers as people typed them: +46 8-123 45 67, +4681234567, 0046 81234567, 08-1234567."""
    codes = np.array([str(number) for number in numbers.tolist()], dtype=object)
    country_digits = np.array([place.calling for place in words.COUNTRIES])[country]
    # A mobile number is written in front as its prefix, an office number as its area.
    areas = np.array([max(place.area, 2 if is_mobile else 1) for place in words.COUNTRIES])[country]
    written: list[str | None] = []
    for number, code, digits, area, way in zip(numbers.tolist(), codes, country_digits, areas, spelling, strict=True):
        if number == NO_NUMBER:
            written.append(None)
            continue
        calling, city, rest = code[:digits], code[digits : digits + area], code[digits + area :]
        if way == 0:
            written.append(f"+{calling} {city}-{rest[:3]} {rest[3:5]} {rest[5:]}".rstrip())
        elif way == 1:
            written.append(f"+{code}")
        elif way == 2:
            written.append(f"00{calling} {city}{rest}")
        elif calling == "1":
            written.append(f"({city}) {rest[:3]}-{rest[3:]}")
        elif calling in ("47", "7"):
            written.append(("8 " if calling == "7" else "") + f"{city} {rest[:3]} {rest[3:]}")
        else:
            written.append(f"0{city}-{rest[:3]} {rest[3:]}")
    return pl.Series(written, dtype=pl.String)
