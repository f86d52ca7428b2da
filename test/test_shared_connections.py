# SPDX-License-Identifier: BSD-3-Clause
"""Accounts share the connection to a server: what is done to it because of
one of them must not hit the others."""

import contextlib
import socket
import time

import pytest

from harness import sip
from harness.dialling import counters, invites, ready, settle
from harness.scenario import (ALICE, BOB, binds, in_use, line, measured)
from harness.transport import SO_DETACH_FILTER, _drop_all

OFTEN = {"failover_failback_interval": 1, "failover_failback_jitter": 0}
CAROL = "sip:carol@127.0.0.1"


def too_long(req):
    """An answer that says it has a body, of which nothing ever comes."""
    answer = sip.response(req.msg, 200).encode()
    answer = answer.replace(b"Content-Length: 0", b"Content-Length: 9000")
    req.flow.transport.write(answer)


@pytest.mark.parametrize("kind", ["tcp", "tls"])
@pytest.mark.parametrize("method", [
    "OPTIONS", pytest.param("REGISTER", marks=pytest.mark.slow)])
def test_swallowed_answers(method, kind, server_group, phone_factory):
    """libre waits for the rest and swallows all later answers: the account
    moves, and its next look at that server has a new connection."""
    primary, backup = server_group(transports=(kind,))
    phone = ready(phone_factory, (primary, backup), kind,
                  config={"failover_retries": 1, "failover_keepalive": 1,
                          **OFTEN})
    old = binds(primary)[0].peer
    primary.behave(method, script=too_long)
    if method == "REGISTER":
        phone.do("failover_switch", f"{ALICE} backup")
        in_use(phone, 2)                # the checks are answered so
        primary.recorder.wait("REGISTER", since=time.monotonic())
    else:
        in_use(phone, 2)
    primary.behave(method)
    well = time.monotonic()
    in_use(phone, 1, timeout=60)
    measured(f"{kind}, back after {method} was answered with too much",
             time.monotonic() - well)
    assert binds(primary)[-1].peer != old


@contextlib.contextmanager
def deaf(server):
    """Segments to the server's connections are lost, for a while."""
    sockets = [stream.flow.transport.get_extra_info("socket")
               for stream in list(server._listener.streams)]
    for sock in sockets:
        _drop_all(sock)
    yield
    for sock in sockets:
        sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_request_of_another_account(kind, server_group, phone_factory):
    """Alice's INVITE is acknowledged and never answered. When she leaves,
    Carol's is on its way: its segment was lost once, nothing is wrong with
    the connection. Her call goes on, and her account stays."""
    primary, backup = server_group(transports=(kind,))
    # calls of their own, so that it is seen which one is set up where
    phone = phone_factory(
        line(primary, backup, transport=kind),
        line(primary, backup, transport=kind, aor=CAROL))
    in_use(phone, 1)
    in_use(phone, 1, CAROL)

    def script(req):
        if "alice" in req.msg.get("From"):
            return
        primary.uas.invite(req)

    primary.behave("INVITE", script=script)
    phone.dial(BOB, ALICE)
    sent = primary.recorder.wait("INVITE")[0].time
    settle(phone, max(0, sent + 6.5 - time.monotonic()))
    with deaf(primary):
        phone.dial("sip:dave@127.0.0.1", CAROL)
        phone.wait_log("alice.* -> server 2 .*: INVITE not answered")
    primary.calls.wait_state("established", 2)
    in_use(phone, 2)
    assert in_use(phone, 1, CAROL)["counters"]["failovers"] == 0
    assert counters(phone, CAROL)["calls_moved"] == 0
    peers = {e.peer for e in primary.recorder.requests()}
    assert len(peers) == 1, "the connection was not the same all the time"
    assert len([e for e in invites(primary)
                if "carol" in e.msg.get("From")]) == 1


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_second_connection_refused(kind, server_group, phone_factory):
    """A server, or a filter before it, that takes one connection from each
    phone and refuses more, and answers slowly: it is not left."""
    primary, backup = server_group(transports=(kind,))
    phone = ready(phone_factory, (primary, backup), kind)
    primary._run(stop_listening(primary))
    primary.answer_calls(trying_ms=None, ringing_ms=None, answer_ms=4000)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    primary.calls.wait_state("established")
    assert in_use(phone, 1)["counters"]["failovers"] == 0
    assert not backup.recorder.count("INVITE")


async def stop_listening(server):
    for listener in server._listener._servers:
        listener.close()
