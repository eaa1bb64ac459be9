"""Random exports of call trackers: edges of clocks, hours, folds and numbers.

Every stream is a system with numbers, agents and sources of its own, so that many are one build and do not mix. Its stories
lie about both changes of the clock, Easter, weekends and the edges of opening hours; each of its exports leaves other
columns out, as vendors do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.support.calls import Row
from tests.support.chance import chance
from tests.support.oracle import ZONE, days

# Clocks go forward on 30 March and back on 26 October; 18 and 21 April and 1 May are holidays.
SEASONS = (date(2025, 3, 26), date(2025, 4, 15), date(2025, 4, 28), date(2025, 10, 23), date(2025, 10, 29))
HOURS = (
    "09:00:00",
    "08:59:59",
    "16:59:59",
    "17:00:00",
    "12:00:00",
    "16:30:00",
    "23:59:30",
    "00:00:00",
    "02:30:00",
    "10:15:30",
)
# Seconds from one end to the next start: both sides of the fold, and what lets a day pass.
PAUSES = (0, 119, 120, 121, 300)
LATER = (90, 121, 1800, 3600, 28_799, 28_800, 28_801, 63_000, 86_400, 230_000, 600_000)
WITHHELD = ("anonymous", "266696687", "7378742833", "0", "-1", "0000000000", None, "", "Restricted")


@dataclass
class Stream:
    """The exports of one system: what its rows are told by a number."""

    seed: int
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Tells its stories."""
        self.random, self.system = chance(self.seed), f"c{self.seed:02}"
        # Drawn apart, so that calls are the same with and without queues.
        self.queues = chance(7000 + self.seed)
        self.style = self.seed % 6
        self.clients = [f"4670{self.seed:03}{place:04}" for place in range(7)]
        for _ in range(26):
            self.tell()
        self.costs: list[Row] = [
            {"_system": self.system, "source": f"{self.system} Ads", "medium": str(place), "spent_on": self.moment().date(),
             "amount": self.random.choice((100, 33.33, 0)), "currency": self.random.choice(("EUR", "SEK", "GBP", "PLN")),
             "goals": (None, 0, 1, 4)[place]}
            for place in range(4)
        ]  # fmt: skip
        for _ in range(4):
            self.dial()

    def __repr__(self) -> str:
        """Its name and what it exported."""
        return "\n".join([f"stream {self.system}", *map(str, self.rows)])

    def written(self, digits: str) -> str:
        """A number as somebody may write it."""
        forms = ("+{0}", "00{0}", "0{1}", "{0}", "+{0} x12", "0{1} ext. 3")
        return self.random.choice(forms).format(digits, digits[2:])

    def moment(self) -> datetime:
        """A moment at an edge of a season's days."""
        day = self.random.choice(SEASONS) + days(self.random.randrange(7))
        told = datetime.fromisoformat(f"{day}T{self.random.choice(HOURS)}")
        return told.replace(tzinfo=ZONE, fold=self.random.randrange(2)).astimezone(UTC)

    def leg(
        self, at: datetime | None, client: str | None, outcome: str = "missed", direction: str | None = "inbound",
        ring: float = 20, talk: float = 60, parent: str | None = None, agent: int | None = 0,
    ) -> datetime:  # fmt: skip
        """One row; when it was over."""
        pick = self.random.choice
        is_taken = outcome in ("answered", "voicemail")
        spoke = talk if is_taken else 0
        ours = f"4685{self.seed:03}00{0 if parent else pick((0, 0, 0, 1))}"
        told = self.written(client) if client in self.clients else client
        ends = (told, self.written(ours)) if direction != "outbound" else (self.written(ours), told)
        by = (
            {}
            if agent is None
            else {"agent_id": f"a{agent}"}
            if self.seed % 2
            else {"agent_name": f"N{agent} of {self.system}"}
        )
        row: Row = {
            "_system": self.system, "call_id": f"k{len(self.rows)}", "parent_call_id": parent, "direction": direction,
            "caller_number": ends[0], "callee_number": ends[1], "started_at": at.isoformat() if at else None,
            "is_voicemail": outcome == "voicemail" or None, "agent_id": None, "agent_name": None,
            "source": pick((f"{self.system} Ads", f"{self.system} ads", f"{self.system} Map", None)), "status": None,
        } | by  # fmt: skip
        if self.seed % 4:
            row["disposition"] = (None, "Offer", "offer ", "Wrong number", " ")[(self.seed + len(self.rows)) % 5]
        if self.seed % 3:
            row["queue"] = self.queues.choice(("Sales", "Support", " Support", None, None, ""))
        if self.style != 2 and outcome:
            row["status"] = "answered" if outcome == "voicemail" and self.style == 1 else outcome or None
        over = (at or datetime(2025, 1, 1, tzinfo=UTC)) + timedelta(seconds=ring + spoke)
        if self.style == 0 and at:
            row["answered_at"] = (at + timedelta(seconds=ring)).isoformat() if is_taken else None
            row["ended_at"] = over.isoformat()
        elif self.style in (1, 2, 5):
            row |= {"wait_seconds": ring, "talk_seconds": spoke, "total_seconds": ring + spoke}
            if self.style == 5 and self.random.random() < 0.3:
                row[pick(("wait_seconds", "talk_seconds"))] = None
        elif self.style == 4:
            row["total_seconds"] = ring + spoke
        self.rows.append(row)
        return over

    @property
    def last(self) -> str:
        """The newest row's id."""
        return str(self.rows[-1]["call_id"])

    def tell(self) -> None:
        """One story."""
        pick, at, client = self.random.choice, self.moment(), self.random.choice(self.clients)
        ring, talk = pick((5, 14, 14.5, 15, 15.5, 40)), pick((0.5, 29, 30, 31, 600))
        kind = pick(
            (
                "one",
                "ring group",
                "thread",
                "no top",
                "circle",
                "handed over",
                "called back",
                "called back",
                "in vain",
                "withheld",
                "internal",
                "undated",
                "of another's",
                "says nothing",
                "both ways",
            )
        )
        agent = pick((0, 1, 2, None))
        outcome = pick(("answered", "missed", "missed", "voicemail", "abandoned", "failed"))
        if kind == "one":
            self.leg(at, client, outcome, pick(("inbound", "inbound", "outbound", None)), ring, talk, agent=agent)
        elif kind == "ring group":
            for place in range(pick((2, 3, 4))):
                over = self.leg(at, client, pick((outcome, "missed")), "inbound", ring, talk, agent=place % 3)
                at = over + timedelta(seconds=pick(PAUSES))
        elif kind in ("thread", "no top", "circle", "of another's"):
            top = f"gone{len(self.rows)}" if kind == "no top" else f"k{len(self.rows)}"
            if kind == "circle":
                self.leg(at, client, outcome, ring=ring, talk=talk, parent=f"k{len(self.rows) + 1}", agent=agent)
                self.leg(at, client, outcome, ring=ring, talk=talk, parent=top, agent=agent)
                return
            if kind != "no top":
                is_own = kind == "of another's"
                self.leg(
                    at,
                    client,
                    pick(("answered", outcome)),
                    "internal" if is_own else "inbound",
                    ring,
                    talk,
                    agent=pick((None, 0)),
                )
            below = top
            for place in range(pick((1, 2, 3))):
                begun = at + timedelta(seconds=pick((0, 3, 30, 700)))
                self.leg(
                    begun,
                    client,
                    pick((outcome, "answered", "missed")),
                    pick(("inbound", "outbound")),
                    ring,
                    talk,
                    below,
                    agent=place,
                )
                below = pick((top, self.last))
            if pick((True, False)):  # the same two numbers again: the thread has no such leg
                self.leg(at + timedelta(seconds=talk + 60), client, "missed", ring=ring)
        elif kind == "handed over":
            over = self.leg(at, client, "answered", ring=ring, talk=talk, agent=0)
            self.leg(over + timedelta(seconds=2), client, pick(("answered", "missed")), ring=3, talk=talk, agent=1)
        elif kind in ("called back", "in vain"):
            for _ in range(pick((1, 1, 2, 3))):
                over = self.leg(at, client, pick(("missed", "missed", "voicemail")), ring=40, talk=5, agent=agent)
                at = over + timedelta(seconds=pick((*PAUSES, *LATER)))
            if kind == "called back":
                way = pick(("outbound", "outbound", "inbound"))
                self.leg(at, client, pick(("answered", "answered", "missed")), way, ring, talk, agent=pick((0, 1)))
        elif kind == "withheld":
            self.leg(at, pick(WITHHELD), outcome, ring=ring, talk=talk, agent=agent)
        elif kind == "internal":
            self.leg(at, client, outcome, "internal", ring, talk, agent=agent)
        elif kind == "undated":
            self.leg(None, client, outcome, ring=ring, talk=talk, agent=agent)
        elif kind == "says nothing":
            self.leg(at, client, "", ring=ring, talk=talk, agent=agent)
        elif kind == "both ways":  # a call back within the fold is a conversation of its own
            over = self.leg(at, client, "missed", ring=40, agent=agent)
            self.leg(over + timedelta(seconds=30), client, "answered", "outbound", 5, talk, agent=agent)

    def dial(self) -> None:
        """A call out from a telephone in a browser: the exchange, which it calls, dials for it, and may ring a colleague."""
        pick, at, client = self.random.choice, self.moment(), self.random.choice(self.clients)
        top = f"k{len(self.rows)}"
        dials = pick((None, "", "anonymous", "0", client))
        self.leg(at, dials, pick(("answered", "missed")), "outbound", 1, 45, agent=pick((0, 1, None)))
        for place in range(pick((1, 2, 3))):
            begun, way = at + timedelta(seconds=pick((0, 3, 30))), pick(("outbound", "outbound", "inbound"))
            self.leg(begun, client, pick(("answered", "missed")), way, 5, 31, top, agent=pick((None, place)))


def mirrored(stream: Stream, system: str) -> list[Row]:
    """What another system, which stands before the first one, says of some of its calls: from another number, seconds apart."""
    rows = []
    for place, row in enumerate(stream.rows):
        if row["started_at"] and place % 2:
            shift = timedelta(seconds=(0, 59, 60, 61, -60)[place // 2 % 5])
            at = datetime.fromisoformat(row["started_at"]) + shift
            ours = "callee_number" if row["direction"] != "outbound" else "caller_number"
            told = {
                "status": row["status"] or "missed",
                "total_seconds": 70,
                "started_at": at.isoformat(),
                "source": f"{system} Map",
            }
            kept = {name: row[name] for name in ("direction", "caller_number", "callee_number")} | {
                ours: "+46 8 999 00"
            }
            rows.append({"_system": system, "call_id": f"m{place}", "parent_call_id": None} | kept | told)
    return rows
