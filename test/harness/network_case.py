# SPDX-License-Identifier: BSD-3-Clause
"""A phone whose own network changes: run by test_network.py, one case each,
under `unshare --net`.  Prints what it measured; an AssertionError says what
went wrong.

The servers are in that namespace, the phone is in another one, and a cable
is between them: two ends of a veth, "wall" with the servers, "phone" at the
phone.  The way to the servers is a default route over it.
"""

import ctypes
import os
import subprocess
import sys
import time
from typing import Any, Callable

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from harness import sip                       # noqa: E402
from harness.baresip import Phone, account    # noqa: E402
from harness.calls import CallTable           # noqa: E402
from harness.location import LocationTable    # noqa: E402
from harness.notifier import Notifier         # noqa: E402
from harness.server import SipServer          # noqa: E402

ALICE = "sip:alice@192.0.2.1"
SERVERS, GATEWAY = "192.0.2.1", "10.11.0.1"
CLONE_NEWNET = 0x40000000
QUICK = {"failover_retries": 2, "failover_keepalive": 1}    # 3.5 s


def ip(words: str, *prefix: str) -> None:
    subprocess.run([*prefix, "ip", *words.split()], check=True)


class Case:
    """Two servers and a phone, of which the network is at hand."""

    def __init__(self, transport: str = "udp", **config: Any) -> None:
        ip("link set lo up")
        ip(f"addr add {SERVERS}/32 dev lo")
        ip("link add wall type veth peer name phone")
        ip(f"addr add {GATEWAY}/16 dev wall")
        ip("link set wall up")
        self.table, calls = LocationTable(), CallTable()
        self.servers = [
            SipServer(table=self.table, call_table=calls, name=name,
                      host=SERVERS, transports=(transport,)).start()
            for name in ("pbx1", "pbx2")]
        for server in self.servers:
            server.media_host = SERVERS

        # this thread leaves for the phone's namespace, the servers' stay
        self._wall = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(
            ctypes.get_errno())
        self.wall(f"link set phone netns {os.getpid()}")
        ip("link set lo up")
        # some versions do not start with a link-local one just added
        ip("link set phone addrgenmode none")
        ip("link set phone up")
        self.take("10.11.0.2")
        self.phone = Phone(account(ALICE, *(s.uri() for s in self.servers),
                                   extra="mwi=yes"),
                           interface="phone", config={**QUICK, **config})

    def wall(self, words: str) -> None:
        """Run ip at the servers' end."""
        ip(words, "nsenter", f"--net=/proc/{os.getpid()}/fd/{self._wall}")

    def take(self, address: str) -> None:
        """An address for the phone, and the way to the servers from it."""
        ip(f"addr add {address}/16 dev phone")
        ip(f"route replace default via {GATEWAY} src {address}")

    def drop(self, address: str) -> None:
        ip(f"addr del {address}/16 dev phone")

    def go_to_another_network(self, before: str) -> None:
        """10.12.0.4 there, while both are primary ones, then the old away."""
        self.take("10.12.0.4")
        self.wall("addr add 10.12.0.1/16 dev wall")
        ip("route replace default via 10.12.0.1 src 10.12.0.4")
        self.drop(before)

    def contact(self) -> str:
        """Address in the newest binding, if any."""
        bindings = list(self.table.bindings(ALICE).values())
        return bindings[-1].contact if bindings else ""

    def wait_offline(self) -> None:
        status = self.phone.wait_state("down")
        assert status["reason"] == "no network", status

    def wait_registered(self, server: int, since: float,
                        what: str) -> None:
        """A REGISTER sent after `since` has been answered by the server,
        and the phone knows."""
        name = self.servers[server - 1].name

        def fresh() -> bool:
            entries = self.servers[server - 1].recorder.requests("REGISTER")
            return any(entry.time > since for entry in entries)

        self.phone.wait(fresh, what=f"a REGISTER at {name}")
        registered = time.monotonic() - since
        self.phone.wait_state(("primary", "backup")[server - 1])
        print(f"measured: {registered:.2f} s from {what} to the REGISTER "
              f"with the {('primary', 'backup')[server - 1]}")

    def check_nobody_blamed(self) -> None:
        status = self.phone.account_status()
        assert status["counters"]["failovers"] == 0, status
        assert status["counters"]["exhausted"] == 0, status
        assert all(s["state"] != "down" for s in status["servers"]), status

    def close(self) -> None:
        self.phone.close()
        for server in self.servers:
            server.close()


