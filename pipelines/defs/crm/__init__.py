"""Accounts, people, deals and activities: what CRM systems export."""

import dagster as dg

from pipelines.defs.landing import landing_of
from pipelines.refresh import Refresh


def build(refresh: Refresh) -> dg.Definitions:
    """The raw tables of the domain `crm`."""
    return landing_of("crm", "From CRM exports", refresh)
