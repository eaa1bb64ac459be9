"""What the pipeline of past week ends promised and what was won, in plain Python (P10)."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.support.books import ZERO, Row, Rows
from tests.support.dealings import NOBODY
from tests.support.oracle import seed
from tests.support.workload import Workload

CENTS = Decimal("0.0001")


class Foreseen(Workload):
    """A company's forecasts, week by week, of the states of its deals that tests of their own hold."""

    def category(self, told: str | None, probability: Any) -> str:
        """What the CRM called it, else the band of a probability."""
        named = {row["word"]: row["category"] for row in seed("forecast_words")}
        word = " ".join(re.findall(r"[a-z]+", (told or "").lower()))
        if word in named:
            return named[word]
        if probability is None:
            return "not_known"
        bands = sorted(
            ((Decimal(row["from_probability"]), row["category"]) for row in seed("forecast_bands")), reverse=True
        )
        return next((name for least, name in bands if Decimal(str(probability)) >= least), "not_known")

    def worth(self, amount: Decimal | None, currency: str, on: date) -> Decimal | None:
        """An amount at the rate of an evening."""
        found = None if amount is None else self.company.in_base(amount, currency, on)
        return None if found is None else found.quantize(CENTS, ROUND_HALF_UP)

    def forecast_error(self) -> Rows:
        """Horizon, employee and category: forecast and outcome of all week ends that are over and told."""
        states = [row for row in self.rows("fct_deal_intervals") if row["status"] == "open"]
        won = [row for row in self.rows("fct_deals") if row["status"] == "won" and row["closed_on"]]
        told = {row["feed"]: row["complete_until"] for row in self.rows("fct_feed_ends")}
        last = min(self.day, told.get("deals") or date.min)
        snapshots = [row["day"] for row in self.rows("dim_dates") if row["is_snapshot"]]
        standing: dict[date, list[Row]] = {
            day: [
                row for row in states
                if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
            ]
            for day in snapshots
        }  # fmt: skip
        begun = min((day for day, rows in standing.items() if rows), default=date.max)
        names = (
            "forecast",
            "outcome",
            "forecast_deals",
            "record_deals",
            "won_deals",
            "unforeseen",
            "unpriced",
            "unrated",
        )
        by_origin: dict[Any, dict[Any, Row]] = defaultdict(lambda: defaultdict(lambda: dict.fromkeys(names, ZERO)))
        origins: dict[int, int] = defaultdict(int)
        for weeks in {self.parameter(f"forecast_weeks_{name}") for name in ("short", "middle", "long")}:
            for origin in (day for day in snapshots if day.isoweekday() == 7 and day >= begun):
                until = origin + weeks * timedelta(days=7)
                if until > last:
                    continue
                origins[weeks] += 1
                places: dict[str, tuple[str, str]] = {}
                for row in standing[origin]:
                    place = row["owner_id"] or NOBODY, self.category(row["forecast_category"], row["probability"])
                    places[row["deal_id"]] = place
                    is_due = bool(row["expected_close_on"]) and origin < row["expected_close_on"] <= until
                    for cell in self.cells(by_origin[weeks, origin], place):
                        if is_due:
                            worth = self.worth(row["amount"], row["currency"], origin)
                            chance = row["probability"]
                            cell["forecast_deals"] += 1
                            cell["record_deals"] += row["basis"] == "record"
                            if worth is None or chance is None:
                                cell["unforeseen"] += 1
                                cell["unrated"] += row["amount"] is not None and worth is None
                            else:
                                exact = self.company.in_base(row["amount"], row["currency"], origin) or ZERO
                                cell["forecast"] += (exact * Decimal(str(chance))).quantize(CENTS, ROUND_HALF_UP)
                for row in won:
                    if origin < row["closed_on"] <= until:
                        place = places.get(row["deal_id"], (row["owner_id"] or NOBODY, "not_open_then"))
                        worth = self.worth(row["amount"], row["currency"], origin)
                        for cell in self.cells(by_origin[weeks, origin], place):
                            cell["won_deals"] += 1
                            cell["unpriced"] += worth is None
                            cell["unrated"] += row["amount"] is not None and worth is None
                            cell["outcome"] += worth or ZERO
        sums: dict[Any, Row] = defaultdict(lambda: dict.fromkeys((*names, "error"), ZERO))
        for (weeks, _), cells in by_origin.items():
            for place, cell in cells.items():
                own = sums[(weeks, *place)]
                for name in names:
                    own[name] += cell[name]
                own["error"] += abs(cell["outcome"] - cell["forecast"])
        found: Rows = {}
        for key, own in sums.items():
            outcome = own["outcome"]
            is_known = not own["unforeseen"] + own["unpriced"]
            found[key] = own | {
                "origins": origins[key[0]],
                "missing_rate_count": own["unrated"],
                "missing_amount_count": own["unforeseen"] + own["unpriced"] - own["unrated"],
                "forecast": None if own["unforeseen"] and not own["forecast"] else own["forecast"],
                "outcome": None if own["unpriced"] and not outcome else outcome,
                "error_ratio": (outcome - own["forecast"]) / outcome if is_known and outcome else None,
                "absolute_error_ratio": own["error"] / outcome if is_known and outcome else None,
            }  # fmt: skip
        return found

    @staticmethod
    def cells(found: dict[Any, Row], place: tuple[str, str]) -> list[Row]:
        """The row of an employee and category, and the totals that it is in."""
        who, category = place
        return [found[one] for one in ((who, category), (who, "all"), ("everybody", category), ("everybody", "all"))]
