"""Statements as documents: activity and outstanding for the customer, and the act in which both sides reconcile."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipelines.reports.statements.document import Block, Column, Document, Facts, Row, Signatures, Table, Text
from pipelines.reports.statements.reading import BUCKETS, Kind, Line, Statement
from pipelines.reports.statements.wording import clean, decimals_of
from pipelines.words import Language, word


def compose(statement: Statement, kind: Kind, language: Language) -> Document:
    """The document of a statement in a language."""
    writer = {"activity": _activity, "outstanding": _outstanding, "act": _act}[kind]
    decimals = decimals_of(statement.amounts(), statement.asked.currency)
    return Document(
        title=f"{language.text(f'statement.{kind}.title')}: {clean(statement.account_name)}",
        company=clean(statement.company),
        footer=f"{clean(statement.account_name)} · {clean(statement.asked.currency)}",
        language=language,
        decimals=decimals,
        day=statement.asked.to_on,
        blocks=tuple(writer(statement, language, decimals)),
    )


def _head(statement: Statement, language: Language, kind: Kind) -> list[Block]:
    asked = statement.asked
    pairs = [(language.text("statement.from_company"), clean(statement.company))] if statement.company else []
    pairs += [
        (language.text("statement.account"), clean(statement.account_name)),
        # As the customer's own system writes it.
        (language.text("statement.account_number"), clean(asked.account_id.split(":", 1)[-1])),
    ]
    if kind == "activity":
        period = language.text("statement.period_of", first=language.day(asked.from_on), last=language.day(asked.to_on))
        pairs.append((language.text("statement.period"), period))
    else:
        pairs.append((language.text("statement.on_day"), language.day(asked.to_on)))
    pairs.append((language.text("statement.currency"), clean(asked.currency)))
    return [Text(language.text(f"statement.{kind}.title"), "title"), Facts(tuple(pairs))]


def _owed(statement: Statement, balance: Decimal, language: Language, decimals: int) -> Text:
    side = "us" if balance > 0 else "them" if balance < 0 else "nobody"
    amount = language.money(abs(balance), clean(statement.asked.currency), decimals)
    return Text(
        language.text(f"statement.owed.{side}", day=language.long_day(statement.asked.to_on), amount=amount), "heading"
    )


def _ageing(statement: Statement, language: Language) -> list[Block]:
    ageing = statement.ageing
    asked = statement.asked
    parts = dict(zip(BUCKETS, ageing.buckets, strict=True)) | {"open_amount": ageing.open_amount}
    taken_off = {"credit_amount": ageing.credit_amount, "unapplied_amount": ageing.unapplied_amount}
    parts |= {name: amount for name, amount in taken_off.items() if amount}
    if len(parts) > len(BUCKETS) + 1:
        parts["net_amount"] = ageing.net_amount
    title = language.text("statement.ageing.title", day=language.long_day(asked.to_on), currency=clean(asked.currency))
    columns = tuple(Column(language.text(f"statement.ageing.{name}"), "money") for name in parts)
    return [Text(title, "heading"), Table(columns, (Row(tuple(parts.values())),), boxed=True)]


def _document(line: Line) -> str:
    return clean(line.document or "") + (" *" if line.is_inferred else "")


def _day(line: Line, language: Language) -> date | str:
    """The line's day; of money of which the accounts know only that it had come, the day by which it had."""
    return line.occurred_on if line.is_dated else language.text("statement.by_day", day=language.day(line.occurred_on))


def _inferred(lines: tuple[Line, ...], language: Language) -> list[Block]:
    said = {
        "inferred": any(line.is_inferred for line in lines),
        "undated": not all(line.is_dated for line in lines),
    }
    return [Text(language.text(f"statement.{name}"), "note") for name, is_said in said.items() if is_said]


def _activity(statement: Statement, language: Language, decimals: int) -> list[Block]:
    names = {
        "date": ("date", 1.3), "kind": ("text", 2.35), "document": ("text", 1.8), "due": ("date", 1.3),
        "debit": ("money", 1.3), "credit": ("money", 1.3), "balance": ("money", 1.4),
    }  # fmt: skip
    rows = [
        Row(
            (
                _day(line, language), _kind(line.kind, language), _document(line), line.due_on,
                line.debit or None, line.credit or None, line.balance,
            ),
            strong=line.kind == "brought_forward",
            running=(None, None, None, None, None, None, line.balance),
        )
        for line in statement.lines
    ]  # fmt: skip
    totals = statement.totals
    rows.append(
        Row((None, language.text("statement.activity.turnover"), "", None, totals.debits, totals.credits, None), True)
    )
    rows.append(
        Row(
            (statement.asked.to_on, language.text("statement.activity.closing"), "", None, None, None, totals.closing),
            True,
        )
    )
    blocks = [*_head(statement, language, "activity"), Table(_columns(language, names), tuple(rows))]
    if not any(line.kind != "brought_forward" for line in statement.lines):
        blocks.append(Text(language.text("statement.activity.nothing")))
    blocks.append(_owed(statement, totals.closing, language, decimals))
    return [*blocks, *_inferred(statement.lines, language), *_ageing(statement, language)]


