"""The call-centre workbook, beside two other data sets: calls, abandonment, speed of answer and talk time, against the file read apart."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import openpyxl
import pytest

from tests.support.homes import SHARED, query


@pytest.fixture(scope="module")
def calls() -> list[dict[str, object]]:
    path = SHARED / "pwc_calls" / "01 Call-Center-Dataset.xlsx"
    rows = openpyxl.load_workbook(path, read_only=True, data_only=True).active.iter_rows(values_only=True)
    names = [str(name) for name in next(rows)]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_calls_answered_and_missed(all_three: Path) -> None:
    # The file says abandoned of every call that nobody took, and not how long it rang: none is known to be a short one.
    found = query(
        all_three,
        "select sum(inbound), sum(answered), sum(missed), sum(answered) / sum(inbound), sum(abandoned) "
        "from reporting.rpt_call_response",
    )
    assert found[0][:3] == (5000, 4054, 946)
    assert float(found[0][3]) == pytest.approx(4054 / 5000)
    assert found[0][4] == 0


def test_each_day_and_agent_has_the_files_rates(all_three: Path, calls: list[dict[str, object]]) -> None:
    expected: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for call in calls:
        expected[str(call["Date"])[:10], str(call["Agent"])].append(call["Answered (Y/N)"] == "Y")
    found = query(
        all_three,
        "select cast(day as varchar), agent_name, inbound, answered, answer_rate_all from reporting.rpt_call_response",
    )
    assert {(day, agent): (inbound, answered) for day, agent, inbound, answered, _ in found} == {
        key: (len(flags), sum(flags)) for key, flags in expected.items()
    }
    for _, _, inbound, answered, rate in found:
        assert float(rate) == pytest.approx(answered / inbound)


def test_speed_of_answer_and_talk_time_by_agent(all_three: Path, calls: list[dict[str, object]]) -> None:
    wait: dict[str, list[float]] = defaultdict(list)
    talk: dict[str, float] = defaultdict(float)
    for call in calls:
        if call["Speed of answer in seconds"] is not None:
            wait[str(call["Agent"])].append(float(str(call["Speed of answer in seconds"])))
        if (lasted := call["AvgTalkDuration"]) is not None:
            talk[str(call["Agent"])] += lasted.hour * 3600 + lasted.minute * 60 + lasted.second  # type: ignore[attr-defined]
    found = query(
        all_three,
        "select agent_name, avg(wait_seconds) filter (where status = 'answered'), sum(talk_seconds) from marts.fct_calls "
        "group by all",
    )
    assert len(found) == 8
    for agent, speed, seconds in found:
        assert float(speed) == pytest.approx(sum(wait[agent]) / len(wait[agent]))
        assert float(seconds) == talk[agent]
