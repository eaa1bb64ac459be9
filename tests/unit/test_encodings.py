"""One-byte encodings: real words read back as they were written; what cannot be told, a contract tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.readers.encodings import one_byte_encoding
from tests.support.landing import contract, land
from tests.unit.test_reading_properties import QUICK

RUSSIAN = [
    "Общество с ограниченной ответственностью", "Иванов Пётр Сергеевич", "счёт на оплату", "акт сверки",
    "поставка пиломатериалов", "Санкт-Петербург", "улица Лесная", "оплата по договору", "перезвонить завтра",
    "Ростов-на-Дону", "берёза и ёлка", "скидка за объём", "Plain name", "доска 50x150",
]  # fmt: skip
WESTERN = [
    "Göran Åkesson", "Järnvägsgatan", "Märta Sjöö", "Företag för trävaror", "Größe nach Maß", "Müller und Söhne",
    "Straße", "café crème", "Åsa Öberg", "façade", "Sørensen", "Muñoz", "Plain name",
]  # fmt: skip
POLISH = ["Zażółć gęślą jaźń", "Spółka z ograniczoną odpowiedzialnością", "Łódź", "Wrocław", "Kraków", "Plain name"]
CZECH = ["Dvořák", "příčka", "Česká republika", "Žďár nad Sázavou", "společnost", "Plain name"]
WRITTEN = [
    ("cp1251", RUSSIAN, 2), ("cp866", RUSSIAN, 2), ("koi8_r", RUSSIAN, 4), ("latin-1", WESTERN, 1),
    ("cp1252", WESTERN, 1), ("cp1250", POLISH, 3), ("cp1250", CZECH, 3),
]  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str]:
    """A file's text of real words, and an encoding that can hold it; so many of them that the letters can tell it."""
    encoding, words, least = draw(st.sampled_from(WRITTEN))
    rows = draw(st.lists(st.sampled_from(words[:-1]), min_size=least, max_size=15, unique=least < 5))
    rows += draw(st.lists(st.sampled_from(words), max_size=15))
    mark, end = draw(st.sampled_from([",", ";", "\t"])), draw(st.sampled_from(["\n", "\r\n"]))
    shown = draw(st.permutations(rows))
    return "".join(
        mark.join(row) + end for row in [("Id", "Name"), *zip(map(str, range(99)), shown, strict=False)]
    ), encoding


@given(files())
@settings(QUICK, max_examples=300)
def test_words_of_a_language_tell_their_encoding(file: tuple[str, str]) -> None:
    text, encoding = file
    assert text.encode(encoding).decode(one_byte_encoding(text.encode(encoding))) == text


PEOPLE = """
contract: test_people
title: Test people
system: test
recognise: {headers: [Id, Name]}
entities: {crm.contacts: {columns: {contact_id: Id, full_name: Name}}}
"""


def _told(encoding: str, words: str) -> dict[str, Contract]:
    return contract(PEOPLE + f"table: {{encodings: {{{encoding}: {words}}}, short_rows: pad}}\n")


@pytest.mark.parametrize(
    ("encoding", "words", "name"),
    [("cp1250", "Kodowanie=1250", "Gdańsk"), ("koi8_r", "KOI8", "ЮЮ"), ("cp866", "Кодировка=DOS", "ООО")],
)
def test_what_letters_cannot_tell_a_contract_tells(tmp_path: Path, encoding: str, words: str, name: str) -> None:
    content = f"{words};\nId;Name\n1;{name}\n".encode(encoding)
    landed = land(tmp_path, content, _told(encoding, words))
    assert landed.rows("crm.contacts", "full_name") == [(name,)]


def test_without_the_contracts_word_a_lone_letter_is_read_as_western(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id;Name\n1;Gdańsk\n".encode("cp1250"), contract(PEOPLE))
    assert landed.rows("crm.contacts", "full_name") == [("Gdañsk",)]


def test_bytes_of_no_language_are_read_all_the_same() -> None:
    every = bytes(range(256))
    assert len(every.decode(one_byte_encoding(every))) == 256
    # Control characters that the signs of Windows leave no place for.
    assert one_byte_encoding("Åsa Öberg, Märta Sjöö, Göran Åkesson, Järnvägsgatan \x81".encode("latin-1")) == "latin_1"
