# SPDX-License-Identifier: BSD-3-Clause
"""The history of an account: failover_history, and in failover_json."""

import re
import time

from harness.scenario import ALICE, BOB, QUICK, in_use, line, switch


def history(phone, aor=ALICE):
    return phone.account_status(aor)["history"]


def test_nothing_has_happened(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    assert history(phone) == []
    assert phone.do("failover_history") == "alice@127.0.0.1: no changes\n"


def test_moves(server_pair, phone_factory):
    """A failure with the time it has cost, a return, an order; the latest
    first."""
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup),
                          line(backup, primary, aor=BOB), config=QUICK)
    in_use(phone, 1)
    before = int(time.time())
    primary.behave_all(silent=True)
    phone.do("failover_set", f"{ALICE} failover_keepalive 1")
    in_use(phone, 2)
    primary.behave_all()
    phone.do("failover_probe", ALICE)
    in_use(phone, 1)
    switch(phone, 2)
    order, back, failure = history(phone)
    assert (failure["from"], failure["to"]) == (1, 2)
    assert "not answered" in failure["reason"]
    assert 0.4 < failure["recovery_s"] < 20
    assert (back["from"], back["to"], back["recovery_s"]) == (2, 1, None)
    assert back["reason"] == "the primary answers again"
    assert (order["from"], order["to"]) == (1, 2)
    assert order["reason"] == "asked for by command"
    assert order["recovery_s"] is None
    times = [entry["time"] for entry in (failure, back, order)]
    assert before <= times[0] <= times[1] <= times[2] <= time.time()
    rows = phone.do("failover_history", ALICE).splitlines()
    assert rows[0] == "alice@127.0.0.1: changes" and len(rows) == 4
    assert re.fullmatch(r"  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  1 -> 2  .*not "
                        r"answered.* \(\d+\.\d s\)", rows[1])
    assert rows[3].endswith("1 -> 2  asked for by command")
    assert history(phone, BOB) == [] or history(phone, BOB)[-1]["from"] == 2


def test_exhausted(server_pair, phone_factory):
    """No server is left; the recovery ends when one answers again."""
    for server in server_pair:
        server.behave("REGISTER", status=503)
    phone = phone_factory(line(*server_pair))
    phone.wait_state("down")
    latest, first = history(phone)
    assert (first["from"], first["to"]) == (1, 2)
    assert (latest["from"], latest["to"]) == (2, 0)
    assert latest["reason"].startswith("503") and not latest["recovery_s"]
    for server in server_pair:
        server.behave_all()
        server.behave("REGISTER")
    phone.do("failover_probe", ALICE)
    in_use(phone, 1)
    latest, first = history(phone)
    assert latest["recovery_s"] > 0 and first["recovery_s"] is None


def test_the_last_hundred(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    for number in range(103):
        switch(phone, 2 - number % 2)
    entries = history(phone)
    assert len(entries) == 100
    assert [e["to"] for e in entries[:2]] == [2, 1]
    assert entries[-1]["to"] == 1


def test_unknown_account(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair))
    good, text = phone.command("failover_history", "nobody")
    assert not good and "alice@" in text
