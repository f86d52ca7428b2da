# SPDX-License-Identifier: BSD-3-Clause
"""BYE failover: the far end does not stay off-hook, specification section
2.2.3."""

import socket
import time

import pytest

from harness import calls, sip
from harness.baresip import account
from harness.dialling import counters, ready, settle, stranger_says, talk
from harness.location import LocationTable
from harness.run import PATIENCE_S
from harness.scenario import (ALICE, AT_ONCE_S, BOB, binds, contact_uri,
                              in_time, in_use, is_where_it_listens, line,
                              measured, our_lines)

TRANSPORTS = ["udp", "tcp"]
DIRECTIONS = ["outgoing", "incoming"]
PATIENT = {"failover_retries": 2}       # a server is given up after 3.5 s


def hurry(phone):
    """Servers are given 0.5 s from now on; until here they had time."""
    phone.do("failover_set", "* failover_retries 0")


@pytest.fixture
def talking(server_pair, phone_factory):
    """talking(direction, transport, ...) -> a call through the primary:
    phone, primary, backup, call at the far end"""
    def make(direction="outgoing", transport="udp", password="", quick=False,
             **options):
        for server in server_pair:
            if password:
                server.require_auth("alice", password)
        phone = ready(phone_factory, server_pair, transport,
                      password=password, **options)
        call = talk(phone, server_pair[0], direction)
        if quick:
            hurry(phone)
        return phone, *server_pair, call

    return make


def ended_at_backup(phone, backup, call, timeout=PATIENCE_S):
    backup.calls.wait_state("ended", timeout=timeout)
    assert (call.ended_by, call.ended_via) == ("BYE", backup.name)
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)
    phone.wait_log("was hung up through server 2")
    bye = backup.recorder.requests("BYE")[-1].msg
    assert bye.call_id == call.call_id
    assert bye.from_tag == call.remote_tag and bye.to_tag == call.local_tag
    return bye


def assert_one_each(primary, backup, bye):
    """The backup's is a new transaction of the same dialog."""
    first = primary.recorder.requests("BYE")[0]
    assert bye.cseq > first.cseq and bye.branch != first.branch
    assert backup.recorder.count("BYE") == 1
    return first


# The server is a B2BUA

@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_silent(talking, direction, transport):
    phone, primary, backup, call = talking(direction, transport)
    primary.behave_all(silent=True)
    phone.hangup()
    backup.recorder.wait("BYE")
    bye = ended_at_backup(phone, backup, call)
    first = assert_one_each(primary, backup, bye)
    moved = backup.recorder.requests("BYE")[0].time
    measured(f"silent, {direction}, {transport}, BYE at the backup after",
             moved - first.time)
    assert in_time(moved - first.time, 7.5)
    assert len(primary.recorder.requests("BYE")) == \
        (4 if transport == "udp" else 1)
    assert backup.recorder.requests("REGISTER")[0].time < moved


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("reset", [False, True])
def test_closed_port(talking, direction, transport, reset):
    phone, primary, backup, call = talking(direction, transport)
    primary.kill(reset)
    started = time.monotonic()
    phone.hangup()
    ended_at_backup(phone, backup, call)
    took = backup.recorder.requests("BYE")[0].time - started
    measured(f"closed port, {direction}, {transport}, BYE at the backup "
             "after", took * 1000, "ms")
    assert took < AT_ONCE_S


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_digest(talking, direction, transport):
    """The backup challenges."""
    phone, primary, backup, call = talking(direction, transport,
                                           password="secret")
    primary.kill()
    phone.hangup()
    ended_at_backup(phone, backup, call)
    first, second = (e.msg for e in backup.recorder.requests("BYE"))
    assert second.get("Proxy-Authorization")
    assert second.cseq > first.cseq and second.branch != first.branch


@pytest.mark.parametrize("key, value, give_up_s", [
    ("failover_retries", 0, 0.5), ("failover_timeout", 2, 2.0)])
def test_give_up(talking, key, value, give_up_s):
    phone, primary, backup, call = talking(config={key: value})
    primary.behave_all(silent=True)
    phone.hangup()
    ended_at_backup(phone, backup, call)
    took = backup.recorder.requests("BYE")[0].time - \
        primary.recorder.requests("BYE")[0].time
    assert in_time(took, give_up_s)


