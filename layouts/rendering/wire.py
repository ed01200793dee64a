"""Frames between the two processes.

To the renderer goes a pickle, which it may trust. What comes back has been near strangers' templates, so it is JSON
with bytes behind it: nothing in it can do anything here.
"""

import json
import pickle
import struct
from typing import Any, BinaryIO

_HEAD = struct.Struct(">II")
LARGEST_HEADER = 4_000_000
LARGEST_BODY = 400_000_000


class Ended(Exception):
    """The other side is gone."""


def send_work(stream: BinaryIO, work: dict[str, Any]) -> None:
    body = pickle.dumps(work, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(struct.pack(">Q", len(body)))
    stream.write(body)
    stream.flush()


def receive_work(stream: BinaryIO) -> dict[str, Any]:
    (length,) = struct.unpack(">Q", exactly(stream, 8))
    return pickle.loads(exactly(stream, length))  # noqa: S301  (from the process that started this one)


def send_event(stream: BinaryIO, event: dict[str, Any], body: bytes = b"") -> None:
    header = json.dumps(event, default=str).encode()
    stream.write(_HEAD.pack(len(header), len(body)) + header + body)
    stream.flush()


def event_of(header: bytes) -> dict[str, Any]:
    return json.loads(header)


def head_size() -> int:
    return _HEAD.size


def sizes(head: bytes) -> tuple[int, int]:
    """Of header and body. Raises Ended for what no renderer sends."""
    header, body = _HEAD.unpack(head)
    if header > LARGEST_HEADER or body > LARGEST_BODY:
        raise Ended("A frame is too large.")
    return header, body


def exactly(stream: BinaryIO, length: int) -> bytes:
    found = stream.read(length)
    if len(found) < length:
        raise Ended("The stream ended.")
    return found
