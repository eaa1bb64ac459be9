"""Writes a first contract as text: every line that is a guess is marked, and what is asked stands where it is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from pipelines.exports.contracts.clues import total_pattern
from pipelines.exports.contracts.plan import Plan
from pipelines.exports.contracts.profile import DAY_FIRST, MONTH_FIRST, Profile
from pipelines.exports.contracts.vocabulary import plain
from pipelines.exports.entities import Column

MOST_REQUIRED = 8
# More titles than these are not listed one by one.
MOST_TITLES = 30


def _text(value: str) -> str:
    """A text as YAML writes it within a line."""
    return yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10**9).strip()[1:-1]


def _flow(value: Any) -> str:
    """A value as YAML writes it within a line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False)
    return text.removesuffix("...\n").strip()


def _shown(value: str) -> str:
    """A value within a comment: one line, and not endless."""
    return repr(value if len(value) <= 40 else value[:39] + "…")


def contract_text(plan: Plan, asked: list[str]) -> str:
    """The contract, top to bottom; `asked` are the questions that hold its files until they are answered."""
    return "\n".join(_lines(plan, asked)) + "\n"


def _lines(plan: Plan, asked: list[str]) -> Iterator[str]:
    entity = plan.entity
    yield "# A first contract, written from the file alone. Confirm or correct each guess; docs/contracts.md"
    yield "# explains every key. `keybook detect` shows what it maps, `keybook retry` lands held files again."
    yield f"contract: {plan.name}"
    yield f"title: {_text(plan.title)}  # guess: what do people call this export?"
    why = "its rows name landed records of this system" if plan.system == plan.linked_system else "the source system"
    yield f"system: {plan.system}  # guess: {why}; exports of one system share their ids, and all name the same"
    if plan.export:
        yield f"export: {plan.export}"
    if asked:
        yield "# Nothing of its files is landed until these are answered; delete each with its answer, and the key at last."
        yield "ask:"
        yield from (f"  - {_text(question)}" for question in asked)
    yield "recognise:"
    yield "  headers:  # guess: headers that must be there"
    yield from (f"    - {_text(header)}" for header in _required(plan))
    yield from _table(plan)
    yield from _formats(plan)
    unmapped = _unmapped(plan)
    if unmapped:
        yield "# guess: these mean nothing to Keybook; they are kept in _extra. Map what you need below."
        yield "known:"
        yield from (f"  - {_text(found.header)}" for found in unmapped)
    yield "entities:"
    yield f"  {entity.id}:  # guess: the entity whose columns fit best"
    if plan.made_key:
        yield f"    key: made  # guess: no column is different in every row, so {plan.made_key} is made"
    if plan.one_row_per:
        yield f"    one_row_per: [{_text(plan.one_row_per)}]  # guess: it repeats, with the same dates and amounts"
    yield "    columns:"
    for column in entity.columns:
        yield from _column(plan, column)


def _required(plan: Plan) -> list[str]:
    """The headers to recognise by: the key, what the entity needs, then the others that are mapped."""
    first = [name for name in [*plan.entity.key, *plan.needs] if name in plan.columns]
    headers = [plan.columns[name].header for name in dict.fromkeys([*first, *plan.columns])]
    return list(dict.fromkeys(header for header in headers if not header.startswith("(unnamed")))[:MOST_REQUIRED]


def _unmapped(plan: Plan) -> list[Profile]:
    used = {found.place for found in plan.columns.values()}
    used |= {found.place for parts in plan.joined.values() for found in parts}
    used |= {found.place for parts in plan.added.values() for found in parts}
    return [found for found in plan.profiles if found.place not in used and not found.header.startswith("(unnamed")]


def _table(plan: Plan) -> Iterator[str]:
    part, layout = plan.table.grid.part, plan.layout
    path = part[part.index("$") :] if "$" in part else ""
    headers = plan.table.columns
    lines = []
    if path:
        lines.append(f"  path: {_text(path)}")
    if plan.table.header_rows > 1:
        lines.append(f"  header_rows: {plan.table.header_rows}  # guess: words stand above words, and values below")
    if layout.short_rows:
        lines.append("  short_rows: pad  # guess: its lines of totals and footers are shorter than its rows")
    if plan.group:
        lines.append(
            f"  group: {{column: {_text(plan.group)}, when: {{column: {_text(plan.group_when)}, blank: true}}}}"
            "  # guess: a row of one text is the title of the rows below it"
        )
    skips = list(_skips(plan, headers))
    if skips:
        lines += [
            "  skip:  # guess: rows of totals, titles and footers are no data",
            *(f"    - {skip}" for skip in skips),
        ]
    if lines:
        yield "table:"
        yield from lines


