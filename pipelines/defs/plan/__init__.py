"""Targets, budgets, absences, costs and exchange rates: what people plan and look up."""

import dagster as dg

from pipelines.defs.landing import landing_of
from pipelines.refresh import Refresh


def build(refresh: Refresh) -> dg.Definitions:
    """The raw tables of the domain `plan`."""
    return landing_of("plan", "From planning files", refresh)
