"""What runs by itself: refreshes on Mondays, after a month or a quarter and when files were dropped, and deliveries."""

import hashlib
import time
from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines.delivery.alerts import Alerts
from pipelines.delivery.periods import Unit, last_over
from pipelines.delivery.run import Deliveries
from pipelines.exports.landing.folder import export_files
from pipelines.logs import of_run
from pipelines.warehouse.refresh import Refresh

# A file that was written to this lately may still be on its way.
SETTLED_SECONDS = 15


# What no gate and no file is the reason of, such as a disk that another fills, may be over in a minute, or in three.
AGAIN = dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


def build(refresh: Refresh, tries_again: bool = True) -> dg.Definitions:
    """The job of a whole refresh, its schedules, the sensor on the landing folder, and deliveries."""
    # One writer: every step runs in one process, one after another.
    job = dg.define_asset_job(
        "refresh",
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        op_retry_policy=AGAIN if tries_again else None,
    )
    zone = refresh.settings.business_timezone

    @dg.schedule(
        name="weekly",
        job=job,
        cron_schedule="0 6 * * 1",
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every Monday at 06:00 business time: what is known now, and beside it, for a week's report, as of "
        "the Sunday before.",
    )
    def weekly(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        sunday = last_over("week", context.scheduled_execution_time.astimezone(ZoneInfo(zone)).date())
        return [dg.RunRequest(run_key=f"after {sunday}"), beside(f"as of {sunday}", sunday)]

    def beside(run_key: str, day: date) -> dg.RunRequest:
        """A run as of a past day, of which a report is made: dashboards go on with what is published."""
        config = {"ops": {"transform": {"config": {"as_of": str(day), "is_beside": True}}}}
        return dg.RunRequest(run_key=run_key, run_config=config, tags={"keybook/as_of": str(day)})

    def after(name: str, cron: str, unit: Unit, description: str) -> dg.ScheduleDefinition:
        """Refreshes, beside, as of the last day of the newest month, quarter or half-year that is over."""

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
            return beside(f"{name} as of {last}, {now}", last)

        return ended

    periods = [
        after("monthly", "0 5 1-3 * *", "month", "On the 1st to the 3rd at 05:00 business time, as of the last day of "
              "the month before: a month's report has what came in until it is due."),
        # Of what is published beside, the newest days alone are kept: that of the 1st may be gone by then.
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
        description="Refreshes once the files in the landing folder, or the home's lists, have changed and settled.",
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        files = export_files(refresh.settings.landing_dir)
        if not files:
            return dg.SkipReason(f"There is no file in {refresh.settings.landing_dir}.")
        states = [(path, path.stat()) for path in [*files, *(file.path for file in refresh.lists.files())]]
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

    @dg.op(name="send", description="Sends the reports that are due, once; `keybook deliver` does the same.")
    def send(context: dg.OpExecutionContext) -> None:
        deliveries = Deliveries.of(refresh.settings)
        if deliveries is None:
            return
        with of_run("deliver", context.run.run_id):
            reports, alerts = deliveries.deliver(datetime.now(UTC)), Alerts(deliveries).send(datetime.now(UTC))
        for done in reports:
            tell = context.log.info if done.state == "sent" else context.log.warning
            tell(f"{done.due}: {done.state}. {done.said or done.due.entry.said}")
        states = Counter(each.state for each in reports) + Counter(f"alert {each.state}" for each in alerts)
        ledger = [dg.TableRecord({"report": str(each.due), "state": each.state}) for each in reports]
        context.add_output_metadata({**states, **({"ledger": dg.MetadataValue.table(ledger)} if ledger else {})})
        for told in alerts:
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
