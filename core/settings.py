"""Where and how this server runs, from the environment (NUWA_...)."""

import importlib.util
import ipaddress
import math
import os
import shlex
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from core.errors import UserError

EXECUTORS = ("local", "celery", "slurm")
LEAST = {"lost_after": 10, "slurm_jobs": 1}
COUNTS = {"threads": "threads", "max_queued_runs": "runs", "max_jobs": "jobs", "short_workers": "processes"}


class Settings(BaseSettings):
    """The settings of a server. Each is the environment variable NUWA_ and its name; nothing else reads these."""

    model_config = SettingsConfigDict(env_prefix="NUWA_", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8050
    data_dir: Path = Field(Path("data"), validate_default=True)
    password: str | None = None
    password_file: str | None = None  # its first line is the password
    inline: bool = False  # run jobs inside the process that queues them (tests, notebooks)
    # Folders of this server that may be browsed and read, separated by colons.
    data_roots: Annotated[tuple[Path, ...], NoDecode] = ()
    max_upload_gb: float = 64.0  # of one file that comes from a browser
    max_queued_runs: int = 100  # of one person, that wait for training
    max_jobs: int = 500  # of one person, that wait in any lane
    max_storage_gb: float | None = None  # of the datasets and runs of one person
    min_free_gb: float = 1.0  # of the disk of data_dir: below it, uploads and runs are refused
    short_workers: int | None = None  # most processes for short work at once
    threads: int | None = None  # of numeric libraries
    film: bool = True  # keep the latent space of a run as it forms
    trusted_proxy: str | None = (
        None  # the address of a reverse proxy whose X-Forwarded-* headers are believed
    )
    accounts: bool = False  # sign in also where this machine alone is the address
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()  # names by which people reach the server
    user_header: str | None = None  # in which a reverse proxy names the person whom it has signed in
    user_header_from: Annotated[tuple[str, ...], NoDecode] = ()  # peers from which that header is believed
    https: bool = False  # people reach the server by https alone: the session cookie is sent no other way
    metrics_token: str | None = None  # opens /metrics
    metrics_token_file: str | None = None  # its first line is metrics_token
    metrics_from: Annotated[tuple[str, ...], NoDecode] = ()  # peers that may read /metrics without it
    log_json: bool = False  # a JSON object for each line of the logs
    notify_webhook: str | None = None  # an address that gets a JSON message when a run ends
    notify_email: str | None = None  # who gets a message when a run ends
    notify_from: str | None = None  # its sender; the address of notify_email where it is not set
    smtp_server: str = "127.0.0.1:25"  # HOST:PORT of the mail server
    database_url: str | None = None  # of PostgreSQL; None: SQLite in data_dir
    database_password_file: str | None = None  # its first line is the password of database_url
    executor: str = "local"  # where runs and slow work are carried out: one of EXECUTORS
    broker_url: str | None = None  # the Redis of the Celery workers
    lost_after: float = 90.0  # seconds of silence after which a job of another machine is started again
    slurm_jobs: int = 4  # jobs of a lane that are in Slurm at once
    slurm_options: str = ""  # of sbatch, for each job
    slurm_train_options: str = ""  # of sbatch, for runs, behind slurm_options

    @classmethod
    def settings_customise_sources(cls, settings_cls, init_settings, **_):
        """Settings(...) in code is what it says, whatever the environment; from_environment reads that."""
        return (init_settings,)

    @property
    def database(self):
        """The sqlalchemy.URL of the database; a folder name with ? or % stays a folder name."""
        if not self.database_url:
            return URL.create("sqlite", database=str(self.data_dir / "nuwa.sqlite"))
        url = make_url(self.database_url).set(drivername="postgresql+psycopg")
        if self.database_password_file:
            url = url.set(password=first_line("NUWA_DATABASE_PASSWORD_FILE", self.database_password_file))
        return url

    @field_validator("port", mode="before")
    @classmethod
    def _port(cls, value):
        if not str(value).isdigit() or not 0 < int(value) < 65536:
            raise ValueError(f"NUWA_PORT is '{value}', but a port is a number from 1 to 65535.")
        return int(value)

    @field_validator(*COUNTS, mode="before")
    @classmethod
    def _count(cls, value, field):
        if value in (None, ""):
            return cls.model_fields[field.field_name].default
        if not str(value).isdecimal() or int(value) < 1:
            name = f"NUWA_{field.field_name.upper()}"
            raise ValueError(
                f"{name} is '{value}', but it is a number of {COUNTS[field.field_name]}, 1 or more."
            )
        return int(value)

    @field_validator("max_upload_gb", "max_storage_gb", "min_free_gb", mode="before")
    @classmethod
    def _gigabytes(cls, value, field):
        if value is None or (value == "" and cls.model_fields[field.field_name].default is None):
            return None
        try:
            gigabytes = float(value)
        except ValueError:
            gigabytes = 0.0
        if not 0 < gigabytes < math.inf:
            raise ValueError(
                f"NUWA_{field.field_name.upper()} is '{value}', but it is a number of gigabytes above 0, such as 64."
            )
        return gigabytes

    @field_validator("inline", "https", "film", "accounts", "log_json", mode="before")
    @classmethod
    def _switch(cls, value):
        return value == "1" if isinstance(value, str) else value

    @field_validator("notify_webhook", mode="before")
    @classmethod
    def _webhook(cls, value):
        if value and not str(value).startswith(("http://", "https://")):
            raise ValueError(f"NUWA_NOTIFY_WEBHOOK is '{value}', but it is an address that begins with http.")
        return value or None

    @field_validator("smtp_server", mode="before")
    @classmethod
    def _smtp(cls, value):
        port = str(value).partition(":")[2]
        if port and not (port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"NUWA_SMTP_SERVER is '{value}', but it is a host and a port, such as mail:25.")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value):
        try:
            is_known = not value or make_url(value).get_backend_name() in ("postgresql", "postgres")
        except ArgumentError:
            is_known = False
        if not is_known:  # the value itself may hold a password
            raise ValueError(
                "NUWA_DATABASE_URL is not the address of a PostgreSQL database, such as "
                "postgresql://nuwa@127.0.0.1/nuwa. Without it Nuwa keeps SQLite in its data folder."
            )
        return value or None

    @field_validator("executor", mode="before")
    @classmethod
    def _executor(cls, value):
        if (value or "local") not in EXECUTORS:
            raise ValueError(f"NUWA_EXECUTOR is '{value}', but it is one of {', '.join(EXECUTORS)}.")
        return value or "local"

    @field_validator("lost_after", "slurm_jobs", mode="before")
    @classmethod
    def _at_least(cls, value, field):
        least, name = LEAST[field.field_name], field.field_name.upper()
        if not str(value).removesuffix(".0").isdecimal() or float(value) < least:
            raise ValueError(f"NUWA_{name} is '{value}', but it is a whole number, {least} or more.")
        return int(float(value))

    @field_validator("slurm_options", "slurm_train_options")
    @classmethod
    def _options(cls, value, field):
        try:
            shlex.split(value)
        except ValueError:
            name = f"NUWA_{field.field_name.upper()}"
            raise ValueError(f"{name} has a quotation mark that is not closed: {value}") from None
        return value

    @model_validator(mode="after")
    def _cluster(self):
        if self.database_password_file:
            first_line(
                "NUWA_DATABASE_PASSWORD_FILE", self.database_password_file
            )  # raises where there is none
        if self.executor == "celery" and not self.broker_url:
            raise ValueError(
                "NUWA_EXECUTOR is celery, but NUWA_BROKER_URL is not set: name the Redis server, such as redis://redis:6379/0."
            )
        if self.executor == "celery" and importlib.util.find_spec("celery") is None:
            raise ValueError(
                "NUWA_EXECUTOR is celery, which is not installed: install requirements-celery.txt."
            )
        if self.executor != "local" and not self.database_url:
            raise ValueError(
                f"NUWA_EXECUTOR is {self.executor}, but NUWA_DATABASE_URL is not set: SQLite serves one machine alone, so "
                "name a PostgreSQL database."
            )
        return self

    @field_validator("data_dir")
    @classmethod
    def _data_dir(cls, value):
        return value.resolve()

    @field_validator("data_roots", mode="before")
    @classmethod
    def _data_roots(cls, value):
        roots = value.split(":") if isinstance(value, str) else value
        return tuple(Path(root).resolve() for root in roots if root)

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _names(cls, value):
        return _listed(value, str.lower)

    @field_validator("user_header_from", "metrics_from", mode="before")
    @classmethod
    def _peers(cls, value, field):
        try:
            return _listed(value, lambda peer: str(ipaddress.ip_network(peer)))
        except ValueError:
            raise ValueError(
                f"NUWA_{field.field_name.upper()} is '{value}', but it is a list of addresses or networks, such as 10.0.0.5."
            ) from None

    @model_validator(mode="before")
    @classmethod
    def _metrics(cls, values):
        token = values.get("metrics_token") or ""
        if values.get("metrics_token_file"):
            token = first_line("NUWA_METRICS_TOKEN_FILE", values["metrics_token_file"])
        if token and len(token) < 16:
            raise ValueError("NUWA_METRICS_TOKEN is shorter than 16 characters: choose a longer one.")
        return values | {"metrics_token": token or None, "metrics_token_file": None}

    @model_validator(mode="after")
    def _header(self):
        if self.user_header and not self.user_header_from:
            raise ValueError(
                "NUWA_USER_HEADER is set, but not NUWA_USER_HEADER_FROM: name the address of the reverse proxy, "
                "or anybody could write that header."
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _password(cls, values):
        """The first line of the file that NUWA_PASSWORD_FILE names, else NUWA_PASSWORD; None where neither is set."""
        password = values.get("password") or ""
        if values.get("password_file"):
            password = first_line("NUWA_PASSWORD_FILE", values["password_file"])
        if password and len(password) < 8:
            raise ValueError(
                "The password (NUWA_PASSWORD) is shorter than 8 characters; choose a longer one."
            )
        return values | {"password": password or None, "password_file": None}


def first_line(name, path):
    """The first line of a file that the variable `name` names; raises ValueError where there is none."""
    if not Path(path).is_file():
        raise ValueError(f"{name} names '{path}', but there is no such file.")
    return Path(path).read_text().partition("\n")[0].strip()


def _listed(value, clean):
    """A tuple of the parts of a text between commas, each made clean."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(clean(part.strip()) for part in parts if part.strip())


def from_environment(env=os.environ):
    """The Settings that environment variables give; raises UserError for a value that cannot be used."""
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in env.items()}
    try:
        return Settings(**source())
    except ValidationError as error:
        problem = error.errors()[0]
        raise UserError(str(problem.get("ctx", {}).get("error", problem["msg"]))) from None


def limit_threads(env=os.environ):
    """Set how many threads numeric libraries use; must run before torch or numpy is imported.

    Cores minus one (at least one), so that the page stays quick, and waiting threads sleep instead of
    spinning: two busy processes on two cores otherwise slow each other a hundredfold. Returns the number.
    """
    threads = from_environment({k: v for k, v in env.items() if k == "NUWA_THREADS"}).threads
    threads = threads or max(1, len(os.sched_getaffinity(0)) - 1)
    env.setdefault("OMP_WAIT_POLICY", "passive")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        env.setdefault(name, str(threads))
    return threads
