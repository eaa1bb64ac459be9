"""How accounting wrote down the companies that the CRM spells otherwise: what makes it hard to tell who is who.

Each way is drawn by itself, so that all come together now and then: capitals, no legal form or one written out, a
letter wrong, no accents or two letters for one, Latin letters for Cyrillic ones, no tax number, an address at a
free-mail provider or at the parent's domain, no phone number, another address.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.columns import taken
from pipelines.sample.contacts import spelled
from pipelines.sample.crm_files import addresses, tax_numbers
from pipelines.sample.noise import Bools
from pipelines.sample.story import CAST, PART
from pipelines.sample.world import World

LEGAL_FORMS = "AB|AS|Oy|GmbH|AG|KG|Ltd|PLC|Inc|LLC|Corp|ООД|ЕООД|ТОО"
_LONG_FORMS = {"AB": "Aktiebolag", "Ltd": "Limited", "Inc": "Incorporated", "Corp": "Corporation", "PLC": "plc"}
_TWO_LETTERS = str.maketrans({"å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae", "ß": "ss",
                              "Å": "Aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Æ": "Ae"})  # fmt: skip
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "Ø": "O", "Æ": "Ae"})
_VOWELS = "aeiouy"
# None, a letter wrong, accents left out, two letters for one, the form written out, a blank more or a hyphen.
_WAYS = (0.54, 0.2, 0.08, 0.07, 0.06, 0.05)
SCANNING_SERVICE = "pdf@invoice-scanning.example"
FREE_MAIL = ("gmail.com", "hotmail.com", "outlook.com", "mail.ru", "gmx.de")


def _mistyped(name: str, kind: int, draw: float) -> str:
    """A letter left out, doubled, swapped with the next or another vowel, within a word and not its first letter."""
    places = [match.start() for match in re.finditer(r"(?<=\w)\w(?=\w)", name)]
    if not places:
        return name
    place = places[int(draw * len(places))]
    if kind == 0:
        return name[:place] + name[place + 1 :]
    if kind == 1:
        return name[:place] + name[place] + name[place:]
    if kind == 2:
        return name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    vowels = [spot for spot in places if name[spot].lower() in _VOWELS]
    if not vowels:
        return name[:place] + name[place + 1 :]
    place = vowels[int(draw * len(vowels))]
    other = _VOWELS[(_VOWELS.index(name[place].lower()) + 1) % len(_VOWELS)]
    return name[:place] + other + name[place + 1 :]


def _without_accents(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name.translate(_PLAIN))
    return unicodedata.normalize("NFC", "".join(sign for sign in decomposed if not unicodedata.combining(sign)))


def _in_latin(name: str) -> str:
    """Cyrillic letters in Latin ones, a capital at each word's beginning; the legal form in capitals."""
    shown = [words.slug(word) for word in name.split(" ")]
    return " ".join(shown[:-1]).title() + " " + shown[-1].upper()


def customer_names(world: World) -> pl.Series:
    """How accounting wrote the names: mostly as the CRM does."""
    noise, count = world.scope.noise, world.parties.count
    case = noise.pick("customer/name", count, [0.8, 0.1, 0.1])
    way = noise.pick("customer/spelling", count, _WAYS)
    mistake, draw = noise.whole("customer/mistake", count, 0, 3), noise.uniform("customer/letter", count)
    in_latin = noise.chance("customer/latin", count, 0.5)
    in_latin[PART["steady"]] = True
    case[world.parties.duplicate], way[world.parties.duplicate] = 0, 0
    found = []
    for place, name in enumerate(world.parties.names):
        form = name.rsplit(" ", 1)[-1]
        if words.COUNTRIES[world.parties.country[place]].words == "cyrillic" and in_latin[place]:
            name = _in_latin(name)
        body = name.rsplit(" ", 1)[0]
        if way[place] == 1 and len(body) > 6:
            name = _mistyped(body, int(mistake[place]), float(draw[place])) + name[len(body) :]
        elif way[place] == 2:
            name = _without_accents(name)
        elif way[place] == 3:
            name = name.translate(_TWO_LETTERS)
        elif way[place] == 4 and form in _LONG_FORMS:
            name = f"{body} {_LONG_FORMS[form]}"
        elif way[place] == 5:
            name = name.replace(" ", "-", 1) if mistake[place] < 2 else name.replace(" ", "", 1)
        if case[place] == 1:
            name = name.upper()
        elif case[place] == 2:
            name = re.sub(f" ({LEGAL_FORMS}|{'|'.join(_LONG_FORMS.values())})$", "", name)
        found.append(name)
    return pl.Series(found)


