# SPDX-License-Identifier: BSD-3-Clause
"""Servers given as host names, and names that stand for several addresses:
RFC 3263. A real name server, no other than ours is asked."""

import time

import pytest

from harness import namespace
from harness.baresip import account
from harness.dialling import counters, invites, settle
from harness.scenario import (ALICE, AT_ONCE_S, BOB, LATE_S, QUICK,
                              TRANSACTION_S, binds, in_time, in_use, measured,
                              our_lines, says_after, switch)

RETRY = {"failover_retries": 1}         # a server is given up after 1.5 s
SHORT_S = 4                             # libre refreshes after 3.6 s
ASKED_S = 5.5                           # libre 3.5 and later ask so long
PBX = "pbx1.test"


def uri(name=PBX, port=0, transport=""):
    return f"sip:{name}" + (f":{port}" if port else "") + \
        (f";transport={transport}" if transport else "")


@pytest.fixture
def phone_by_name(names, phone_factory):
    """phone_by_name(server URI, ...) -> a phone that asks our name server"""
    def make(*uris, extra="", **options):
        if not names.running:
            names.start()
        return phone_factory(account(ALICE, *uris, extra=extra),
                             dns_port=names.port, **options)

    return make


def established(phone, server, n=1):
    """The far end's side of the call; the nth that was answered."""
    call, = server.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED", n=n)
    return call


def is_made_up_late(phone):
    """Does this version make a request up when it knows where it goes, over
    TCP when there is a connection?"""
    return phone.version >= (3, 3)


# What a name may be looked up by

@pytest.mark.parametrize("records", ["a", "srv-udp", "srv-tcp", "naptr"])
def test_way_round(records, server_pair, names, phone_by_name):
    """Registered, a call through a server that dies, hung up there, back."""
    primary, backup = server_pair
    kind = "udp" if records in ("a", "srv-udp") else "tcp"
    uris = []
    for server in server_pair:
        name = f"{server.name}.test"
        names.host(name, "127.0.0.1")
        names.srv(name, kind, (name, server.port))
        if records == "naptr":
            names.naptr(name, kind)
        uris.append({"a": uri(name, server.port, "udp"),
                     "naptr": uri(name)}.get(records, uri(name, 0, kind)))
    phone = phone_by_name(*uris, config=RETRY)
    status = in_use(phone, 1)
    assert [s["uri"] for s in status["servers"]] == uris
    assert primary.recorder.requests("REGISTER")[0].transport == kind

    primary.behave_all(silent=True)
    phone.dial(BOB)
    call = established(phone, backup)
    assert not phone.events("CALL_CLOSED")
    status = in_use(phone, 2)
    assert status["servers"][0]["reason"].startswith("INVITE not answered")
    assert status["servers"][1]["reason"] == "200 OK"

    primary.behave_all()
    phone.do("failover_probe")
    in_use(phone, 1)
    backup.behave_all(silent=True)
    phone.hangup()
    primary.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", primary.name)
    phone.wait_log("was hung up through server 1")
    assert counters(phone)["calls_moved"] == counters(phone)["byes_moved"] == 1
    assert counters(phone)["failbacks"] == 1


# A name that nobody knows

def test_does_not_resolve(server_pair, names, phone_by_name):
    primary, backup = server_pair
    names.start()
    phone = phone_by_name(uri(PBX, primary.port, "udp"), backup.uri())
    status = in_use(phone, 2, timeout=AT_ONCE_S)
    assert status["servers"][0]["reason"] == f"{PBX} does not resolve"
    phone.wait_log(f"server 2 .*: {PBX} does not resolve")
    took = backup.recorder.requests("REGISTER")[0].time - \
        phone.wait_log("Local network address")[0]
    measured("name not known, REGISTER at the backup after", took * 1000,
             "ms")

    names.host(PBX, "127.0.0.1")        # now it is
    phone.do("failover_probe")
    in_use(phone, 1)
    names.host(PBX)
    names.forgotten(phone)
    phone.dial(BOB)
    backup.calls.wait_state("established")
    status = in_use(phone, 2)
    assert status["servers"][0]["reason"] == f"{PBX} does not resolve"
    phone.do("failover_probe")
    phone.wait(lambda: phone.account_status()["failback"]["next_s"])
    assert phone.account_status()["servers"][0]["reason"] == \
        f"{PBX} does not resolve"


