# SPDX-License-Identifier: BSD-3-Clause
"""A phone with ICE and an address that is not its loopback's, which newer
Baresip wants, in a network of its own: run by test_medianat.py under
`unshare --net`.  An AssertionError says what went wrong."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from harness.baresip import Phone, account                      # noqa: E402
from harness.calls import CallTable                             # noqa: E402
from harness.dialling import call_ids, counters                 # noqa: E402
from harness.location import LocationTable                      # noqa: E402
from harness.scenario import in_use                             # noqa: E402
from harness.server import SipServer                            # noqa: E402
from harness.stun import Stun                                   # noqa: E402
from harness.two_addresses_case import (ALICE, CONFIG, HOSTS,   # noqa: E402
                                        leave_servers, make_network)

FAULTS = ("none", "silent", "503", "closed port")


def call(phone: Phone, servers, fault: str, transport: str) -> None:
    """It is set up where it can be, and stays one call."""
    primary, backup = servers
    if fault == "silent":
        primary.behave_all(silent=True)
    elif fault == "503":
        primary.behave("INVITE", status=503)
    elif fault == "closed port":
        primary.kill()
    phone.dial(f"sip:bob@{HOSTS[0]}")
    phone.wait_event("CALL_ESTABLISHED")
    found, = primary.calls.wait_state("established")
    assert "(1)" in phone.do("listcalls")
    moved = fault != "none"
    assert found.server == (backup if moved else primary).name
    assert counters(phone, ALICE)["calls_moved"] == moved
    if moved:
        old, new = call_ids(phone)
        assert old != new == found.call_id
    # over TCP libre has ended the first one: a new call is placed
    assert len(phone.events("CALL_CLOSED")) == (
        fault == "closed port" and transport == "tcp")
    phone.hangup()
    primary.calls.wait_state("ended")


def main(fault: str, transport: str) -> None:
    make_network()
    table, calls = LocationTable(), CallTable()
    servers = [SipServer(table=table, call_table=calls, host=host,
                         transports=("udp", "tcp"),
                         name=f"pbx{number}").start()
               for number, host in enumerate(HOSTS[:2], 1)]
    stun = Stun(HOSTS[0])
    leave_servers()
    phone = Phone(account(ALICE, *(server.uri(transport)
                                   for server in servers),
                          extra="medianat=ice;"
                          f"stunserver=stun:{HOSTS[0]}:{stun.port}"),
                  interface="phone", modules=["ice"], config=CONFIG)
    parties = (phone, stun, *servers)
    try:
        phone.start()
        in_use(phone, 1, ALICE)
        call(phone, servers, fault, transport)
        assert stun.asked
    except AssertionError:
        for party in parties:
            print(party.report(), file=sys.stderr)
        raise
    finally:
        for party in parties:
            party.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
