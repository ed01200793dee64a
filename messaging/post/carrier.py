"""What every way of sending looks like, and how each says what went wrong."""

from typing import Protocol

from messaging.reasons import Reason

# With these nothing else of the shop would leave either: its lane is closed for a while.
OF_THE_SERVER = {
    Reason.UNREACHABLE,
    Reason.TOO_SLOW,
    Reason.CUT_OFF,
    Reason.LOGIN,
    Reason.CERTIFICATE,
    Reason.NOT_ALLOWED,
}
# With these it stays closed until somebody changes the settings.
UNTIL_CHANGED = {Reason.LOGIN, Reason.CERTIFICATE, Reason.NOT_ALLOWED}


class Trouble(Exception):
    """A mail did not leave, as far as anybody knows. `answer` is what the server said, word for word.

    `is_in_doubt`: the server had all of it, but its answer did not arrive.
    """

    def __init__(self, reason: Reason, answer: str = "", *, is_in_doubt: bool = False):
        self.reason, self.answer, self.is_in_doubt = reason, answer, is_in_doubt
        super().__init__(f"{reason}: {answer}")

    @property
    def is_of_server(self) -> bool:
        return self.reason in OF_THE_SERVER

    @property
    def is_final(self) -> bool:
        """Whether trying this mail again would not help."""
        return self.reason in {Reason.REFUSED, Reason.BROKEN_MAIL}


class Post(Protocol):
    """Takes mails one after the other, over one connection. Called in one thread, `abort` in another."""

    def send(self, *, sender: str, recipient: str, message: bytes, message_id: str) -> str:
        """Hand a mail over; returns the server's answer. Raises Trouble."""
        ...

    def abort(self) -> None:
        """Cut the connection off, so that a `send` that hangs ends with Trouble."""
        ...

    def close(self) -> None: ...