def test_account_moved_before(talking):
    """Known to be dead: no time is lost on it."""
    phone, primary, backup, call = talking()
    primary.kill()
    phone.do("failover_switch", f"{ALICE} backup")
    phone.wait_state("backup")
    phone.hangup()
    ended_at_backup(phone, backup, call, timeout=AT_ONCE_S)


def test_called_by_another_name(server_pair, phone_factory):
    """The To of an incoming call need not be the account's AOR: a number
    that was forwarded, a group."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair)
    primary.call(ALICE, callee="sip:sales@test")
    phone.wait_event("CALL_INCOMING")
    phone.answer()
    call, = primary.calls.wait_state("established")
    hurry(phone)
    primary.behave_all(silent=True)
    phone.hangup()
    bye = ended_at_backup(phone, backup, call)
    assert "alice@" not in bye.get("From")


def test_moved_by_another_call(talking):
    """The account has moved by itself, the call stayed where it was."""
    phone, primary, backup, call = talking(quick=True)
    primary.behave_all(silent=True)
    phone.dial("sip:carol@127.0.0.1")
    backup.calls.wait_state("established", 2)
    phone.wait_event("CALL_ESTABLISHED", n=2)
    in_use(phone, 2)
    phone.do("line", "1")
    phone.hangup()
    ended_at_backup(phone, backup, call)
    assert len(backup.calls.active()) == 1


def test_far_end_hangs_up(talking):
    phone, primary, backup, call = talking()
    primary.hangup(call)
    phone.wait_event("CALL_CLOSED")
    settle(phone, 0.3)
    assert not primary.recorder.count("BYE")
    assert not backup.recorder.count()


def test_both_hang_up(talking):
    """The far end's BYE comes by the backup while ours is not answered."""
    phone, primary, backup, call = talking(config={"failover_retries": 1})
    primary.behave_all(silent=True)
    phone.hangup()
    primary.recorder.wait("BYE")
    backup.hangup(call)
    settle(phone, 2.5)
    assert not backup.recorder.count("BYE")
    assert phone.stop(40) == 0


def test_several_calls(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config={"failover_retries": 1})
    for number in range(10):
        phone.dial(f"sip:far{number}@127.0.0.1")
    backup.calls.wait_state("established", 10)
    phone.wait_event("CALL_ESTABLISHED", n=10)
    primary.behave_all(silent=True)
    for _ in range(10):
        phone.hangup()
    backup.calls.wait_state("ended", 10)
    assert backup.recorder.count("BYE") == 10
    phone.wait(lambda: counters(phone)["byes_moved"] == 10)
    assert counters(phone)["failovers"] == 1


def test_unknown_at_the_backup(server_factory, phone_factory):
    """481 ends it: what is not known there is over."""
    table = LocationTable()
    primary, backup = (server_factory(name=name, table=table)
                       for name in ("pbx1", "pbx2"))
    phone = ready(phone_factory, (primary, backup))
    call = talk(phone, primary)
    hurry(phone)
    primary.behave_all(silent=True)
    phone.hangup()
    backup.recorder.wait("BYE")
    phone.wait_log(rf"BYE of the call with .*, Call-ID {call.call_id}: "
                   r"server 2 \(.*\) does not know this call \(481\)")
    settle(phone, 1.5)
    assert backup.recorder.count("BYE") == 1
    assert not our_lines(phone, "hung up through")
    assert counters(phone)["byes_moved"] == 0
    in_use(phone, 2)


@pytest.mark.parametrize("status", [401, 403, 404, 407, 408, 500, 603])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_refused_at_the_backup(talking, transport, status):
    """It was not hung up there, and nobody says that it was."""
    phone, primary, backup, call = talking(transport=transport, quick=True)
    primary.behave_all(silent=True)
    backup.behave("BYE", status=status)
    phone.hangup()
    backup.recorder.wait("BYE")
    phone.wait_log(rf"BYE of .*{call.call_id}, was refused by server 2 "
                   rf"\(.*\): {status} ")
    settle(phone, 1)
    assert len(our_lines(phone, "BYE of the call")) == 1
    assert not our_lines(phone, "hung up through")
    assert backup.recorder.count("BYE") == 1
    assert counters(phone)["byes_moved"] == 0
    in_use(phone, 2)


