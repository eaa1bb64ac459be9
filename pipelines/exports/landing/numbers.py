"""SQL that reads a text as a number."""

from __future__ import annotations

from pipelines.exports.contracts.contract import Formats
from pipelines.exports.readers.grids import quoted

# Currencies without minor units (ISO 4217): an amount in minor units is already whole.
ZERO_DECIMAL = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"
]  # fmt: skip

# How a currency stands beside an amount: its sign, its code, or what people write for the code.
CURRENCY = (
    r"[A-Z]{0,2}\p{Sc}|[A-Z]{3}|kr\.?|zł|Kč|Ft|руб\.?|р\.|лв\.?|Rs\.?|Rp\.?|RM|Fr\.?|lei|\.?\p{Arabic}[\p{Arabic}.]*"
)
# Spaces that spreadsheets put between thousands, and what they and word processors make of a minus.
_SPACES, _MINUSES = "\u00a0\u202f\u2009", "\u2212\u2013"

# A long id of which a spreadsheet kept six figures (2.58420E+16): many would be one. How such a text begins is asked first.
_FIGURES_LOST = r"\d[.,]\d+[eE]\+?\d\d|\d[eE]\+\d\d"
_AFTER_FIRST = (".", ",", "E", "e")


def lost_figures(text: str) -> str:
    """SQL of whether a text is a number of which a program wrote the first figures and a power of ten."""
    few = f"substr({text}, 2, 1) in ({', '.join(map(quoted, _AFTER_FIRST))})"
    return f"({few} and regexp_full_match({text}, {quoted(_FIGURES_LOST)}))"


def number(text: str, stored: str, formats: Formats) -> str:
    """A number with the contract's marks, a currency sign or code, brackets or a trailing minus; else NULL.

    Only what is written as a number throughout is one: thousands must stand in threes. Where nobody knows who wrote it,
    `8,125` is none: it may be eight or eight thousand.
    """
    decimal = "\\" + formats.decimal
    marks = [*(mark for mark in formats.thousands if mark != formats.decimal), "'", "\u2019"]
    plain_signs = " " * len(_SPACES) + "-" * len(_MINUSES)
    spaced = f"translate({text}, '{_SPACES}{_MINUSES}', '{plain_signs}')"
    bare = f"regexp_replace({spaced}, '^([-(]?)\\s*(?:{CURRENCY})?\\s*|\\s*(?:{CURRENCY})?(\\)?)$', '\\1\\2', 'g')"
    groups = "".join(f"\\x{{{ord(mark):04x}}}" for mark in [*marks, " "])
    suffix = "".join(formats.suffixes)
    # In India thousands stand in three, and all above them in twos.
    indian = "|\\d{1,2}(,\\d\\d)+,\\d{3}" if "," in marks else ""
    whole = f"(\\d+|\\d{{1,3}}([{groups}]\\d{{3}})+{indian})?({decimal}\\d+|{decimal})?"
    if formats.lone_thousands == "reject":
        several = f"\\d+{indian}|\\d{{1,3}}([{groups}]\\d{{3}}){{2,}}|\\d{{1,3}}\\x{{0020}}\\d{{3}}"
        whole = f"(({several})?({decimal}\\d+|{decimal})?|\\d{{1,3}}[{groups}]\\d{{3}}{decimal}\\d*)"
    pattern = f"[-(]?{whole}([eE][-+]?\\d+)?{f'[{suffix}]?' if suffix else ''}[-)]?"
    digits = f"regexp_replace({bare}, {quoted(f'[{groups}{suffix}()]')}, '', 'g')"
    if formats.decimal != ".":
        digits = f"replace({digits}, {quoted(formats.decimal)}, '.')"
    digits = f"rtrim({digits}, '-')"
    factor = ""
    if formats.suffixes:
        branches = "".join(f" when {quoted(mark)} then {value}" for mark, value in formats.suffixes.items())
        factor = f" * (case right({bare}, 1){branches} else 1 end)"
    negative = f"(case when {bare} like '(%)' or {bare} like '%-' then -1 else 1 end)"
    careful = (
        f"(case when regexp_full_match({bare}, {quoted(pattern)}) "
        f"then try_cast(try_cast({digits} as DECIMAL(38,10)) * {negative}{factor} as {stored}) end)"
    )
    if formats.decimal != ".":
        return careful
    # Most numbers are plain: the careful reading, which costs twenty times as much, is for the rest. A case and no
    # coalesce: out of a coalesce DuckDB draws what its parts share, and works that out for every row.
    plain = f"try_cast({text} as {stored})"
    return f"(case when {text} is null then null when {plain} is not null then {plain} else {careful} end)"
