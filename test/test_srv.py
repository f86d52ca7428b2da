# SPDX-License-Identifier: BSD-3-Clause
"""One name, many servers: RFC 3263 and RFC 2782.  A real name server, and a
scripted one for what that does not do."""

import random
import re
import time

import pytest

from harness import certificates
from harness.baresip import account
from harness.dialling import counters, invites, settle
from harness.dns import A, AAAA, NAPTR, SERVFAIL, SRV, Dns
from harness.names import KEPT_S
from harness.scenario import (in_time, in_use, measured, our_lines,
                              restart, says_after, switch, wait_quiet)

DOMAIN = "hosted.test"
ALICE, BOB = f"sip:alice@{DOMAIN}", f"sip:bob@{DOMAIN}"
OWNER = f"_sip._udp.{DOMAIN}"
SOON = {"failover_retries": 2}          # a server is given up after 3.5 s
CALLS = 3
LOOKED_UP_S = 30                        # again, at the earliest
JUST_NOW_S = 1.1                        # for so long nobody asks again
WAIT_S = 60                             # a first wait after a round
ROOM = "a-name-that-takes-room-in-an-answer"


def host_of(server):
    """The name of a server's host, as SRV records have it."""
    return f"{server.name}.{DOMAIN}"


def target_uri(server, kind="udp"):
    return f"sip:{host_of(server)}:{server.port};transport={kind}"


def own_uri(kind="udp"):
    return f"sip:{DOMAIN};transport={kind}"


def records(servers, *priorities):
    """SRV records of these servers, by default one after the other."""
    return [(host_of(server), server.port, priority) for server, priority
            in zip(servers, priorities or range(10, 100, 10))]


def uris(phone):
    return [s["uri"] for s in phone.account_status()["servers"]]


def in_order(phone, servers):
    """The servers as the phone has them."""
    by_uri = {target_uri(server): server for server in servers}
    return [by_uri[uri] for uri in uris(phone)]


@pytest.fixture
def domain(server_group, names):
    """domain(count, priority, ...) -> servers, which are the targets of the
    domain's records"""
    def make(count=2, *priorities, kind="udp", **options):
        servers = server_group(count, **options)
        for server in servers:
            names.host(host_of(server), server.host)
        names.srv(DOMAIN, kind, *records(servers, *priorities))
        return servers

    return make


@pytest.fixture
def dns(parties):
    """A scripted name server."""
    server = Dns()
    parties.append(server)
    return server


@pytest.fixture
def phone_of(names, phone_factory):
    """phone_of(server URI, ...) -> a phone of the domain; without a server
    its account has nothing but that.  source: its name server"""
    def make(*servers, extra="", regint=3600, source=None, **options):
        if not source and not names.running:
            names.start()
        return phone_factory(
            account(ALICE, *servers, extra=extra, regint=regint),
            dns_port=(source or names).port, **options)

    return make


# The way round

def test_first_silent(domain, phone_of):
    """Default settings. A call that is dialled meanwhile goes through the
    second target, and so do later ones; then the first is back."""
    first, second = domain()
    first.behave_all(silent=True)
    phone = phone_of()
    phone.wait(lambda: phone.account_status()["state"] == "moving")
    phone.dial(BOB)
    second.calls.wait_state("established")
    took = second.recorder.requests("REGISTER")[0].time - \
        first.recorder.requests("REGISTER")[0].time
    measured("first target silent, REGISTER at the second after", took)
    assert in_time(took, 7.5)
    status = in_use(phone, 2, ALICE)
    assert says_after(status["servers"][0]["reason"],
                      "REGISTER not answered, sent 4 times", 7.5)
    assert [(s["uri"], s["srv"]) for s in status["servers"]] == \
        [(target_uri(s), DOMAIN) for s in (first, second)]
    assert not phone.events("CALL_CLOSED")

    asked = len(first.recorder.entries())
    phone.hangup()
    second.calls.wait_state("ended")
    phone.dial(BOB)
    second.calls.wait_state("established")
    assert len(first.recorder.entries()) == asked
    phone.hangup()
    second.calls.wait_state("ended", 2)

    first.behave_all()
    phone.do("failover_probe")
    status = in_use(phone, 1, ALICE)
    assert status["state"] == "primary"
    assert status["counters"]["failbacks"] == 1


