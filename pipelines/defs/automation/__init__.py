"""When a refresh runs by itself: every Monday at 06:00 business time, and when files were dropped in landing."""

import hashlib
import time

import dagster as dg

from pipelines.exports.landing.folder import export_files
from pipelines.warehouse.refresh import Refresh

# A file that was written to this lately may still be on its way.
SETTLED_SECONDS = 15


def build(refresh: Refresh) -> dg.Definitions:
    """The job of a whole refresh, its weekly schedule and the sensor on the landing folder."""
    # One writer: every step runs in one process, one after another.
    job = dg.define_asset_job("refresh", selection=dg.AssetSelection.all(), executor_def=dg.in_process_executor)
    weekly = dg.ScheduleDefinition(
        name="weekly",
        job=job,
        cron_schedule="0 6 * * 1",
        execution_timezone=refresh.settings.business_timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every Monday at 06:00 business time.",
    )

    @dg.sensor(
        name="landing",
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Refreshes once the files in the landing folder have changed and settled.",
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        files = export_files(refresh.settings.landing_dir)
        states = [(path, path.stat()) for path in files]
        if not states:
            return dg.SkipReason(f"There is no file in {refresh.settings.landing_dir}.")
        if time.time() - max(state.st_mtime for _, state in states) < SETTLED_SECONDS:
            return dg.SkipReason("A file is still being written.")
        listed = "\n".join(f"{path}|{state.st_size}|{state.st_mtime_ns}" for path, state in states)
        digest = hashlib.sha256(listed.encode()).hexdigest()
        if digest == context.cursor:
            return dg.SkipReason("Nothing has changed since the last refresh.")
        context.update_cursor(digest)
        return dg.RunRequest(run_key=digest)

    return dg.Definitions(jobs=[job], schedules=[weekly], sensors=[landing])
