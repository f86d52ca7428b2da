# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of the module share: account lines, waits, measures, and
orders that Baresip 1.0.0 has no command for."""

import functools
import os
import re
import subprocess
import time
from typing import Iterable

from . import run, sip
from .baresip import REPO, Phone, account
from .record import Entry
from .server import SipServer

ALICE, BOB = "sip:alice@127.0.0.1", "sip:bob@127.0.0.1"
QUICK = {"failover_retries": 0}         # a server is given up after 0.5 s
TRANSACTION_S = 32.0                    # 64*T1
AT_ONCE_S = 6.0                         # on a machine under load; a silent
                                        # server is given 7.5 s
LATE_S = 8.0                            # what such a machine may add; libre
                                        # by itself takes 32 s

# Registering by hand: a command of Baresip from 3.x on
REGISTER_MODULE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                               "register_module.c")


@functools.lru_cache(maxsize=None)
def _register_module() -> str:
    """Compile it, once a process; its path."""
    target = os.path.join(run.new_folder("register"), "register.so")
    flags = subprocess.run(["pkg-config", "--cflags", "libre"], check=True,
                           capture_output=True, text=True).stdout.split()
    subprocess.run(["cc", "-shared", "-fPIC", "-DHAVE_INTTYPES_H",
                    "-DHAVE_STDBOOL_H", "-DHAVE_INET6", *flags,
                    "-I", os.path.join(REPO, "modules", "failover", "compat"),
                    "-o", target, REGISTER_MODULE], check=True)
    return target


def add_register_commands(phone: Phone) -> None:
    """Give a running phone test_register and test_unregister."""
    os.symlink(_register_module(), phone.path("modules", "register.so"))
    phone.do("insmod", "register")


# Accounts

def line(*servers, transport: str = "udp", aor: str = ALICE,
         **options) -> str:
    """An account line with these servers, in order."""
    return account(aor, *(server.uri(transport) for server in servers),
                   **options)


def is_where_it_listens(contact: str, phone: Phone) -> bool:
    """Newer versions of libre name the connection's own port, over TCP and
    TLS: who has no connection from there cannot reach it.  (TLS has the next
    port.)"""
    return sip.uri_parts(contact)[2] in (phone.port, phone.port + 1)


def in_use(phone: Phone, server: int, aor: str = ALICE,
           timeout: float = run.PATIENCE_S) -> dict:
    """Wait until the account is registered with a server; its status."""
    def status():
        found = phone.account_status(aor)
        ready = found["active"] == server and found["state"] != "moving" \
            and found["servers"][server - 1]["registered"]
        return found if ready else None

    try:
        return phone.wait(status, timeout)
    except AssertionError:
        raise AssertionError(f"{aor} is not registered with server {server}: "
                             f"{phone.account_status(aor)}") from None


def switch(phone: Phone, server: int, aor: str = ALICE) -> dict:
    """Move an account by command; its status once it is there."""
    phone.do("failover_switch", f"{aor} {server}")
    return in_use(phone, server, aor)


def restart(server: SipServer, **tls) -> None:
    """Kill and start a server, with other options of set_tls().  Over TCP and
    TLS nobody is refused meanwhile."""
    server.kill(keep=True)
    server.set_tls(**tls)
    server.start()


# Time.  A limit may bound how long a test waits, never how fast the machine
# has to be.

def in_time(took: float, due: float) -> bool:
    """Something came when it was due, and not much later.  The first packet
    may have been noted late, so it may look early."""
    return due - min(due / 2, 1.0) <= took < due + LATE_S


def says_after(reason: str, text: str, due: float) -> bool:
    """A reason is this text with a time that is in_time()."""
    match = re.fullmatch(re.escape(text) + r" in (\d+\.\d) s", reason)
    return match is not None and in_time(float(match.group(1)), due)


# The wire

def expires(entry: Entry) -> int:
    """What a REGISTER asks for."""
    return int(sip.params(entry.msg.get("Contact")).get(
        "expires", entry.msg.get("Expires")))


def binds(server: SipServer, since: float = 0.0) -> list[Entry]:
    """REGISTERs that ask for a binding, without retransmissions."""
    return [e for e in server.recorder.begun("REGISTER", since)
            if expires(e)]


def contact_uri(entry: Entry) -> str:
    return sip.uri_of(entry.msg.get("Contact"))


def wait_quiet(servers: Iterable[SipServer], quiet_s: float = 0.2,
               timeout: float = run.PATIENCE_S) -> None:
    """Until every REGISTER is answered and no more have come for a while."""
    end = time.monotonic() + timeout
    while True:
        now = time.monotonic()
        entries = [e for s in servers for e in s.recorder.entries()
                   if e.method == "REGISTER"]
        asked = {e.branch for e in entries if not e.sent}
        answered = {e.branch for e in entries if e.sent}
        last = max((e.time for e in entries), default=0)
        if asked == answered and now - last > quiet_s:
            return
        assert now < end, "REGISTERs go on, or are not answered"
        time.sleep(quiet_s / 20)


# The log

def our_lines(phone: Phone, regex: str = "") -> list[str]:
    """What the module has said, up to now, but for its version: Baresip
    writes its complaint about the mark behind all that."""
    if phone.running:
        mark = f"mark{time.monotonic_ns()}"
        phone.command("rmmod", mark)
        phone.wait_log(mark)
    return [text for _, text in phone.log.find(f"failover: .*{regex}")
            if "failover: version" not in text]


def move_line(name: str, before, server, after, target, reason: str) -> str:
    """The line that interface.md prescribes, for UDP servers."""
    return (f"failover: {name}: server {before} ({server.uri()}) -> "
            f"server {after} ({target.uri()}): {reason}")


def measured(what: str, value: float, unit: str = "s") -> None:
    """Shown by pytest -rP."""
    print(f"measured: {what}: {value:.3f} {unit}")