def renumbered(case: Case) -> None:
    """The address changes: first old away and new there later, then both
    at a time.  A call that cannot be dialled meanwhile rings nobody later."""
    case.drop("10.11.0.2")
    case.wait_offline()
    if case.servers[0].transports == ("udp",):
        assert not case.phone.command("dial", f"sip:bob@{SERVERS}")[0]
    case.take("10.11.0.3")
    back = time.monotonic()
    case.wait_registered(1, back, "the new address")
    assert "10.11.0.3" in case.contact()
    assert not case.servers[0].recorder.requests("INVITE")

    case.go_to_another_network("10.11.0.3")
    back = time.monotonic()
    case.phone.wait(lambda: "10.12.0.4" in case.contact(),
                    what="a binding of the newest address")
    case.wait_registered(1, back, "another one")
    assert not case.servers[0].recorder.requests("INVITE")
    case.check_nobody_blamed()


def unplugged(case: Case) -> None:
    """The cable, for longer than a keep-alive takes to find a dead server.
    A call that is up stays so."""
    case.phone.dial(f"sip:bob@{SERVERS}")
    case.phone.wait_event("CALL_ESTABLISHED")
    case.wall("link set wall down")
    case.wait_offline()
    time.sleep(6)                   # 1 s, 3.5 s, and more
    case.wait_offline()
    case.wall("link set wall up")
    case.wait_registered(1, time.monotonic(), "the cable")
    case.check_nobody_blamed()
    assert not case.phone.events("CALL_CLOSED")


def held(case: Case) -> None:
    """The address changes while a hold waits for its answer: the far end
    hears of both."""
    server = case.servers[0]
    case.phone.dial(f"sip:bob@{SERVERS}")
    case.phone.wait_event("CALL_ESTABLISHED")
    server.behave("INVITE", silent=True)
    server.calls.wait_state("established")
    case.phone.do("hold")
    case.phone.wait(lambda: any(e.msg.to_tag for e in
                                server.recorder.requests("INVITE")),
                    what="a hold")
    case.go_to_another_network("10.11.0.2")
    server.behave("INVITE")

    def heard() -> bool:
        body = server.recorder.requests("INVITE")[-1].msg.body
        return b"IN IP4 10.12.0.4" in body and b"a=sendonly" in body

    case.phone.wait(heard, what="the hold from the new address")
    case.phone.wait_state("primary")
    assert not case.phone.events("CALL_CLOSED")


def calls(case: Case) -> None:
    """The cable: while it is out a call is hung up; it goes while a call
    is being set up, over TCP with its connection.  The kernel gives up
    looking for the gateway after 3 s, and says so for a moment after."""
    case.phone.dial(f"sip:bob@{SERVERS}")
    case.phone.wait_event("CALL_ESTABLISHED")
    case.wall("link set wall down")
    case.wait_offline()
    case.phone.hangup()
    time.sleep(4)
    case.wall("link set wall up")
    assert case.servers[0].recorder.wait("BYE")
    case.phone.wait_state("primary")

    case.servers[0].behave("INVITE", silent=True)
    before = time.monotonic()
    case.phone.dial(f"sip:bob@{SERVERS}")
    case.phone.wait(lambda: case.servers[0].recorder.requests(
        "INVITE", before), what="an INVITE")
    case.wall("link set wall down")
    case.wait_offline()
    case.servers[0].behave("INVITE")
    case.wall("link set wall up")
    case.phone.wait_event("CALL_ESTABLISHED", since=before)
    case.phone.wait_state("primary")
    case.check_nobody_blamed()
    assert not case.phone.events("CALL_CLOSED", since=before)
    assert not case.servers[1].recorder.requests()


