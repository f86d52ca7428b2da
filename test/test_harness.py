# SPDX-License-Identifier: BSD-3-Clause
"""The harness itself, with a plain Baresip: no failover module needed."""

import contextlib
import socket
import time

import pytest

from harness import ports as port_numbers
from harness import sip
from harness.baresip import account
from harness.calls import ESTABLISHED, RINGING, Call, CallTable
from harness.location import LocationTable
from harness.scenario import LATE_S, in_time, is_where_it_listens

ALICE = "sip:alice@127.0.0.1"
BOB = "sip:bob@127.0.0.1"


def plain(phone_factory, aor, uri, **options):
    """A phone without our module, registered through one server."""
    password = options.pop("password", "")
    return phone_factory(account(aor, uri, password=password),
                         failover=False, **options)


# Ports, messages, the table

def test_ports_differ(ports):
    taken = [ports.free_port() for _ in range(50)]
    assert len(set(taken)) == 50
    assert all(ports.is_free(port) for port in taken)


def test_message_round_trip():
    msg = sip.Message("INVITE", "sip:bob@127.0.0.1", headers=[
        ("Via", "SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKa, SIP/2.0/TCP b"),
        ("From", '"A, B" <sip:a@b;x=y>;tag=1'), ("To", "<sip:bob@b>"),
        ("Call-ID", "c"), ("CSeq", "7 INVITE")], body=b"v=0\r\n")
    got = sip.parse(msg.encode())
    assert (got.branch, got.cseq, got.cseq_method) == ("z9hG4bKa", 7,
                                                       "INVITE")
    assert (got.from_tag, got.to_tag, got.body) == ("1", "", b"v=0\r\n")
    assert len(got.all("Via")) == 2
    with pytest.raises(ValueError):
        sip.parse(b"nonsense\r\n\r\n")


def test_stream_framing():
    msg = sip.Message("BYE", "sip:b", headers=[("Via", "x")], body=b"12")
    buffer = bytearray(b"\r\n\r\n" + msg.encode() * 2 + b"BYE ")
    assert sip.frame(buffer) == msg.encode()
    assert sip.frame(buffer) == msg.encode()
    assert sip.frame(buffer) is None and buffer == b"BYE "


def test_digest_of_rfc2617():
    value = ('Digest username="Mufasa", realm="testrealm@host.com", '
             'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
             'uri="/dir/index.html", qop=auth, nc=00000001, '
             'cnonce="0a4f113b", '
             'response="6629fae49393a05397450978507c4ef1"')
    assert sip.digest_ok(value, "GET", "Circle Of Life")
    assert not sip.digest_ok(value, "GET", "circle of life")


def test_location_table_knows_its_gaps():
    table = LocationTable()
    start = time.monotonic()
    assert table.bind(ALICE, "sip:c1", 3600, "call", 1)
    assert not table.bind(ALICE, "sip:c1", 0, "call", 1)    # older
    assert table.bind(ALICE, "sip:c1", 0, "call", 2)
    time.sleep(0.05)
    assert table.bind(ALICE, "sip:c1", 1, "other", 1)
    assert table.bind(ALICE, "sip:c2", 3600, "other", 2)
    assert 0.05 <= table.longest_unbound_s(ALICE) < LATE_S
    assert len(table.unbound_intervals(ALICE, until=start + 1)) == 1
    assert list(table.bindings(ALICE)) == ["sip:c1", "sip:c2"]


def test_location_table_counts_expiry():
    table = LocationTable()
    before = time.monotonic()
    table.bind(ALICE, "sip:c1", 1)
    bound = time.monotonic()
    gap = table.longest_unbound_s(ALICE, until=bound + 3)
    assert 2 <= gap <= 2 + bound - before


def test_late_ringing_is_ignored():
    """A 180 that a 200 has overtaken on its way: the call stays up."""
    table = CallTable()
    call = table.add(Call("id", "tag", "", True, sip.Message(), "server"))
    for state in (ESTABLISHED, RINGING):
        table.set_state(call, state)
    assert call.state == ESTABLISHED


