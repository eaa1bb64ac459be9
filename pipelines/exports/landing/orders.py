"""How a file writes its dates, made out over the whole file: which of day and month comes first, and by which patterns.

Spreadsheets save dates as their country writes them, whatever the vendor wrote: `5/7/24 10:26`. One file has one order,
and a date with a number above twelve tells it for all others. Dots are never American. Names of months and weekdays are
read in the languages that exports come in. What tells nothing is left to the contract, to what the source's earlier
files told, or to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import duckdb

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.readers.grids import quoted

DAY_FIRST, MONTH_FIRST = "day first", "month first"
# A column of dates has a few hundred ways of writing them at most, with every month's name.
MOST_MASKS = 500
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "ru", "uk", "tr")
_CLOCK = re.compile(
    r"^(?P<before>,? +)(?P<hour>9{1,2})(?P<mark>[:.])99(?P<second>(?P=mark)99)?(?P<fraction>\.9+)?"
    r"(?P<half> ?(?:am|pm))?(?P<zone> ?(?:z|gmt|utc|[+-]99:?99))?$"
)
_AMBIGUOUS = re.compile(r"%[dm][/-]%[dm]")
_NUMBERS = re.compile(r"^(9{1,2})([/.-])(9{1,2})\2(9{4}|99)(?!9)(.*)$")
_YEAR_FIRST = re.compile(r"^9{4}([/.])9{1,2}\1(9{1,2})(?!9)(.*)$")
_NAMED = (
    (re.compile(r"^9{1,2}(\D+?)M(\D+?)(9{4}|99)(?!9)(.*)$"), "%d{0}%m{1}{year}"),
    (re.compile(r"^M(\D+?)9{1,2}(\D+?)(9{4}|99)(?!9)(.*)$"), "%m{0}%d{1}{year}"),
)
_ZONES = r" ?(z|gmt|utc)$"


@dataclass(frozen=True)
class Dates:
    """How one file writes its dates: the order of day and month where it matters, and the patterns that it needs.

    `months` are names that stand for a month's number, `weekdays` names that are left out before a text is read by
    `named`.
    """

    order: str | None = None
    numbers: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    months: Mapping[str, str] = field(default_factory=dict)
    weekdays: tuple[str, ...] = ()

    def fitting(self, patterns: Iterable[str]) -> list[str]:
        """A contract's own patterns, without those of the other order than the file's."""
        return [pattern for pattern in patterns if self.order is None or order_of(pattern) in (None, self.order)]

    def plain(self, text: str) -> str:
        """SQL of a text with names of months as numbers, without its weekday, and with its zone as an offset."""
        read = f"lower({text})"
        if self.weekdays:
            read = f"regexp_replace({read}, {quoted(f'^({_either(self.weekdays)})[.,]* *')}, '')"
        name = f"regexp_extract({read}, {quoted(f'({_either(self.months)})[.]?')})"
        numbers = " ".join(f"when {quoted(name)} then {quoted(number)}" for name, number in self.months.items())
        dated = f"coalesce(replace({read}, {name}, case rtrim({name}, '.') {numbers} end), {read})" if numbers else read
        return f"regexp_replace({dated}, {quoted(_ZONES)}, '+0000')"


@dataclass
class Writing:
    """What the masks of a file's dates say: its patterns by order, and how many dates fit one order alone."""

    numbers: dict[str, list[str]] = field(default_factory=lambda: {DAY_FIRST: [], MONTH_FIRST: []})
    named: list[str] = field(default_factory=list)
    months: dict[str, str] = field(default_factory=dict)
    weekdays: list[str] = field(default_factory=list)
    day_first: int = 0
    month_first: int = 0
    unclear: int = 0
    # Whether a zone is written by its name.
    zoned: bool = False

    def dates(self, order: str | None) -> Dates:
        """The file's dates as they are read in an order."""
        numbers = self.numbers[order or DAY_FIRST]
        # A year of two figures first: its pattern does not read one of four, the other would read it as the year 24.
        numbers = sorted(dict.fromkeys(numbers), key=lambda pattern: "%Y" in pattern)
        named = sorted(
            dict.fromkeys([*self.named, *(numbers if self.zoned else [])]), key=lambda pattern: "%Y" in pattern
        )
        longest = dict(sorted(self.months.items(), key=lambda item: -len(item[0])))
        return Dates(order, tuple(numbers), tuple(named), longest, tuple(dict.fromkeys(self.weekdays)))


