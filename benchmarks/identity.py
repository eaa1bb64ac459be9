"""Who is who: how often the rules are right on companies whose truth is known, and what they cost on many accounts.

`accuracy` makes sample companies (misspellings, legal forms, transliteration, shared switchboards, reused numbers), has
the models link them and holds every link against the truth. `scale` makes rows by SQL and times each model at a
quarter, a half and the whole of a size, so that growth shows.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from benchmarks.aging import RUN, place_of_build
from benchmarks.processes import machine, table
from pipelines.exports.entities import entities
from pipelines.exports.landing.raw import RawStore, stored_columns
from pipelines.settings import load_settings

CRM, BILLING, CALLS = "salesforce", "zoho_books", "ringostat"
MODELS = ["int_account_identities", "int_callers_resolved"]
EXACT = ("tax_id", "email", "email_domain", "phone", "name", "name_without_legal_form")


Frames = Mapping[str, pl.DataFrame]


def write_raw(home: Path, rows: Mapping[str, tuple[str, str]], frames: Frames | None = None) -> None:
    """Fills a home's raw store: entity id -> (system, query). Queries may read `frames` by their names."""
    store = RawStore(home / "warehouse" / "raw")
    store.prepare()
    with duckdb.connect() as connection:
        for name, frame in (frames or {}).items():
            connection.register(name, frame.to_arrow())
        for entity_id, (system, query) in rows.items():
            entity = entities()[entity_id]
            given = f"select *, '{system}' as _system, 'f' as _file, row_number() over () as _row from ({query})"
            connection.execute(f"create or replace temp table given as {given}")
            has = {row[0] for row in connection.execute("describe given").fetchall()}
            columns = ", ".join(
                f"cast({name if name in has else 'null'} as {kind}) as {name}"
                for name, kind in stored_columns(entity).items()
            )
            target = store.root / entity.domain / entity.name / f"{system}-a.parquet"
            connection.execute(f"copy (select {columns} from given) to '{target}' (format parquet)")
    store.write_records({"as_of_date": "2026-10-31", **RUN})


# Accuracy.

SAMPLE_ROWS = {
    "crm.accounts": (
        CRM,
        """select id as account_id, name, parent_id as parent_account_id, master_id as merged_into_id, website, phone,
            tax_id, city, postal_code, country, created as created_at from accounts""",
    ),
    "crm.contacts": (
        CRM,
        """select id as contact_id, account_id, name as full_name, email, phone, mobile, created as created_at
            from contacts""",
    ),
    "billing.customers": (
        BILLING,
        "select id as customer_id, name, email, phone, tax_id, city, postal_code, country from customers",
    ),
    "calls.calls": (
        CALLS,
        """select 'n' || row_number() over () as call_id, 'inbound' as direction, number as caller_number,
            timestamptz '2026-10-01 09:00:00+00' as started_at from callers""",
    ),
}


KEYS = ("email", "phone", "tax_id")


