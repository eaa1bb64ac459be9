"""A ledger of receivables in plain Python: what the metric definitions make of rows of billing exports, day by day.

Nothing here is quick and nothing is taken from the SQL: a balance is a sum of signed events up to a day, a share or a
mean is added up from its parts. Amounts are in the document's currency; days are the business's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import Any

from pipelines.verification.allocation import LAST, Allocation, Due, Move
from tests.support.debts import ZERO, Debt, Movement, total
from tests.support.oracle import days, parameter
from tests.support.truncation import cut, day_of

BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120")
EDGES = ((None, 0), (1, 30), (31, 60), (61, 90), (91, 120), (121, None))
MOVES = ("sales", "collected", "opening")
Row = dict[str, Any]
Rate = Callable[[date], Decimal | None]
KEYS = {
    "billing.customers": ("customer_id",), "billing.invoices": ("invoice_id",), "billing.payments": ("payment_id",),
    "billing.instalments": ("invoice_id", "number"), "billing.applications": ("application_id",),
    "billing.adjustments": ("adjustment_id",), "billing.opening_balances": ("customer_id", "currency", "as_of"),
}  # fmt: skip


class Book:
    """The ledger of one system and currency, made from its rows by entity, as an export of `as_of` would hold them.

    What was entered after that day does not tell of an earlier one: an application of money that is still to come does
    not make of its customer one whose payments the export applies.
    """

    def __init__(self, system: str, rows: dict[str, list[Row]], as_of: date) -> None:
        """Posts every row: documents, then cash, then what sets the one against the other."""
        self.system = system
        known = {entity: newest(found, KEYS[entity]) for entity, found in rows.items() if entity in KEYS}
        self.rows = cut(known, as_of)
        self.accounts = {row["customer_id"]: row.get("account_id") for row in self.of("customers")}
        # What a document's own export says is open, it says on its own day.
        self.told = {
            row["invoice_id"]: (day_of(row["_known_at"]), row["reported_balance"])
            for row in known.get("billing.invoices", [])
            if row.get("reported_balance") is not None and day_of(row["_known_at"]) <= as_of
        }
        self.debts: dict[str, Debt] = {}
        # Write-offs that take what is open once all else is posted.
        self.late: list[tuple[Debt, date, Decimal]] = []
        self.credits: dict[str, tuple[str, date]] = {}
        self.notes: list[Movement] = []
        self.free: dict[str, Decimal] = {}
        self.ends: dict[str, date] = {}
        self.unapplied: list[tuple[str, date, Decimal]] = []
        self.flows: dict[str, list[Movement]] = defaultdict(list)
        # What happens to each payment that an export applies: applications of a day, then what goes back.
        self.happened: dict[str, list[tuple[date, int, str, Row]]] = defaultdict(list)
        terms = {row["customer_id"]: row.get("payment_terms_days") for row in self.of("customers")}
        for row in self.of("invoices"):
            self.document(row, terms.get(row["customer_id"]) or 0)
        for row in self.of("opening_balances"):
            due = row["due_on"] or row["as_of"]
            debt = Debt(self.account(row), row["customer_id"], row["as_of"], row["amount"], [(due, row["amount"])])
            debt.is_opening, debt.events = True, [(row["as_of"], row["amount"])]
            debt.is_due_known, debt.due = row["due_on"] is not None, due
            self.debts[f"opening of {row['customer_id']}"] = debt
            self.flows["opening"].append((row["as_of"], row["amount"]))
        self.received = {row["payment_id"]: row for row in self.of("payments") if row["status"] == "received"}
        for row in self.received.values():
            self.unapplied.append((self.account(row), row["received_on"], row["amount"]))
            self.flows["collected"].append((row["received_on"], row["amount"]))
        self.steps: dict[str, list[tuple[date, int, Callable[[Allocation], None]]]] = defaultdict(list)
        # Whose payments the export applies, be it to a document that is void: their money is for nothing else.
        applied = [row for row in self.of("applications") if row["payment_id"]]
        named = {(key, row[key]) for row in applied for key in ("payment_id", "invoice_id")}
        paying = {
            row["customer_id"]
            for key in ("payment_id", "invoice_id")
            for row in self.of("payments" if key == "payment_id" else "invoices")
            if (key, row[key]) in named
        }
        self.loose = self.accounts.keys() - paying
        # By account the numbers under which it owes.
        self.owing: dict[str, set[str]] = defaultdict(set)
        for debt in self.debts.values():
            self.owing[debt.account].add(debt.customer)
        for row in self.of("applications"):
            self.apply(row)
        # A write-off is the last thing of its day: it gives up what is open then.
        given = sorted(
            self.of("adjustments"), key=lambda row: (row["adjustment_kind"] == "write_off", row["occurred_on"])
        )
        others = [row for row in given if not self.is_of_payment(row)]
        for payment in self.happened:
            self.follow(payment)
        for row in others:
            if row["adjustment_kind"] == "write_off" and row["invoice_id"] in self.debts:
                self.debts[row["invoice_id"]].to_give_up += row["amount"]
        for row in others:
            self.adjust(row)
        self.allocate()
        for debt, day, amount in self.late:
            self.give_up(debt, day, min(amount, max(debt.open_on(day), ZERO)))
        for debt in self.debts.values():
            self.recover(debt)
        # All is posted: what a day's end was is worked out once.
        self.balances = cache(self.balances_of)

    def of(self, entity: str) -> list[Row]:
        """The rows of an entity of billing."""
        return self.rows.get(f"billing.{entity}", [])

    def account(self, row: Row) -> str:
        """A row's account, as reports name it."""
        return f"{self.system}:{self.accounts.get(row['customer_id']) or row['customer_id']}"

    def debtor(self, row: Row) -> str:
        """For whose debts a row's money is: a number's that owes nothing for the one under which its account owes.

        Not where applications say what the first pays, and nothing of what the other's money pays.
        """
        customer: str = row["customer_id"]
        owing = self.owing.get(self.account(row), set())
        if len(owing) == 1 and (customer in self.loose or not owing & self.loose):
            return min(owing)
        return customer

    def document(self, row: Row, terms: int) -> None:
        """An invoice, debit note or credit note; drafts, requests, and what was void at once are nothing."""
        issued, gross, voided = row["issued_on"], row["gross_amount"], row.get("voided_on")
        is_void = row["status"] == "void"
        if row["status"] == "draft" or row["document_kind"] == "prepayment":
            return
        if is_void and (voided is None or voided <= issued):
            return
        moves = [(issued, gross)] + ([(voided, -gross)] if is_void else [])
        if row["document_kind"] == "credit_note":
            moves = [(day, amount * (1 if gross >= 0 else -1)) for day, amount in moves]
            self.credits[row["invoice_id"]] = (self.account(row), issued)
            self.free[row["invoice_id"]] = abs(gross)
            self.notes += moves
            self.ends[row["invoice_id"]] = voided if is_void and voided else LAST
            self.unapplied += [(self.account(row), day, amount) for day, amount in moves]
            self.flows["sales"] += [(day, -amount) for day, amount in moves]
            return
        parts = sorted(
            (part["number"], part["due_on"], part["amount"])
            for part in self.of("instalments")
            if part["invoice_id"] == row["invoice_id"] and part["amount"] > 0
        )
        due = row["due_on"] or issued + days(terms)
        split = [(on, amount) for _, on, amount in parts] or [(due, gross)]
        debt = Debt(self.account(row), row["customer_id"], issued, gross, split)
        debt.events, debt.voided = moves, voided if is_void else None
        debt.due, debt.settled = due, row.get("settled_on")
        debt.reported = self.told.get(row["invoice_id"]) if not is_void else None
        self.flows["sales"] += moves
        self.debts[row["invoice_id"]] = debt

    def apply(self, row: Row) -> None:
        """Money of a payment or credit note on an invoice: not before the invoice, not on a void one."""
        debt = self.debts.get(row["invoice_id"])
        payment = self.received.get(row.get("payment_id") or "")
        note = self.credits.get(row.get("credit_note_id") or "")
        if debt is None or debt.voided or not (payment or note):
            return
        account, came = (self.account(payment), payment["received_on"]) if payment else note or ("", date.min)
        day = max(row["applied_on"] or came, came, debt.issued)
        end = self.ends[row["credit_note_id"]] if note else LAST
        if day >= end:
            return
        if note and (place := self.place(row["invoice_id"])):
            self.step(debt.customer, day, 3, partial(Allocation.loses, day=day, debt=place, amount=row["amount"]))
            self.step(debt.customer, end, 3, partial(Allocation.owes_again, day=end, debt=place, amount=row["amount"]))
        if note:
            self.free[row["credit_note_id"]] -= row["amount"]
        if payment:
            self.happened[row["payment_id"]].append((day, 0, row["application_id"], row))
            return
        debt.events.append((day, -row["amount"]))
        self.unapplied.append((account, day, -row["amount"]))
        if note:
            self.notes.append((day, -row["amount"]))
        if note and end < LAST:
            self.notes.append((end, row["amount"]))
            debt.events.append((end, row["amount"]))
            self.unapplied.append((account, end, row["amount"]))

    def is_of_payment(self, row: Row) -> bool:
        """Whether an adjustment is of a payment that is not assumed to have paid anything: notes that it happens to it."""
        payment, is_loose = row["payment_id"], self.debtor(row) in self.loose
        if row["adjustment_kind"] == "write_off" or not payment or (is_loose and row["invoice_id"] not in self.debts):
            return False
        self.happened[payment].append((row["occurred_on"], 1, row["adjustment_id"], row))
        return True

    def adjust(self, row: Row) -> None:
        """A write-off, or money back of an invoice, of a customer, or of a payment that nothing applies."""
        kind, amount, day = row["adjustment_kind"], row["amount"], row["occurred_on"]
        debt, payment = self.debts.get(row["invoice_id"] or ""), row["payment_id"]
        if kind == "write_off" and debt:
            at = max(day, debt.issued)
            if place := self.place(row["invoice_id"]):
                self.step(
                    debt.customer, at, 6, partial(self.give_up_walked, debt=debt, place=place, day=at, amount=amount)
                )
            else:
                self.give_up(debt, at, min(amount, max(debt.open_on(at), ZERO)))
            return
        if kind in ("refund", "chargeback") or payment:
            self.flows["collected"].append((day, -amount))
        if not debt and self.debtor(row) in self.loose:
            self.step(self.debtor(row), day, 5, lambda walk: self.take_back(walk, row, walk.goes_back(
                day, amount, payment and f"payment {payment}", is_refund=kind == "refund"
            )))  # fmt: skip
            return
        if debt:
            earlier = [settled for place, settled in debt.paid if debt.events[place][1] < 0 and settled <= day]
            self.reopen(debt, max(day, debt.issued), amount, max(earlier or [day]))
            return
        self.unapplied.append((self.account(row), day, -row["amount"]))

    def follow(self, name: str) -> None:
        """A payment that an export applies, one thing after the other.

        An application takes no more than is unspent. Money back is of the invoice named; then a refund is of what is
        unspent, all else of what was paid, the last first; then of the other. More than it had is no cash.
        """
        payment = self.received[name]
        paid: list[list[Any]] = []
        account, unspent = self.account(payment), payment["amount"]
        for day, turn, _, row in sorted(self.happened[name], key=lambda what: what[:3]):
            rest = row["amount"]
            if not turn:
                debt, rest = self.debts[row["invoice_id"]], min(rest, max(unspent, ZERO))
                if rest:
                    debt.paid.append((len(debt.events), day))
                    debt.events.append((day, -rest))
                    self.unapplied.append((account, day, -rest))
                    unspent -= rest
                    paid.append([day, row["invoice_id"], rest])
                continue
            last_first = paid[::-1]
            places: list[list[Any] | None] = [piece for piece in last_first if piece[1] == row["invoice_id"]]
            places += [None, *last_first] if row["adjustment_kind"] == "refund" else [*last_first, None]
            for piece in places:
                part = max(min(rest, piece[2] if piece else unspent), ZERO)
                rest -= part
                if piece and part:
                    debt, piece[2] = self.debts[piece[1]], piece[2] - part
                    self.reopen(debt, max(day, debt.issued), part, piece[0])
                elif part:
                    unspent -= part
                    self.unapplied.append((account, day, -part))
            self.flows["collected"].append((day, rest - row["amount"]))

    def give_up(self, debt: Debt, day: date, amount: Decimal) -> None:
        """Posts what of a write-off found something open."""
        debt.events.append((day, -amount))
        debt.written_off.append((day, amount))
        self.flows["written_off"].append((day, amount))

    def give_up_walked(self, walk: Allocation, debt: Debt, place: Due, day: date, amount: Decimal) -> None:
        """What is owed to the money that is followed is given up, then what a balance leaves besides."""
        found = ZERO if debt.is_balance_given_up() else walk.gives_up(day, place, amount)
        if found:
            self.give_up(debt, day, found)
        self.late.append((debt, day, amount - found))

    def place(self, invoice: str) -> Due | None:
        """An invoice's place among those that wait for money, where money is not applied by the export."""
        debt = self.debts[invoice]
        if debt.customer not in self.loose or debt.gross <= 0:
            return None
        return Due(False, debt.settled or LAST, debt.due, debt.issued, f"{self.system}:{invoice}")

    def step(self, customer: str, day: date, order: int, what: Callable[[Allocation], None]) -> None:
        """Something that happens to a customer's debts and money; of one day in this order."""
        self.steps[customer].append((day, order, what))

    def allocate(self) -> None:
        """Follows every customer whose payments have no applications."""
        places = {place: self.debts[name] for name in self.debts if (place := self.place(name))}
        for place, debt in sorted(places.items(), key=lambda found: found[0]):
            whose, issued, most = debt.customer, debt.issued, debt.gross
            if debt.reported and not debt.settled:
                # No more can have been paid than the balance leaves; of that, what no money has paid came in unseen.
                most -= min(max(debt.reported[1], ZERO), debt.gross)
                seen = max(debt.reported[0], issued)
                self.step(whose, seen, 9, partial(Allocation.ends, day=seen, debt=place))
            self.step(whose, issued, 1, partial(Allocation.owes, day=issued, debt=place, amount=most))
            if debt.voided:
                self.step(whose, debt.voided, 7, partial(Allocation.loses, day=debt.voided, debt=place, amount=None))
            if debt.settled:
                at = max(debt.settled, issued)
                end = max(debt.settled + days(parameter("settlement_lag_days")), issued)
                self.step(whose, end, 8, partial(Allocation.ends, day=at, debt=place))
        came = [(f"payment {name}", row, row["received_on"], row["amount"]) for name, row in self.received.items()]
        for row in self.of("invoices"):
            if name := row["invoice_id"] if row["invoice_id"] in self.credits else None:
                came.append((f"note {name}", row, row["issued_on"], self.free[name]))
                if self.ends[name] < LAST and self.debtor(row) in self.loose:
                    void = partial(self.void_note, day=self.ends[name], name=f"note {name}", amount=self.free[name])
                    self.step(self.debtor(row), self.ends[name], 7, void)
        owing = {debt.customer for debt in places.values()}
        for name, row, day, amount in came:
            told = self.told.get(name.removeprefix("note ")) if row.get("status") != "void" else None
            whose, is_loose = self.debtor(row), self.debtor(row) in self.loose
            if told and name.startswith("note ") and is_loose:
                # What its balance leaves of a credit note is for nothing, the rest was used by then.
                amount -= min(max(told[1], ZERO), amount)
                if whose in owing or self.free[row["invoice_id"]] == abs(row["gross_amount"]):
                    used = max(told[0], day)
                    self.step(whose, used, 8, partial(Allocation.uses_up, day=used, money=name))
            if is_loose and amount >= 0:
                self.step(whose, day, 2, partial(Allocation.comes, day=day, money=name, amount=amount))
            elif is_loose:
                self.step(whose, day, 5, partial(self.pay_out, day=day, amount=-amount))
        for customer, steps in self.steps.items():
            walk = Allocation()
            for _, _, what in sorted(steps, key=lambda step: step[:2]):
                what(walk)
            # What one payment pays of one debt on one day is one payment of it.
            together: dict[Any, Decimal] = defaultdict(Decimal)
            for move in walk.moves:
                together[(*move[:3], move.settled, move.amount > 0)] += move.amount
            for (day, debt_name, money, settled, _), amount in together.items():
                self.put(self.account({"customer_id": customer}), Move(day, debt_name, money, amount, settled))

    def void_note(self, walk: Allocation, day: date, name: str, amount: Decimal) -> None:
        """A credit note that is void pays nothing any more."""
        walk.moves += [move for move in walk.goes_back(day, amount, name, is_refund=False) if move.debt]

    def pay_out(self, walk: Allocation, day: date, amount: Decimal) -> None:
        """A payment with a minus: where it takes back what another had paid, it is the one that paid less."""
        walk.moves += [move for move in walk.goes_back(day, amount, None, is_refund=True) if move.debt]

    def put(self, account: str, move: Move) -> None:
        """Posts a move on its debt, and takes its money out of what is unapplied."""
        if move.debt is None:
            # A credit note was used up, nobody knows on what: some of what looks like cash was none.
            self.unapplied.append((account, move.day, -move.amount))
            self.notes.append((move.day, -move.amount))
            self.flows["collected"].append((move.day, -move.amount))
            return
        debt = self.debts[move.debt.removeprefix(f"{self.system}:")]
        if move.money is None and not debt.settled:
            debt.undated.add(len(debt.events))
        if move.money is None:
            self.flows["collected"].append((move.day, move.amount))
        else:
            self.unapplied.append((account, move.day, -move.amount))
        if (move.money or "").startswith("note "):
            self.notes.append((move.day, -move.amount))
        if not (move.money or "").startswith("note "):
            debt.paid.append((len(debt.events), move.settled))
        debt.events.append((move.day, -move.amount))

    def take_back(self, walk: Allocation, row: Row, taken: list[Move]) -> None:
        """Posts what an adjustment took; more than there was lowers unapplied money where it names no payment."""
        left = row["amount"]
        for move in taken:
            left += move.amount
            if move.debt:
                self.reopen(self.debts[move.debt.removeprefix(f"{self.system}:")], move.day, -move.amount, move.settled)
            else:
                self.unapplied.append((self.account(row), move.day, move.amount))
                if (move.money or "").startswith("note "):
                    self.notes.append((move.day, move.amount))
        if left and not row["payment_id"]:
            self.unapplied.append((self.account(row), row["occurred_on"], -left))
        elif left:
            self.flows["collected"].append((row["occurred_on"], left))

    def recover(self, debt: Debt) -> None:
        """What is paid of a debt that was written off takes the write-off back, as far as it would be overpaid."""
        recovered = ZERO
        for day in sorted({on for on, _ in debt.events}) if debt.written_off else []:
            so_far = total([event for event in debt.events if event[0] <= day], day) - recovered
            now = max(min(total(debt.written_off, day), -so_far), ZERO)
            if now != recovered:
                debt.events.append((day, now - recovered))
                recovered = now

    def reopen(self, debt: Debt, day: date, amount: Decimal, settled: date) -> None:
        """A payment, or a part of one, that no longer pays."""
        debt.paid.append((len(debt.events), settled))
        debt.events.append((day, amount))

    def balances_of(self, day: date) -> dict[str, dict[str, Decimal]]:
        """Each account's buckets, open, credit and unapplied amounts at a day's end."""
        found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for debt in self.debts.values():
            for due, part in debt.parts_on(day):
                late = (day - due).days
                for name, (low, high) in zip(BUCKETS, EDGES, strict=True):
                    if (low is None or late >= low) and (high is None or late <= high):
                        found[debt.account][name] += part
                found[debt.account]["open_amount"] += part
            found[debt.account]["credit_amount"] += max(-debt.open_on(day), ZERO)
        for account, on, amount in self.unapplied:
            found[account]["unapplied_amount"] += amount if on <= day else ZERO
        return {account: dict(row) for account, row in found.items() if any(row.values())}

    def begun(self) -> date:
        """The first day on which anything happened."""
        moved = {day for moves in self.flows.values() for day, amount in moves if amount}
        return min(moved | {day for debt in self.debts.values() for day, amount in debt.events if amount})

    def owed(self, day: date) -> Decimal:
        """What is open less credit notes that wait: sales are net of both."""
        return self.stock("open_amount", day) - total(self.notes, day)

    def stock(self, name: str, day: date) -> Decimal:
        """A balance of all accounts."""
        return sum((row.get(name, ZERO) for row in self.balances(day).values()), ZERO)


def newest(rows: list[Row], key: tuple[str, ...]) -> list[Row]:
    """Of rows with one key, the one that was known last."""
    found: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=lambda row: str(row.get("_known_at", ""))):
        found[tuple(row[name] for name in key)] = row
    return list(found.values())
