"""What a column's values are evidence of, over all of them: dates and their order, decimal marks, clocks, words.

For the guesses of a first contract (`draft.py`). Nothing here decides how a file is loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb

from pipelines.exports.readers.grids import quoted

DAY_FIRST, MONTH_FIRST, EITHER = "day first", "month first", ""
# A column is of a kind when this share of its values reads as it; the rest are rejected by name when they are landed.
USUAL = 0.5
# A vocabulary has no more different words than this.
MOST_WORDS = 40

_DATE_PARTS = [
    *((f"%d{mark}%m{mark}%{year}", DAY_FIRST) for mark in "./-" for year in "Yy"),
    *((f"%m{mark}%d{mark}%{year}", MONTH_FIRST) for mark in "./-" for year in "Yy"),
    ("%a %d/%m/%Y", DAY_FIRST),
    ("%a %m/%d/%Y", MONTH_FIRST),
    *((pattern, EITHER) for pattern in ("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")),
    *(
        (pattern, EITHER)
        for pattern in (
            "%d %b %Y",
            "%d %B %Y",
            "%d-%b-%Y",
            "%d-%b-%y",
            "%b %d, %Y",
            "%B %d, %Y",
            "%d %b, %Y",
            "%a, %d %b %Y",
            "%A, %d %B %Y",
            "%A, %B %d, %Y",
            "%Y-%m-%d",
        )
    ),
]
_TIME_PARTS = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z"]
_DIGITS = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%d": r"\d{1,2}", "%m": r"\d{1,2}", "%H": r"\d{1,2}", "%I": r"\d{1,2}",
    "%M": r"\d{2}", "%S": r"\d{2}", "%p": "[AaPp][Mm]", "%b": r"\p{L}{3}", "%B": r"\p{L}{3,9}", "%a": r"\p{L}{3}", "%A": r"\p{L}{6,9}", "%z": r"[+-]\d{2}:?\d{2}",
}  # fmt: skip
# How what a part reads is written, where it is no run of digits.
_SHAPES = dict.fromkeys(("%b", "%B", "%p", "%a", "%A"), "a") | {"%z": "+0"}
_ISO = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?"
_BARE = r"regexp_replace(replace(v, chr(160), ' '), '^\s*(\p{Sc}|[A-Z]{3})?\s*|\s*(\p{Sc}|[A-Z]{3}|%)?\s*$', '', 'g')"
_NUMBERS = {
    ".": r"[-+(]?(\d+|\d{1,3}([, '’]\d{3})+|\d{1,2}(,\d{2})+,\d{3})(\.\d+)?[-)]?",
    ",": r"[-+(]?(\d+|\d{1,3}([. '’]\d{3})+)(,\d+)?[-)]?",
}


@dataclass
class Profile:
    """One column: how many values it has, how many are different, and how many of them read as what."""

    header: str
    place: int
    filled: int = 0
    rows: int = 0
    different: int = 0
    # Date pattern -> (its order, how many values it reads); ISO 8601 needs no pattern and is counted apart.
    dates: dict[str, tuple[str, int]] = field(default_factory=dict)
    iso_dates: int = 0
    # How many values no date pattern of an order reads.
    unread: dict[str, int] = field(default_factory=dict)
    # Decimal mark -> how many values read as numbers with it; `marked` are those that hold a mark at all.
    numbers: dict[str, int] = field(default_factory=dict)
    marked: int = 0
    apostrophes: int = 0
    percents: int = 0
    clocks: int = 0
    # How many are times of day, and how many hold one.
    times: int = 0
    timed: int = 0
    codes: int = 0
    emails: int = 0
    phones: int = 0
    # Seconds since 1970, of the years 2001 to 2033.
    unix: int = 0
    whole: int = 0
    negative: int = 0
    # How many numbers are above one: a share is not.
    above_one: int = 0
    samples: list[str] = field(default_factory=list)
    # A vocabulary's words with how often each occurs, the commonest first; empty for a column with too many.
    words: dict[str, int] = field(default_factory=dict)
    # The header as it is compared: without what it shares with most others, its words apart (`Vocabulary.called`).
    called: str = ""

    def __post_init__(self) -> None:
        """What nobody has read otherwise is called by its header."""
        self.called = self.called or self.header

    @property
    def is_key(self) -> bool:
        """Filled in every row, and different in each."""
        return self.rows > 0 and self.filled == self.rows == self.different

    def share(self, count: int) -> float:
        """A count of values as a share of the filled ones; 1 for a column without any."""
        return count / self.filled if self.filled else 1.0

    @property
    def date_share(self) -> float:
        """How much of it reads as dates, in the order that reads most."""
        return 1 - self.share(min(self.unread.values())) if self.filled and self.unread else float(not self.filled)

    @property
    def decimal(self) -> str:
        """The decimal mark that reads most of its numbers."""
        return "," if self.numbers.get(",", 0) > self.numbers.get(".", 0) else "."

    @property
    def number_share(self) -> float:
        """How much of it reads as numbers, with the decimal mark that reads most."""
        return self.share(max(self.numbers.values(), default=0))


def _pattern_test(pattern: str) -> str:
    """SQL: strptime reads two digits as the year 17 where four are meant, so the text's shape is held too."""
    shape = re.sub(r"%[A-Za-z]|[.]", lambda found: _DIGITS.get(found[0], r"\."), pattern)
    return f"(regexp_full_match(v, {quoted(shape)}) and try_strptime(v, {quoted(pattern)}) is not null)"


