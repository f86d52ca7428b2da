# SPDX-License-Identifier: BSD-3-Clause
"""What the user does: one call after the other, and orders meanwhile."""

import itertools
import time
from typing import Any, Callable, Optional

from harness.calls import ESTABLISHED, Call
from harness.server import SipServer

from .invariants import Story
from .schedule import Account, Step
from .timeline import Event
from .world import ACCOUNTS, SERVERS, USERS, World, aor, sleep_until

OUTCOME_S = 60.0                    # of a dial: longer than libre waits
HEARD_S = 15.0                      # of anything else
EARLY_S = 0.3
PLACED_ANEW_S = 0.1                 # a call that libre has ended
LATEST = 4000                       # events: far more than a call has
BY_NAME = {each.name: each for each in ACCOUNTS}


class Caller:
    """Does the steps of the lane of calls."""

    def __init__(self, world: World) -> None:
        self._world, self._timeline = world, world.timeline
        self._users = itertools.count()
        self._over: set[str] = set()    # Call-IDs

    def call(self, step: Step) -> None:
        self._hang_up_the_rest()
        account = BY_NAME[step.who]
        if step.data["incoming"]:
            established = self._receive(account)
        else:
            established = self._dial(account, step.data["early"])
        if not established:
            return
        for within, talk_s in zip(step.data["within"],
                                  step.data["talk_s"][1:]):
            if not self._talk(account, established, talk_s):
                return
            self._within(account, established, within)
        if self._talk(account, established, step.data["talk_s"][0]):
            self._end(account, established, step.data["ends"])

    # Setting up; the event of its answer is returned

    def _dial(self, account: Account, early: bool) -> Optional[Event]:
        user = f"user{next(self._users) % USERS}"
        dialled = self._timeline.add(account.name, "dial", user=user)
        try:
            self._world.phone.dial(f"sip:{user}@{SERVERS}", aor(account))
        except AssertionError as err:
            self._timeline.add(account.name, "CALL_CLOSED",
                               param=f"not dialled: {err}")
            return None
        if early:
            time.sleep(EARLY_S)
            self._hang_up(account, dialled)
            return None
        if not self._wait(account, dialled.time, OUTCOME_S,
                          "CALL_ESTABLISHED", "CALL_CLOSED"):
            self._hang_up(account, dialled)
            return None
        time.sleep(PLACED_ANEW_S)
        outcome = Story(self._timeline.events()[-LATEST:], ACCOUNTS).outcome(
            account.name, dialled.time)
        if not outcome:             # the call goes on as another one
            outcome = self._wait(account, dialled.time, OUTCOME_S,
                                 "CALL_ESTABLISHED")
        if not outcome:
            self._hang_up(account, dialled)
        return outcome if outcome and \
            outcome.what == "CALL_ESTABLISHED" else None

    def _receive(self, account: Account) -> Optional[Event]:
        server = self._world.in_use(account)
        if not server:
            return None
        called = self._timeline.add(account.name, "is called", server=server)
        try:
            if server.startswith("kamailio"):
                self._world.far.call(aor(account), proxy=self._world.servers[
                    server].uri("udp"))
            else:
                self._world.servers[server].call(aor(account))
        except OSError as err:      # the server is dead just now
            self._timeline.add(account.name, "not called", why=err)
            return None
        rings = self._wait(account, called.time, HEARD_S, "CALL_INCOMING")
        if rings is None:
            return None
        self._choose(account)
        self._world.phone.command("accept")
        answered = self._wait(account, called.time, HEARD_S,
                              "CALL_ESTABLISHED", "CALL_CLOSED")
        if answered is None or answered.what == "CALL_CLOSED":
            self._hang_up(account, called)
            return None
        return answered

    # Within, and the end

    def _within(self, account: Account, call: Event, what: str) -> None:
        self._choose(account)
        asked = self._timeline.add(account.name, what, call=call.get("id"))
        if what == "transfer":
            self._world.phone.command("transfer", f"sip:other@{SERVERS}")
        else:
            self._world.phone.command(what)
        heard = "REFER" if what == "transfer" else "re-INVITE"
        self._timeline.wait(
            lambda e: (e.who, e.what) == ("far end", heard) or
            (e.who, e.what) == (account.name, "CALL_CLOSED"),
            HEARD_S, asked.time)

    def _end(self, account: Account, call: Event, by: str) -> None:
        far = self._far_call()
        if by == "far" and far and self._far_hangs_up(account, far):
            return
        self._hang_up(account, call)

    def _hang_up(self, account: Account, call: Event) -> None:
        asked = self._timeline.add(account.name, "hang up",
                                   call=call.get("id"))
        self._choose(account)
        self._world.phone.hangup()
        self._wait(account, call.time, HEARD_S, "CALL_CLOSED")
        if self._far_call():
            self._timeline.wait(
                lambda e: (e.who, e.what) == ("far end", "ended"),
                HEARD_S, asked.time)

    def _hang_up_the_rest(self) -> None:
        """A call that libre has ended may be up as another one, later than
        anybody has waited for it."""
        events = self._timeline.events()
        self._over |= {event.get("id") for event in events
                       if event.what == "CALL_CLOSED"}
        for event in events:
            if event.what == "CALL_ESTABLISHED" \
                    and event.get("id") not in self._over:
                self._over.add(event.get("id"))
                self._hang_up(BY_NAME[event.who], event)

    def _far_hangs_up(self, account: Account, far: Call) -> bool:
        name = far.server
        server = self._world.far if name == "far" else \
            self._world.servers[name]
        if not isinstance(server, SipServer) or not server.running:
            return False
        asked = self._timeline.add(account.name, "far hangs up",
                                   id=far.call_id, server=self._world.calls.
                                   server(far))
        try:
            server.hangup(far)
        except OSError:
            self._timeline.add(account.name, "far cannot hang up")
            return False
        return self._wait(account, asked.time, HEARD_S,
                          "CALL_CLOSED") is not None

    # Small parts

    def _far_call(self) -> Optional[Call]:
        """The newest one that is up."""
        calls = self._world.calls.established()
        return calls[-1] if calls else None

    def _choose(self, account: Account) -> None:
        """The account whose call the next order is about."""
        self._world.phone.command("uafind", aor(account))

    def _talk(self, account: Account, call: Event, seconds: float) -> bool:
        """False: the call has ended meanwhile, or before."""
        return self._wait(account, call.time, seconds, "CALL_CLOSED") is None

    def _wait(self, account: Account, since: float, timeout: float,
              *kinds: str) -> Optional[Event]:
        found: list[Event] = []

        def matches(event: Event) -> bool:
            if event.who == account.name and event.what in kinds:
                found.append(event)
            return bool(found)

        self._timeline.wait(matches, timeout, since)
        return found[0] if found else None


