# SPDX-License-Identifier: BSD-3-Clause
"""A phone with two addresses, in a network of its own: run by
test_network.py under `unshare --net`.  An AssertionError says what went
wrong.

Server 1 is reached from the first address, servers 2 and 3 from the second
one.  Baresip 2.0 and later has a UDP socket for each of them, earlier
versions have one in all.
"""

import ctypes
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from harness.baresip import Phone, account                      # noqa: E402
from harness.calls import CallTable                             # noqa: E402
from harness.dialling import printed, recorded                  # noqa: E402
from harness.location import LocationTable                      # noqa: E402
from harness.scenario import (contact_uri, expires, in_use, switch,
                              wait_quiet)                       # noqa: E402
from harness.server import SipServer                            # noqa: E402

ALICE = "sip:alice@192.0.2.1"
HOSTS = ("192.0.2.1", "198.51.100.1", "198.51.100.2")   # RFC 5737
NEAR, NEXT = "10.11.0.2", "10.12.0.2"       # the phone's
CLONE_NEWNET = 0x40000000
CONFIG = {"failover_retries": 1}            # sent twice, given up after 1.5 s


def ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True)


def make_network() -> None:
    """The servers stay in this namespace, the thread goes to another one
    with a cable to this."""
    ip("link set lo up")
    for host in HOSTS:
        ip(f"addr add {host}/32 dev lo")
    ip("link add wall type veth peer name phone")
    for gateway in ("10.11.0.1", "10.12.0.1"):
        ip(f"addr add {gateway}/16 dev wall")
    ip("link set wall up")


def leave_servers() -> None:
    wall = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    subprocess.run(["nsenter", f"--net=/proc/{os.getpid()}/fd/{wall}", "ip",
                    "link", "set", "phone", "netns", str(os.getpid())],
                   check=True)
    ip("link set lo up")
    ip("link set phone addrgenmode none")
    ip("link set phone up")
    for address in (NEAR, NEXT):
        ip(f"addr add {address}/16 dev phone")
    ip(f"route add 192.0.2.0/24 via 10.11.0.1 src {NEAR}")
    ip(f"route add 198.51.100.0/24 via 10.12.0.1 src {NEXT}")


def removals(servers) -> list:
    """De-registrations that have come to them."""
    return [entry for server in servers
            for entry in server.recorder.requests("REGISTER")
            if expires(entry) == 0]


def check_printed(phone: Phone, servers) -> None:
    """`baresip -s` shows what went over the wire, no more and no less."""
    try:
        phone.wait(lambda: printed(phone, servers) == recorded(servers))
    except AssertionError:
        seen, real = printed(phone, servers), recorded(servers)
        raise AssertionError(f"not printed: {real - seen}\n"
                             f"not on the wire: {seen - real}") from None


def moves(phone: Phone, servers) -> None:
    """To and fro between servers that are reached from one address: the
    binding is never removed.  To the other address: the old one is."""
    table = servers[0].table
    switch(phone, 2, ALICE)
    wait_quiet(servers)
    assert len(table.bindings(ALICE)) == 1, table.report()
    before = len(removals(servers))
    for number in (3, 2, 3, 2):
        switch(phone, number, ALICE)
        wait_quiet(servers)
        assert len(table.bindings(ALICE)) == 1, table.report()
    assert len(removals(servers)) == before, removals(servers)
    switch(phone, 1, ALICE)
    wait_quiet(servers)
    contact, = table.bindings(ALICE)
    assert NEAR in contact, contact
    check_printed(phone, servers)


def silence(phone: Phone, servers) -> None:
    """A silent server gets what failover_retries says, whatever address it
    is reached from: REGISTER, INVITE, BYE."""
    for number, other in ((2, 3), (1, 2)):
        server, others = servers[number - 1], servers[other - 1]
        switch(phone, number, ALICE)
        wait_quiet(servers)
        server.behave("INVITE", silent=True)
        since = time.monotonic()
        phone.dial(f"sip:bob@{server.host}")
        phone.wait_event("CALL_ESTABLISHED", since=since)
        time.sleep(5)               # libre would send twice more
        sent = len(server.recorder.requests("INVITE", since))
        assert sent == 2, f"{sent} INVITEs to server {number}"
        server.behave("INVITE")
        phone.hangup()
        phone.wait_event("CALL_CLOSED", since=since)
        wait_quiet(servers)
    check_printed(phone, servers)


def main(name: str) -> None:
    make_network()
    table, calls = LocationTable(), CallTable()
    servers = [SipServer(table=table, call_table=calls, host=host,
                         name=f"pbx{number}").start()
               for number, host in enumerate(HOSTS, 1)]
    leave_servers()
    phone = Phone(account(ALICE, *(server.uri() for server in servers)),
                  interface="phone", config=CONFIG, args=["-s"])
    try:
        phone.start()
        in_use(phone, 1, ALICE)
        wait_quiet(servers)
        assert NEAR in contact_uri(servers[0].recorder.requests(
            "REGISTER")[-1])
        {"moves": moves, "silence": silence}[name](phone, servers)
    except AssertionError:
        for party in (phone, *servers):
            print(party.report(), file=sys.stderr)
        raise
    finally:
        for party in (phone, *servers):
            party.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
