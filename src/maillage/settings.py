"""All settings, in one file, from the environment only (docs/reference/settings.md lists them).

Without any variable set, Maillage runs on the embedded default: SQLite in ./var, on the loopback address, for one machine.
"""

import os
import secrets
import warnings
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return default if value == "" else value in {"1", "true", "yes", "on"}
    raise ImproperlyConfigured(f"{name}={value!r}: write true or false")


def env_int(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    try:
        return int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number") from None


PACKAGE = Path(__file__).resolve().parent
VAR = Path(env("MAILLAGE_VAR", "var")).resolve()  # the database and the secret of the embedded default


def _secret() -> str:
    """The given secret; else one drawn once and kept beside the embedded database, readable by its owner only."""
    if given := env("SECRET_KEY"):  # signs sessions; without it one is drawn and kept in MAILLAGE_VAR
        return given
    kept = VAR / "secret"
    if not kept.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(50))
    return kept.read_text()


CONN_MAX_AGE = env_int("CONN_MAX_AGE", 600)  # seconds that a connection to the database is kept


def _database(url: str) -> dict[str, object]:
    """`postgresql://user:password@host:port/name?sslmode=...` or `sqlite:///path`; nothing: SQLite in VAR."""
    if not url or url.startswith("sqlite:"):
        name = url.removeprefix("sqlite:///") if url else str(VAR / "maillage.sqlite3")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "CONN_MAX_AGE": CONN_MAX_AGE,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",  # a deferred transaction dies with "database is locked" at its first write
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
                "PRAGMA mmap_size=536870912; PRAGMA temp_store=MEMORY; PRAGMA recursive_triggers=ON",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"DATABASE_URL starts with {parts.scheme!r}: write postgresql:// or sqlite:///")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": CONN_MAX_AGE,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }


DEBUG = env_bool("DEBUG", False)  # never true on a machine that others reach
SECRET_KEY = _secret()
ALLOWED_HOSTS = env("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")  # names under which the site answers
# the https:// origins of forms, when the proxy changes the host
CSRF_TRUSTED_ORIGINS = [origin for origin in env("CSRF_TRUSTED_ORIGINS").split(",") if origin]
BEHIND_TLS = env_bool("BEHIND_TLS", False)  # true in production: cookies and redirects for https only
SITE_URL = env("SITE_URL", "http://127.0.0.1:8000")  # the address that mails link to

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",  # the pages of allauth about passkeys
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "maillage.territory",
    "maillage.people",
    "maillage.directory",
    "maillage.orientation",
    "maillage.places",
    "maillage.packs",
    "maillage.standards",
    "maillage.web",
]
OPENID_CONNECT = env("OPENID_CONNECT")  # "id|name|https://issuer|client id|secret", with the extra `openid`
if OPENID_CONNECT:
    INSTALLED_APPS += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]

MIDDLEWARE = [
    "maillage.web.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "maillage.web.language.LanguageMiddleware",
    "maillage.web.limits.LimitsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "maillage.web.sessions.SessionsMiddleware",
    "maillage.web.access.AccessMiddleware",
    "maillage.web.refusals.RefusalsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "maillage.urls"
WSGI_APPLICATION = "maillage.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "maillage.web.context.page",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "maillage.web.templatetags.page"],
        },
    }
]

DATABASES = {"default": _database(env("DATABASE_URL"))}  # postgresql://...; empty: SQLite in MAILLAGE_VAR
# limits on attempts count for the whole site, not for one worker: every process sees the same cache
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# NIST SP 800-63B-4, 3.1.1.2: 15 characters for a password that may stand alone, no rule of composition, no forced change, a list
# of common ones. docs/explanation/roles-and-rights.md gives the reasons, and what cannot be checked without asking a third party.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "maillage.people.passwords.KnownWordsValidator"},
]
PASSWORD_RESET_TIMEOUT = 24 * 3600  # a link by e-mail to choose another password: 24 hours at most (SP 800-63A-4, 3.8)
# a one-time code or a passkey for roles of the whole territory, and for whoever sees confidential places; empty: when BEHIND_TLS
REQUIRE_SECOND_FACTOR = env_bool("REQUIRE_SECOND_FACTOR", BEHIND_TLS)
ACCOUNT_ADAPTER = "maillage.people.accounts.InvitedOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Maillage: "
ACCOUNT_SESSION_REMEMBER = False  # a session ends with the browser: computers are shared
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password, a new second step: its owner is told
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # one-time codes and passkeys are changed after giving the password again
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXIES", 0)  # whose X-Forwarded-For the limits on attempts believe
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
if OPENID_CONNECT:
    _fields = OPENID_CONNECT.split("|")
    if len(_fields) != 5:
        raise ImproperlyConfigured("OPENID_CONNECT: write id|name|https://issuer|client id|secret")
    # The national login vouches for the address: it opens the account that was invited under it, and never a new one.
    SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": _fields[0],
                    "name": _fields[1],
                    "client_id": _fields[3],
                    "secret": _fields[4],
                    "settings": {"server_url": _fields[2]},
                }
            ]
        }
    }
