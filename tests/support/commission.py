"""Random invoices of random deals, plans, shares and closed months, and what commission they make (P21), in plain Python.

The deals are those of `deal_streams`. What a deal is and what happened to its invoices is taken from the marts, which tests
of their own hold; whose it is, by which rate, what cash has earned of it and what a closed month keeps is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from tests.support.chance import chance
from tests.support.oracle import days, month_end, parameter, seed

Row = dict[str, Any]
CASH = ("payment", "refund", "chargeback", "reversal")


class Billed:
    """The billing of CRMs' deals, and what people say of plans, shares and months."""

    def __init__(self, crms: list[str]) -> None:
        """Draws it."""
        random = self.random = chance(21)
        self.rows: dict[str, list[Row]] = defaultdict(list)
        for system in crms:
            self.add(system, "billing.customers", customer_id="C", name=f"{system} Kund", currency="EUR")
            for number in range(36):
                for place in range(random.choice((1, 2, 3))):
                    on = date(2024, 6, 1) + days(random.randrange(500))
                    self.bill(system, f"H{number}", f"I{number}{'abc'[place]}", on)
        people = [f"{system}:{name}" for system in crms for name in ("ann", "ben")]
        self.plans: list[Row] = [
            {"plan": "old", "valid_from": None, "rate": 0.1},
            {"plan": "old", "valid_from": None, "min_amount": 5000, "rate": 0.05},
            {"plan": "new", "valid_from": date(2025, 2, 1), "rate": 0.12},
            {"plan": "new", "valid_from": date(2025, 2, 1), "min_amount": 800, "rate": 0.07},
            {"plan": "nordic", "valid_from": date(2024, 9, 1), "team": "North", "rate": 0.2},
            {"plan": "own", "valid_from": date(2025, 5, 1), "employee_id": people[0], "rate": 0.15},
            {"plan": "thing", "valid_from": None, "product_id": f"{crms[1]}:P1", "min_amount": 100, "rate": 0.3},
            # A version of a product's rule, and one for the product and the team together, in two sizes.
            {"plan": "thing", "valid_from": date(2025, 7, 1), "product_id": f"{crms[1]}:P1", "rate": 0.28},
            {"plan": "both", "valid_from": None, "product_id": f"{crms[2]}:P1", "team": "North", "rate": 0.15},
            {
                "plan": "both",
                "valid_from": None,
                "product_id": f"{crms[2]}:P1",
                "team": "North",
                "min_amount": 900,
                "rate": 0.05,
            },
        ]
        self.shares: list[Row] = []
        for system in crms:
            for number in random.sample(range(36), 9):
                parts = random.choice(((0.5, 0.5), (0.3, 0.7), (1, 0), (0.5, 0.4), (0.333333, 0.666667)))
                for name, share in zip(("ann", "ben"), parts, strict=True):
                    self.shares.append(
                        {"deal_id": f"{system}:H{number}", "employee_id": f"{system}:{name}", "share": share}
                    )
        self.closings: list[Row] = []
        for who in people[::3]:
            for month in (date(2025, 1, 9), date(2025, 2, 1), date(2025, 9, 30)):
                for ledger in ("accrued", "payable", "clawed_back"):
                    if random.random() < 0.6:
                        sign = -1 if ledger == "clawed_back" else 1
                        self.closings.append(
                            {"month": month, "employee_id": who, "ledger": ledger, "closed_on": month_end(month) + days(3),
                             "amount": sign * random.choice((0, 90, 12.34))}
                        )  # fmt: skip

    def add(self, system: str, entity: str, **row: Any) -> None:
        """A row of a system."""
        self.rows[entity].append({"_system": system} | row)

    def bill(self, system: str, deal: str, number: str, on: date) -> None:
        """An invoice of a deal, and what becomes of it."""
        pick = self.random.choice
        net, currency = pick((80, 1000, 333.33)), pick(("EUR", "EUR", "EUR", "SEK", "GBP", "PLN"))
        gross = round(net * 1.25, 2)
        shared = {"customer_id": "C", "currency": currency}
        self.add(
            system, "billing.invoices", invoice_id=number, number=number, document_kind="invoice", deal_id=deal,
            issued_on=on, due_on=on + days(30), net_amount=net, tax_amount=round(gross - net, 2), gross_amount=gross,
            **pick((*[{"status": "issued"}] * 9, {"status": "void", "voided_on": on + days(9)})), **shared,
        )  # fmt: skip
        half = round(gross / 2, 2)
        for place, amount in enumerate(pick(((), (gross,), (half,), (half, round(gross - half, 2)), (gross, gross)))):
            paid = on + days(pick((5, 20, 60)))
            name = f"{number}p{place}"
            self.add(system, "billing.payments", payment_id=name, received_on=paid, amount=amount, **shared)
            self.add(
                system, "billing.applications", application_id=name, payment_id=name, invoice_id=number,
                applied_on=paid, amount=amount,
            )  # fmt: skip
            if kind := pick((None, None, "reversal", "refund", "chargeback")):
                self.add(
                    system, "billing.adjustments", adjustment_id=name, adjustment_kind=kind, payment_id=name,
                    occurred_on=paid + days(pick((0, 10, 40))), amount=pick((amount, half)), **shared,
                )  # fmt: skip
        if kind := pick((None, None, "write_off", "credit_note", "credit_note")):
            later, amount = on + days(pick((1, 30, 90))), pick((gross, half))
            if kind == "write_off":
                self.add(
                    system, "billing.adjustments", adjustment_id=f"{number}w", adjustment_kind=kind,
                    invoice_id=number, occurred_on=later, amount=amount, **shared,
                )  # fmt: skip
                return
            self.add(
                system, "billing.invoices", invoice_id=f"{number}c", number=f"{number}c", document_kind="credit_note",
                deal_id=pick((deal, None)), issued_on=later, net_amount=round(amount * 0.8, 2),
                tax_amount=round(amount - round(amount * 0.8, 2), 2), gross_amount=amount, status="issued", **shared,
            )  # fmt: skip
            if pick((0, 1)):
                self.add(
                    system, "billing.applications", application_id=f"{number}c", credit_note_id=f"{number}c",
                    invoice_id=number, applied_on=later, amount=amount,
                )  # fmt: skip

    def lists(self, as_of: date) -> dict[str, list[Row]]:
        """The lists: no plan before May, so that the documents' rates count."""
        return {
            "lists.commission_plans": [] if as_of < date(2025, 5, 1) else self.plans,
            "lists.commission_shares": self.shares, "lists.commission_closings": self.closings,
        }  # fmt: skip


