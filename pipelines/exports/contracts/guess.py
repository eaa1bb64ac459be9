"""Guesses which entity a table holds and which header is which of its columns, by words, by values and by arithmetic."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipelines.exports.contracts.clues import Sum, is_number
from pipelines.exports.contracts.profile import USUAL, Profile
from pipelines.exports.contracts.vocabulary import (
    TRUTHS,
    Vocabulary,
    currencies,
    is_amount,
    nouns,
    plain,
    synonyms,
    tokens,
)
from pipelines.exports.contracts.wording import (
    COMMON,
    IDS,
    OWN,
    STRIPPED,
    key_words,
    links,
    without_nouns,
    word_strength,
)
from pipelines.exports.entities import Column, Entity, entities

# What values add: a unique key, a vocabulary that is known, a link to a landed file, a sum that holds.
KEY, KNOWN, LINK, ADDS_UP = 2.0, 1.0, 2.5, 2.0
TABLE_NAME, NEEDED, NOUNS, NUMBERED = 6.0, 5.0, 2.8, 2.5
# Below this nobody would say that the header is the column.
SURE = 1.5
# The columns of a sum, by entity: parts and whole, and which of them a word must name before the sum is believed.
_PAID = "(paid)"
_SUMS = [("net_amount", "tax_amount", "gross_amount"), ("reported_balance", _PAID, "gross_amount")]
# A row is a record of its own: an id that repeats says that these are rows about it.
_RECORDS = {
    "crm.accounts",
    "crm.contacts",
    "crm.employees",
    "crm.leads",
    "crm.deals",
    "crm.products",
    "billing.customers",
}
_PEOPLE = {"crm.contacts", "crm.leads", "crm.employees", "crm.accounts", "billing.customers"}
_PHONES = {"phone", "mobile", "caller_number", "callee_number", "tracking_number"}
_NAMES = {"name", "full_name", "company_name", "agent_name", "subject", "description", "owner_id"}


@dataclass
class Guess:
    """The entity that fits best: its columns by header, its key, and how well it fits."""

    entity: Entity
    columns: dict[str, Profile]
    score: float
    # The key column that no header fits or that repeats; the contract then has a key made.
    made_key: str | None
    # How sure each mapping is, and the other headers that might be the column, the likeliest first.
    strengths: dict[str, float] = field(default_factory=dict)
    rivals: dict[str, list[Profile]] = field(default_factory=dict)
    weights: dict[tuple[str, int], float] = field(default_factory=dict)
    # First and last name, which together are a full name.
    joined: dict[str, list[Profile]] = field(default_factory=dict)
    # The columns that a sum of the file's own confirms.
    confirmed: set[str] = field(default_factory=set)
    # The other entities, the likeliest first.
    others: list[Guess] = field(default_factory=list)


@dataclass(frozen=True)
class Clues:
    """What the whole table tells beside its columns: words, sums that hold, links to landed files, its name."""

    vocabulary: Vocabulary
    sums: list[Sum]
    links: dict[str, dict[int, float]]
    table_name: str


def _readable(column: Column, found: Profile) -> bool:
    """Whether the values may be of the column's type."""
    if column.type == "text":
        return True
    if column.type == "boolean":
        return (
            bool(found.words)
            and sum(n for word, n in found.words.items() if plain(word) in TRUTHS) >= USUAL * found.filled
        )
    if column.type in ("date", "timestamp"):
        return found.date_share >= USUAL or found.share(found.unix) >= 0.95
    if column.type == "currency":
        return found.share(found.codes) >= USUAL
    if column.type == "seconds":
        return max(found.number_share, found.share(found.clocks)) >= USUAL
    if column.type == "integer":
        return found.share(found.whole) >= USUAL
    if column.type == "rate":
        # A rate is never an amount: it is above zero, and no column of many digits or of two decimals throughout.
        return found.number_share >= USUAL and not found.negative and not found.percents
    return found.number_share >= USUAL and found.date_share < USUAL


def _currency_share(found: Profile) -> float:
    if not found.words:
        return 0.0
    return found.share(sum(n for word, n in found.words.items() if word.strip().upper() in currencies()))


def known_share(column: Column, entity: Entity, found: Profile, known: Vocabulary) -> float:
    """How much of a column's text is of the vocabulary, in our words or in a vendor's that a contract knows."""
    if not found.words:
        return 0.0
    return found.share(sum(n for word, n in found.words.items() if known.means(entity.id, column.name, word)))