def test_eight_long_names(names, phone_by_name):
    """The one line in which the user is told has room for all."""
    hosts = [letter * 41 + ".test" for letter in "abcdefgh"]
    names.start()
    phone = phone_by_name(*map(uri, hosts))
    _, text = phone.wait_log("no server is available")
    for number, host in enumerate(hosts, 1):
        assert f"server {number} ({uri(host)}): {host} does not resolve" \
            in text


# A name server that does not answer

def test_dead_name_server(server_pair, names, phone_by_name):
    """The server is given up when a silent one would be."""
    primary, backup = server_pair
    names.host(PBX, "127.0.0.1")
    names.start()
    names.stop()
    phone = phone_by_name(uri(PBX, primary.port, "udp"), backup.uri(),
                          config=RETRY)
    took = backup.recorder.wait("REGISTER")[0].time - \
        phone.wait_log("Local network address")[0]
    measured("silent name server, REGISTER at the backup after", took)
    assert in_time(took, 1.5)
    status = in_use(phone, 2)
    assert says_after(status["servers"][0]["reason"],
                      "REGISTER could not be sent", 1.5)

    names.resume()                      # libre asks again: too late
    phone.wait(lambda: names.asked(PBX))
    phone.do("failover_probe")
    in_use(phone, 1)
    assert len(list(primary.table.bindings(ALICE))) == 1


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_call_without_name_server(transport, server_pair, names,
                                  phone_by_name):
    primary, backup = server_pair
    names.host(PBX, "127.0.0.1")
    phone = phone_by_name(uri(PBX, primary.port, transport),
                          backup.uri(transport), config=RETRY)
    in_use(phone, 1)
    names.stop()
    names.forgotten(phone)
    dialled = time.monotonic()
    phone.dial(BOB)
    established(phone, backup)
    took = invites(backup)[0].time - dialled
    measured(f"silent name server, {transport}, INVITE at the backup after",
             took)
    assert in_time(took, 1.5)
    assert not phone.events("CALL_CLOSED")
    assert says_after(phone.account_status()["servers"][0]["reason"],
                      "INVITE could not be sent", 1.5)

    asked = names.asked(PBX)
    names.resume()
    phone.wait(lambda: names.asked(PBX) > asked)
    phone.do("failover_probe")          # an answer has come by then
    in_use(phone, 1)
    if transport == "udp" or is_made_up_late(phone):
        assert not invites(primary)


def test_hang_up_while_resolving(server_pair, names, phone_by_name):
    """No INVITE goes out when the name server answers at last."""
    primary, backup = server_pair
    names.host(PBX, "127.0.0.1")
    phone = phone_by_name(uri(PBX, primary.port, "udp"), backup.uri())
    in_use(phone, 1)
    names.stop()
    names.forgotten(phone)
    phone.dial(BOB)
    phone.hangup()
    asked = names.asked(PBX)
    names.resume()
    phone.wait(lambda: names.asked(PBX) > asked)
    switch(phone, 2)
    switch(phone, 1)                    # resolved once more
    assert not invites(primary) and not invites(backup)


def test_bye_without_name_server(server_pair, names, phone_by_name):
    """The far end has given a name as its Contact."""
    primary, backup = server_pair
    names.host(PBX, "127.0.0.1")
    primary.contact = lambda req: ("Contact",
                                   f"<{uri(PBX, primary.port, 'udp')}>")
    phone = phone_by_name(uri(PBX, primary.port, "udp"), backup.uri(),
                          config=RETRY)
    in_use(phone, 1)
    phone.dial(BOB)
    call = established(phone, primary)
    names.stop()
    names.forgotten(phone)
    hung_up = time.monotonic()
    phone.hangup()
    backup.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", backup.name)
    took = backup.recorder.requests("BYE")[0].time - hung_up
    measured("silent name server, BYE at the backup after", took)
    assert in_time(took, 1.5)
    in_use(phone, 2)                    # an OPTIONS has not gone out either
    names.resume()
    phone.do("failover_probe")
    in_use(phone, 1)
    assert not primary.recorder.requests("BYE")