class Commission:
    """What everybody is owed, as of a day."""

    def __init__(self, billed: Billed, as_of: date, marts: Callable[[str], list[Row]]) -> None:
        """`marts` gives a table's rows by column."""
        self.lists, self.as_of, self.marts = billed.lists(as_of), as_of, marts
        self.teams = {row["employee_id"]: row["team"] for row in marts("dim_employees")}

    def shares(self, deal: Row) -> dict[str, Fraction]:
        """Who has which share: all or nothing of it is given away."""
        found: dict[str, Fraction] = defaultdict(Fraction)
        for row in self.lists["lists.commission_shares"]:
            if row["deal_id"] == deal["deal_id"]:
                found[row["employee_id"]] += Fraction(str(row["share"]))
        if not found:
            return {deal["owner_id"]: Fraction(1)} if deal["owner_id"] else {}
        return found if sum(found.values()) == 1 else {}

    def rate(self, deal: Row, who: str) -> tuple[str, Fraction | None] | None:
        """The plan's version and rate."""
        listed = self.lists["lists.commission_plans"]
        if not listed:
            large = parameter("commission_large_from")
            rates = {row["size"]: Fraction(row["rate"]) for row in seed("commission_rates")}
            worth = deal["amount_base"]
            return "documents", None if worth is None else rates["large" if worth >= large else "small"]
        fitting = []
        for line, row in enumerate(listed):
            since = row.get("valid_from")
            wanted = (row.get("employee_id"), row.get("product_id"), row.get("team"))
            if since is not None and since > deal["closed_on"]:
                continue
            is_his = zip(wanted, (who, deal["product_id"], self.teams.get(who)), strict=True)
            if all(want is None or want == has for want, has in is_his):
                fit = [want is not None for want in wanted]
                fitting.append((fit, since or date.min, line, row))
        if not fitting:
            return None
        best = max(fitting, key=lambda each: each[:2])[:2]
        rows = [row for *place, _, row in fitting if tuple(place) == best]
        version = " ".join(str(part) for part in (rows[0]["plan"], rows[0].get("valid_from")) if part)
        sizes = [row.get("min_amount") or 0 for row in rows]
        if deal["amount_base"] is None:
            return version, Fraction(str(rows[0]["rate"])) if not any(sizes) else None
        reached = [
            (size, Fraction(str(row["rate"])))
            for size, row in zip(sizes, rows, strict=True)
            if size <= deal["amount_base"]
        ]
        return (version, max(reached)[1]) if reached else None

    def earned(self, deal: Row) -> Iterator[tuple[date, str, Fraction | None, Fraction | None]]:
        """Day and event, what the deal's cash has earned after it (paid, and not more than is left of what was billed), and that."""
        own = {row["invoice_id"]: row for row in self.documents if row["deal_id"] == deal["deal_id"]}
        moves: list[tuple[date, bool, str, Fraction | None]] = []
        for row in self.events:
            invoice = own.get(row["invoice_id"])
            if invoice is None or row["credit_note_id"] in own:
                continue
            net = invoice["net_amount_base"]
            part = None if net is None else Fraction(net) / Fraction(invoice["gross_amount"])
            amount = None if part is None else Fraction(row["amount"]) * part
            moves.append((row["event_date"], row["event_type"] in CASH, row["event_id"], amount))
        for row in own.values():
            if row["document_kind"] == "credit_note":
                net = row["net_amount_base"]
                amount = None if net is None else -abs(Fraction(net))
                moves.append((row["issued_on"], False, f"credit_note:{row['invoice_id']}", amount))
        cash, billed = Fraction(0), Fraction(0)
        is_known = True
        for day, is_cash, event, amount in sorted(moves, key=lambda move: move[:3]):
            is_known &= amount is not None
            if is_known:
                assert amount is not None
                cash, billed = (cash - amount, billed) if is_cash else (cash, billed + amount)
            left = max(billed, Fraction(0)) if is_known else None
            yield max(day, deal["closed_on"]), event, max(min(cash, billed), Fraction(0)) if is_known else None, left

    @property
    def documents(self) -> list[Row]:
        """Documents that count."""
        return [
            row for row in self.marts("fct_invoices")
            if row["deal_id"] and row["issued_on"] and not row["is_void"] and not row["is_draft"]
        ]  # fmt: skip

    @property
    def events(self) -> list[Row]:
        """What happened to receivables."""
        return self.marts("fct_receivable_events")

    def rows(self) -> dict[tuple[str | None, str, str, str | None, date], Row]:
        """`rpt_commission` by deal, person, ledger, event and day."""
        found: dict[Any, Row] = {}
        for deal in self.marts("fct_deals"):
            if deal["status"] != "won" or deal["closed_on"] is None:
                continue
            for who, share in self.shares(deal).items():
                told = self.rate(deal, who)
                if told is None:
                    continue
                version, rate = told
                worth = deal["amount_base"]
                unknown = worth is None or rate is None
                found[deal["deal_id"], who, "accrued", None, deal["closed_on"]] = {
                    "amount": None if worth is None or rate is None else Fraction(worth) * rate * share,
                    "base_amount": None if worth is None else Fraction(worth), "share": share, "rate": rate,
                    "plan_version": version, "missing_rate_count": int(unknown),
                }  # fmt: skip
                before: Fraction | None = Fraction(0)
                cents: Fraction | None = Fraction(0)
                for day, event, earned, _ in self.earned(deal):
                    now = None if earned is None or rate is None else Fraction(round(earned * rate * share * 100), 100)
                    if now is None or now != cents:
                        amount = None if now is None or cents is None else now - cents
                        ledger = "clawed_back" if amount is not None and amount < 0 else "payable"
                        found[deal["deal_id"], who, ledger, event, day] = {
                            "amount": amount, "share": share, "rate": rate, "plan_version": version,
                            "base_amount": None if earned is None or before is None else earned - before,
                            "missing_rate_count": int(amount is None),
                        }  # fmt: skip
                    before, cents = earned, now
        self.close(found)
        return found

    def deals(self) -> dict[tuple[str, str], Row]:
        """`rpt_commission_deals` by deal and person: what was made of it so far, and what all that is left of it would make more."""
        found: dict[tuple[str, str], Row] = {}
        for deal in self.marts("fct_deals"):
            if deal["status"] != "won" or deal["closed_on"] is None:
                continue
            *_, (_, _, earned, left) = [(None, None, Fraction(0), Fraction(0)), *self.earned(deal)]
            worth = None if deal["amount_base"] is None else Fraction(deal["amount_base"])
            for who, share in self.shares(deal).items():
                told = self.rate(deal, who)
                if told is None:
                    continue
                version, rate = told

                def of(
                    amount: Fraction | None, part: Fraction = share, rate: Fraction | None = rate
                ) -> Fraction | None:
                    if amount == 0:
                        return amount
                    return None if amount is None or rate is None else Fraction(round(amount * rate * part * 100), 100)

                payable, whole = of(earned), of(left)
                accrued = None if worth is None or rate is None else of(worth)
                waiting = None if payable is None or whole is None else whole - payable
                found[deal["deal_id"], who] = {
                    "won_amount": worth, "billed_amount": left, "earned_amount": earned, "share": share, "rate": rate,
                    "plan_version": version, "accrued": accrued, "payable": payable, "waiting": waiting,
                    "missing_rate_count": int(None in (accrued, payable, waiting)),
                }  # fmt: skip
        return found

    def close(self, found: dict[Any, Row]) -> None:
        """Brings closed months to what they were, and tells the rest in the month after."""
        made: dict[Any, Fraction] = defaultdict(Fraction)
        for (_, who, ledger, _, day), row in found.items():
            made[who, ledger, day.replace(day=1)] += row["amount"] or 0
        closed: dict[Any, Fraction] = defaultdict(Fraction)
        for row in self.lists["lists.commission_closings"]:
            if row["closed_on"] <= self.as_of and month_end(row["month"]) <= self.as_of:
                closed[row["employee_id"], row["ledger"], row["month"].replace(day=1)] += Fraction(str(row["amount"]))
        for (who, ledger, month), amount in closed.items():
            last = max(own for name, kind, own in closed if (name, kind) == (who, ledger))
            apart = amount - made[who, ledger, month]
            if apart:
                lines = (
                    (month_end(month), f"closed {month}", apart),
                    (month_end(last) + days(1), f"restated {month}", -apart),
                )
                for day, what, line in lines:
                    found[None, who, ledger, what, day] = {
                        "amount": line, "base_amount": None, "share": None, "rate": None, "plan_version": "",
                        "missing_rate_count": 0,
                    }  # fmt: skip
        for (_, who, ledger, event, day), row in found.items():
            is_closed = (who, ledger, day.replace(day=1)) in closed and not (event or "").startswith("restated ")
            row["unclosed_count"] = int(not is_closed)
