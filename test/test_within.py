# SPDX-License-Identifier: BSD-3-Clause
"""Requests within a call go on through the next server: hold, resume,
transfer, DTMF.  The far end stands behind both servers, as a B2BUA or behind
a proxy that records its route."""

import os
import re
import socket
import struct
import threading
import time

import pytest

from harness import certificates, sip
from harness.baresip import REPO, account
from harness.calls import CallTable
from harness.dialling import counters, invites, ready, settle, talk
from harness.in_call import DTMF, ORDERS, VIDEO, leave, order
from harness.location import LocationTable
from harness.scenario import (ALICE, AT_ONCE_S, BOB, in_time, in_use,
                              is_where_it_listens, measured, switch)
from within_table import (B2BUA, DIRECTIONS, FAILS, REFUSED, SILENT, WHEN,
                          can_be_sent, cells, page, parse, property_name)

TRANSPORTS = ["udp", "tcp"]
RETRY = {"failover_retries": 1}         # a server is given up after 1.5 s


def fail(server, fault):
    if fault == SILENT:
        server.behave_all(silent=True)
    elif fault == REFUSED:
        server.behave_all(status=503)
    else:
        server.kill()


def within(server, method, since=0.0):
    """Requests of that method within a dialog."""
    return [e for e in server.recorder.requests(method, since)
            if e.msg.to_tag]


def first(server, method, since):
    """The first of these requests, which has come once.  Baresip 4.x offers
    anew 0.3 s after a call was set up, if its media are not as they were
    wanted: that is another request."""
    entry, *others = within(server, method, since)
    assert {e.branch for e in others if e.msg.cseq == entry.msg.cseq} <= \
        {entry.branch}
    return entry


def moved(phone, backup, call, what, since):
    """The request has reached the far end through the backup, once."""
    method = ORDERS[what][0]
    backup.recorder.wait(method, since=since, timeout=20)
    phone.wait(lambda: counters(phone)["requests_moved"] >= 1,
               what=f"{method} counted")
    phone.wait_log(rf"{method} within the call .* went through server 2")
    entry = first(backup, method, since)
    assert entry.msg.call_id == call.call_id
    assert entry.msg.from_tag == call.remote_tag
    assert entry.msg.to_tag == call.local_tag
    contact = entry.msg.get("Contact")
    assert not contact or is_reachable(contact, phone, entry)
    return entry


def is_reachable(contact, phone, entry):
    """Newer versions of libre name the connection that a request goes by."""
    uri = sip.uri_of(contact)
    return is_where_it_listens(uri, phone) if phone.version < (3, 3) \
        else sip.uri_parts(uri)[2] == entry.peer[1]


def still_talks(phone, call):
    assert call.active and not phone.events("CALL_CLOSED")
    call.rtp.wait(10)


def options(transport):
    """A server calls a phone over a connection of its own."""
    if transport != "tls":
        return RETRY
    return {**RETRY, "sip_certificate": certificates.self_signed()}


@pytest.mark.parametrize("transport, when, fault, direction, what", [
    cell[1:] for cell in cells(B2BUA) if can_be_sent(cell)])
def test_moves(transport, when, fault, direction, what, server_group,
               phone_factory, record_property):
    primary, backup = servers = server_group(2, transports=(transport,))
    phone = ready(phone_factory, servers, transport,
                  config=options(transport), extra=DTMF, **VIDEO)
    call = talk(phone, primary, direction, video=True)
    fail(primary, fault)
    if when == WHEN[1]:
        leave(phone, fault == SILENT)
    since = time.monotonic()
    order(phone, what)
    entry = moved(phone, backup, call, what, since)
    took = entry.time - since
    cell = B2BUA, transport, when, fault, direction, what
    measured(f"{', '.join(cell)}: at the backup after", took)
    record_property(property_name(cell), f"{took:.4f}")
    if when == WHEN[1]:
        assert not within(primary, ORDERS[what][0], since)
        assert took < AT_ONCE_S
    elif fault == SILENT:
        assert in_time(took, 1.5)
    else:
        assert took < AT_ONCE_S
    if what == "hold":
        ack = backup.recorder.wait("ACK", since=since)[0]
        assert ack.msg.cseq == entry.msg.cseq
        since = time.monotonic()
        phone.resume()
        backup.recorder.wait("INVITE", since=since)
        backup.recorder.wait("ACK", since=since)
    if what != "transfer":
        still_talks(phone, call)
    settle(phone, 0.5)
    phone.hangup()
    backup.calls.wait_state("ended")