@pytest.mark.parametrize("status", [401, 403, 404, 407, 481, 500, 603])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_refused_at_the_primary(talking, transport, status):
    """It lives and has answered: no move, whatever libre does then."""
    phone, primary, backup, call = talking(transport=transport,
                                           config=PATIENT)
    primary.behave("BYE", status=status)
    phone.hangup()
    primary.recorder.wait("BYE")
    settle(phone, 4.5)
    assert not backup.recorder.count("BYE")
    assert not backup.recorder.count("REGISTER")
    assert phone.account_status()["state"] == "primary"
    assert counters(phone)["failovers"] == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_challenged_for_ever(server_pair, transport, phone_factory):
    """libre ends it at the second challenge.  Nothing was left unanswered:
    the account stays, and the next server may take the BYE."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, password="secret",
                  config=PATIENT)
    call = talk(phone, primary)
    primary.behave("BYE", script=lambda req: req.reply(407, headers=[(
        "Proxy-Authenticate", f'Digest realm="test", '
        f'nonce="{sip.new_tag()}", qop="auth", algorithm=MD5')]))
    phone.hangup()
    ended_at_backup(phone, backup, call)
    assert primary.recorder.count("BYE") == 2
    settle(phone, 2)
    assert not backup.recorder.count("REGISTER")
    assert phone.account_status()["state"] == "primary"
    assert counters(phone)["failovers"] == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_trying_and_then_nothing(talking, transport):
    """The server lives, so the account stays; the BYE goes on."""
    phone, primary, backup, call = talking(
        transport=transport, config={"failover_retries": 1})
    primary.behave("BYE", script=lambda req: req.reply(100))
    phone.hangup()
    ended_at_backup(phone, backup, call)
    took = backup.recorder.requests("BYE")[0].time - \
        primary.recorder.requests("BYE")[0].time
    assert in_time(took, 1.5)
    assert phone.account_status()["state"] == "primary"


@pytest.mark.slow
def test_trying_everywhere(talking):
    """It has an end, and one line."""
    phone, primary, backup, call = talking(quick=True)
    for server in (primary, backup):
        server.behave("BYE", script=lambda req: req.reply(100))
    phone.hangup()
    phone.wait_log(rf"BYE of .*{call.call_id}, failed", 60)
    assert len(our_lines(phone, "BYE of the call")) == 1
    assert phone.account_status()["state"] == "primary"
    assert phone.stop(40) == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_timeout_at_the_primary(talking, transport):
    """408: the far end was not reached from there."""
    phone, primary, backup, call = talking(transport=transport)
    primary.behave("BYE", status=408)
    phone.hangup()
    ended_at_backup(phone, backup, call)
    assert primary.recorder.count("BYE") == 1
    assert phone.account_status()["state"] == "primary"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_timeout_while_the_backup_was_down(talking, transport):
    """What failed a while ago may work by now, and there is no other way."""
    phone, primary, backup, call = talking(transport=transport, quick=True)
    backup.kill()
    phone.do("failover_switch", f"{ALICE} backup")
    phone.wait_state("primary")
    status = phone.account_status()
    assert [s["state"] for s in status["servers"]] == ["up", "down"]
    backup.start()
    primary.behave("BYE", status=408)
    phone.hangup()
    ended_at_backup(phone, backup, call)
    assert phone.account_status()["state"] == "primary"


class Challenger:
    """Refuses the credentials of the first BYEs, as too old."""

    def __init__(self, server, times, delay_ms=0, then=0):
        self.server, self.left, self.then = server, times, then
        server.require_auth("alice", "secret", ())
        server.behave("BYE", script=self, answer_delay=delay_ms)

    def __call__(self, req):
        if self.left:
            self.left -= 1
            req.reply(407, headers=[(
                "Proxy-Authenticate", f'Digest realm="test", stale=true, '
                f'nonce="{sip.new_tag()}", qop="auth", algorithm=MD5')])
        elif self.then:
            req.reply(self.then)
        else:
            self.server.uas.bye(req)


def test_challenges_of_each_server(server_group, phone_factory):
    """What one has asked does not count against the next."""
    first, second, third = servers = server_group(3)
    phone = ready(phone_factory, servers, password="secret", config=PATIENT)
    call = talk(phone, first)
    first.behave_all(silent=True)
    Challenger(second, 3, then=503)
    Challenger(third, 3)
    phone.hangup()
    third.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", third.name)
    assert [s.recorder.count("BYE") for s in servers] == [1, 4, 4]
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)


def test_challenged_late(server_group, phone_factory):
    """The BYE with credentials gets its full time."""
    first, second, third = servers = server_group(3)
    phone = ready(phone_factory, servers, password="secret",
                  config={"failover_timeout": 6})
    call = talk(phone, first)
    first.kill()
    Challenger(second, 1, delay_ms=3500)
    phone.hangup()
    second.calls.wait_state("ended")
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)
    assert call.ended_via == second.name
    assert not third.recorder.count("BYE")


# Whose BYE is it?

def stranger_says_bye(phone, call, from_tag, to_tag):
    """A BYE from somewhere; the status that the phone answers."""
    return stranger_says(
        phone, "BYE", f"sip:alice@127.0.0.1:{phone.port}",
        ("From", f"<{BOB}>;tag={from_tag}"),
        ("To", f"<{ALICE}>;tag={to_tag}"), ("Call-ID", call.call_id))


@pytest.mark.parametrize("right", ["neither tag", "the far end's tag",
                                   "our tag"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_forged(talking, direction, right):
    """A stranger who knows the Call-ID cannot make the module forget."""
    phone, primary, backup, call = talking(direction, quick=True)
    tags = {"neither tag": ("x1", "x2"),
            "the far end's tag": (call.local_tag, "x2"),
            "our tag": ("x1", call.remote_tag)}[right]
    assert stranger_says_bye(phone, call, *tags) == 481
    primary.behave_all(silent=True)
    phone.hangup()
    ended_at_backup(phone, backup, call)
    in_use(phone, 2)


def rings_in_vain(phone, contact, call_id, from_tag):
    """Another call with this Call-ID comes in, rings and is cancelled."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]

        def send(method, body=b"", *headers):
            sock.sendto(sip.Message(method, contact, headers=[
                ("Via", f"SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK"
                 f"{from_tag};rport"), ("Max-Forwards", "70"),
                ("From", f"<{BOB}>;tag={from_tag}"), ("To", f"<{ALICE}>"),
                ("Call-ID", call_id), ("CSeq", f"4711 {method}"),
                *headers], body=body).encode(), ("127.0.0.1", phone.port))

        rung = len(phone.events("CALL_INCOMING"))
        send("INVITE", calls.sdp(9), ("Content-Type", "application/sdp"),
             ("Contact", f"<sip:bob@127.0.0.1:{port}>"))
        phone.wait_event("CALL_INCOMING", n=rung + 1)
        send("CANCEL")
        phone.wait_event("CALL_CLOSED")