def _either(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in names)


def order_of(pattern: str) -> str | None:
    """The order of day and month of a pattern that could as well be the other; None of any other."""
    found = _AMBIGUOUS.search(pattern)
    return None if found is None else DAY_FIRST if found[0].startswith("%d") else MONTH_FIRST


def _clock(mask: str) -> str | None:
    """The pattern of what follows a date; None where it is no time."""
    if not mask.strip():
        return ""
    found = _CLOCK.match(mask)
    if found is None:
        return None
    hour, mark = "%I" if found["half"] else "%H", found["mark"]
    half = found["half"] and found["half"].replace("am", "%p").replace("pm", "%p")
    parts = [
        found["before"],
        f"{hour}{mark}%M",
        f"{mark}%S" if found["second"] else "",
        ".%g" if found["fraction"] else "",
    ]
    zone = found["zone"] or ""
    zone = "%z" if zone.strip() in ("z", "gmt", "utc") else f"{' ' if zone.startswith(' ') else ''}%z" if zone else ""
    return "".join([*parts, half or "", zone])


@cache
def names() -> tuple[dict[str, str], frozenset[str]]:
    """Names of months -> their numbers as two figures, and names of weekdays, in all languages, without full stops."""
    # Slow to import, and few files have names in their dates.
    from babel import Locale

    months: dict[str, set[str]] = {}
    weekdays: set[str] = set()
    for language in LANGUAGES:
        locale = Locale.parse(language)
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in locale.months[context][width].items():
                    months.setdefault(name.lower().rstrip("."), set()).add(f"{number:02d}")
                weekdays |= {name.lower().rstrip(".") for name in locale.days[context][width].values()}
    english = {
        name.lower(): f"{number:02d}" for number, name in Locale.parse("en").months["format"]["abbreviated"].items()
    }
    # One name for two months in two languages is neither, unless it is English.
    sure = {name: min(numbers) for name, numbers in months.items() if len(numbers) == 1 and not name.isdigit()}
    return sure | english | {"sept": "09"}, frozenset(weekdays)


def _named(mask: str, writing: Writing) -> None:
    """Adds the pattern of a date with a month's name."""
    months, weekdays = names()
    words = re.findall(r"[^\W\d_]{2,}", mask)
    if words and words[0] in weekdays and (words[0] not in months or (words[1:2] and words[1] in months)):
        writing.weekdays.append(words[0])
        mask = re.sub(rf"^{words[0]}[.,]* *", "", mask)
        words = words[1:]
    month = next((word for word in words if word in months), None)
    if month is None:
        _numbers(mask, writing, named=True)
        return
    bare = re.sub(rf"{month}\.?", "M", mask, count=1)
    for shape, pattern in _NAMED:
        if found := shape.match(bare):
            clock = _clock(found[4])
            if clock is not None:
                year = "%Y" if found[3] == "9999" else "%y"
                writing.months[month] = months[month]
                writing.named.append(pattern.format(found[1], found[2], year=year) + clock)
            return


