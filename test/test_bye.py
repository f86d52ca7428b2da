# SPDX-License-Identifier: BSD-3-Clause
"""BYE failover: the far end does not stay off-hook, specification section
2.2.3."""

import pytest

from harness.baresip import account

ALICE = "sip:alice@127.0.0.1"
BOB = "sip:bob@127.0.0.1"
TRANSPORTS = ["udp", "tcp"]
DIRECTIONS = ["outgoing", "incoming"]


@pytest.fixture
def talking(server_pair, phone_factory):
    """talking(direction, transport, ...) -> a call through the primary:
    phone, primary, backup, call at the far end"""
    def make(direction="outgoing", transport="udp", password="", **options):
        primary, backup = server_pair
        if password:
            for server in server_pair:
                server.require_auth("alice", password)
        phone = phone_factory(
            account(ALICE, primary.uri(transport), backup.uri(transport),
                    password=password), **options)
        phone.wait_state("primary")
        if direction == "outgoing":
            phone.dial(BOB)
        else:
            primary.call(ALICE)
            phone.wait_event("CALL_INCOMING")
            phone.answer()
        call, = primary.calls.wait_state("established")
        call.rtp.wait(10)
        phone.wait_event("CALL_ESTABLISHED")
        return phone, primary, backup, call

    return make


def ended_at_backup(phone, backup, call, timeout=10):
    backup.calls.wait_state("ended", timeout=timeout)
    assert (call.ended_by, call.ended_via) == ("BYE", backup.name)
    phone.wait(lambda: phone.account_status()["counters"]["byes_moved"] == 1)
    phone.wait_log("was hung up through server 2")
    bye = backup.recorder.requests("BYE")[-1].msg
    assert bye.call_id == call.call_id
    assert bye.from_tag == call.remote_tag and bye.to_tag == call.local_tag
    return bye


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_silent(talking, direction, transport):
    phone, primary, backup, call = talking(direction, transport)
    primary.behave_all(silent=True)
    phone.hangup()
    backup.recorder.wait("BYE", timeout=15)
    bye = ended_at_backup(phone, backup, call)
    first = primary.recorder.requests("BYE")[0]
    moved = backup.recorder.requests("BYE")[0].time - first.time
    assert 7.45 < moved < 9
    print(f"measured: {moved * 1000:.0f} ms until the BYE at the backup")
    assert bye.cseq > first.cseq and bye.branch != first.branch
    assert primary.recorder.count("BYE") == (4 if transport == "udp" else 1)
    assert backup.recorder.requests("REGISTER")[0].time < \
        backup.recorder.requests("BYE")[0].time


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_closed_port(talking, direction, transport):
    phone, primary, backup, call = talking(direction, transport)
    primary.kill()
    phone.hangup()
    ended_at_backup(phone, backup, call)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_digest(talking, direction):
    phone, primary, backup, call = talking(direction, password="secret")
    primary.kill()
    phone.hangup()
    ended_at_backup(phone, backup, call)


def test_account_moved_before(talking):
    """Known to be dead: no time is lost on it."""
    phone, primary, backup, call = talking()
    primary.kill()
    phone.do("failover_switch", f"{ALICE} backup")
    phone.wait_state("backup")
    phone.hangup()
    ended_at_backup(phone, backup, call, timeout=3)


def test_far_end_hangs_up(talking):
    phone, primary, backup, call = talking()
    primary.hangup(call)
    phone.wait_event("CALL_CLOSED")
    assert not primary.recorder.count("BYE")
    assert not backup.recorder.count()
