"""Call legs folded, given to sources and counted for norms, beside one script written by hand.

Both read the same staged legs, the same ledger, deals, accounts and norms (K1, K21, P13 with A1). The models
of Keybook also tell missed cases with their call-backs, what a withheld number, an exchange's own leg or another
tracker does, costs and payback, and keep file and line of each; the script does none of this. Equal figures first, then
times.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.aging import place_of_build, write_rows
from benchmarks.processes import GIB, machine, measure, table
from benchmarks.scale import build_first

SQL = Path(__file__).resolve().parent / "sql" / "legs.sql"
MODELS = [
    "int_call_legs_folded", "int_conversations_folded", "int_callers_resolved", "int_missed_calls_cased", "fct_calls",
    "fct_credited_touches", "rpt_call_attribution", "fct_norm_evidence", "rpt_team_norms",
]  # fmt: skip
SECONDS = "seconds.json"
# The most that the models may take of the script's time.
MOST = 1.5
# Conversations of a year, two of three inbound, every other one of two legs: of these one names its parent, the next
# follows within a minute.
ROWS = {
    "calls.calls": """
        select 'c' || c || case part when 0 then 'a' else 'b' end as call_id,
            case when part = 1 and c % 4 = 1 then 'c' || c || 'a' end as parent_call_id,
            case when c % 3 = 0 then 'outbound' else 'inbound' end as direction,
            case when c % 3 = 0 then '+46850000000' else client end as caller_number,
            case when c % 3 = 0 then client else '+46850000000' end as callee_number,
            'e' || ((c + part) % 40) as agent_id,
            timestamp '2025-01-01 08:00:00' + to_days(cast(c % 365 as integer))
            + to_seconds(cast(hash(c * 3) % 32400 + 40 * part as integer)) as started_at,
            20 as wait_seconds, case when is_taken then 10 + hash(c * 5) % 300 else 0 end as talk_seconds,
            20 + case when is_taken then 10 + hash(c * 5) % 300 else 0 end as total_seconds,
            case when is_taken then 'answered' else 'missed' end as status,
            ['google', 'Direct', 'fair', 'mail', null][1 + cast(hash(c * 11) % 5 as integer)] as source
        from (
            select c, part, (c % 2 = 0 or part = 1) and hash(c * 7) % 5 > 0 as is_taken,
                case
                    when hash(c) % 3 = 0 then '+4673' || lpad(cast(hash(c) % 5000000 as varchar), 7, '0')
                    else '+4670' || lpad(cast(hash(c) % {accounts} as varchar), 7, '0')
                end as client
            from range({conversations}) as numbers (c), range(2) as parts (part)
            where part = 0 or c % 2 = 1
        )
    """,
    "crm.employees": """
        select 'e' || i as employee_id, 'Person ' || i as full_name, 'hunter' as role_profile, 'North' as team
        from range(40) as numbers (i)
    """,
    "crm.accounts": """
        select 'a' || i as account_id, 'Company ' || i as name, 'e' || (i % 40) as owner_id,
            '+4670' || lpad(cast(i as varchar), 7, '0') as phone, timestamp '2024-01-01 09:00:00' as created_at
        from range({accounts}) as numbers (i)
    """,
    "crm.deals": """
        select 'd' || i as deal_id, 'a' || i as account_id, 'e' || (i % 40) as owner_id, 'Deal ' || i as name,
            'won' as status, 1000 + i % 9000 as amount, 'EUR' as currency,
            timestamp '2025-02-01 09:00:00' + to_days(cast(hash(i) % 200 as integer)) as created_at,
            timestamp '2025-02-20 09:00:00' + to_days(cast(hash(i) % 200 as integer)) as closed_at
        from range({accounts}) as numbers (i)
    """,
    "billing.customers": """
        select 'k' || i as customer_id, 'Company ' || i as name, 'a' || i as account_id
        from range({accounts}) as numbers (i)
    """,
    "billing.invoices": """
        select 'i' || i as invoice_id, 'k' || i as customer_id, case when i % 2 = 0 then 'd' || i end as deal_id,
            'EUR' as currency, 'issued' as status, date '2025-03-01' + cast(hash(i) % 200 as integer) as issued_on,
            date '2025-03-31' + cast(hash(i) % 200 as integer) as due_on, 1000 + i % 9000 as gross_amount
        from range({accounts}) as numbers (i)
    """,
    "billing.payments": """
        select 'p' || i as payment_id, 'k' || i as customer_id, 'EUR' as currency,
            date '2025-03-20' + cast(hash(i) % 200 as integer) as received_on, 500 + i % 4500 as amount
        from range({accounts}) as numbers (i) where i % 5 > 0
    """,
    "billing.applications": """
        select 'q' || i as application_id, 'p' || i as payment_id, 'i' || i as invoice_id,
            date '2025-03-20' + cast(hash(i) % 200 as integer) as applied_on, 500 + i % 4500 as amount
        from range({accounts}) as numbers (i) where i % 5 > 0
    """,
}
# What the two must agree in, row by row: ours and the script's.
EQUAL = {
    "conversations": ("select * from marts.fct_calls", "select * from by_hand_calls"),
    "sources": (
        "select model, month, case when source_kind in ('named', 'unknown') then lower(source) else source_kind end, "
        "leads, cast(deals as decimal(18, 4)), won_amount, invoiced, cash_applied from reporting.rpt_call_attribution",
        "select * from by_hand_sources",
    ),
    "records that norms count": (
        "select * from marts.fct_norm_evidence where norm = 'outbound_calls'",
        "select * from by_hand_evidence",
    ),
    "norms": (
        "select employee_id, day, target, actual, attainment, evidence_count from reporting.rpt_team_norms "
        "where norm = 'outbound_calls'",
        "select * from by_hand_norms",
    ),
}


def build(home: Path, models: list[str], *, with_those_above: bool = False) -> None:
    """Makes and holds models of a home's raw store as a refresh does, by the statements that dbt once sent.

    What each took in seconds is written into the home. `with_those_above`: the models that they are made of too.
    """
    from pipelines.bounds import connect, work_within
    from pipelines.settings import load_settings
    from pipelines.warehouse.raw_views import furnish
    from pipelines.warehouse.rebuild import Project
    from pipelines.warehouse.statements import Statements, recorded
    from pipelines.warehouse.transform import DBT_PROJECT, parsed, read_manifest

    settings = load_settings(home=home)
    work_within(settings)
    manifest = read_manifest(settings)
    sent = recorded(parsed(settings), manifest)
    assert sent is not None
    wanted = {
        key for key, node in manifest["nodes"].items() if node["resource_type"] == "model" and node["name"] in models
    }
    if with_those_above:
        wanted = Project.of(manifest).models_above(wanted, ("model", "seed"))
    with connect(place_of_build(home)) as connection:
        furnish(connection, settings)
        results = Statements(manifest, sent, DBT_PROJECT).send(connection, wanted)
    failed = [f"{result.name}: {result.message}" for result in results if result.failed]
    assert not failed, "; ".join(failed)
    seconds = {result.name: result.seconds for result in results}
    (home / SECONDS).write_text(json.dumps(seconds), encoding="utf-8")


def by_hand(home: Path) -> None:
    """Runs the script written by hand on the staged legs of a home's build, within the memory that the models have."""
    from pipelines.bounds import connect, work_within
    from pipelines.settings import load_settings

    work_within(load_settings(home=home))
    with connect(place_of_build(home)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(SQL.read_text(encoding="utf-8"))


def compare(legs: int, folder: Path) -> tuple[str, float]:
    """The report, and how many times the script's processor time the models take.

    Raises:
        FailedRun: a process failed.
        AssertionError: the two sides differ.
    """
    about = machine()
    write_rows(folder, ROWS, conversations=legs * 2 // 3, accounts=max(legs // 50, 200))
    build_first(folder)
    say = "import sys; from pathlib import Path; from benchmarks.legs import {0}; {0}(Path(sys.argv[1]){1})"
    measure(["-c", say.format("build", f", {MODELS!r}, with_those_above=True"), str(folder)])
    models = measure(["-c", say.format("build", f", {MODELS!r}"), str(folder)])
    seconds = json.loads((folder / SECONDS).read_text(encoding="utf-8"))
    script = measure(["-c", say.format("by_hand", ""), str(folder)])
    with duckdb.connect(str(place_of_build(folder)), read_only=True) as connection:
        counts = []
        for what, (ours, theirs) in EQUAL.items():
            apart = f"(({ours}) except all ({theirs})) union all (({theirs}) except all ({ours}))"
            differing, rows = connection.execute(
                f"select (select count(*) from ({apart})), (select count(*) from ({theirs}))"
            ).fetchall()[0]
            assert not differing, f"{differing} rows of {what} differ"
            assert rows, what
            counts.append(f"{rows:,} {what}")
    header = ["", "wall, s", "processor, s", "peak, GiB", "processor ÷ script"]
    lines = [
        [what, f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.peak / GIB:.2f}", f"{one.cpu / script.cpu:.2f}"]
        for what, one in (
            ("One script written by hand", script),
            ("The models that fold, give to sources and count", models),
        )
    ]
    told = f"{legs:,} legs; equal in both: {', '.join(counts)}. {about}."
    each = table(["made and held, two at a time", "wall, s"], [[name, f"{seconds[name]:.1f}"] for name in MODELS])
    return f"{told}\n\n{table(header, lines)}\n\n{each}\n", models.cpu / script.cpu


def main(legs: int, folder: Path | None = None) -> tuple[str, float]:
    """The report and the ratio, made in a folder, a temporary one when not given."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        return compare(legs, folder)
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as made:
        return compare(legs, Path(made))


__all__ = ["build", "by_hand", "compare", "main"]

if __name__ == "__main__":
    print(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)[0])