def test_equal_priorities(domain, phone_of):
    """A target is not left for an equal one; it is for a better one."""
    servers = domain(3, 10, 10, 20)
    phone = phone_of()
    in_use(phone, 1, ALICE)
    first, second, third = in_order(phone, servers)
    assert third is servers[2]
    first.kill()
    phone.dial(BOB)
    second.calls.wait_state("established")
    in_use(phone, 2, ALICE)
    first.start()
    phone.do("failover_probe")
    phone.hangup()
    second.calls.wait_state("ended")
    phone.dial(BOB)
    second.calls.wait_state("established")
    assert in_use(phone, 2, ALICE)["counters"]["failbacks"] == 0
    assert len(invites(second)) == 2

    first.kill()
    second.kill()
    phone.hangup()
    third.calls.wait_state("ended", 2)
    in_use(phone, 3, ALICE)
    second.start()                      # the best that lives
    phone.do("failover_probe")
    assert in_use(phone, 2, ALICE)["counters"]["failbacks"] == 1


def test_within_a_call(domain, phone_of):
    """The target of a call to the phone falls silent: hold, and the end."""
    first, second = domain()
    phone = phone_of(config=SOON)
    in_use(phone, 1, ALICE)
    contact, = first.table.bindings(ALICE)
    first.call(contact)
    phone.wait_event("CALL_INCOMING")
    phone.answer()
    call, = first.calls.wait_state("established")
    first.behave_all(silent=True)
    phone.do("hold")
    second.recorder.wait("INVITE")
    in_use(phone, 2, ALICE)
    phone.hangup()
    second.calls.wait_state("ended")
    assert (call.ended_by, call.ended_via) == ("BYE", second.name)
    done = counters(phone)
    assert (done["requests_moved"], done["failovers"]) == (1, 1)


# What is looked up

@pytest.mark.parametrize("server", [None, f"sip:{DOMAIN}"])
def test_naptr(server, domain, names, phone_of):
    """Without a transport DNS chooses it."""
    servers = domain(2, transports=("udp", "tcp"), kind="tcp")
    names.srv(DOMAIN, "udp", *records(servers[::-1]))
    names.naptr(DOMAIN, "tcp", "udp")
    phone = phone_of(*filter(None, [server]))
    in_use(phone, 1, ALICE)
    assert uris(phone) == [target_uri(s, "tcp") for s in servers]
    assert servers[0].recorder.requests("REGISTER")[0].transport == "tcp"


def test_aliases(server_group, names, phone_of):
    """CNAME on the way to addresses, which are IPv6 only."""
    servers = server_group(2, host="::1")
    for server in servers:
        names.host(f"{server.name}.rack.test", server.host)
        names.cname(host_of(server), f"{server.name}.rack.test")
    names.srv(DOMAIN, "udp", *records(servers))
    phone = phone_of(own_uri(), listen="[::1]")
    in_use(phone, 1, ALICE)
    assert uris(phone) == [target_uri(s) for s in servers]
    switch(phone, 2, ALICE)
    binding, = servers[1].table.bindings(ALICE).values()
    assert binding.server == servers[1].name


@pytest.mark.parametrize("scripted", [False, True])
def test_twelve_targets(scripted, server_factory, names, dns, phone_of):
    """Eight are taken, the best of all. The answer does not fit into a
    datagram."""
    server = server_factory()
    hosts = [f"pbx{n}.{ROOM}.{DOMAIN}" for n in range(12)]
    for host in hosts:
        names.host(host, server.host)
    told = [(host, server.port, 10 * n) for n, host in enumerate(hosts)]
    for source in (names, dns):
        source.srv(DOMAIN, "udp", *reversed(told))
    phone = phone_of(own_uri(), source=dns if scripted else names.start())
    in_use(phone, 1, ALICE)
    assert uris(phone) == [f"sip:{host}:{server.port};transport=udp"
                           for host in hosts[:8]]
    if scripted:
        assert [way for name, of, way in dns.queries
                if (name, of) == (OWNER, SRV)].count("tcp") == 1


# Beside servers that are written by hand

def test_by_hand(domain, server_factory, names, phone_of):
    """They keep their places, and work while the name server does not; then
    the targets join."""
    servers = domain()
    before, after = (server_factory(name=n) for n in ("before", "after"))
    names.start()
    names.stop()
    phone = phone_of(before.uri(), own_uri(), after.uri())
    in_use(phone, 1, ALICE)
    names.resume()
    phone.do("failover_probe")
    wanted = [(before.uri(), None), *((target_uri(s), DOMAIN)
                                      for s in servers), (after.uri(), None)]

    def told():
        found = phone.account_status()
        return [(s["uri"], s.get("srv")) for s in found["servers"]]

    phone.wait(lambda: told() == wanted, WAIT_S)
    assert in_use(phone, 1, ALICE)["counters"]["failovers"] == 0
    before.kill()
    phone.dial(BOB)
    servers[0].calls.wait_state("established")
    in_use(phone, 2, ALICE)


