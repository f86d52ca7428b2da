# SPDX-License-Identifier: BSD-3-Clause
"""From a seed to what is done when: faults, calls, orders.  Nothing but
random numbers; the same seed gives the same schedule."""

import random
from dataclasses import dataclass, field
from typing import Any

# What can befall a server: name -> its length in s, at least and at most
KAMAILIO_FAULTS = {"stop": (1, 10), "kill": (1, 10), "restart": (0, 0),
                   "503": (1, 10)}
SCRIPTED_FAULTS = {"silence": (1, 10), "stop": (1, 10), "kill": (1, 10),
                   "reset": (1, 10), "restart": (0, 0), "503": (1, 10),
                   "408": (1, 10), "slow": (5, 12), "cut": (0, 0)}
NETWORK_FAULTS = {"loss": (3, 10), "delay": (3, 10), "reorder": (3, 10),
                  "duplicate": (3, 10)}
PHONE_FAULTS = {"address": (0, 0), "unplug": (1, 6), "sleep": (0, 0)}
NAMES_FAULTS = {"silence": (2, 10), "SERVFAIL": (2, 10), "kill": (2, 10)}

REST_S = (4.0, 16.0)        # of a server, from one fault to the next
PHONE_REST_S = (20.0, 40.0)
BOTH = 0.15                 # how often a fault may befall the second server
                            # of a pair while the first one has one
CALL_REST_S = (0.2, 2.0)
ORDER_REST_S = (3.0, 9.0)

SETTINGS = {"failover_keepalive": ("1", "2", "3"),
            "failover_standby": ("yes", "no"),
            "failover_probe": ("register", "options"),
            "failover_rise": ("1", "2"),
            "failover_tcp_keepalive": ("0", "30", "60")}


@dataclass(frozen=True)
class Account:
    name: str                       # its user, and how the timeline has it
    kind: str                       # "udp", "tcp" or "tls"
    servers: tuple[str, ...]        # their names, in order
    by_name: bool = False           # the first one is looked up in DNS
    by_srv: bool = False            # ... and which ones there are
    messages: bool = False          # it subscribes to message waiting


@dataclass(frozen=True)
class Step:
    at: float                       # s, since the cycle began
    lane: str                       # what is done in one lane does not overlap
    who: str                        # a server, "network", "phone", an account
    what: str                       # the fault's or the action's name
    length: float = 0.0             # s, of a fault
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """Servers that stand in for each other."""
    servers: tuple[str, ...]
    faults: dict[str, tuple[float, float]]


def cycle(seed: int, number: int, seconds: float, sites: list[Site],
          accounts: list[str], answering: list[str]) -> list[Step]:
    """What is done in one cycle.  answering: accounts that can be called."""
    rnd = random.Random(f"{seed} {number}")
    steps: list[Step] = []
    for site in sites:
        steps += _site(rnd, site, seconds)
    steps += _lane(rnd, "network", NETWORK_FAULTS, PHONE_REST_S, seconds)
    steps += _lane(rnd, "phone", PHONE_FAULTS, PHONE_REST_S, seconds)
    steps += _lane(rnd, "names", NAMES_FAULTS, PHONE_REST_S, seconds)
    steps += _calls(rnd, accounts, answering, seconds)
    steps += _orders(rnd, accounts, seconds)
    return sorted(steps, key=lambda step: step.at)


def _lane(rnd: random.Random, who: str,
          faults: dict[str, tuple[float, float]],
          rest_s: tuple[float, float], seconds: float) -> list[Step]:
    """One after the other, with a rest between them."""
    steps, at = [], rnd.uniform(*rest_s) / 2
    while at < seconds:
        what = rnd.choice(sorted(faults))
        length = min(rnd.uniform(*faults[what]), seconds - at)
        steps.append(Step(at, who, who, what, length))
        at += length + rnd.uniform(*rest_s)
    return steps


def _site(rnd: random.Random, site: Site, seconds: float) -> list[Step]:
    """One server is there at a time, but for now and then."""
    steps: list[Step] = []
    for server in site.servers:
        for step in _lane(rnd, server, site.faults, REST_S, seconds):
            at_once = any(step.at < other.at + other.length + REST_S[0]
                          and other.at < step.at + step.length + REST_S[0]
                          for other in steps if other.who != server)
            if not at_once or rnd.random() < BOTH:
                steps.append(step)
    return steps


def _calls(rnd: random.Random, accounts: list[str], answering: list[str],
           seconds: float) -> list[Step]:
    """The times are those of a user who does not wait; one call ends before
    the next one begins."""
    steps, at = [], rnd.uniform(*CALL_REST_S)
    while at < seconds:
        incoming = rnd.random() < 0.25
        within = rnd.choice([[], [], ["hold"], ["hold", "resume"],
                             ["transfer"], ["hold", "resume", "hold"]])
        data = {"incoming": incoming, "within": within,
                "talk_s": [round(rnd.uniform(0.1, 4.0), 3)
                           for _ in range(len(within) + 1)],
                "ends": rnd.choice(["phone", "phone", "far"]),
                "early": not incoming and rnd.random() < 0.1}
        account = rnd.choice(answering if incoming else accounts)
        steps.append(Step(at, "calls", account, "call", data=data))
        at += sum(data["talk_s"]) + rnd.uniform(*CALL_REST_S)
    return steps


def _orders(rnd: random.Random, accounts: list[str],
            seconds: float) -> list[Step]:
    steps, at = [], rnd.uniform(*ORDER_REST_S)
    while at < seconds:
        account, data, length = rnd.choice(accounts), {}, 0.0
        what = rnd.choice(["set", "set", "switch", "maintenance", "probe"])
        if what == "set":
            key = rnd.choice(sorted(SETTINGS))
            data = {"key": key, "value": rnd.choice(SETTINGS[key]),
                    "save": rnd.random() < 0.5}
        elif what in ("switch", "maintenance"):
            data = {"server": rnd.choice([1, 2])}
            length = rnd.uniform(2, 8) if what == "maintenance" else 0.0
        steps.append(Step(at, "orders", account, what,
                          min(length, max(0.0, seconds - at)), data))
        at += length + rnd.uniform(*ORDER_REST_S)
    return steps
