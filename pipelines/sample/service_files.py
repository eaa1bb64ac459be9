"""In templates: what became of cases, what clients wait for, what was out of stock or delivered, who got the news."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.activities import laid_out, weights
from pipelines.sample.columns import blank_unless, cents, days, numbered, taken, times
from pipelines.sample.crm_files import product_codes
from pipelines.sample.documents import served
from pipelines.sample.noise import Bools, Ints
from pipelines.sample.scope import DAY, next_workday
from pipelines.sample.world import World

KINDS = ("project", "milestone", "change", "submission", "report")
TITLES = ("New branch", "Hardware on site", "More seats", "Tender for next year", "Monthly status")


def _came(world: World, condition: Bools, day: Ints) -> Ints:
    """Days on which something happened; -1 where it did not, or had not by the last day."""
    return np.where(condition & (day <= world.scope.until_day), day, -1)


def case_events(world: World) -> pl.DataFrame:
    """Closings, and of some cases an escalation half-way, or a first closing that did not hold."""
    found, noise = served(world), world.scope.noise
    keys, took = found.place, np.where(found.closed >= 0, found.closed - found.opened, 9 * 3600)
    slow = took >= 9 * 3600
    escalated = slow & noise.chance("case/escalated", keys, 0.3)
    reopened = (found.closed >= 0) & slow & noise.chance("case/reopened", keys, 0.3)
    parts = [
        (reopened, "closed", found.opened + took * 4 // 10),
        (reopened, "reopened", found.opened + took * 6 // 10),
        (escalated, "escalated", found.opened + took // 2),
        (found.closed >= 0, "closed", found.closed),
    ]
    return pl.concat([
        pl.DataFrame({
            "case_id": found.ids.filter(pl.Series(is_one)),
            "event": pl.Series([event] * int(is_one.sum()), dtype=pl.String),
            "occurred_at": times(moment[is_one]),
        })
        for is_one, event, moment in parts
    ]).sort("occurred_at", "case_id", "event")  # fmt: skip


def commitments(world: World) -> pl.DataFrame:
    """Projects with a budget, their milestones and changes, tenders, and the reports that clients get."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    count = max(30, scope.accounts * scope.months // 24)
    party, made = laid_out(scope, "commitment", weights(scope, parties), count)
    keys = np.arange(count)
    kind = noise.pick("commitment/kind", keys, [0.15, 0.25, 0.2, 0.1, 0.3])
    internal = next_workday(made + noise.whole("commitment/internal", keys, 8, 45))
    promised = next_workday(internal + noise.whole("commitment/buffer", keys, 0, 12))
    done = next_workday(internal + noise.whole("commitment/done", keys, -5, 20))
    is_change = kind == 2
    approved = made + noise.whole("commitment/approved", keys, 1, 30)
    budget = noise.whole("commitment/budget", keys, 20, 400) * 25_000
    return pl.DataFrame({
        "commitment_id": numbered("SRV-", keys + 1, 5),
        "kind": taken(KINDS, kind),
        "account_id": taken(world.ids.account, party),
        "owner_id": taken(world.ids.user, parties.owner_at(party, made)),
        "project": blank_unless(kind < 3, numbered("P-", party + 1, 4)),
        "title": taken(TITLES, kind),
        "made_on": days(made),
        "internal_on": days(internal),
        "promised_on": days(promised),
        "approved_on": days(_came(world, is_change & noise.chance("commitment/is_approved", keys, 0.75), approved)),
        "done_on": days(_came(world, noise.chance("commitment/is_done", keys, 0.93), np.maximum(done, made))),
        "budget": blank_unless(kind == 0, cents(budget)),
        "spent": blank_unless(kind == 0, cents(budget * noise.whole("commitment/spent", keys, 20, 130) // 100)),
        "currency": taken(words.CURRENCIES, parties.currency[party]),
    })  # fmt: skip


def stock_outs(world: World) -> pl.DataFrame:
    """What clients asked for that was not there, and what came of it."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    count = max(24, scope.accounts * scope.months // 60)
    party, asked = laid_out(scope, "stock_out", weights(scope, parties), count)
    keys, product = np.arange(count), noise.whole("stock_out/product", np.arange(count), 0, len(words.PRODUCTS) - 1)
    outcome = noise.pick("stock_out/outcome", keys, [0.45, 0.25, 0.3])
    closed = _came(world, keys >= 0, next_workday(asked + noise.whole("stock_out/closed", keys, 3, 30)))
    number = noise.whole("stock_out/number", keys, 1, 9)
    price = np.array([row[2] * 100 for row in words.PRODUCTS])[product]
    told = asked + noise.whole("stock_out/told", keys, 0, 4)
    return pl.DataFrame({
        "stock_out_id": numbered("OOS-", keys + 1, 5),
        "account_id": taken(world.ids.account, party),
        "owner_id": taken(world.ids.user, parties.owner_at(party, asked)),
        "product_id": taken(world.ids.product, product),
        "quantity": pl.Series(number),
        "amount": cents(price * number),
        "currency": taken(words.CURRENCIES, parties.currency[party]),
        "asked_on": days(asked),
        "supply_requested_on": days(_came(
            world, noise.chance("stock_out/is_requested", keys, 0.9), asked + noise.whole("stock_out/wait", keys, 0, 3)
        )),
        "told_on": days(_came(world, noise.chance("stock_out/is_told", keys, 0.8), told)),
        "expected_on": days(next_workday(asked + noise.whole("stock_out/expected", keys, 7, 40))),
        "analogue_offered_on": days(_came(world, (outcome == 1) | noise.chance("stock_out/offered", keys, 0.3), asked)),
        "outcome": blank_unless(closed >= 0, taken(("waited", "analogue", "lost"), outcome)),
        "closed_on": days(closed),
    })  # fmt: skip


def deliveries(world: World) -> pl.DataFrame:
    """Order lines of customers: most come on the promised day and whole."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    count = max(40, scope.accounts * scope.months // 12)
    party, ordered = laid_out(scope, "delivery", weights(scope, parties), count)
    keys = np.arange(count)
    number = noise.whole("delivery/number", keys, 1, 20)
    internal = next_workday(ordered + noise.whole("delivery/internal", keys, 3, 15))
    promised = next_workday(internal + noise.whole("delivery/buffer", keys, 0, 5))
    came = next_workday(internal + noise.whole("delivery/came", keys, 0, 4) * noise.whole("delivery/slip", keys, 0, 3))
    came = _came(world, keys >= 0, came)
    short = noise.chance("delivery/short", keys, 0.08)
    return pl.DataFrame({
        "delivery_id": numbered("DN-", keys + 1, 6),
        "order_id": numbered("SO-", keys // 2 + 1, 6),
        "customer_id": taken(world.ids.customer, party),
        "product_id": taken(product_codes(), noise.whole("delivery/product", keys, 0, len(words.PRODUCTS) - 1)),
        "quantity_ordered": pl.Series(number),
        "quantity_delivered": blank_unless(came >= 0, pl.Series(np.where(short, number // 2, number))),
        "ordered_on": days(ordered),
        "internal_on": days(internal),
        "promised_on": days(promised),
        "delivered_on": days(came),
    }).filter(pl.Series(parties.is_customer[party]))  # fmt: skip


def product_uses(world: World) -> pl.DataFrame:
    """How often customers used what they bought, a row a month."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    here = np.flatnonzero(parties.is_customer[: parties.accounts] & parties.is_crm[: parties.accounts])
    party, month = np.repeat(here, scope.months), np.tile(np.arange(scope.months), len(here))
    keys = party * scope.months + month
    used = noise.chance("use/told", keys, 0.8) & (month >= parties.first_month[party])
    used &= scope.month_ends[month] <= scope.until_day
    party, month, keys = party[used], month[used], keys[used]
    return pl.DataFrame({
        "account_id": taken(world.ids.account, party),
        "product_id": taken(product_codes(), noise.whole("use/product", party, 0, len(words.PRODUCTS) - 1)),
        "used_on": days(scope.month_ends[month]),
        "quantity": pl.Series(noise.whole("use/times", keys, 0, 60)),
    })  # fmt: skip


def campaign_members(world: World) -> pl.DataFrame:
    """The news of every month, to most clients and now and then by telephone; some open it, and fewer answer."""
    parties, scope, noise = world.parties, world.scope, world.scope.noise
    here = np.flatnonzero(parties.is_crm[: parties.accounts])
    party, month = np.repeat(here, scope.months), np.tile(np.arange(scope.months), len(here))
    keys = party * scope.months + month
    sent = scope.month_ends[month] - 4 + noise.whole("member/day", keys, 0, 2)
    told = noise.chance("member/told", keys, 0.7) & (parties.created[party] // DAY < sent) & (sent <= scope.until_day)
    party, month, sent, keys = party[told], month[told], sent[told], keys[told]
    by_phone = noise.chance("member/phone", keys, 0.15)
    opened = noise.chance("member/opened", keys, 0.45) & ~by_phone
    answered = noise.chance("member/answered", keys, np.where(by_phone, 0.3, 0.06))
    came = noise.chance("member/came", keys, 0.2)
    is_event = month % 6 == 5
    return pl.DataFrame({
        "member_id": numbered("CM-", np.arange(len(keys)) + 1, 6),
        "campaign_id": taken(world.ids.campaign, month + len(world.ids.campaign) - scope.months),
        "account_id": taken(world.ids.account, party),
        "contact_id": taken(world.ids.contact, world.contacts.first_of_party[party]),
        "kind": taken(("news", "event"), is_event.astype(np.int64)),
        "channel": taken(("email", "phone"), by_phone.astype(np.int64)),
        "invited_on": days(sent),
        "opened_on": days(_came(world, opened, sent + noise.whole("member/open_days", keys, 0, 3))),
        "responded_on": days(_came(world, answered, sent + noise.whole("member/answer_days", keys, 1, 9))),
        "attended_on": days(_came(world, came & is_event, sent + 10)),
        "left_on": days(np.full(len(keys), -1)),
    })  # fmt: skip