def test_route_without_name_server(server_pair, names, phone_by_name):
    """The account has addresses, the primary's route a name: the BYE goes on
    to the backup, and the primary is not blamed for what it never got."""
    primary, backup = server_pair
    names.host(PBX, "127.0.0.1")
    primary.contact = lambda req: ("Contact",
                                   f"<{uri(PBX, primary.port, 'udp')}>")
    phone = phone_by_name(primary.uri(), backup.uri(), config=RETRY)
    in_use(phone, 1)
    phone.dial(BOB)
    call = established(phone, primary)
    names.stop()
    names.forgotten(phone)
    phone.hangup()
    backup.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", backup.name)
    settle(phone, 2)
    assert counters(phone)["failovers"] == 0
    assert phone.account_status()["state"] == "primary"


@pytest.mark.parametrize("password", ["", "secret"])
def test_refresh_without_name_server(password, server_pair, names,
                                     phone_factory):
    """Also when it dies between a challenge and the answer to it."""
    primary, backup = server_pair
    names.host(PBX, "127.0.0.1")
    names.start()
    primary.registrar.max_expires_s = SHORT_S
    phone = phone_factory(
        account(ALICE, uri(PBX, primary.port, "udp"), backup.uri(),
                password=password), dns_port=names.port, config=RETRY)
    in_use(phone, 1)
    if password:
        challenged = []

        def challenge(req):
            names.stop()
            challenged.append(time.monotonic())
            primary._authentic(req)

        primary.require_auth("alice", password)
        primary.behave("REGISTER", script=challenge)
    else:
        names.stop()
    moved = backup.recorder.wait("REGISTER")[0].time
    began = challenged[0] if password else \
        binds(primary)[-1].time + 0.9 * SHORT_S
    measured(f"refresh, silent name server, challenged {bool(password)}, "
             "backup after", moved - began)
    assert in_time(moved - began, 1.5)
    in_use(phone, 2)


def test_keepalive_without_name_server(server_pair, names, phone_by_name):
    primary, backup = server_pair
    names.host(PBX, "127.0.0.1")
    phone = phone_by_name(uri(PBX, primary.port, "udp"), backup.uri(),
                          config={"failover_keepalive": 1, **RETRY})
    in_use(phone, 1)
    primary.recorder.wait("OPTIONS")
    names.stop()
    stopped = time.monotonic()
    took = backup.recorder.wait("REGISTER")[0].time - stopped
    assert took < 1 + 1.5 + LATE_S
    assert in_use(phone, 2)["servers"][0]["reason"].startswith("OPTIONS ")


@pytest.mark.slow
def test_check_without_name_server(server_pair, names, phone_by_name):
    """It ends after 64*T1 like any other, or when libre has asked in vain,
    and the next one is due."""
    primary, backup = server_pair
    names.host(PBX, "127.0.0.1")
    names.start()
    names.stop()
    phone = phone_by_name(uri(PBX, primary.port, "udp"), backup.uri(),
                          config={**QUICK, "failover_failback_interval": 900})
    in_use(phone, 2)
    phone.do("failover_probe")
    began = time.monotonic()
    assert phone.account_status()["failback"]["next_s"] is None
    phone.wait(lambda: phone.account_status()["failback"]["next_s"],
               timeout=TRANSACTION_S + LATE_S)
    took = time.monotonic() - began
    measured("failback check, silent name server, ended after", took)
    limit = ASKED_S if phone.version >= (3, 5) else TRANSACTION_S
    assert limit - 1.5 < took < limit + LATE_S


# A name that stands for several addresses

