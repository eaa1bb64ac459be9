"""What runs by itself: refreshes on Mondays, after a month or a quarter and when files were dropped, and deliveries."""

import hashlib
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines.delivery.alerts import Alerts
from pipelines.delivery.periods import Unit, last_over
from pipelines.delivery.run import Deliveries
from pipelines.exports.landing.folder import export_files
from pipelines.warehouse.refresh import Refresh

# A file that was written to this lately may still be on its way.
SETTLED_SECONDS = 15


def build(refresh: Refresh) -> dg.Definitions:
    """The job of a whole refresh, its schedules, the sensor on the landing folder, and deliveries."""
    # One writer: every step runs in one process, one after another.
    job = dg.define_asset_job("refresh", selection=dg.AssetSelection.all(), executor_def=dg.in_process_executor)
    zone = refresh.settings.business_timezone

    @dg.schedule(
        name="weekly",
        job=job,
        cron_schedule="0 6 * * 1",
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every Monday at 06:00 business time, as of the Sunday before: a week's report is of that day.",
    )
    def weekly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        sunday = last_over("week", context.scheduled_execution_time.astimezone(ZoneInfo(zone)).date())
        config = {"ops": {"transform": {"config": {"as_of": str(sunday)}}}}
        return dg.RunRequest(run_key=f"as of {sunday}", run_config=config, tags={"keybook/as_of": str(sunday)})

    def after(name: str, cron: str, unit: Unit, description: str) -> dg.ScheduleDefinition:
        """Refreshes as of the last day of the newest month, quarter or half-year that is over."""

        @dg.schedule(
            name=name,
            job=job,
            cron_schedule=cron,
            execution_timezone=zone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=description,
        )
        def ended(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
            now = context.scheduled_execution_time.astimezone(ZoneInfo(zone)).date()
            last = last_over(unit, now)
            config = {"ops": {"transform": {"config": {"as_of": str(last)}}}}
            key = f"{name} as of {last}, {now}"
            return dg.RunRequest(run_key=key, run_config=config, tags={"keybook/as_of": str(last)})

        return ended

    periods = [
        after("monthly", "0 5 1-3 * *", "month", "On the 1st to the 3rd at 05:00 business time, as of the last day of "
              "the month before: a month's report has what came in until it is due."),
        # Later publications have taken the place of what was published as the quarter or half-year ended.
        after("quarterly", "0 5 10 1,4,7,10 *", "quarter", "On the 10th after a quarter at 05:00 business time, as of "
              "its last day."),
        after("half_yearly", "0 5 15 1,7 *", "half-year", "On the 15th after a half-year at 05:00 business time, as of "
              "its last day."),
    ]  # fmt: skip

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

    own = dg.Definitions(jobs=[job], schedules=[weekly, *periods], sensors=[landing])
    return dg.Definitions.merge(own, _deliveries(refresh))


def _deliveries(refresh: Refresh) -> dg.Definitions:
    """What is due is asked often and sent once: the ledger decides, and not the tick."""

    @dg.op(name="deliver", description="Sends the reports that are due, once; `keybook deliver` does the same.")
    def send(context: dg.OpExecutionContext) -> None:
        deliveries = Deliveries.of(refresh.settings)
        for done in deliveries.deliver(datetime.now(UTC)) if deliveries else ():
            state = "held" if done.does == "hold" else done.due.entry.state
            tell = context.log.info if state == "sent" else context.log.warning
            tell(f"{done.due}: {state}. {done.said or done.due.entry.said}")
        for told in Alerts(deliveries).send(datetime.now(UTC)) if deliveries else ():
            (context.log.info if told.state == "sent" else context.log.warning)(f"{told}: {told.state}. {told.said}")

    @dg.job(name="deliver", executor_def=dg.in_process_executor)
    def deliver() -> None:
        send()

    @dg.schedule(
        name="deliver",
        job=deliver,
        cron_schedule="*/10 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every ten minutes, where something is due by delivery.yml that may be sent, or an alert.",
    )
    def often(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        deliveries = Deliveries.of(refresh.settings)
        if deliveries is None:
            return dg.SkipReason("There is no delivery.yml.")
        now = context.scheduled_execution_time
        waits = deliveries.waiting(now) or Alerts(deliveries).waits(now)
        return dg.RunRequest() if waits else dg.SkipReason("Nothing that is due waits to be sent.")

    return dg.Definitions(jobs=[deliver], schedules=[often])
