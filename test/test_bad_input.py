# SPDX-License-Identifier: BSD-3-Clause
"""Wrong settings: one clear line each, and the phone works."""

import pytest

from harness.baresip import account
from harness.scenario import (ALICE, BOB, add_register_commands, in_use,
                              line, our_lines)

# key: (what the line has to say of the allowed values, bad values)
NUMBER = ["-1", "abc", "3x", "99999999999999999999", "0x3", "1.5", "%s%n"]
WORD = ["maybe", "yesno", "1", "0", "%d%s"]
CODES = ["299", "700", "abc", "503,,500", "503,", ",503", "503;500", "%n"]
KEYS = {
    "failover_retries": (["0", "10"], ["11", *NUMBER]),
    "failover_timeout": (["0", "31"], ["32", *NUMBER]),
    "failover_failback": (["yes", "no"], WORD),
    "failover_failback_interval": (["1", "86400"], ["0", "86401", *NUMBER]),
    "failover_failback_jitter": (["0", "100"], ["101", *NUMBER]),
    "failover_probe": (["register", "options"], ["invite", *WORD]),
    "failover_keepalive": (["0", "3600"], ["3601", *NUMBER]),
    "failover_flow": (["yes", "no"], WORD),
    "failover_tcp_keepalive": (["0", "3600"], ["3601", *NUMBER]),
    "failover_codes": (["300", "699"], CODES),
    "failover_call_codes": (["300", "699"], CODES),
    "failover_rise": (["1", "10"], ["0", "11", *NUMBER]),
    "failover_fall": (["1", "10"], ["0", "11", *NUMBER]),
    "failover_standby": (["yes", "no"], WORD),
}
ROUNDS = max(len(bad) for _, bad in KEYS.values())


def bad_values(number):
    """One bad value for each key."""
    return {key: bad[number % len(bad)] for key, (_, bad) in KEYS.items()}


def assert_told(phone, values):
    """Exactly one line for each key, with the value and what is allowed."""
    for key, value in values.items():
        said = our_lines(phone, rf"\b{key}\b")
        assert len(said) == 1, (key, value, said)
        assert f"'{value}'" in said[0]
        rest = said[0].split(f"'{value}'", 1)[1]
        assert all(part in rest for part in KEYS[key][0]), said[0]
    assert len(our_lines(phone)) == len(values)


def assert_defaults(phone):
    status = in_use(phone, 1)
    assert status["state"] == "primary"
    assert status["failback"]["enabled"]
    assert status["failback"]["interval_s"] == 1800


# Keys

@pytest.mark.parametrize("number", range(ROUNDS))
def test_config(number, server_pair, phone_factory):
    values = bad_values(number)
    phone = phone_factory(line(*server_pair), config=values)
    assert_defaults(phone)
    assert_told(phone, values)


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("half", [0, 1])
def test_account(half, number, server_pair, phone_factory):
    """A semicolon ends a parameter, so such a value is quoted.  All keys
    are more than an account line has room for."""
    values = dict(list(bad_values(number).items())[half::2])
    extra = ";".join(f'{key}="{value}"' if ";" in value or "," in value
                     else f"{key}={value}" for key, value in values.items())
    phone = phone_factory(line(*server_pair, extra=extra),
                          line(*server_pair, aor=BOB))
    assert_defaults(phone)
    in_use(phone, 1, BOB)
    assert_told(phone, values)
    assert all("alice@127.0.0.1" in text for text in our_lines(phone))


def test_long_value(server_pair, phone_factory):
    """It does not fit anywhere."""
    long = "9" * 400
    phone = phone_factory(line(*server_pair,
                               extra=f"failover_retries={long}"),
                          config={"failover_timeout": long})
    assert_defaults(phone)
    assert len(our_lines(phone, "failover_retries")) == 1
    assert len(our_lines(phone, "failover_timeout")) == 1


@pytest.mark.parametrize("extra", ["failover_retries=", "failover_retries"])
def test_empty_value(extra, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair, extra=extra))
    assert_defaults(phone)
    assert len(our_lines(phone, "failover_retries")) == 1


def test_the_config_stands_in(server_pair, phone_factory):
    """A wrong value of the account: the config's is used."""
    phone = phone_factory(
        line(*server_pair, extra="failover_failback_interval=often"),
        config={"failover_failback_interval": 99})
    assert in_use(phone, 1)["failback"]["interval_s"] == 99
    assert len(our_lines(phone)) == 1


