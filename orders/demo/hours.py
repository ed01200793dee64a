"""Office hours, so that nobody packs parcels at night."""

from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

OPENS = timedelta(hours=8)
DAY_OF_WORK = timedelta(hours=10)


def worked(since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
    """Working time between two moments; nothing when `until` is the earlier one."""
    return max(_work_before(until, zone) - _work_before(since, zone), timedelta())


def after_work(start: datetime, work: timedelta, end: datetime, zone: ZoneInfo) -> datetime:
    """The moment, whole seconds, when that much has been worked since `start`; never after `end`."""
    days, rest = divmod(_work_before(start, zone) + work, DAY_OF_WORK)
    midnight = datetime.combine(datetime.fromordinal(days), time(), tzinfo=zone)
    moment = (midnight + OPENS + timedelta(seconds=int(rest.total_seconds()))).astimezone(start.tzinfo)
    return max(min(moment, end), start)


def moment_between(rng: Random, start: datetime, end: datetime, *, at_most: timedelta, zone: ZoneInfo) -> datetime:
    """A moment of work after `start`, with at most `at_most` work before it and not after `end`."""
    room = min(at_most, worked(start, end, zone))
    return after_work(start, room * rng.uniform(0.1, 1), end, zone)


def _work_before(moment: datetime, zone: ZoneInfo) -> timedelta:
    """Working time since year 0 by the clock on the wall."""
    local = moment.astimezone(zone)
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return local.toordinal() * DAY_OF_WORK + min(max(since_midnight - OPENS, timedelta()), DAY_OF_WORK)
