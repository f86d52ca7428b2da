# SPDX-License-Identifier: BSD-3-Clause
"""What ICMP tells of the very packets that carry SIP, and what it does not
tell: filters in front of a server, forged messages, other accounts' errors."""

import contextlib
import itertools
import multiprocessing
import os
import time

import pytest

from harness import icmp, run
from harness.baresip import account
from harness.dialling import counters, ready, settle
from harness.scenario import AT_ONCE_S, in_use, line, measured, our_lines

HOSTS = ["127.0.0.1", "::1"]
EPHEMERAL = range(32768, 61000)
BUSY = {"failover_keepalive": 1}

forging = pytest.mark.skipif(os.geteuid() != 0,
                             reason="raw sockets need root")


def listening(host):
    return {"listen": f"[{host}]" if ":" in host else host}


def bob(host):
    """Of the phone's family: newer versions dial no address of another."""
    return f"sip:bob@[{host}]" if ":" in host else f"sip:bob@{host}"


def unmoved(phone, aor=""):
    status = phone.account_status(aor)
    assert status["state"] == "primary", status
    assert counters(phone, aor)["failovers"] == 0
    assert not [text for text in our_lines(phone) if "->" in text]


# A filter in front

@pytest.mark.parametrize("host", HOSTS)
def test_filter_rejects_other_ports(host, server_group, phone_factory):
    """Both servers take packets from the phone's SIP port only and reject
    all others, as iptables' REJECT does: nothing moves, calls go, and a
    primary that is really closed is still left at once."""
    primary, backup = server_group(host=host)
    phone = phone_factory(line(primary, backup, regint=60), start=False,
                          config=BUSY, **listening(host))
    for server in (primary, backup):
        server.only_from(phone.port)
    phone.start()
    in_use(phone, 1)
    for n in range(1, 4):
        phone.dial(bob(host))
        phone.wait_event("CALL_ESTABLISHED", n=n)
        phone.hangup()
        phone.wait_event("CALL_CLOSED", n=n)
    settle(phone, 3)
    assert primary.recorder.count("OPTIONS") >= 3
    unmoved(phone)

    primary.kill()
    closed = time.monotonic()
    phone.dial(bob(host))
    backup.calls.wait_state("established")
    measured("closed port behind a filter, call at the backup after",
             (time.monotonic() - closed) * 1000, "ms")
    assert time.monotonic() - closed < AT_ONCE_S
    phone.wait_log("-> server 2 .*: nobody listens on that port")


# Forged messages

@forging
@pytest.mark.parametrize("host", HOSTS)
def test_forged_with_nothing_pending(host, server_group, phone_factory):
    """One message for each port that the phone may have a socket at, of each
    kind, for either server: nothing happens."""
    primary, backup = server_group(host=host)
    phone = ready(phone_factory, (primary, backup), **listening(host))
    kinds = icmp.V6 if ":" in host else icmp.V4
    for server in (primary, backup):
        for kind in kinds:
            icmp.forge([kind], (host, 0), (host, server.port),
                       [phone.port, *EPHEMERAL])
    settle(phone, 1)
    unmoved(phone)
    phone.dial(bob(host))                     # its socket still works
    primary.calls.wait_state("established")
    unmoved(phone)


@forging
@pytest.mark.parametrize("host", HOSTS)
def test_forged_under_a_request(host, server_group, phone_factory):
    """Requests wait for their answers all the time, and messages come all
    the time: with nothing quoted, and with a packet as it could be guessed.
    The real packet is believed."""
    primary, backup = server_group(host=host)
    primary.behave("OPTIONS", answer_delay=900)
    phone = ready(phone_factory, (primary, backup), config=BUSY,
                  **listening(host))
    kinds = icmp.V6 if ":" in host else icmp.V4
    name = f"[{host}]" if ":" in host else host
    guess = (f"OPTIONS sip:{name} SIP/2.0\r\nVia: SIP/2.0/UDP {name}:"
             f"{phone.port};branch=z9hG4bK0123456789abcdef;rport\r\n")
    target = host, primary.port
    until = time.monotonic() + 5
    count = 0
    while time.monotonic() < until:
        for payload in (b"", guess.encode()):
            count += icmp.forge(kinds, (host, 0), target, [phone.port] * 20,
                                payload)
    measured("messages forged", count, "")
    assert primary.recorder.count("OPTIONS") >= 4
    unmoved(phone)

    latest = primary.recorder.wait("OPTIONS", since=time.monotonic())[0]
    icmp.forge(kinds[:1], (host, 0), target, [phone.port],
               latest.msg.encode())
    in_use(phone, 2)
    phone.wait_log("-> server 2 .*: ICMP host unreachable")


@contextlib.contextmanager
def flood(host, target, port):
    """Forged messages, as fast as two processes can send them."""
    kinds = icmp.V6 if ":" in host else icmp.V4
    senders = [multiprocessing.Process(target=icmp.forge, daemon=True, args=(
        kinds, (host, 0), target, itertools.repeat(port))) for _ in range(2)]
    for sender in senders:
        sender.start()
    try:
        yield
    finally:
        for sender in senders:
            sender.kill()
            sender.join(run.PATIENCE_S)


@forging
@pytest.mark.parametrize("host", HOSTS)
def test_errors_faster_than_read(host, server_group, phone_factory):
    """Errors come faster than they can be read before a packet: it is lost
    and sent again.  Nothing moves, and calls go."""
    primary, backup = server_group(host=host)
    phone = ready(phone_factory, (primary, backup), config=BUSY,
                  **listening(host))
    with flood(host, (host, primary.port), phone.port):
        for n in range(1, 13):
            phone.dial(bob(host))
            phone.wait_event("CALL_ESTABLISHED", n=n)
            phone.hangup()
            phone.wait_event("CALL_CLOSED", n=n)
    unmoved(phone)


# One socket for all accounts

def test_errors_of_others(server_group, ports, phone_factory):
    """Twenty accounts, of which every other one has a closed primary: those
    move, and no packet of the others is lost to an error that waits on the
    socket they share."""
    primary, backup = server_group()
    closed = f"sip:127.0.0.1:{ports.free_port()};transport=udp"
    aors = [f"sip:user{n}@127.0.0.1" for n in range(20)]
    phone = phone_factory(
        *(account(aor, closed if n % 2 else primary.uri(), backup.uri())
          for n, aor in enumerate(aors)),
        config={"failover_failback_interval": 1,
                "failover_failback_jitter": 0, **BUSY})
    for n, aor in enumerate(aors):
        in_use(phone, 1 + n % 2, aor)
    settle(phone, 4)                    # checks at the closed port go on
    for n, aor in enumerate(aors):
        status = in_use(phone, 1 + n % 2, aor)
        assert status["counters"]["failovers"] == n % 2, status
        if n % 2:
            assert status["servers"][0]["state"] == "down"


@pytest.mark.parametrize("host", HOSTS)
def test_closed_at_start(host, server_group, phone_factory):
    """The first packet of all, before the module has libre's socket."""
    primary, backup = server_group(host=host)
    primary.kill()
    phone = phone_factory(line(primary, backup), **listening(host))
    started = phone.wait_log("Local network address")[0]
    took = backup.recorder.wait("REGISTER")[0].time - started
    measured(f"closed port at start, {host}, backup after", took * 1000,
             "ms")
    in_use(phone, 2)
    phone.wait_log("-> server 2 .*: nobody listens on that port")
