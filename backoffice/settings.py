"""Settings, read from the environment once. A fresh checkout runs with none set.

`DJANGO_ENV` is `development` (default), `test` or `production`. Production refuses to start with a missing
secret, open hosts or debug, see `refuse_unsafe_production` at the end.
"""

from pathlib import Path

import environ
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = env.str("DJANGO_ENV", "development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"DJANGO_ENV is {ENVIRONMENT!r}, it must be development, test or production.")
PRODUCTION = ENVIRONMENT == "production"
TESTING = ENVIRONMENT == "test"

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
for folder in ("media", "static", "celery/queue", "celery/processed", "log"):
    (VAR_DIR / folder).mkdir(parents=True, exist_ok=True)
if ENVIRONMENT == "development" and (VAR_DIR / "secrets.env").exists():
    env.read_env(VAR_DIR / "secrets.env")  # made by `make run`; what the environment says stands above it

# Only development may use this key; the guard at the end of this file refuses it in production.
DEVELOPMENT_SECRET = "development-only-secret-key-that-production-refuses-to-start-with"  # noqa: S105
SECRET_KEY = env.str("SECRET_KEY", DEVELOPMENT_SECRET)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Fernet keys for secrets that must be read back (pull keys, credentials); the first encrypts, all decrypt.
DEVELOPMENT_ENCRYPTION_KEY = "ZGV2ZWxvcG1lbnQtb25seS1mZXJuZXQta2V5LTMyYiE="
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[] if PRODUCTION else [DEVELOPMENT_ENCRYPTION_KEY])
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
)
# Where customers reach us, for the links on papers and in mails.
_host = next((host for host in ALLOWED_HOSTS if not host.startswith((".", "*"))), "localhost")
SITE_URL = env.str("SITE_URL", f"https://{_host}" if PRODUCTION else f"http://127.0.0.1:{env.int('PORT', 8000)}")
SITE_URL = SITE_URL.rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# How many reverse proxies of ours stand in front, each adding one address to X-Forwarded-For. 0: believe the socket.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)

INSTALLED_APPS = [
    "backoffice.apps.BackofficeConfig",
    "statuses.apps.StatusesConfig",
    "layouts.apps.LayoutsConfig",
    "orders.apps.OrdersConfig",
    "messaging.apps.MessagingConfig",
    "orderpull.apps.OrderpullConfig",
    "marketplaces.apps.MarketplacesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
]

MIDDLEWARE = [
    "backoffice.middleware.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "backoffice.middleware.BareRpcMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "backoffice.sign_in.SignInMiddleware",
    "backoffice.middleware.UserLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "backoffice.middleware.ShopMiddleware",
    "backoffice.middleware.PrivatePagesMiddleware",
    "backoffice.body_limit.BodyLimitMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "backoffice.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "backoffice.templatetags.ui"],
        },
    },
]

DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN, so two changes can never both read before one of them writes.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Statements here are short; what the planner fears to be long would be compiled for half a second first.
    # Options of DATABASE_URL stand behind and win.
    connecting = DATABASES["default"].setdefault("OPTIONS", {})
    connecting["options"] = f"-c jit=off {connecting.get('options', '')}".strip()
# SQLite leaves out what an index carries besides its keys; it counts by the index all the same.
SILENCED_SYSTEM_CHECKS = ["models.W040"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
# Sign-in limits live in the cache, so it must be shared by all processes: Redis, or a table where there is none.
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "backoffice.cache.SteadyRedisCache",
            "LOCATION": REDIS_URL,
            # A Redis that takes what it is asked and never answers must not hold a request for ever.
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "backoffice_cache"}}
if TESTING:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", REDIS_URL or "filesystem://")
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "celery/queue"),
        "data_folder_out": str(VAR_DIR / "celery/queue"),
        "control_folder": str(VAR_DIR / "celery"),
        "polling_interval": 0.25,
    }