def waiting(case: Case) -> None:
    """A call is put on hold while the cable is out.  What waits in the old
    connection does not arrive beside what is sent over the new one.  The
    kernel may send it before the phone has heard of the cable: that is
    lost."""
    server = case.servers[0]
    case.phone.dial(f"sip:bob@{SERVERS}")
    case.phone.wait_event("CALL_ESTABLISHED")
    case.wall("link set wall down")
    case.wait_offline()
    before = time.monotonic()
    server.lose()
    case.phone.command("hold")
    case.wall("link set wall up")
    server.recorder.wait_for(
        lambda: server.recorder.requests("INVITE", before))
    server.lose(False)
    time.sleep(2)                   # the kernel has sent its data again
    sent = server.recorder.requests("INVITE", before)
    assert len({entry.peer for entry in sent}) == 1, sent
    case.check_nobody_blamed()
    case.phone.hangup()
    assert server.recorder.wait("BYE")


def subscribed(case: Case) -> None:
    """The cable: a message that waits is told of after it as before.  mwi is
    loaded late, and let alone until its timer is due: docs/libre.md."""
    server = case.servers[0]
    Notifier(server)

    def is_heard() -> bool:
        """The newest subscription names where the phone listens, or the
        connection that it has."""
        last = server.recorder.requests("SUBSCRIBE")[-1]
        port = sip.uri_parts(sip.uri_of(last.msg.get("Contact")))[2]
        return port in (case.phone.port,
                        sip.uri_parts(case.contact())[2])

    case.phone.do("insmod", "mwi")
    time.sleep(0.01)
    for name in ("backup", "primary"):
        case.phone.do("failover_switch", f"{ALICE} {name}")
        case.phone.wait_state(name)
    assert server.recorder.wait("SUBSCRIBE")
    case.phone.wait(is_heard, what="a subscription")
    case.wall("link set wall down")
    case.wait_offline()
    case.wall("link set wall up")
    case.wait_registered(1, time.monotonic(), "the cable")
    case.phone.wait(is_heard, what="a subscription that is heard")


def no_route(case: Case) -> None:
    """The route goes while the phone is on the backup, and the primary
    comes back to life meanwhile: it need not wait for its interval."""
    case.servers[0].kill()
    case.phone.wait_state("backup")
    ip("route del default")
    case.wait_offline()
    before = case.phone.account_status()["counters"]
    case.servers[0].start()
    ip(f"route replace default via {GATEWAY}")
    back = time.monotonic()
    case.wait_registered(1, back, "the route")
    status = case.phone.account_status()
    assert status["counters"]["failovers"] == before["failovers"], status
    assert status["counters"]["exhausted"] == before["exhausted"], status
    assert case.servers[1].recorder.requests("REGISTER")[-1].time > back


def started_without(case: Case) -> None:
    """It starts with the cable unplugged."""
    case.wait_offline()
    case.wall("link set wall up")
    case.wait_registered(1, time.monotonic(), "the cable")
    case.check_nobody_blamed()


CASES: dict[str, Callable[[Case], None]] = {
    f.__name__: f for f in (renumbered, unplugged, held, waiting, calls,
                           subscribed, no_route, started_without)}


def main(name: str, transport: str) -> None:
    case = Case(transport)
    try:
        if name == "started_without":
            case.wall("link set wall down")
            case.phone.start()
        else:
            case.phone.start()
            case.phone.wait_state("primary")
        CASES[name](case)
    except AssertionError:
        print(case.phone.report(), file=sys.stderr)
        for server in case.servers:
            print(server.report(), file=sys.stderr)
        raise
    finally:
        case.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
