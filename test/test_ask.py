# SPDX-License-Identifier: BSD-3-Clause
"""failover_test: a server is asked with the account's credentials, and
nothing changes."""

import time

import pytest

from harness import ports
from harness.scenario import (ALICE, QUICK, in_use, line, our_lines,
                              wait_quiet)
from harness.web import Web


def answer(phone, uri, aor=ALICE):
    """Ask, and wait for the answer; its text."""
    text = phone.do("failover_test", f"{aor} {uri}")
    assert "asking" in text
    found = phone.wait(lambda: phone.account_status(aor)["test"])
    assert found["uri"] == uri and found["text"].startswith(uri + ": ")
    assert abs(found["time"] - time.time()) < 30
    assert phone.do("failover_test", aor) == \
        f"{aor[4:]}: test of {found['text']}\n"
    return found


@pytest.fixture
def third(server_factory):
    return server_factory(name="third", transports=("udp", "tcp"))


def servers_of(phone):
    account = phone.account_status()
    return [(s["state"], s["reason"], s["registered"])
            for s in account["servers"]] + [account["counters"]]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_server_that_would_take_it(transport, server_pair, third,
                                   phone_factory):
    third.require_auth("alice", "secret")
    phone = phone_factory(line(*server_pair, password="secret"))
    in_use(phone, 1)
    wait_quiet(server_pair)
    before = servers_of(phone)
    found = answer(phone, third.uri(transport))
    assert found["answered"] and ": 200 OK in " in found["text"]
    asked = third.recorder.requests("REGISTER")
    assert len(asked) == 2 and asked[1].msg.get("Authorization")
    assert not any(e.msg.get("Contact") for e in asked)
    assert not third.table.bindings(ALICE)
    assert servers_of(phone) == before
    assert our_lines(phone) == [
        f"failover: alice@127.0.0.1: test of {found['text']}"]


def test_wrong_password(server_pair, third, phone_factory):
    third.require_auth("alice", "other")
    phone = phone_factory(line(*server_pair, password="secret"))
    in_use(phone, 1)
    found = answer(phone, third.uri())
    assert found["answered"] and ": 40" in found["text"]
    assert third.recorder.count("REGISTER") <= 3


def test_server_in_use_that_is_silent(server_pair, phone_factory):
    """Its silence is no evidence: the user has only asked."""
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup), config=QUICK)
    in_use(phone, 1)
    wait_quiet(server_pair)
    before = servers_of(phone)
    primary.behave_all(silent=True)
    found = answer(phone, primary.uri())
    assert not found["answered"]
    assert ": REGISTER not answered in 0." in found["text"]
    # libre goes on sending it: that is none either
    count = len(primary.recorder.requests("REGISTER"))
    primary.recorder.wait_for(
        lambda: len(primary.recorder.requests("REGISTER")) > count + 1)
    assert servers_of(phone) == before
    primary.behave_all()


def test_late_answer_changes_nothing(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup), config=QUICK)
    in_use(phone, 1)
    backup.behave("REGISTER", answer_delay=1500)
    found = answer(phone, backup.uri())
    assert not found["answered"]
    backup.recorder.wait_for(lambda: backup.recorder.responses("REGISTER"))
    assert phone.account_status()["servers"][1]["state"] == "unknown"


@pytest.mark.parametrize("transport, says", [
    ("udp", "Connection refused"), ("tcp", "Connection refused")])
def test_closed_port(transport, says, server_pair, phone_factory):
    port = ports.free_port()
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    found = answer(phone, f"sip:127.0.0.1:{port};transport={transport}")
    assert not found["answered"] and says in found["text"]


def test_several_one_after_the_other(server_pair, third, phone_factory):
    third.behave_all(silent=True)
    phone = phone_factory(line(*server_pair),
                          config={"failover_retries": 1})
    in_use(phone, 1)
    phone.do("failover_test", f"{ALICE} {third.uri()}")
    assert "is being asked" in phone.do("failover_test", ALICE)
    good, text = phone.command("failover_test",
                               f"{ALICE} {server_pair[0].uri()}")
    assert not good and "is being asked" in text
    phone.wait(lambda: phone.account_status()["test"])
    assert answer(phone, server_pair[0].uri())["answered"]


def test_unmanaged(server_pair, phone_factory):
    """To find a second server for it."""
    primary, backup = server_pair
    phone = phone_factory(line(primary))
    assert primary.table.wait_bound(ALICE)
    assert answer(phone, backup.uri())["answered"]


@pytest.mark.parametrize("params, says", [
    ("", "failover_test <aor> <uri>: aor: alice@"),
    ("nobody sip:127.0.0.1", "alice@"),
    (ALICE, "no server was tested"),
    (f"{ALICE} soon", "the URI is not of the form"),
    (f"{ALICE} sip:127.0.0.1:99999", "the URI is not of the form"),
    (f"{ALICE} sip:127.0.0.1;transport=carrier", "none of udp, tcp, tls"),
])
def test_wrong_orders(params, says, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    good, text = phone.command("failover_test", params)
    assert not good and says in text
    assert phone.account_status()["test"] is None


def test_page(server_pair, third, phone_factory):
    """POST /api/test waits for the answer."""
    web = Web()
    phone = phone_factory(line(*server_pair), config=web.config())
    in_use(phone, 1)
    found = web.post("/api/test", aor=ALICE, uri=third.uri())
    assert found.status == 200 and "200 OK in" in found.json["text"]
    third.behave_all(silent=True)
    found = web.post("/api/test", aor=ALICE, uri=third.uri())
    assert found.status == 422 and "not answered" in found.json["error"]
    assert web.post("/api/test", aor="nobody",
                    uri=third.uri()).status == 404
    found = web.post("/api/test", aor=ALICE, uri="soon")
    assert found.status == 422 and "form sip:host" in found.json["error"]
    phone.stop()
