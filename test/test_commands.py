# SPDX-License-Identifier: BSD-3-Clause
"""The commands and the status, as interface.md prescribes them."""

import json
import time

import pytest

from harness.scenario import (ALICE, BOB, add_register_commands, binds,
                              in_use, line, move_line, our_lines, switch,
                              wait_quiet)

ACCOUNT = {"aor": str, "state": str, "active": int, "servers": list,
           "failback": dict, "counters": dict}
SERVER = {"index": int, "uri": str, "state": str, "registered": bool,
          "reason": str, "since_s": (int, float)}
FAILBACK = {"enabled": bool, "interval_s": int,
            "next_s": (int, float, type(None))}
COUNTERS = {key: int for key in ("failovers", "failbacks", "exhausted",
                                 "calls_moved", "byes_moved")}


@pytest.fixture
def phone(server_pair, phone_factory):
    """Alice on two servers, Bob on the same two the other way round."""
    primary, backup = server_pair
    found = phone_factory(line(primary, backup),
                          line(backup, primary, aor=BOB))
    in_use(found, 1, ALICE)
    in_use(found, 1, BOB)
    wait_quiet(server_pair)
    return found


def assert_shape(found, shape):
    for key, kind in shape.items():
        assert isinstance(found[key], kind), (key, found)
        assert kind is not int or not isinstance(found[key], bool)


def assert_valid(status):
    """The contract's JSON, to the letter; more fields may be there."""
    assert status["version"] == 1
    for account in status["accounts"]:
        assert_shape(account, ACCOUNT)
        assert account["state"] in ("primary", "backup", "moving", "down",
                                    "unmanaged")
        assert_shape(account["failback"], FAILBACK)
        assert_shape(account["counters"], COUNTERS)
        for number, server in enumerate(account["servers"], 1):
            assert_shape(server, SERVER)
            assert server["index"] == number
            assert server["state"] in ("up", "down", "unknown",
                                       "maintenance")
            # a duration, not a date
            assert 0 <= server["since_s"] < 3600


def test_json_by_number(phone):
    """Where there are more accounts than one answer has room for."""
    for numbers, aors in (("1-1", [ALICE]), ("2-9", [BOB]),
                          ("1-2", [ALICE, BOB])):
        status = phone.status(numbers)
        assert_valid(status)
        assert [a["aor"] for a in status["accounts"]] == aors
    for numbers in ("0-1", "2-1", "3-4", "1-", "-1", "1-1-1"):
        good, text = phone.command("failover_json", numbers)
        assert not good and f"no account '{numbers}'" in text


def unchanging(phone):
    """The status, without its times."""
    status = phone.status()
    for account in status["accounts"]:
        account["failback"].pop("next_s")
        for server in account["servers"]:
            server.pop("since_s")
    return status


# failover_json

def test_json(phone, server_pair):
    primary, backup = server_pair
    status = phone.status()
    assert_valid(status)
    alice, bob = status["accounts"]
    assert (alice["aor"], bob["aor"]) == (ALICE, BOB)
    assert alice["state"] == "primary" and alice["active"] == 1
    assert [s["uri"] for s in alice["servers"]] == [primary.uri(),
                                                    backup.uri()]
    assert [s["uri"] for s in bob["servers"]] == [backup.uri(),
                                                  primary.uri()]
    assert [s["registered"] for s in alice["servers"]] == [True, False]
    assert alice["servers"][0]["state"] == "up"
    assert alice["servers"][0]["reason"] == "200 OK"
    assert alice["servers"][1]["state"] == "unknown"
    assert alice["failback"] == {"enabled": True, "interval_s": 1800,
                                 "next_s": None}
    assert set(alice["counters"].values()) == {0}


def test_json_of_one(phone):
    for name in (BOB, "bob@127.0.0.1", "bob", "BOB"):
        status = phone.status(name)
        assert_valid(status)
        assert [a["aor"] for a in status["accounts"]] == [BOB]


def test_json_while_on_backup(phone):
    switch(phone, 2)
    status = phone.status(ALICE)
    assert_valid(status)
    account, = status["accounts"]
    assert account["state"] == "backup" and account["active"] == 2
    assert 1700 < account["failback"]["next_s"] <= 1980
    assert [s["registered"] for s in account["servers"]] == [False, True]


