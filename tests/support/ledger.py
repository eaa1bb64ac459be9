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

from tests.support.assumed import Assumed
from tests.support.debts import ZERO, Debt, Movement, total
from tests.support.oracle import days
from tests.support.truncation import cut, day_of
from tests.support.walk import LAST, Due, Walk

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


class Book(Assumed):
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
        self.noted: dict[str, list[tuple[date, str, Row]]] = defaultdict(list)
        # Documents that applications of payments say what paid; what of each payment was spent or went back.
        self.applied: set[str] = set()
        self.gone: dict[str, Decimal] = defaultdict(Decimal)
        terms = {row["customer_id"]: row.get("payment_terms_days") for row in self.of("customers")}
        for row in self.of("invoices"):
            self.document(row, terms.get(row["customer_id"]) or 0)
        for row in sorted(self.of("opening_balances"), key=lambda row: row["as_of"]):
            if f"opening of {row['customer_id']}" in self.debts:
                # A later one holds the first and what came since.
                continue
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
        self.steps: dict[str, list[tuple[date, int, str, Callable[[Walk], None]]]] = defaultdict(list)
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
        # Numbers whose money, or what went back of it, is followed although they may owe nothing.
        self.giving: set[str] = set()
        # Those of whom there is money that may pay something.
        self.moneyed: set[str] = set()
        for debt in self.debts.values():
            self.owing[debt.account].add(debt.customer)
        for row in self.named_by_note():
            self.apply(row)
        self.paying = {row["payment_id"] for row in self.of("payments")}
        given = sorted(self.of("adjustments"), key=lambda row: (row["occurred_on"], row["adjustment_id"]))
        others = [row for row in given if not self.is_of_payment(row)]
        for payment in self.happened:
            self.follow(payment)
        for note in self.noted:
            self.use(note)
        for row in others:
            if row["adjustment_kind"] == "write_off" and row["invoice_id"] in self.debts:
                self.debts[row["invoice_id"]].to_give_up += row["amount"]
        for row in others:
            self.adjust(row)
        self.allocate()
        for debt, day, amount in sorted(self.late, key=lambda late: late[1]):
            self.give_up(debt, day, min(amount, max(debt.open_on(day), ZERO)))
        for debt in self.debts.values():
            self.recover(debt)
        # All is posted: what a day's end was is worked out once.
        self.balances = cache(self.balances_of)

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
        due = row["due_on"] or issued + days(terms)
        parts = sorted(
            (part["due_on"] or due, part["number"], part["amount"])
            for part in self.of("instalments")
            if part["invoice_id"] == row["invoice_id"] and part["amount"] > 0
        )
        split = [(on, amount) for on, _, amount in parts] or [(due, gross)]
        debt = Debt(self.account(row), row["customer_id"], issued, gross, split)
        debt.events, debt.voided = moves, voided if is_void else None
        debt.due, debt.settled = due, row.get("settled_on")
        debt.reported = self.told.get(row["invoice_id"]) if not is_void else None
        self.flows["sales"] += moves
        self.debts[row["invoice_id"]] = debt

    def named_by_note(self) -> list[Row]:
        """Applications; a credit note that a payment used (a line of it without an invoice) paid the end of its lines."""
        lines: dict[str, list[Row]] = defaultdict(list)
        # A line of a document that is a draft, or void, is a line too.
        documents = {row["invoice_id"] for row in self.of("invoices")}
        for row in sorted(self.of("applications"), key=lambda row: str(row["application_id"])):
            if row["payment_id"] in self.received and row["invoice_id"] in documents and not row.get("credit_note_id"):
                lines[row["payment_id"]].append(dict(row))
        kept = [row for row in self.of("applications") if not any(row["application_id"] == line["application_id"]
                for told in lines.values() for line in told)]  # fmt: skip
        for note in sorted(kept, key=lambda row: str(row["application_id"]), reverse=True):
            if note["invoice_id"] or note.get("credit_note_id") not in self.credits:
                continue
            rest = note["amount"]
            for line in reversed(lines.get(note["payment_id"] or "", [])):
                part = min(rest, max(line["amount"], ZERO))
                if part:
                    line["amount"] -= part
                    rest -= part
                    day = line["applied_on"] or self.received[note["payment_id"]]["received_on"]
                    names = {"application_id": f"{note['application_id']} {line['application_id']}", "payment_id": None}
                    kept.append(note | names | {"invoice_id": line["invoice_id"], "applied_on": day, "amount": part})
        return kept + [line for told in lines.values() for line in told if line["amount"]]

    def apply(self, row: Row) -> None:
        """Money of a payment or credit note on an invoice: not before the invoice, not on a void one."""
        debt = self.debts.get(row["invoice_id"])
        payment = self.received.get(row.get("payment_id") or "")
        note = self.credits.get(row.get("credit_note_id") or "")
        if debt is None or debt.voided or not (payment or note):
            return
        _, came = ("", payment["received_on"]) if payment else note or ("", date.min)
        day = max(row["applied_on"] or came, came, debt.issued)
        end = self.ends[row["credit_note_id"]] if note else LAST
        if day >= end:
            return
        if payment:
            self.happened[row["payment_id"]].append((day, 0, row["application_id"], row))
        else:
            self.noted[row["credit_note_id"]].append((day, row["application_id"], row))

    def use(self, name: str) -> None:
        """A credit note that an export applies: each application takes no more than is left; all end as it is void."""
        account, end, whole = self.credits[name][0], self.ends[name], self.free[name]
        for day, _, row in sorted(self.noted[name], key=lambda what: what[:2]):
            # A note of nothing carries whatever is put on it.
            part = min(row["amount"], max(self.free[name], ZERO)) if whole else row["amount"]
            debt, place = self.debts[row["invoice_id"]], self.place(row["invoice_id"])
            if not part:
                continue
            self.free[name] -= part
            for on, amount in ((day, part), (end, -part)) if end < LAST else ((day, part),):
                debt.events.append((on, -amount))
                self.unapplied.append((account, on, -amount))
                self.notes.append((on, -amount))
            if place:
                self.step(debt.customer, day, 3, partial(Walk.loses, day=day, debt=place, amount=part))
                self.step(debt.customer, end, 3, partial(Walk.owes_again, day=end, debt=place, amount=part))

    def is_of_payment(self, row: Row) -> bool:
        """Whether an adjustment is of a payment whose applications are known: notes that it happens to it."""
        payment = self.received.get(row["payment_id"] or "")
        if row["adjustment_kind"] == "write_off" or not payment or self.debtor(payment) in self.loose:
            return False
        day = max(row["occurred_on"], payment["received_on"])
        self.happened[row["payment_id"]].append((day, 1, row["adjustment_id"], row))
        return True

    def adjust(self, row: Row) -> None:
        """A write-off, or money back of an invoice, of a credit note, of a customer, or of a payment that nothing applies."""
        kind, amount, day = row["adjustment_kind"], row["amount"], row["occurred_on"]
        debt, payment = self.debts.get(row["invoice_id"] or ""), self.received.get(row["payment_id"] or "")
        debt = None if debt and debt.voided else debt
        note = row["invoice_id"] if row["invoice_id"] in self.credits else None
        if kind == "write_off":
            if debt:
                self.write_off(row, debt)
        elif not payment and row["payment_id"] in self.paying:
            # Of a payment that did not come in nothing goes back.
            return
        elif payment:
            place = self.place(row["invoice_id"]) if debt else None
            self.flows["collected"].append((max(day, payment["received_on"]), -amount))
            self.gives_back(
                row, self.debtor(payment), max(day, payment["received_on"]), f"payment {row['payment_id']}", place
            )
        elif debt:
            self.owed_again(row, debt, max(day, debt.issued))
        elif note or kind != "reversal":
            # A reversal that names nothing reverses nothing; a credit note is no cash.
            if kind != "reversal":
                self.flows["collected"].append((day, -amount))
            self.gives_back(row, self.debtor(row), day, note and f"note {note}", None)

    def write_off(self, row: Row, debt: Debt) -> None:
        """A write-off: of what is walked then and there, of all else once everything is posted."""
        at, amount = max(row["occurred_on"], debt.issued), row["amount"]
        if place := self.place(row["invoice_id"]):
            self.step(debt.customer, at, 6, partial(self.give_up_walked, debt=debt, place=place, day=at, amount=amount),
                      row["adjustment_id"])  # fmt: skip
        else:
            self.late.append((debt, at, amount))

    def owed_again(self, row: Row, debt: Debt, at: date) -> None:
        """An adjustment of an invoice that names no payment: it is owed again, or what paid it is taken back."""
        amount, place = row["amount"], self.place(row["invoice_id"])
        if row["adjustment_kind"] != "reversal":
            self.flows["collected"].append((row["occurred_on"], -amount))
        if row["adjustment_kind"] != "reversal" and place and debt.customer in self.loose:
            self.gives_back(row, debt.customer, at, None, place)
            return
        earlier = [settled for number, settled in debt.paid if debt.events[number][1] < 0 and settled <= at]
        self.reopen(debt, at, amount, max(earlier or [at]))
        # A settlement tells nothing of money that went back, and no other money is asked for it here.
        if place and row["adjustment_kind"] == "reversal":
            self.step(debt.customer, at, 4, partial(Walk.owes_again, day=at, debt=place, amount=amount))

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
                # A payment of nothing carries what a credit gave.
                debt, rest = self.debts[row["invoice_id"]], min(rest, max(unspent, ZERO)) if payment["amount"] else rest
                if rest:
                    self.applied.add(row["invoice_id"])
                    self.gone[name] += rest
                    debt.paid.append((len(debt.events), day))
                    debt.events.append((day, -rest))
                    self.unapplied.append((account, day, -rest))
                    unspent -= rest
                    # Of a payment of nothing nothing goes back.
                    paid += [[day, row["invoice_id"], rest]] if payment["amount"] else []
                continue
            self.gone[name] += rest
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

    def give_up_walked(self, walk: Walk, debt: Debt, place: Due, day: date, amount: Decimal) -> None:
        """What is owed to the money that is followed is given up, then what a balance leaves besides."""
        found = ZERO if debt.is_balance_given_up() else walk.gives_up(day, place, amount)
        if found:
            self.give_up(debt, day, found)
        self.late.append((debt, day, amount - found))

    def recover(self, debt: Debt) -> None:
        """What is paid of a debt that was written off takes the write-off back, as far as it would be overpaid."""
        recovered = ZERO
        for day in sorted({on for on, _ in debt.events}) if debt.written_off else []:
            so_far = total([event for event in debt.events if event[0] <= day], day) - recovered
            now = max(min(total(debt.written_off, day), -so_far), ZERO)
            if now != recovered:
                debt.events.append((day, now - recovered))
                recovered = now

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