@pytest.mark.parametrize("transport, when, fault, direction, what", [
    cell[1:] for cell in cells(B2BUA) if not can_be_sent(cell)])
def test_no_connection(transport, when, fault, direction, what, server_group,
                       phone_factory, record_property):
    """What libre cannot send at all fails, and the call goes on."""
    primary, backup = servers = server_group(2, transports=(transport,))
    phone = ready(phone_factory, servers, transport,
                  config=options(transport), extra=DTMF, **VIDEO)
    call = talk(phone, primary, direction, video=True)
    fail(primary, fault)
    if when == WHEN[1]:
        leave(phone, fault == SILENT)
    order(phone, what)
    # the others do not tell of an offer
    if what == "hold" and phone.version >= (4, 0):
        phone.wait_log("INVITE within a call, .* could not be sent, the call "
                       "goes on: no connection to server 1")
        in_use(phone, 2)
    phone.wait_log("hold and transfer fail until server 1 .* accepts "
                   "connections again, hang-up works")
    settle(phone, 1)
    assert call.active and not phone.events("CALL_CLOSED")
    assert not within(backup, ORDERS[what][0])
    record_property(property_name((B2BUA, transport, when, fault, direction,
                                   what)), FAILS)
    phone.hangup()
    backup.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", backup.name)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_digest(transport, server_pair, phone_factory):
    """The backup challenges; libre's answer goes there as well."""
    primary, backup = server_pair
    for server in server_pair:
        server.require_auth("alice", "secret")
    phone = ready(phone_factory, server_pair, transport, config=RETRY,
                  password="secret")
    call = talk(phone, primary)
    fail(primary, REFUSED)
    since = time.monotonic()
    phone.do("hold")
    phone.wait_log("INVITE within the call .* went through server 2.* 200")
    first, second = within(backup, "INVITE", since)
    assert second.msg.get("Proxy-Authorization") \
        != first.msg.get("Proxy-Authorization")
    assert second.branch != first.branch
    assert counters(phone)["requests_moved"] == 1
    backup.recorder.wait("ACK", 2, since=since)
    settle(phone, 1)
    since = time.monotonic()
    phone.resume()
    backup.recorder.wait("ACK", 2, since=since)
    still_talks(phone, call)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_late_answer(transport, server_pair, phone_factory):
    """The server that is being left answers after all: the far end does not
    get the request a second time."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, config=RETRY)
    call = talk(phone, primary)
    backup.behave("REGISTER", answer_delay=3000)
    primary.hold()
    since = time.monotonic()
    phone.do("hold")
    backup.recorder.wait("REGISTER")
    primary.release()
    primary.recorder.wait("ACK", since=since)
    in_use(phone, 2)
    settle(phone, 1)
    assert not within(backup, "INVITE", since)
    assert counters(phone)["requests_moved"] == 0
    assert call.active and not phone.events("CALL_CLOSED")


class RtpSource:
    """Sends PCMU to where the phone has said that it listens."""

    def __init__(self, invite):
        port = int(re.search(rb"m=audio (\d+)", invite.body)[1])
        self._address = ("127.0.0.1", port)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            number = 0
            while not self._stop.wait(0.02):
                number += 1
                head = struct.pack("!BBHII", 0x80, 0, number & 0xffff,
                                   number * 160, 0x12345678)
                sock.sendto(head + bytes(160), self._address)

    def report(self):
        return "RTP source"

    def close(self):
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("media", [True, False])
@pytest.mark.parametrize("status", [481, 408])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_unknown_there(transport, status, media, server_pair, phone_factory,
                       parties):
    """Servers that share no dialogs: the call is kept if media flows."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, config=RETRY)
    call = talk(phone, primary)
    if media:
        parties.append(RtpSource(call.invite))
        settle(phone, 2.5)
    fail(primary, REFUSED)
    backup.behave("INVITE", status=status)
    phone.do("hold")
    phone.wait_log("server 2 .* does not know the call with bob@127.0.0.1")
    if media:
        phone.wait_log("the call goes on, hold and transfer will not work")
        settle(phone, 1)
        assert call.active and not phone.events("CALL_CLOSED")
        phone.hangup()
    phone.wait_event("CALL_CLOSED")


