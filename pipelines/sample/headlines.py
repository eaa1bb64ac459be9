"""The headlines of a sample, from what its world holds: every number that a director would ask for first.

Nothing here reads a file of the sample or knows how it is written. Money is in cents, or in ten-thousandths of the base
currency, rounded row by row, where it says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import holidays
import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.calls import ANSWERED, VOICEMAIL
from pipelines.sample.chasing import worklist
from pipelines.sample.columns import days
from pipelines.sample.deals import WON
from pipelines.sample.indicators import concentration, exposure, items
from pipelines.sample.ledger import REVERSAL, WRITE_OFF, summed
from pipelines.sample.noise import Bools, Ints
from pipelines.sample.scope import DAY
from pipelines.sample.side_billing import CURRENCIES
from pipelines.sample.world import World
from pipelines.settings import Settings

PATIENCE_SECONDS = 15  # who gave up sooner was not missed
HOME_COUNTRY = str(Settings.model_fields["default_country"].default)  # whose holidays are kept: nothing else is set
OPENS, CLOSES = 9 * 3600, 17 * 3600
WINDOW_SECONDS = 8 * 3600  # of business: two misses of a caller that are further apart are two cases


def in_base(world: World, currency: Ints, cents: Ints, day: Ints) -> Ints:
    """Ten-thousandths of the base currency of amounts in dollars or euro, each rounded by itself."""
    rate = np.where(currency == 0, 10_000, world.rates.on(day))
    return (cents * rate + 50) // 100


def mrr(world: World) -> pl.DataFrame:
    """What all subscriptions are worth a month at each month's end, in the base currency's ten-thousandths."""
    ends, found = world.scope.month_ends, world.subscriptions
    currency = world.parties.currency[found.party]
    worth = [
        int(in_base(world, currency, found.worth(end), np.full(len(currency), end)).sum()) for end in ends.tolist()
    ]
    return pl.DataFrame({"month": days(world.scope.month_starts), "mrr": worth})


def won(world: World) -> pl.DataFrame:
    """Deals won by month: how many, and for how much in the base currency's ten-thousandths at their day's rate."""
    deals, scope = world.deals, world.scope
    chosen = np.flatnonzero((deals.stage == WON) & (deals.closed // DAY >= scope.start_day))
    day = deals.closed[chosen] // DAY
    amount = in_base(world, world.parties.currency[deals.party[chosen]], deals.amount[chosen], day)
    month = scope.month_of(day)
    return pl.DataFrame({
        "month": days(scope.month_starts),
        "won": np.bincount(month, minlength=scope.months),
        "amount": summed(month, amount, scope.months),
    })  # fmt: skip


def open_deals(world: World) -> pl.DataFrame:
    """Deals open at the end of every Sunday and of the last day."""
    deals, scope = world.deals, world.scope
    sundays = [day for day in range(scope.start_day, scope.until_day + 1) if (day + 3) % 7 == 6]
    asked = sorted({*sundays, scope.until_day})
    closed = np.where(deals.stage >= WON, deals.closed // DAY, 1 << 40)
    created = deals.created // DAY
    return pl.DataFrame({
        "day": days(np.array(asked)),
        "open": [int(np.count_nonzero((created <= day) & (closed > day))) for day in asked],
    })  # fmt: skip


def pipeline(world: World) -> pl.DataFrame:
    """What is open in the pipeline on the last day, by currency, in cents."""
    deals = world.deals
    is_open = deals.stage < WON
    totals = summed(world.parties.currency[deals.party[is_open]], deals.amount[is_open], len(words.CURRENCIES))
    return pl.DataFrame({"currency": list(words.CURRENCIES), "amount": totals})


def _missed(world: World) -> Bools:
    calls = world.calls
    gave_up = (calls.status != VOICEMAIL) & (calls.wait < PATIENCE_SECONDS)
    missed: Bools = calls.is_inbound & (calls.status != ANSWERED) & ~gave_up
    return missed


def unanswered(world: World) -> pl.DataFrame:
    """Inbound calls by day: all, those that were taken, and those that were missed, voicemails among them."""
    calls, scope = world.calls, world.scope
    day, count = calls.started // DAY - scope.start_day, scope.until_day - scope.start_day + 1
    found = {
        "inbound": calls.is_inbound,
        "answered": calls.is_inbound & (calls.status == ANSWERED),
        "missed": _missed(world),
    }
    return pl.DataFrame({
        "day": days(np.arange(count) + scope.start_day),
        **{name: np.bincount(day[chosen], minlength=count)[:count] for name, chosen in found.items()},
    })  # fmt: skip


def _business_clock(world: World) -> Callable[[int], int]:
    """Seconds for which the business was open up to a moment: from Monday to Friday, but for public holidays."""
    first, count = world.scope.start_day, world.scope.until_day - world.scope.start_day + 2
    asked = [date(1970, 1, 1) + timedelta(days=first + place) for place in range(count)]
    free = holidays.country_holidays(HOME_COUNTRY, years=range(asked[0].year, asked[-1].year + 1))
    works = np.array([day.weekday() < 5 and day not in free for day in asked])
    before = np.cumsum(works) - works

    def clock(moment: int) -> int:
        day, second = divmod(moment, DAY)
        today = works[day - first] * (min(max(second, OPENS), CLOSES) - OPENS)
        return int(before[day - first] * (CLOSES - OPENS) + today)

    return clock


def callbacks(world: World) -> pl.DataFrame:
    """How long callers whom we missed waited for the next talk with us, whoever rang, in business minutes by case."""
    calls, missed, clock = world.calls, _missed(world), _business_clock(world)
    talked = calls.status == ANSWERED
    chosen = np.flatnonzero((calls.number > 0) & (missed | talked))
    # At the same second the talk comes first.
    chosen = chosen[np.lexsort((missed[chosen], calls.started[chosen], calls.number[chosen]))]
    waiting: list[int] = []
    found: list[tuple[int, float]] = []
    number = latest = -1
    for place in chosen.tolist():
        if calls.number[place] != number:
            number, waiting = int(calls.number[place]), []
        now = clock(int(calls.started[place]))
        if missed[place]:
            if not waiting or now - latest > WINDOW_SECONDS:
                waiting.append(place)
            latest = now
        else:
            found += [(at, (now - clock(int(calls.started[at]))) / 60) for at in waiting]
            waiting = []
    return pl.DataFrame(
        {"missed_on": days(calls.started[[at for at, _ in found]] // DAY), "minutes": [wait for _, wait in found]}
    )


def receivables(world: World) -> pl.DataFrame:
    """What every customer of every billing system owes on the last day, and what of it is overdue, in cents.

    What is in a customer's favour on one invoice pays no other.
    """
    rows = [
        (item.document[0], item.party, item.currency, item.open, item.open if item.due < world.scope.until_day else 0)
        for item in items(world)
    ]
    frame = pl.DataFrame(rows, schema=["system", "party", "currency", "open", "overdue"], orient="row")
    return frame.group_by("system", "party", "currency").agg(pl.col("open", "overdue").sum()).sort("system", "party")


def over_applied(world: World) -> pl.DataFrame:
    """What was put on invoices above what they owe, by customer, in cents: a credit of the customer's."""
    parties, balance = world.parties, world.ledger.balance
    totals = summed(world.invoices.party, np.maximum(-balance, 0), parties.count)
    party = np.flatnonzero(totals)
    currency = [words.CURRENCIES[code] for code in parties.currency[party].tolist()]
    return pl.DataFrame({"party": party, "currency": currency, "credit": totals[party]})