def profile(connection: duckdb.DuckDBPyConnection, header: str, place: int) -> Profile:
    """Profiles one column of the temporary table `grid`."""
    found = Profile(header, place)
    connection.execute(
        f"create or replace temp table words as select trim(c{place}) as v, count(*) as n from grid "
        f"where trim(c{place}) != '' group by all"
    )
    dots, commas = (f"regexp_full_match({_BARE}, {quoted(_NUMBERS[mark])})" for mark in ".,")
    tests = [
        dots,
        commas,
        f"({dots} or {commas}) and regexp_matches(v, '[.,]')",
        f"{dots} and regexp_matches(v, '[''’]')",
        "ends_with(v, '%')",
        r"regexp_full_match(v, '\d+:\d\d(:\d\d(\.\d+)?)?')",
        "regexp_full_match(upper(v), '[A-Z]{3}')",
        f"regexp_full_match(v, {quoted(_ISO)})",
        r"regexp_full_match(v, '[^@\s]+@[^@\s]+\.\w+')",
        r"regexp_full_match(v, '(sip:)?[+(]?[\d()\s./-]{5,24}(\D.{0,20})?') and length(regexp_replace(v, '\D', '', 'g')) >= 5",
        r"regexp_full_match(v, '1\d{9}')",
        r"regexp_full_match(v, '-?\d+')",
        f"({dots} or {commas}) and regexp_matches(v, '^[-(−]|-$')",
        r"abs(try_cast(replace(regexp_replace(v, '[^\d.,-]', '', 'g'), ',', '.') as double)) > 1",
        r"regexp_full_match(v, '(?i)\d{1,2}:\d{2}(:\d{2})?( ?[ap]m)?')",
        r"regexp_matches(v, '\d:\d')",
        r"regexp_matches(v, '\d') and length(v) between 6 and 40",
    ]
    counts = ", ".join(f"coalesce(sum(n) filter (where {test}), 0)" for test in tests)
    row = connection.execute(f"select count(*), coalesce(sum(n), 0), {counts} from words").fetchall()[0]
    found.rows = int(connection.execute("select count(*) from grid").fetchall()[0][0])
    found.different, found.filled = int(row[0]), int(row[1])
    found.numbers = {".": int(row[2]), ",": int(row[3])}
    found.marked, found.apostrophes, found.percents, found.clocks, found.codes, found.iso_dates = map(int, row[4:10])
    found.emails, found.phones, found.unix, found.whole, found.negative, found.above_one = map(int, row[10:16])
    found.times, found.timed = map(int, row[16:18])
    found.samples = [
        value for (value,) in connection.execute("select v from words order by n desc, v limit 3").fetchall()
    ]
    # Only a column that could hold dates is tried against the many patterns.
    if found.filled and row[18] / found.filled >= USUAL and found.iso_dates < found.filled:
        _dates(connection, found)
    elif found.iso_dates:
        found.unread = dict.fromkeys((DAY_FIRST, MONTH_FIRST), found.filled - found.iso_dates)
    if 0 < found.different <= MOST_WORDS:
        found.words = dict(connection.execute("select v, n from words order by n desc, v").fetchall())
    return found


def _shape(pattern: str) -> str:
    """How a value that the pattern reads is written: a run of digits is 0, a word is a."""
    return re.sub("0+", "0", re.sub("%[A-Za-z]", lambda found: _SHAPES.get(found[0], "0"), pattern))


def _dates(connection: duckdb.DuckDBPyConnection, found: Profile) -> None:
    # A test of a pattern is dear; most are of no shape that occurs.
    shapes = {
        row[0]
        for row in connection.execute(
            r"select distinct regexp_replace(regexp_replace(regexp_replace(v, '\p{L}+', 'a', 'g'), '\d+', '0', 'g'), "
            r"' [-+]0', ' +0') from words"
        ).fetchall()
    }
    tests = {
        f"{day}{time}": (order, _pattern_test(f"{day}{time}"))
        for day, order in _DATE_PARTS
        for time in _TIME_PARTS
        if _shape(f"{day}{time}") in shapes
    }
    if not tests and not found.iso_dates:
        return
    sums = [f"coalesce(sum(n) filter (where {test}), 0)" for _, test in tests.values()]
    counts = connection.execute(f"select {', '.join(sums)} from words").fetchall()[0] if sums else ()
    for (pattern, (order, _)), count in zip(tests.items(), counts, strict=True):
        if count:
            found.dates[pattern] = (order, int(count))
    if not found.dates and not found.iso_dates:
        return
    for order in (DAY_FIRST, MONTH_FIRST):
        fitting = [tests[pattern][1] for pattern, (its, _) in found.dates.items() if its in (order, EITHER)]
        read = " or ".join([*fitting, f"regexp_full_match(v, {quoted(_ISO)})"])
        unread = connection.execute(f"select coalesce(sum(n) filter (where not ({read})), 0) from words").fetchall()
        found.unread[order] = int(unread[0][0])
