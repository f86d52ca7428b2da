# SPDX-License-Identifier: BSD-3-Clause
"""failover_set, failover_diff and failover_save: settings are changed while
the phone runs, and written to Baresip's files."""

import os
import stat

import pytest

from harness.scenario import ALICE, BOB, in_use, line


def read(phone, name):
    with open(phone.path(name), "rb") as file:
        return file.read()


def write(phone, name, data):
    with open(phone.path(name), "wb") as file:
        file.write(data)


def refused(phone, name, params=""):
    good, said = phone.command(name, params)
    assert not good, said
    return said


def interval(phone, aor=ALICE):
    return phone.account_status(aor)["failback"]["interval_s"]


@pytest.fixture
def phone(server_pair, phone_factory):
    """Registered with server 1, and with no other account."""
    made = phone_factory(line(*server_pair), modules=["debug_cmd"])
    in_use(made, 1)
    return made


# failover_set

def test_set(phone, server_pair):
    """It is at work at once, and nothing registers anew."""
    primary, backup = server_pair
    before = primary.recorder.count("REGISTER")
    said = phone.do("failover_set", f"{ALICE} failover_failback_interval 60")
    assert "failover_save writes it" in said
    assert interval(phone) == 60
    phone.do("failover_set", f"{ALICE} failover_keepalive 1")
    primary.recorder.wait("OPTIONS", 2)
    assert primary.recorder.count("REGISTER") == before
    assert not backup.recorder.requests("REGISTER")


def test_set_all(server_pair, phone_factory):
    """An account's own value stands before that of all."""
    phone = phone_factory(
        line(*server_pair), line(*server_pair, aor=BOB,
                                 extra="failover_failback_interval=77"))
    in_use(phone, 1)
    said = phone.do("failover_set", "* failover_failback_interval 60")
    assert "bob@127.0.0.1 has 77 of its own" in said
    assert interval(phone) == 60
    assert interval(phone, BOB) == 77
    phone.do("failover_set", f"{BOB} failover_failback_interval 5")
    assert interval(phone, BOB) == 5
    # an empty value removes the account's own
    phone.do("failover_set", f"{BOB} failover_failback_interval")
    assert interval(phone, BOB) == 60
    phone.do("failover_set", "* failover_failback_interval")
    assert interval(phone) == interval(phone, BOB) == 1800


@pytest.mark.parametrize("params, answer", [
    ("", "failover_set <aor"),
    (ALICE, "failover_set <aor"),
    (f"{ALICE} failover_failback_interval soon",
     "'soon' is not 1 to 86400 seconds"),
    (f"{ALICE} failover_failback_interval 0",
     "'0' is not 1 to 86400 seconds"),
    ("* failover_retries 11", "'11' is not a number from 0 to 10"),
    (f"{ALICE} failover_retry 1", "no such key; did you mean failover_retries?"),
    (f"{ALICE} auth_pass x", "no such key; failover_set by itself shows all"),
    (f"{ALICE} failover_http_user x", "a key of the config file: write *"),
    ("* failover no", "a key of an account: name one in place of *"),
    ("* failover_http_listne x", "did you mean failover_http_listen?"),
    ("nobody failover_retries 1", "no account 'nobody'; there is: alice"),
])
def test_set_wrong(params, answer, phone):
    before = phone.account_status()["failback"]["interval_s"]
    assert answer in refused(phone, "failover_set", params)
    assert interval(phone) == before
    assert not phone.do("failover_diff")


def test_reload_keeps_what_was_set(phone):
    phone.do("failover_set", "* failover_failback_interval 60")
    phone.do("conf_reload")
    phone.wait_log("the config file was read again")
    assert interval(phone) == 60


# failover_save

def test_save(phone, server_pair):
    """Only what was changed is written, and the next phone reads it."""
    accounts, config = read(phone, "accounts"), read(phone, "config")
    os.chmod(phone.path("accounts"), 0o640)
    phone.do("failover_set", f"{ALICE} failover_failback_interval 60")
    phone.do("failover_set", "* failover_retries 0")

    diff = phone.do("failover_diff")
    assert "failover_failback_interval=60" in diff
    assert "+failover_retries\t0" in diff.replace("        ", "\t")
    assert "auth_pass=***" in diff and "auth_pass=none" not in diff
    assert (read(phone, "accounts"), read(phone, "config")) == (accounts,
                                                                config)

    said = phone.do("failover_save")
    assert phone.path("accounts") in said and phone.path("config") in said
    assert "auth_pass=none" not in said
    outbound = f'outbound2="{server_pair[1].uri()}"'.encode()
    assert read(phone, "accounts") == accounts.replace(
        outbound, outbound + b";failover_failback_interval=60")
    assert read(phone, "config") == config + b"failover_retries\t0\n"
    assert stat.S_IMODE(os.stat(phone.path("accounts")).st_mode) == 0o640
    assert not phone.do("failover_diff")
    assert "nothing was changed" in phone.do("failover_save")

    phone.stop()
    phone.start()
    in_use(phone, 1)
    assert interval(phone) == 60
    server_pair[0].behave_all(silent=True)
    phone.dial(BOB)
    phone.wait_log("-> server 2 .*: INVITE not answered in 0.5 s")