def test_by_hand_twice(domain, phone_of):
    """A target that is written by hand as well is one server."""
    first, second = domain()
    phone = phone_of(own_uri(), target_uri(second))
    in_use(phone, 1, ALICE)
    assert sorted(uris(phone)) == sorted(map(target_uri, (first, second)))
    first.kill()
    phone.dial(BOB)
    second.calls.wait_state("established")


# The account itself

def test_save(domain, phone_of):
    """What is written has the name, not what DNS has made of it."""
    servers = domain()
    phone = phone_of(own_uri())
    in_use(phone, 1, ALICE)
    with open(phone.path("accounts"), encoding="utf-8") as file:
        before = file.read()
    assert "pbx" not in phone.do("failover_diff")
    phone.do("failover_set", f"{ALICE} failover_failback_interval 60")
    phone.do("failover_save")
    with open(phone.path("accounts"), encoding="utf-8") as file:
        assert file.read() == before.rstrip("\n") + \
            ";failover_failback_interval=60\n"
    assert uris(phone) == [target_uri(s) for s in servers]
    phone.do("failover_set", f"{ALICE} failover_srv no")
    phone.wait_state("unmanaged")
    phone.do("failover_set", f"{ALICE} failover_srv yes")
    in_use(phone, 1, ALICE)


@pytest.mark.parametrize("server", [None, own_uri()])
def test_late_and_gone(server, domain, names, phone_of):
    """The module comes when the account is registered, and goes: then
    Baresip looks the name up again."""
    first, second = domain()
    phone = phone_of(*filter(None, [server]), load="")
    assert first.table.wait_bound(ALICE)
    phone.do("insmod", "failover")
    in_use(phone, 1, ALICE)
    switch(phone, 2, ALICE)
    phone.do("rmmod", "failover")
    settle(phone, 2 * KEPT_S)           # no answer is left
    asked = names.asked(OWNER)
    phone.dial(BOB)
    first.calls.wait_state("established")
    assert names.asked(OWNER) > asked
    assert len(invites(first)) == 1 and not invites(second)


# Records that change, name servers that fail

@pytest.mark.slow
def test_records_change(domain, names, phone_of):
    """The target in use goes, another one comes: the account leaves in
    order, and is bound all the time. What stays keeps its state."""
    old, stays, new = domain(3)
    names.ttl = 1
    names.srv(DOMAIN, "udp", *records([old, stays]))
    phone = phone_of(own_uri())
    in_use(phone, 1, ALICE)
    began, asked = time.monotonic(), names.asked(OWNER)
    names.srv(DOMAIN, "udp", *records([new, stays]))
    names.restart()
    phone.wait(lambda: uris(phone)[0] == target_uri(new), 3 * LOOKED_UP_S)
    took = time.monotonic() - began
    measured("TTL 1 s, other records known after", took)
    assert took > LOOKED_UP_S / 2
    assert names.asked(OWNER) <= asked + 2
    in_use(phone, 1, ALICE)
    assert uris(phone) == [target_uri(s) for s in (new, stays)]
    assert new.table.longest_unbound_s(ALICE) == 0
    phone.dial(BOB)
    new.calls.wait_state("established")
    assert len(invites(new)) == 1


@pytest.mark.parametrize("fault", ["servfail", "empty", "silent"])
def test_name_server_fails_later(fault, domain, dns, phone_of):
    """What it does not tell changes nothing, and delays nothing."""
    servers = domain()
    dns.ttl = 0
    dns.srv(DOMAIN, "udp", *records(servers))
    phone = phone_of(own_uri(), source=dns, config=SOON)
    in_use(phone, 1, ALICE)
    known, asked = uris(phone), dns.asked(OWNER)
    if fault == "empty":
        dns.srv(DOMAIN, "udp")
    elif fault == "silent":
        dns.silent = {SRV}
    else:
        dns.rcode = {SRV: SERVFAIL}
    servers[0].behave_all(silent=True)
    dialled = time.monotonic()
    phone.dial(BOB)
    servers[1].calls.wait_state("established")
    assert in_time(invites(servers[1])[0].time - dialled, 3.5)
    in_use(phone, 2, ALICE)
    phone.wait(lambda: dns.asked(OWNER) > asked)
    if fault != "silent":
        phone.wait_log(f"failover: .*{re.escape(DOMAIN)}.*stay")
    assert uris(phone) == known == [target_uri(s) for s in servers]


