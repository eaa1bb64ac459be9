"""From a pack to its files, each looked at before it is handed out."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pipelines.reports.mail import to_mail
from pipelines.reports.packs.checking import check_pdf, check_told, check_workbook
from pipelines.reports.packs.composing import compose, sentences
from pipelines.reports.packs.sections import Pack
from pipelines.reports.packs.xlsx import to_xlsx
from pipelines.reports.statements.pdf import to_pdf
from pipelines.words import languages


def make(pack: Pack, language: str, publication: str, notes: Sequence[str] = ()) -> dict[str, bytes]:
    """File name -> bytes: PDF, workbook, the cells of the reporting tables that both are made of, and the mail.

    `notes` are what a reader has to know first: that it is late, corrected, or to be read with care.

    Raises:
        PackError: a part came out blank or is missing.
    """
    spoken = languages()[language]
    person = "".join(sign if sign.isalnum() else "-" for sign in pack.person)
    stem = "-".join(filter(None, (pack.name, pack.period, person, language)))
    document = compose(pack, spoken, publication, notes)
    told = {
        "publication": publication,
        "as_of": str(pack.as_of),
        "language": language,
        "sentences": sentences(pack, spoken),
        "figures": [figure.told() for figure in pack.figures()],
    }
    files = {
        f"{stem}.pdf": to_pdf(document),
        f"{stem}.xlsx": to_xlsx(pack, spoken),
        f"{stem}.json": (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode(),
    }
    pdf, workbook, cells = files.values()
    files[f"{stem}.eml"] = to_mail(document, files)
    check_pdf(pdf, document)
    check_workbook(workbook, pack)
    check_told(cells, pack)
    return files
