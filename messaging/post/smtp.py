"""Mail by SMTP, to one server, over one connection that is kept until it fails."""

import ipaddress
import smtplib
import socket
import ssl
from dataclasses import dataclass

from messaging.models import Security
from messaging.post.carrier import Trouble
from messaging.reasons import Reason

# For each step; all of a mail together is limited by whoever calls `abort`.
STEP_SECONDS = 20
CONNECT_SECONDS = 8
# Many servers end a connection after a hundred mails, politely or not.
MOST_PER_CONNECTION = 100
SERVICE_CLOSES = 421


@dataclass(frozen=True)
class Server:
    """Where to and as whom. `may_be_internal`: the installation's own choice, which may lie in its own network."""

    host: str
    port: int
    security: str
    username: str = ""
    password: str = ""
    may_be_internal: bool = False


class SmtpPost:
    """See `messaging.post.carrier.Post`."""

    def __init__(self, server: Server):
        self.server = server
        self._client: _Client | None = None
        self._sent = 0

    def send(self, *, sender: str, recipient: str, message: bytes, message_id: str) -> str:
        is_fresh = self._client is None
        client = self._client or self._connect()
        try:
            self._envelope(client, sender, recipient)
        except Trouble as trouble:
            if is_fresh or trouble.reason != Reason.CUT_OFF:
                raise
            # A kept connection may have been closed since, for no fault of anybody: nothing was handed over yet.
            self.close()
            client = self._connect()
            self._envelope(client, sender, recipient)
        answer = self._data(client, message)
        self._sent += 1
        if self._sent >= MOST_PER_CONNECTION:
            self.close()
        return answer

    def abort(self) -> None:
        if self._client is not None:
            self._client.abort()

    def close(self) -> None:
        client, self._client, self._sent = self._client, None, 0
        if client is not None:
            client.leave()

    def _connect(self) -> "_Client":
        server = self.server
        addresses = _addresses_of(server)
        client = _Client(addresses, server.host)
        # Known from now on, so that `abort` reaches a server that does not even greet.
        self._client, self._sent = client, 0
        try:
            client.begin(server)
        except Trouble:
            self.close()
            raise
        except smtplib.SMTPAuthenticationError as refusal:
            self.close()
            raise Trouble(Reason.LOGIN, _said(refusal.smtp_code, refusal.smtp_error)) from refusal
        except ssl.SSLError as problem:
            self.close()
            raise Trouble(Reason.CERTIFICATE, str(problem)[:300]) from problem
        except smtplib.SMTPNotSupportedError as problem:
            self.close()
            raise Trouble(Reason.CERTIFICATE if client.is_plain else Reason.LOGIN, str(problem)) from problem
        except smtplib.SMTPResponseException as refusal:
            self.close()
            raise Trouble(Reason.UNREACHABLE, _said(refusal.smtp_code, refusal.smtp_error)) from refusal
        except (OSError, smtplib.SMTPException) as problem:
            self.close()
            raise _cut_off(problem, client, is_in_doubt=False) from problem
        return client

    def _envelope(self, client: "_Client", sender: str, recipient: str) -> None:
        try:
            for step in (lambda: client.mail(sender), lambda: client.rcpt(recipient)):
                code, said = step()
                if code not in (250, 251):
                    client.rset_unless_closing(code)
                    raise self._refusal(code, said)
        except (OSError, smtplib.SMTPServerDisconnected) as problem:
            self.close()
            raise _cut_off(problem, client, is_in_doubt=False) from problem

    def _data(self, client: "_Client", message: bytes) -> str:
        try:
            code, said = client.data(message)
        except smtplib.SMTPDataError as refusal:
            # Refused at the word DATA, before anything was handed over.
            raise self._refusal(refusal.smtp_code, refusal.smtp_error) from refusal
        except (OSError, smtplib.SMTPServerDisconnected) as problem:
            self.close()
            raise _cut_off(problem, client, is_in_doubt=True) from problem
        if code != 250:
            raise self._refusal(code, said)
        return _said(code, said)

    def _refusal(self, code: int, said: bytes | str) -> Trouble:
        answer = _said(code, said)
        if code == SERVICE_CLOSES:
            self.close()
            return Trouble(Reason.CUT_OFF, answer)
        return Trouble(Reason.REFUSED if code >= 500 else Reason.NOT_NOW, answer)


