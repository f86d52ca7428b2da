# SPDX-License-Identifier: BSD-3-Clause
"""failover_set: the servers of an account change while the phone runs."""

import pytest

from harness.dialling import counters, ready
from harness.scenario import (ALICE, BOB, QUICK, binds, in_use, line,
                              our_lines, switch, wait_quiet)
from harness.web import Web


def set_key(phone, key, value="", aor=ALICE):
    return phone.do("failover_set", f"{aor} {key} {value}".rstrip())


def refused(phone, key, value="", aor=ALICE):
    good, text = phone.command("failover_set", f"{aor} {key} {value}")
    assert not good
    return text


def uris(phone, aor=ALICE):
    return [s["uri"] for s in phone.account_status(aor)["servers"]]


def saved(phone):
    phone.do("failover_save")
    with open(phone.path("accounts"), encoding="utf-8") as file:
        return file.read()


def test_another_server_leaves_the_registration_alone(server_group,
                                                      phone_factory):
    one, two, three = server_group(3)
    phone = phone_factory(line(one, two))
    in_use(phone, 1)
    wait_quiet((one, two, three))
    before = one.recorder.count("REGISTER")
    assert "failover_save writes it" in set_key(phone, "server2",
                                                three.uri())
    assert uris(phone) == [one.uri(), three.uri()]
    set_key(phone, "server3", two.uri())
    assert uris(phone) == [one.uri(), three.uri(), two.uri()]
    set_key(phone, "server2")
    assert uris(phone) == [one.uri(), two.uri()]
    wait_quiet((one, two, three))
    assert one.recorder.count("REGISTER") == before
    assert not three.recorder.requests("REGISTER")
    status = in_use(phone, 1)
    assert status["servers"][0]["reason"] == "200 OK"
    one.kill()
    phone.do("failover_set", f"{ALICE} failover_keepalive 1")
    in_use(phone, 2)
    assert two.table.bindings(ALICE)


@pytest.mark.parametrize("tables", ["shared", "own"])
def test_server_in_use_changes(tables, server_group, server_factory,
                               phone_factory):
    """It registers anew, and what Baresip's old client takes back there does
    not lose the new binding."""
    if tables == "shared":
        one, two, three = server_group(3)
    else:
        one, two, three = (server_factory(name=f"pbx{i}") for i in range(3))
    phone = phone_factory(line(one, two))
    in_use(phone, 1)
    set_key(phone, "server1", three.uri())
    in_use(phone, 1)
    assert uris(phone) == [three.uri(), two.uri()]
    wait_quiet((one, two, three))
    assert three.table.bindings(ALICE) and binds(three)
    assert not binds(two)
    assert any("no server -> server 1" in text for text in our_lines(phone))
    one.kill()
    phone.do("failover_probe", ALICE)
    assert in_use(phone, 1)["counters"]["failovers"] == 0


def test_swapped(server_pair, phone_factory):
    """Both in one order, as a page sends it: the registration stays, and the
    new primary is looked for."""
    web = Web()
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup), config={
        **web.config(), "failover_failback_interval": 1,
        "failover_failback_jitter": 0})
    in_use(phone, 1)
    wait_quiet(server_pair)
    answer = web.post("/api/set", aor=ALICE, server1=backup.uri(),
                      server2=primary.uri(), failover_retries="2")
    assert answer.status == 200, answer.text
    assert uris(phone) == [backup.uri(), primary.uri()]
    assert in_use(phone, 1)["counters"]["failbacks"] == 1
    assert backup.table.bindings(ALICE)


def test_all_or_nothing(server_pair, phone_factory):
    web = Web()
    phone = phone_factory(line(*server_pair), config=web.config())
    in_use(phone, 1)
    before = uris(phone)
    for wrong, key in (({"server1": "soon"}, "server1"),
                       ({"server3": server_pair[0].uri()}, "server3"),
                       ({"regint": "0"}, "regint"),
                       ({"failover_regint2": "x"}, "failover_regint2"),
                       ({"server2": ""}, "server2"),
                       ({"failover_rise": "99"}, "failover_rise")):
        answer = web.post("/api/set", aor=ALICE, failover_retries="5",
                          **{"server2": "sip:127.0.0.9:5060"} | wrong)
        assert answer.status == 422, (wrong, answer.text)
        assert list(answer.json["errors"]) == [key], answer.text
    assert uris(phone) == before
    assert "nothing was changed" in phone.do("failover_save")


def test_expiry(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup))
    in_use(phone, 1)
    wait_quiet(server_pair)
    count = len(binds(primary))
    set_key(phone, "failover_regint2", "300")
    wait_quiet(server_pair)
    assert len(binds(primary)) == count
    set_key(phone, "regint", "600")
    primary.recorder.wait_for(lambda: "expires=600" in binds(primary)[-1]
                              .msg.get("Contact"))
    switch(phone, 2)
    assert "expires=300" in binds(backup)[-1].msg.get("Contact")
    text = saved(phone)
    assert "regint=600" in text and "failover_regint2=300" in text