def test_save_one_account(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair), line(*server_pair, aor=BOB))
    in_use(phone, 1)
    config = read(phone, "config")
    for who in (ALICE, BOB, "*"):
        phone.do("failover_set", f"{who} failover_rise 2")
    phone.do("failover_save", BOB)
    alice, bob = read(phone, "accounts").decode().splitlines()
    assert "failover" not in alice and ";failover_rise=2" in bob
    assert read(phone, "config") == config
    phone.do("failover_save")
    assert b"failover_rise" in read(phone, "accounts").splitlines()[0]
    assert b"failover_rise\t\t2\n" in read(phone, "config")


@pytest.mark.parametrize("name, who", [("accounts", ALICE), ("config", "*")])
def test_file_changed_meanwhile(name, who, phone):
    """It is shown first what would be written over."""
    phone.do("failover_set", f"{who} failover_rise 2")
    theirs = b"# theirs\n" + read(phone, name)
    write(phone, name, theirs)
    said = refused(phone, "failover_save")
    assert f"{name}: nothing is written: it has changed on the disk" in said
    assert "failover_rise" in said
    assert read(phone, name) == theirs
    phone.do("failover_save")
    assert read(phone, name).startswith(theirs[:20])
    assert b"failover_rise" in read(phone, name)


def test_config_reloaded_meanwhile(phone):
    """Who edits the file, and has it read, has not changed it unseen; what
    the file says then is in force."""
    phone.do("failover_set", "* failover_failback_interval 60")
    phone.do("failover_save")
    write(phone, "config", read(phone, "config").replace(
        b"interval\t60", b"interval\t90"))
    phone.do("conf_reload")
    phone.wait_log("the config file was read again")
    assert interval(phone) == 90
    phone.do("failover_set", "* failover_rise 2")
    phone.do("failover_save")
    assert b"failover_rise\t\t2\n" in read(phone, "config")
    assert b"interval\t90\n" in read(phone, "config")


def test_account_is_not_in_the_file(phone):
    """Somebody has taken it out."""
    phone.do("failover_set", f"{ALICE} failover_rise 2")
    write(phone, "accounts", b"# none\n")
    said = refused(phone, "failover_save")
    assert "Baresip reads 0 lines of sip:alice@127.0.0.1 in it" in said
    assert read(phone, "accounts") == b"# none\n"


def test_line_is_full(phone):
    """A line that Baresip would cut off is not written."""
    limit = 1023 if phone.version >= (3, 1) else 511
    phone.stop()
    short = read(phone, "accounts").rstrip() + b";extra="
    full = short + b"x" * (limit - len(short)) + b"\n"
    write(phone, "accounts", full)
    phone.start()
    in_use(phone, 1)
    assert f"more than the {limit} characters" in refused(
        phone, "failover_set", f"{ALICE} failover_rise 2")

    # somebody else has made the line longer meanwhile
    write(phone, "accounts", short + b"\n")
    phone.stop()
    phone.start()
    in_use(phone, 1)
    phone.do("failover_set", f"{ALICE} failover_rise 2")
    write(phone, "accounts", full)
    said = refused(phone, "failover_save")
    assert f"the line has {limit + len(';failover_rise=2')} characters" in said
    assert read(phone, "accounts") == full


def test_odd_files(server_pair, phone_factory):
    """CR LF, comments, quotes, a duplicate, no line break at the end."""
    phone = phone_factory(line(*server_pair), start=False)
    accounts = (b"# mine \xe4\r\n" + line(*server_pair).encode() +
                b' ;extra="n=1;pubint=7";pubint=9\r\n# end')
    config = read(phone, "config").replace(b"\n", b"\r\n") + (
        b"# failover_rise  1 # how often\r\n  failover_fall\t 1 # x\r\n"
        b"failover_fall 3")
    write(phone, "accounts", accounts)
    write(phone, "config", config)
    phone.start()
    in_use(phone, 1)
    for key in ("failover_rise", "failover_fall"):
        phone.do("failover_set", f"{ALICE} {key} 2")
        phone.do("failover_set", f"* {key} 2")
    phone.do("failover_save")
    assert read(phone, "accounts") == accounts.replace(
        b" ;extra", b";failover_rise=2;failover_fall=2 ;extra")
    assert read(phone, "config") == config.replace(
        b"often\r\n", b"often\r\nfailover_rise\t\t2\r\n").replace(
        b"failover_fall\t 1", b"failover_fall\t 2")


def test_read_only_folder(phone):
    if not os.geteuid():
        pytest.skip("nothing is read-only for root")
    phone.do("failover_set", f"{ALICE} failover_rise 2")
    os.chmod(phone.folder, 0o500)
    try:
        said = refused(phone, "failover_save")
    finally:
        os.chmod(phone.folder, 0o700)
    assert "nothing can be written beside it: Permission denied" in said