class _Client(smtplib.SMTP):
    """smtplib's client that connects to addresses which were looked at, and can be cut off from outside."""

    def __init__(self, addresses: list[tuple], host: str):
        self._addresses = addresses
        self._socket: socket.socket | None = None
        self._is_aborted = False
        self.is_plain = False
        super().__init__(timeout=STEP_SECONDS, local_hostname=_own_name())
        self._host = host

    def begin(self, server: Server) -> None:
        """Connect, encrypt, sign in."""
        context = ssl.create_default_context()
        if server.security == Security.TLS:
            self._context = context
        code, said = self.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        self.ehlo_or_helo_if_needed()
        if server.security == Security.STARTTLS:
            self.is_plain = True
            self.starttls(context=context)
            self.is_plain = False
            self.ehlo_or_helo_if_needed()
        if server.username:
            self.login(server.username, server.password)

    _context: ssl.SSLContext | None = None

    def _get_socket(self, host, port, timeout):
        problem: OSError | None = None
        for family, kind, protocol, _name, address in self._addresses:
            try:
                return self._opened(socket.socket(family, kind, protocol), address)
            except ssl.SSLError:
                raise
            except OSError as trouble:
                problem = trouble
        raise problem or OSError("no address")

    def _opened(self, plain: socket.socket, address: tuple) -> socket.socket:
        self._socket = plain
        try:
            plain.settimeout(CONNECT_SECONDS)
            plain.connect(address)
            plain.settimeout(STEP_SECONDS)
            if self._is_aborted:
                raise TimeoutError("aborted")
            if self._context is not None:
                self._socket = self._context.wrap_socket(plain, server_hostname=self._host)
        except OSError:
            plain.close()
            raise
        return self._socket

    @property
    def is_aborted(self) -> bool:
        return self._is_aborted

    def abort(self) -> None:
        """Called in another thread: whatever this connection waits for ends now."""
        self._is_aborted = True
        for each in (self._socket, self.sock):
            try:
                if each is not None:
                    each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed already: then nobody waits for it

    def rset_unless_closing(self, code: int) -> None:
        """Forget the mail that was refused, so that the next one begins afresh."""
        if code != SERVICE_CLOSES:
            self.rset()

    def leave(self) -> None:
        """Say goodbye where somebody listens, and close."""
        try:
            if self.sock is not None and not self._is_aborted:
                self.sock.settimeout(1)
                self.quit()
        except (OSError, smtplib.SMTPException):
            self.close()  # it was gone already
        finally:
            self.close()


def _own_name() -> str:
    """What we are called in EHLO; found once, for a look-up may take seconds."""
    global _NAME
    if not _NAME:
        name = socket.gethostname()
        _NAME = name if "." in name else f"{name}.localdomain"
    return _NAME


_NAME = ""


def _addresses_of(server: Server) -> list[tuple]:
    """Where the name leads, looked up once: what was checked is what is connected to. Raises Trouble."""
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise Trouble(Reason.UNREACHABLE, str(problem)) from problem
    if not server.may_be_internal and not all(_is_public(each[4][0]) for each in found):
        raise Trouble(Reason.NOT_ALLOWED)
    return found


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return mapped.is_global and not mapped.is_multicast


def _cut_off(problem: Exception, client: _Client, *, is_in_doubt: bool) -> Trouble:
    if client.is_aborted or isinstance(problem, TimeoutError):
        return Trouble(Reason.TOO_SLOW, str(problem), is_in_doubt=is_in_doubt)
    if isinstance(problem, smtplib.SMTPServerDisconnected | ConnectionResetError | BrokenPipeError):
        return Trouble(Reason.CUT_OFF, str(problem), is_in_doubt=is_in_doubt)
    return Trouble(Reason.UNREACHABLE, str(problem), is_in_doubt=is_in_doubt)


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}".replace("\0", "")[:500]