def test_json_while_moving_and_down(server_pair, phone_factory):
    primary, backup = server_pair
    primary.behave_all(silent=True)
    backup.kill()
    phone = phone_factory(line(primary, backup),
                          config={"failover_retries": 1})
    account = phone.account_status()
    assert account["state"] == "moving" and account["active"] == 0
    assert_valid(phone.status())
    phone.wait_state("down")
    assert_valid(phone.status())
    assert phone.account_status()["active"] == 0


def test_since(phone):
    """It counts up, and starts anew when the state changes."""
    asked = time.monotonic()
    before = phone.account_status()["servers"][0]["since_s"]
    told = time.monotonic()
    phone.wait(lambda: time.monotonic() - told > 0.3)
    after = phone.account_status()["servers"][0]["since_s"]
    assert before + 0.25 < after < before + time.monotonic() - asked + 0.05
    switched = time.monotonic()
    switch(phone, 2)
    since_s = phone.account_status()["servers"][1]["since_s"]
    assert since_s < time.monotonic() - switched + 0.05


def test_json_of_unmanaged(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup, extra="failover=no"),
                          line(primary, backup, aor=BOB))
    in_use(phone, 1, BOB)
    status = phone.status()
    assert_valid(status)
    assert [(a["aor"], a["state"]) for a in status["accounts"]] == [
        (ALICE, "unmanaged"), (BOB, "primary")]


def test_json_without_accounts(phone_factory):
    assert phone_factory().status() == {"version": 1, "accounts": []}


# failover

def test_table(phone, server_pair):
    """Account, server in use, each server's state and why."""
    text = phone.do("failover")
    assert all(part in text for part in (
        "alice@127.0.0.1", "bob@127.0.0.1", "primary", "200 OK",
        *(server.uri() for server in server_pair)))
    assert "alice" not in phone.do("failover", BOB)
    switch(phone, 2)
    text = phone.do("failover", ALICE)
    assert "backup" in text and "next look for the primary in" in text
    used, = [row for row in text.splitlines() if ">" in row]
    assert server_pair[1].uri() in used


# failover_switch

@pytest.mark.parametrize("backup_word, primary_word", [
    ("backup", "primary"), ("2", "1"), ("BACKUP", "Primary")])
@pytest.mark.parametrize("name", [ALICE, "alice@127.0.0.1", "alice"])
def test_switch(name, backup_word, primary_word, phone, server_pair):
    primary, backup = server_pair
    phone.do("failover_switch", f"{name} {backup_word}")
    status = in_use(phone, 2)
    assert status["state"] == "backup"
    assert set(status["counters"].values()) == {0}      # nothing has failed
    phone.do("failover_switch", f"{name}  {primary_word}")
    in_use(phone, 1)
    why = "asked for by command"
    assert our_lines(phone) == [
        move_line("alice@127.0.0.1", 1, primary, 2, backup, why),
        move_line("alice@127.0.0.1", 2, backup, 1, primary, why)]
    assert phone.account_status(BOB)["active"] == 1


def test_switch_to_where_it_is(phone, server_pair):
    before = server_pair[0].recorder.count("REGISTER")
    good, text = phone.command("failover_switch", f"{ALICE} primary")
    assert good and "already" in text
    assert server_pair[0].recorder.count("REGISTER") == before
    assert not our_lines(phone)


def test_switch_to_a_dead_server(phone, server_pair):
    """The order is tried; the account ends where a server answers."""
    primary, backup = server_pair
    backup.behave("REGISTER", status=503)
    phone.do("failover_switch", f"{ALICE} backup")
    backup.recorder.wait_for(lambda: any(
        e.msg.aor == ALICE for e in binds(backup)))
    status = in_use(phone, 1)
    assert status["servers"][1]["state"] == "down"
    wait_quiet(server_pair)
    assert primary.table.bindings(ALICE)
    assert phone.account_status()["active"] == 1


def test_switch_among_eight(server_group, phone_factory):
    servers = server_group(8)
    phone = phone_factory(line(*servers))
    in_use(phone, 1)
    for number in (8, 3, 5):
        assert switch(phone, number)["state"] == "backup"
    wait_quiet(servers)
    assert len(servers[0].table.bindings(ALICE)) == 1


# Wrong orders

