# SPDX-License-Identifier: BSD-3-Clause
"""What the user reads at the keyboard, and what programs are told."""

import re

import pytest

from harness.dialling import call_ids, ready
from harness.scenario import ALICE, QUICK, in_use, line, switch

LONG = "an answer with a phrase that takes more room than a terminal has, "


def table(phone, aor=""):
    """What /failover prints; it fits 80 columns, all but URIs."""
    text = phone.do("failover", aor)
    for row in text.splitlines():
        assert len(row) < 80 or "sip:" in row.split()[-1], row
    return text


def words(text):
    return " ".join(text.split())


def test_long_reasons(server_pair, phone_factory):
    """They are wrapped, not cut."""
    primary, backup = server_pair
    primary.behave("REGISTER", status=503, reason=LONG + "or two")
    phone = phone_factory(line(primary, backup), config=QUICK)
    in_use(phone, 2)
    text = table(phone)
    assert "503 " + LONG + "or two, since " in words(text)
    assert text.startswith("alice@127.0.0.1: backup\n")
    row, = [row for row in text.splitlines() if row.startswith(" > ")]
    assert row.endswith(backup.uri()) and "registered" in row


def test_long_uri(server_pair, phone_factory):
    """It stands on a line of its own, whole."""
    primary, backup = server_pair
    name = "sip:" + ".".join(["a-name-of-a-server"] * 3) + ".example.com:5060"
    phone = phone_factory(
        f'<{ALICE}>;regint=3600;auth_pass=none;'
        f'outbound="{primary.uri()}";outbound2="{name};transport=udp"')
    in_use(phone, 1)
    assert f"\n     {name};transport=udp\n" in table(phone)


@pytest.mark.parametrize("status, remedy", [
    (401, "401 Unauthorized: check auth_user and auth_pass"),
    (403, "403 Forbidden: the server refuses this user, password or address"),
    (404, "404 Not Found: the server does not know this user")])
def test_refused(status, remedy, server_pair, phone_factory):
    primary, backup = server_pair
    primary.behave("REGISTER", status=status)
    phone = phone_factory(line(primary, backup))
    phone.wait(lambda: str(status) in
               phone.account_status()["servers"][0]["reason"])
    assert words(table(phone)).startswith(
        f"alice@127.0.0.1: not registered, primary answers {remedy}")


def test_while_moving(server_pair, phone_factory):
    """Which server, how long, and how long it may last."""
    primary, backup = server_pair
    primary.kill()
    backup.behave_all(silent=True)
    phone = phone_factory(line(primary, backup))
    phone.wait(lambda: "server 2 for" in phone.do("failover"))
    text = table(phone)
    assert text.startswith("alice@127.0.0.1: moving to server 2\n")
    assert re.search(r"^  trying server 2 for \d+ of 32 s$", text, re.M)
    assert "nobody listens on that port (ICMP port unreachable)" in words(text)


def test_next_look(server_pair, phone_factory):
    """In minutes, and why it is farther off than it was set."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair,
                  config={"failover_failback_jitter": 0, **QUICK})
    switch(phone, 2)
    assert "\n  next look for the primary in 30 min\n" in table(phone)
    phone.do("failover_probe")
    in_use(phone, 1)
    primary.kill()
    phone.command("options", ALICE)
    in_use(phone, 2)
    assert "next look for the primary in 60 min (doubled: it failed soon " \
        "after the last return)" in words(table(phone))
    phone.do("failover_set", "alice failover_failback no")
    assert "\n  stays here, failover_failback is no\n" in table(phone)


# What is typed

def test_only_account(server_pair, phone_factory):
    """Where there is one account, it need not be named."""
    phone = ready(phone_factory, server_pair)
    assert phone.command("failover_switch", "primary") == (
        True, "alice@127.0.0.1: already on the primary "
        f"({server_pair[0].uri()})\n")
    assert phone.do("failover_probe") == \
        "alice@127.0.0.1: already on the primary\n"
    assert "moving to server 2 (" in phone.do("failover_switch", "backup")
    in_use(phone, 2)
    for params in ("", "alice"):
        assert phone.command("failover_switch", params) == (
            False, "failover: failover_switch <aor> <server>: "
            "choose primary, backup, 1 or 2\n")
    good, text = phone.command("failover_switch", "third")
    assert not good and text == "failover: alice@127.0.0.1 has no server " \
        "'third'; choose primary, backup, 1 or 2\n"


def test_same_user_part(server_pair, phone_factory):
    """It does not tell which one is meant."""
    other = "sip:alice@localhost"
    phone = phone_factory(line(*server_pair), line(*server_pair, aor=other))
    in_use(phone, 1, other)
    good, text = phone.command("failover_switch", "alice backup")
    assert not good and text == "failover: no account 'alice'; there is: " \
        "alice@127.0.0.1, alice@localhost\n"
    good, text = phone.command("failover_switch", "backup")
    assert not good and "aor: alice@127.0.0.1, alice@localhost;" in text
    switch(phone, 2, other)
    assert phone.account_status(ALICE)["active"] == 1


def test_help(phone_factory):
    """/help shows what a command takes."""
    text = phone_factory().do("help")
    for name, takes in (("failover", "[aor]"), ("failover_json", "[aor]"),
                        ("failover_switch", "<aor> <server>"),
                        ("failover_set", "<aor|*> <key> <value>")):
        assert re.search(rf"/{name} .*{re.escape(takes)}", text), text


# What programs are told: on 1.0.0 the event has no name of its own, from
# 1.1 on it is MODULE

def news(phone, event):
    head = f"failover,{event},"
    return [found for found in phone.events() if found.param.startswith(head)]


def test_event(server_pair, phone_factory):
    phone = ready(phone_factory, server_pair)
    switch(phone, 2)
    event, = phone.wait(lambda: news(phone, "switch"))
    assert event.type == ("?" if phone.version == (1, 0) else "MODULE")
    assert event.data["accountaor"] == ALICE
    assert event.param.endswith(": asked for by command")


def test_event_of_a_call(server_pair, phone_factory):
    """It has the pair: the event's own id is the new one."""
    primary, _ = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    primary.behave("INVITE", status=503)
    phone.dial("sip:" + "b" * 150 + "@127.0.0.1")
    event, = phone.wait(lambda: news(phone, "call_moved"))
    old, new = call_ids(phone)
    assert f": Call-ID {old} -> {new} goes through server 2 " in event.param
    assert event.data["id"] == new
    assert len(event.param) == 255 or phone.version > (1, 1)


def test_event_longer_than_its_room(server_pair, phone_factory):
    """It is cut off, not empty."""
    phone = ready(phone_factory, server_pair)
    for server in server_pair:
        server.behave("REGISTER", status=503, reason="x" * 200)
    phone.do("failover_switch", "backup")
    event = phone.wait(lambda: news(phone, "exhausted"))[0]
    assert "no server is available: server 1 (" in event.param
    assert len(event.param) == 255 or phone.version > (1, 1)