def write_company(
    home: Path, accounts: int, seed: int, months: int = 12, keyed: int = 1
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Writes a sample company's parties into a raw store; returns the truth on its customers and on its callers.

    Every `keyed`-th customer keeps its e-mail, phone and tax number; 0 leaves all of them names and addresses only.
    """
    from pipelines.sample import billing_files, crm_files
    from pipelines.sample.scope import Scope
    from pipelines.sample.truth import tell
    from pipelines.sample.world import make_world

    calls = max(500, accounts * 12)
    world = make_world(Scope(accounts, months, seed, calls, accounts * 7, date(2026, 10, 31)))
    truth = tell(world, {})
    frames = {
        "accounts": crm_files.accounts(world),
        "contacts": crm_files.contacts(world),
        "customers": billing_files.customers(world),
        "callers": truth.callers,
    }
    keeps = pl.int_range(pl.len()) % keyed == 0 if keyed else pl.lit(False)
    frames["customers"] = frames["customers"].with_columns(pl.when(keeps).then(pl.col(key)).alias(key) for key in KEYS)
    write_raw(home, SAMPLE_ROWS, frames)
    return truth.customers, truth.callers


def build(home: Path, models: list[str] | None = None) -> tuple[Path, dict[str, float]]:
    """Builds the models that tell who is who; returns the database and each model's seconds.

    Raises:
        TransformError: a model failed.
    """
    from pipelines.warehouse.transform import TransformError, failures, read_manifest
    from pipelines.warehouse.transform import build as build_models

    database, settings = place_of_build(home), load_settings(home=home)
    nodes = read_manifest(settings)["nodes"]
    results = build_models(settings, wanted={key for key in nodes if key.split(".")[2] in (models or MODELS)})
    if failures(results):
        raise TransformError("\n".join(failures(results)))
    return database, {result.unique_id.split(".")[2]: result.seconds for result in results}


@dataclass(frozen=True)
class Links:
    """How many links a rule made, and how many of them are the truth."""

    made: int
    right: int

    @property
    def precision(self) -> float | None:
        """Right links of those made; None where none was made."""
        return self.right / self.made if self.made else None


@dataclass(frozen=True)
class Accuracy:
    """The links of one company's customers and callers, by rule, held against the truth."""

    customers: dict[str, Links]
    customers_with_account: int
    proposed: int  # customers not linked whose true account is among the proposals
    callers: dict[str, Links]
    callers_in_crm: int

    def recall(self) -> float:
        """Right links of the customers that have an account in the CRM."""
        return sum(links.right for links in self.customers.values()) / max(self.customers_with_account, 1)

    def caller_recall(self) -> float:
        """Right links of the numbers that are one company's only and stand in the CRM."""
        return sum(links.right for links in self.callers.values()) / max(self.callers_in_crm, 1)

    def links(self, *rules: str) -> Links:
        """The links of some rules together, of all when none is named."""
        chosen = [links for rule, links in self.customers.items() if not rules or rule in rules]
        return Links(sum(links.made for links in chosen), sum(links.right for links in chosen))


def _by_rule(rows: list[tuple[str, int, int]]) -> dict[str, Links]:
    return {rule: Links(made, right) for rule, made, right in rows}


def judge(database: Path, customers: pl.DataFrame, callers: pl.DataFrame) -> Accuracy:
    """Holds what the models linked against the truth."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.register("true_customers", customers.to_arrow())
        connection.register("true_callers", callers.to_arrow())
        linked = f"""
            select i.rule, count(*), count(*) filter (where i.account_id = '{CRM}:' || t.account_id)
            from intermediate.int_account_identities as i
            inner join true_customers as t on i.kind = 'billing_customer' and i.native_id = t.customer_id
            where i.account_id like '{CRM}:%' group by i.rule order by i.rule
        """
        proposed = f"""
            select count(distinct p.record_id) from intermediate.int_match_proposals as p
            inner join true_customers as t
                on p.record_id = 'c:{BILLING}:' || t.customer_id and p.account_id = '{CRM}:' || t.account_id
            where not p.is_link
        """
        called = f"""
            select c.account_rule, count(*), count(*) filter (where c.account_id = '{CRM}:' || t.account_id)
            from intermediate.int_callers_resolved as c
            inner join true_callers as t on '+' || c.client_digits = t.number or c.client_digits = t.number
            where c.account_id like '{CRM}:%' group by c.account_rule order by c.account_rule
        """
        return Accuracy(
            customers=_by_rule(connection.execute(linked).fetchall()),
            customers_with_account=customers["account_id"].drop_nulls().len(),
            proposed=int(connection.execute(proposed).fetchall()[0][0]),
            callers=_by_rule(connection.execute(called).fetchall()),
            callers_in_crm=callers.filter(pl.col("is_in_crm") & pl.col("account_id").is_not_null()).height,
        )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def accuracy(accounts: int, seeds: list[int], names_only: bool = False) -> str:
    """The report on several companies of one size."""
    found: list[Accuracy] = []
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
            customers, callers = write_company(Path(folder), accounts, seed, keyed=0 if names_only else 1)
            database, _ = build(Path(folder))
            found.append(judge(database, customers, callers))
    rows = []
    for kind in ("customers", "callers"):
        rules = sorted({rule for one in found for rule in getattr(one, kind)})
        for rule in rules:
            links = [getattr(one, kind).get(rule, Links(0, 0)) for one in found]
            together = Links(sum(one.made for one in links), sum(one.right for one in links))
            wrong = together.made - together.right
            rows.append([f"{kind}: {rule}", f"{together.made:,}", f"{wrong:,}", _share(together.precision), ""])
    whole = [one.links() for one in found]
    together = Links(sum(one.made for one in whole), sum(one.right for one in whole))
    with_account = sum(one.customers_with_account for one in found)
    proposed = sum(one.proposed for one in found)
    recall = [f"{one.recall():.4f}" for one in found]
    rows.append([
        "**customers**", f"{together.made:,}", f"{together.made - together.right:,}", _share(together.precision),
        f"{together.right / with_account:.4f}",
    ])  # fmt: skip
    missing = with_account - together.right
    called = f"{sum(one.caller_recall() for one in found) / len(found):.4f}"
    told = "Names and addresses only: " if names_only else ""
    told += (
        f"{len(seeds)} companies of {accounts:,} accounts (seeds {', '.join(map(str, seeds))}); recall of customers by "
        f"seed {', '.join(recall)}; of {missing:,} customers not linked though the CRM has them, {proposed:,} "
        f"are proposed with the right account; recall of callers' numbers that stand in the CRM {called}."
    )
    return f"{told}\n\n{table(['rule', 'links', 'wrong', 'precision', 'recall'], rows)}\n"


# Scale. Companies have names of two or three syllables and a trade; each draw is a hash of its row's number.

_NAME = """list_extract({first}, 1 + cast(hash({id}, 1) % 40 as integer)) || list_extract({second},
    1 + cast(hash({id}, 2) % 40 as integer)) || list_extract({third}, 1 + cast(hash({id}, 3) % 30 as integer)) || ' '
    || list_extract({trade}, 1 + cast(hash({id}, 4) % 25 as integer))"""
_SYLLABLES = {
    "first": "bjor nor fal lind ask gran tor ek sol vik ham sten mar kron hag sand ulv bran fur havs "
    "al ber dal el frost gul hol is jarn klip lov mos nas ost pil ren skog tall ugg vin",
    "second": "ka le na ri so ta vo ma di pe lu ko ne bi go fa hu jo ki wa "
    "ba ce da fe ga he ja ke la me nu pa re sa te va vi zo ro mi",
    "third": "berg dal vik holm sund by gren mark lund strom hed as feld hof tal au bach stein wald burg "
    "ton ford ley worth ham gate wick dale mere croft",
    "trade": "Bygg Energi Frakt Industri Konsult Livs Maskin Papper Skog Teknik Textil Tryck Kemi Design Media "
    "Handel Logistik Metall Pflege Software Stahl Foods Glass Pharma Retail",
}
_COUNTRIES = "['SE', 'DE', 'GB', 'NO']"


def scale_rows(accounts: int) -> dict[str, tuple[str, str]]:
    """Queries for `accounts` accounts, three contacts and ten calls each: a third of the calls' numbers are unknown."""
    lists = {name: "[" + ", ".join(f"'{word}'" for word in text.split()) + "]" for name, text in _SYLLABLES.items()}
    name = _NAME.format(id="i", **lists)
    form = "list_extract(['AB', 'GmbH', 'Ltd', 'AS'], 1 + cast(i % 4 as integer))"
    country = f"list_extract({_COUNTRIES}, 1 + cast(i % 4 as integer))"
    calling = "list_extract(['46', '49', '44', '47'], 1 + cast(i % 4 as integer))"
    # Half the numbers as people write them, half plain.
    number = "printf('%s8%07d', {calling}, {number})"
    spelled = """case when hash({id}, 9) % 7 = 0 and i % 4 < 2 then '08-' || printf('%07d', {number})
        else '+' || {whole} end"""
    main = "i"
    main_whole = number.format(calling=calling, number=main)
    person = f"({accounts} + j)"
    person_whole = number.format(calling=calling, number=person)
    city = "'city ' || hash(i, 5) % 400"
    base = f"""select *, {name} || ' ' || {form} as name, {country} as country, {city} as city,
        cast(10000 + hash(i, 6) % 80000 as varchar) as postal_code, 'T' || lpad(cast(i as varchar), 9, '0') as tax,
        'c' || i || '.example' as domain from range({accounts}) as numbers (i)"""
    customers = f"""
        select 'C' || i as customer_id,
            case when hash(i, 11) % 8 = 0
                then substr(name, 1, 2 + cast(hash(i, 12) % 4 as integer))
                    || substr(name, 4 + cast(hash(i, 12) % 4 as integer))
                when hash(i, 11) % 8 = 1 then upper(name) else name end as name,
            case when hash(i, 13) % 10 < 4 then tax end as tax_id,
            case when hash(i, 14) % 10 < 3 then 'p' || 3 * i || '@' || domain
                when hash(i, 14) % 10 < 6 then 'invoices@' || domain
                else 'firm' || i || '@gmail.com' end as email,
            case when hash(i, 15) % 10 < 7 then '+' || {main_whole} end as phone, city,
            case when hash(i, 16) % 10 < 8 then postal_code end as postal_code, country
        from ({base}) where hash(i, 10) % 10 < 7
    """
    return {
        "crm.accounts": (CRM, f"""
            select 'A' || i as account_id, name, case when hash(i, 7) % 10 < 7 then tax end as tax_id,
                case when hash(i, 8) % 10 < 8 then 'https://www.' || domain end as website,
                {spelled.format(id='i', number=main, whole=main_whole)} as phone, city, postal_code, country
            from ({base})"""),
        "crm.contacts": (CRM, f"""
            select 'P' || j as contact_id, 'A' || i as account_id, 'Person ' || j as full_name,
                'p' || j || '@c' || i || '.example' as email,
                {spelled.format(id='j', number=person, whole=person_whole)} as mobile
            from (select j, j // 3 as i from range({3 * accounts}) as numbers (j))"""),
        "billing.customers": (BILLING, customers),
        "calls.calls": (CALLS, f"""
            select 'K' || k as call_id, case when k % 3 = 0 then 'outbound' else 'inbound' end as direction,
                case when k % 3 = 0 then '468999' else theirs end as caller_number,
                case when k % 3 = 0 then theirs else '468999' end as callee_number,
                timestamptz '2025-01-01 00:00:00+00' + to_seconds(k * 30) as started_at, 60 as talk_seconds,
                90 as total_seconds, 'answered' as status
            from (
                select k, j // 3 as i, case when hash(k, 1) % 3 = 0 then '4931' || lpad(cast(j as varchar), 8, '0')
                    else {person_whole.replace('i % 4', '(j // 3) % 4')} end as theirs
                from (select k, cast(hash(k, 2) % {3 * accounts} as bigint) as j from range({10 * accounts}) as n (k))
            )"""),
    }  # fmt: skip


def scale(accounts: int) -> str:
    """The report: seconds of each model at a quarter, a half and the whole size."""
    about = machine()
    sizes = [accounts // 4, accounts // 2, accounts]
    seconds: list[dict[str, float]] = []
    told: list[str] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
            write_raw(Path(folder), scale_rows(size))
            started, spent = time.perf_counter(), time.process_time()
            database, by_model = build(Path(folder))
            by_model["**all, with dbt**"] = time.perf_counter() - started
            # What other processes take of the machine shows in the seconds on the wall, not in these.
            by_model["**all, processor time of both cores**"] = time.process_time() - spent
            seconds.append(by_model)
            told.append(_counts(database, size))
    models = [name for name in seconds[-1] if seconds[-1][name] >= 0.3]
    rows = []
    for model in sorted(models, key=lambda name: -seconds[-1][name]):
        times = [by_model.get(model, 0.0) for by_model in seconds]
        growth = math.log2(times[2] / times[1]) if times[1] > 0 else 0.0
        rows.append([model, *(f"{value:.1f}" for value in times), f"{growth:.2f}"])
    header = ["model", *(f"{size:,} accounts, s" for size in sizes), "doubling: power of n"]
    return "\n".join([about + ".", *told, "", table(header, rows), ""])


def _counts(database: Path, accounts: int) -> str:
    with duckdb.connect(str(database), read_only=True) as connection:
        one: Any = connection.execute(
            f"""
            select (select count(*) from intermediate.int_identity_candidates),
                (select count(*) from intermediate.int_callers_resolved),
                count(*) filter (where rule = 'probable'), count(*) filter (where rule <> 'own_account'),
                count(*) filter (
                    where account_id like '{CRM}:%' and account_id <> '{CRM}:A' || substr(native_id, 2)
                ), count(*)
            from intermediate.int_account_identities where kind = 'billing_customer'
            """
        ).fetchall()[0]
    return (
        f"- {accounts:,} accounts: {one[5]:,} customers, {one[3]:,} linked, {one[2]:,} of them by weighed evidence of "
        f"{one[0]:,} pairs, {one[4]:,} wrongly; {one[1]:,} callers' numbers."
    )


def main(accounts: int, seeds: list[int], scale_accounts: int) -> str:
    """Both reports; either is left out where its size is 0."""
    parts = [accuracy(accounts, seeds), accuracy(accounts, seeds, names_only=True)] if accounts else []
    return "\n".join(parts + ([scale(scale_accounts)] if scale_accounts else []))
