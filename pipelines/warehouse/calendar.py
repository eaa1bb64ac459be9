"""The working calendar: public holidays of the country where the business is, for the models to read.

`holidays` knows them. Computing takes longer than reading, so they are written once for a country and version.
"""

from __future__ import annotations

import json
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import duckdb

from pipelines.exports.landing.raw import HOLIDAY_COLUMNS
from pipelines.exports.readers.engine import answer, connected
from pipelines.files import replacing

FIRST_YEAR, LAST_YEAR = 1990, 2060


def write_holidays(folder: Path, country: str) -> None:
    """Writes `holidays.parquet` (day, name, made_by) into a folder, unless it is there for this country already.

    A country that the library does not know has no holidays: its working days are Monday to Friday.
    """
    made_by = f"{country} {version('holidays')}"
    file = folder / "holidays.parquet"
    query = "select 1 from read_parquet(?) where made_by = ? limit 1"
    with suppress(duckdb.Error):  # it is not there, or damaged
        if answer(query, [str(file), made_by]):
            return
    import holidays

    try:
        found = dict(holidays.country_holidays(country, years=range(FIRST_YEAR, LAST_YEAR + 1)))
    except NotImplementedError:
        found = {}
    # A row without a day says that the country was looked up, also when it has no holidays.
    days = [{"day": None, "name": None, "made_by": made_by}]
    days += [{"day": day.isoformat(), "name": name, "made_by": made_by} for day, name in sorted(found.items())]
    structure = json.dumps([HOLIDAY_COLUMNS])
    query = f"select unnest(from_json(value, '{structure}'), recursive := true) from holiday"
    with connected() as connection, replacing(file, lasting=False) as target:
        connection.execute("create temp table holiday as select ? as value", [json.dumps(days)])
        connection.execute(f"copy ({query}) to '{str(target).replace(chr(39), chr(39) * 2)}' (format parquet)")
