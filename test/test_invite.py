# SPDX-License-Identifier: BSD-3-Clause
"""INVITE failover: a call survives the death of the server it is dialled
through, specification section 2.2.2."""

import pytest

from harness.baresip import account

ALICE = "sip:alice@127.0.0.1"
BOB = "sip:bob@127.0.0.1"
TRANSPORTS = ["udp", "tcp"]


@pytest.fixture
def registered(server_pair, phone_factory):
    """registered(transport, **phone options) -> phone, primary, backup"""
    def make(transport="udp", **options):
        primary, backup = server_pair
        phone = phone_factory(
            account(ALICE, primary.uri(transport), backup.uri(transport)),
            **options)
        phone.wait_state("primary")
        return phone, primary, backup

    return make


def moved_once(phone, primary, backup):
    """One call, set up at the backup, never closed for the user."""
    call, = backup.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    call.rtp.wait(20)
    assert not phone.events("CALL_CLOSED")
    assert len({e.call_id for e in backup.recorder.requests("INVITE")}) == 1
    assert phone.account_status()["counters"]["calls_moved"] == 1
    assert call.server == backup.name
    return call


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_silent(registered, transport):
    phone, primary, backup = registered(transport)
    primary.behave_all(silent=True)
    phone.dial(BOB)
    backup.recorder.wait("INVITE", timeout=15)
    first = primary.recorder.requests("INVITE")[0].time
    moved = backup.recorder.requests("INVITE")[0].time
    sent = [e for e in primary.recorder.requests("INVITE") if e.time < moved]
    assert len(sent) == (4 if transport == "udp" else 1)
    assert backup.recorder.requests("REGISTER")[0].time < moved
    assert 7.45 < moved - first < 9
    print(f"measured: {(moved - first) * 1000:.0f} ms until the INVITE at "
          "the backup")
    moved_once(phone, primary, backup)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_status_503(registered, transport):
    phone, primary, backup = registered(transport)
    primary.behave("INVITE", status=503)
    phone.dial(BOB)
    backup.recorder.wait("INVITE")
    first = primary.recorder.requests("INVITE")[0].time
    moved = backup.recorder.requests("INVITE")[0].time
    assert moved - first < 1.5
    print(f"measured: {(moved - first) * 1000:.0f} ms")
    moved_once(phone, primary, backup)
    assert len(primary.recorder.transactions("INVITE")) == 1
    primary.recorder.wait("ACK")


def test_closed_port(registered):
    phone, primary, backup = registered()
    primary.kill()
    phone.dial(BOB)
    moved_once(phone, primary, backup)


def test_trying_keeps_the_call(registered):
    phone, primary, backup = registered(config={"failover_retries": 1})
    primary.answer_calls(ringing_ms=4000, answer_ms=4100)
    phone.dial(BOB)
    call, = backup.calls.wait_state("established")
    assert call.server == primary.name
    assert not backup.recorder.count()