def _outstanding(statement: Statement, language: Language, decimals: int) -> list[Block]:
    names = {
        "document": ("text", 2.0), "kind": ("text", 1.5), "issued": ("date", 1.4), "due": ("date", 1.2),
        "days_overdue": ("count", 1.3), "amount": ("money", 1.35), "open": ("money", 1.45),
    }  # fmt: skip
    rows = []
    owed = Decimal(0)
    for item in statement.open_items:
        document = clean(item.document or "")
        if item.instalment is not None:
            document = language.text("statement.instalment", document=document, number=item.instalment)
        kind = _kind("opening_balance" if item.kind == "opening" else item.kind, language)
        late = item.days_overdue if item.days_overdue > 0 else None
        owed += item.open_amount
        cells = (document, kind, item.issued_on, item.due_on, late, item.amount, item.open_amount)
        rows.append(Row(cells, running=(None, None, None, None, None, None, owed)))
    blocks = _head(statement, language, "outstanding")
    if rows:
        total = (language.text("statement.outstanding.total"), "", None, None, None, None, statement.ageing.open_amount)
        blocks.append(Table(_columns(language, names), (*rows, Row(total, strong=True))))
    else:
        blocks.append(Text(language.text("statement.outstanding.nothing")))
    return [
        *blocks,
        *_ageing(statement, language),
        _owed(statement, statement.ageing.net_amount, language, decimals),
    ]


def _act(statement: Statement, language: Language, decimals: int) -> list[Block]:
    """Both sides' books beside each other: ours filled in, theirs left for them to fill in."""
    asked, totals = statement.asked, statement.totals
    currency = clean(asked.currency)
    us, them = clean(statement.company) or language.text("statement.our_company"), clean(statement.account_name)
    first, last = language.day(asked.from_on), language.day(asked.to_on)

    def both(row: Row, theirs: Row) -> Row:
        return Row((*row.cells, *theirs.cells), row.strong, row.running)

    def labelled(name: str, debit: Decimal | None, credit: Decimal | None) -> Row:
        label = language.text(f"statement.act.{name}")
        return both(Row((None, label, debit, credit), True), Row((None, label, None, None)))

    def standing(name: str, balance: Decimal) -> Row:
        return labelled(name, balance if balance > 0 or not balance else None, -balance if balance < 0 else None)

    moved = []
    debits = credits = Decimal(0)
    for line in statement.lines:
        if line.kind == "brought_forward":
            continue
        debits, credits = debits + line.debit, credits + line.credit
        what = " ".join(filter(None, (_kind(line.kind, language), _document(line))))
        cells = (_day(line, language), what, line.debit or None, line.credit or None)
        running = (None, None, debits, credits, None, None, None, None)
        moved.append(both(Row(cells, running=running), Row((None, None, None, None))))
    rows = [
        standing("opening", totals.opening),
        *moved,
        labelled("turnover", totals.debits, totals.credits),
        standing("closing", totals.closing),
    ]
    names = {"date": ("date", 1.15), "document": ("text", 2.15), "debit": ("money", 1.2), "credit": ("money", 1.2)}
    columns = _columns(language, names)
    bands = (
        (language.text("statement.act.by_us", us=us, currency=currency), len(columns)),
        (language.text("statement.act.by_them", them=them, currency=currency), len(columns)),
    )
    side = "us" if totals.closing > 0 else "them" if totals.closing < 0 else "nobody"
    result = language.text(
        f"statement.act.our_result_{side}", us=us, them=them, day=language.long_day(asked.to_on),
        amount=language.money(abs(totals.closing), currency, decimals),
    )  # fmt: skip
    return [
        Text(language.text("statement.act.title"), "title"),
        Text(language.text("statement.act.subtitle", first=first, last=last), "subtitle"),
        Text(language.text("statement.act.between", us=us, them=them), "subtitle"),
        Text(language.text("statement.act.preamble", us=us, them=them)),
        Table((*columns, *columns), tuple(rows), bands, boxed=True),
        *_inferred(statement.lines, language),
        Text(result, "heading"),
        Text(
            language.text(
                "statement.act.their_result", them=them, day=language.long_day(asked.to_on), currency=currency
            ),
            "heading",
        ),
        Text(language.text("statement.act.agree"), "note"),
        Signatures(
            (language.text("statement.act.for", party=us), language.text("statement.act.for", party=them)),
            tuple(language.text(f"statement.act.{name}") for name in ("position", "signature", "name", "date_signed")),
            language.text("statement.act.stamp"),
        ),
    ]


def _kind(name: str, language: Language) -> str:
    """What a line is, in words."""
    return word(f"statement.kinds.{name}", language.code)


def _columns(language: Language, names: dict[str, tuple[str, float]]) -> tuple[Column, ...]:
    return tuple(
        Column(language.text(f"statement.columns.{name}"), kind, share)  # type: ignore[arg-type]
        for name, (kind, share) in names.items()
    )