def test_not_acknowledged(server_pair, phone_factory):
    """The user hangs up before the caller's ACK has come: older versions of
    libre send the BYE after that, and no server is blamed meanwhile."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config={"failover_retries": 1})
    acknowledge, held = primary.uac._ack, []
    primary.uac._ack = lambda *args: held.append(args)
    primary.call(ALICE)
    phone.wait_event("CALL_INCOMING")
    phone.answer()
    phone.wait(lambda: held)
    phone.hangup()
    phone.wait_event("CALL_CLOSED")
    settle(phone, 3)
    assert counters(phone)["failovers"] == 0 and not backup.recorder.count()
    primary._run(in_loop(acknowledge, *held[-1]))
    primary.calls.wait_state("ended")
    assert not backup.recorder.count("BYE")


async def in_loop(function, *args):
    function(*args)


@pytest.mark.parametrize("direction, group", [
    ("outgoing", True), ("outgoing", False), ("incoming", False)])
def test_another_call_of_that_id(direction, group, talking):
    """The user calls a group of phones that he is in himself, so his own call
    rings, until another phone takes it. Or the far end places a second call
    with the Call-ID of the first. When that ends, the first one goes on."""
    phone, primary, backup, call = talking(direction, quick=True)
    rings_in_vain(phone, contact_uri(binds(primary)[0]), call.call_id,
                  call.remote_tag if group else "x1")
    settle(phone, 2)
    assert "(1)" in phone.do("listcalls")
    assert counters(phone)["failovers"] == 0
    assert not primary.recorder.count("BYE") and not backup.recorder.count()

    primary.behave_all(silent=True)
    phone.hangup()
    ended_at_backup(phone, backup, call)


@pytest.mark.parametrize("fault", ["silent", "closed port"])
def test_both_accounts_of_one_phone(fault, server_pair, phone_factory):
    """One Call-ID, two dialogs, by way of the servers."""
    primary, backup = server_pair
    for server in server_pair:
        server.mode = "proxy"
    phone = phone_factory(line(*server_pair), line(*server_pair, aor=BOB))
    for aor in (ALICE, BOB):
        in_use(phone, 1, aor)
    phone.dial(BOB, ALICE)
    phone.wait_event("CALL_INCOMING")
    phone.answer()
    phone.wait_event("CALL_ESTABLISHED", n=2)
    settle(phone, 0.3)
    hurry(phone)
    if fault == "silent":
        primary.behave_all(silent=True)
    else:
        primary.kill()
    phone.hangup()
    phone.wait_event("CALL_CLOSED", n=2)
    backup.recorder.wait("BYE")
    phone.wait(lambda: sum(counters(phone, aor)["byes_moved"]
                           for aor in (ALICE, BOB)) == 1)
    assert backup.recorder.count("BYE") == 1
    phone.wait(lambda: "(0)" in phone.do("listcalls"))


def test_unavailable_twice(talking):
    """503 counts as any failure: failover_fall."""
    phone, primary, backup, call = talking(config={"failover_fall": 2})
    primary.behave("BYE", status=503)
    phone.hangup()
    ended_at_backup(phone, backup, call)
    assert primary.recorder.count("BYE") == 2
    assert in_use(phone, 2)["servers"][0]["reason"].startswith("BYE: 503")


def test_unavailable_everywhere(talking):
    phone, primary, backup, call = talking()
    for server in (primary, backup):
        server.behave("BYE", status=503)
    phone.hangup()
    _, said = phone.wait_log("BYE of .* failed")
    assert said.count("BYE: 503") == 2
    assert call.call_id in said
    assert [s.recorder.count("BYE") for s in (primary, backup)] \
        == [1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("death", ["killed", "silent"])
def test_no_server_left(talking, death):
    """One warning that names both."""
    phone, primary, backup, call = talking(quick=True)
    for server in (primary, backup):
        if death == "killed":
            server.kill()
        else:
            server.behave_all(silent=True)
    phone.hangup()
    phone.wait_event("CALL_CLOSED")
    _, said = phone.wait_log("BYE of .* failed", 45)
    assert primary.uri() in said and backup.uri() in said
    assert call.call_id in said
    assert len(our_lines(phone, "BYE of .* failed")) == 1


@pytest.mark.slow
def test_last_server_takes_no_bye(talking):
    """It registers, and leaves the BYE unanswered for 64*T1."""
    phone, primary, backup, call = talking(quick=True)
    primary.behave_all(silent=True)
    backup.behave("BYE", silent=True)
    phone.hangup()
    _, said = phone.wait_log("BYE of .* failed", 45)
    assert said.count("BYE not answered") == 2
    assert backup.recorder.count("BYE") == 1


# The servers are proxies, the far end is a phone, or a server of its own

@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_route_set(direction, transport, server_group, server_factory,
                   phone_factory):
    """The dead hop is exchanged, the remote target stays."""
    primary, backup = servers = server_group(2, transports=("udp", "tcp"))
    far = server_factory(name="far", transports=("udp", "tcp"),
                         table=primary.table)
    for server in servers:
        server.mode = "proxy"
    primary.table.bind(BOB, far.uri(transport))
    phone = ready(phone_factory, servers, transport)
    if direction == "outgoing":
        phone.dial(BOB)
    else:
        primary.proxy.route_params = ";x=1"
        far.call(ALICE, proxy=primary.uri(transport))
        phone.wait_event("CALL_INCOMING")
        phone.answer()
    call, = far.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    hurry(phone)
    primary.behave_all(silent=True)
    phone.hangup()
    far.calls.wait_state("ended")
    bye, = (e.msg for e in backup.recorder.begun("BYE"))
    first = primary.recorder.requests("BYE")[0].msg
    assert bye.uri == first.uri == far.uri(transport)
    old, new = (sip.uri_parts(sip.uri_of(msg.get("Route")))
                for msg in (first, bye))
    assert (old[2], new[2]) == (primary.port, backup.port)
    assert {"transport": "udp", **old[3]} == {"transport": "udp", **new[3]}
    assert "lr" in new[3]
    assert bye.cseq > first.cseq and bye.call_id == first.call_id
    assert (bye.from_tag, bye.to_tag) == (first.from_tag, first.to_tag)
    assert call.ended_by == "BYE"
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)


def test_direct_to_the_far_end(server_group, server_factory, phone_factory):
    """No Record-Route: the BYE needs no server."""
    primary, _ = servers = server_group(2)
    far = server_factory(name="far")
    for server in servers:
        server.mode, server.proxy.record_route = "proxy", False
    primary.table.bind(BOB, far.uri())
    phone = ready(phone_factory, servers)
    phone.dial(BOB)
    far.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    primary.behave_all(silent=True)
    phone.hangup()
    far.calls.wait_state("ended", timeout=AT_ONCE_S)
    assert counters(phone)["byes_moved"] == 0


def byes_printed(phone):
    """The CSeq of each BYE that the phone has printed."""
    lines = [text for _, text in list(phone.log.lines)]
    return {next(text for text in lines[number:] + ["CSeq: to come"]
                 if text.startswith("CSeq"))
            for number, text in enumerate(lines)
            if text.startswith("BYE sip:")}


@pytest.mark.parametrize("death", ["stopped", "killed"])
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("record_route", [True, False])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_kamailio(direction, record_route, transport, death, kamailio_group,
                  phone_factory):
    """Two loose-routing proxies, the far end is a plain Baresip on UDP."""
    group = kamailio_group(2, record_route=record_route)
    primary, backup = group.servers
    phone = phone_factory(line(*group.servers, transport=transport),
                          config={"failover_retries": 1}
                          if death == "stopped" else {})
    far = phone_factory(account(BOB, primary.uri()), failover=False,
                        args=["-s"])
    in_use(phone, 1)
    assert group.database.wait_bound(BOB)
    caller, called = (phone, far) if direction == "outgoing" else (far, phone)
    caller.dial(BOB if direction == "outgoing" else ALICE)
    called.wait_event("CALL_INCOMING")
    called.answer()
    contact, = group.database.bindings(ALICE)
    if called is phone and not record_route and \
            not is_where_it_listens(contact, phone):
        # the ACK goes past the server, to where nobody listens: with this
        # version of libre there is no such call
        far.wait_log("^SIP/2.0 200 Answering", n=2)
        assert not phone.events("CALL_ESTABLISHED")
        return
    for each in (phone, far):
        each.wait_event("CALL_ESTABLISHED")
    settle(phone, 0.3)          # the ACK has passed

    if death == "stopped":
        primary.stop()
    else:
        primary.kill()
    started = time.monotonic()
    phone.hangup()
    closed = far.wait_event("CALL_CLOSED")
    measured(f"Kamailio {death}, {direction}, {transport}, Record-Route "
             f"{record_route}, far end's call closed after",
             closed.time - started)
    if record_route:
        phone.wait(lambda: counters(phone)["byes_moved"] == 1)
        in_use(phone, 2)
        silence_s = 1.5 if death == "stopped" else 0
        assert closed.time - started < silence_s + AT_ONCE_S
    else:
        assert closed.time - started < AT_ONCE_S
    far.wait_log("^BYE sip:")
    settle(far, 0.2)
    assert len(byes_printed(far)) == 1


def test_kamailio_far_end_hangs_up(kamailio_pair, phone_factory):
    """Both phones have the module: the far end's BYE moves as well."""
    primary, _ = kamailio_pair
    phone, far = (phone_factory(line(*kamailio_pair, aor=aor),
                                config={"failover_retries": 1})
                  for aor in (ALICE, BOB))
    for each, aor in ((phone, ALICE), (far, BOB)):
        in_use(each, 1, aor)
    phone.dial(BOB)
    far.wait_event("CALL_INCOMING")
    far.answer()
    phone.wait_event("CALL_ESTABLISHED")
    settle(phone, 0.3)
    primary.stop()
    far.hangup()
    phone.wait_event("CALL_CLOSED")
    far.wait(lambda: counters(far)["byes_moved"] == 1)
    assert counters(phone)["byes_moved"] == 0


def test_kamailio_digest(kamailio_group, phone_factory):
    """A real server's challenge to the BYE."""
    group = kamailio_group(2, password="secret",
                           auth_methods=("REGISTER", "INVITE", "BYE"))
    phone = phone_factory(line(*group.servers, password="secret"))
    far = phone_factory(account(BOB, group[0].uri(), password="secret"),
                        failover=False)
    in_use(phone, 1)
    assert group.database.wait_bound(BOB)
    phone.dial(BOB)
    far.wait_event("CALL_INCOMING")
    far.answer()
    phone.wait_event("CALL_ESTABLISHED")
    settle(phone, 0.3)
    hurry(phone)
    group[0].stop()
    phone.hangup()
    far.wait_event("CALL_CLOSED")
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)
