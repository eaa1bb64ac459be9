"""The catalogues: every language says every text, with the same values, and writes them as it does."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from pipelines.exports.codes import FindingCode, RejectionCode
from pipelines.exports.entities import entities
from pipelines.files import read_yaml
from pipelines.settings import Settings
from pipelines.words import catalogue, languages, word, words

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "dbt_project" / "models" / "reporting"
FIELDS = re.compile(r"\{(\w+(?::\w+)?)\}")


def test_every_text_is_there_in_every_language_with_the_same_values() -> None:
    assert set(languages()) == {"en", "ru", "sv"}
    assert len(catalogue()) > 70
    for code, texts in catalogue().items():
        assert set(texts) == set(languages()), code
        assert all(text.strip() for text in texts.values()), code
        fields = {language: sorted(FIELDS.findall(text)) for language, text in texts.items()}
        assert fields["ru"] == fields["sv"] == fields["en"], code
        assert all(text.count("[") == text.count("]") == texts["en"].count("[") for text in texts.values()), code


def test_a_limit_is_told_in_one_form_with_the_setting_that_raises_it() -> None:
    raises = {"en": "raise the setting, or ", "ru": "увеличьте настройку или ", "sv": "höj inställningen, eller "}
    limits = [name for name in Settings.model_fields if name.startswith(("max_", "read_"))]
    limits.remove("max_temp_directory_size")  # DuckDB's, and the whole run's: `bounds.py` words it
    told = set()
    for code, texts in catalogue().items():
        if not code.startswith("finding."):
            continue
        named = [name for name in limits if name in texts["en"]]
        told.update(named)
        for language, text in texts.items() if named else ():
            assert re.search(rf" {named[0]} \(\{{limit_count\}}( \w+)?\); {raises[language]}", text), (code, text)
    assert told == set(limits)


def test_russian_is_written_in_its_letters_and_nothing_stays_english() -> None:
    same = []
    for code, texts in catalogue().items():
        bare = FIELDS.sub("", texts["en"])
        if not any(sign.isalpha() for sign in bare):
            continue
        assert re.search("[а-яё]", texts["ru"], re.IGNORECASE), code
        # Of a few words both languages make the same.
        if texts["sv"] == texts["en"]:
            same.append(code)
    assert len(same) < 0.05 * len(catalogue()), same


def test_nouns_have_the_forms_that_the_language_counts_with() -> None:
    for code, texts in catalogue().items():
        if code.startswith("count."):
            forms = {language: text.count("|") + 1 for language, text in texts.items()}
            assert forms == {"en": 2, "sv": 2, "ru": 3}, code


@pytest.mark.parametrize(
    ("number", "wanted"), [(1, "1 день"), (3, "3 дня"), (12, "12 дней"), (21, "21 день"), (1.6, "2 дня")]
)
@pytest.mark.usefixtures("said")
def test_russian_counts_one_few_and_many(number: float, wanted: str) -> None:
    assert word("a.late", "ru", days_late=number).startswith(f"{wanted} late")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "a.late": "{days_late:days} late, {share:percent} of {owed:money}[ by {by:a}][, on {day}]",
        "a.mail": "e-mail",
    }
    made = {code: dict.fromkeys(languages(), text) for code, text in texts.items()}
    made["count.days"] = catalogue()["count.days"]
    monkeypatch.setattr("pipelines.words.catalogue", lambda: made)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", "1 day late, 56% of 12,346 EUR by e-mail, on 9 Mar 2026"),
        ("ru", "1 день late, 56 % of 12 346 EUR by e-mail, on 09.03.2026"),
        ("sv", "1 dag late, 56 % of 12 346 EUR by e-mail, on 2026-03-09"),
    ],
)
@pytest.mark.usefixtures("said")
def test_values_are_written_as_the_language_does(language: str, wanted: str) -> None:
    values = {"share": 0.561, "owed": Decimal("12345.67"), "base_currency": "EUR", "by": "mail"}
    found = word("a.late", language, days_late=1, day=date(2026, 3, 9), **values)
    assert re.sub("[\u00a0\u202f]", " ", found) == wanted


@pytest.mark.usefixtures("said")
def test_what_is_not_known_is_left_out_or_a_dash_and_values_are_no_templates() -> None:
    assert word("a.late", days_late=np.int64(12), share=float("nan"), owed=None) == "12 days late, – of –"
    assert word("a.late", days_late=2, share=1, owed=0, base_currency="{by} [x]", by="{day}") == (
        "2 days late, 100% of 0\u00a0{by} [x] by {day}"
    )


@pytest.mark.usefixtures("said")
def test_a_code_without_words_reads_as_it_is_spelt() -> None:
    assert word("a.quite_new") == "quite new"
    assert words("a", "mail,quite_new", "sv") == ["e-mail", "quite new"]
    assert words("a", None) == words("a", "") == words("a", float("nan")) == []


def declared() -> dict[str, set[str]]:
    """Group of words -> the codes that the columns of reporting may hold, as their YAML names them."""
    groups: dict[str, set[str]] = {}
    for file in MODELS.rglob("*.yml"):
        for model in read_yaml(file).get("models") or []:
            for column in model.get("columns") or []:
                meta = (column.get("config") or {}).get("meta") or {}
                assert ("words" in meta) == ("codes" in meta), (model["name"], column["name"])
                # Of some codes there are two texts: what they are, and what to do about them.
                for group in filter(None, (meta.get("words"), meta.get("advice"))):
                    groups.setdefault(group, set()).update(meta["codes"])
    return groups


def test_every_code_has_words_and_every_word_a_code() -> None:
    packs = ("weekly.", "monthly.", "quarterly.", "client.", "appraisal.", "commission.")
    reports = ("statement.", "pack.", *packs, "delivery.", "domain.")
    apart = (*reports, "count.", "lost.", "missing_column.")
    known = {path for path in catalogue() if not path.startswith(apart)}
    groups = declared()
    assert len(groups) > 20
    codes = {f"{group}.{code}" for group, found in groups.items() for code in found}
    assert codes - known == set()
    # What pages and commands say by themselves stands in their text, the group and the code.
    folders = [ROOT / "dashboards", ROOT / "pipelines" / "commands", ROOT / "pipelines" / "exports"]
    files = [ROOT / "pipelines" / "adding.py", *(file for folder in folders for file in folder.rglob("*.py"))]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    text = re.sub(r"(\w+)\.\{", r"'\1' {", text)
    said = {path for path in known - codes if all(re.search(f"""["']{part}["']""", text) for part in path.split("."))}
    assert known - codes - said == set()
    # What is not known without a column is said by the column's name.
    columns = {column.name for entity in entities().values() for column in entity.columns}
    assert {path.removeprefix("lost.") for path in catalogue() if path.startswith("lost.")} <= {*columns, "column"}
    assert {path for path in said if path.startswith("remedy.")} == {
        f"remedy.{code}" for code in get_args(RejectionCode)
    }
    # Of these two dozen are what a first contract asks, and the answers, and as many what helps against a rejection.
    assert len(said) < 94


def test_landing_and_reporting_name_the_same_codes() -> None:
    """What only `keybook read` says of a table stands in no publication; what SQL finds, landing does not."""
    read = {"no_rows", "no_such_table"}
    found = {
        "calls_reach_none", "calls_twice", "column_kept", "companies_meet_none", "later_dates", "open_items_alone",
        "people_meet_none", "rows_reach_none", "rows_vanished", "shares_not_one", "tax_not_told", "two_rates", "unknown_id",
    }  # fmt: skip
    groups = declared()
    assert set(get_args(RejectionCode)) - {"above_header"} == groups["rejection"]
    assert set(get_args(FindingCode)) - read == groups["finding"] - found


def test_texts_speak_of_columns_of_their_rows_only() -> None:
    for file in MODELS.rglob("*.yml"):
        for model in read_yaml(file).get("models") or []:
            columns = {column["name"] for column in model.get("columns") or []}
            for column in model.get("columns") or []:
                meta = (column.get("config") or {}).get("meta") or {}
                for code in meta.get("codes", []):
                    for text in catalogue()[f"{meta['words']}.{code}"].values():
                        bare = re.sub(r"\[[^\]]*\]", "", text)
                        named = {name.partition(":")[0] for name in FIELDS.findall(bare)}
                        assert named <= columns, (model["name"], column["name"], code, named - columns)


def test_nouns_are_counted_somewhere() -> None:
    texts = " ".join(text for found in catalogue().values() for text in found.values())
    for path in catalogue():
        if path.startswith("count."):
            assert f":{path.removeprefix('count.')}}}" in texts, path
