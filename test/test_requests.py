# SPDX-License-Identifier: BSD-3-Clause
"""What else the account sends and a dead server leaves unanswered: CANCEL,
OPTIONS, MESSAGE, SUBSCRIBE, re-INVITE. Specification section 2.2.1."""

import time
from collections import Counter

import pytest

from harness.dialling import counters, invites, ready, settle
from harness.scenario import (ALICE, AT_ONCE_S, BOB, in_time, in_use, line,
                              measured, our_lines)

TRANSPORTS = ["udp", "tcp"]
RETRY = {"failover_retries": 1}         # a server is given up after 1.5 s


def moved_by(phone, primary, backup, method, reason, since=0.0):
    """A request's fate has moved the account; how long that took."""
    in_use(phone, 2)
    first = primary.recorder.requests(method, since)[0].time
    took = backup.recorder.requests("REGISTER")[0].time - first
    measured(f"{method}: {reason}, account moved after", took)
    assert len(our_lines(phone, f"-> server 2 .*: {method}.*{reason}")) == 1
    assert counters(phone)["failovers"] == 1
    return took


# CANCEL

@pytest.mark.parametrize("transport", TRANSPORTS)
def test_cancel(transport, server_pair, phone_factory):
    """The account moves; the cancelled call is not placed again."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, config=RETRY)
    primary.answer_calls(answer_ms=None)
    phone.dial(BOB)
    phone.wait_event("CALL_RINGING")
    primary.behave_all(silent=True)
    phone.hangup()
    phone.wait_event("CALL_CLOSED")
    took = moved_by(phone, primary, backup, "CANCEL", "not answered")
    assert in_time(took, 1.5)
    settle(phone, 1)
    assert not backup.recorder.count("INVITE")
    assert len(invites(primary)) == 1
    assert counters(phone)["calls_moved"] == 0


# OPTIONS

@pytest.mark.parametrize("status", [200, 404, 405, 481])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_keepalive(transport, status, server_pair, phone_factory):
    """Any answer but those of failover_codes: alive."""
    primary, backup = server_pair
    primary.behave("OPTIONS", status=status)
    phone = ready(phone_factory, server_pair, transport,
                  config={"failover_keepalive": 1})
    sent = primary.recorder.wait("OPTIONS", 4)
    assert 2.7 < sent[3].time - sent[0].time < 3 + AT_ONCE_S
    assert not our_lines(phone) and not backup.recorder.count()


def test_no_keepalive(server_pair, phone_factory):
    phone = ready(phone_factory, server_pair)
    settle(phone, 2)
    assert not any(s.recorder.count("OPTIONS") for s in server_pair)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_keepalive_unanswered(transport, server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport,
                  config={**RETRY, "failover_keepalive": 1})
    primary.behave_all(silent=True)
    took = moved_by(phone, primary, backup, "OPTIONS", "not answered")
    assert in_time(took, 1.5)
    # the server in use is the one that is asked from now on
    since = time.monotonic()
    backup.recorder.wait("OPTIONS", 2, since=since)
    settle(phone, 2)
    asked = {e.branch for e in primary.recorder.requests("OPTIONS")}
    assert len(asked) <= 2


@pytest.mark.parametrize("config, status", [
    ({}, 503), ({}, 500), ({"failover_codes": "486"}, 486)])
def test_keepalive_refused(config, status, server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair,
                  config={"failover_keepalive": 1, **config})
    primary.behave("OPTIONS", status=status)
    assert moved_by(phone, primary, backup, "OPTIONS", str(status)) \
        < AT_ONCE_S


def test_keepalive_closed_port(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config={
        "failover_keepalive": 1})
    primary.kill()
    killed = time.monotonic()
    in_use(phone, 2)
    assert backup.recorder.requests("REGISTER")[0].time - killed \
        < 1 + AT_ONCE_S


@pytest.mark.parametrize("fall", [1, 3])
def test_given_up_keepalive_is_silent(fall, server_pair, phone_factory):
    """What a server was given up for is not sent to it any more, and neither
    is an OPTIONS that has had its time while the account stays."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config={
        **RETRY, "failover_keepalive": 1, "failover_fall": fall})
    primary.behave("OPTIONS", silent=True)
    if fall == 1:
        in_use(phone, 2)
    else:
        primary.recorder.wait("OPTIONS", 5)
    settle(phone, 5)                    # UDP would retransmit twice
    sends = Counter(e.branch for e in primary.recorder.requests("OPTIONS"))
    assert set(sends.values()) <= {1, 2}, sends     # failover_retries 1


def test_keepalive_challenged(server_pair, phone_factory):
    primary, backup = server_pair
    for server in server_pair:
        server.require_auth("alice", "secret",
                            ("REGISTER", "OPTIONS", "INVITE"))
    phone = ready(phone_factory, server_pair, password="secret",
                  config={"failover_keepalive": 1})
    primary.recorder.wait("OPTIONS", 4)
    statuses = {r.msg.status for r in primary.recorder.responses("OPTIONS")}
    assert statuses == {407, 200}
    assert not our_lines(phone) and not backup.recorder.count()


# Baresip's own

def slow_to_register(server):
    """mwi of Baresip 4.10 never ends if it has subscribed within its first
    millisecond."""
    server.behave("REGISTER", answer_delay=50)