def test_saved_and_read_again(server_group, phone_factory):
    servers = server_group(4)
    phone = phone_factory(line(*servers[:2]))
    in_use(phone, 1)
    set_key(phone, "server3", servers[2].uri())
    set_key(phone, "server4", servers[3].uri())
    set_key(phone, "failover_regint4", "77")
    set_key(phone, "server2")
    expected = [s.uri() for s in (servers[0], servers[2], servers[3])]
    assert uris(phone) == expected
    text = saved(phone)
    assert "failover_regint3=77" in text
    assert "failover_regint4" not in text
    assert f'failover_servers="{servers[3].uri()}"' in text
    phone.stop()
    phone.start()
    in_use(phone, 1)
    assert uris(phone) == expected


def test_becomes_managed(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary), config=QUICK)
    assert primary.table.wait_bound(ALICE)
    assert phone.account_status()["state"] == "unmanaged"
    set_key(phone, "server2", backup.uri())
    in_use(phone, 1)
    assert any("is managed now" in text for text in our_lines(phone))
    primary.behave_all(silent=True)
    set_key(phone, "failover_keepalive", "1")
    in_use(phone, 2)


def test_becomes_managed_step_by_step(server_pair, phone_factory):
    """An account that registers with its domain."""
    primary, backup = server_pair
    phone = phone_factory(line(primary, aor="sip:carol@127.0.0.1:"
                               + str(primary.port)).split(";outbound")[0])
    status = phone.status()["accounts"][0]
    assert status["state"] == "unmanaged"
    set_key(phone, "server1", primary.uri(), status["aor"])
    assert phone.status()["accounts"][0]["state"] == "unmanaged"
    set_key(phone, "server2", backup.uri(), status["aor"])
    in_use(phone, 1, status["aor"])


def test_stays_unmanaged(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, extra="failover=no"))
    assert "failover=no" in refused(phone, "server2", backup.uri())
    assert phone.account_status()["state"] == "unmanaged"
    assert "nothing was changed" in phone.do("failover_save")


@pytest.mark.parametrize("key, value, says", [
    ("server1", "soon", "the URI is not of the form"),
    ("server2", "sip:127.0.0.1:5060;transport=carrier", "none of udp"),
    ("server2", "sip:a.example,sip:b.example", "the URI is not of the form"),
    ("server2", '"sip:a.example"', "the URI is not of the form"),
    ("server2", "", "it needs two servers"),
    ("server9", "sip:127.0.0.1", "servers are server1 to server8"),
    ("outbound3", "sip:127.0.0.1", "servers are server1 to server8"),
    ("failover_servers", "sip:127.0.0.1,soon", "is not of the form sip:host"),
    ("failover_servers", ",".join(f"sip:127.0.0.{i}" for i in range(2, 9)),
     "too many servers"),
    ("failover_regint1", "60", "expiries are regint and failover_regint2 to"),
    ("failover_regint2", "0", "not 1 to 86400 seconds"),
    ("regint", "soon", "not 1 to 86400 seconds"),
])
def test_wrong_values(key, value, says, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair), line(*server_pair, aor=BOB))
    in_use(phone, 1)
    before = uris(phone)
    assert says in refused(phone, key, value)
    assert "key of an account" in refused(phone, "server2", "sip:127.0.0.1",
                                          "*")
    assert uris(phone) == before == uris(phone, BOB)


def test_same_server_twice(server_pair, phone_factory):
    web = Web()
    primary, backup = server_pair
    phone = phone_factory(line(*server_pair), config=web.config())
    in_use(phone, 1)
    assert "the same server as number 1" in refused(
        phone, "server2", primary.uri().replace(";transport=udp", ""))
    # the form has the other one alone, and is told there
    answer = web.post("/api/set", aor=ALICE, failover_retries=1,
                      server1=backup.uri())
    assert answer.status == 422 and answer.json["errors"] == {
        "server1": f"server 2 '{backup.uri()}': the same server as number 1"}
    assert not phone.do("failover_diff")


def test_call_stays_and_its_bye_moves(server_pair, phone_factory):
    """Its server has another number now. It dies, and the BYE goes through
    the other one."""
    web = Web()
    one, two = server_pair
    phone = ready(phone_factory, server_pair, config=web.config() | QUICK)
    phone.do("dial", BOB)
    call, = one.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    answer = web.post("/api/set", aor=ALICE, server1=two.uri(),
                      server2=one.uri())
    assert answer.status == 200, answer.text
    assert uris(phone) == [two.uri(), one.uri()]
    assert not phone.events("CALL_CLOSED")
    one.behave_all(silent=True)
    phone.do("hangup")
    two.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", two.name)
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)


def test_call_of_a_server_that_is_taken_away(server_group, phone_factory):
    """It stays, and is hung up where it was set up."""
    one, two, three = server_group(3)
    phone = ready(phone_factory, (one, two))
    phone.do("dial", BOB)
    call, = one.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    set_key(phone, "server1", three.uri())
    in_use(phone, 1)
    assert three.table.bindings(ALICE)
    assert not phone.events("CALL_CLOSED")
    phone.do("hangup")
    one.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", one.name)
