"""Codes of the publication in words, in the language of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import streamlit as st

from pipelines.settings import load_settings
from pipelines.words import catalogue, word, words

# What stands in the place of a text that is not known, in an address and in reporting's groups.
NOT_KNOWN = "not_known"


@st.cache_resource(show_spinner=False)
def language() -> str:
    """The language that pages and downloads say codes in."""
    return load_settings().language


def said(group: str, codes: object, row: Mapping[str, Any]) -> list[str]:
    """What a row's codes say, with the values of the row in it; codes have commas between."""
    return words(group, codes, language(), **row)


def one(group: str, code: str, row: Mapping[str, Any] | None = None) -> str:
    """What one code says."""
    return word(f"{group}.{code}", language(), **(row or {}))


def named(group: str, code: str, name: str | None) -> str:
    """What a code says; one that a user's own list brings, by the name that the list gives it."""
    return one(group, code) if f"{group}.{code}" in catalogue() else name or one(group, code)


def placed(text: str) -> str:
    """A text of the data as it is; where there is none, what stands in its place."""
    return one("placeholder", text) if f"placeholder.{text}" in catalogue() else text


def in_place(data: pa.Table, *names: str) -> pa.Table:
    """The table with columns of texts of the data, as `placed` says them."""
    for name in names:
        texts = [text and placed(text) for text in data.column(name).to_pylist()]
        data = data.set_column(data.column_names.index(name), name, pa.array(texts, pa.string()))
    return data


def worded(data: pa.Table, groups: Mapping[str, str]) -> pa.Table:
    """The table with the columns that hold codes in words; column -> the group of its words."""
    there = {name: group for name, group in groups.items() if name in data.column_names}
    if not there:
        return data
    rows = data.to_pylist()
    for name, group in there.items():
        if group == "placeholder":
            data = in_place(data, name)
            continue
        texts = ["; ".join(said(group, row[name], row)) or None for row in rows]
        data = data.set_column(data.column_names.index(name), name, pa.array(texts, pa.string()))
    return data
