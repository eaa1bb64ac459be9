"""Keybook's Dagster definitions: assembly, nothing else.

Each folder of `defs/` is one concern and has a `build(refresh)` that returns its definitions. Nothing is read or
written when this module is imported; the dbt manifest is made when the definitions load.
"""

from __future__ import annotations

import dagster as dg

from pipelines.defs import automation, exports, publish, transform
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh


def build_defs(refresh: Refresh, models: bool = True) -> dg.Definitions:
    """Everything that Dagster runs for one home: the assets, their checks, the job, its schedule and its sensor.

    Without `models`, for a person who waits for it, the build of all of them is one asset, which saves a tenth of a
    small refresh, and no step that failed is tried again.
    """
    return dg.Definitions.merge(
        exports.build(refresh),
        transform.build(refresh, models),
        publish.build(refresh),
        automation.build(refresh, tries_again=models),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dg dev` and `dagster dev` load: the home that the settings name."""
    return build_defs(Refresh(load_settings()))
