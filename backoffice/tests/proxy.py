"""A proxy before a real server, so that tests can have a network that swallows answers or lets them drip."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from backoffice.tests.servers import free_port

MOST_BYTES = 65536


class Proxy:
    """Passes bytes on, until it is told to swallow what the server answers, or to let that drip.

    `pause` is the seconds before each byte of an answer; 0 passes answers on as they come, None never: the server is
    reached, it does what it was asked to, and nobody hears of it. `asked` is set whenever a client sent something.
    """

    def __init__(self, port: int):
        self.server_port, self.port = port, free_port()
        self.pause: float | None = 0
        self.asked = threading.Event()
        self._sockets: list[socket.socket] = []

    def serve(self) -> None:
        listener = self._kept(socket.create_server(("127.0.0.1", self.port)))
        with suppress(OSError):  # closed: the test is over
            while True:
                client = self._kept(listener.accept()[0])
                server = self._kept(socket.create_connection(("127.0.0.1", self.server_port)))
                threading.Thread(target=self._pass_questions, args=(client, server), daemon=True).start()
                threading.Thread(target=self._pass_answers, args=(server, client), daemon=True).start()

    def close(self) -> None:
        for each in self._sockets:
            with suppress(OSError):  # the other side was quicker
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _kept(self, each: socket.socket) -> socket.socket:
        self._sockets.append(each)
        return each

    def _pass_questions(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while asked := client.recv(MOST_BYTES):
                self.asked.set()
                server.sendall(asked)
            server.shutdown(socket.SHUT_WR)

    def _pass_answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while answer := server.recv(MOST_BYTES):
                if self.pause == 0:
                    client.sendall(answer)
                elif self.pause is not None:
                    for byte in answer:
                        time.sleep(self.pause)
                        client.sendall(bytes([byte]))
            client.shutdown(socket.SHUT_WR)


@contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """Yield a proxy before the server on this port of 127.0.0.1."""
    between = Proxy(port)
    threading.Thread(target=between.serve, daemon=True).start()
    try:
        yield between
    finally:
        between.close()