# The scripted server

@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_register(transport, server_factory, phone_factory):
    server = server_factory(transports=(transport,))
    phone = plain(phone_factory, ALICE, server.uri())
    assert server.table.wait_bound(ALICE)
    phone.wait_log("200 OK")
    assert server.recorder.requests("REGISTER")[0].transport == transport

    assert phone.stop() == 0
    assert server.table.wait(lambda table: not table.bindings(ALICE))
    assert not server.recorder.malformed


def test_register_with_digest(server_factory, phone_factory):
    server = server_factory()
    server.require_auth("alice", "secret")
    plain(phone_factory, ALICE, server.uri(), password="secret")
    server.recorder.wait_for(
        lambda: len(server.recorder.responses("REGISTER")) == 2)
    assert [r.msg.status for r in server.recorder.responses("REGISTER")] \
        == [401, 200]
    assert server.table.bindings(ALICE)


def test_register_with_wrong_password(server_factory, phone_factory):
    server = server_factory()
    server.require_auth("alice", "secret")
    phone = plain(phone_factory, ALICE, server.uri(), password="guess")
    phone.wait_log("403 Forbidden")
    assert not server.table.bindings(ALICE)


def test_silent_then_normal(server_factory, phone_factory):
    server = server_factory()
    server.behave("REGISTER", silent=True)
    plain(phone_factory, ALICE, server.uri())
    sent = server.recorder.wait("REGISTER", 3)
    assert len({entry.branch for entry in sent}) == 1
    assert in_time(sent[2].time - sent[0].time, 1.5)
    server.behave("REGISTER")
    assert server.table.wait_bound(ALICE)


def test_fixed_status_and_headers(server_factory, phone_factory):
    server = server_factory()
    server.behave("REGISTER", status=503, headers=[("Retry-After", "7")])
    phone = plain(phone_factory, ALICE, server.uri())
    phone.wait_log("503 Service Unavailable")
    answer = server.recorder.responses("REGISTER")[0].msg
    assert (answer.status, answer.get("Retry-After")) == (503, "7")


def test_delays(server_factory, phone_factory):
    server = server_factory()
    server.behave("REGISTER", handle_delay=150,
                  answer_delay=lambda msg: 50 * len(msg.method))
    phone = plain(phone_factory, ALICE, server.uri())
    phone.wait_log("200 OK")
    asked = server.recorder.requests("REGISTER")[0]
    bound = server.table.changes(ALICE)[0].time
    answer = server.recorder.responses("REGISTER")[0].time
    assert 0.14 < bound - asked.time < LATE_S
    assert 0.39 < answer - bound < LATE_S


@pytest.mark.parametrize("transport, requests", [("udp", 2), ("tcp", 1)])
def test_hold_and_release(transport, requests, server_factory,
                          phone_factory):
    server = server_factory(transports=(transport,))
    server.hold()
    plain(phone_factory, ALICE, server.uri())
    server.recorder.wait("REGISTER", requests)
    assert not server.recorder.responses() and not server.table.history
    server.release()
    assert server.table.wait_bound(ALICE)
    assert len(server.table.changes(ALICE)) == 1


def test_kill_and_start(server_factory):
    server = server_factory(transports=("udp", "tcp"))
    address = (server.host, server.port)
    stream = socket.create_connection(address, 2)
    server.kill()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect(address)
        sock.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            sock.recv(100)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 2)
    with stream, contextlib.suppress(ConnectionResetError):
        assert stream.recv(100) == b""
    server.start()
    socket.create_connection(address, 2).close()


def test_kill_resets_connections(server_factory):
    server = server_factory(transports=("tcp",))
    with socket.create_connection((server.host, server.port), 2) as stream:
        stream.sendall(b"not SIP\r\n\r\n")
        while not server.recorder.malformed:
            time.sleep(0.01)
        server.kill(reset=True)
        with pytest.raises(ConnectionResetError):
            stream.recv(100)


