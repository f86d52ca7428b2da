# SPDX-License-Identifier: BSD-3-Clause
"""A phone with IPv4 and IPv6, in a network namespace of its own: run by
test_names.py under `unshare --net`.  Baresip takes its addresses from an
interface, but no loopback addresses.  An AssertionError says what went
wrong."""

import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from harness.baresip import Phone, account                      # noqa: E402
from harness.calls import CallTable                             # noqa: E402
from harness.location import LocationTable                      # noqa: E402
from harness.names import Names                                 # noqa: E402
from harness.scenario import (ALICE, contact_uri, in_use, switch,
                              wait_quiet)                       # noqa: E402
from harness.server import SipServer                            # noqa: E402

FOUR, SIX = "192.0.2.1", "2001:db8::1"      # RFC 5737, RFC 3849
NAME = "both.test"
FAR = "sip:bob@far.test"        # an address would tell the family


def add_addresses() -> None:
    for command in ("link set lo up", f"addr add {FOUR}/32 dev lo",
                    f"-6 addr add {SIX}/128 dev lo nodad"):
        subprocess.run(["ip", *command.split()], check=True)
    wait_usable(SIX)


def wait_usable(host: str) -> None:
    """The kernel makes the route to a new IPv6 address in the background;
    until then packets to it are lost."""
    end = time.monotonic() + 20
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.settimeout(0.02)
        while time.monotonic() < end:
            try:
                sock.sendto(b"", sock.getsockname())
                sock.recv(1)
                return
            except OSError:         # no answer in time, or no route
                pass
    raise AssertionError(f"no packet gets to {host}")


def one_binding(table: LocationTable, servers, host: str) -> None:
    """The Contact of the family that was left has been removed."""
    wait_quiet(servers)
    contact, = table.bindings(ALICE)
    assert host in contact, contact


def mixed(phone: Phone, primary: SipServer, backup: SipServer) -> None:
    """Failover with a call, failback: from one family to the other."""
    servers = (primary, backup)
    in_use(phone, 1)
    for number in (2, 1):
        switch(phone, number)
        one_binding(primary.table, servers, servers[number - 1].host)

    primary.kill()
    phone.dial(FAR)
    primary.calls.wait_state("established")
    status = in_use(phone, 2)
    assert status["counters"]["calls_moved"] == 1
    said = status["servers"][0]["reason"]
    assert "ICMP port unreachable" in said or "refused" in said, said
    primary.start()
    phone.do("failover_probe")
    in_use(phone, 1)
    wait_quiet(servers)
    bind = [e for e in primary.recorder.requests("REGISTER")
            if primary.host in contact_uri(e)]
    assert bind
    phone.hangup()
    primary.calls.wait_state("ended")


def both(phone: Phone, four: SipServer, six: SipServer) -> None:
    """A name with A and AAAA is one server."""
    in_use(phone, 1)
    first, second = (four, six) if four.recorder.requests() else (six, four)
    first.kill()
    phone.dial(FAR)
    call, = second.calls.wait_state("established")
    status = in_use(phone, 1)
    assert call.server == second.name
    assert status["counters"]["failovers"] == 0


def run(make_uris, scenario, kind: str, four_first: bool = True) -> None:
    """A phone and its servers, for one scenario."""
    table, call_table = LocationTable(), CallTable()
    servers = [SipServer(table=table, call_table=call_table, host=host,
                         name=host, port=port, transports=("udp", "tcp"))
               for host, port in ((FOUR, 15060), (SIX, 15060))]
    if not four_first:
        servers.reverse()
    names = Names()
    names.host(NAME, FOUR, SIX)
    phone = Phone(account(ALICE, *make_uris(kind, *servers)),
                  config={"failover_retries": 1}, listen="0.0.0.0",
                  interface="lo", dns_port=names.port)
    parties = [names, *servers]
    try:
        for party in parties:
            party.start()
        phone.start()
        scenario(phone, *servers)
    except AssertionError:
        for party in (phone, *parties):
            print(party.report(), file=sys.stderr)
        raise
    finally:
        for party in (phone, *parties):
            party.close()


def main() -> None:
    add_addresses()
    for kind in ("udp", "tcp"):
        for four_first in (True, False):
            run(lambda kind, one, two: (one.uri(kind), two.uri(kind)), mixed,
                kind, four_first)
    run(lambda kind, *_: (f"sip:{NAME}:15060;transport={kind}",
                          f"sip:{FOUR}:15070"), both, "udp")


if __name__ == "__main__":
    main()