@pytest.fixture
def several(server_group, names, phone_by_name):
    """several(transport, ...) -> a phone, and three servers: the primary's
    name stands for the first two, in this order; the third is the backup.
    The name is one server here; otherwise: test_srv.py."""
    def make(transport="udp", prepare=None, **options):
        servers = server_group(3, transports=("udp", "tcp"))
        names.host(PBX, "127.0.0.1")
        names.srv(PBX, transport, *((PBX, s.port) for s in servers[:2]))
        if prepare:
            prepare(*servers)
        phone = phone_by_name(uri(PBX, 0, transport),
                              servers[2].uri(transport),
                              extra="failover_srv=no",
                              **{"config": RETRY, **options})
        return phone, *servers

    return make


def stays(phone, backup):
    """The account has not left its primary."""
    status = in_use(phone, 1)
    assert status["counters"]["failovers"] == 0
    assert status["servers"][0]["state"] == "up"
    assert not our_lines(phone)
    assert not backup.recorder.requests("REGISTER")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_register_503_at_first_address(transport, several):
    """libre goes on to the second. The Retry-After is not the server's."""
    def prepare(first, second, backup):
        first.behave("REGISTER", status=503, headers=[("Retry-After", "300")])

    phone, first, second, backup = several(
        transport, prepare, config={"failover_failback_interval": 1, **RETRY})
    stays(phone, backup)
    assert first.recorder.count("REGISTER") == 1
    assert second.recorder.count("REGISTER") == 1
    switch(phone, 2)
    in_use(phone, 1)                    # failback is not put off
    if transport == "udp":              # and does not begin at the first
        assert first.recorder.count("REGISTER") == 1


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_invite_503_at_first_address(transport, several):
    phone, first, second, backup = several(transport)
    in_use(phone, 1)
    first.behave("INVITE", status=503, headers=[("Retry-After", "300")])
    phone.dial(BOB)
    if transport == "tcp" and is_made_up_late(phone):
        # the other address is not known of: see lookup.c
        established(phone, backup)
        assert len(invites(first)) == 1 and not invites(second)
        assert not phone.events("CALL_CLOSED")
        return
    established(phone, second)
    for server in (first, second):
        assert server.recorder.count("INVITE") == 1
    assert invites(first)[0].call_id == invites(second)[0].call_id
    assert not phone.events("CALL_CLOSED")
    first.recorder.wait("ACK")
    stays(phone, backup)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_503_at_all_addresses(transport, several):
    phone, first, second, backup = several(transport)
    in_use(phone, 1)
    for server in (first, second):
        server.behave("INVITE", status=503)
    phone.dial(BOB)
    established(phone, backup)
    assert len(invites(first)) == 1
    assert len(invites(second)) == \
        (0 if transport == "tcp" and is_made_up_late(phone) else 1)
    assert not phone.events("CALL_CLOSED")
    took = invites(backup)[0].time - invites(first)[0].time
    measured(f"503 at two addresses, {transport}, INVITE at the backup after",
             took * 1000, "ms")
    assert took < AT_ONCE_S
    assert in_use(phone, 2)["servers"][0]["reason"].startswith("INVITE: 503")


def test_503_to_a_bye(several):
    """libre goes on to the second address, and the account stays; then on
    to the backup."""
    phone, first, second, backup = several()
    in_use(phone, 1)
    for server in (first, second):
        server.contact = lambda req: ("Contact", f"<{uri(transport='udp')}>")
    for number in (1, 2):
        first.behave("BYE", status=503)
        phone.dial(BOB)
        call = first.calls.wait_state("established")[0]
        phone.wait_event("CALL_ESTABLISHED", n=number)
        if number == 2:
            second.behave("BYE", status=503)
        phone.hangup()
        first.calls.wait_state("ended", number)
        assert call.ended_via == (second if number == 1 else backup).name
        if number == 1:
            stays(phone, backup)
    assert in_use(phone, 2)["servers"][0]["reason"].startswith("BYE: 503")