def _strength(entity: Entity, column: Column, found: Profile, clues: Clues) -> float:
    """How sure it is that a header is a column: words first, and what the values say for or against them."""
    if not found.filled or not _readable(column, found):
        return 0.0
    known = clues.vocabulary
    strength = word_strength(entity, column, found, known)
    header = plain(found.called)
    words = tokens(found.called)
    if column.type == "rate" and (strength < COMMON * STRIPPED or is_amount(header)):
        return 0.0
    if words in known.passed_over.get(entity.id, ()):
        strength *= 0.7
    if (
        column.type == "text"
        and not column.name.endswith("_id")
        and found.filled
        and found.date_share >= 0.95
        and not found.number_share
    ):
        strength *= 0.1
    if column.type == "text" and found.marked and found.number_share >= 0.95 and "id" not in column.name:
        # Numbers to the cent are no text.
        strength *= 0.1
    if column.one_of:
        share = known_share(column, entity, found, known)
        if strength:
            # Words that nobody knows below a header that says it are asked for; below another they say that it is none.
            strength = strength * (0.4 + 0.6 * share) + KNOWN * share if share or strength >= COMMON else 0.0
        elif share >= 0.8 and found.different > 1:
            strength = KNOWN
    elif column.type == "currency":
        sure = COMMON if _currency_share(found) == 1.0 else SURE if strength and found.codes == found.filled else 0.0
        strength = max(strength, sure) if sure or strength >= SURE else 0.0
    elif column.name == "email":
        share = found.share(found.emails)
        strength = max(strength, OWN * STRIPPED) if share >= USUAL else 0.0
    elif column.name in _PHONES and found.share(found.phones) < USUAL:
        strength = 0.0
    elif (
        column.name in _NAMES
        and (found.number_share >= 0.95 or found.share(found.emails) == 1.0)
        and column.name != "owner_id"
    ):
        strength *= 0.3
    if column.name in links() and found.filled and found.share(found.emails) == 1.0 and "email" not in words:
        # People's addresses under a customer's name are theirs, and no other file's ids.
        strength *= 0.5
    if (target := links().get(column.name)) and column.name not in entity.key:
        strength += LINK * clues.links.get(target, {}).get(found.place, 0.0)
    if strength and column.type == "timestamp":
        # A moment that is whole in one column, and says its zone, is the surer one.
        strength += 0.3 * bool(found.timed or found.unix) + 0.2 * (bool(found.unix) or "utc" in found.called.casefold())
    if strength and column.type == "text" and not column.name.endswith("_id") and words & {"id", "key"}:
        # A stage or a pipeline is as well known by its id.
        strength *= 0.9 if column.name in ("stage", "pipeline") else 0.3
    if strength and column.name.endswith("_id"):
        strength += 0.9 * bool({"id", "ид", "key"} & words) - 0.2 * bool("name" in words)
    if column.name in entity.key and len(entity.key) == 1:
        if found.is_key:
            strength += KEY * (strength > 0) + (1.0 if not strength and key_words() & set(header.split()) else 0.0)
        else:
            strength *= 0.8
    return strength


def _add_up(entity: Entity, strengths: dict[tuple[str, int], float], clues: Clues) -> set[str]:
    """Makes the columns of a sum surer where a word names one of its parts; which were confirmed."""
    names = {column.name for column in entity.columns}
    confirmed: set[str] = set()
    for part, other, whole in _SUMS:
        if not {part, whole} <= names:
            continue
        best: tuple[float, int, int, int] | None = None
        for known in clues.sums:
            if known.product:
                continue
            for first, second in ((known.first, known.second), (known.second, known.first)):
                named = [strengths.get(at, 0.0) for at in ((part, first), (other, second), (whole, known.third))]
                # Two of the three are named, the other part among them; that alone where the rows are too many for chance.
                sure = sum(one >= SURE for one in named)
                if (sure >= 2 and named[1] and (all(named) or known.rows >= 3)) or (
                    named[1] >= COMMON and known.rows >= 3
                ):
                    best = max(best or (0.0, 0, 0, 0), (sum(named), first, second, known.third))
        if best is None:
            continue
        _, first, second, third = best
        for name, place in ((part, first), (other, second), (whole, third)):
            strengths[name, place] = strengths.get((name, place), 0.0) + ADDS_UP
            confirmed.add(name)
    if {"quantity", "unit_price", "net_amount"} <= names:
        for known in clues.sums:
            for first, second in ((known.first, known.second), (known.second, known.first)):
                if known.product and strengths.get(("quantity", first), 0.0) >= SURE:
                    strengths["unit_price", second] = strengths.get(("unit_price", second), 0.0) + ADDS_UP
                    strengths["net_amount", known.third] = strengths.get(("net_amount", known.third), 0.0) + ADDS_UP
                    confirmed |= {"quantity", "unit_price", "net_amount"}
    return confirmed


def _names_joined(entity: Entity, profiles: list[Profile]) -> list[Profile]:
    """First and last name, where the table has both apart."""
    parts = []
    for group in ("first_names", "last_names"):
        words = set(map(plain, synonyms()[group]))
        found = [
            profile
            for profile in profiles
            if profile.filled
            and (plain(profile.called) in words or without_nouns(entity, plain(profile.called)) in words - {"name"})
        ]
        parts += found[:1]
        if not found and group == "last_names":
            return []
    return parts


