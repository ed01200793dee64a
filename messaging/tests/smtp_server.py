"""A real SMTP server for the tests, that behaves as badly as it is told to."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from backoffice.tests.servers import free_port


@dataclass
class Sink:
    """What arrived, and how the server is to behave.

    `rcpt` and `data` give the answer to the n-th such command, counted from 1; None means all is well. `slow` seconds
    pass before each answer to DATA, `drip` sends the answer a byte a second, `drop` hangs up after the text.
    """

    rcpt: dict[int, str] = field(default_factory=dict)
    data: dict[int, str] = field(default_factory=dict)
    slow: float = 0
    drip: bool = False
    drop: set[int] = field(default_factory=set)
    arrived: list[Message] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    connections: int = 0
    asked: int = 0
    seen: int = 0

    @property
    def message_ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.arrived]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.asked += 1
        if answer := self.rcpt.get(self.asked):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        self.seen += 1
        number = self.seen
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.drip:
            for _ in range(120):
                server.transport.write(b"2")
                await asyncio.sleep(1)
        if answer := self.data.get(number):
            return answer
        self.arrived.append(message_from_bytes(envelope.content, policy=default))
        self.recipients.append(envelope.rcpt_tos)
        if number in self.drop:
            server.transport.abort()
            await asyncio.sleep(0)
        return "250 taken"


class _Server(SMTP):
    """aiosmtpd's own, without a look-up of our name."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, hostname="mail.test", **kwargs)


class _Controller(Controller):
    def factory(self):
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def smtp_server(sink: Sink, *, password: str = "", port: int = 0) -> Iterator[int]:
    """Yield the port of a server on 127.0.0.1; with a password it asks for `shop` and that."""

    def check(server, session, envelope, mechanism, given):
        is_right = isinstance(given, LoginPassword) and given.password.decode() == password
        return AuthResult(success=is_right, handled=False)

    asking = {"authenticator": check, "auth_required": True, "auth_require_tls": False} if password else {}
    controller = _Controller(sink, hostname="127.0.0.1", port=port or free_port(), **asking)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