def test_keepalives_are_ignored(server_factory):
    server = server_factory()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for data in (b"", b"\r\n", b"\r\n\r\n", b"not SIP"):
            sock.sendto(data, (server.host, server.port))
        end = time.monotonic() + 5
        while not server.recorder.malformed and time.monotonic() < end:
            time.sleep(0.01)
    assert server.recorder.malformed == [b"not SIP"]


# Calls

@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("auth", [False, True])
def test_call_and_hangup(transport, auth, server_factory, phone_factory):
    server = server_factory(transports=(transport,))
    if auth:
        server.require_auth("alice", "secret")
    phone = plain(phone_factory, ALICE, server.uri(), password="secret")
    server.table.wait_bound(ALICE)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    call, = server.calls.wait_state("established")
    assert call.rtp.wait(20) >= 20
    phone.hangup()
    server.calls.wait_state("ended")
    assert call.ended_by == "BYE" and server.calls.max_active == 1


def test_call_is_busy(server_factory, phone_factory):
    server = server_factory()
    server.answer_calls(status=486)
    phone = plain(phone_factory, ALICE, server.uri())
    phone.dial(BOB)
    assert "486" in phone.wait_event("CALL_CLOSED").param
    server.recorder.wait("ACK")


def test_cancel_while_ringing(server_factory, phone_factory):
    server = server_factory()
    server.answer_calls(answer_ms=None)
    phone = plain(phone_factory, ALICE, server.uri())
    phone.dial(BOB)
    phone.wait_event("CALL_RINGING")
    phone.hangup()
    server.calls.wait_state("cancelled")
    server.recorder.wait("ACK")
    assert server.recorder.count("INVITE") == 1


def test_backup_ends_call_of_primary(server_pair, phone_factory):
    """The dialog is shared: the phone's BYE may arrive at the other."""
    primary, backup = server_pair
    phone = plain(phone_factory, ALICE, primary.uri())
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    call, = primary.calls.wait_state("established")
    backup.hangup(call)
    phone.wait_event("CALL_CLOSED")
    assert backup.calls.wait_state("ended") == [call]
    assert call.ended_by == "local BYE 200"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_incoming_call(transport, server_factory, phone_factory):
    server = server_factory(transports=("udp", "tcp"))
    phone = plain(phone_factory, ALICE, server.uri(transport))
    assert server.table.wait_bound(ALICE)
    call = server.call(ALICE)
    phone.wait_event("CALL_INCOMING")
    phone.answer()
    server.calls.wait_state("established")
    assert call.rtp.wait(20)
    phone.hangup()
    server.calls.wait_state("ended")
    assert call.ended_by == "BYE"


