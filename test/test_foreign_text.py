# SPDX-License-Identifier: BSD-3-Clause
"""What servers and strangers have written is shown, and does no harm: on a
terminal, in the log, in JSON and in module events."""

import json
import re
import unicodedata

import pytest

from harness.baresip import account
from harness.dialling import counters, ready, talk
from harness.scenario import ALICE, BOB, QUICK, in_use, line, our_lines

CYRILLIC = "ж" * 80             # 160 bytes
TEXTS = {   # what a server says, and how it begins where it is shown
    "colour": ("\x1b[31;5mred\x1b[2J", "?[31;5mred?[2J"),
    "title": ("\x1b]0;owned\x07", "?]0;owned?"),
    "delete": ("never\x7f\x7fever", "never??ever"),
    "c1": ("\x9b31mred", "?31mred"),
    "direction": ("\u202egnihtyna", "?gnihtyna"),
    "separator": ("a\u2028b", "a?b"),
    "latin1": (b"nicht verf\xfcgbar",
               "nicht verf?gbar"),
    "overlong": (b"\xc0\xaf\xe0\x80\xaf",
                 "?????"),
    "surrogate": (b"\xed\xa0\x80", "???"),
    "half": (CYRILLIC.encode() + b"\xd0", "жжж"),
    "even": ("x" + CYRILLIC, "xжжж"),
    "long": ("no " * 70, "no no no"),
    "quotes": ('"a\\b"', '"a\\b"'),
    "markup": ("<script>%s%n</script>", "<script>%s%n</script>"),
}
SHOWN = list(TEXTS)


def on_the_wire(raw):
    """As harness/sip.py takes it."""
    return raw if isinstance(raw, str) \
        else raw.decode("utf-8", "surrogateescape")


def is_clean(text):
    return not any(unicodedata.category(char) in ("Cc", "Cs") or
                   char in "\ufffd\u2028\u2029\u202e" for char in text)


def assert_clean(phone):
    """Nothing raw is in what the module has printed or sent."""
    text = phone.do("failover_json")
    assert is_clean(text), repr(text)
    json.loads(text)
    table = phone.do("failover")
    assert is_clean(table.replace("\n", "")), repr(table)
    lines = our_lines(phone)
    assert lines
    for raw in phone.log.raw:
        if b"failover: " in raw and b"mark" not in raw:
            said = re.sub(rb"\x1b\[[0-9;]*m$", b"", raw.split(
                b"failover: ", 1)[1]).decode()     # Baresip's own colours
            assert is_clean(said), raw
    for event in phone.events():     # on 1.0.0 their type is "?"
        if "failover," in event.param:
            assert is_clean(event.param), event
    return lines


@pytest.mark.parametrize("text", SHOWN)
def test_register(text, server_pair, phone_factory):
    raw, shown = TEXTS[text]
    primary, backup = server_pair
    primary.behave("REGISTER", status=503, reason=on_the_wire(raw))
    backup.behave("REGISTER", status=403, reason=on_the_wire(raw))
    phone = phone_factory(line(*server_pair), config=QUICK)
    status = phone.wait(lambda: both_answered(phone, "403"))
    assert status["servers"][0]["reason"].startswith(f"503 {shown}")
    assert status["servers"][1]["reason"].startswith(f"403 {shown}")
    assert any(f"503 {shown}" in said for said in assert_clean(phone))


def both_answered(phone, code):
    status = phone.account_status()
    return status if status["servers"][1]["reason"].startswith(code) else None


@pytest.mark.parametrize("text", SHOWN)
def test_invite(text, server_pair, phone_factory):
    """Cut if it is too long, not dropped."""
    raw, shown = TEXTS[text]
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair)
    primary.behave("INVITE", status=503, reason=on_the_wire(raw))
    phone.dial(BOB)
    backup.calls.wait_state("established")
    status = in_use(phone, 2)
    reason = status["servers"][0]["reason"]
    assert reason.startswith(f"INVITE: 503 {shown}"), reason
    assert len(reason.encode()) >= min(len(raw), 120), reason
    assert any(f"INVITE: 503 {shown}" in said for said in
               assert_clean(phone))


@pytest.mark.parametrize("text", SHOWN)
def test_bye(text, server_pair, phone_factory):
    """The caller's name, and what the backup says of the BYE."""
    raw, shown = TEXTS[text]
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    talk(phone, primary)
    primary.behave_all(silent=True)
    backup.behave("BYE", status=200, reason=on_the_wire(raw))
    phone.hangup()
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)
    phone.wait_log("was hung up through server 2")
    assert any(f"200 {shown}" in said for said in assert_clean(phone))


def test_caller(server_pair, phone_factory):
    """The name of who has called is in the line about the BYE."""
    primary, _ = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    primary.call(ALICE, caller="sip:ca\x9bll\udcffer@test")
    phone.wait_event("CALL_INCOMING")
    phone.answer()
    phone.wait_event("CALL_ESTABLISHED")
    primary.behave_all(silent=True)
    phone.hangup()
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)
    phone.wait_log("was hung up through server 2")
    assert any("sip:ca?ll?er@test" in said for said in assert_clean(phone))


def test_own_files(server_pair, phone_factory):
    """They need not be UTF-8: JSON is, all the same."""
    primary, _ = server_pair
    phone = phone_factory(
        account("sip:al\udcffice@127.0.0.1", primary.uri(),
                "sip:b\udcffckup;transport=udp"),
        account(BOB, primary.uri(), "b\udcffd"))
    phone.wait(lambda: "sip:al?ice@127.0.0.1" in phone.do("failover_json"))
    odd, bad = json.loads(phone.do("failover_json"))["accounts"]
    assert odd["servers"][1]["uri"] == "sip:b?ckup;transport=udp"
    assert "b?d" in bad["reason"]


@pytest.mark.parametrize("command", [
    "failover", "failover_json", "failover_history", "failover_switch",
    "failover_maintenance", "failover_test", "failover_set",
    "failover_save"])
def test_typed(server_pair, phone_factory, command):
    """What is repeated of a command comes from whoever may send one."""
    phone = ready(phone_factory, server_pair)
    good, text = phone.command(command, "\x1b[2J\u202enobody\x07 1 on")
    assert not good
    assert "?[2J?nobody?" in text, repr(text)
    assert is_clean(text.replace("\n", "")), repr(text)
