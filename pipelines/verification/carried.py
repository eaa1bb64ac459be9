"""Credit notes that a payment used: its export says of which, and how much, and not which invoice each of them paid."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from pipelines.verification.documents import Books, named
from pipelines.verification.rows import Row

ZERO = Decimal(0)


def parted(rows: list[Row], books: Books) -> list[Row]:
    """Applications of which each names what paid: a payment's own money goes to its first lines, its notes to the last.

    A line of a payment with a credit note and no invoice says that the payment's other lines come to what both gave.
    What of its notes exceeds these stays as it is.
    """
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(row["application_id"])):
        money = books.money.get("payment " + named(row["_system"], row["payment_id"])) if row["payment_id"] else None
        other = named(row["_system"], row["invoice_id"] or row["credit_note_id"])
        if money and (row["amount"] or ZERO) > 0 and books.named.get(other, ("", ""))[1] == money.currency:
            lines[money.id].append(row)
    found = {id(row): [row] for row in rows}
    for payment, told in lines.items():
        notes = [
            row for row in told if not row["invoice_id"] and named(row["_system"], row["credit_note_id"]) in books.money
        ]
        paying = [row for row in told if row["invoice_id"] and not row["credit_note_id"]]
        came = books.money[payment].came
        left = [[row, row["amount"]] for row in paying]
        for note in reversed(notes):
            rest, pieces = note["amount"], []
            for line in reversed(left):
                part = min(rest, line[1])
                if part > 0:
                    rest, line[1] = rest - part, line[1] - part
                    day = line[0]["applied_on"] or came
                    new = {"payment_id": None, "invoice_id": line[0]["invoice_id"], "applied_on": day}
                    pieces.append(note | new | {"amount": part, "payment_amount": part})
            if pieces:
                found[id(note)] = [
                    piece | {"application_id": piece["application_id"] + (f":{number}" if number > 1 else "")}
                    for number, piece in enumerate(reversed(pieces), start=1)
                ]
        for row, amount in left:
            own = row["payment_amount"]
            less = row | {"amount": amount, "payment_amount": own and own - (row["amount"] - amount)}
            found[id(row)] = [less] if amount > 0 else []
    return [piece for row in rows for piece in found[id(row)]]