@pytest.mark.parametrize("fault", ["servfail", "silent"])
def test_name_server_fails_at_start(fault, domain, dns, phone_of):
    """The account waits until it is back."""
    servers = domain()
    dns.srv(DOMAIN, "udp", *records(servers))
    kinds = (A, AAAA, SRV, NAPTR)
    if fault == "silent":
        dns.silent = set(kinds)
    else:
        dns.rcode = dict.fromkeys(kinds, SERVFAIL)
    phone = phone_of(source=dns)
    phone.wait(lambda: dns.queries)
    if fault == "servfail":             # it was asked: not so soon again
        phone.wait_log(f"failover: {re.escape(DOMAIN)}: ")
        settle(phone, JUST_NOW_S)
    assert phone.account_status()["active"] == 0
    dns.silent, dns.rcode = set(), {}
    phone.do("failover_probe")
    in_use(phone, 1, ALICE, WAIT_S)
    assert uris(phone) == [target_uri(s) for s in servers]


# No more than that

def test_one_lookup(domain, names, phone_factory):
    """Accounts of one domain share it."""
    first, _ = domain()
    aors = [f"sip:user{n}@{DOMAIN}" for n in range(3)]
    phone = phone_factory(*(account(aor, own_uri()) for aor in aors),
                          dns_port=names.start().port)
    for aor in aors:
        in_use(phone, 1, aor)
    # one is the module's; until that is answered Baresip asks for itself, and
    # once more when the account is taken over
    assert names.asked(OWNER, "SRV") <= 1 + 2 * len(aors)


def test_no_more_lookups(domain, names, phone_of):
    """While nothing changes plain Baresip asks as often, or more."""
    first, _ = domain()
    asked = []
    for failover in (False, True):
        since = time.monotonic()
        phone = phone_of(own_uri(), failover=failover)
        first.recorder.wait("REGISTER", since=since)
        if failover:
            in_use(phone, 1, ALICE)
        wait_quiet([first])
        before = names.asked()
        for _ in range(CALLS):
            phone.dial(BOB)
            first.calls.wait_state("established")
            phone.hangup()
            first.calls.wait(lambda table: not table.active())
            settle(phone, 2 * KEPT_S)     # no answer is left
        asked.append(names.asked() - before)
        phone.kill()
    assert asked[1] <= asked[0] == CALLS, asked


@pytest.mark.parametrize("case", ["config", "account", "port", "one target",
                                  "no records", "regint"])
def test_left_alone(case, domain, names, server_factory, phone_of):
    """As before: Baresip's own account."""
    first, *_ = domain(1 if case == "one target" else 2)
    server, options = own_uri(), {}
    if case == "config":
        options = {"config": {"failover_srv": "no"}}
    elif case == "account":
        options = {"extra": "failover_srv=no"}
    elif case == "port":
        server = target_uri(first)
    elif case == "no records":
        names.srv(DOMAIN, "udp")
        # a host of its own, where 5060 is free
        first = server_factory(port=5060, host="127.{}.{}.{}".format(
            *(random.randrange(1, 255) for _ in range(3))))
        names.host(DOMAIN, first.host)
    elif case == "regint":
        server, options = None, {"regint": 0}
    phone = phone_of(*filter(None, [server]), **options)
    if case == "regint":
        phone.dial(BOB)
        first.calls.wait_state("established")
        assert not first.recorder.requests("REGISTER")
        assert names.asked(OWNER) == 1
    else:
        first.recorder.wait("REGISTER")
        assert phone.wait_state("unmanaged")["active"] == 0
    assert not our_lines(phone, "->")


# TLS

@pytest.mark.parametrize("good", [True, False])
def test_certificate(good, domain, phone_of):
    """It has to be for the name that was configured, RFC 5922 section 7:
    unsigned DNS may not choose another one."""
    servers = domain(2, kind="tls", transports=("tls",))
    for server in servers:
        restart(server, certificate=certificates.signed(
            f"DNS:{DOMAIN if good else host_of(server)}"))
    phone = phone_of(own_uri("tls"), config={
        "sip_cafile": certificates.authority()})
    if good:
        in_use(phone, 1, ALICE)
        switch(phone, 2, ALICE)
        assert uris(phone) == [target_uri(s, "tls") for s in servers]
        return
    status = phone.wait_state("down")
    for server in status["servers"]:
        assert server["reason"].startswith("certificate is for another name")
    for server in servers:
        assert not server.recorder.entries()
