"""What happens in the sample whatever the seed: the companies that play a part, and when their turns come.

The rest of the sample is chance around this story, so that every page of the dashboards has something to show and a
reader who knows the story can check what they see.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.sample.scope import Scope


@dataclass(frozen=True)
class Actor:
    """A company with a part in the story. `size` is its rank among all customers: 0 the largest, 1 the smallest."""

    key: str
    name: str
    country: str
    size: float
    payer: str = "usual"
    parent: str = ""


# The first accounts of every sample, in this order.
CAST = (
    Actor("growing", "Stormfågeln Energi AB", "SE", 0.0, "prompt"),
    Actor("quiet", "Nordvik Rederi AS", "NO", 0.01),
    Actor("slow_payer", "Harbourline Freight Ltd", "GB", 0.12, "slow"),
    Actor("disputed", "Falkenberg Maskin AB", "SE", 0.15),
    Actor("bankrupt", "Brandt & Söhne Druck GmbH", "DE", 0.25, "late"),
    Actor("overpaid", "Cedar Hollow Clinics LLC", "US", 0.3, "prompt"),
    Actor("refunded", "Kiruna Alpin AB", "SE", 0.35, "prompt"),
    Actor("credited", "Prairie Lantern Dental Inc", "US", 0.3),
    Actor("chargeback", "Juniper Lane Retail Corp", "US", 0.35),
    Actor("survivor", "Lindholm Logistik AB", "SE", 0.3),
    Actor("nordic_group", "Hallström Holding AB", "SE", 0.2),
    Actor("nordic_group_1", "Hallström Bygg AB", "SE", 0.25, parent="nordic_group"),
    Actor("nordic_group_2", "Hallström Fastigheter AB", "SE", 0.4, parent="nordic_group"),
    Actor("nordic_group_3", "Hallström Vatten Oy", "FI", 0.5, parent="nordic_group"),
    Actor("rhine_group", "Rheinwerk Anlagen GmbH", "DE", 0.1, "prompt"),
    Actor("rhine_group_1", "Rheinwerk Service GmbH", "DE", 0.35, parent="rhine_group"),
    Actor("steady", "Родопи Логистика ЕООД", "BG", 0.4),
)
PART = {actor.key: position for position, actor in enumerate(CAST)}

# The account that was entered twice and merged: its second name, which a billing customer still carries.
DUPLICATE_NAME = "Lindholm Logistics"

# Channel, how callers are tagged (source, medium, campaign), what a lead's source is called, and the number they ring.
CHANNELS: tuple[tuple[str, str | None, str | None, str | None, str, str], ...] = (
    ("direct", "(direct)", "(none)", None, "Phone enquiry", "442079460010"),
    ("organic", "google", "organic", None, "Web", "442079460011"),
    ("referral", "partners.example", "referral", None, "Partner referral", "442079460012"),
    ("fair", "trade-fair", "event", "spring-fair", "Trade fair", "442079460013"),
    ("newsletter", "newsletter", "email", "monthly-news", "E-mail newsletter", "442079460014"),
    ("search", "google", "cpc", "it-support-search", "Paid search", "442079460015"),
    ("brand", "linkedin", "paid_social", "brand-awareness", "Paid social", "442079460016"),
)
CHANNEL = {row[0]: position for position, row in enumerate(CHANNELS)}
CAMPAIGNS = ("search", "brand", "fair")  # besides the news of every month
SWITCHBOARD = "442079460010"


@dataclass(frozen=True)
class Turns:
    """When the story turns: months are counted from 0, days from 1970-01-01."""

    quiet_month: int  # the first month in which the quiet client does nothing
    quiet_day: int
    search_month: int  # the campaign that pays starts
    brand_months: tuple[int, int]  # the campaign that only costs: its first month, and the one after its last
    leaver_month: int  # an account manager leaves, and one colleague takes the whole book over
    leaver_day: int
    merged_month: int  # the duplicate account is merged and no longer billed
    bankrupt_month: int  # the first month without an invoice to the bankrupt client
    bankrupt_day: int  # it has paid nothing that was issued in the 75 days before
    write_off_day: int


def turns(scope: Scope) -> Turns:
    """The turns of the story within the sample's span."""
    quiet = scope.months - max(3, scope.part(0.17))
    leaver, bankrupt = scope.part(0.55), scope.part(0.6)
    starts = scope.month_starts
    bankrupt_day = int(starts[bankrupt]) + 9
    return Turns(
        quiet_month=quiet,
        quiet_day=int(starts[quiet]) + 3,
        search_month=scope.months // 2,
        brand_months=(scope.part(0.3), scope.part(0.7)),
        leaver_month=leaver,
        leaver_day=int(starts[leaver]),
        merged_month=scope.part(0.4),
        bankrupt_month=bankrupt,
        bankrupt_day=bankrupt_day,
        write_off_day=bankrupt_day + 80,
    )
