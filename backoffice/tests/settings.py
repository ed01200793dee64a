"""Settings of the tests: those of the product in the environment `test`, whatever the shell of the developer says."""

import os

OF_A_REAL_INSTALLATION = (
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEYS",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "EMAIL_URL",
    "MEDIA_ROOT",
    "DEBUG",
    "ALLOWED_HOSTS",
)
for name in OF_A_REAL_INSTALLATION:
    os.environ.pop(name, None)
os.environ["DJANGO_ENV"] = "test"

from backoffice.settings import *  # noqa: E402, F403  (reads the environment set above)
