"""The report to a client: the client's own rows, of them nothing internal, and every figure a cell of the tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from pipelines import reporting_contract
from pipelines.commands.main import main
from pipelines.delivery.brake import CAUSES
from pipelines.delivery.plan import PlanError, read_plan
from pipelines.delivery.run import Deliveries
from pipelines.reports.client.reading import SAID, read
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.making import make
from pipelines.reports.packs.own_book import NotOwnError, OneAccount
from pipelines.reports.packs.sections import Pack
from pipelines.settings import load_settings
from pipelines.words import languages
from tests.support.packs import expected, files_say, lookup_of, text_of
from tests.support.publications import publish

MONTH, LAST = date(2026, 10, 1), date(2026, 10, 31)
INTERNAL = re.compile(
    "margin|cost|health|score|commission|probab|weighted|rank|tier|segment|dunning|internal|escalat|employee|owner_id|"
    "discount|provision|interest|churn|forecast|team|_file|_row|_source|missing_fields|cadence|urgen"
)


@pytest.fixture(scope="module")
def connection(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published), read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def packs(connection: duckdb.DuckDBPyConnection) -> dict[str, Pack]:
    """Those of three accounts that have most to say: with budgets, agreements and movements in the month."""
    found = connection.execute(
        """
        select account_id
        from reporting.rpt_account_monthly
        where month = $1
        order by budget is null,
            account_id not in (select account_id from reporting.rpt_statement_lines where occurred_on >= $1),
            account_id not in (select account_id from reporting.rpt_open_invoices),
            account_id not in (select account_id from reporting.rpt_commitments where account_id is not null), account_id
        limit 3
        """,
        [MONTH],
    ).fetchall()
    return {account: read(connection, "Nordkontor AB", account) for (account,) in found}


def test_every_figure_is_the_cell_that_it_names_and_of_the_account(
    packs: dict[str, Pack], connection: duckdb.DuckDBPyConnection
) -> None:
    lookup = lookup_of(connection)
    filled = {name for pack in packs.values() for name, section in pack.sections.items() if section.rows}
    assert {"balances", "terms", "budget", "budget_months", "statement", "invoices", "documents"} <= filled
    for account, pack in packs.items():
        for figure in pack.figures():
            assert figure.value == expected(figure, lookup(figure.table)), figure
            owners = {row["account_id"] for row in lookup(figure.table)
                      if all(row[name] == part for name, part in figure.key.items() if not isinstance(part, tuple))}  # fmt: skip
            assert owners == {account}, figure
        lines = [row for row in lookup("rpt_statement_lines")
                 if row["account_id"] == account and MONTH <= row["occurred_on"] <= LAST]  # fmt: skip
        assert len(pack.sections["statement"].rows) == len(lines)


def test_budget_against_actual_is_the_account_cards(
    packs: dict[str, Pack], connection: duckdb.DuckDBPyConnection
) -> None:
    compared = 0
    for account, pack in packs.items():
        months = {row["month"]: row for row in lookup_of(connection)("rpt_account_monthly")
                  if row["account_id"] == account}  # fmt: skip
        for month, invoiced, budget, variance, _ in pack.sections["budget"].rows:
            shows = months[month.value]
            assert (invoiced.value, budget.value) == (shows["net_revenue"], shows["budget"])
            assert variance.value in (None, shows["net_revenue"] - (shows["budget"] or 0))
            compared += budget.value is not None
        year = pack.pairs["invoiced_year"]
        mine = [row["net_revenue"] for at, row in months.items() if at >= date(2026, 1, 1)]
        assert year.now.value == sum(mine)
    assert compared


def test_no_column_that_is_read_is_internal() -> None:
    columns = {(table, column) for table, rules in SAID["own"].items() for column in rules["columns"]}
    assert columns <= {(table, column) for table, known in reporting_contract.declared().items() for column in known}
    assert not [name for _, name in columns if INTERNAL.search(name)]
    # Every table says whose rows they are, but for what each feed has told.
    assert {table for table, rules in SAID["own"].items() if rules["rows"] != ["account"]} == {"rpt_feed_ends"}


def test_what_is_not_named_cannot_be_read(connection: duckdb.DuckDBPyConnection, packs: dict[str, Pack]) -> None:
    tables = OneAccount(connection, SAID["own"], next(iter(packs)))
    with pytest.raises(NotOwnError):
        tables.rows("rpt_account_health", "true")
    for table, column in (("rpt_accounts", "health_score"), ("rpt_account_monthly", "margin"),
                          ("rpt_commitments", "internal_on")):  # fmt: skip
        with pytest.raises(duckdb.BinderException):
            tables.rows(table, f"{column} is not null")
        with pytest.raises(duckdb.BinderException):
            tables.total(table, column)


@pytest.fixture(scope="module")
def marked(published: Path, packs: dict[str, Pack], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication in which all that the first account must not see says so."""
    account = next(iter(packs))
    changes = []
    for table, rules in SAID["own"].items():
        for column, kind in reporting_contract.declared()[table].items():
            if column in ("account_id", "feed", "complete_until"):
                continue
            text, number = kind == "varchar", kind.startswith(("decimal", "bigint", "double", "integer"))
            if not (text or number):
                continue
            secret, other = ("'zzsecret'", "'zzother'") if text else ("7777777", "8888888")
            if column not in rules["columns"]:
                changes.append(f"update reporting.{table} set {column} = {secret}")
            elif "account_id" in reporting_contract.declared()[table]:
                changes.append(
                    f"update reporting.{table} set {column} = {other} where account_id is distinct from '{account}'"
                )
    home = tmp_path_factory.mktemp("marked")
    publish(home, "v1", base=published, changes=changes)
    return (home / "warehouse" / "keybook.duckdb").resolve()


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_files_say_what_is_the_clients_and_nothing_else(packs: dict[str, Pack], marked: Path, language: str) -> None:
    account, told = next(iter(packs.items()))
    with duckdb.connect(str(marked), read_only=True) as connection:
        pack = read(connection, "Nordkontor AB", account)
    # What the client may see is as it was.
    assert [figure.value for figure in pack.figures()] == [figure.value for figure in told.figures()]
    files = make(pack, language, "20261101T050000-abc")
    texts = files_say(files, pack, languages()[language])
    texts.append(next(made for name, made in files.items() if name.endswith(".json")).decode())
    said = re.sub(r"[\s\u00a0.,]", "", " ".join(texts))
    assert not [mark for mark in ("zzsecret", "zzother", "7777777", "8888888") if mark in said]
    # Nor how it was made.
    assert not [text for text in texts[:-1] if "20261101T050000" in text]