else:
    # kombu restores lost messages only about every 100 s by default, whatever the visibility time-out says.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 1,
        "socket_connect_timeout": 1,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ALWAYS_EAGER = TESTING
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celery/beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep jobs": {"task": "backoffice.tasks.sweep_jobs", "schedule": 30.0},
    "sweep job files": {"task": "backoffice.tasks.sweep_job_files", "schedule": 600.0},
    "forget expired sessions": {"task": "backoffice.tasks.forget_expired_sessions", "schedule": 3600.0},
    "sweep invoices": {"task": "orders.tasks.sweep_invoices", "schedule": 60.0},
    "send due mail": {"task": "messaging.tasks.send_due_mail", "schedule": 10.0},
    "follow up orders": {"task": "messaging.tasks.follow_up", "schedule": 300.0},
    "sweep mail": {"task": "messaging.tasks.sweep_mail", "schedule": 30.0},
    "review waiting orders": {"task": "orders.tasks.review_waiting", "schedule": 300.0},
    "forget expired rpc ids": {"task": "orderpull.tasks.forget_expired_rpc_ids", "schedule": 300.0},
}

vars().update(env.email_url("EMAIL_URL", "filemail://" if not PRODUCTION else "consolemail://"))
if EMAIL_BACKEND.endswith("filebased.EmailBackend"):  # noqa: F821  (set by the line above)
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
# Mail servers of shops that may lie inside the installation's own network, by name; `*` allows all.
MAIL_INTERNAL_HOSTS = [host.lower() for host in env.list("MAIL_INTERNAL_HOSTS", default=[])]
# How many shops' servers one worker talks to at once; 0 talks to one after the other, in the worker's own thread.
MAIL_THREADS = 0 if TESTING else env.int("MAIL_THREADS", 8)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "backoffice@localhost")

AUTH_USER_MODEL = "backoffice.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "shops"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "backoffice.accounts.StaffAccountAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Order back office"
# Noting every request would write on every read; the list of sessions shows when each began.
USERSESSIONS_TRACK_ACTIVITY = False

LANGUAGE_CODE = "en"
LANGUAGES = (("en", "English"), ("nl", "Nederlands"), ("sv", "Svenska"))
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
# What is drawn at start from installed packages, see backoffice/icons.py.
MADE_STATIC_DIR = VAR_DIR / "made"
MADE_STATIC_DIR.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static", MADE_STATIC_DIR]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TESTING or DEBUG
# Files are looked up as they are asked for: to list them takes a test client longer than many a page.
WHITENOISE_AUTOREFRESH = TESTING or DEBUG
MEDIA_ROOT = env.str("MEDIA_ROOT", str(VAR_DIR / "media"))

# Strict: no inline anything, nothing from elsewhere. Data for scripts travels in data- attributes.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "backoffice.views.errors.csrf_failure"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    # Order pull answers never redirect: its clients do not follow.
    SECURE_REDIRECT_EXEMPT = [r"^RPC/", r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 8000
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
LOGGING_CONFIG = "backoffice.logs.configure"
LOGGING = {"json": env.bool("LOG_JSON", PRODUCTION), "level": env.str("LOG_LEVEL", "INFO")}


def refuse_unsafe_production() -> None:
    """Stop a production start that would be unsafe, naming everything that is missing at once."""
    missing = []
    if len(SECRET_KEY) < 50 or SECRET_KEY == DEVELOPMENT_SECRET:
        missing.append("SECRET_KEY (at least 50 characters)")
    if not FIELD_ENCRYPTION_KEYS or not all(map(is_own_encryption_key, FIELD_ENCRYPTION_KEYS)):
        missing.append("FIELD_ENCRYPTION_KEYS (Fernet keys)")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        missing.append("ALLOWED_HOSTS (closed list)")
    if DEBUG:
        missing.append("DEBUG must be off")
    if missing:
        raise ImproperlyConfigured("Production needs: " + "; ".join(missing))


def is_own_encryption_key(key: str) -> bool:
    """Whether `key` is a Fernet key, and not the one that everybody can read above."""
    try:
        Fernet(key)
    except ValueError:
        return False
    return key != DEVELOPMENT_ENCRYPTION_KEY


if PRODUCTION:
    refuse_unsafe_production()