def with_contact(phone_factory, servers, name, **options):
    """A phone that knows Bob, and has the module `name` of Baresip's."""
    slow_to_register(servers[0])
    phone = phone_factory(line(*servers), config=RETRY, start=False,
                          modules=("contact",) + name, **options)
    with open(phone.path("contacts"), "w", encoding="ascii") as contacts:
        contacts.write(f'"Bob" <{BOB}>;presence=p2p\n')
    phone.start()
    in_use(phone, 1)
    return phone


def test_message(server_pair, phone_factory):
    primary, backup = server_pair
    phone = with_contact(phone_factory, server_pair, ())
    phone.do("contact_next")
    primary.behave_all(silent=True)
    phone.command("message", "hello")
    moved_by(phone, primary, backup, "MESSAGE", "not answered")
    phone.command("message", "again")
    assert backup.recorder.wait("MESSAGE")[0].msg.body == b"again"


def test_message_to_a_silent_phone(server_pair, phone_factory):
    """The server answers OPTIONS meanwhile: it waits for the far end."""
    primary, _ = server_pair
    phone = with_contact(phone_factory, server_pair, ())
    phone.do("failover_set", f"{ALICE} failover_keepalive 1")
    phone.do("contact_next")
    primary.behave("MESSAGE", silent=True)
    phone.command("message", "hello")
    sent = primary.recorder.wait("MESSAGE")[0].time
    primary.recorder.wait("OPTIONS", 5, since=sent)
    assert phone.account_status()["state"] == "primary"
    assert counters(phone)["failovers"] == 0


def test_subscribe(server_pair, phone_factory):
    """Of mwi, right after the registration. An answer within the first
    millisecond of mwi 1.0.0's life has it subscribe without end."""
    primary, backup = server_pair
    primary.behave("REGISTER", answer_delay=500)
    primary.behave("SUBSCRIBE", silent=True)
    slow_to_register(primary)
    phone = phone_factory(line(*server_pair), config=RETRY,
                          modules=("mwi",))
    moved_by(phone, primary, backup, "SUBSCRIBE", "not answered")


def test_options_command(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=RETRY)
    primary.behave_all(silent=True)
    phone.command("options", BOB)
    moved_by(phone, primary, backup, "OPTIONS", "not answered")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_refer(transport, server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, config=RETRY)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    primary.behave_all(silent=True)
    silent = time.monotonic()
    phone.do("transfer", "sip:carol@127.0.0.1")
    primary.recorder.wait("REFER")
    # newer versions hold the call first, with a re-INVITE
    held = primary.recorder.requests("INVITE", silent)
    moved_by(phone, primary, backup, "INVITE" if held else "REFER",
             "not answered", silent)
    assert not phone.events("CALL_CLOSED")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_reinvite(transport, server_pair, phone_factory):
    """The account moves and the call stays."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, config=RETRY)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    call, = primary.calls.wait_state("established")
    primary.behave_all(silent=True)
    since = time.monotonic()
    phone.do("hold")
    primary.recorder.wait("INVITE", since=since)
    in_use(phone, 2)
    sent = [e for e in primary.recorder.requests("INVITE", since)]
    took = backup.recorder.requests("REGISTER")[0].time - sent[0].time
    measured(f"re-INVITE, {transport}, account moved after", took)
    assert in_time(took, 1.5)
    settle(phone, 1)
    assert call.active and not phone.events("CALL_CLOSED")
    assert backup.recorder.count("INVITE") == 1
    phone.hangup()
    backup.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", backup.name)


@pytest.mark.parametrize("status", [0, 486])
def test_answered_requests_move_nothing(status, server_pair, phone_factory):
    primary, backup = server_pair
    phone = with_contact(phone_factory, server_pair, ("mwi",))
    for method in ("MESSAGE", "OPTIONS", "SUBSCRIBE"):
        primary.behave(method, status=status)
    phone.do("contact_next")
    phone.command("message", "hello")
    phone.command("options", BOB)
    settle(phone, 2.5)
    assert not our_lines(phone) and not backup.recorder.count()
    assert phone.account_status(ALICE)["state"] == "primary"


@pytest.mark.parametrize("registrar_lives", [True, False])
def test_refused_request_asks(registrar_lives, server_pair, phone_factory):
    """A 503 to a request that belongs to no call: a REGISTER tells whether
    the server is to be left, and it is asked once."""
    primary, backup = server_pair
    phone = with_contact(phone_factory, server_pair, ())
    primary.behave_all(status=503)
    if registrar_lives:
        primary.behave("REGISTER")
    since = time.monotonic()
    phone.command("options", BOB)
    primary.recorder.wait("REGISTER", since=since)
    asked, = primary.recorder.begun("REGISTER", since)
    measured("REGISTER after a 503 to OPTIONS",
             asked.time - primary.recorder.requests("OPTIONS")[0].time)
    if registrar_lives:
        phone.command("options", BOB)
        settle(phone, 1)
        assert primary.recorder.count("REGISTER", since) == 1
        assert not our_lines(phone) and not backup.recorder.count()
    else:
        in_use(phone, 2)
        assert "503" in phone.account_status(ALICE)["servers"][0]["reason"]