@pytest.mark.parametrize("what", ORDERS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_server_left(transport, what, server_pair, phone_factory):
    """The request fails before libre's time-out, which would end the
    call."""
    phone = ready(phone_factory, server_pair, transport, extra=DTMF,
                  config={"failover_retries": 0})
    call = talk(phone, server_pair[0])
    for server in server_pair:
        fail(server, SILENT)
    since = time.monotonic()
    order(phone, what)
    method = ORDERS[what][0]
    phone.wait_log(rf"{method} within the call .* failed, the call goes on",
                   timeout=60)
    took = time.monotonic() - since
    measured(f"{what}, {transport}, no server left: failed after", took)
    settle(phone, 3)
    assert call.active and not phone.events("CALL_CLOSED")


# not hold through the other server over TCP: test_no_connection
@pytest.mark.parametrize("transport, back, method", [
    ("udp", 1, "INVITE"), ("udp", 2, "INVITE"), ("tcp", 1, "INVITE"),
    ("udp", 1, "BYE"), ("udp", 2, "BYE"), ("tcp", 2, "BYE")])
def test_all_were_down(transport, back, method, server_pair, phone_factory):
    """Every server has failed, and the account waits half a minute for the
    next round.  One is back: what the user does in a call begins that round,
    as a dial does."""
    phone = ready(phone_factory, server_pair, transport,
                  config={"failover_retries": 0, "failover_keepalive": 1})
    call = talk(phone, server_pair[0])
    for server in server_pair:
        server.kill()
    phone.wait_state("down")
    server = server_pair[back - 1]
    server.start()
    since = time.monotonic()
    if method == "BYE":
        phone.hangup()
    else:
        phone.do("hold")
    phone.wait(lambda: [e for e in server.recorder.responses(method, since)
                        if e.msg.status == 200], what=method)
    if method == "INVITE":
        settle(phone, 0.5)
        assert call.active and not phone.events("CALL_CLOSED")


@pytest.fixture
def proxied(server_group, server_factory, phone_factory):
    """proxied(direction, transport) -> a call through the primary, with a
    far end of its own behind both: phone, primary, backup, far, call"""
    def make(direction="outgoing", transport="udp", **options):
        primary, backup = servers = server_group(2, transports=("udp", "tcp"))
        far = server_factory(name="far", transports=("udp", "tcp"),
                             table=primary.table)
        for server in servers:
            server.mode = "proxy"
        primary.table.bind(BOB, far.uri(transport))
        phone = ready(phone_factory, servers, transport, config=RETRY,
                      extra=DTMF, **options)
        if direction == "outgoing":
            phone.dial(BOB)
        else:
            far.call(ALICE, proxy=primary.uri(transport))
            phone.wait_event("CALL_INCOMING")
            phone.answer()
        call, = far.calls.wait_state("established")
        call.rtp.wait(10)
        phone.wait_event("CALL_ESTABLISHED")
        return phone, primary, backup, far, call

    return make


@pytest.mark.parametrize("what", ORDERS)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("fault", [SILENT, REFUSED])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_route_set(transport, fault, direction, what, proxied):
    """The dead hop is exchanged, the remote target stays; so it is for what
    comes later."""
    phone, primary, backup, far, call = proxied(direction, transport)
    method = ORDERS[what][0]
    fail(primary, fault)
    since = time.monotonic()
    order(phone, what)
    phone.wait_log(rf"{method} within the call .* went through server 2")
    entry = first(far, method, since)
    assert entry.msg.uri == far.uri(transport)
    if what == "hold":
        far.recorder.wait("ACK", since=since)
        since = time.monotonic()
        phone.resume()
        far.recorder.wait("ACK", since=since)
        assert not within(primary, "INVITE", since)
        still_talks(phone, call)
    phone.hangup()
    far.calls.wait_state("ended")


def test_back_at_the_primary(proxied):
    """What is sent after the return goes through the primary."""
    phone, primary, backup, far, call = proxied()
    fail(primary, SILENT)
    since = time.monotonic()
    phone.do("hold")
    far.recorder.wait("ACK", since=since)
    primary.behave_all()
    phone.do("failover_probe")
    in_use(phone, 1)
    since = time.monotonic()
    phone.resume()
    far.recorder.wait("ACK", since=since)
    assert within(primary, "INVITE", since)
    assert not within(backup, "INVITE", since)
    still_talks(phone, call)


@pytest.mark.parametrize("transports", [
    ("udp", "tcp"), ("tcp", "udp"), ("udp", "tls"), ("tls", "udp")])
@pytest.mark.parametrize("fault", [SILENT, REFUSED])
def test_mixed(fault, transports, server_factory, phone_factory):
    """Via and Contact name the transport that it goes over."""
    table, call_table = LocationTable(), CallTable()
    primary, backup = servers = [
        server_factory(name=kind, transports=(kind,), table=table,
                       call_table=call_table) for kind in transports]
    phone = phone_factory(account(ALICE, *(s.uri() for s in servers)),
                          config=options("tls"))
    in_use(phone, 1)
    call = talk(phone, primary)
    fail(primary, fault)
    since = time.monotonic()
    phone.do("hold")
    entry = moved(phone, backup, call, "hold", since)
    assert transports[1].upper() in entry.msg.top_via
    contact = entry.msg.get("Contact")
    kind = sip.uri_parts(sip.uri_of(contact))[3].get("transport", "udp")
    assert kind == transports[1]
    backup.recorder.wait("ACK", since=since)
    assert call.active and not phone.events("CALL_CLOSED")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_far_end_is_silent(transport, server_pair, phone_factory):
    """The server lives, as its answers to OPTIONS show: it is the far end
    that answers no REFER and no BYE.  The account stays."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport,
                  config={**RETRY, "failover_keepalive": 1})
    call = talk(phone, primary)
    primary.behave("REFER", silent=True)
    primary.behave("BYE", silent=True)
    order(phone, "transfer")
    sent = primary.recorder.wait("REFER")[0].time
    primary.recorder.wait("OPTIONS", 5, since=sent)
    assert not within(backup, "REFER")
    assert call.active
    phone.hangup()
    backup.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", backup.name)
    assert phone.account_status()["state"] == "primary"
    assert counters(phone)["failovers"] == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_server_for_a_transfer(transport, server_pair, phone_factory):
    """It fails, and the call goes on.  Baresip 1.x ends a call whose REFER is
    refused."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, config=RETRY)
    call = talk(phone, primary)
    for server in server_pair:
        server.behave_all(status=503)
    order(phone, "transfer")
    phone.wait_log("REFER within the call .* failed, the call goes on")
    for server in server_pair:
        server.behave_all()
    switch(phone, 1)
    assert call.active and not phone.events("CALL_CLOSED")
    phone.hangup()
    primary.calls.wait_state("ended")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_prack(transport, server_pair, phone_factory):
    """An early dialog.  A PRACK that is not answered speaks against its
    server; it does not go on through another one, as the INVITE that it
    belongs to cannot."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, config=RETRY,
                  extra="100rel=yes")
    if phone.version < (3, 0):
        pytest.skip("Baresip has PRACK from 3.0 on")
    primary.answer_calls(reliable=True, answer_ms=500)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    first, = primary.recorder.begun("PRACK")
    invite, = invites(primary)
    # libre ends the header with a bare line feed
    assert first.msg.get("RAck").split("\n")[0] == \
        f"1 {invite.msg.get('CSeq')}"
    phone.hangup()

    primary.answer_calls(reliable=True, answer_ms=None)
    primary.behave("PRACK", silent=True)
    phone.dial(BOB)
    in_use(phone, 2)
    phone.wait_log("PRACK not answered")
    assert not backup.recorder.requests("PRACK")
    assert not invites(backup)


def test_table_in_docs():
    """As the script makes it, no cell missing, each one that would pass."""
    path = os.path.join(REPO, "docs", "calls.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    found = parse(text)
    assert sorted(found) == sorted(cells())
    assert text == page(found)
    for cell, said in found.items():
        assert (said == FAILS) == (not can_be_sent(cell)), (cell, said)
