"""Settings of processes in tests of faults: those of the product, with a second for each of its periods.

`VISIBILITY_SECONDS` is how long Redis waits for a worker before it gives a message to the next, `SOCKET_SECONDS` how
long an answer of Redis is waited for.
"""

from backoffice.settings import *  # noqa: F403
from backoffice.settings import CELERY_BEAT_SCHEDULE, CELERY_BROKER_TRANSPORT_OPTIONS, env

CELERY_BEAT_SCHEDULE = {name: entry | {"schedule": 1.0} for name, entry in CELERY_BEAT_SCHEDULE.items()}
CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {
    "visibility_timeout": env.int("VISIBILITY_SECONDS", 3600),
    "unacked_restore_interval": 1,
    "socket_timeout": env.int("SOCKET_SECONDS", 1),
}