def test_good_values(server_pair, phone_factory):
    """The ends of all ranges, without a word."""
    low = {"failover_retries": 0, "failover_timeout": 0,
           "failover_failback": "no", "failover_failback_interval": 1,
           "failover_failback_jitter": 0, "failover_probe": "register",
           "failover_keepalive": 0, "failover_codes": "400",
           "failover_flow": "no", "failover_tcp_keepalive": 0,
           "failover_call_codes": "699", "failover_rise": 1,
           "failover_fall": 1, "failover_standby": "no"}
    high = {"failover_retries": 10, "failover_timeout": 31,
            "failover_failback": "yes", "failover_failback_interval": 86400,
            "failover_failback_jitter": 100, "failover_probe": "options",
            "failover_keepalive": 3600, "failover_codes": "400,699,503",
            "failover_flow": "yes", "failover_tcp_keepalive": 3600,
            "failover_call_codes": "503,500", "failover_rise": 10,
            "failover_fall": 10, "failover_standby": "yes"}
    for values in (low, high):
        phone = phone_factory(line(*server_pair), config=values)
        status = in_use(phone, 1)
        assert status["failback"]["enabled"] == (
            values["failover_failback"] == "yes")
        assert status["failback"]["interval_s"] \
            == values["failover_failback_interval"]
        assert not our_lines(phone)
        phone.stop()


@pytest.mark.parametrize("value", ["0", "86401", "-5", "abc", "60s", "%s%n"])
def test_expiry_of_a_server(value, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair,
                               extra=f"failover_regint2={value}"))
    assert_defaults(phone)
    said, = our_lines(phone)
    assert all(part in said for part in (
        "alice@127.0.0.1", "failover_regint2", f"'{value}'", "1", "86400"))


# Accounts that cannot be managed

PLAIN = {   # the second server, more parameters, what the line has to say
    "one server": ("", "", "two servers|one server"),
    "no URI": ("nonsense", "", "URI"),
    "no scheme": ("127.0.0.1:5060", "", "URI"),
    "empty": (" ", "", "URI|two servers"),
    "half a URI": ("sip:", "", "URI"),
    "no number": ("sip:127.0.0.1:abc", "", "URI|port"),
    "port 0": ("sip:127.0.0.1:0;transport=udp", "", "URI|port"),
    "port 70000": ("sip:127.0.0.1:70000;transport=udp", "", "URI|port"),
    "transport": ("sip:127.0.0.1:5060;transport=sctp", "", "transport"),
    "other scheme": ("http://127.0.0.1", "", "URI"),
    "the same": ("SAME", "", "same server|twice"),
    "a third is wrong": ("OTHER", 'failover_servers="bad"', "URI"),
    "a third is the same": ("OTHER", 'failover_servers="SAME"',
                            "same server|twice"),
    "nine": ("OTHER", "failover_servers=\"" + ",".join(
        f"sip:127.0.0.1:{port}" for port in range(9001, 9008)) + "\"", "8"),
}


@pytest.mark.parametrize("length, cut", [(500, False), (2000, True)])
def test_long_account_line(length, cut, server_pair, phone_factory):
    """Baresip cuts it off without a word."""
    name = "failover_regint3="           # of no consequence
    text = line(*server_pair, extra=name)
    phone = phone_factory(text + "0" * (length - len(text)))
    in_use(phone, 1)
    assert bool(our_lines(phone, "alice@127.0.0.1: the account line is cut "
                          "off: Baresip reads (511|1023) characters")) == cut


@pytest.mark.parametrize("case", PLAIN)
def test_plain(case, server_pair, phone_factory):
    """One line with the account and the reason; it registers with its
    outbound, and other accounts are managed."""
    primary, backup = server_pair
    second, extra, says = PLAIN[case]
    second = second.replace("SAME", primary.uri()).replace(
        "OTHER", backup.uri())
    servers = [primary.uri(), second] if second else [primary.uri()]
    phone = phone_factory(
        account(ALICE, *servers, extra=extra.replace("SAME", primary.uri())),
        line(primary, backup, aor=BOB))
    in_use(phone, 1, BOB)
    assert primary.table.wait_bound(ALICE)
    said, = our_lines(phone, "alice@127.0.0.1")
    assert our_lines(phone, f"alice@127.0.0.1.*({says})") == [said]
    assert our_lines(phone) == [said]
    assert phone.account_status(ALICE)["state"] == "unmanaged"
    assert said.endswith(phone.account_status(ALICE)["reason"])
    assert phone.account_status(BOB)["state"] == "primary"
    assert "alice@127.0.0.1: unmanaged" in phone.do("failover")
    # not again, whatever is asked or registered
    add_register_commands(phone)
    phone.do("test_register")
    primary.recorder.wait("REGISTER", 4)
    assert our_lines(phone, "alice@127.0.0.1") == [said]


