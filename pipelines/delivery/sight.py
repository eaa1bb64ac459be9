"""Whose pay somebody may see: whose figures `delivery.yml` lets them get, by the address with which they look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.delivery.packs import Scope
from pipelines.delivery.plan import PlanError, read_plan
from pipelines.settings import Settings

# The tables whose every row tells what somebody is paid.
PAY_TABLES = ("rpt_commission", "rpt_commission_deals")


@dataclass(frozen=True)
class Sight:
    """Whose commission may be seen: everybody's, or that of teams and of people, by their ids."""

    everybody: bool = False
    teams: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @classmethod
    def of(cls, *scopes: Scope) -> Sight:
        """What scopes let see together; one account's says nothing of anybody's pay."""
        return cls(
            any(scope.kind == "all" for scope in scopes),
            tuple(sorted({scope.of for scope in scopes if scope.kind == "team"})),
            tuple(sorted({scope.of for scope in scopes if scope.kind == "own book"})),
        )

    def covers(self, scope: Scope) -> bool:
        """Whether all that is made for a scope may be seen: of a book its person, of the company everybody."""
        match scope.kind:
            case "own book":
                return self.everybody or scope.of in self.people
            case "team":
                return self.everybody or scope.of in self.teams
            case "account":
                return True
            case _:
                return self.everybody


NOBODYS = Sight()


def sight(settings: Settings, address: str | None, day: date) -> Sight:
    """Of who looks with a mail address, on a day; of whom nobody knows it is said by the settings.

    An address that no recipient has sees nobody's pay, nor does anybody while `delivery.yml` cannot be used.
    """
    if address is None:
        return Sight(everybody=settings.is_commission_open)
    try:
        plan = read_plan(settings.home)
    except PlanError:
        return NOBODYS
    wanted = address.strip().casefold()
    return Sight.of(*(
        each.scope for each in (plan.recipients if plan else ())
        if each.address is not None and each.address.casefold() == wanted and each.is_due(day)
    ))  # fmt: skip
