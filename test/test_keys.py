# SPDX-License-Identifier: BSD-3-Clause
"""What Baresip ignores without a word: the module warns.  And what is
changed while the phone runs."""

import re

import pytest

from harness.baresip import account
from harness.dialling import counters
from harness.scenario import ALICE, BOB, QUICK, in_use, line, our_lines

ONE = "sip:pbx1.example.com"


def only(phone, regex):
    said, = our_lines(phone)
    assert re.search(regex, said), said
    return said


# Keys that do not exist

@pytest.mark.parametrize("key, meant", [
    ("failover_retry", "failover_retries"),
    ("failover_retires", "failover_retries"),
    ("Failover_Failback_Intervall", "failover_failback_interval"),
    ("failover_codess", "failover_codes"),
    ("failoverstandby", "failover_standby"),
    ("failover_http_lisen", "failover_http_listen"),
])
def test_config_key(key, meant, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair), config={key: 5})
    in_use(phone, 1)
    only(phone, f"config: there is no key {key}; did you mean {meant}[?]$")


@pytest.mark.parametrize("key, meant", [
    ("failover_regint", "failover_regint2"),
    ("failover_regint9", "failover_regint"),
    ("failover_server", "failover_servers"),
    ("failovr", "failover"),
    ("failover_fallback", "failover_failback"),
])
def test_account_key(key, meant, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair, extra=f"{key}=60"),
                          line(*server_pair, aor=BOB))
    in_use(phone, 1)
    if key.startswith("failover"):
        only(phone, f"alice@127.0.0.1: there is no key {key}; did you mean "
             f"{meant}")
    else:               # it may be another module's
        assert not our_lines(phone)


def test_account_with_one_server(server_pair, phone_factory):
    """A key that is misspelled may be the reason."""
    phone = phone_factory(account(ALICE, server_pair[0].uri(),
                                  extra=f'failover_server="{ONE}"'))
    assert server_pair[0].table.wait_bound(ALICE)
    phone.do("failover")
    assert len(our_lines(phone)) == 2
    assert our_lines(phone, "did you mean failover_servers")


@pytest.mark.parametrize("key, says", [
    ("outbond2", "did you mean outbound2[?]"),
    ("Outbound_2", "did you mean outbound2[?]"),
    ("outbound3", "stand in failover_servers=")])
def test_name_of_a_server(key, says, server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(account(ALICE, primary.uri(),
                                  extra=f'{key}="{backup.uri()}"'))
    assert primary.table.wait_bound(ALICE)
    phone.do("failover")
    assert len(our_lines(phone, f"there is no key {key}; .*{says}")) == 1
    assert our_lines(phone, "not managed: it needs two servers")


def test_wrong_place(server_pair, phone_factory):
    phone = phone_factory(
        line(*server_pair, extra="failover_http_user=me"),
        config={"failover_regint2": 60, "failover_servers": ONE})
    in_use(phone, 1)
    for regex in ("config: failover_regint2 has to stand in an account line",
                  "config: failover_servers has to stand in an account line",
                  "alice@127.0.0.1: failover_http_user has to stand in the "
                  "config file"):
        assert len(our_lines(phone, regex)) == 1
    assert len(our_lines(phone)) == 3


# failover=

@pytest.mark.parametrize("value", ["no", "off", "False", "0", "disable"])
def test_off(value, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair, extra=f"failover={value}"))
    assert server_pair[0].table.wait_bound(ALICE)
    assert phone.account_status()["state"] == "unmanaged"
    assert not our_lines(phone)


@pytest.mark.parametrize("value", ["yes", "on", "True", "1", "enable"])
def test_on(value, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair, extra=f"failover={value}"))
    in_use(phone, 1)
    assert not our_lines(phone)


def test_neither(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair, extra="failover=nein"))
    in_use(phone, 1)
    only(phone, "alice@127.0.0.1: failover 'nein' is not yes or no, using "
         "yes")


# Blanks

@pytest.mark.parametrize("text, ignored", [
    ("failover_codes 503 500", "500"),
    ("failover_codes   503 ,500  ", ",500"),
    ("failover_codes\t503\t500\t# two", "500\t# two"),
])
def test_blank_in_config(text, ignored, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair), lines=[text])
    in_use(phone, 1)
    only(phone, "config: a blank ends the value of failover_codes, "
         f"'{re.escape(ignored)}' is ignored; put all of it in quotes")


def test_blank_in_account(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair, extra="failover_codes=503 ,500"))
    in_use(phone, 1)
    only(phone, "alice@127.0.0.1: a blank ends the value of failover_codes, "
         "',500' is ignored")


def test_password_is_not_told(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair), lines=[
        "failover_http_password correct horse battery"])
    in_use(phone, 1)
    said = only(phone, "a blank ends the value of failover_http_password")
    assert not re.search("correct|horse|battery", said)


def test_no_value(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair), lines=["failover_retries"])
    in_use(phone, 1)
    only(phone, "config: failover_retries has no value")