def test_trying_then_503(several):
    """What is left of the server's time is what the second address gets."""
    phone, first, second, backup = several(config={"failover_retries": 2})
    in_use(phone, 1)
    first.answer_calls(ringing_ms=None, answer_ms=3000, status=503)
    second.behave_all(silent=True)
    phone.dial(BOB)
    established(phone, backup)
    began = invites(first)[0].time
    assert invites(second)[0].time - began > 2.75
    took = invites(backup)[0].time - began
    measured("100, 503, silence: INVITE at the backup after", took)
    assert in_time(took, 3.5)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_first_address_closed(transport, several):
    """libre does not see that over UDP; told of it, it goes on."""
    phone, first, second, backup = several(
        transport, lambda first, *_: first.kill())
    stays(phone, backup)
    phone.dial(BOB)
    established(phone, second)
    assert not phone.events("CALL_CLOSED")
    phone.hangup()
    second.calls.wait_state("ended")
    stays(phone, backup)
    assert not invites(backup)


def test_all_addresses_closed(several):
    def prepare(first, second, backup):
        first.kill()
        second.kill()

    phone, *_, backup = several(prepare=prepare)
    took = backup.recorder.wait("REGISTER")[0].time - \
        phone.wait_log("Local network address")[0]
    measured("two closed ports, REGISTER at the backup after", took)
    assert took < AT_ONCE_S
    assert in_use(phone, 2)["servers"][0]["reason"] == \
        "nobody listens on that port (ICMP port unreachable)"


def test_all_addresses_silent(several):
    """One time for the server, whatever number of addresses it has."""
    def prepare(first, second, backup):
        for server in (first, second):
            server.behave_all(silent=True)

    phone, first, second, backup = several(prepare=prepare)
    moved = backup.recorder.wait("REGISTER")[0].time
    took = moved - first.recorder.requests("REGISTER")[0].time
    measured("two silent addresses, REGISTER at the backup after", took)
    assert in_time(took, 1.5)
    assert says_after(in_use(phone, 2)["servers"][0]["reason"],
                      "REGISTER not answered, sent 2 times", 1.5)


def test_503_then_silent(several):
    def prepare(first, second, backup):
        first.behave("REGISTER", status=503, answer_delay=3000)
        second.behave_all(silent=True)

    phone, first, second, backup = several(
        prepare=prepare, config={"failover_retries": 2})
    moved = backup.recorder.wait("REGISTER")[0].time
    took = moved - first.recorder.requests("REGISTER")[0].time
    assert second.recorder.requests("REGISTER")
    measured("503 late, then silence: REGISTER at the backup after", took)
    assert in_time(took, 3.5)


def test_second_address_after_silence(several):
    """A server that is silent at one address is asked at another one the
    next time: by the check, and when there is nobody else."""
    phone, first, second, backup = several(
        prepare=lambda first, *_: first.behave_all(silent=True))
    in_use(phone, 2)
    phone.do("failover_probe")
    in_use(phone, 1)
    asked = len(first.recorder.entries())
    phone.dial(BOB)
    established(phone, second)
    assert len(first.recorder.entries()) == asked

    phone.hangup()
    second.calls.wait_state("ended")
    first.behave_all()                  # now it is the other way round
    second.behave_all(silent=True)
    backup.kill()
    phone.dial(BOB)
    phone.wait_event("CALL_CLOSED", n=2)
    phone.wait_state("down")
    phone.do("failover_probe")
    in_use(phone, 1)
    assert first.recorder.responses("REGISTER")


def test_a_records(server_factory, names, phone_by_name):
    """libre's order is the account's own; the first one dies."""
    one = server_factory(host="127.0.0.2")
    two = server_factory(host="127.0.0.3", port=one.port)
    backup = server_factory()
    names.host(PBX, one.host, two.host)
    phone = phone_by_name(uri(PBX, one.port, "udp"), backup.uri())
    in_use(phone, 1)
    first, second = (one, two) if one.recorder.requests() else (two, one)
    assert not second.recorder.requests()
    first.kill()
    phone.dial(BOB)
    established(phone, second)
    phone.hangup()
    second.calls.wait_state("ended")
    stays(phone, backup)
    first.start()
    since = time.monotonic()
    phone.dial(BOB)                     # the dead one is not asked again
    established(phone, second, n=2)
    assert not first.recorder.requests("INVITE", since)
    stays(phone, backup)