@pytest.mark.parametrize("name, params, says", [
    ("failover", "sip:nobody@127.0.0.1", ["nobody@", "alice@", "bob@"]),
    ("failover_json", "nobody", ["nobody", "alice@", "bob@"]),
    ("failover_probe", "nobody", ["nobody", "alice@", "bob@"]),
    ("failover_switch", "nobody primary", ["nobody", "alice@", "bob@"]),
    ("failover_switch", "", ["aor", "primary", "backup"]),
    ("failover_switch", ALICE, ["aor", "primary", "backup"]),
    ("failover_switch", f"{ALICE} third", ["third", "choose primary, backup, 1 or 2"]),
    ("failover_switch", f"{ALICE} 0", ["0", "primary, backup, 1 or 2"]),
    ("failover_switch", f"{ALICE} 3", ["3", "primary, backup, 1 or 2"]),
    ("failover_switch", f"{ALICE} 9", ["9", "primary, backup, 1 or 2"]),
    ("failover_switch", f"{ALICE} 12", ["12", "primary, backup, 1 or 2"]),
    ("failover_switch", f"{ALICE} -1", ["-1", "primary, backup, 1 or 2"]),
    ("failover_switch", f"{ALICE} 2x", ["2x", "primary, backup, 1 or 2"]),
    ("failover_switch", f"{ALICE} %s%n", ["%s%n", "primary, backup, 1 or 2"]),
    ("failover_switch", "%s%n%n primary", ["%s%n%n", "alice@"]),
    ("failover_switch", f"{'x' * 300} primary", ["alice@", "bob@"]),
])
def test_wrong_order(name, params, says, phone, server_pair):
    """A sentence on what is possible, an error, and nothing changed."""
    before = unchanging(phone)
    sent = [server.recorder.count("REGISTER") for server in server_pair]
    good, text = phone.command(name, params)
    assert not good
    assert all(part in text for part in says), text
    assert len(text.strip().splitlines()) == 1
    assert unchanging(phone) == before
    assert [server.recorder.count("REGISTER")
            for server in server_pair] == sent


def test_order_to_an_unmanaged(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup, extra="failover=no"))
    primary.table.wait_bound(ALICE)
    for name, params in (("failover_switch", f"{ALICE} 2"),
                         ("failover_probe", ALICE)):
        good, text = phone.command(name, params)
        assert not good and "failover=no" in text
    assert not backup.recorder.requests()


def test_probe_of_an_unregistered(server_pair, phone_factory):
    """The user has taken it off: looking for the primary does not bring
    it back."""
    phone = phone_factory(line(*server_pair))
    add_register_commands(phone)
    in_use(phone, 1)
    phone.do("test_unregister")
    wait_quiet(server_pair)
    assert "nothing to look for" in phone.do("failover_probe", ALICE)
    wait_quiet(server_pair)
    assert not server_pair[0].table.bindings(ALICE)
    assert_valid(phone.status())


# Others

def test_probe_all(phone, server_pair):
    """Without a name it is for every account; only who is away sends."""
    switch(phone, 2)
    wait_quiet(server_pair)
    text = phone.do("failover_probe")
    assert "alice@" in text and "bob@" in text
    assert in_use(phone, 1)["counters"]["failbacks"] == 1
    assert phone.account_status(BOB)["counters"]["failbacks"] == 0


def test_accounts_move_alone(phone, server_pair):
    primary, backup = server_pair
    switch(phone, 2, BOB)
    wait_quiet(server_pair)
    assert phone.account_status(ALICE)["state"] == "primary"
    assert phone.account_status(BOB)["state"] == "backup"
    assert {b.server for b in primary.table.bindings(ALICE).values()} \
        == {b.server for b in primary.table.bindings(BOB).values()} \
        == {primary.name}
    assert len(our_lines(phone)) == 1 and not backup.recorder.malformed


def test_json_is_one_document(phone):
    text = phone.do("failover_json")
    assert json.loads(text) and text.count('"version"') == 1


def test_account_made_at_runtime(phone, server_pair):
    """uanew: it is seen, and can be moved."""
    carol = "sip:carol@127.0.0.1"
    phone.do("uanew", line(*server_pair, aor=carol))
    in_use(phone, 1, carol)
    switch(phone, 2, carol)
    phone.do("uadel", carol)
    assert [a["aor"] for a in phone.status()["accounts"]] == [ALICE, BOB]
    wait_quiet(server_pair)
    assert not server_pair[0].table.bindings(carol)
