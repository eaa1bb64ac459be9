"""The settings: one frozen object, read from `<home>/keybook.toml` and from `KEYBOOK_*` variables.

Business parameters that a metric depends on (windows, norms, bucket edges) are not here: they are seeds in
`dbt_project/seeds/`. Nothing is read or written on import.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ByteSize, ConfigDict, Field, ValidationError, field_validator

from pipelines.machine import GIB, memory

# Where the code stands, with the dbt project and the pages beside it: a clone, or where a wheel was installed. Into the
# latter nothing is written.
PROJECT = Path(__file__).resolve().parent.parent
IS_CLONE = (PROJECT / "pyproject.toml").is_file()
PREFIX = "KEYBOOK_"
# This machine alone.
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Less than this is not enough for DuckDB to open a warehouse and answer.
LEAST_MEMORY = 128 * 2**20


class SettingsError(Exception):
    """A setting cannot be used; the message names it, where it stands and what it takes."""


class Settings(BaseModel):
    """Everything that a refresh or a dashboard is told from outside. Sizes are in bytes, or written with their unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(
        PROJECT / "data" if IS_CLONE else Path("data"),
        description="Holds landing/, contracts/, lists/, warehouse/ and reports/.",
    )
    landing: Path | None = Field(None, description="Where exports are dropped; landing/ of the home when not set.")
    business_timezone: str = Field("UTC", description="The zone of every date, and of naive times in exports.")
    base_currency: str = Field("USD", pattern="^[A-Z]{3}$", description="The currency of totals.")
    default_currency: str = Field("USD", pattern="^[A-Z]{3}$", description="For documents that name no currency.")
    default_country: str = Field("US", pattern="^[A-Z]{2}$", description="For phone numbers without a country code.")
    holiday_country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="Whose public holidays are no working days; not set, default_country."
    )
    fiscal_year_first_month: int = Field(1, ge=1, le=12, description="The month that the fiscal year begins with.")
    fx_max_age_days: int = Field(31, ge=0, description="An older exchange rate is no rate.")
    language: Literal["en", "ru", "sv"] = Field("en", description="What pages and downloads say codes in.")
    log: Literal["text", "json"] = Field(
        "text", description="What refresh and deliver write: sentences, or a line of JSON an event, for a collector."
    )
    company_name: str = Field("", description="Your company, as statements of account name it.")
    dashboard_address: str = Field(
        "localhost", min_length=1, description="Where the dashboards listen; localhost is this machine alone."
    )
    dashboard_hosts: str = Field(
        "", description="Names, with commas between, by which browsers may ask for the dashboards besides localhost."
    )
    dashboard_user_header: str = Field(
        "",
        pattern="^[A-Za-z0-9-]*$",
        description="The header in which a proxy with sign-in says the mail address of who looks at the dashboards.",
    )
    commission_shown: Literal["everybody", "nobody"] | None = Field(
        None,
        description="Who of those whom no header names sees commission; not set, everybody on this machine alone.",
    )
    webhook_hosts: str = Field(
        "", description="Names, with commas between, of hosts that reports may be delivered to by webhook."
    )
    keep_versions: int = Field(3, ge=2, description="Published versions that stay on disk.")
    keep_superseded_days: int | None = Field(
        None,
        ge=1,
        description="Landed files of which no row counts any more stay in raw so long; for ever when not set.",
    )
    memory_limit: ByteSize = Field(
        default_factory=lambda: ByteSize(min(memory() // 2, 4 * GIB)),
        ge=LEAST_MEMORY,
        description="Memory that DuckDB may take; not set, half of what there is, at most 4 GiB.",
    )
    dashboard_memory_limit: ByteSize = Field(
        default_factory=lambda: ByteSize(max(LEAST_MEMORY, min(memory() // 8, GIB))),
        ge=LEAST_MEMORY,
        description="The same for the dashboards; not set, an eighth of what there is, at most 1 GiB.",
    )
    max_temp_directory_size: ByteSize | None = Field(
        None,
        gt=0,
        description="Disk that DuckDB may take for what does not fit into memory; not set, half of what is free.",
    )
    max_file_bytes: int = Field(20 * 2**30, gt=0, description="An export file, unpacked, may be this large.")
    max_cells: int = Field(50_000_000, gt=0, description="A workbook sheet may span this many cells.")
    max_columns: int = Field(4_000, gt=0, description="A table may be this wide.")
    max_line_bytes: int = Field(64 * 2**20, gt=0, description="A line of a text file may be this long.")
    read_memory_bytes: int = Field(
        4 * 2**30, gt=0, description="Memory that reading one workbook or large JSON file may take, beside the refresh."
    )
    read_seconds: int = Field(1800, gt=0, description="Time that reading and landing one file may take.")

    @field_validator("business_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; write one such as Europe/Stockholm") from error
        return value

    @property
    def dashboard_names(self) -> list[str]:
        """Every name by which a browser may ask for the dashboards: another's page leads here (DNS rebinding)."""
        others = [name.strip() for name in self.dashboard_hosts.split(",") if name.strip()]
        return list(dict.fromkeys([*LOOPBACK, self.dashboard_address, *others]))

    @property
    def is_commission_open(self) -> bool:
        """Whether whom nobody knows by name sees what people are paid: on this machine, whose files tell it too."""
        if self.commission_shown is not None:
            return self.commission_shown == "everybody"
        is_local = self.dashboard_address in LOOPBACK and not self.dashboard_hosts.strip()
        return is_local and not self.dashboard_user_header

    @property
    def webhook_names(self) -> list[str]:
        """The hosts that a webhook may be of."""
        return [name.strip().lower() for name in self.webhook_hosts.split(",") if name.strip()]

    @property
    def landing_dir(self) -> Path:
        """The folder that a refresh reads exports from."""
        return self.landing or self.home / "landing"

    @property
    def contracts_dir(self) -> Path:
        """The user's own source contracts, beside the shipped ones."""
        return self.home / "contracts"

    @property
    def lists_dir(self) -> Path:
        """What people say: links, decisions, ratings, plans, parameters of their own."""
        return self.home / "lists"

    @property
    def warehouse(self) -> Path:
        """The folder of raw, versions and the link to the published one."""
        return self.home / "warehouse"

    @property
    def raw(self) -> Path:
        """The raw store."""
        return self.warehouse / "raw"

    @property
    def published(self) -> Path:
        """The symbolic link to the published warehouse file."""
        return self.warehouse / "keybook.duckdb"


def load_settings(**given: object) -> Settings:
    """The settings for a home: what is given here wins over `KEYBOOK_*` variables, and those over `keybook.toml`.

    Raises:
        SettingsError: a key is unknown or a value cannot be used.
    """
    return settings_and_places(**given)[0]


def settings_and_places(**given: object) -> tuple[Settings, dict[str, str]]:
    """The same, and where each that is not the default's comes from: the file, the variable, or `given`.

    Raises:
        SettingsError: a key is unknown or a value cannot be used.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    environment = {
        name.removeprefix(PREFIX).lower(): value for name, value in os.environ.items() if name.startswith(PREFIX)
    }
    home = Path(str(chosen.get("home") or environment.get("home") or Settings.model_fields["home"].default))
    file = home / "keybook.toml"
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is no valid TOML in UTF-8: {error}") from error
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    if home.exists() and not home.is_dir():
        raise SettingsError(f"the home {home} is no folder")
    places = {**dict.fromkeys(written, str(file)), **{name: f"{PREFIX}{name.upper()}" for name in environment}}
    places |= dict.fromkeys(chosen, "given")
    try:
        settings = Settings.model_validate({**written, **environment, **chosen, "home": home})
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = str(problem["loc"][0])
            what = "no such setting" if problem["type"] == "extra_forbidden" else problem["msg"]
            lines.append(f"{name} ({places.get(name, 'given')}): {what}")
        raise SettingsError("; ".join(lines)) from error
    if settings.landing_dir.resolve() in (settings.home.resolve(), *settings.warehouse.resolve().parents) or (
        settings.landing_dir.resolve().is_relative_to(settings.warehouse.resolve())
    ):
        raise SettingsError(f"landing ({settings.landing_dir}): exports cannot lie where the warehouse does")
    absolute = {"home": settings.home.absolute(), "landing": settings.landing and settings.landing.absolute()}
    return settings.model_copy(update=absolute), places
