"""What a CRM has beside a random call tracker: some of its clients, its agents, and what these wrote down of their calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.support.call_streams import Stream
from tests.support.calls import ours
from tests.support.chance import chance

Row = dict[str, Any]
ACCOUNTS = 5  # of a stream's seven clients
OUTCOMES = ("Connected", "Connected", "Interested", None, None, "No answer", "Planned")
# Both sides of the window, before the beginning and after the end.
BEFORE, AFTER = (-601, -600, -30, 0), (0, 1, 599, 600, 601)
LENGTHS = (0, -60, -61, 60, 61, 900)


class Logs:
    """The CRM of one call tracker, under the same system's name."""

    def __init__(self, stream: Stream) -> None:
        """Writes down its calls."""
        self.random, self.stream, self.system = chance(1000 + stream.seed), stream, stream.system
        words = ["".join(self.random.choices("bcdfghjklmnprstvz", k=11)) for _ in range(ACCOUNTS)]
        self.accounts: list[Row] = [
            {
                "_system": self.system,
                "account_id": f"A{place}",
                "name": word.title(),
                "phone": f"+{stream.clients[place]}",
            }
            for place, word in enumerate(words)
        ]
        # The third agent is in no list of people.
        names = [f"a{agent}" if stream.seed % 2 else f"N{agent} of {self.system}" for agent in (0, 1, 2)]
        self.employees: list[Row] = [
            {"_system": self.system, "employee_id": name, "full_name": f"{name} {self.system}", "team": team}
            for name, team in zip(names, ("North", ("South", None)[stream.seed % 3 == 0]), strict=False)
        ]
        self.activities: list[Row] = []
        for row in [leg for leg in stream.rows if leg["started_at"]]:
            for _ in range(self.random.choice((0, 0, 1, 1, 1, 2))):
                self.write(row, [*names, f"nobody of {self.system}", None])
        for _ in range(12):
            self.write(self.random.choice([leg for leg in stream.rows if leg["started_at"]]), names, days_off=400)

    def write(self, leg: Row, people: list[str | None], days_off: int = 0) -> None:
        """One activity about a leg, right or wrong."""
        pick, begun = self.random.choice, datetime.fromisoformat(leg["started_at"])
        length = float(leg.get("total_seconds") or 0)
        at = begun + timedelta(
            seconds=pick(BEFORE) if pick((True, False)) else length + pick(AFTER), days=pick((0, 0, days_off))
        )
        number = ours(leg)
        account = f"A{self.stream.clients.index(number)}" if number in self.stream.clients[:ACCOUNTS] else None
        seconds = (leg.get("talk_seconds") or 0) + pick(LENGTHS)
        row: Row = {
            "_system": self.system, "activity_id": f"t{len(self.activities)}", "activity_type": pick(("call",) * 7 + ("email",)),
            "account_id": pick((account, account, account, account, f"A{self.random.randrange(ACCOUNTS)}", None)),
            "owner_id": pick((leg.get("agent_id") or leg.get("agent_name"),) * 4 + (pick(people),)),
            "outcome": pick(OUTCOMES), "duration_seconds": pick((None, max(seconds, 0), max(seconds, 0))),
            "occurred_at": at.isoformat(), "completed_at": None, "created_at": None,
        }  # fmt: skip
        if pick((True, False, False, False)):
            row |= {"occurred_at": None, "completed_at": at.isoformat()}
        self.activities.append(row)