def test_there_is_no_pack_of_no_account_or_of_no_months_end(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(PackError, match="there is no account 'crm:0'"):
        read(connection, "", "crm:0")


def _plan(account: str, other: str, brake: dict[str, Any]) -> str:
    of_all = {"role": "client", "reports": ["client"], "channel": "box", "language": "sv", "from": date(2026, 11, 1)}
    return yaml.safe_dump({
        "channels": {"box": {"kind": "folder", "path": "out"}},
        "reports": {"client": {"due": "by the 5th", "brake": brake}},
        "recipients": [
            {**of_all, "id": "alder", "name": "Alder", "scope": {"account": account}},
            {**of_all, "id": "birch", "name": "Birch", "scope": {"account": other}, "language": "en"},
            {**of_all, "id": "chair", "name": "Chair", "scope": "all", "role": "leadership"},
        ],
    })  # fmt: skip


def test_each_client_is_sent_the_own_report_in_the_own_language_without_a_word_of_care(
    packs: dict[str, Pack], published: Path, tmp_path: Path
) -> None:
    account, other, _ = packs
    # Something odd is found, which for others is written on the report; what would hold it is passed here.
    odd = {"table_name": "rpt_receivable_kpis", "column_name": "open_amount", "group_values": "EUR", "kind": "jump",
           "period": MONTH}  # fmt: skip
    publish(tmp_path, "v1", {"rpt_plausibility": [odd]}, base=published)
    brake = {cause: "pass" for cause, known in CAUSES.items() if known.does == "hold"}
    (tmp_path / "delivery.yml").write_text(_plan(account, other, brake), encoding="utf-8")
    settings = load_settings(home=tmp_path, business_timezone="Europe/Stockholm")
    deliveries = Deliveries.of(settings)
    assert deliveries is not None
    now = datetime(2026, 11, 5, 6, tzinfo=ZoneInfo("Europe/Stockholm"))
    assert not deliveries.deliver(now - timedelta(minutes=1))
    done = {each.due.recipient.id: each for each in deliveries.deliver(now)}
    assert {name: each.due.entry.state for name, each in done.items()} == {
        "alder": "sent", "birch": "sent", "chair": "held"
    }  # fmt: skip
    assert deliveries._findings("v1", "client", done["alder"].due.period)
    for name, of, care in (("alder", account, "Läs med förbehåll"), ("birch", other, "Read with care")):
        [pdf] = (tmp_path / "out" / "client" / "2026-10" / name).glob("*.pdf")
        said = text_of(pdf.read_bytes())
        whose = packs[of].of
        assert whose is not None
        assert str(whose.value) in said
        assert care not in said
        [told] = (tmp_path / "out" / "client" / "2026-10" / name).glob("*.json")
        assert json.loads(told.read_text())["language"] == ("sv" if name == "alder" else "en")


def test_what_is_odd_inside_may_not_be_written_on_it(tmp_path: Path) -> None:
    (tmp_path / "delivery.yml").write_text(_plan("crm:1", "crm:2", {"stale_source": "mark"}), encoding="utf-8")
    with pytest.raises(PlanError, match=r"reports\.client\.brake\.stale_source: a client is not told what is odd"):
        read_plan(tmp_path)


def test_the_command_takes_an_account_and_speaks_its_recipients_language(
    packs: dict[str, Pack], published: Path, tmp_path: Path
) -> None:
    account, other, _ = packs
    publish(tmp_path, "v1", base=published)
    (tmp_path / "delivery.yml").write_text(_plan(account, other, {}), encoding="utf-8")

    def client(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["report", "client", "--home", str(tmp_path), *options])
        return done.exit_code, done.output

    whose = packs[account].of
    assert whose is not None
    for named in (account, str(whose.value)):
        code, said = client("--account", named, "--period", "2026-10")
        assert (code, "-sv.pdf" in said) == (0, True), said
    assert client("--account", "Nobody Ltd")[0] == 2
    assert "-ru.pdf" in client("--account", account, "--language", "ru")[1]