# Orders

def order(world: World, step: Step, began: float) -> None:
    ORDERS[step.what](world, BY_NAME[step.who], step, began)


def _set(world: World, account: Account, step: Step, began: float) -> None:
    key, value = step.data["key"], step.data["value"]
    good, text = world.phone.command("failover_set",
                                     f"{aor(account)} {key} {value}")
    world.timeline.add(account.name, "set", key=key, value=value,
                       error="" if good else text.strip())
    if step.data["save"]:
        good, text = world.phone.command("failover_save")
        left = world.phone.command("failover_diff")[1] if good else ""
        world.timeline.add(account.name, "save",
                           error="" if good else text.strip(),
                           left=left.strip().splitlines()[:1])


def _switch(world: World, account: Account, step: Step,
            began: float) -> None:
    world.timeline.add(account.name, "switch", server=step.data["server"])
    world.phone.command("failover_switch",
                        f"{aor(account)} {step.data['server']}")


def _probe(world: World, account: Account, step: Step,
           began: float) -> None:
    world.timeline.add(account.name, "probe")
    world.phone.command("failover_probe", aor(account))


def _maintenance(world: World, account: Account, step: Step,
                 began: float) -> None:
    number = step.data["server"]
    words = f"{aor(account)} {number}"
    world.timeline.add(account.name, "maintenance", server=number)
    world.phone.do("failover_maintenance", f"{words} on")
    sleep_until(world.timeline, began + step.at + step.length)
    world.phone.do("failover_maintenance", f"{words} off")
    world.timeline.add(account.name, "maintenance over", server=number)


ORDERS: dict[str, Callable[[World, Account, Step, float], Any]] = {
    "set": _set, "switch": _switch, "probe": _probe,
    "maintenance": _maintenance}
