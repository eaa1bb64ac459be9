"""The functions that SQL lacks: letters of any script, phone numbers as a country writes them, likeness of names."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.warehouse.sql_functions import country_code, e164, latin, name_similarity, register, same_sound

NAMES = st.text(alphabet="abdegiklnorst 12", max_size=24)


@pytest.mark.parametrize(
    ("text", "words"),
    [("Åkeri & Söhne", "akeri sohne"), ("Ромашка ООО", "romashka ooo"), (" -- ", ""), ("Øre-Lund", "ore lund")],
)
def test_latin_letters(text: str, words: str) -> None:
    assert latin(text) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [("Möbel", "Moebel"), ("Älvsund", "Aelvsund"), ("Vård", "Vaard"), ("Хребет", "Hrebet"), ("Шымкент", "Shymkent")],
)
def test_two_writings_sound_the_same(one: str, other: str) -> None:
    assert same_sound(latin(one)) == same_sound(latin(other))


def test_short_words_keep_their_letters() -> None:
    assert same_sound("acme ii") != same_sound("acme i")


@pytest.mark.parametrize(
    ("text", "code"),
    [("Sweden", "SE"), ("SWE", "SE"), ("se", "SE"), ("Deutschland", "DE"), ("Россия", "RU"), ("UK", "GB"), ("?", None)],
)
def test_countries_by_name_and_code(text: str, code: str | None) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("08-123 45 67", "SE", "4681234567"),
        ("8 916 123 45 67", "RU", "79161234567"),
        ("+44 (0)20 7946 0010", None, "442079460010"),
        ("(212) 555-0100", "US", "12125550100"),
        ("08-123 45 67", None, None),
        ("call me", "SE", None),
        ("12", "SE", None),
    ],
)
def test_phone_numbers_in_e164(text: str, country: str | None, digits: str | None) -> None:
    assert e164(text, country) == digits


def test_likeness_tells_trades_and_numbers_apart() -> None:
    assert name_similarity("bjorkdal bygg", "bygg bjorkdal") == 1
    assert name_similarity("isfjord data", "isfjorddata") == 0.97
    assert name_similarity("bjorkdal bygg", "bjokrdal bygg") > 0.88
    assert name_similarity("norrvik tra", "norrvik tryck") < 0.7
    assert name_similarity("acme invest 1", "acme invest 2") < 0.6
    assert name_similarity("svensson fastigheter", "svensson fastigheter ii") < 0.8
    assert name_similarity("", "acme") == 0


@given(NAMES, NAMES)
def test_likeness_is_a_share_that_does_not_depend_on_the_order(one: str, other: str) -> None:
    likeness = name_similarity(one, other)
    assert 0 <= likeness <= 1
    assert likeness == pytest.approx(name_similarity(other, one), abs=0.0001)


def test_duckdb_has_them_and_null_stays_null() -> None:
    with duckdb.connect() as connection:
        register(connection)
        query = (
            "select latin(t), e164(t, null), name_similarity(t, 'a') from (values ('+46 8 123 45 67'), (null)) as v (t)"
        )
        assert connection.execute(query).fetchall() == [("46 8 123 45 67", "4681234567", 0.0), (None, None, None)]
