# SPDX-License-Identifier: BSD-3-Clause
"""Calls and hang-ups that move, under valgrind."""

import pytest

from harness.dialling import counters, settle
from harness.scenario import BOB, in_use, line, switch
from test_unload import SLOW_S, VALGRIND, assert_clean, remove

CAROL = "sip:carol@127.0.0.1"


def valgrind_phone(make, servers, transport="udp"):
    phone = make(line(*servers, transport=transport, password="secret"),
                 wrapper=VALGRIND, start=False,
                 config={"failover_retries": 1}).start(SLOW_S)
    in_use(phone, 1, timeout=SLOW_S)
    return phone


def call_moves(phone, primary, backup):
    """A call moves; its BYE moves back."""
    primary.behave("INVITE", silent=True)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED", SLOW_S)
    in_use(phone, 2, timeout=SLOW_S)
    primary.behave_all()
    backup.behave_all(silent=True)
    phone.hangup()
    in_use(phone, 1, timeout=SLOW_S)
    phone.wait(lambda: counters(phone)["byes_moved"] == 1, SLOW_S)
    backup.behave_all()


def hang_up_on_the_way(phone, primary, delay_s):
    """While the INVITE is not answered, or while the account moves."""
    primary.behave_all(silent=True)
    count = len(phone.events("CALL_CLOSED"))
    phone.dial(CAROL)
    settle(phone, delay_s)
    phone.hangup()
    phone.wait_event("CALL_CLOSED", SLOW_S, n=count + 1)
    primary.behave_all()


@pytest.mark.slow
@pytest.mark.parametrize("end", ["quit", "rmmod"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_calls(transport, end, server_pair, phone_factory):
    primary, backup = server_pair
    for server in server_pair:
        server.require_auth("alice", "secret")
    phone = valgrind_phone(phone_factory, server_pair, transport)
    call_moves(phone, primary, backup)
    for delay_s in (0.3, 1.55):
        hang_up_on_the_way(phone, primary, delay_s)
        settle(phone, 1.5)
        if phone.account_status()["active"] != 1:
            switch(phone, 1)
    primary.kill(reset=True)            # over TCP a new call is placed
    phone.command("dial", BOB)
    phone.wait_event("CALL_ESTABLISHED", SLOW_S, n=2)
    primary.start()
    if end == "rmmod":                  # a call stays
        remove(phone)
    assert_clean(phone)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["quit", "rmmod"])
@pytest.mark.parametrize("what", ["call", "bye", "hold", "uadel"])
def test_end_during_a_move(what, end, server_pair, phone_factory):
    """It is under way when the module, or the account, goes."""
    primary, backup = server_pair
    phone = valgrind_phone(phone_factory, server_pair)
    if what in ("bye", "hold"):
        phone.dial(BOB)
        phone.wait_event("CALL_ESTABLISHED", SLOW_S)
    backup.behave("REGISTER", answer_delay=2000)
    primary.behave_all(silent=True)
    if what == "bye":
        phone.hangup()
    elif what == "hold":
        phone.do("hold")
    else:
        phone.dial(BOB)
    backup.recorder.wait("REGISTER", timeout=SLOW_S)
    if what == "uadel":
        phone.do("uadel", "sip:alice@127.0.0.1")
    if end == "rmmod":
        remove(phone)
        settle(phone, 0.5)
    primary.behave_all()
    assert_clean(phone)
