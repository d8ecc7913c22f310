"""What a person can set from outside: environment variables ``PLAYGROUND_…``, a ``.env`` file, or flags."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from playground.errors import InvalidRequest

PROJECT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """All settings, each with its default."""

    model_config = SettingsConfigDict(env_prefix="PLAYGROUND_", env_file=".env", extra="ignore", frozen=True)

    checkpoints: Path = Field(PROJECT / "checkpoints", description="The folder of demo checkpoints.")
    models: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="More checkpoints: folders of them, single ones, or Hub ids."
    )
    memory_gb: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Memory that models may take, in GB; by default a share."
    )
    threads: int | None = Field(None, ge=1, le=1024, description="Threads that torch uses; by default its own choice.")
    decode: Literal["plain", "torch", "compiled", "int8", "graph"] | None = Field(
        None, description="How token steps are computed; by default the fastest way that is exact."
    )
    device: Literal["cpu", "cuda", "auto"] = Field(
        "cpu", description="Where language models compute: cpu, cuda (an NVIDIA GPU), or auto, a GPU if there is one."
    )
    generations: int = Field(1, ge=1, le=64, description="Generations that run at a time.")
    waiting: int = Field(32, ge=1, le=4096, description="Requests that may wait before new ones are refused.")
    host: str = Field("127.0.0.1", description="The address that the page listens on.")
    port: int | None = Field(None, ge=1, le=65535, description="The port; by default the first free one from 7860.")
    preload: bool = Field(True, description="Load the first demo while the page opens.")
    browser: bool | None = Field(None, description="Open a browser; by default only on a desktop.")

    @field_validator("models", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """In the environment: a JSON list, or one folder, file or Hub id as it is."""
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return (value,) if value.strip() else ()
        try:
            return tuple(json.loads(value))
        except ValueError as error:
            raise ValueError(f"it must be one path or Hub id, or a JSON list of them ({error})") from None

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the page, so that its user may name files on it."""
        return self.host in ("127.0.0.1", "localhost", "::1") and "SPACE_ID" not in os.environ


def load_settings(**flags: object) -> Settings:
    """Settings from the environment, overridden by ``flags`` that are not None.

    Raises:
        InvalidRequest: a value outside its range, or a ``.env`` file that is no text.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = first["loc"][0] if first["loc"] else "a setting"
        raise InvalidRequest(
            f"The setting {name} is {first.get('input')!r:.80}: {first['msg'].removeprefix('Value error, ')}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The file .env in this folder cannot be read: {error}. Mend or remove it.") from None


def on_desktop() -> bool:
    """Whether a person sits in front of a screen of this machine: not a Space, not over SSH, not a bare server."""
    if any(name in os.environ for name in ("SPACE_ID", "SSH_CONNECTION", "SSH_TTY", "CI", "KUBERNETES_SERVICE_HOST")):
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
