#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the module costs, and how that grows with the accounts: measured with
callgrind on the real Baresip, with the module and without.

    test/cost/run.py [ACCOUNTS ...]

writes docs/cost.md and docs/cost.svg.  ACCOUNTS: numbers of accounts to
measure the growth with, by default 1 10 100 1000 3000; 0: it is not measured,
and docs/cost.md keeps what it has of it.
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(
    __file__))))

# pylint: disable=wrong-import-position
from harness import run                                     # noqa: E402
from harness.baresip import Phone                           # noqa: E402
from meter import SLOW_S, Meter                             # noqa: E402
from report import write, write_costs                       # noqa: E402
import scenes                                               # noqa: E402

FEW = 10                        # accounts, for what does not grow
GROWTH = (1, 10, 100, 1000, 3000)
KEEPALIVE_S = 2                 # between the OPTIONS of an account
GRANTED_S = 5                   # so that a refresh is soon
PATIENT = {"failover_timeout": 31}  # s: none moves, however slow the start

SCENES = {  # how often it is done, and what
    "stranger": (40, lambda phone, servers: scenes.Stranger(phone)),
    "request": (40, scenes.Request),
    "refresh": (20, lambda phone, servers: scenes.Refresh(servers)),
    "incoming": (10, lambda phone, servers: scenes.Incoming(servers)),
    "outgoing": (10, scenes.Outgoing),
}


def measure(name: str, accounts: int, failover: bool) -> dict[str, float]:
    """Instructions of one, and of failover_json."""
    number, make = SCENES[name]
    servers = scenes.Servers(GRANTED_S if name == "refresh" else 3600)
    meter = Meter(*servers.accounts(accounts, "answermode=auto"),
                  failover=failover, config=PATIENT).start()
    try:
        if name == "refresh":
            time.sleep(1)
        else:
            servers.wait_bound(accounts)
            scenes.wait_idle(meter.phone)
        meter.phone.do("uafind", scenes.aor(0))
        found = {"cost": meter.cost(make(meter.phone, servers), number)}
        if failover and name == "stranger":
            found["json"] = meter.cost(scenes.Json(meter.phone), 3)
        return found
    finally:
        meter.close()
        servers.close()


def costs() -> dict[str, tuple[float, float]]:
    """Scene -> instructions without the module and with it."""
    found = {}
    for name in SCENES:
        found[name] = tuple(measure(name, FEW, failover)["cost"]
                            for failover in (False, True))
        print(name, *map(round, found[name]), flush=True)
    return found


def move(accounts: int) -> dict[str, float]:
    """The primary's port is closed, and the keep-alives find out; without
    callgrind."""
    servers = scenes.Servers()
    phone = Phone(*servers.accounts(accounts),
                  config={"failover_keepalive": KEEPALIVE_S, **PATIENT})
    try:
        phone.start(SLOW_S)
        servers.wait_bound(accounts)
        begin = time.monotonic()
        scenes.Json(phone)(1)
        found = {"json_s": time.monotonic() - begin}
        time.sleep(KEEPALIVE_S)
        return {**found, **scenes.moved(phone, servers, accounts)}
    finally:
        phone.close()
        servers.close()


def growth(numbers: list[int]) -> dict[int, dict[str, float]]:
    """Accounts -> what was measured."""
    found = {}
    for accounts in numbers:
        row = {}
        for name in ("stranger", "incoming"):
            for failover in (False, True):
                got = measure(name, accounts, failover)
                row[f"{name} {failover}"] = got["cost"]
                row.update({"json": got["json"]} if "json" in got else {})
        row.update(move(accounts))
        found[accounts] = row
        print(accounts, {key: round(value, 1) for key, value in row.items()},
              flush=True)
    return found


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:]] or list(GROWTH)
    run.begin()
    try:
        if numbers == [0]:
            write_costs(costs())
        else:
            write(costs(), growth(numbers))
    finally:
        run.end()


if __name__ == "__main__":
    main()
