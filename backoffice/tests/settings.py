"""Settings of the tests: those of the product in the environment `test`, whatever the shell of the developer says."""

import os

for name in ("REDIS_URL", "CELERY_BROKER_URL", "EMAIL_URL", "MEDIA_ROOT", "DEBUG", "ALLOWED_HOSTS"):
    os.environ.pop(name, None)
os.environ["DJANGO_ENV"] = "test"

from backoffice.settings import *  # noqa: E402, F403  (reads the environment set above)
