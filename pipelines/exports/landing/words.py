"""Texts as a contract reads them: what it replaces in them, and what its vendor's words mean."""

from __future__ import annotations

from pipelines.exports.contracts.contract import ColumnMap
from pipelines.exports.entities import Column
from pipelines.exports.readers.grids import Blanks, quoted

# What a spreadsheet writes for true and false in its user's language, whatever the vendor wrote.
SPREADSHEETS = {
    "true": ["wahr", "vrai", "verdadero", "vero", "verdadeiro", "waar", "sant", "sann", "sand", "tosi", "prawda", "pravda", "истина"],
    "false": [
        "falsch", "faux", "falso", "onwaar", "falskt", "usann", "falsk", "epätosi", "fałsz", "nepravda", "ложь"
    ],
}  # fmt: skip


# White space that is taken off the ends of a cell: of ASCII, and the other spaces of Unicode.
_ASCII = (" ", "\t", "\n", "\r")
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


def trimmed(cell: str, blanks: Blanks) -> str:
    """SQL of a cell without the white space at its ends, NULL where nothing is left.

    `blanks` says which white space occurs in the cells. That it stands at an end shows by a look, unless the file's bytes
    have shown it: only there is a cell trimmed, which takes several times as long.
    """
    if blanks == "none":
        return cell
    if blanks == "spaces":
        return f"nullif(trim({cell}), '')"
    white = _literal("".join(_ASCII) + _SPACES) if blanks == "any" else "' '"
    return f"(case when {is_blank_at_ends(cell, blanks)} then nullif(trim({cell}, {white}), '') else {cell} end)"


def is_blank_at_ends(cell: str, blanks: Blanks = "any") -> str:
    """SQL of whether a cell is empty, or begins or ends with white space of those kinds."""
    # What begins with a plain blank, or is empty, comes before any sign.
    looks = [f"{cell} < '!'", *(f"suffix({cell}, {_literal(sign)})" for sign in _ASCII[: 4 if blanks == "any" else 1])]
    if blanks == "any":
        # Only a text that is longer in bytes than in letters has others.
        looks.append(f"(strlen({cell}) <> length({cell}) and regexp_matches({cell}, '^\\p{{Zs}}|\\p{{Zs}}$'))")
    return " or ".join(looks)


def _literal(signs: str) -> str:
    return " || ".join(quoted(sign) if sign == " " else f"chr({ord(sign)})" for sign in signs)


def any_of(text: str, values: list[str]) -> str:
    """SQL of whether a text is one of several words, in letters of any case."""
    words = [value.strip().lower() for value in values]
    return is_one_of(f"lower({text})", [*words, *(other for word in words for other in SPREADSHEETS.get(word, ()))])


def is_one_of(text: str, words: list[str]) -> str:
    """SQL of whether a text is one of several words; true, or else false or NULL.

    Of an `in`, and of `list_contains`, DuckDB makes a join as soon as they are long: each row goes through it whole, and
    what is written after it by one thread.
    """
    return f"(list_position([{', '.join(map(quoted, words))}], {text}) > 0)"


def replaced(text: str, spec: ColumnMap) -> str:
    """A text after the contract's replacements, NULL where nothing is left of it."""
    read = text
    for pattern, instead in (spec.replace or {}).items():
        read = f"regexp_replace({read}, {quoted(pattern)}, {quoted(instead)})"
    # Once, at the end: DuckDB writes a nullif's text out twice, which doubles with every level.
    return f"nullif({read}, '')" if spec.replace else read


def mapped(text: str, spec: ColumnMap, column: Column) -> str:
    """SQL of a text as a word of ours; what a word that is not in the contract's map becomes, the contract says."""
    meant = {word.strip().lower(): value for word, value in (spec.map or {}).items()}
    meant = {other: meant[word] for word in meant for other in SPREADSHEETS.get(word, ())} | meant
    branches = "".join(
        f" when {quoted(word)} then {'null' if value is None else quoted(value)}" for word, value in meant.items()
    )
    otherwise = spec.otherwise or ("reject" if column.one_of else "keep")
    rest = {"keep": text, "alone": text, "blank": "null", "reject": "null"}.get(otherwise, quoted(otherwise))
    if otherwise not in ("keep", "alone", "blank", "reject"):
        rest = f"case when {text} is null then null else {rest} end"
    return f"(case lower({text}){branches} else {rest} end)" if branches else rest
