"""The CRM's objects as frames. What the columns are called in the vendor's files is data: `formats.yml`."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.activities import SUBTYPES, TASK, TYPES
from pipelines.sample.columns import blank_unless, cents, days, numbered, record_ids, taken, times, whole
from pipelines.sample.contacts import NO_NUMBER, spelled, spelling_of
from pipelines.sample.deals import FORECASTS, LEAD_STATUSES, PROBABILITIES, REASONS, STAGES, WON
from pipelines.sample.noise import Ints
from pipelines.sample.parties import SIZES
from pipelines.sample.people import GRADES
from pipelines.sample.scope import DAY
from pipelines.sample.story import CAMPAIGNS, CHANNEL, CHANNELS, PART
from pipelines.sample.world import World

TIERS = ("Enterprise", "Mid-market", "Small business")
# What an opportunity was first thought to be worth, in percent, and days from its close date to the first one.
GUESSED_PERCENT, GUESSES = (100, 80, 90, 115, 130), [0.6, 0.12, 0.12, 0.08, 0.08]
HOPED_DAYS, HOPES = (0, -14, -35, -60, 30), [0.55, 0.15, 0.12, 0.08, 0.1]
ROLES = ("Decision maker", "Decision maker", "Decision maker", "Influencer", "User", "User", "Accountant", "User")


def tax_numbers(world: World) -> pl.Series:
    """Every company's tax number."""
    codes = [words.COUNTRIES[country].code for country in world.parties.country]
    number = 100_000_000 + (np.arange(world.parties.count) * 7_919_113 + 4_321_987) % 900_000_000
    return taken(codes, np.arange(world.parties.count)) + pl.Series(number).cast(pl.String)


def addresses(world: World) -> dict[str, pl.Series]:
    """Street, city, postal code and country of every company."""
    noise, country = world.scope.noise, world.parties.country
    places = [words.COUNTRIES[position] for position in country]
    street = noise.whole("street", len(country), 0, 5)
    number = noise.whole("street/number", len(country), 1, 140)
    return {
        "street": pl.Series(
            [f"{words.STREETS[p.words][s]} {n}" for p, s, n in zip(places, street, number, strict=True)]),
        "city": pl.Series([p.cities[c] for p, c in zip(places, noise.whole("city", len(country), 0, 4), strict=True)]),
        "postal_code": pl.Series(noise.whole("postal", len(country), 10_000, 98_999)).cast(pl.String),
        "country": pl.Series([p.name for p in places], dtype=pl.String),
    }  # fmt: skip


def tiers(world: World) -> Ints:
    """Position in TIERS of every company."""
    return 2 - np.searchsorted([SIZES[1], SIZES[0]], world.parties.multiple)


def _channel_names(world: World, channel: Ints) -> pl.Series:
    return taken([row[4] for row in CHANNELS], channel)