def _assigned(entity: Entity, profiles: list[Profile], clues: Clues) -> Guess:
    """Each column with the header that fits it best, a header once, and the sum of how well they fit."""
    strengths = {
        (column.name, found.place): strength
        for column in entity.columns
        for found in profiles
        if (strength := _strength(entity, column, found, clues))
    }
    paid = {tokens(word) for word in synonyms()["paid"]}
    strengths |= {
        (_PAID, found.place): COMMON for found in profiles if tokens(found.called) in paid and is_number(found)
    }
    confirmed = _add_up(entity, strengths, clues)
    strengths = {at: strength for at, strength in strengths.items() if at[0] != _PAID}
    by_place = {found.place: found for found in profiles}
    order = {column.name: number for number, column in enumerate(entity.columns)}
    taken: dict[str, Profile] = {}
    used: set[int] = set()
    guess = Guess(entity, {}, 0.0, None, confirmed=confirmed, weights=strengths)
    full = next((column.name for column in entity.columns if column.name in ("full_name", "name")), "")
    # Where a customer has a name of its own, first and last are those of a person there.
    named = full == "name" and any(name == full and strength >= COMMON for (name, _), strength in strengths.items())
    if full and entity.id in _PEOPLE and not named and (joined := _names_joined(entity, profiles)):
        guess.joined[full] = joined
        taken[full] = joined[0]
        used |= {found.place for found in joined}
        guess.score += OWN
        guess.strengths[full] = OWN
    if named and entity.id == "crm.accounts" and _names_joined(entity, profiles):
        # Beside the name of a company stand those of a person: the rows are people.
        guess.score -= OWN
    ranked = sorted(strengths.items(), key=lambda item: (-item[1], item[0][1], order[item[0][0]]))
    for (name, place), strength in ranked:
        if name not in taken and place not in used:
            taken[name] = by_place[place]
            used.add(place)
            guess.score += strength
            guess.strengths[name] = strength
    for (name, place), _ in ranked:
        if name in taken and by_place[place] is not taken[name]:
            guess.rivals.setdefault(name, []).append(by_place[place])
    guess.columns = {column.name: taken[column.name] for column in entity.columns if column.name in taken}
    return guess


def _numbered(entity: Entity, profiles: list[Profile]) -> bool:
    """Whether a column, different in every row, is called the number or id of what the entity's rows are."""
    return any(
        one.is_key and any(plain(one.called) == f"{noun} {word}" for noun in nouns(entity.id) for word in IDS)
        for one in profiles
    )


def activity_named(clues: Clues, entity_id: str) -> str | None:
    """What the rows of a table are that is called by a kind of activity, such as tasks."""
    words = plain(clues.table_name).split()
    meant = (
        clues.vocabulary.means(entity_id, "activity_type", one)
        for word in words
        for one in (word, word.removesuffix("s"))
    )
    return next(filter(None, meant), None)


def needs_of(entity: Entity) -> list[str]:
    """What a row of the entity means nothing without."""
    said: list[str] | None = synonyms()["entities"].get(entity.id, {}).get("needs")
    if said is not None:
        return said
    # What recognition holds a file for, but for what a contract may say itself: kinds and states.
    singles = [need[0] for need in entity.needs if len(need) == 1]
    return [need for need in singles if not entity.column(need).one_of]


def guess(profiles: list[Profile], clues: Clues, entity_id: str | None = None) -> Guess | None:
    """The entity that a table most likely holds, or the one that is asked for; None when it fits none."""
    name = f" {plain(re.sub(r'[0-9]', ' ', clues.table_name))} "
    guesses = []
    longest = max(
        (len(noun) for entity_id in entities() for noun in nouns(entity_id) if f" {noun} " in name), default=0
    )
    for entity in entities().values():
        if entity.domain == "lists" or (entity_id and entity.id != entity_id):
            continue
        found = _assigned(entity, profiles, clues)
        called = max((len(noun) for noun in nouns(entity.id) if f" {noun} " in name), default=0)
        # What a name ends with is what it is called, with or without a number: an "account move" is no account.
        last = any(name.strip().endswith(noun) for noun in nouns(entity.id))
        found.score += TABLE_NAME * bool(called) * (0.25 + 0.5 * (called == longest) + 0.25 * last)
        # A table's headers speak of what it holds: "Sales Order Owner".
        of_it = sum(any(plain(one.called).startswith(f"{noun} ") for noun in nouns(entity.id)) for one in profiles)
        found.score += min(NOUNS, 0.7 * of_it) + NUMBERED * (_numbered(entity, profiles))
        needs = [need for need in needs_of(entity) if need != "activity_type" or not activity_named(clues, entity.id)]
        found.score -= NEEDED * sum(need not in found.columns for need in needs)
        made = [key for key in entity.key if key not in found.columns]
        if not entity_id and (len(made) > 1 or len(found.columns) < 2):
            continue
        if made and entity.id in _RECORDS and not entity_id:
            found.score -= KEY
        if len(entity.key) == 1 and not made and not found.columns[entity.key[0]].is_key:
            made = [entity.key[0]]
            found.score -= KEY * (entity.id in _RECORDS)
        found.made_key = made[0] if made else None
        guesses.append(found)
    guesses.sort(key=lambda one: -one.score)
    if not guesses:
        return None
    guesses[0].others = guesses[1:]
    return guesses[0]