@pytest.mark.parametrize("record_route", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_scripted_proxy(transport, record_route, server_factory,
                        phone_factory):
    """Two phones through the scripted server as a proxy."""
    server = server_factory(transports=(transport,))
    server.mode, server.proxy.record_route = "proxy", record_route
    call_through(server, server.table, transport, record_route,
                 phone_factory)
    assert record_route <= server.recorder.count("BYE")


@pytest.mark.parametrize("caller_ends", [False, True])
def test_far_end_behind_proxy(caller_ends, server_factory, phone_factory):
    """The far end is a server of its own, bound in the proxy's table."""
    far = server_factory(name="far")
    server = server_factory()
    server.mode = "proxy"
    server.table.bind(BOB, far.uri())
    phone = plain(phone_factory, ALICE, server.uri())
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    call, = far.calls.wait_state("established")
    far.recorder.wait("ACK")
    assert call.rtp.wait(10) and not server.calls.all()
    if caller_ends:
        phone.hangup()
        far.calls.wait_state("ended")
        assert server.recorder.count("BYE") == 1
    else:
        far.hangup(call)
        phone.wait_event("CALL_CLOSED")
        far.calls.wait_state("ended")
        assert server.recorder.count("BYE") == 1


def test_many_calls_at_once(server_factory, phone_factory):
    server = server_factory()
    phone = plain(phone_factory, ALICE, server.uri())
    for number in range(20):
        phone.dial(f"sip:far{number}@127.0.0.1")
    talking = server.calls.wait_state("established", 20)
    for call in talking:
        call.rtp.wait(5)
    assert phone.stop() == 0
    server.calls.wait_state("ended", 20)
    assert server.calls.max_active == 20


def test_phone_under_valgrind(server_factory, phone_factory):
    """A wrapper command, as runs that look for leaks need it."""
    server = server_factory()
    phone = plain(phone_factory, ALICE, server.uri(),
                  wrapper=["valgrind", "-q", "--error-exitcode=99"])
    assert server.table.wait_bound(ALICE, 30)
    assert phone.stop(30) == 0


def call_through(server, table, transport, record_route, phone_factory):
    alice = plain(phone_factory, ALICE, server.uri(transport),
                  password="secret")
    bob = plain(phone_factory, BOB, server.uri(transport), password="secret")
    assert table.wait_bound(ALICE) and table.wait_bound(BOB)
    contact, = table.bindings(BOB)
    alice.dial(BOB)
    bob.wait_event("CALL_INCOMING")
    bob.answer()
    alice.wait_event("CALL_ESTABLISHED")
    if not record_route and not is_where_it_listens(contact, bob):
        return      # the ACK goes past the server, to where nobody listens
    bob.wait_event("CALL_ESTABLISHED")
    alice.hangup()
    bob.wait_event("CALL_CLOSED")


# Kamailio

@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_kamailio_register(transport, kamailio_pair, phone_factory):
    backup = kamailio_pair[1]
    phone = plain(phone_factory, ALICE, backup.uri(transport))
    found = kamailio_pair.database.wait_bound(ALICE)
    (contact, left_s), = found.items()
    assert is_where_it_listens(contact, phone) or transport == "tcp"
    assert 3590 < left_s <= 3600
    with kamailio_pair.poller(ALICE) as poller:
        phone.wait(lambda: len(poller.samples) > 20)
        assert phone.stop() == 0
        kamailio_pair.database.wait_bound(ALICE, False)
        phone.wait(lambda: poller.longest_unbound_s() > 0.05)
    assert poller.most_bindings() == 1


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("record_route", [False, True])
@pytest.mark.parametrize("password", ["", "secret"])
def test_kamailio_call(transport, record_route, password, kamailio_group,
                       phone_factory):
    group = kamailio_group(2, record_route=record_route, password=password)
    call_through(group[0], group.database, transport,
                 record_route, phone_factory)


def test_kamailio_stop_and_cont(kamailio_pair, phone_factory):
    primary, backup = kamailio_pair
    primary.stop()
    assert not primary.answers(0.5) and backup.answers()
    phone = plain(phone_factory, ALICE, primary.uri())
    phone.wait(lambda: not kamailio_pair.database.bindings(ALICE))
    primary.cont()
    kamailio_pair.database.wait_bound(ALICE)
    assert primary.answers()


def test_kamailio_kill_and_restart(kamailio_pair):
    primary = kamailio_pair[0]
    primary.kill()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect((port_numbers.HOST, primary.port))
        sock.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            sock.recv(100)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((port_numbers.HOST, primary.port), 2)
    primary.restart()
    assert primary.answers()


# The phone

def test_phone_commands(phone_factory, server_factory):
    server = server_factory()
    phone = plain(phone_factory, ALICE, server.uri(), args=["-s"])
    assert phone.command("reginfo")[0]
    good, text = phone.command("nonsense")
    assert not good and text
    phone.wait_log("REGISTER sip:")
    phone.wait_log("200 OK")
    assert phone.stop() == 0 and phone.exit_code == 0


def test_phone_is_killed_when_it_does_not_quit(phone_factory,
                                               server_factory):
    """A dead server's pending transaction holds a plain quit for 32 s."""
    server = server_factory()
    server.behave_all(silent=True)
    phone = plain(phone_factory, ALICE, server.uri())
    started = time.monotonic()
    assert phone.stop(timeout=1.0) in (0, -9)
    assert time.monotonic() - started < 1 + LATE_S
