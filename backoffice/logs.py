"""Structured logs: one line an event, JSON in production, with the request's id; control characters escaped."""

import logging.config
import re
from typing import Any

import structlog

# Line breaks and terminal codes of any kind, C1 and Unicode's own line ends included.
CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def configure(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG hook; `options` is settings.LOGGING: {"json": bool, "level": str}."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    # JSON escapes line breaks and terminal codes by itself, logfmt only some: no order text can forge a line.
    rendering = (
        [structlog.processors.JSONRenderer()]
        if options["json"]
        else [structlog.processors.LogfmtRenderer(), escape_control_characters]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "lines": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
                    "foreign_pre_chain": [*shared, structlog.stdlib.PositionalArgumentsFormatter()],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                "django.server": {"level": "WARNING"},
                # Every refused /RPC call and every 404 would warn twice; the request line says the status already.
                "django.request": {"level": "ERROR"},
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                # Each step of each paper, and each table of each font.
                "weasyprint.progress": {"level": "WARNING"},
                "fontTools": {"level": "WARNING"},
            },
        }
    )


def escape_control_characters(logger: Any, method: str, line: str) -> str:
    """The rendered line with `\\r`, `\\x1b` and their like spelt out."""
    return CONTROL_CHARACTERS.sub(lambda found: found[0].encode("unicode_escape").decode(), line)
