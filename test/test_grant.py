# SPDX-License-Identifier: BSD-3-Clause
"""Registrars that answer REGISTER in their own way: RFC 3261, section 10.3,
steps 7 and 8, and what is made of it."""

import time

import pytest

from harness.scenario import (ALICE, QUICK, binds, contact_uri, expires,
                              in_use, line, measured)

GRANTED_S = 20          # of 3600 that are asked for
NAT = "192.0.2.77:40123"


def changed(uri, place="", user=""):
    """The contact as the registrar lists it."""
    old_user, rest = uri[len("sip:"):].split("@")
    old_place, *tail = rest.split(";")
    return ";".join([f"sip:{user or old_user}@{place or old_place}", *tail])


# name: headers of the 200, by the contact and the time granted
ANSWERS = {
    "NAT address": lambda uri, s: [
        ("Contact", f"<{changed(uri, NAT)}>;expires={s}")],
    "other port": lambda uri, s: [
        ("Contact", f"<{changed(uri, '127.0.0.1:9')}>;expires={s}")],
    "ob": lambda uri, s: [
        ("Contact", f"<{uri};ob>;expires={s}")],
    "instance": lambda uri, s: [
        ("Contact", f'<{changed(uri, NAT)}>;+sip.instance="<urn:uuid:1>"'
                    f";reg-id=1;expires={s}")],
    "no contact": lambda uri, s: [("Expires", str(s))],
    "NAT address, Expires": lambda uri, s: [
        ("Contact", f"<{changed(uri, NAT)}>"), ("Expires", str(s))],
    "other user": lambda uri, s: [
        ("Contact", f"<{changed(uri, NAT, 'x-1')}>;expires={s}")],
    "others too": lambda uri, s: [
        ("Contact", f"<{changed(uri, '192.0.2.8')}>;expires=3000"),
        ("Contact", f"<{changed(uri, NAT)}>;expires={s}"),
        ("Contact", f"<{changed(uri, '192.0.2.9')}>;expires=3600")],
    "star": lambda uri, s: [("Contact", "*"), ("Expires", str(s))],
    "Expires is larger": lambda uri, s: [
        ("Contact", f"<{uri}>;expires={s}"), ("Expires", "7200")],
    "Expires is smaller": lambda uri, s: [
        ("Contact", f"<{uri}>;expires={s}"), ("Expires", "5")],
}


def grant(server, answer, granted_s=GRANTED_S):
    """Bind for so long, and say it in that way."""
    def script(req):
        uri, asked = contact_uri(req), expires(req)
        for_s = min(asked, granted_s)
        server.table.bind(req.msg.aor, uri, for_s, req.msg.call_id,
                          req.msg.cseq, server.name)
        req.reply(200, headers=answer(uri, for_s) if asked else [])

    server.behave("REGISTER", script=script)


def stays(phone, server, seconds):
    """It is in use for so long and nothing is said against it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = phone.account_status()
        assert status["active"] == server and status["state"] != "down"
        time.sleep(0.2)
    assert status["counters"]["failovers"] == 0
    assert not phone.log.find("failover: .* -> ")


def no_gap(servers, what):
    gap = servers[0].table.longest_unbound_s(ALICE)
    measured(f"{what}, longest unbound", gap)
    assert gap == 0, servers[0].table.report()


@pytest.mark.parametrize("name, transport", [
    *((name, "udp") for name in ANSWERS),
    *((name, "tcp") for name in ("NAT address", "ob", "no contact"))])
def test_short_grant(name, transport, server_pair, phone_factory):
    """libre may not recognise it.  No move, and no gap."""
    primary, backup = server_pair
    grant(primary, ANSWERS[name])
    phone = phone_factory(line(*server_pair, transport=transport))
    in_use(phone, 1)
    stays(phone, 1, 2 * GRANTED_S + 5)
    no_gap(server_pair, f"{name}, {transport}")
    sent = binds(primary)
    measured("REGISTERs", len(sent), "")
    assert 3 <= len(sent) <= 8 and not binds(backup)
    assert len({contact_uri(e) for e in sent}) == 1


@pytest.mark.parametrize("granted_s", [1, 5])
@pytest.mark.parametrize("name", ["NAT address", "no contact"])
def test_very_short_grant(name, granted_s, server_pair, phone_factory):
    primary, backup = server_pair
    grant(primary, ANSWERS[name], granted_s)
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    stays(phone, 1, 3 * granted_s + 3)
    measured(f"{name}, {granted_s} s, longest unbound",
             primary.table.longest_unbound_s(ALICE))
    assert primary.table.longest_unbound_s(ALICE) < 1
    seconds = 3 * granted_s + 3
    assert len(binds(primary)) <= 4 * seconds / granted_s + 4
    assert not binds(backup)


def test_nothing_is_said(server_pair, phone_factory):
    """libre takes 3600 s where its Contact has no expiry, whatever it has
    asked for."""
    primary, _ = server_pair
    grant(primary, lambda uri, s: [("Contact", f"<{uri}>")])
    phone = phone_factory(line(*server_pair, regint=10))
    in_use(phone, 1)
    stays(phone, 1, 25)
    no_gap(server_pair, "no expiry in the answer")


def test_slow_answer(server_pair, phone_factory):
    """The registrar counts from when the REGISTER came, libre from when it
    was answered."""
    primary, backup = server_pair
    primary.behave("REGISTER", answer_delay=2200)
    phone = phone_factory(line(*server_pair, regint=10))
    in_use(phone, 1)
    stays(phone, 1, 12)
    no_gap(server_pair, "answers after 2.2 s")
    assert not binds(backup)


@pytest.mark.parametrize("value", ["soon", "-1", "4294967296"])
def test_no_number(value, server_pair, phone_factory):
    """libre does not know the Contact, and so does not look at its expiry:
    that must not be worse for the module."""
    primary, backup = server_pair
    grant(primary, lambda uri, s: [
        ("Contact", f"<{changed(uri, NAT)}>;expires={value}")])
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    stays(phone, 1, 2)
    assert len(binds(primary)) == 1 and not binds(backup)


def test_more_than_asked(server_pair, phone_factory):
    """The registrar's word counts, libre refreshes by it."""
    primary, backup = server_pair

    def script(req):
        uri = contact_uri(req)
        primary.table.bind(req.msg.aor, uri, 7200, req.msg.call_id,
                           req.msg.cseq, primary.name)
        req.reply(200, headers=[("Contact", f"<{uri}>;expires=7200")])

    primary.behave("REGISTER", script=script)
    phone = phone_factory(line(*server_pair, regint=4))
    in_use(phone, 1)
    stays(phone, 1, 8)
    assert len(binds(primary)) == 1 and not binds(backup)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_dies_between(transport, server_pair, phone_factory):
    """It falls silent while the refresh is ours to send: the account moves
    before the binding lapses."""
    primary, backup = server_pair
    grant(primary, ANSWERS["NAT address"])
    phone = phone_factory(line(*server_pair, transport=transport))
    in_use(phone, 1)
    primary.behave_all(silent=True)
    status = in_use(phone, 2, timeout=40)
    reason = status["servers"][0]["reason"]
    assert reason.startswith("REGISTER not answered"), reason
    no_gap(server_pair, f"silent, {transport}")


