"""Every setting, read once: command line, environment, ``.env``, ``bot.toml``, defaults."""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.domain.errors import SettingsError
from bot.runtime.riskrules import ProtectionSettings, RiskSettings, StrategyRiskSettings

__all__ = [
    "LIVE_CONFIRMATION",
    "FuturesSettings",
    "RiskSettings",
    "Settings",
    "load_settings",
    "parse_duration_s",
]

LIVE_CONFIRMATION: Final = "I know that this trades real money"

_OF_RISK: Final[dict[str, type[BaseModel]]] = {
    "strategies": StrategyRiskSettings,
    "protections": ProtectionSettings,
}
_NESTED: Final = 2
"""Names of a setting of the risk gate that has no table of its own."""
_DURATION: Final = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


class FuturesSettings(BaseModel):
    """How a futures account is to be set up; looked at before the run begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hedge_mode: bool = False
    leverage: int = Field(0, ge=0, le=125)
    margin_type: Literal["", "ISOLATED", "CROSSED"] = ""


class Settings(BaseSettings):
    """What a run needs to know. ``.env.example`` explains each one."""

    model_config = SettingsConfigDict(
        env_prefix="BOT_",
        env_nested_delimiter="__",
        env_file=".env",
        frozen=True,
        extra="forbid",
        toml_file="bot.toml",
        hide_input_in_errors=True,
    )
    toml_path: ClassVar[Path | None] = None

    venue: Literal["sim", "testnet", "demo", "live"] = "sim"
    market: Literal["spot", "usdm", "coinm"] = "spot"
    venue_url: str = ""
    order_entry: Literal["ws", "rest"] = "ws"
    symbols: Annotated[tuple[str, ...], NoDecode] = ("BTCUSDT",)
    strategies: Annotated[tuple[str, ...], NoDecode] = ()
    strategies_dir: Path = Path("strategies")

    api_key: SecretStr = SecretStr("")
    api_secret: SecretStr = SecretStr("")
    live_confirmation: str = ""

    db: str = "sqlite:///bot.db"
    db_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"

    risk: RiskSettings = RiskSettings()
    futures: FuturesSettings = FuturesSettings()

    on_stop: Literal["cancel", "keep"] = "cancel"
    stop_timeout_s: float = Field(20.0, gt=0)
    watchdog_s: float = Field(30.0, ge=0)
    watchdog_spares: Literal["stops", "nothing"] = "stops"
    stuck_loop_s: float = Field(3.0, gt=0)
    flatten_wait_s: float = Field(15.0, gt=0)
    flatten_patience_s: float = Field(60.0, gt=0)
    recv_window_ms: int = Field(5000, ge=100, le=60000)
    intent_max_age_s: float = Field(5.0, gt=0)
    slow_callback_ms: int = Field(100, ge=1)
    stuck_callback_s: float = Field(5.0, gt=0)
    book_levels: int = Field(1000, ge=5, le=5000)
    bars_kept: int = Field(1000, ge=1, le=100_000)
    warm_up_trades: int = Field(20_000, ge=0)
    backfill_most: int = Field(50_000, ge=0)
    streams_per_connection: int = Field(200, ge=1, le=1024)
    first_data_s: float = Field(30.0, gt=0)
    handover_s: float = Field(5.0, gt=0)
    conflate_after_ms: int = Field(100, ge=1)
    lag_after_ms: int = Field(1000, ge=1)

    sweep_every_s: float = Field(60.0, ge=1)
    clock_every_s: float = Field(300.0, ge=1)
    rules_every_s: float = Field(3600.0, ge=10)
    equity_every_s: float = Field(10.0, ge=1)
    lease_every_s: float = Field(1800.0, ge=0.5)
    roll_every_s: float = Field(82_800.0, ge=1)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    log_file: str = ""

    @field_validator("symbols", "strategies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            # A strategy's own parameters use commas: the list is separated by blanks or ';'.
            return tuple(part for part in re.split(r"[\s;]+", value) if part)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, cls.toml_path or Path("bot.toml"))
        return init_settings, env_settings, dotenv_settings, toml, file_secret_settings

    def digest(self) -> str:
        """A short checksum of all settings but the secrets, stored with each run."""
        text = self.model_dump_json(exclude={"api_key", "api_secret"})
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def secrets(self) -> tuple[str, ...]:
        """Texts that must never be shown."""
        texts = (self.api_key.get_secret_value(), self.api_secret.get_secret_value())
        return tuple(text for text in texts if text)


def load_settings(*, config: Path | None = None, **overrides: object) -> Settings:
    """Read the settings once. ``overrides`` are what the command line gave (None: not given).

    Raises:
        SettingsError: one line that names the first wrong setting, where it may be set, and
            what is allowed.
    """
    if config is not None and not config.is_file():
        raise SettingsError(f"--config {config}: there is no such file")
    given = {name: value for name, value in overrides.items() if value is not None}
    kind = type("LoadedSettings", (Settings,), {"toml_path": config, "__doc__": Settings.__doc__})
    try:
        return kind(**given)  # type: ignore[no-any-return]
    except ValidationError as e:
        first = e.errors()[0]
        raise SettingsError(_explained(first)) from None
    except ValueError as e:
        # tomllib's errors name the line and column.
        raise SettingsError(f"{config or 'bot.toml'} cannot be read: {e}") from None


def parse_duration_s(text: str) -> float:
    """Seconds of ``30s``, ``5m``, ``1.5h``, ``500ms``, ``2d`` or plain seconds.

    Raises:
        SettingsError: it is none of these, or 0.
    """
    match = _DURATION.match(text.strip())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if seconds <= 0:
        raise SettingsError(f"{text!r} is not a duration: write it like 30s, 5m or 1.5h")
    return seconds


def _explained(error: Any) -> str:
    path = tuple(str(part) for part in error["loc"])
    name = ".".join(path)
    if error["type"] == "extra_forbidden":
        parts: dict[str, type[BaseModel]] = {"risk": RiskSettings, "futures": FuturesSettings}
        if path[0] == "risk" and len(path) > _NESTED:
            parts = {"risk": _OF_RISK.get(path[1], RiskSettings)}
        known = parts.get(path[0], Settings).model_fields
        return f"setting {name} does not exist; there are: {', '.join(sorted(known))}"
    variable = "BOT_" + "__".join(path).upper()
    shown = error.get("input")
    value = "" if shown is None or "secret" in name or "key" in name else f" {shown!r}"
    return f"setting {name} ({variable}){value}: {error['msg']}"
