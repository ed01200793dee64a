"""Who did it, and through which door. Every service takes one as `by`."""

from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    WEB = "web"
    RPC = "rpc"
    API = "api"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """A person or a machine that changes something; `user_id` is None for machines.

    `is_quiet`: of what it does nobody is mailed. Staff tick "do not notify", imports never notify.
    """

    name: str
    channel: Channel
    user_id: int | None = None
    ip_address: str | None = None
    is_quiet: bool = False


SYSTEM = Actor(name="System", channel=Channel.SYSTEM)
