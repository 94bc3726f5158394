"""How a server is set up: one frozen value, made by the command line, read by everything in this package.

Knows nothing of HTTP. Travels to worker processes as an environment variable, since they are new processes.
"""

import dataclasses
import json
import os
import re
from dataclasses import dataclass

VARIABLE = "TSIFRA_SERVER"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and safety of a server.

    token: what requests must carry, None for none. open: whether it may be reached from elsewhere without one.
    origins: of other sites whose pages may ask (CORS). max_bytes: of one body. max_pixels: of one picture.
    max_pages: of one document. queue: requests a worker lets wait for its threads. held_bytes: of all bodies a
    worker holds at once. body_s: time for a body to arrive. answer_s: time for one answer.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    model: str | None = None
    token: str | None = None
    open: bool = False
    origins: tuple[str, ...] = ()
    max_bytes: int = 32 << 20
    max_pixels: int = 50_000_000
    max_pages: int = 100
    queue: int = 64
    held_bytes: int = 256 << 20
    body_s: float = 20.0
    answer_s: float = 30.0

    def __post_init__(self) -> None:
        if not self.is_loopback and not self.token and not self.open:
            raise ValueError(
                f"{self.host} can be reached from other machines: set TSIFRA_TOKEN, which requests must then carry, "
                "or say --open to let anybody in"
            )
        if self.token is not None and not (self.token.isascii() and self.token.isprintable() and self.token.strip()):
            raise ValueError("TSIFRA_TOKEN must be of printable ASCII characters")
        for origin in self.origins:
            if not re.fullmatch(r"\*|https?://[^/\s]+", origin):
                raise ValueError(f"{origin} is no origin such as https://example.org, without a path, or * for any")
        if self.workers < 1 or not 0 < self.port < 65536:
            raise ValueError(f"{self.workers} workers on port {self.port}: at least one, and a port under 65536")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in _LOOPBACK

    def to_environment(self) -> None:
        """Leave the settings where `from_environment` of a worker process finds them."""
        os.environ[VARIABLE] = json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_environment(cls) -> "Settings":
        """What `to_environment` left."""
        kept = json.loads(os.environ[VARIABLE])
        return cls(**kept | {"origins": tuple(kept["origins"])})
