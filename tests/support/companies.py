"""Companies drawn at random from the declared columns of the entities: rows around a day, with its edges.

Exports say half of the rows again without some of their columns. Of some rows an older export said otherwise, and a few were
deleted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from pipelines.exports.entities import Column, Entity, entities
from tests.support.chance import chance
from tests.support.truncation import FALLS, Rows

# What a column names a row of.
NAMED = {
    "account_id": "crm.accounts", "parent_account_id": "crm.accounts", "merged_into_id": "crm.accounts",
    "owner_id": "crm.employees", "employee_id": "crm.employees", "substitute_id": "crm.employees",
    "manager_id": "crm.employees", "agent_id": "crm.employees", "contact_id": "crm.contacts", "lead_id": "crm.leads",
    "deal_id": "crm.deals", "product_id": "crm.products", "campaign_id": "crm.campaigns",
    "customer_id": "billing.customers", "invoice_id": "billing.invoices", "payment_id": "billing.payments",
    "credit_note_id": "billing.invoices", "case_id": "crm.cases", "referred_by": "crm.accounts",
}  # fmt: skip
# One row of a thing in a hundred has these; a company of a dozen would be nothing but them.
RARE = ("parent_account_id", "merged_into_id", "manager_id")
FEW = {"crm.accounts": 8, "crm.employees": 4, "crm.products": 3, "crm.campaigns": 3, "billing.customers": 8}
ROWS = 40
# So many rows of each entity were said otherwise before; those that follow them are deleted.
OLDER = 2
# Days from the day: itself and its neighbours, ends of months and years about it, and anything.
NEAR = (0, 1, -1, 0, 1, -1, -7, 7, -30, 31, -91, -365, 90)
TIMES = (time(0), time(23, 59, 59), time(12), time(9, 30))
WORDS = ("alpha", "beta", "gamma")
# Columns whose words mean something to a report.
SAID = {
    "lead_source": ("Partner referral", "Trade fair", "gamma"), "lost_reason": ("Competitor", "beta", "gamma"),
    "pipeline": ("Tenders", "beta", "gamma"), "cost_kind": ("entertainment", "beta", "gamma"),
}  # fmt: skip
NUMBERS = {"money": "100.00", "price": "9.99", "rate": "1.25", "ratio": "0.5", "quantity": "3", "seconds": "60"}


class Company:
    """One company: `rows` has a system of its own."""

    def __init__(self, seed: int, day: date) -> None:
        """Draws it."""
        self.random, self.day, self.system = chance(seed), day, f"random{seed}"
        self.rows: Rows = {entity.id: self._drawn(entity) for entity in entities().values() if entity.domain != "lists"}
        again = chance(seed)
        for entity_id, rows in self.rows.items():
            entity, drawn = entities()[entity_id], list(rows)
            rows += [self._said_again(entity, row, again) for row in again.sample(drawn, len(drawn) // 2)]
            rows += [self._said_before(entity, row) for row in drawn[:OLDER]]
            rows.append(self._deleted(entity, drawn[OLDER]))
            if entity_id in FALLS:
                gone_before = drawn[OLDER + 1]
                rows[:] = [row for row in rows if row["_row"] != gone_before["_row"]]
                rows += self._over_before_the_day(entity, gone_before)

    def _drawn(self, entity: Entity) -> list[dict[str, Any]]:
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for number in range(FEW.get(entity.id, ROWS)):
            row = {column.name: self._value(entity, column, number) for column in entity.columns}
            self._make_sense(entity, row)
            found.setdefault(tuple(row[name] for name in entity.key), row)
        known = datetime.combine(self.day + timedelta(days=800), time(), UTC)
        said = {"_system": self.system, "_known_at": known}
        return [row | said | {"_row": line} for line, row in enumerate(found.values(), start=2)]

    @staticmethod
    def _said_again(entity: Entity, row: dict[str, Any], random: Random) -> dict[str, Any]:
        """The row in a newer export, which has no column for a third of what is known of it."""
        lacking = {
            column.name for column in entity.columns if column.name not in entity.key and random.random() < 1 / 3
        }
        held = [column.name for column in entity.columns if column.name not in lacking]
        newer = {"_known_at": row["_known_at"] + timedelta(days=10), "_file": "newer", "_file_sha256": "c" * 64}
        return row | dict.fromkeys(lacking) | newer | {"_holds": f",{','.join(held)},"}

    def _said_before(self, entity: Entity, row: dict[str, Any]) -> dict[str, Any]:
        """What an older export said of the row."""
        other = {column.name: self._value(entity, column, row["_row"]) for column in entity.columns}
        self._make_sense(entity, other)
        key = {name: row[name] for name in entity.key}
        older = {"_known_at": row["_known_at"] - timedelta(days=100), "_file": "older", "_file_sha256": "b" * 64}
        return row | other | key | older

    @staticmethod
    def _deleted(entity: Entity, row: dict[str, Any]) -> dict[str, Any]:
        """The word of a newer export that the row is gone: with its key alone."""
        blank = {column.name: None for column in entity.columns if column.name not in entity.key}
        newest = {"_known_at": row["_known_at"] + timedelta(days=20), "_file": "newest", "_file_sha256": "d" * 64}
        return row | blank | newest | {"_deleted": True}

    def _over_before_the_day(self, entity: Entity, row: dict[str, Any]) -> list[dict[str, Any]]:
        """The row as one that was known, with all that happened to it, and deleted well before the day."""
        last = datetime.combine(self.day - timedelta(days=60), time(), UTC)
        latest = {"date": last.date(), "timestamp": last}
        dates = {
            column.name: min(row[column.name], latest[column.type])
            for column in entity.columns
            if column.type in latest and row[column.name] is not None
        }
        known = row | dates | {"_known_at": last + timedelta(days=1)}
        return [known, self._deleted(entity, known)]

    def _value(self, entity: Entity, column: Column, number: int) -> Any:
        pick = self.random.choice
        if (column.name == entity.key[0] and column.name not in NAMED) or column.name == f"{entity.name[:-1]}_id":
            return f"{entity.name} {number}"
        is_missing = self.random.random() < (0.95 if column.name in RARE else 0.15)
        if is_missing and column.name not in entity.key and column.name not in ("status", "document_kind"):
            return None
        if column.name in NAMED:
            whole = entities()[NAMED[column.name]]
            return f"{whole.name} {self.random.randrange(FEW.get(whole.id, ROWS))}"
        if column.one_of:
            return pick(column.one_of)
        if column.type in ("date", "timestamp"):
            day = self.day + timedelta(days=pick((pick(NEAR), self.random.randint(-500, 200))))
            day = day.replace(day=1) if column.name == "month" else day
            return day if column.type == "date" else datetime.combine(day, pick(TIMES), UTC)
        if column.type in NUMBERS:
            return Decimal(NUMBERS[column.type]) * self.random.randint(1, 3)
        if column.name in ("name", "full_name", "company_name"):
            return f"{self.system} {number % 8}"
        if column.type == "integer":
            return number if column.name in entity.key else pick((1, 14, 30))
        if column.type == "text" and "number" in column.name:
            return f"+46 8 {100000 + self.random.randrange(6)}"
        said = SAID.get(column.name, WORDS)
        return pick({"currency": ("EUR", "USD"), "boolean": (True, False), "text": said}[column.type])

    def _make_sense(self, entity: Entity, row: dict[str, Any]) -> None:
        """What no export would say of one row is not said: a void without a day, a closed deal that is open."""
        if entity.id == "billing.invoices":
            row["gross_amount"] = row["net_amount"]
            if row["status"] != "void":
                row["voided_on"] = None
            if row["disputed_on"] is None:
                row["dispute_resolved_on"] = None
            row["is_disputed"] = row["disputed_on"] is not None and row["dispute_resolved_on"] is None
        if entity.id == "crm.deals" and row["status"] == "open":
            row["closed_at"] = None
