"""Random subscriptions, and what the definitions say of them month by month (V2 to V7), in plain Python.

Every stream is a billing system of its own. Its customers begin and end within months and on their edges, pause, swap plans,
are billed by odd intervals and in several currencies, and some rows lack a price, an interval, a start or an end.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

from tests.support.chance import chance
from tests.support.known import known
from tests.support.oracle import ZONE, days, month_end, months, months_before, movement, parameter, ratio
from tests.support.rates import CURRENCIES, rate

FIRST, LAST = date(2023, 12, 1), date(2025, 11, 30)
EDGES = ("2024-01-31", "2024-02-29", "2024-03-01", "2024-12-31", "2025-01-01", "2025-02-28", "2025-04-20", "2025-04-21")
# Nobody knows what a zloty is worth. Before this day nothing is priced in it, so that some months are wholly known.
UNRATED_SINCE = date(2025, 6, 1)
PER_MONTH = {"day": Fraction(365, 12), "week": Fraction(52, 12), "month": Fraction(1), "year": Fraction(1, 12)}
STORIES = (
    "steady", "within a month", "swap", "repriced", "paused", "paused by price", "odd", "annual", "no end", "no start", "no price",
    "no interval", "no count", "backwards", "later", "foreign", "many",
)  # fmt: skip
MONEYS = ("new", "expansion", "contraction", "churned", "reactivated")
Row = dict[str, Any]


class Stream:
    """The exports of one billing system."""

    def __init__(self, seed: int) -> None:
        """Tells some stories of each of six customers."""
        self.random, self.system = chance(seed), f"b{seed:02}"
        self.rows: list[Row] = []
        self.customers = [
            {"_system": self.system, "customer_id": f"C{place}", "name": f"{self.system} C{place}"}
            for place in range(6)
        ]
        for customer in self.customers:
            for _ in range(self.random.choice((1, 2, 3))):
                self.tell(customer["customer_id"], self.random.choice(STORIES))

    def __repr__(self) -> str:
        """Its name and what it exported."""
        return "\n".join([f"stream {self.system}", *map(str, self.rows)])

    def day(self) -> date:
        """A day, at an edge of a month or anywhere."""
        edge = date.fromisoformat(self.random.choice(EDGES))
        return self.random.choice((edge, edge, FIRST + days(self.random.randrange((LAST - FIRST).days))))

    def add(self, customer: str, first: date | None, last: date | None = None, **more: Any) -> Row:
        """A subscription, as the newest export knows it."""
        row = {
            "_system": self.system, "subscription_id": f"S{len(self.rows)}", "customer_id": customer, "currency": "EUR",
            "unit_price": self.random.choice((10, 99.95, 120, 1000)), "quantity": self.random.choice((1, 3, None)),
            "interval_unit": "month", "interval_count": self.random.choice((1, None)), "started_on": first, "ended_on": last,
            "_known_at": "2026-01-01T00:00:00Z",
        } | more  # fmt: skip
        if row["currency"] == "PLN" and (first or FIRST) < UNRATED_SINCE:
            row["currency"] = "SEK"
        self.rows.append(row)
        return row

    def tell(self, customer: str, story: str) -> None:
        """One story."""
        pick, first = self.random.choice, self.day()
        last = first + days(pick((0, 27, 31, 92, 400)))
        if story == "within a month":
            self.add(customer, first, month_end(first) - days(pick((0, 1))))
        elif story == "swap":
            self.add(customer, first, last)
            self.add(customer, last + days(pick((1, 1, 2, 40))), interval_unit="year", unit_price=pick((1440, 600)))
        elif story in ("repriced", "paused by price"):
            row = self.add(customer, first, pick((None, last)))
            known = first
            for price in (
                pick((row["unit_price"], 0 if story == "paused by price" else 55)),
                pick((row["unit_price"], 77)),
                80,
            ):
                known += days(pick((0, 15, 31, 70)))
                at = f"{known}T{pick(('00', '12', '22', '23'))}:30:00Z"
                self.rows.append(row | {"unit_price": price, "_known_at": at, "_file_sha256": f"{len(self.rows):064}"})
            # The first export is the oldest one.
            row["_known_at"] = f"{first - days(3)}T00:00:00Z"
        elif story == "paused":
            self.add(customer, first, last)
            self.add(customer, last + days(pick((20, 61, 95, 130))), None)
        elif story == "odd":
            unit, count = pick((("day", 1), ("day", 10), ("week", 1), ("week", 7), ("month", 5), ("year", 2)))
            self.add(customer, first, pick((None, last)), interval_unit=unit, interval_count=count)
        elif story == "annual":
            self.add(customer, first, first + days(364), interval_unit="year", interval_count=1, unit_price=1234.56)
        elif story == "later":
            self.add(customer, LAST + days(pick((1, 20))))
        elif story == "backwards":
            self.add(customer, first, first - days(1))
        elif story == "many":
            for currency in CURRENCIES:
                self.add(customer, first, pick((None, last)), currency=currency)
        else:
            self.add(customer, first, pick((None, last)), **{
                "no end": {"ended_on": None}, "no start": {"started_on": None}, "no price": {"unit_price": None},
                "no interval": {"interval_unit": None}, "no count": {"interval_count": 0},
                "foreign": {"currency": pick(CURRENCIES)},
            }.get(story, {}))  # fmt: skip


def known_on(row: Row) -> date:
    """The day on which an export said it."""
    return datetime.fromisoformat(row["_known_at"]).astimezone(ZONE).date()


def worth(row: Row) -> Fraction | None:
    """What a subscription is worth a month (V2); None where price or interval are not known."""
    count = Fraction(1 if row["interval_count"] is None else row["interval_count"])
    if row["unit_price"] is None or row["interval_unit"] is None or not count:
        return None
    quantity = Fraction(1 if row["quantity"] is None else row["quantity"])
    return Fraction(str(row["unit_price"])) * quantity * PER_MONTH[row["interval_unit"]] / count


@dataclass
class Book:
    """All streams' subscriptions, as a run of a day knows them."""

    rows: list[Row]
    as_of: date

    @cached_property
    def versions(self) -> dict[str, list[list[Row]]]:
        """By account, each subscription's versions, the oldest first."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows:
            found[row["_system"], row["subscription_id"]].append(row)
        accounts: dict[str, list[list[Row]]] = defaultdict(list)
        for (system, _), versions in found.items():
            versions.sort(key=lambda row: row["_known_at"])
            newest = versions[-1]
            if not newest["started_on"] or newest["started_on"] <= self.as_of:
                accounts[f"{system}:{newest['customer_id']}"].append(versions)
        return accounts

    def priced(self, versions: list[Row], day: date) -> Row | None:
        """The version whose price stands on a day; None where the subscription does not run on it."""
        newest = versions[-1]
        if newest["ended_on"] and day > newest["ended_on"]:
            return None
        told = [row for row in versions[1:] if known_on(row) <= self.as_of]
        if not newest["started_on"]:
            return newest | {"unit_price": None}
        if day < newest["started_on"]:
            return None
        standing = versions[0]
        for row in told:
            if known_on(row) <= day:
                standing = row
        return standing

    def amounts(self, account: str, day: date) -> tuple[dict[str, list[Fraction]], dict[str, int]]:
        """What runs on a day, by currency, and how many rows count for nothing."""
        found: dict[str, list[Fraction]] = defaultdict(list)
        nothing: dict[str, int] = defaultdict(int)
        for versions in self.versions[account]:
            row = self.priced(versions, day)
            if row and (amount := worth(row)) is not None:
                found[versions[-1]["currency"]].append(amount)
            elif row:
                nothing[versions[-1]["currency"]] += 1
        return found, nothing

    @cached_property
    def months(self) -> list[date]:
        """First days of the months up to the day's."""
        return months(FIRST, self.as_of)

    @cached_property
    def begun(self) -> date:
        """The first month in which anything is known to run, be it without a rate."""
        return min(
            month for month in self.months for account in self.versions
            if any(amount for mine in self.amounts(account, self.measured(month))[0].values() for amount in mine)
        )  # fmt: skip

    def measured(self, month: date) -> date:
        """The month's end, or the day in the month that runs."""
        return min(month_end(month), self.as_of)

    def compared(self, account: str, month: date, before: date) -> tuple[Fraction | None, int]:
        """What ran in a month before at the rates of this one (None: not to be told), and amounts without a rate.

        What has no rate or no price is not compared, in any currency of the account.
        """
        day = self.measured(month)
        now, nothing = self.amounts(account, day)
        earlier, nothing_then = self.amounts(account, self.measured(before)) if before >= FIRST else ({}, {})
        opening, missing, is_known = Fraction(0), 0, True
        for currency in CURRENCIES:
            was, at = sum(earlier.get(currency, ())), rate(currency, day)
            unrated = 0 if at else sum(amount != 0 for amount in now.get(currency, []))
            is_priced = not nothing.get(currency) and not nothing_then.get(currency)
            is_known &= is_priced and not unrated and (bool(at) or was == 0)
            missing += unrated or (is_priced and not at and was != 0)
            opening += was * (at or 0)
        return (opening if is_known else None), missing

    @cached_property
    def monthly(self) -> dict[tuple[str, date], Row]:
        """Every account and month (V2, V3): of a sum what is known, and nothing where nothing of it is."""
        found = {}
        for account in self.versions:
            before: Fraction | None = Fraction(0)
            paid = None
            for place, month in enumerate(self.months):
                day = self.measured(month)
                now, unpriced = self.amounts(account, day)
                nothing = sum(unpriced.values())
                if paid is None and any(amount > 0 for mine in now.values() for amount in mine):
                    paid = place
                closing = sum((sum(mine) * (rate(currency, day) or 0) for currency, mine in now.items()), Fraction(0))
                unrated = self.unrated(account, month)
                opening, missing = self.compared(account, month, months_before(month, 1))
                year, year_missing = self.compared(account, month, months_before(month, 12))
                history = place - paid if paid is not None else 0
                told = known(closing, unrated + nothing)
                opened = known(closing if opening is None else opening, opening is None)
                year_opened = known(closing if year is None else year, year is None)
                found[account, month] = {
                    "revenue": told, "closing_revenue": told, "opening_revenue": opened,
                    "revenue_change": less(told, opened) if not missing + nothing else None,
                    "currency_effect": less(opened, before), "movement": moved(opening, closing, history >= parameter("reactivation_min_months")),
                    "movement_12m": moved(year, closing, history >= 12), "opening_revenue_12m": year_opened,
                    "closing_revenue_12m": told, "revenue_12m": told,
                    "revenue_change_12m": less(told, year_opened) if not year_missing + unrated + nothing else None,
                    "missing_rate_count": missing, "unpriced_count": nothing, "missing_rate_count_12m": year_missing,
                    "is_complete": month_end(month) <= self.as_of,
                }  # fmt: skip
                before = told
        return found

    def retention(self, month: date) -> Row:
        """A month of all accounts (V3 to V8)."""
        rows = [(account, row) for (account, of), row in self.monthly.items() if of == month]
        every = [row for _, row in rows]
        missing, unpriced = (sum(one[name] for one in every) for name in ("missing_rate_count", "unpriced_count"))
        unknown = unpriced + sum(self.unrated(account, month) for account, _ in rows)
        row: Row = {
            "opening_revenue": total(every, "opening_revenue", missing + unpriced),
            "closing_revenue": total(every, "closing_revenue", unknown),
            "currency_effect": total(every, "currency_effect", missing), "negative_revenue": known(Fraction(0), unknown),
            "net_revenue": total(every, "revenue", unknown),
            "missing_rate_count": missing, "unpriced_count": unpriced, "is_complete": month_end(month) <= self.as_of,
            "missing_rate_count_12m": sum(one["missing_rate_count_12m"] for one in every),
        }  # fmt: skip
        for kind in ("new", "reactivated", "churned"):
            row[f"{kind}_accounts"] = known(sum(one["movement"] == kind for one in every), missing)
        row["opening_accounts"] = known(sum((one["opening_revenue"] or 0) > 0 for one in every), missing)
        row["closing_accounts"] = known(sum((one["closing_revenue"] or 0) > 0 for one in every), unknown)
        has_year = self.months.index(month) - self.months.index(self.begun) >= 12
        for suffix in ("", "_12m"):
            left_out = row[f"missing_rate_count{suffix}"]
            of: Row = {}
            for kind in MONEYS:
                mine = [one for one in every if one[f"movement{suffix}"] == kind]
                changes = [less(one["closing_revenue"], one[f"opening_revenue{suffix}"]) for one in mine]
                of[kind] = known(sum((abs(change) for change in changes if change is not None), Fraction(0)), left_out)
            opening = (
                row["opening_revenue"] if not suffix else total(every, f"opening_revenue{suffix}", left_out + unknown)
            )
            told = {f"{kind}{suffix}": amount for kind, amount in of.items()}
            shares: Row = dict.fromkeys((f"nrr{suffix}", f"grr{suffix}", f"logo_churn{suffix}"))
            if not suffix:
                shares |= dict.fromkeys(("net_churn", "quick_ratio"))
            if not left_out:
                away = of["churned"] + of["contraction"]
                lost = sum(one[f"movement{suffix}"] == "churned" for one in every)
                shares[f"logo_churn{suffix}"] = ratio(
                    lost, sum((one[f"opening_revenue{suffix}"] or 0) > 0 for one in every)
                )
                if not suffix:
                    shares["quick_ratio"] = ratio(of["new"] + of["expansion"], away)
                if opening is not None:
                    shares[f"nrr{suffix}"] = ratio(opening - away + of["expansion"], opening)
                    shares[f"grr{suffix}"] = ratio(opening - away, opening)
                    if not suffix:
                        shares["net_churn"] = ratio(away - of["expansion"] - of["reactivated"], opening)
            if suffix:
                told |= {f"opening_revenue{suffix}": opening, f"closing_revenue{suffix}": row["closing_revenue"]}
            told |= shares
            row |= told if has_year or not suffix else dict.fromkeys(told)
        row["logo_churn_daily"] = self.daily_churn(month) if row["opening_accounts"] else None
        return row

    def unrated(self, account: str, month: date) -> int:
        """Amounts of a month that have no rate."""
        day = self.measured(month)
        now, _ = self.amounts(account, day)
        return sum(amount != 0 for currency, mine in now.items() if rate(currency, day) is None for amount in mine)

    @cache
    def active(self, day: date) -> frozenset[str]:
        """The accounts with a subscription of some worth on a day."""
        return frozenset(
            account
            for account in self.versions
            if any(amount > 0 for mine in self.amounts(account, day)[0].values() for amount in mine)
        )

    def daily_churn(self, month: date) -> Fraction:
        """V6, the sum of each day's loss: an account is lost on the day after which none of its subscriptions runs."""
        total, day = Fraction(0), month
        while day <= self.measured(month):
            before = self.active(day - days(1))
            if before:
                total += Fraction(len(before - self.active(day)), len(before))
            day += days(1)
        return total

    def __hash__(self) -> int:
        """By identity."""
        return id(self)


def less(value: Fraction | None, other: Fraction | None) -> Fraction | None:
    """A difference; None where a side is not known."""
    return None if value is None or other is None else value - other


def total(rows: list[Row], name: str, unknown: int) -> Any:
    """What is known of a column's sum."""
    return known(sum((row[name] for row in rows if row[name] is not None), Fraction(0)), unknown)


def moved(opening: Fraction | None, closing: Fraction, is_returning: bool) -> str | None:
    """V3; None where what was there before is not to be told."""
    return None if opening is None else movement(opening, closing, is_returning)
