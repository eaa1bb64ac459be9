"""How a company stands with its accounts, in plain Python: terms and renewals, cost, owners, key accounts, departures, events."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pipelines.verification.documents import named
from tests.support.books import ZERO, Rows, known
from tests.support.claims import WEEK
from tests.support.dealings import NOBODY, Row
from tests.support.foreseen import Foreseen
from tests.support.oracle import days, month_end, months_before
from tests.support.passing import Passing
from tests.support.screening import Screening


class Standing(Foreseen, Screening, Passing):
    """All figures of `tests/support/figures.py`."""

    def renewals(self) -> Rows:
        """What ends: what it brings a month, and where it is the first of its account that is up, what the account brings."""
        rows = self.rows("rpt_renewals", "reporting")
        prices: dict[str, tuple[Decimal | None, str]] = {}
        for row in self.rows("fct_subscriptions"):
            months = {"week": Decimal(12) / 52, "month": Decimal(1), "year": Decimal(12), "day": Decimal(12) / 365}.get(
                row["interval_unit"] or ""
            )
            price = row["unit_price"]
            quantity = Decimal(1) if row["quantity"] is None else row["quantity"]
            per = None if price is None or months is None else price * quantity / months / (row["interval_count"] or 1)
            prices[row["subscription_id"]] = per, row["currency"]
        first_up: dict[str, tuple[date, str]] = {}
        for row in rows:
            if row["renewal_window"] not in (None, "later"):
                mine = row["ends_on"], row["term_id"]
                first_up[row["account_id"]] = min(first_up.get(row["account_id"], mine), mine)
        owed: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
        for (account, currency), balance in self.company.balances(self.day).items():
            owed[account].append((currency, balance["open_amount"]))
        found: Rows = {}
        for row in rows:
            account, term = row["account_id"], row["term_id"]
            revenue, unrated = self.earned(account, min(row["ends_on"], self.day))
            per, currency = prices[term] if row["term_kind"] == "subscription" else (None, "")
            worth = None if per is None else self.company.in_base(per, currency, self.day)
            is_first = first_up.get(account) == (row["ends_on"], term)
            found[term,] = {
                "revenue_at_renewal": revenue if is_first else None, "monthly_amount": worth,
                "missing_rate_count": unrated + self.unrated(owed[account], self.day)
                + (per is not None and per != 0 and worth is None),
            }  # fmt: skip
        return found

    def renewal_rates(self) -> Rows:
        """Quarter and kind of term: what accounts brought whose terms are renewed or have lapsed, each account once (C12)."""
        decided: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        keys = set()
        for row in self.rows("rpt_renewals", "reporting"):
            ends = row["ends_on"]
            key = date(ends.year, ends.month - (ends.month - 1) % 3, 1), row["term_kind"]
            keys.add(key)
            if row["state"] in ("renewed", "lapsed"):
                decided[*key, row["account_id"]].append(row)
        names = {"renewed": "renewed_revenue", "lapsed": "lapsed_revenue"}
        parts: dict[tuple[Any, ...], list[Decimal | None]] = defaultdict(list)
        missing: dict[tuple[Any, ...], int] = defaultdict(int)
        for (quarter, kind, account), rows in decided.items():
            for row in rows:
                revenue, unrated = self.earned(account, min(row["ends_on"], self.day))
                parts[quarter, kind, row["state"]].append(None if revenue is None else revenue / len(rows))
                missing[quarter, kind] += unrated
        return {
            key: {name: known(parts[*key, state]) for state, name in names.items()}
            | {"missing_rate_count": missing[key]}
            for key in keys
        }

    def acquisition(self) -> Rows:
        """Month: what serving an account cost in the year up to it, and how many costs have no rate (C11)."""
        run, in_base = self.company.raw.run, self.company.in_base
        channel: dict[date, int] = defaultdict(int)
        served: dict[date, dict[str, list[Decimal | None]]] = defaultdict(lambda: defaultdict(list))
        for row in self.company.raw.rows("calls.channel_costs"):
            if row["spent_on"] and row["amount"]:
                worth = in_base(row["amount"], row["currency"] or run.default_currency, row["spent_on"])
                channel[row["spent_on"].replace(day=1)] += worth is None
        for row in self.company.raw.rows("plan.costs"):
            account = self.of_plan.get((row["_system"], row["account_id"]))
            if account and row["month"] and row["amount"] is not None:
                day = min(month_end(row["month"]), self.day)
                worth = in_base(row["amount"], row["currency"] or run.default_currency, day)
                served[row["month"].replace(day=1)][account].append(worth)
        found: Rows = {}
        for (month,) in self.read_keys("rpt_acquisition", ("month",)):
            months = [months_before(month, back) for back in range(12)]
            missing = sum(part is None for of in months for parts in served[of].values() for part in parts)
            each = None
            if all(served[of] for of in months) and not missing:
                costs = [[known(parts) or ZERO for parts in served[of].values()] for of in months]
                accounts = Decimal(sum(cost > 0 for of in costs for cost in of)) / 12
                each = sum((sum(of, ZERO) for of in costs), ZERO) / accounts if accounts else None
            missing += sum(channel[of] for of in months)
            found[month,] = {"cost_per_served_account": each, "missing_rate_count": missing}
        return found

    def timeline(self) -> Rows:
        """Account, kind of event and currency: what the events of a kind come to, by their exports (F16)."""
        raw, company = self.company.raw, self.company
        found: Rows = defaultdict(lambda: {"amount": ZERO})

        def add(account: str | None, kind: str, currency: str | None, on: Any, amount: Decimal | None) -> None:
            if account and on and on <= self.day and amount:
                found[account, kind, currency or raw.run.default_currency]["amount"] += amount

        for row in company.invoices.values():
            kind, gross = row["document_kind"] or "invoice", row["gross_amount"]
            if row["issued_on"] is None or row["status"] == "draft":
                continue
            account = company.books.account(named(row["_system"], row["customer_id"]))
            gross = abs(gross) if kind == "credit_note" and gross else gross
            for event, on in (
                (kind, "issued_on"),
                ("dispute_opened", "disputed_on"),
                ("dispute_resolved", "dispute_resolved_on"),
            ):
                add(account, event, row["currency"], row[on], gross)
        for debt in company.books.debts.values():
            if debt.id.startswith("opening "):
                add(company.books.account(debt.customer), "opening", debt.currency, debt.issued, debt.gross)
        applied = {"payment": "cash_applied", "credit_note": "credit_applied"}
        for row in self.rows("fct_receivable_events"):
            kind, is_seen = row["event_type"], row["allocation"] not in ("settled_date", "balance_only")
            # Cash that came or went back has a row of its own, and so has a payment that its document alone tells of.
            if kind in ("payment", "credit_note", "write_off", "reversal") and is_seen:
                add(row["account_id"], applied.get(kind, kind), row["currency"], row["event_date"], abs(row["amount"]))
        for row in self.rows("fct_promises"):
            add(row["account_id"], "promise_made", row["currency"], row["made_on"], row["amount"])
            over = {"kept": row["kept_on"], "cancelled": row["closed_on"]}.get(row["state"], row["kept_by"])
            if row["state"] in ("kept", "partly", "broken", "cancelled"):
                # A broken promise tells what was promised, another one what of it came.
                amount = row["amount"] if row["state"] == "broken" else row["kept_amount"]
                add(row["account_id"], f"promise_{row['state']}", row["currency"], over, amount)
        for row in self.rows("fct_payments"):
            kind = row["payment_kind"] if row["payment_kind"] in ("refund", "chargeback") else "payment"
            add(row["account_id"], kind, row["currency"], row["received_on"], row["amount"])
        for row in self.rows("fct_deals"):
            currency = row["currency"]
            add(row["account_id"], "deal_created", currency, row["created_on"], row["amount"])
            if row["status"] in ("won", "lost"):
                add(row["account_id"], f"deal_{row['status']}", currency, row["closed_on"], row["amount"])
        for row in raw.rows("crm.documents"):
            account, kind = company.account(row), row["document_type"]
            for event in ("sent", "signed"):
                on = raw.day(row[f"{event}_at"]) if row[f"{event}_at"] else None
                add(account, f"{kind}_{event}", row["currency"], on, row["amount"])
            if kind == "contract":
                add(account, "contract_ended", row["currency"], row["ends_on"], row["amount"])
        return dict(found)

    def terms(self) -> Rows:
        """Account: its credit limit and terms of payment, the billing system's, else the contract's (R24, F10).

        Of several customers the surest match that says something of it; of several contracts in force the last.
        """
        names, company = ("credit_limit", "payment_terms_days"), self.company
        sure = {
            named(row["system"], row["native_id"]): row["score"]
            for row in self.rows("rpt_account_identities", "reporting") if row["kind"] == "billing_customer"
        }  # fmt: skip
        given: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        records = {named(row["_system"], row["customer_id"]): row for row in company.raw.rows("billing.customers")}
        for customer, row in sorted(records.items(), key=lambda each: (-sure.get(each[0], 0), each[0])):
            for name in (*names, "currency"):
                if row[name] is not None:
                    given[company.books.account(customer)][name].append(row)
        documents = {row["document_id"]: row for row in self.rows("fct_documents")}
        agreed: dict[str, dict[str, list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
        for row in self.rows("fct_contract_intervals"):
            document = documents[row["document_id"]]
            for name in names:
                if document[name] is not None and row["valid_from"] <= self.day:
                    order = row["valid_from"], str(document["signed_at"]), row["document_id"]
                    agreed[row["account_id"]][name].append((order, document))
        found: Rows = {}
        for row in self.rows("dim_accounts"):
            account = row["account_id"]
            own: Row = {}
            for name in names:
                from_contract = (
                    max(agreed[account][name], key=lambda each: each[0])[1] if agreed[account][name] else None
                )
                said = given[account][name][0] if given[account][name] else from_contract
                own[name] = said and said[name]
                currencies = given[account]["currency"]
                # A limit in another currency than the customer's is none that its balance could be held against.
                if name == "credit_limit" and said and currencies and said["currency"]:
                    own[name] = said[name] if said["currency"] == currencies[0]["currency"] else None
            found[account,] = own
        return found

    def ownership(self) -> Rows:
        """Account: how often its owner changed, and who has open deals with it (P18, D18)."""
        owners: dict[str, list[tuple[date, str]]] = defaultdict(list)
        for row in self.rows("dim_account_owners"):
            if row["valid_from"] and row["valid_from"] > self.day:
                continue
            owners[row["account_id"]].append((row["valid_from"] or date.min, row["employee_id"]))
        people: dict[str, set[str]] = defaultdict(set)
        for row in self.rows("fct_open_deals"):
            if row["is_as_of"] and row["account_id"] and row["owner_id"]:
                people[row["account_id"]].add(row["owner_id"])
        found: Rows = {}
        for row in self.rows("dim_accounts"):
            mine = [owner for _, owner in sorted(owners[row["account_id"]])]
            changes = sum(before != after for before, after in pairwise(mine))
            found[row["account_id"],] = {"owner_changes": changes, "open_deal_people": len(people[row["account_id"]])}
        return found

    def handovers(self) -> Rows:
        """Account and day on which another one owns it: days between the two on which nobody did (D10)."""
        owners: dict[str, list[tuple[date, date | None, str]]] = defaultdict(list)
        for row in self.rows("dim_account_owners"):
            owners[row["account_id"]].append((row["valid_from"] or date.min, row["valid_to"], row["employee_id"]))
        found: Rows = {}
        for account, spans in owners.items():
            for (_, until, before), (begun, _, after) in pairwise(sorted(spans, key=lambda span: span[0])):
                if before != after and begun <= self.day:
                    # A span's end is the first day on which it is over.
                    found[account, begun] = {"days_without_owner": None if until is None else (begun - until).days}
        return found

    def holding(self, table: str, account: str, day: date) -> Row:
        """The row of an account that holds at the end of a day."""
        for row in self.rows(table):
            is_begun = row["valid_from"] is None or row["valid_from"] <= day
            if row["account_id"] == account and is_begun and (row["valid_to"] is None or day < row["valid_to"]):
                return row
        return {}

    def coverage(self) -> Rows:
        """Week and owner: key accounts of the list at its end with which anybody spoke in it (P14, K13)."""
        spoken: dict[date, set[str]] = defaultdict(set)
        for contact in self.contacts:
            spoken[contact.on - days(contact.on.weekday())].add(contact.account)
        found: Rows = {}
        for key in self.read_keys("rpt_key_account_coverage", ("week_start", "employee_id")):
            sunday = min(key[0] + WEEK - days(1), self.day)
            owned = {
                row["account_id"] for row in self.rows("fct_key_account_intervals")
                if self.class_on(row["account_id"], sunday) == "key"
                and (self.holding("dim_account_owners", row["account_id"], sunday).get("employee_id") or NOBODY) == key[1]
            }  # fmt: skip
            found[key] = {"contacted_accounts": len(owned & spoken[key[0]])}
        return found

    def key_accounts(self) -> Rows:
        """Quarter and account: what it brought the year before, what all brought, and contacts of twelve months (D2)."""
        talks: dict[str, list[date]] = defaultdict(list)
        for contact in self.contacts:
            talks[contact.account].append(contact.on)
        found: Rows = {}
        whole: dict[date, list[Decimal | None]] = defaultdict(list)
        begun = min((on for parts in self.documents.values() for on, *_ in parts), default=None)
        for row in self.rows("rpt_key_accounts", "reporting"):
            account, quarter = row["account_id"], row["quarter"]
            day = min(months_before(quarter, -3) - days(1), self.day)
            year, two = months_before(day, 12), months_before(day, 24)
            before = None
            # What was before the first export nobody knows.
            if begun is not None and begun <= two + days(1):
                before = known(worth for on, worth in self.counted(account, day) if two < on <= year)
            # A past quarter stays as it was: what was made void since counted at its end.
            brought = [worth for on, worth in self.counted(account, day) if year < on]
            whole[quarter].append(None if None in brought else max(known(brought) or ZERO, ZERO))
            found[quarter, account] = {
                "revenue_previous_12m": before, "two_way_contacts_12m": sum(year < on <= day for on in talks[account]),
            }  # fmt: skip
        for (quarter, _), row in found.items():
            row["company_revenue_12m"] = None if None in whole[quarter] else known(whole[quarter]) or None
        return found

    def concentration(self) -> Rows:
        """Month: accounts on the newest list made by its end that bought in the twelve months (V16)."""
        lists: dict[date, set[str]] = defaultdict(set)
        for row in self.rows("fct_key_account_quarters"):
            lists[row["measured_on"]] |= {row["account_id"]} if row["is_listed"] else set()
        # What names no customer is in no share, known or not.
        named = {row["account_id"] for row in self.rows("dim_accounts") if row["is_named"]}
        found: Rows = {}
        for (month,) in self.read_keys("rpt_concentration", ("month",)):
            day = min(month_end(month), self.day)
            made = [on for on in lists if on <= day]
            bought = {account for account in lists[max(made)] if self.earned(account, day)[0]} if made else None
            is_known = bought is not None and not any(self.earned(account, day)[1] for account in named)
            found[month,] = {"key_accounts": len(bought) if bought is not None and is_known else None}
        return found

    def departures(self) -> Rows:
        """Departure: what the account brought in the twelve months before it left (V9)."""
        return {
            (row["account_id"], row["left_on"]): {"revenue_12m": self.earned(row["account_id"], row["left_on"])[0]}
            for row in self.rows("rpt_health_departures", "reporting")
        }

    def late_alarms(self) -> Rows:
        """Method and threshold: departures of which the first alarm began after the last sign of life (V18)."""
        tested = {
            (row["account_id"], row["left_on"]) for row in self.rows("fct_account_departures") if row["is_tested"]
        }
        told: dict[tuple[Any, ...], dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
        for row in self.rows("fct_health_alarms"):
            told[row["method"], row["threshold"]][row["outcome"]].add((row["account_id"], row["left_on"]))
        weeks = sum(row["score"] is not None and row["status"] == "active" for row in self.rows("fct_account_health"))
        return {
            key: {"flagged_late": len((told[key]["late"] - told[key]["before"]) & tested), "account_weeks": weeks}
            for key in self.read_keys("rpt_health_backtest", ("method", "threshold"))
        }