def accounts(world: World) -> pl.DataFrame:
    """Accounts, and the duplicate that was merged: a deleted row that names its survivor."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    shown = np.append(np.arange(parties.accounts), parties.duplicate)
    names = pl.Series(parties.names)
    # Somebody typed a blank behind some names.
    names = pl.select(
        pl.when(pl.Series(noise.chance("name/blank", parties.count, 0.02))).then(names + " ").otherwise(names)
    ).to_series()
    place = addresses(world)
    street = place["street"].to_list()
    street[PART["rhine_group"]] += "\nTor 3, Gebäude B"
    is_duplicate = shown == parties.duplicate
    left = parties.last_month < scope.months
    status = np.where(~parties.is_customer, 0, np.where(left, 2, 1))
    status[PART["quiet"]] = 1  # nobody has noticed yet
    merged_at = int(scope.month_starts[world.turns.merged_month]) * DAY + 10 * 3600
    touched = parties.created + (noise.uniform("account/touched", parties.count) * (
        (scope.until_day + 1) * DAY - parties.created)).astype(np.int64)  # fmt: skip
    frame = pl.DataFrame({
        "id": world.ids.account,
        "name": names,
        "parent_id": taken(world.ids.account, parties.parent),
        "owner_id": taken(world.ids.user, parties.owner_now),
        "type": taken(("Prospect", "Customer", "Former customer"), status),
        "industry": taken(words.INDUSTRIES, parties.industry),
        "segment": taken(TIERS, tiers(world)),
        "street": pl.Series(street),
        "city": place["city"],
        "postal_code": place["postal_code"],
        "country": place["country"],
        "phone": spelled(world.main_numbers, parties.country, spelling_of(scope, "account", parties.count)),
        "website": "https://www." + pl.Series(parties.domains),
        "account_number": numbered("A", np.arange(parties.count) + 1001, 6),
        "tax_id": blank_unless(noise.uniform("account/tax", parties.count) < 0.7, tax_numbers(world)),
        "currency": taken(words.CURRENCIES, parties.currency),
        "master_id": pl.Series([None] * (parties.count - 1) + [world.ids.account[PART["survivor"]]], dtype=pl.String),
        "is_deleted": pl.Series(np.arange(parties.count) == parties.duplicate),
        "created": times(parties.created),
        "modified": times(np.where(np.arange(parties.count) == parties.duplicate, merged_at, touched)),
    })  # fmt: skip
    return frame[shown[np.lexsort((is_duplicate, parties.created[shown]))]]


def contacts(world: World) -> pl.DataFrame:
    """People at the accounts."""
    people, parties, scope = world.contacts, world.parties, world.scope
    count, country = len(people.party), parties.country[people.party]
    was_won = parties.acquired_month[people.party] >= 0
    born = -scope.noise.whole("contact/born", count, 365, 19 * 365)  # between 1951 and 1969
    birthday = pl.Series(born.astype(np.int32)).cast(pl.Date)
    created = parties.created[people.party] + scope.noise.whole("contact/created", count, 0, 60) * 3600
    # Who is not the first of a company may have come to it later.
    is_later = (np.arange(count) != people.first_of_party[people.party]) & (people.mobile == NO_NUMBER)
    is_later &= scope.noise.chance("contact/later", count, 0.4)
    share = scope.noise.uniform("contact/how_late", count)
    share[np.flatnonzero(is_later)[-1:]] = 0.999
    created = np.where(is_later, created + (share * ((scope.until_day - 1) * DAY - created)).astype(np.int64), created)
    return pl.DataFrame({
        "id": world.ids.contact,
        "account_id": taken(world.ids.account, people.party),
        "first_name": people.names.str.split(" ").list.get(0),
        "last_name": people.names.str.split(" ").list.get(1),
        "name": people.names,
        "email": people.emails,
        "phone": spelled(people.phone, country, spelling_of(scope, "phone", count)),
        "mobile": spelled(people.mobile, country, spelling_of(scope, "mobile", count), is_mobile=True),
        "title": taken(words.JOB_TITLES, people.title),
        "role": taken(ROLES, people.title),
        "birth_date": blank_unless(scope.noise.chance("contact/birthday", count, 0.3), birthday),
        "source": _channel_names(world, np.where(was_won, parties.channel[people.party], -1)),
        "owner_id": taken(world.ids.user, parties.owner_now[people.party]),
        "created": times(np.minimum(created, (scope.until_day + 1) * DAY - 1)),
    })  # fmt: skip


def users(world: World) -> pl.DataFrame:
    """The employees."""
    people = world.people
    position = np.arange(people.count)
    is_active = position != people.leaver
    profile = np.where(position == 0, -1, np.where(np.array(people.grades) == GRADES[4], 0, 1))
    profile[-1] = 2  # one is to find new customers
    return pl.DataFrame({
        "id": world.ids.user,
        "name": pl.Series(people.names),
        "email": pl.Series(people.emails),
        "manager_id": taken(world.ids.user, people.managers),
        "title": pl.Series(people.grades),
        "department": pl.Series(people.teams),
        "role_profile": taken(("agency", "key_account", "hunter"), profile),
        "is_active": pl.Series(is_active),
        "extension": pl.Series(people.extensions),
        "active_from": days(people.created // DAY),
        "active_to": days(np.where(is_active, -1, world.turns.leaver_day - 1)),
        "created": times(people.created),
    })  # fmt: skip


def campaign_of(channel: Ints) -> Ints:
    """Position of a channel's campaign; -1 for channels without one."""
    campaigns = np.full(len(CHANNELS), -1)
    campaigns[[CHANNEL[key] for key in CAMPAIGNS]] = range(len(CAMPAIGNS))
    return np.where(channel >= 0, campaigns[np.maximum(channel, 0)], -1)


def campaigns(world: World, spent: list[int]) -> pl.DataFrame:
    """The campaigns with what they cost so far, in cents; the news of every month goes out in its last week."""
    starts, ends, turn, until = world.scope.month_starts, world.scope.month_ends, world.turns, world.scope.until_day
    news = ends - 4
    first = np.append([starts[turn.search_month], starts[turn.brand_months[0]], starts[0]], news)
    last = np.append([-1, ends[turn.brand_months[1] - 1], -1], news + 2)
    months = [f"{CHANNELS[CHANNEL['newsletter']][3]} {str(month)[:7]}" for month in starts.astype("datetime64[D]")]
    is_over = (last >= 0) & (last <= until)
    return pl.DataFrame({
        "id": world.ids.campaign,
        "name": pl.Series([*(CHANNELS[CHANNEL[key]][3] for key in CAMPAIGNS), *months]),
        "type": pl.Series(["Paid search", "Paid social", "Trade fair", *["Email"] * len(news)]),
        "status": taken(("In Progress", "Completed"), is_over.astype(np.int64)),
        "starts": days(first),
        "ends": days(last),
        "cost": cents(np.array(spent)),
        "is_active": pl.Series(~is_over),
        "created": times(first * DAY - 6 * DAY + 9 * 3600),
    })  # fmt: skip


