"""Tells one-byte encodings apart by the letters that each would give: those of one language, and in words of one script.

Any byte is a letter in nearly all of them, so that what counts is which reading a language can have written. What
cannot be told (a lone ń of Gdańsk is the ñ of Muñoz) is read as Western; a contract that knows better says so with
`table.encodings`.
"""

from __future__ import annotations

import re
from collections import Counter

from charset_normalizer import from_bytes

SAMPLE = 1 << 18
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
# Encoding -> alphabets of the languages that are written in it, only what is not ASCII. In order of preference where
# two fit equally well.
_ALPHABETS = {
    "cp1252": [
        "åäöéü", "æøåéö", "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúüºª", "ãõáâàçéêíóôúºª", "àèéìíòóùú", "ðþæöáéíóúý",
        "éëïöüè", "õäöüšž",
    ],
    "cp1251": [_CYRILLIC, "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "абвгдеёжзійклмнопрстуўфхцчшыьэюя"],
    "cp866": [_CYRILLIC],
    "koi8_r": [_CYRILLIC],
    "cp1250": ["ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß"],
}  # fmt: skip
# The same letters, and control characters where the other has no sign at all.
_ALPHABETS["latin_1"] = _ALPHABETS["cp1252"]
_LATIN = ("cp1252", "cp1250", "latin_1")
# The commonest letters of Russian and its neighbours, two thirds of a text.
_COMMON = "оеаинтсрвлк"
# Signs of every language, which say nothing.
_SIGNS = "\xa0«»“”„‘’–—…•€§°№©®±½"
# What a language must have written of the letters for its encoding to be believed.
_BELIEVED = 0.9


def _share(text: str, alphabets: list[str], is_latin: bool) -> float:
    """How much of what is not ASCII the language writes that fits best."""
    counted = Counter(letter for letter in text.lower() if letter > "\x7f" and letter not in _SIGNS)
    if not is_latin:
        # A Cyrillic letter within an English word is none, and neither are small letters before a capital one.
        for within in re.findall(r"(?<=[a-zA-Z])[^\W\d_a-zA-Z]+|[^\W\d_a-zA-Z]+(?=[a-zA-Z])", text):
            counted.subtract(within.lower())
            counted["?"] += len(within)
        counted["?"] += len(re.findall(r"(?<=[а-яё])[А-ЯЁ]", text))
    every = sum(counted.values())
    return max(sum(counted[letter] for letter in letters) for letters in alphabets) / every if every else 1.0


def _share_of_words(text: str, alphabets: list[str], is_latin: bool) -> float:
    """The same where each word may be of another language: companies of several countries in one list."""
    words = Counter(word for word in re.split(r"[\s,;|]+", text) if not word.isascii())
    every = sum(words.values())
    return sum(_share(word, alphabets, is_latin) * count for word, count in words.items()) / every if every else 1.0


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(encoding)
    except UnicodeDecodeError:
        return None


def one_byte_encoding(sample: bytes) -> str:
    """The likeliest one-byte encoding of a text; Latin-1 reads any byte, so it is the last."""
    lines = [line for line in sample[:SAMPLE].splitlines() if not line.isascii()] or [sample]
    evidence = b"\n".join(lines)
    texts = {encoding: text for encoding in _ALPHABETS if (text := _decoded(evidence, encoding)) is not None}
    fitting: list[str] = []
    for share in (_share, _share_of_words):
        shares = {encoding: share(texts[encoding], _ALPHABETS[encoding], encoding in _LATIN) for encoding in texts}
        best = max(shares.values())
        if best >= _BELIEVED:
            fitting = [encoding for encoding, its in shares.items() if its == best]
            break
    if len(fitting) == 1 or (fitting and fitting[0] in _LATIN):
        return fitting[0]
    if fitting:
        # Capitals of one Cyrillic encoding are small letters of another: how often each letter occurs decides.
        return max(fitting, key=lambda encoding: sum(texts[encoding].lower().count(letter) for letter in _COMMON))
    found = from_bytes(sample, cp_isolation=list(_ALPHABETS), threshold=0.6).best()
    return found.encoding if found else "latin_1"