LOGIN_REDIRECT_URL = "desk"
# how mail leaves; the default prints it
EMAIL_BACKEND = env("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "maillage@localhost")  # the sender of mails
# the mail server, when EMAIL_BACKEND is django.core.mail.backends.smtp.EmailBackend
EMAIL_HOST = env("EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("EMAIL_PORT", 25)  # its port
EMAIL_HOST_USER = env("EMAIL_HOST_USER")  # its user
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")  # its password
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", False)  # STARTTLS
# how words to the people who are helped leave: maillage.people.channels.Console, .Mail, or .TextMessageByMail
MESSAGE_CHANNELS = {
    "email": env("EMAIL_CHANNEL", "maillage.people.channels.Mail"),  # to an e-mail address
    "sms": env("SMS_CHANNEL", "maillage.people.channels.Console"),  # to a telephone; the default prints
}
SMS_GATEWAY = env("SMS_GATEWAY")  # the domain of a provider that makes text messages of e-mails: NUMBER@domain

LANGUAGE_CODE = "en"
LANGUAGES = [("fr", "Français"), ("nl", "Nederlands"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = env("TIME_ZONE", "Europe/Brussels")  # of commands and logs; a territory has its own

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "maillage.web.vendor.VendorFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # maillage.web.collected.CollectedFiles after `maillage collectstatic`, for files cached for ever
    "staticfiles": {"BACKEND": env("STATICFILES_STORAGE", "django.contrib.staticfiles.storage.StaticFilesStorage")},
}
WHITENOISE_USE_FINDERS = True
warnings.filterwarnings("ignore", "No directory at", UserWarning)  # nothing was collected: the finders serve

TERRITORY = env("TERRITORY")  # the territory that this site serves; empty: the only one, else the one loaded last
CHECK_LINKS = env_bool(
    "CHECK_LINKS", True
)  # whether `maillage work` asks web addresses of the directory whether they answer
# background tiles of the interactive map; empty: none, so that nothing is asked of a third party
TILE_URL = env("TILE_URL")
TILE_ATTRIBUTION = env("TILE_ATTRIBUTION")  # what the provider of the tiles asks to be shown on the map

SESSION_HOURS = env_int("SESSION_HOURS", 12)  # after which one signs in again, whatever one did
SESSION_IDLE_MINUTES = env_int("SESSION_IDLE_MINUTES", 60)  # without doing anything, after which one signs in again
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
# over https the browser itself refuses these cookies from another host, another path or plain http
SESSION_COOKIE_NAME = "__Host-session" if BEHIND_TLS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if BEHIND_TLS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# searches a minute from one address, counted by each process: a library with forty screens is one address; 0: no limit
SEARCHES_A_MINUTE = env_int("SEARCHES_A_MINUTE", 300)
IMPORT_MOST_MB = env_int("IMPORT_MOST_MB", 100)  # megabytes of a feed that is handed in or fetched at the desk
IMPORT_KEEP_DAYS = env_int("IMPORT_KEEP_DAYS", 30)  # days that such a file is kept after its import
IMPORT_FOLDER = env("IMPORT_FOLDER")  # a folder whose files may be scheduled as feeds; empty: only https:// addresses

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "maillage.web.public.errors.form_too_old"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *([urlsplit(TILE_URL).netloc.replace("{s}", "*")] if TILE_URL else [])],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # signing in by OpenID Connect is a form of ours that leads to the issuer
        "form-action": [SELF, *(["{0.scheme}://{0.netloc}".format(urlsplit(_fields[2]))] if OPENID_CONNECT else [])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {  # without DEBUG a line says nothing about anybody
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}
        if DEBUG
        else {"()": "maillage.web.logs.Line"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},  # DEBUG, INFO, WARNING, ERROR
}
