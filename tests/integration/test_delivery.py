"""Delivery: each report to each who should have it once, through crashes, retries and corrections; held with a reason."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.commands.main import main
from pipelines.delivery.channels import Letter, Outcome
from pipelines.delivery.packs import PackFailed
from pipelines.delivery.run import WordError
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import PointInTime, Refresh
from tests.support.deliveries import (
    FRESH,
    MONDAY,
    SUNDAY,
    Post,
    Stub,
    deliveries,
    home_of,
    plan,
    publish_week,
    states,
)

CHAIR = {"id": "chair"}
NORTH = {"role": "manager", "scope": {"team": "North"}}
WEEK = ("chair", "2026-W09")


class Broken(Stub):
    """Makes none."""

    def make(self, *_: Any) -> dict[str, bytes]:
        raise PackFailed("page 2 of the PDF is blank")


def _minutes(count: int) -> datetime:
    return MONDAY + timedelta(minutes=count)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose Sunday is published, and whose chair is due the report on Monday at six."""
    home = home_of(tmp_path / "home", plan(CHAIR))
    publish_week(home, SUNDAY)
    return home


def test_nothing_before_it_is_due_then_once_whatever_is_run_again(home: Path) -> None:
    post = Post()
    assert deliveries(home, post).deliver(_minutes(-1)) == []
    for minute in (0, 0, 1, 60, 60 * 24):
        assert states(deliveries(home, post).deliver(_minutes(minute))) == {WEEK: "sent"}
    assert len(post.arrived) == 1


@pytest.mark.parametrize(
    ("began_at", "state"),
    [
        ("2026-03-01T22:59:59+00:00", "held"),  # on Sunday, a second before midnight in Stockholm
        ("2026-03-01T23:00:00+00:00", "sent"),
        ("2026-02-20T12:00:00+00:00", "held"),  # of a day that had not come
    ],
)
def test_what_was_begun_before_the_day_was_over_is_not_sent_as_if_it_were_whole(
    tmp_path: Path, began_at: str, state: str
) -> None:
    home, post = home_of(tmp_path / "home", plan(CHAIR)), Post()
    publish_week(home, SUNDAY, began_at=began_at)
    [decision] = deliveries(home, post).deliver(MONDAY)
    assert decision.due.entry.state == state
    if state == "held":
        assert "begun after that day was over" in decision.said
        assert not post.arrived
        # It waits for one that is whole, and that one is sent.
        publish_week(home, SUNDAY, 120, again="-whole")
        deliveries(home, post).deliver(MONDAY)
    [letter] = post.arrived
    assert float(letter.pack.figures[0]["value"]) == (120 if state == "held" else 100)


def test_a_refresh_makes_once_more_what_was_begun_before_its_day_was_over(tmp_path: Path) -> None:
    work, view = Refresh(load_settings(home=tmp_path, business_timezone="Europe/Stockholm")), PointInTime(str(SUNDAY))
    (tmp_path / "landing").mkdir()
    for version, began_at, is_current in (
        ("v1", "2026-03-01T12:00:00+00:00", False), ("v2", "2026-03-02T05:00:00+00:00", True)
    ):  # fmt: skip
        publish_week(tmp_path, SUNDAY, again=version, began_at=began_at)
        [receipt] = (tmp_path / "warehouse" / "versions").glob(f"*{version}/publication.json")
        # Nothing was landed since, and nothing else is otherwise.
        receipt.write_text(json.dumps({**json.loads(receipt.read_text()), "inputs": work.inputs(view)}))
        assert work.is_current(view) is is_current


def test_what_is_previewed_is_what_is_sent(home: Path) -> None:
    post, stub = Post(), Stub()
    [decision] = deliveries(home, post, stub).preview(MONDAY)
    assert decision.does == "send"
    assert decision.pack is not None
    seen = {file: (decision.pack.folder / file).read_bytes() for file in decision.pack.files}
    assert not post.arrived
    deliveries(home, post, stub).deliver(MONDAY)
    [letter] = post.arrived
    assert {file: (letter.pack.folder / file).read_bytes() for file in letter.pack.files} == seen
    assert stub.made == 1


