# SPDX-License-Identifier: BSD-3-Clause
"""A network of the test's own: the namespace that the test goes on in, and
a router behind it that has a host, until it has it no more.  Needs root.

The calling thread is moved; threads and processes that it starts from then
on are where it is at that moment."""

import contextlib
import ctypes
import os
import subprocess
from typing import Iterator

CLONE_NEWNET = 0x40000000           # sched.h; Python 3.12 has a name for it
NEAR, ROUTER, HOST = "10.9.8.1", "10.9.8.2", "10.9.9.1"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _here() -> int:
    """The thread's namespace."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _new() -> int:
    """A new one, with loopback; the thread is in it."""
    _check(_libc.unshare(CLONE_NEWNET))
    _ip("link set lo up")
    return _here()


def _enter(namespace: int) -> None:
    _check(_libc.setns(namespace, CLONE_NEWNET))


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


def _set(key: str, value: int) -> None:
    with open(f"/proc/sys/net/ipv4/{key}", "w", encoding="ascii") as file:
        file.write(str(value))


class Network:
    near, host = NEAR, HOST         # addresses here, and behind the router

    def __init__(self) -> None:
        self._home = _here()
        try:
            self._make()
        except BaseException:
            _enter(self._home)
            raise

    def _make(self) -> None:
        self._far = _new()
        _set("ip_forward", 1)
        _set("icmp_ratelimit", 0)
        self._near = _new()
        _ip("link add near type veth peer name far "
            f"netns /proc/{os.getpid()}/fd/{self._far}")
        _ip(f"addr add {NEAR}/24 dev near")
        _ip("link set near up")
        with self.behind():
            _ip(f"addr add {ROUTER}/24 dev far")
            _ip(f"addr add {HOST}/32 dev lo")
            _ip("link set far up")
            _ip("link add lost type veth peer name void")
            _ip("link set void up")
            _ip("link set lost up")
            for key, value in (("mcast_solicit", 1), ("retrans_time_ms", 10)):
                _set(f"neigh/lost/{key}", value)
        _ip(f"route add {HOST} via {ROUTER}")

    @contextlib.contextmanager
    def behind(self) -> Iterator[None]:
        """What is started meanwhile, runs behind the router."""
        _enter(self._far)
        try:
            yield
        finally:
            _enter(self._near)

    def lose_host(self) -> None:
        """The router asks its last link for the host, gets no answer, and
        says so: ICMP host unreachable."""
        with self.behind():
            _ip(f"route add {HOST} dev lost")
            _ip(f"addr del {HOST}/32 dev lo")

    def close(self) -> None:
        _enter(self._home)
        for namespace in (self._near, self._far, self._home):
            os.close(namespace)

    def report(self) -> str:
        return f"--- network: {NEAR} here, {HOST} behind {ROUTER}"
