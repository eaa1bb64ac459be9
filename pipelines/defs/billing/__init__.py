"""Customers, invoices, payments and what corrects them: what billing systems export."""

import dagster as dg

from pipelines.defs.landing import landing_of
from pipelines.refresh import Refresh


def build(refresh: Refresh) -> dg.Definitions:
    """The raw tables of the domain `billing`."""
    return landing_of("billing", "From billing exports", refresh)
