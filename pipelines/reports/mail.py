"""A document as a mail: HTML with pictures that mail programs show, the same in plain text, and its files attached.

What is sent is what is looked at: the message is a file (`.eml`) like the others, without sender and recipients, which
whoever sends it puts before it. Every text is escaped; styles stand in the elements, and pictures are PNG by their
content's id, because mail programs take neither style sheets nor SVG nor pictures from elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from pipelines.charts.drawing import png
from pipelines.reports.statements.document import Block, Document, Facts, Picture, Pictures, Table, Text

TEMPLATES = Path(__file__).with_name("templates")
# As wide as a mail program's column, in pixels of the screen.
WIDE = 640
_KINDS = {
    ".pdf": ("application", "pdf"),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def to_mail(document: Document, files: Mapping[str, bytes]) -> bytes:
    """The message as bytes; the same document and files are the same bytes."""
    pictures = {_cid(each): each for block in document.blocks if isinstance(block, Pictures) for each in block.pictures}
    message = EmailMessage(policy=SMTP)
    message["Subject"] = " ".join(document.title.split())
    message["Date"] = format_datetime(datetime.combine(document.day, time(), UTC))
    message["Content-Language"] = document.language.code
    message.set_content(plain(document))
    message.add_alternative(html(document), subtype="html")
    alternatives = message.get_payload()
    shown = alternatives[1]  # type: ignore[index]
    for cid, picture in pictures.items():
        shown.add_related(  # type: ignore[union-attr]
            png(picture.svg), "image", "png", cid=f"<{cid}>", filename=f"{picture.name}.png", disposition="inline"
        )
    for name, made in files.items():
        if kind := _KINDS.get(Path(name).suffix):
            message.add_attachment(made, *kind, filename=name)
    _fix_boundaries(message)
    return message.as_bytes()


def html(document: Document) -> str:
    """The document as HTML."""
    parts = [part for block in document.blocks for part in _parts(block, document)]
    return _template().render(language=document.language.code, title=document.title, parts=parts)


def plain(document: Document) -> str:
    """The document as text."""
    lines: list[str] = []
    for block in document.blocks:
        match block:
            case Text(text=text, role=role):
                lines += ["", text.upper()] if role in ("title", "heading") else [text]
            case Facts(pairs=pairs):
                lines += [f"{name}: {value}" for name, value in pairs]
            case Table():
                heads = [column.label for column in block.columns]
                for row in block.rows:
                    cells = [document.written(cell) for cell in row.cells]
                    told = "; ".join(f"{head}: {cell}" for head, cell in zip(heads[1:], cells[1:], strict=True) if cell)
                    lines.append(f"- {cells[0]}: {told}")
            case Pictures(pictures=pictures):
                lines += [each.alt for each in pictures]
            case _:
                raise TypeError(f"a mail has no {type(block).__name__}")
    return "\n".join(lines).strip().replace("\u00a0", " ") + "\n"


def _parts(block: Block, document: Document) -> list[dict[str, Any]]:
    match block:
        case Text(text=text, role=role):
            return [{"is": role if role in ("title", "heading") else "text", "text": text}]
        case Facts(pairs=pairs):
            return [{"is": "facts", "pairs": pairs}]
        case Table():
            sides = ["right" if column.kind in ("money", "count") else "left" for column in block.columns]
            columns = [{"label": column.label, "side": side} for column, side in zip(block.columns, sides, strict=True)]
            return [{"is": "table", "columns": columns,
                     "rows": [{"strong": row.strong, "cells": list(map(document.written, row.cells))}
                              for row in block.rows]}]  # fmt: skip
        case Pictures(pictures=pictures):
            return [{"is": "picture", "title": each.title, "alt": each.alt, "cid": _cid(each), "width": WIDE}
                    for each in pictures]  # fmt: skip
        case _:
            raise TypeError(f"a mail has no {type(block).__name__}")


def _cid(picture: Picture) -> str:
    return f"{hashlib.sha256(picture.svg.encode()).hexdigest()[:24]}@keybook"


def _fix_boundaries(message: EmailMessage) -> None:
    """Boundaries by the place of a part rather than by chance, and by a hash, which nothing in a part can hold."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            told = f"{message['Subject']} {number}"
            part.set_boundary(f"={hashlib.sha256(told.encode()).hexdigest()[:32]}")


@cache
def _template() -> jinja2.Template:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return made.get_template("mail.html")