# A name that changes, names that are the same

def test_address_changes(server_factory, names, phone_by_name):
    """The next REGISTER goes to the new address."""
    old = server_factory(host="127.0.0.2")
    new = server_factory(host="127.0.0.3", port=old.port)
    backup = server_factory()
    names.host(PBX, old.host)
    phone = phone_by_name(uri(PBX, old.port, "udp"), backup.uri(),
                          config=RETRY)
    in_use(phone, 1)
    old.kill()
    phone.dial(BOB)
    established(phone, backup)
    names.host(PBX, new.host)
    names.forgotten(phone)
    phone.do("failover_probe")
    in_use(phone, 1)
    assert binds(new)
    new.behave("INVITE", status=503)
    phone.hangup()
    backup.calls.wait_state("ended")
    phone.dial(BOB)
    backup.calls.wait_state("established")
    assert in_use(phone, 2)["servers"][0]["reason"].startswith("INVITE: 503")


def test_two_names_of_one_address(server_factory, names, phone_by_name):
    """Evidence is told apart by the name."""
    server = server_factory()
    for name in (PBX, "pbx2.test"):
        names.host(name, "127.0.0.1")

    def by_name(req):
        if PBX in req.msg.get("Route"):
            req.reply(503)
        elif req.msg.method == "REGISTER":
            server.registrar.register(req)
        else:
            server.uas.invite(req)

    phone = phone_by_name(uri(PBX, server.port, "udp"),
                          uri("pbx2.test", server.port, "udp"), config=RETRY)
    in_use(phone, 1)
    for method in ("REGISTER", "INVITE"):
        server.behave(method, script=by_name)
    phone.dial(BOB)
    established(phone, server)
    status = in_use(phone, 2)
    assert [s["state"] for s in status["servers"]] == ["down", "up"]
    phone.hangup()
    server.calls.wait_state("ended")
    assert in_use(phone, 2)["counters"]["failovers"] == 1


# IPv6

@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ipv6(transport, server_group, phone_factory):
    """Literals; a closed port is heard of over IPv6 as well."""
    primary, backup = server_group(2, host="::1", transports=("udp", "tcp"))
    phone = phone_factory(
        account(ALICE, primary.uri(transport),
                f"sip:[0:0::1]:{backup.port};transport={transport}"),
        listen="[::1]")
    in_use(phone, 1)
    primary.kill()
    dialled = time.monotonic()
    phone.dial("sip:bob@[::1]")     # from 2.0 on it wants a way there
    backup.calls.wait_state("established")
    took = invites(backup)[0].time - dialled
    measured(f"IPv6, {transport}, closed port, INVITE at the backup after",
             took * 1000, "ms")
    assert took < AT_ONCE_S
    said = in_use(phone, 2)["servers"][0]["reason"]
    assert any(text in said for text in (
        "ICMP port unreachable", "Connection refused",
        "connection lost"))     # before libre has seen it end
    primary.start()
    phone.do("failover_probe")
    in_use(phone, 1)
    phone.hangup()
    primary.calls.wait_state("ended")
    assert "[::1]" in next(iter(primary.table.bindings(ALICE)))


def test_ipv6_servers(server_factory, phone_factory):
    """Spellings of one address are one server; a server of a family that
    the phone has no address of is given up at once."""
    six, four = server_factory(host="::1"), server_factory()
    twice = f"sip:[0:0:0::1]:{six.port};transport=udp"
    phone = phone_factory(account(ALICE, six.uri(), twice), start=False,
                          listen="[::1]").start()
    phone.wait_log("not managed: server 2 .*: the same server as number 1")

    phone = phone_factory(account(ALICE, six.uri(), four.uri()))
    status = in_use(phone, 2, timeout=AT_ONCE_S)
    assert status["servers"][0]["reason"] == \
        "the phone has no address or transport to reach it by"


def test_dual_stack():
    """A primary with IPv4, a backup with IPv6, and the reverse."""
    namespace.run_case("dual_stack_case.py")
