"""What management keeps in sheets, as templates: targets, budgets, costs, absences, rates, advertising, hand-overs."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.columns import cents, days, taken
from pipelines.sample.ledger import summed
from pipelines.sample.noise import Ints
from pipelines.sample.scope import DAY
from pipelines.sample.story import CAMPAIGNS, CHANNEL, CHANNELS
from pipelines.sample.world import World

TARGETS = (
    ("revenue", 0), ("profit", 0), ("representation", 300), ("bonus", 500), ("new_contracts", 4),
    ("outbound_calls", 600),
)  # fmt: skip
DAILY_COST = {"search": 12_900, "brand": 15_700}  # cents
NEWS_COST = 6_000  # a week
POUND_PERMILLE = 1165  # of the euro
NO_RATES_DAYS = 63
FAIR_COST = 1_800_000
# What a client is told of a month that went otherwise.
EXPLANATIONS = (
    "More seats than agreed, from the new office on.",
    "Hours of support beyond the contract, as ordered.",
    "The second delivery moved into the next month.",
)
# What its manager does about it.
ACTIONS = ("New terms offered.", "A meeting on the plan is set.", "Deliveries are looked at each week.")


def rates(world: World) -> pl.DataFrame:
    """The euro's and the pound's rate every Monday; nobody entered the pound's for some weeks of the first months."""
    known, scope = world.rates.days, world.scope
    begins = int(scope.month_starts[scope.part(0.1)])
    # More than a year back, so that a year's figures are known at the end.
    left_out = (known >= begins) & (known < begins + NO_RATES_DAYS) & (begins + NO_RATES_DAYS + 400 < scope.until_day)
    entered = np.flatnonzero(~left_out)
    place = np.concatenate([np.arange(len(known)), entered])
    is_pound = np.repeat(np.array([0, 1]), [len(known), len(entered)])
    rate = world.rates.rates[place]
    return pl.DataFrame({
        "currency": taken(("EUR", "GBP"), is_pound),
        "rate_date": days(known[place]),
        "rate": world.rates.text(
            np.where(is_pound == 1, rate * POUND_PERMILLE // 1000, rate), np.ones(len(place), dtype=np.int64)
        ),
    })  # fmt: skip


def monthly_net(world: World) -> Ints:
    """Net invoiced by CRM account and month, in cents of the account's currency."""
    invoices, scope = world.invoices, world.scope
    account = world.parties.true_account[invoices.party]
    known = invoices.is_issued & (account >= 0)
    cell = account[known] * scope.months + scope.month_of(invoices.issued[known])
    return summed(cell, invoices.net[known], world.parties.accounts * scope.months).reshape(-1, scope.months)


def targets(world: World) -> pl.DataFrame:
    """Monthly targets of everybody who keeps a book: revenue follows what the book brought the year before."""
    scope, people, parties = world.scope, world.people, world.parties
    net = monthly_net(world)
    month = np.arange(scope.months)
    owner = parties.owner_at(np.arange(parties.accounts)[:, None], scope.month_starts[None, :])
    cell = owner * scope.months + month[None, :]
    in_base = np.where(parties.currency[: parties.accounts] == 1, 1085, 1000)[:, None] * net // 1000
    booked = summed(cell.ravel(), in_base.ravel(), people.count * scope.months).reshape(people.count, scope.months)
    rows = []
    for employee in (*people.account_managers.tolist(), people.leaver):
        usual = int(booked[employee].sum()) // max(1, int((booked[employee] > 0).sum()))
        for number in range(scope.months):
            if employee == people.leaver and number >= world.turns.leaver_month:
                continue
            for metric, fixed in TARGETS:
                rise = 900 + 300 * number // scope.months
                rise = rise * 8 // 10 if metric == "profit" else rise
                rows.append((employee, metric, number, fixed or max(usual * rise // 1000 // 100_000 * 1000, 5000)))
    return pl.DataFrame({
        "employee_id": taken(world.ids.user, np.array([row[0] for row in rows])),
        "metric": pl.Series([row[1] for row in rows]),
        "period_start": days(scope.month_starts[np.array([row[2] for row in rows])]),
        "target": pl.Series([row[3] for row in rows]),
    })  # fmt: skip


def budgets(world: World) -> pl.DataFrame:
    """A budget a month for the larger half of the customers: about what they bring, rising."""
    scope, parties, noise = world.scope, world.parties, world.scope.noise
    net = monthly_net(world)
    months_active = np.maximum((net > 0).sum(axis=1), 1)
    usual = net.sum(axis=1) // months_active
    has_one = parties.is_customer[: parties.accounts] & (parties.multiple[: parties.accounts] > 1.2) & (usual > 0)
    account = np.repeat(np.flatnonzero(has_one), scope.months)
    month = np.tile(np.arange(scope.months), int(has_one.sum()))
    runs = month >= parties.first_month[account]
    account, month = account[runs], month[runs]
    hope = noise.whole("budget", account, 900, 1150)
    amount = usual[account] * hope // 1000 * (900 + 250 * month // scope.months) // 1000 // 10_000 * 10_000
    said = np.where(
        noise.chance("budget/said", account, 0.1), noise.whole("budget/why", account, 0, len(EXPLANATIONS) - 1), -1
    )
    return pl.DataFrame({
        "account_id": taken(world.ids.account, account),
        "month": days(scope.month_starts[month]),
        "amount": cents(np.maximum(amount, 10_000)),
        "currency": taken(words.CURRENCIES, parties.currency[account]),
        "explanation": taken(EXPLANATIONS, said),
        "action": taken(ACTIONS, said),
    })  # fmt: skip


def costs(world: World) -> pl.DataFrame:
    """Delivery costs of each account and month that was billed, and entertaining the larger ones."""
    scope, parties, noise = world.scope, world.parties, world.scope.noise
    net = monthly_net(world)
    cell = np.flatnonzero(net.ravel() > 0)
    delivery = net.ravel()[cell] * noise.whole("cost/delivery", cell, 480, 640) // 1000
    fun = cell[(parties.multiple[cell // scope.months] > 2.5) & noise.chance("cost/entertainment", cell, 0.3)]
    spent = noise.whole("cost/entertainment_size", fun, 8_000, 60_000)
    both = np.append(cell, fun)
    kind = np.append(np.zeros(len(cell), np.int64), np.ones(len(fun), np.int64))
    return pl.DataFrame({
        "account_id": taken(world.ids.account, both // scope.months),
        "month": days(scope.month_starts[both % scope.months]),
        "cost_kind": taken(("delivery", "entertainment"), kind),
        "amount": cents(np.append(delivery, spent)),
        "currency": taken(words.CURRENCIES, parties.currency[both // scope.months]),
    })  # fmt: skip


def absences(world: World) -> pl.DataFrame:
    """Holidays and illness."""
    found = world.absences
    return pl.DataFrame({
        "employee_id": taken(world.ids.user, found.employee),
        "starts_on": days(found.first),
        "ends_on": days(found.last),
        "substitute_id": taken(world.ids.user, found.substitute),
    })  # fmt: skip


def account_owners(world: World) -> pl.DataFrame:
    """Who kept the accounts that changed hands, before and after."""
    parties = world.parties
    moved = np.flatnonzero((parties.owner != parties.owner_now) & parties.is_crm)
    moved = moved[parties.created[moved] // DAY < parties.moved_day[moved]]
    account = np.repeat(moved, 2)
    is_after = np.tile([False, True], len(moved))
    return pl.DataFrame({
        "account_id": taken(world.ids.account, account),
        "owner_id": taken(world.ids.user, np.where(is_after, parties.owner_now[account], parties.owner[account])),
        "starts_on": days(np.where(is_after, parties.moved_day[account], parties.created[account] // DAY)),
        "ends_on": days(np.where(is_after, -1, parties.moved_day[account] - 1)),
    })  # fmt: skip


def channel_costs(world: World) -> pl.DataFrame:
    """What advertising cost every day, the news every week, and the fair every spring."""
    scope, turn = world.scope, world.turns
    every_day = np.arange(scope.start_day, scope.until_day + 1)
    starts = np.append(scope.month_starts, scope.until_day + 1)
    rows = []
    for key, cost in DAILY_COST.items():
        first, last = (turn.search_month, scope.months) if key == "search" else turn.brand_months
        runs = every_day[(every_day >= starts[first]) & (every_day < starts[last])]
        swing = scope.noise.whole(f"advertising/{key}", len(runs), 760, 1240)
        rows += [(key, int(day), cost * int(permille) // 1000) for day, permille in zip(runs, swing, strict=True)]
    rows += [("newsletter", int(day), NEWS_COST) for day in every_day[(every_day + 3) % 7 == 0]]
    springs = scope.month_starts[
        (scope.month_starts.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12) == 3
    ]
    rows += [("fair", int(day), FAIR_COST) for day in springs]
    tags = [CHANNELS[CHANNEL[row[0]]] for row in rows]
    return pl.DataFrame({
        "source": pl.Series([tag[1] for tag in tags]),
        "medium": pl.Series([tag[2] for tag in tags]),
        "spent_on": days(np.array([row[1] for row in rows])),
        "amount": cents(np.array([row[2] for row in rows])),
        "currency": pl.Series(["USD"] * len(rows)),
        "goals": _goals(world, [(row[0], row[1]) for row in rows]),
    })  # fmt: skip


def _goals(world: World, spent: list[tuple[str, int]]) -> pl.Series:
    """Enquiries that web analytics counted of a channel and day, of the news those of the week; none of a fair."""
    leads = world.leads
    came = Counter(zip(leads.channel.tolist(), (leads.created // DAY).tolist(), strict=True))
    weeks = {"newsletter": 7}
    return pl.Series([
        None if key == "fair" else sum(came[CHANNEL[key], day - back] for back in range(weeks.get(key, 1)))
        for key, day in spent
    ], dtype=pl.Int64)  # fmt: skip


def campaign_spend(world: World) -> list[int]:
    """What each campaign cost so far, in cents: those of the story, then the news by month."""
    spent = channel_costs(world).with_columns(cents=(pl.col("amount") * 100).round().cast(pl.Int64))

    def of(key: str, *months: pl.Expr) -> int:
        tag = CHANNELS[CHANNEL[key]]
        return int(spent.filter(pl.col("source") == tag[1], pl.col("medium") == tag[2], *months)["cents"].sum())

    month = pl.col("spent_on").dt.truncate("1mo")
    return [
        *(of(key) for key in CAMPAIGNS),
        *(of("newsletter", month == start) for start in days(world.scope.month_starts)),
    ]
