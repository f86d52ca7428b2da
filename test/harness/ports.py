# SPDX-License-Identifier: BSD-3-Clause
"""Port numbers on loopback that no two tests share.

A number is free when both UDP and TCP can be bound to it.  It stays ours
until the process ends: a lock file for each number in the temp folder is
held with flock, so that tests in parallel processes never get the same.

The ranges lie below Linux' ephemeral ports (32768 and up).  RTP ports of
phones are chosen by Baresip itself, from a range of their own.
"""

import fcntl
import os
import random
import socket
import tempfile
import threading

SIP_RANGE = (10240, 19998)      # servers and phones
CTRL_RANGE = (20000, 21998)     # control ports, databases
SINK_RANGE = (22000, 23998)     # RTP sinks of the scripted servers
PHONE_RTP_RANGE = (24000, 31998)  # left to Baresip

HOST = "127.0.0.1"

_held: dict[int, int] = {}      # port number -> open lock file
_guard = threading.Lock()


def _lock_dir() -> str:
    path = os.path.join(tempfile.gettempdir(), f"failover-ports-{os.getuid()}")
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def is_free(port: int, host: str = HOST) -> bool:
    """Nobody has the port, on UDP and on TCP, at this moment."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as sock:
            if kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((host, port))
            except OSError:
                return False
    return True


def _lock(port: int) -> bool:
    if port in _held:
        return False

    path = os.path.join(_lock_dir(), str(port))
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return False

    _held[port] = fd
    return True


def _unlock(port: int) -> None:
    os.close(_held.pop(port))


def _take(first: int, count: int) -> bool:
    taken = []
    for port in range(first, first + count):
        if not _lock(port):
            break
        taken.append(port)
        if not is_free(port):
            break
    else:
        return True

    for port in taken:
        _unlock(port)
    return False


def free_port(span: tuple[int, int] = SIP_RANGE, count: int = 1) -> int:
    """Take `count` adjacent numbers; return the first, which is even."""
    low, high = span
    with _guard:
        for _ in range(2000):
            first = random.randrange(low, high - count, 2)
            if _take(first, count):
                return first
    raise RuntimeError(f"no free port between {low} and {high}")


def phone_port() -> int:
    """A phone's SIP port.  The next one is its TLS port, ours as well."""
    return free_port(SIP_RANGE, 2)


def shut(sockets: list[socket.socket]) -> None:
    """Close them, under the threads that wait for them."""
    for sock in sockets:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:                 # nobody is connected
            pass
        sock.close()


def close(port: int, sockets: list[socket.socket]) -> None:
    """Close what listens there, and give the number back."""
    shut(sockets)
    release(port)


def release(port: int) -> None:
    """Give a number back before the process ends."""
    with _guard:
        if port in _held:
            _unlock(port)