def customer_emails(world: World) -> pl.Series:
    """Under half are the first contact's; the rest the invoice desk's, a scanning service's, a free-mail one."""
    parties, noise, contacts = world.parties, world.scope.noise, world.contacts
    count, is_cast = parties.count, np.arange(parties.count) < len(CAST)
    first = np.full(count, -1)
    first[: parties.accounts] = contacts.first_of_party
    first[parties.duplicate] = contacts.first_of_party[PART["survivor"]]
    shares = noise.chance("customer/email", count, 0.65)
    elsewhere = noise.pick("customer/email_elsewhere", count, [0.62, 0.24, 0.14])
    elsewhere[is_cast] = elsewhere[parties.duplicate] = 0
    shares[parties.duplicate] = True
    provider = taken(FREE_MAIL, noise.whole("customer/provider", count, 0, len(FREE_MAIL) - 1))
    # A group's invoices go to the parent's desk.
    desk = np.where((parties.parent >= 0) & ~shares, parties.parent, np.arange(count))
    domains = pl.Series(parties.domains)
    return pl.select(
        pl.when(pl.Series(elsewhere == 1))
        .then(domains.str.split(".").list.get(0) + ".invoices@" + provider)
        .when(pl.Series(elsewhere == 2))
        .then(pl.lit(SCANNING_SERVICE))
        .when(pl.Series(shares & (first >= 0)))
        .then(taken(contacts.emails, first))
        .otherwise("invoices@" + domains.gather(desk))
    ).to_series()


def customer_phones(world: World) -> pl.Series:
    """The switchboard's number, for some none, for some as people of the country write it."""
    parties, noise = world.parties, world.scope.noise
    has = ~noise.chance("customer/no_phone", parties.count, 0.4)
    way = noise.pick("customer/phone_spelling", parties.count, [0.2, 0.6, 0.05, 0.15])
    return spelled(np.where(has, world.main_numbers, 0), parties.country, way)


def customer_tax_ids(world: World) -> tuple[pl.Series, Bools]:
    """Every company's tax number, and whether accounting has it."""
    noise, parties = world.scope.noise, world.parties
    has = noise.chance("customer/tax", parties.count, 0.85) & ~noise.chance("customer/tax_lost", parties.count, 0.3)
    has[parties.duplicate] = False
    return tax_numbers(world), has


def customer_addresses(world: World) -> dict[str, pl.Series]:
    """The CRM's addresses; one in eight is another office's, one in ten has no postal code."""
    noise, count = world.scope.noise, world.parties.count
    place = addresses(world)
    cities = [words.COUNTRIES[country].cities for country in world.parties.country]
    other = noise.whole("customer/other_city", count, 0, 4)
    moved = pl.Series(noise.chance("customer/moved", count, 0.12))
    without = pl.Series(noise.chance("customer/no_postal", count, 0.1))
    elsewhere = pl.Series([names[spot] for names, spot in zip(cities, other, strict=True)])
    postal = pl.Series(noise.whole("customer/other_postal", count, 10_000, 98_999)).cast(pl.String)
    city = pl.select(pl.when(moved).then(elsewhere).otherwise(place["city"])).to_series()
    code = pl.select(
        pl.when(without).then(pl.lit(None)).when(moved).then(postal).otherwise(place["postal_code"])
    ).to_series()
    return place | {"city": city, "postal_code": code}
