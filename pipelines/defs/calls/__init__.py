"""Calls and what channels cost: what call trackers and telephone systems export."""

import dagster as dg

from pipelines.defs.landing import landing_of
from pipelines.refresh import Refresh


def build(refresh: Refresh) -> dg.Definitions:
    """The raw tables of the domain `calls`."""
    return landing_of("calls", "From call exports", refresh)