def _skips(plan: Plan, headers: list[str]) -> Iterator[str]:
    words: dict[str, list[str]] = {}
    for total in plan.layout.totals:
        words.setdefault(headers[total.place], []).append(total.text)
    for header, texts in words.items():
        if len(set(texts)) == 1:
            yield f"{{column: {_text(header)}, is: {_text(texts[0])}}}"
        else:
            yield _flow({"column": header, "like": total_pattern()})
    for header, texts in plan.skipped.items():
        yield _flow({"column": header, "is": texts})
    footers: dict[str, list[str]] = {}
    for footer in plan.layout.footers:
        footers.setdefault(headers[footer.place], []).append(footer.text)
    for header, texts in footers.items():
        # A time stamp is another one in the next export: its digits are any.
        shapes = {re.sub(r"\\d(\\d|\b)*", r"\\d+", re.sub(r"\d+", "\\\\d", re.escape(text))) for text in texts}
        shapes = {re.sub(r"[^\W\d_]{3,}day|\b[A-Z][a-z]{2,8}\b(?=.*\\d)", r"\\w+", shape) for shape in shapes}
        yield _flow({"column": header, "like": "^(" + "|".join(sorted(shapes)) + ")$"})
    if plan.layout.titles and not plan.group:
        titles: dict[str, list[str]] = {}
        for title in plan.layout.titles[:MOST_TITLES]:
            titles.setdefault(headers[title.place], []).append(title.text)
        for header, texts in titles.items():
            yield _flow({"column": header, "is": list(dict.fromkeys(texts))})


def _formats(plan: Plan) -> Iterator[str]:
    lines = [*_date_lines(plan), *_number_lines(plan)]
    if lines:
        yield "formats:"
        yield from lines


def _date_lines(plan: Plan) -> Iterator[str]:
    orders, unread = plan.orders
    if plan.both_orders and not plan.date_order:
        yield "  # guess: both orders read every date of this file; keep the one that is meant, as `date: [...]`"
        yield "  date_orders:"
        for order in (DAY_FIRST, MONTH_FIRST):
            yield f"    {order}: [{', '.join(_text(pattern) for pattern in orders[order])}]"
        order = ""
    else:
        order = plan.date_order or (min(unread, key=lambda name: unread[name]) if plan.moments else "")
    known = [*(orders[order] if order else []), *orders[""]]
    if known:
        other = MONTH_FIRST if order == DAY_FIRST else DAY_FIRST
        both = orders[DAY_FIRST] and orders[MONTH_FIRST]
        why = f"; as {other}, {unread[other]} values could not be read" if both and order else ""
        left = f"; {unread[order]} values read neither way" if order and unread[order] else ""
        yield f"  date: [{', '.join(_text(pattern) for pattern in known)}]  # guess: found in the values{why}{left}"


def _number_lines(plan: Plan) -> Iterator[str]:
    numeric, points, commas = plan.marks
    if not any(found.marked for found in numeric):
        return
    if points == commas and not plan.decimal:
        yield "  # guess: every number reads with either decimal mark (1,234 may be 1234 or 1.234): which is meant?"
    mark = plan.decimal or ("," if commas > points else ".")
    thousands = ["."] if mark == "," else [","]
    if any(found.apostrophes for found in numeric):
        thousands.append("'")
    most, fewest = max(points, commas), min(points, commas)
    yield f"  decimal: {_text(mark)}  # guess: {most} numbers read so, {fewest} the other way"
    yield f"  thousands: [{', '.join(_text(other) for other in thousands)}]"


def _column(plan: Plan, column: Column) -> Iterator[str]:
    name = column.name
    if name in plan.values:
        yield f"      {name}: {{value: {_text(plan.values[name])}}}  # guess: {plan.why.get(name, 'every row is one')}"
    elif name in plan.joined:
        headers = ", ".join(_text(found.header) for found in plan.joined[name])
        yield f"      {name}: {{join: [{headers}]}}  # guess: together they are one"
    elif name in plan.added:
        yield from _amount(
            plan, column, {"sum": [found.header for found in plan.added[name]]}, "# guess: what they add up to"
        )
    elif name in plan.multiplied:
        factors = [found.header for found in plan.multiplied[name]]
        yield from _amount(plan, column, {"product": factors}, "# guess: quantity by price")
    elif name == "document_kind" and name not in plan.columns and plan.signed:
        header = plan.main.header if plan.main else ""
        yield "      document_kind:  # guess: a minus is a credit note"
        yield "        cases:"
        yield f"          - {{where: {{column: {_text(header)}, like: '^\\s*[-(−]|-\\s*$'}}, value: credit_note}}"
        yield "          - {value: invoice}"
    elif name not in plan.columns:
        if plan.entity.id in ("crm.deals", "crm.deal_stages") and name == "status" and "stage" in plan.columns:
            yield "      # guess: no column says whether a deal is open, won or lost; its stage does"
            yield from _vocabulary(plan, column, plan.columns["stage"])
    elif column.one_of:
        yield from _vocabulary(plan, column, plan.columns[name])
    else:
        yield from _plain(plan, column, plan.columns[name])