@pytest.mark.parametrize("text", [
    'failover_codes "503, 404"',
    'failover_codes 503,404 # not 500',
    '  failover_codes\t503,404\r',
    '# failover_retry 5\nfailover_codes 404',
    ' # failover_retry 5\nfailover_codes 404',
])
def test_nothing_to_say(text, server_pair, phone_factory):
    """What Baresip takes as it is meant: 404 means unavailable."""
    primary, _ = server_pair
    primary.behave("REGISTER", status=404)
    phone = phone_factory(line(*server_pair), lines=[text])
    in_use(phone, 2)
    assert not our_lines(phone, "config:")


# Outside of the quotes

@pytest.mark.parametrize("params, lost, meant", [
    (f"outbound={ONE};transport=tls", ";transport=tls",
     f'outbound="{ONE};transport=tls"'),
    (f'outbound="{ONE}";transport=tls;lr', ";transport=tls;lr",
     f'outbound="{ONE};transport=tls;lr"'),
    (f"outbound={ONE} ; Transport = tcp;outbound2={ONE};regint=60;lr",
     ";Transport=tcp", f'outbound="{ONE};Transport=tcp"'),
    (f'outbound="{ONE}";failover_servers="{ONE}:1,{ONE}:2";transport=udp',
     ";transport=udp",
     f'failover_servers="{ONE}:1,{ONE}:2;transport=udp"'),
    (f'transport=tls;outbound="{ONE}"', ";transport=tls", ""),
    (f'outbound="{ONE};transport=tcp";transport=tls', ";transport=tls", ""),
])
def test_outside(params, lost, meant, server_pair, phone_factory):
    """Whatever becomes of the account: it says that the parameter is lost,
    and how the line should be."""
    phone = phone_factory(f"<{ALICE}>;auth_pass=none;regint=3600;{params}",
                          line(*server_pair, aor=BOB))
    in_use(phone, 1, BOB)
    said = our_lines(phone, "alice@127.0.0.1: '.*' stands outside the quotes")
    assert f"'{lost}'" in said[0]
    assert (f"; write {meant}" in said[0]) if meant else (
        "write" not in said[0])


def test_inside(server_pair, phone_factory):
    """Where they belong, and in other values, not a word is said."""
    primary, backup = server_pair
    phone = phone_factory(
        f'"transport;lr" <{ALICE};transport=udp>;auth_pass="a;transport=b"'
        f';regint=3600;outbound="{primary.uri()};lr"'
        f';outbound2="{backup.uri()}";extra="lr;transport=tcp"')
    in_use(phone, 1)
    assert not our_lines(phone)


# Baresip's conf_reload

def rewrite(phone, *lines):
    with open(phone.path("config"), encoding="ascii") as file:
        kept = [text for text in file if not text.startswith("failover_")]
    with open(phone.path("config"), "w", encoding="ascii") as file:
        file.write("".join(kept) + "\n".join(lines) + "\n")
    phone.do("conf_reload")


@pytest.fixture
def reloading(server_pair, phone_factory):
    """reloading(options) -> a phone that has the command"""
    def make(extra="", **config):
        phone = phone_factory(line(*server_pair, extra=extra),
                              config=config, modules=["debug_cmd"])
        in_use(phone, 1)
        return phone

    return make


def test_reload(reloading):
    """What the account line says stays; what the file says is taken,
    without a command or a message in between."""
    phone = reloading("failover_failback_interval=77",
                      failover_failback="no", failover_retries=1)
    rewrite(phone, "failover_failback yes", "failover_failback_interval 60",
            "failover_retry 3", "failover_retries 99")
    phone.wait_log("the config file was read again")
    failback = phone.account_status()["failback"]
    assert failback["enabled"] and failback["interval_s"] == 77
    assert len(our_lines(phone, "there is no key failover_retry")) == 1
    assert len(our_lines(phone, "failover_retries '99' is not")) == 1
    assert len(our_lines(phone)) == 3


def test_reload_is_at_work(reloading, server_pair):
    """On the backup, a check in half an hour becomes one in a second;
    keep-alives begin and end; a server is given up sooner."""
    primary, backup = server_pair
    phone = reloading()
    phone.do("failover_switch", f"{ALICE} 2")
    in_use(phone, 2)
    rewrite(phone, "failover_keepalive 1", "failover_failback no")
    backup.recorder.wait("OPTIONS", 2)
    assert phone.account_status()["failback"]["next_s"] is None
    rewrite(phone, "failover_failback_interval 1",
            "failover_failback_jitter 0")
    in_use(phone, 1)
    assert counters(phone)["failbacks"] == 1
    rewrite(phone, *(f"{key} {value}" for key, value in QUICK.items()))
    phone.wait_log("the config file was read again", n=3)
    primary.behave_all(silent=True)
    phone.dial(BOB)
    phone.wait_log("-> server 2 .*: INVITE not answered")


def test_reload_without_a_file(reloading):
    """It was read as it is, or not at all: what holds goes on."""
    phone = reloading(failover_failback_interval=99)
    rewrite(phone)
    phone.wait_log("the config file was read again")
    assert phone.account_status()["failback"]["interval_s"] == 1800
    assert not our_lines(phone, "is not|no key")