def test_refuses_another_call_id(server_pair, phone_factory):
    """It takes Baresip's REGISTERs only, which have Allow: Baresip registers
    anew each time."""
    primary, backup = server_pair

    def script(req):
        uri, asked = contact_uri(req), expires(req)
        if not req.msg.get("Allow"):
            req.reply(403)
            return
        primary.table.bind(req.msg.aor, uri, min(asked, 6),
                           req.msg.call_id, req.msg.cseq, primary.name)
        req.reply(200, headers=[("Expires", "6")])

    primary.behave("REGISTER", script=script)
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    stays(phone, 1, 15)
    no_gap(server_pair, "refuses another Call-ID")
    assert len(primary.recorder.requests("REGISTER")) < 25
    assert not binds(backup)


def test_too_brief(server_pair, phone_factory):
    """423 to a request of the module's own: it asks for more, as libre
    does."""
    primary, backup = server_pair
    primary.registrar.min_expires_s = 60
    primary.behave("REGISTER", status=503)
    phone = phone_factory(line(*server_pair, regint=20), config={
        **QUICK, "failover_failback_interval": 1,
        "failover_failback_jitter": 0})
    in_use(phone, 2)
    primary.behave("REGISTER")
    in_use(phone, 1)


# A grant of nothing

NOTHING = {
    "contact": lambda uri, s: [("Contact", f"<{uri}>;expires=0")],
    "header": lambda uri, s: [("Contact", f"<{uri}>"), ("Expires", "0")],
    "no number": lambda uri, s: [("Contact", f"<{uri}>;expires=soon")],
    "NAT address": lambda uri, s: [
        ("Contact", f"<{changed(uri, NAT)}>;expires=0")],
    "more than 32 bits": lambda uri, s: [
        ("Contact", f"<{uri}>;expires=1073741824")],
}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", NOTHING)
def test_nothing_granted(name, transport, server_pair, phone_factory):
    """The server is of no use to the account: another one is."""
    primary, backup = server_pair
    grant(primary, NOTHING[name], 0)
    phone = phone_factory(line(*server_pair, transport=transport), config={
        "failover_failback_interval": 1, "failover_failback_jitter": 0})
    status = in_use(phone, 2)
    reason = status["servers"][0]["reason"]
    assert reason.startswith("200 OK, but for "), reason
    checks = len(primary.recorder.requests("REGISTER"))
    end = time.monotonic() + 5
    phone.wait(lambda: time.monotonic() > end, 20)
    assert len(primary.recorder.requests("REGISTER")) < checks + 20
    status = in_use(phone, 2)
    assert status["counters"]["failbacks"] == 0
    assert status["servers"][0]["reason"] == reason


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nobody_grants_anything(transport, server_pair, phone_factory):
    """The storm ends: the next round waits."""
    for server in server_pair:
        grant(server, NOTHING["contact"], 0)
    phone = phone_factory(line(*server_pair, transport=transport))
    phone.wait_state("down")
    end = time.monotonic() + 6
    phone.wait(lambda: time.monotonic() > end, 20)
    sent = [len(s.recorder.requests("REGISTER")) for s in server_pair]
    measured("REGISTERs in 6 s", sum(sent), "")
    assert all(n <= 4 for n in sent), sent
    for each in phone.account_status()["servers"]:
        assert each["reason"] == "200 OK, but for 0 s"
    for server in server_pair:
        server.behave("REGISTER")
    phone.do("failover_probe")
    in_use(phone, 1)


def test_nothing_granted_later(server_pair, phone_factory):
    """At a refresh."""
    primary, _ = server_pair
    primary.registrar.max_expires_s = 2
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    grant(primary, NOTHING["contact"], 0)
    in_use(phone, 2)
    assert len(primary.recorder.requests("REGISTER")) < 20


def test_nothing_granted_to_the_standby(server_group, phone_factory):
    servers = server_group(3)
    grant(servers[1], NOTHING["contact"], 0)
    phone = phone_factory(line(*servers), config={"failover_standby": "yes"})
    in_use(phone, 1)
    status = phone.wait(lambda: (s := phone.account_status())["standby"]
                        == 3 and s)
    assert status["servers"][1]["reason"] == "200 OK, but for 0 s"
    assert not status["servers"][1]["registered"]