def _numbers(mask: str, writing: Writing, named: bool = False) -> bool:
    """Adds the patterns of a date of numbers; whether its order of day and month is open."""
    into = [writing.named, writing.named] if named else [writing.numbers[DAY_FIRST], writing.numbers[MONTH_FIRST]]
    if found := _NUMBERS.match(mask):
        mark, year, clock = found[2], "%Y" if found[4] == "9999" else "%y", _clock(found[5])
        if clock is None:
            return False
        for patterns, (first, second) in zip(into, (("%d", "%m"), ("%m", "%d")), strict=True):
            # Nobody who writes dots puts the month first.
            if mark == ".":
                first, second = "%d", "%m"
            patterns.append(f"{first}{mark}{second}{mark}{year}{clock}")
        return mark != "."
    if found := _YEAR_FIRST.match(mask):
        clock = _clock(found[3])
        pattern = None if clock is None else f"%Y{found[1]}%m{found[1]}%d{clock}"
    else:
        pattern = "%Y%m%d" if mask == "9" * 8 else None
    if pattern:
        for patterns in into:
            patterns.append(pattern)
    return False


def written(connection: duckdb.DuckDBPyConnection, texts: Iterable[str], file_of: str = "0") -> dict[int, Writing]:
    """How the dates of the view `cleaned` are written, by file; each of `texts` is SQL of one column of them.

    Texts with their year first need no pattern and are passed over. `file_of` is SQL of a row's file, where the view holds
    several; one without a date to be made out is not there.
    """
    found: dict[int, Writing] = {}
    unlike = {text: f"substr({text}, 5, 1) <> '-'" for text in dict.fromkeys(texts)}
    if not unlike:
        return found
    counts = connection.execute(
        f"select {', '.join(f'count(*) filter (where {other})' for other in unlike.values())} from cleaned"
    ).fetchall()[0]
    for (text, other), count in zip(unlike.items(), counts, strict=True):
        if not count:
            continue
        parts = [
            f"try_cast(regexp_extract(text, '(\\d{{1,2}})[/-](\\d{{1,2}})[/-]', {group}) as integer)"
            for group in (1, 2)
        ]
        rows = connection.execute(
            "select file, lower(translate(text, '012345678', '999999999')) as mask, count(*) filter (a > 12 and b <= 12), "
            f"count(*) filter (b > 12 and a <= 12), count(*) filter (a <> b and a <= 12 and b <= 12) from (select file, text, {parts[0]} as a, {parts[1]} as b "
            f"from (select distinct {file_of} as file, {text} as text from cleaned where {other})) group by file, mask "
            f"qualify row_number() over (partition by file order by count(*) desc, mask) <= {MOST_MASKS} "
            "order by file, count(*) desc, mask"
        ).fetchall()
        for file, mask, above_first, above_second, differ in rows:
            writing = found.setdefault(file, Writing())
            if re.search(r"[^\W\d_]{3,}", re.sub(_ZONES, "", mask)):
                _named(mask, writing)
            elif _numbers(mask, writing):
                writing.day_first += above_first
                writing.month_first += above_second
                writing.unclear += differ
            writing.zoned |= re.search(_ZONES, mask) is not None
    return found


def decided(writing: Writing) -> str | None:
    """The order that the file itself tells; None where it tells none."""
    if writing.day_first == writing.month_first:
        return None
    return DAY_FIRST if writing.day_first > writing.month_first else MONTH_FIRST


def said(contract: Contract, writing: Writing) -> str | None:
    """The order that a contract's own patterns say, where they say one and the file writes its dates so.

    What is written otherwise a spreadsheet saved again, in the order of its own country.
    """
    specs = [spec for _, mapping in contract.feeds for spec in mapping.columns.values()]
    patterns = [*(contract.formats.date or []), *(contract.formats.timestamp or [])]
    patterns += [pattern for spec in specs for pattern in spec.format or []]
    orders = {order for pattern in patterns if (order := order_of(pattern))}
    if len(orders) != 1:
        return None
    (order,) = orders
    days = {_day(pattern) for pattern in patterns}
    return order if any(_day(pattern) in days for pattern in writing.numbers[order] if order_of(pattern)) else None


def _day(pattern: str) -> str:
    """A pattern without its time of day."""
    return re.split(r"[ T,]", pattern)[0]