def collected(world: World) -> pl.DataFrame:
    """Cash by month and currency, in cents: what came in less what went back."""
    scope, pay, other = world.scope, world.ledger.payments, world.ledger.adjustments
    back = other.kind != WRITE_OFF
    payer = np.where(other.kind == REVERSAL, pay.party[other.payment], world.invoices.party[other.invoice])
    refunded = pay.refund_day >= 0
    code = world.parties.currency
    moves = [
        (pay.received, code[pay.party], pay.amount),
        (pay.refund_day[refunded], code[pay.party[refunded]], -pay.refunded[refunded]),
        (other.day[back], code[payer[back]], -other.amount[back]),
    ]
    for side in (world.cards, world.branch):
        got = side.receipts
        came, went = got.is_failed == 0, got.refunded_day >= 0
        moves += [
            (got.received[came], got.currency[came], got.amount[came]),
            (got.refunded_day[went], got.currency[went], -got.amount[went]),
        ]
    totals = np.zeros(scope.months * len(CURRENCIES), dtype=np.int64)
    for day, currency, amount in moves:
        totals += summed(scope.month_of(day) * len(CURRENCIES) + currency, amount, len(totals))
    return pl.DataFrame({
        "month": days(np.repeat(scope.month_starts, len(CURRENCIES))),
        "currency": list(CURRENCIES) * scope.months,
        "collected": totals,
    })  # fmt: skip


def headlines(world: World) -> dict[str, pl.DataFrame]:
    """All of them, by name."""
    made = (
        mrr, won, open_deals, pipeline, unanswered, callbacks, receivables, over_applied, collected, exposure,
        concentration, worklist,
    )  # fmt: skip
    return {make.__name__: make(world) for make in made}