def products(world: World) -> pl.DataFrame:
    """The catalogue."""
    count = len(words.PRODUCTS)
    return pl.DataFrame({
        "id": world.ids.product.head(count),
        "name": pl.Series([row[0] for row in words.PRODUCTS]),
        "code": product_codes(),
        "family": pl.Series([row[1] for row in words.PRODUCTS]),
        "list_price": cents(np.array([row[2] * 100 for row in words.PRODUCTS])),
        "created": times(np.full(count, (world.scope.start_day - 900) * DAY)),
    })  # fmt: skip


def product_codes() -> pl.Series:
    """The codes by which the billing system names the products too."""
    return pl.Series(
        [f"{words.slug(row[1])[:3].upper()}-{position + 10}" for position, row in enumerate(words.PRODUCTS)]
    )


def leads(world: World) -> pl.DataFrame:
    """Enquiries, those that became accounts and those that did not."""
    found, parties, contacts_, noise = world.leads, world.parties, world.contacts, world.scope.noise
    count = len(found.party)
    became = found.party >= 0
    first = np.where(became, contacts_.first_of_party[np.maximum(found.party, 0)], -1)
    firsts, lasts = (list(names["english"].split()) for names in (words.FIRST_NAMES, words.LAST_NAMES))
    one, two = noise.whole("lead/first", count, 0, len(firsts) - 1), noise.whole("lead/last", count, 0, len(lasts) - 1)
    invented = taken(firsts, one) + " " + taken(lasts, two)
    stems, trades = (
        ["Alder", "Bracken", "Cobalt", "Dapple", "Ember", "Fallow", "Garnet"],
        ["Works", "Partners", "Studio", "Supply", "Group"],
    )
    companies = [f"{stem} {trade}" for stem in stems for trade in trades]
    company = taken(companies, noise.whole("lead/company", count, 0, len(companies) - 1))
    email = (taken([words.slug(name) for name in firsts], one) + "." + taken([words.slug(name) for name in lasts], two)
             + pl.Series(np.arange(count)).cast(pl.String) + "@enquiry.example")  # fmt: skip
    known = pl.Series(became)
    name = pl.select(pl.when(known).then(taken(contacts_.names, first)).otherwise(invented)).to_series()
    converted = np.where(became, parties.created[np.maximum(found.party, 0)], -1)
    # Somebody who wrote left a phone number in half the cases.
    phone = spelled(world.lead_numbers, found.country, spelling_of(world.scope, "lead", count))
    has_phone = (found.by_phone == 1) | noise.chance("lead/phone", count, 0.5)
    return pl.DataFrame({
        "id": world.ids.lead,
        "name": name,
        "first_name": name.str.split(" ").list.get(0),
        "last_name": name.str.split(" ").list.get(1),
        "company": pl.select(pl.when(known).then(taken(parties.names, found.party)).otherwise(company)).to_series(),
        "email": pl.select(pl.when(known).then(taken(contacts_.emails, first)).otherwise(email)).to_series(),
        "phone": blank_unless(has_phone, phone),
        "source": _channel_names(world, found.channel),
        "status": taken(LEAD_STATUSES, found.status),
        "owner_id": taken(world.ids.user, found.owner),
        "is_converted": pl.Series(became),
        "converted": days(np.where(became, converted // DAY, -1)),
        "account_id": taken(world.ids.account, found.party),
        "contact_id": taken(world.ids.contact, first),
        "deal_id": taken(world.ids.deal, found.deal),
        "created": times(found.created),
    })  # fmt: skip


def opportunities(world: World) -> pl.DataFrame:
    """Opportunities in the order of their creation."""
    deals, parties, contacts_ = world.deals, world.parties, world.contacts
    is_closed = deals.stage >= WON
    lead = np.full(deals.count, -1)
    linked = np.flatnonzero(world.leads.deal >= 0)
    lead[world.leads.deal[linked]] = linked
    names = taken(parties.names, deals.party) + " - " + taken([row[0] for row in words.PRODUCTS], deals.product)
    is_new = deals.is_first == 1
    campaign = np.where(parties.acquired_month[deals.party] >= 0, campaign_of(deals.channel), -1)
    frame = pl.DataFrame({
        "id": world.ids.deal,
        "account_id": taken(world.ids.account, deals.party),
        "contact_id": taken(world.ids.contact, contacts_.first_of_party[deals.party]),
        "lead_id": taken(world.ids.lead, lead),
        "owner_id": taken(world.ids.user, deals.owner),
        "name": names,
        "stage": taken(STAGES, deals.stage),
        "amount": cents(deals.amount),
        "currency": taken(words.CURRENCIES, parties.currency[deals.party]),
        "probability": pl.Series(np.array(PROBABILITIES)[deals.stage]),
        "forecast": taken(FORECASTS, deals.stage),
        "type": taken(("Existing Business", "New Business"), is_new.astype(np.int64)),
        "source": _channel_names(world, np.where(parties.acquired_month[deals.party] >= 0, deals.channel, -1)),
        "campaign_id": taken(world.ids.campaign, campaign),
        "product_id": taken(world.ids.product, deals.product),
        "reason": taken(REASONS, deals.reason),
        "is_closed": pl.Series(is_closed),
        "is_won": pl.Series(deals.stage == WON),
        "closes": days(deals.closed // DAY),
        "created": times(deals.created),
    })  # fmt: skip
    return frame[np.argsort(deals.created, kind="stable")]


def history(world: World) -> pl.DataFrame:
    """The stages that every opportunity entered, with what was hoped for then."""
    stages, deals, noise = world.stages, world.deals, world.scope.noise
    keys = np.arange(deals.count)
    guess = np.array(GUESSED_PERCENT)[noise.pick("deal/guess", keys, GUESSES)]
    hope = np.array(HOPED_DAYS)[noise.pick("deal/hope", keys, HOPES)]
    is_early = stages.stage < deals.reached[stages.deal]
    amount = deals.amount[stages.deal]
    guessed = amount * guess[stages.deal] // 10000 * 100
    closes = deals.closed[stages.deal] // DAY
    hoped = np.maximum(closes + hope[stages.deal], deals.created[stages.deal] // DAY + 7)
    return pl.DataFrame({
        "id": record_ids("008", len(stages.deal)),
        "deal_id": taken(world.ids.deal, stages.deal),
        "stage": taken(STAGES, stages.stage),
        "amount": cents(np.where(is_early & (guess[stages.deal] != 100), guessed, amount)),
        "probability": pl.Series(np.array(PROBABILITIES)[stages.stage]),
        "forecast": taken(FORECASTS, stages.stage),
        "closes": days(np.where(is_early, hoped, closes)),
        "user_id": taken(world.ids.user, deals.owner[stages.deal]),
        "created": times(stages.entered),
    })  # fmt: skip


def tasks(world: World) -> pl.DataFrame:
    """Tasks: logged calls, e-mails, proposals, things to do."""
    found = world.tasks
    done = found.is_done == 1
    about = pl.select(
        pl.when(pl.Series(found.deal) >= 0)
        .then(taken(world.ids.deal, found.deal))
        .otherwise(taken(world.ids.account, found.party))
    ).to_series()
    status = np.where(done, 0, np.where(found.due_day < world.scope.until_day, 1, 2))
    # What is to be done is ticked off on the day it is due; the rest is entered when it has happened.
    finished = np.where(found.kind == TASK, found.due_day * DAY + 16 * 3600, found.happened)
    return pl.DataFrame({
        "id": record_ids("00T", len(found.kind)),
        "account_id": taken(world.ids.account, found.party),
        "who_id": taken(world.ids.contact, found.contact),
        "what_id": about,
        "owner_id": taken(world.ids.user, found.owner),
        "subject": found.subject,
        "due": days(found.due_day),
        "status": taken(("Completed", "In Progress", "Not Started"), status),
        "subtype": taken(SUBTYPES, found.kind),
        "type": taken(TYPES, found.kind),
        "call_type": taken(("Outbound", "Inbound"), found.call_direction),
        "call_seconds": whole(found.call_seconds),
        "disposition": found.disposition,
        "is_closed": pl.Series(done),
        "completed": times(np.where(done, finished, -1)),
        "created": times(found.created),
    })  # fmt: skip


def events(world: World) -> pl.DataFrame:
    """Meetings in the calendar."""
    found = world.meetings
    order = np.argsort(found.created, kind="stable")
    return pl.DataFrame({
        "id": record_ids("00U", len(order)),
        "account_id": taken(world.ids.account, found.party[order]),
        "who_id": taken(world.ids.contact, found.contact[order]),
        "what_id": taken(world.ids.deal, found.deal[order]),
        "owner_id": taken(world.ids.user, found.owner[order]),
        "subject": found.subject.gather(order),
        "location": found.location.gather(order),
        "starts": times(found.starts[order]),
        "ends": times(found.ends[order]),
        "minutes": pl.Series((found.ends - found.starts)[order] // 60),
        "day": days(found.starts[order] // DAY),
        "created": times(found.created[order]),
    })  # fmt: skip