def test_who_gets_the_same_gets_one_pack_and_a_language_of_its_own_another(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", plan(CHAIR, {"id": "board"}, {"id": "moscow", "language": "ru"}))
    publish_week(home, SUNDAY)
    post, stub = Post(), Stub()
    deliveries(home, post, stub).deliver(MONDAY)
    assert len(post.arrived) == 3
    assert stub.made == 2
    assert post.got("moscow")[0].pack != post.got("board")[0].pack


def test_a_damaged_pack_is_made_anew(home: Path) -> None:
    stub, post = Stub(), Post()
    [decision] = deliveries(home, post, stub).preview(MONDAY)
    assert decision.pack is not None
    (decision.pack.folder / "weekly.pdf").write_bytes(b"")
    deliveries(home, post, stub).deliver(MONDAY)
    assert stub.made == 2
    assert post.arrived[0].pack.read(".pdf").startswith(b"%PDF")


def test_a_missed_one_is_caught_up_once_and_says_that_it_is_late(home: Path) -> None:
    post = Post()
    for day in (3, 3, 4):
        deliveries(home, post).deliver(MONDAY + timedelta(days=day))
    [letter] = post.arrived
    assert b"Late: this was due on 2 Mar 2026." in letter.pack.read(".eml")
    assert letter.period == "2026-W09"


def test_two_missed_weeks_are_two_periods_each_of_its_own_publication(home: Path) -> None:
    publish_week(home, SUNDAY + timedelta(days=7), 200)
    post = Post()
    deliveries(home, post).deliver(MONDAY + timedelta(days=7))
    figures = {letter.period: letter.pack.figures[0]["value"] for letter in post.arrived}
    assert {week: float(value) for week, value in figures.items()} == {"2026-W09": 100, "2026-W10": 200}
    assert b"Late" not in post.arrived[1].pack.read(".eml")


def test_who_joins_gets_nothing_from_before_and_who_left_nothing_after(tmp_path: Path) -> None:
    home = home_of(
        tmp_path / "home", plan(CHAIR | {"until": date(2026, 3, 8)}, {"id": "heir", "from": date(2026, 3, 9)})
    )
    for week in range(2):
        publish_week(home, SUNDAY + timedelta(weeks=week))
    post = Post()
    deliveries(home, post).deliver(MONDAY + timedelta(weeks=1))
    assert {(letter.recipient.id, letter.period) for letter in post.arrived} == {WEEK, ("heir", "2026-W10")}


def test_a_scope_that_the_pack_cannot_keep_is_held_whatever_a_person_says(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", plan({"id": "north"} | NORTH))
    publish_week(home, SUNDAY)
    post = Post()
    [decision] = deliveries(home, post).deliver(MONDAY)
    assert decision.does == "hold"
    assert "team North" in decision.said
    with pytest.raises(WordError, match="no finding holds weekly 2026-W09"):
        deliveries(home, post).release("weekly", "2026-W09", MONDAY)
    assert not post.arrived


def test_two_peoples_own_books_are_two_packs(tmp_path: Path) -> None:
    own = {"role": "manager", "scope": "own book"}
    people = [{"id": name, "employee": f"crm:{name}"} | own for name in ("ada", "bo")]
    home = home_of(tmp_path / "home", plan(*people))
    publish_week(home, SUNDAY)
    post, stub = Post(), Stub(scopes=frozenset({"own book"}))
    deliveries(home, post, stub).deliver(MONDAY)
    ada, bo = post.arrived
    assert (str(ada.recipient.scope), str(bo.recipient.scope)) == ("own book crm:ada", "own book crm:bo")
    assert ada.pack != bo.pack
    assert stub.made == 2


def test_without_a_publication_of_the_day_it_waits_and_status_says_so(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", plan(CHAIR))
    publish_week(home, SUNDAY - timedelta(days=1))
    post = Post()
    [decision] = deliveries(home, post).deliver(MONDAY)
    assert "Nothing is published as of 1 Mar 2026" in decision.said
    said = CliRunner().invoke(main, ["status", "--home", str(home)])
    assert (
        "not sent  weekly 2026-W09 to chair: held since 2026-03-02T05:00:00+00:00. Nothing is published" in said.output
    )
    publish_week(home, SUNDAY)
    assert states(deliveries(home, post).deliver(_minutes(30))) == {WEEK: "sent"}
    [row, *_] = json.loads(CliRunner().invoke(main, ["status", "--home", str(home), "--json"]).output)["not_sent"]
    assert row["what"] == "weekly 2026-W10 to chair"
    assert row["state"].startswith("due since 2026-03-09")


def test_a_publication_of_another_version_of_keybook_is_built_anew_first(home: Path) -> None:
    receipt = home / "warehouse" / "versions" / "20260301" / "publication.json"
    said = json.loads(receipt.read_text(encoding="utf-8"))
    receipt.write_text(json.dumps(said | {"contract": "another"}), encoding="utf-8")
    post = Post()
    [decision] = deliveries(home, post).deliver(MONDAY)
    assert "as of 1 Mar 2026 was built by another version of Keybook" in decision.said
    # One that looks back by what was known then is of no period that is over.
    receipt.write_text(json.dumps(said | {"known_at": "2026-02-01T00:00:00+00:00"}), encoding="utf-8")
    [decision] = deliveries(home, post).deliver(MONDAY)
    assert "Nothing is published as of 1 Mar 2026" in decision.said
    assert not post.arrived


HOLDS: dict[str, dict[str, Any]] = {
    "incomplete": {"rpt_feed_ends": [{"feed": "invoices", "complete_until": "2026-02-27"}]},
    "silent_domain": {"rpt_data_health": [FRESH | {"freshness_state": "late"}]},
    "held_file": {"rpt_landing_findings": [{"file": "a.csv", "severity": "held", "code": "lines_fewer"}]},
    "control_total": {"rpt_control_totals": [{"file": "a.csv", "entity": "invoices", "measure": "rows", "difference": 2}]},
    "proof_differs": {"rpt_verification": [{"table_name": "rpt_x", "measure": "open", "state": "differs"}]},
}  # fmt: skip
MARKS: dict[str, dict[str, Any]] = {
    "stale_source": {"rpt_data_health": [FRESH, FRESH | {"source": "old", "freshness_state": "stale"}]},
    "implausible": {"rpt_plausibility": [{"table_name": "rpt_receivable_kpis", "column_name": "sales", "group_values": "EUR",
                                          "period": "2026-03-01", "kind": "jumped"}]},
    "proof_missing": {"rpt_verification": [{"table_name": "rpt_x", "measure": "open", "state": "not_recomputed"}]},
}  # fmt: skip
WELL: dict[str, Any] = {
    "rpt_feed_ends": [{"feed": "invoices", "complete_until": "2026-03-01"}],
    "rpt_landing_findings": [{"file": "a.csv", "severity": "note", "code": "tax_not_told"}],
    "rpt_control_totals": [{"file": "a.csv", "entity": "invoices", "measure": "rows", "difference": 0}],
    "rpt_verification": [{"table_name": "rpt_x", "measure": "open", "state": "agrees"}],
    # Of another month, and a month that is not over, which a week may well lie in.
    "rpt_plausibility": [{"table_name": "rpt_x", "column_name": "sales", "group_values": "EUR", "period": "2026-01-01", "kind": "jumped"},
                         {"table_name": "rpt_y", "column_name": "sales", "group_values": "EUR", "period": "2026-03-01", "kind": "incomplete"}],
}  # fmt: skip


def test_nothing_holds_what_is_well(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", plan(CHAIR))
    publish_week(home, SUNDAY, rows=WELL)
    post = Post()
    assert states(deliveries(home, post).deliver(MONDAY)) == {WEEK: "sent"}
    assert b"Read with care" not in post.arrived[0].pack.read(".eml")


@pytest.mark.parametrize("cause", HOLDS)
def test_what_is_wrong_holds_until_a_person_lets_it_pass_and_then_stands_on_it(tmp_path: Path, cause: str) -> None:
    home = home_of(tmp_path / "home", plan(CHAIR))
    publish_week(home, SUNDAY, rows=HOLDS[cause])
    post = Post()
    for _ in range(2):
        [decision] = deliveries(home, post).deliver(MONDAY)
        assert [key.partition(":")[0] for key in decision.found] == [cause]
        assert states([decision]) == {WEEK: "held"}
    assert len(decision.due.entry.events) == 1
    assert not post.arrived
    deliveries(home, post).release("weekly", "2026-W09", _minutes(5))
    assert states(deliveries(home, post).deliver(_minutes(5))) == {WEEK: "sent"}
    assert b"Read with care" in post.arrived[0].pack.read(".eml")


@pytest.mark.parametrize("cause", MARKS)
def test_what_is_odd_is_sent_and_stands_on_it_or_holds_by_setting(tmp_path: Path, cause: str) -> None:
    for does, arrives in (("mark", 1), ("hold", 0), ("pass", 1)):
        home = home_of(tmp_path / does, plan(CHAIR, brake={cause: does}))
        publish_week(home, SUNDAY, rows=MARKS[cause])
        post = Post()
        deliveries(home, post).deliver(MONDAY)
        assert len(post.arrived) == arrives, does
        assert all((b"Read with care" in letter.pack.read(".eml")) == (does == "mark") for letter in post.arrived)


def test_several_findings_of_a_cause_are_one_line_above_the_report(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", plan(CHAIR))
    stale = [FRESH | {"source": f"old {number}", "freshness_state": "stale"} for number in range(3)]
    publish_week(home, SUNDAY, rows={"rpt_data_health": [FRESH, *stale]} | MARKS["implausible"])
    post = Post()
    deliveries(home, post).deliver(MONDAY)
    mail = post.arrived[0].pack.read(".eml").partition(b"text/html")[0].replace(b"=\n", b"")
    assert mail.count(b"Read with care: ") == 2
    assert b"Exports that have had nothing new for long: 3." in mail


def test_a_release_lets_pass_what_was_seen_and_not_what_comes_after(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", plan(CHAIR))
    publish_week(home, SUNDAY, rows=HOLDS["held_file"])
    post = Post()
    deliveries(home, post).release("weekly", "2026-W09", MONDAY)
    more = [*HOLDS["held_file"]["rpt_landing_findings"], {"file": "b.csv", "severity": "held", "code": "lines_fewer"}]
    publish_week(home, SUNDAY, rows={"rpt_landing_findings": more}, again="b")
    [decision] = deliveries(home, post).deliver(MONDAY)
    assert decision.found == ("held_file:b.csv:lines_fewer",)


def test_a_corrected_run_sends_what_was_held(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", plan(CHAIR))
    publish_week(home, SUNDAY, rows=HOLDS["held_file"])
    post = Post()
    deliveries(home, post).deliver(MONDAY)
    publish_week(home, SUNDAY, 150, again="b")
    deliveries(home, post).deliver(_minutes(90))
    [letter] = post.arrived
    assert float(letter.pack.figures[0]["value"]) == 150
    assert letter.prefix == ""


def test_equal_figures_of_a_later_publication_are_not_sent_again_and_no_correction(home: Path) -> None:
    post = Post()
    deliveries(home, post).deliver(MONDAY)
    publish_week(home, SUNDAY, again="b")
    deliveries(home, post).deliver(_minutes(30))
    with pytest.raises(WordError, match="are those that were sent"):
        deliveries(home, post).correct("weekly", "2026-W09", _minutes(30))
    assert len(post.arrived) == 1


def test_a_correction_is_a_persons_word_marked_with_what_changed_and_sent_once(home: Path) -> None:
    post = Post()
    deliveries(home, post).deliver(MONDAY)
    publish_week(home, SUNDAY, 130, again="b")
    deliveries(home, post).deliver(_minutes(30))
    assert len(post.arrived) == 1
    later = MONDAY + timedelta(days=2)
    deliveries(home, post).correct("weekly", "2026-W09", later)
    for minute in range(2):
        assert states(deliveries(home, post).deliver(later + timedelta(minutes=minute))) == {WEEK: "sent"}
    first, corrected = post.arrived
    assert corrected.prefix == "Corrected"
    assert corrected.answers == first.message_id != corrected.message_id
    mail = corrected.pack.read(".eml").replace(b"=\r\n", b"").replace(b"=20", b" ")
    assert b"This replaces what was sent on 2 Mar 2026. Figures that changed: 1." in mail
    assert b"(crm:1): was 100.0" in mail
    assert b"Late" not in mail


def test_a_correction_without_a_publication_or_a_pack_is_refused(home: Path) -> None:
    post = Post()
    with pytest.raises(WordError, match="of weekly 2026-W09 nothing was sent"):
        deliveries(home, post).correct("weekly", "2026-W09", MONDAY)
    deliveries(home, post).deliver(MONDAY)
    publish_week(home, SUNDAY, 130, again="b")

    with pytest.raises(WordError, match="page 2 of the PDF is blank"):
        deliveries(home, post, Broken()).correct("weekly", "2026-W09", MONDAY)
    shutil.rmtree(home / "warehouse" / "versions")
    with pytest.raises(WordError, match="Nothing is published as of 1 Mar 2026"):
        deliveries(home, post).correct("weekly", "2026-W09", MONDAY)


def test_a_pack_of_which_a_part_is_blank_is_held_and_never_sent(home: Path) -> None:
    post = Post()
    [decision] = deliveries(home, post, Broken()).deliver(MONDAY)
    assert decision.said == "The report could not be made: page 2 of the PDF is blank."
    assert states([decision]) == {WEEK: "held"}
    assert states(deliveries(home, post).deliver(_minutes(10))) == {WEEK: "sent"}


def test_what_is_put_off_is_asked_again_after_longer_and_longer(home: Path) -> None:
    asked: list[int] = []

    def busy(letter: Letter) -> Outcome:
        asked.append(round((letter.sent_at - MONDAY).total_seconds() / 60))
        return Outcome("deferred", "450 try later") if len(asked) < 4 else Outcome("sent")

    post = Post(busy)
    for minute in range(0, 60):
        deliveries(home, post).deliver(_minutes(minute))
    assert asked == [0, 5, 15, 35]
    assert len(post.arrived) == 1


@pytest.mark.parametrize("state", ["unknown", "refused"])
def test_what_is_unknown_or_refused_is_not_sent_again_without_a_persons_word(home: Path, state: Any) -> None:
    outcomes = iter([Outcome(state, "said so"), Outcome("sent")])
    sent: list[Letter] = []
    post = Post(lambda letter: sent.append(letter) or next(outcomes))  # type: ignore[func-returns-value]
    for minute in (0, 60, 6000):
        [decision] = deliveries(home, post).deliver(_minutes(minute))
        assert (decision.due.entry.state, decision.due.entry.said) == (state, "said so")
    assert len(sent) == 1
    assert [str(due) for due in deliveries(home).missing(_minutes(10))] == ["weekly 2026-W09 to chair"]
    # What is published by then is not what was to be sent.
    publish_week(home, SUNDAY, 170, again="b")
    deliveries(home, post).again("weekly", "2026-W09", "chair", _minutes(6001))
    deliveries(home, post).deliver(_minutes(6001))
    assert [letter.message_id for letter in sent] == [sent[0].message_id] * 2
    assert sent[1].pack == sent[0].pack
    with pytest.raises(WordError, match="is sent, not unknown or refused"):
        deliveries(home, post).again("weekly", "2026-W09", "chair", _minutes(6002))


def test_who_may_see_less_by_now_is_not_sent_again_what_they_were_to_get(home: Path) -> None:
    post = Post(lambda letter: Outcome("unknown"))
    deliveries(home, post).deliver(MONDAY)
    (home / "delivery.yml").write_text(plan(CHAIR | NORTH), encoding="utf-8")
    deliveries(home, post).again("weekly", "2026-W09", "chair", MONDAY)
    [decision] = deliveries(home, post).deliver(MONDAY)
    assert decision.does == "hold"
    assert len(post.arrived) == 1


def test_a_ledger_file_that_is_damaged_is_no_proof_that_nothing_was_sent(home: Path) -> None:
    post = Post()
    deliveries(home, post).deliver(MONDAY)
    (home / "deliveries" / "weekly" / "2026-W09" / "chair.json").write_text('{"eve', encoding="utf-8")
    assert states(deliveries(home, post).deliver(_minutes(1))) == {WEEK: "unknown"}
    assert len(post.arrived) == 1


def test_of_two_schedulers_the_second_waits_and_finds_it_sent(home: Path) -> None:
    second_began, second_ended = threading.Event(), threading.Event()

    def slow(letter: Letter) -> Outcome:
        assert second_began.wait(60)
        # As long as this one sends, the other has nothing to say.
        assert not second_ended.wait(0.2)
        return Outcome("sent")

    post, found = Post(slow), {}

    def second() -> None:
        second_began.set()
        found.update(states(deliveries(home, post).deliver(MONDAY)))
        second_ended.set()

    other = threading.Thread(target=second)
    post.does = lambda letter: (other.start(), slow(letter))[1]
    deliveries(home, post).deliver(MONDAY)
    other.join(60)
    assert found == {WEEK: "sent"}
    assert len(post.arrived) == 1