def _plain(plan: Plan, column: Column, found: Profile) -> Iterator[str]:
    spec: dict[str, Any] = {"from": found.header}
    mark = "# guess" if plain(found.header) != plain(column.name) else ""
    if found.header == plan.group:
        mark = "# guess: the title above the rows"
    linked = plan.entity.id == "billing.applications" and column.name == "invoice_id"
    if column.name in plan.needs and (found.filled == found.rows or linked):
        spec["required"] = True
    if column.type == "ratio" and (found.percents or found.above_one):
        spec["unit"] = "percent"
    elif column.type == "seconds":
        if found.clocks:
            spec["unit"] = "hms"
        elif re.search(r"(?i)\bmin(ute)?s?\b|мин", found.header):
            spec["unit"] = "minutes"
        elif re.search(r"(?i)\bms\b|milli", found.header):
            spec["unit"] = "milliseconds"
    elif column.type in ("date", "timestamp") and found.unix == found.filled and found.filled:
        spec["unit"] = "unix"
    if column.type == "money":
        yield from _amount(plan, column, spec, mark)
        return
    if column.type == "price" and plan.minor:
        spec |= plan.hundredths
    if column.name == "currency":
        said = {word: answer for word in found.words if (answer := plan.answers.get(f"word.currency.{word}"))}
        spec |= {"map": said} if said else {}
    if column.name in plan.when:
        spec["when"] = plan.when[column.name]
    yield _line(column.name, spec, mark)
    if column.type == "boolean" and found.words:
        words = ", ".join(_shown(word) for word in found.words)
        yield f"        # guess: its words are {words}; `formats: {{true: [...], false: [...]}}` tells them apart"


def _line(name: str, spec: dict[str, Any], mark: str) -> str:
    written = _text(spec["from"]) if list(spec) == ["from"] else _flow(spec)
    return f"      {name}: {written}{'  ' + mark if mark else '  # guess' if list(spec) != ['from'] else ''}"


def _amount(plan: Plan, column: Column, spec: dict[str, Any], mark: str) -> Iterator[str]:
    """A column of money: of whole units or hundredths, and positive where it is a credit note's."""
    if plan.minor:
        spec |= plan.hundredths
    if column.name in plan.totalled:
        spec["total"] = True
        mark = "# guess: the sum of its lines"
    found = plan.columns.get(column.name)
    if column.name == "cost" and found is not None and found.negative:
        spec["sign"] = "absolute"
    credit = [word for word, ours in plan.kinds.items() if ours == "credit_note"]
    if plan.signed and "document_kind" not in plan.columns:
        yield _line(column.name, spec | {"sign": "absolute"}, mark)
    elif plan.signed and credit:
        where = {"column": plan.columns["document_kind"].header, "is": credit}
        outer = {key: spec.pop(key) for key in ("required", "total") if key in spec}
        yield f"      {column.name}:  # guess: a credit note's amount is taken as positive"
        yield from (f"        {key}: true" for key in outer)
        yield "        cases:"
        yield f"          - {_flow({'where': where} | spec | {'sign': 'absolute'})}"
        yield f"          - {_flow(spec)}"
    else:
        yield _line(column.name, spec, mark)


def _vocabulary(plan: Plan, column: Column, found: Profile) -> Iterator[str]:
    yield f"      {column.name}:  # guess"
    yield f"        from: {_text(found.header)}"
    if not found.words and found.filled:
        yield f"        # it holds {found.different} different words; map them to {', '.join(column.one_of)}"
        return
    yield f"        map:  # to {', '.join(column.one_of)}; a row with any other word is rejected by name"
    for word, count in found.words.items():
        ours = plan.meaning(column, word)
        if ours:
            yield f"          {_text(word)}: {ours}  # guess, in {count} rows"
        else:
            yield f"          # {_text(word)}:   # to be mapped: in {count} rows"
