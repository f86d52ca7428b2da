# SPDX-License-Identifier: BSD-3-Clause
"""failover_maintenance: a server is left alone, in order."""

import pytest

from harness.calls import CallTable
from harness.scenario import (ALICE, BOB, QUICK, binds, expires, in_use, line,
                              our_lines, wait_quiet)


@pytest.fixture
def servers(server_group, server_factory):
    """servers(tables, count) -> servers with one location table, or each
    with one of its own."""
    def make(tables, count=2):
        if tables == "shared":
            return server_group(count)
        calls = CallTable()
        return [server_factory(name=f"pbx{number}", call_table=calls)
                for number in range(1, count + 1)]
    return make


def maintain(phone, server, state="on", aor=ALICE):
    phone.do("failover_maintenance", f"{aor} {server} {state}")


def state_of(phone, server, aor=ALICE):
    return phone.account_status(aor)["servers"][server - 1]["state"]


@pytest.mark.parametrize("probe", ["register", "options"])
@pytest.mark.parametrize("tables", ["shared", "own"])
def test_leaves_in_order(tables, probe, servers, phone_factory):
    """The next one has taken the account before the first one lets go."""
    primary, backup = servers(tables)
    phone = phone_factory(line(primary, backup),
                          config={"failover_probe": probe})
    in_use(phone, 1)
    maintain(phone, 1)
    status = in_use(phone, 2)
    assert status["servers"][0]["state"] == "maintenance"
    assert set(status["counters"].values()) == {0}
    wait_quiet((primary, backup))
    first, *_, last = backup.recorder.requests("REGISTER")
    taken = min(e.time for e in backup.recorder.responses("REGISTER")
                if e.msg.status == 200)
    assert first.call_id != last.call_id and first.time < taken < last.time
    assert all(e.time > taken for e in primary.recorder.requests("REGISTER")
               if not expires(e))
    assert backup.table.longest_unbound_s(ALICE) == 0
    assert backup.table.bindings(ALICE)
    assert any("maintenance" in text and "-> server 2" in text
               for text in our_lines(phone))


def test_check_leaves_it_alone(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup),
                          config={"failover_failback_interval": 1,
                                  "failover_failback_jitter": 0})
    in_use(phone, 1)
    maintain(phone, 1)
    status = in_use(phone, 2)
    assert status["failback"]["next_s"] is None
    wait_quiet(server_pair)
    before = primary.recorder.count("REGISTER")
    assert "in maintenance" in phone.do("failover_probe", ALICE)
    good, text = phone.command("failover_switch", f"{ALICE} 1")
    assert not good and "maintenance" in text
    wait_quiet(server_pair, quiet_s=2.5)
    assert primary.recorder.count("REGISTER") == before
    maintain(phone, 1, "off")
    assert in_use(phone, 1)["counters"]["failbacks"] == 1


def test_better_than_none(server_group, phone_factory):
    """The others are dead: it is used, and left when one is back."""
    one, two = server_group(2)
    phone = phone_factory(line(one, two), config={
        **QUICK, "failover_failback_interval": 1,
        "failover_failback_jitter": 0})
    in_use(phone, 1)
    maintain(phone, 1)
    in_use(phone, 2)
    two.kill()
    phone.do("failover_set", f"{ALICE} failover_keepalive 1")
    status = in_use(phone, 1)
    assert status["servers"][0]["state"] == "maintenance"
    two.start()
    in_use(phone, 2)


def test_stays_without_another(server_pair, phone_factory):
    """Its restart is not waited for with no registration at all."""
    primary, backup = server_pair
    backup.behave_all(silent=True)
    phone = phone_factory(line(primary, backup), config=QUICK)
    in_use(phone, 1)
    maintain(phone, 1)
    phone.wait(lambda: phone.account_status()["servers"][1]["reason"]
               != "not tried yet")
    status = in_use(phone, 1)
    assert status["servers"][1]["reason"]== "not answered"
    assert primary.table.longest_unbound_s(ALICE) == 0
    backup.behave_all()
    phone.do("failover_probe", ALICE)
    in_use(phone, 2)


def test_standby_goes_at_once(servers, phone_factory):
    primary, backup, third = servers("own", 3)
    phone = phone_factory(line(primary, backup, third),
                          config={"failover_standby": "yes"})
    in_use(phone, 1)
    assert backup.table.wait_bound(ALICE)
    maintain(phone, 1)
    in_use(phone, 2)
    assert third.table.wait_bound(ALICE)
    maintain(phone, 3)
    phone.wait(lambda: phone.account_status()["standby"] == 0)


def test_all_accounts(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup),
                          line(backup, primary, aor=BOB))
    for aor in (ALICE, BOB):
        in_use(phone, 1, aor)
    text = phone.do("failover_maintenance", "* primary on")
    assert "alice@" in text and "bob@" in text
    for aor in (ALICE, BOB):
        in_use(phone, 2, aor)
    assert "already" in phone.do("failover_maintenance", f"{BOB} 1 on")
    phone.do("failover_maintenance", "* primary off")
    assert state_of(phone, 1) != "maintenance"


@pytest.mark.parametrize("params, says", [
    ("", ["<server> <on|off>: aor: alice@", "primary, backup"]),
    (f"{ALICE} 1", ["on|off"]),
    (f"{ALICE} 1 maybe", ["on|off"]),
    (f"{ALICE} 3 on", ["1 or 2"]),
    ("* 7 on", ["7"]),
    ("nobody 1 on", ["nobody", "alice@"]),
])
def test_wrong_orders(params, says, server_pair, phone_factory):
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    good, text = phone.command("failover_maintenance", params)
    assert not good and all(part in text for part in says), text
    assert state_of(phone, 1) == "up"
    assert len(binds(server_pair[0])) <= 2


def test_only_account(server_pair, phone_factory):
    """Where there is one account, it need not be named."""
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    assert "is in maintenance" in phone.do("failover_maintenance",
                                           "backup on")
    assert state_of(phone, 2) == "maintenance"
    phone.do("failover_maintenance", "2 off")
    assert state_of(phone, 2) != "maintenance"