def test_same_server_in_other_words(server_pair, phone_factory):
    """Port and transport may be left out, the host in capitals."""
    for one, other in (("sip:127.0.0.1", "sip:127.0.0.1:5060;transport=udp"),
                       ("sip:LocalHost:7", "sip:localhost:7;transport=UDP"),
                       ("sip:127.0.0.1;transport=tls",
                        "sip:127.0.0.1:5061;transport=tls")):
        phone = phone_factory(account(ALICE, one, other, regint=60),
                              line(*server_pair, aor=BOB))
        in_use(phone, 1, BOB)
        assert len(our_lines(phone, "alice@127.0.0.1.*(same|twice)")) == 1
        assert len(our_lines(phone)) == 1
        phone.kill()


def test_format_characters(server_pair, phone_factory):
    """What the user has written is not taken for a format."""
    uri = "sip:%s%n%s%x;transport=udp"
    phone = phone_factory(account(ALICE, server_pair[0].uri(), uri))
    in_use(phone, 1)
    phone.do("failover_switch", f"{ALICE} backup")
    said, = our_lines(phone)
    assert f"server 2 ({uri}): asked for by command" in said
    assert uri in phone.do("failover")
    assert phone.account_status()["servers"][1]["uri"] == uri


def test_other_transport_is_another_server(server_pair, phone_factory):
    primary, _ = server_pair
    phone = phone_factory(account(ALICE, primary.uri("udp"),
                                  primary.uri("tcp")))
    assert in_use(phone, 1)["state"] == "primary"
    assert not our_lines(phone)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sipnat_outbound(transport, server_pair, phone_factory):
    """Baresip registers with both by itself."""
    primary, backup = server_pair
    phone = phone_factory(
        line(primary, backup, transport=transport, extra="sipnat=outbound"),
        line(primary, backup, aor=BOB), modules=["uuid"])
    in_use(phone, 1, BOB)
    for server in server_pair:
        server.recorder.wait_for(lambda: [
            e for e in server.recorder.requests("REGISTER")
            if e.msg.aor == ALICE])
    said, = our_lines(phone)
    assert "alice@127.0.0.1" in said and "sipnat=outbound" in said


def test_regint_0(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup, regint=0),
                          line(primary, backup, aor=BOB))
    in_use(phone, 1, BOB)
    said, = our_lines(phone)
    assert "alice@127.0.0.1" in said and "regint=0" in said
    assert {e.msg.aor for e in primary.recorder.requests("REGISTER")} == {BOB}
    phone.dial(BOB, ALICE)                  # it works for calls
    primary.recorder.wait("INVITE")


@pytest.mark.parametrize("extra", ["failover=no", "failover=NO"])
def test_left_alone(extra, server_pair, phone_factory):
    """By the user's wish, so nothing is said."""
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup, extra=extra),
                          line(primary, backup, aor=BOB))
    in_use(phone, 1, BOB)
    assert primary.table.wait_bound(ALICE)
    assert not our_lines(phone)
    assert phone.account_status(ALICE)["state"] == "unmanaged"


def test_left_alone_does_not_move(server_pair, phone_factory):
    primary, backup = server_pair
    primary.behave("REGISTER", status=503)
    phone = phone_factory(line(primary, backup, extra="failover=no"))
    phone.wait_log("503 Service Unavailable")
    phone.do("failover")
    primary.recorder.wait_for(lambda: primary.recorder.responses())
    assert not backup.recorder.requests() and not our_lines(phone)


def test_many_accounts(server_pair, phone_factory):
    """Good and bad ones together: a line for each bad one, no more."""
    primary, backup = server_pair
    good = [line(primary, backup, aor=f"sip:good{n}@127.0.0.1")
            for n in range(10)]
    bad = [line(primary, aor=f"sip:bad{n}@127.0.0.1") for n in range(10)]
    phone = phone_factory(*good, *bad)
    for number in range(10):
        in_use(phone, 1, f"sip:good{number}@127.0.0.1")
        assert primary.table.wait_bound(f"sip:bad{number}@127.0.0.1")
        assert len(our_lines(phone, rf"\bbad{number}@")) == 1
    assert len(our_lines(phone)) == 10
