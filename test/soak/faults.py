# SPDX-License-Identifier: BSD-3-Clause
"""Faults: how each begins and ends.  What harms a server is in the timeline
from before it begins until after it has ended."""

import contextlib
import itertools
import signal
from typing import Any, Iterator

from harness.cable import Quality
from harness.dns import KINDS, SERVFAIL, Dns

from .schedule import Step
from .world import PHONES, World, sleep_until

SLOW_MS = 6000                      # longer than a server is given
LOSS = 0.2
QUALITIES = {"loss": Quality(loss=LOSS),
             "delay": Quality(delay_s=0.15, jitter_s=0.05),
             "reorder": Quality(jitter_s=0.2),
             "duplicate": Quality(duplicate=0.3)}


def make(world: World, step: Step, began: float) -> None:
    """The whole of one, from its beginning to its end.  began: when the
    cycle did, by the timeline."""
    fault = _fault(world, step)
    world.timeline.add(step.who, "fault", kind=step.what,
                       length=f"{step.length:.1f} s")
    with fault:
        sleep_until(world.timeline, began + step.at + step.length)
    world.timeline.add(step.who, "fault over", kind=step.what)


def _fault(world: World, step: Step) -> Any:
    if step.who == "network":
        return _network(world, step.what)
    if step.who == "phone":
        return _phone(world, step.what)
    if step.who == "names":
        return _names(world.names, step.what)
    server = world.servers[step.who]
    if step.who.startswith("kamailio"):
        return _kamailio(server, step.what)
    return _scripted(server, step.what)


@contextlib.contextmanager
def _network(world: World, what: str) -> Iterator[None]:
    world.cable.quality = QUALITIES[what]
    yield
    world.cable.quality = Quality()


@contextlib.contextmanager
def _phone(world: World, what: str) -> Iterator[None]:
    if what == "sleep":
        world.phone.signal(signal.SIGUSR2)
    elif what == "address":
        addresses = itertools.cycle(PHONES)
        world.take(next(a for a in addresses if a != world.address))
    else:
        world.plug(False)
    yield
    if what == "unplug":
        world.plug(True)


@contextlib.contextmanager
def _names(names: Dns, what: str) -> Iterator[None]:
    if what == "kill":
        names.stop()
        yield
        names.start()
        return
    names.silent = set(KINDS) if what == "silence" else set()
    names.rcode = dict.fromkeys(KINDS, SERVFAIL if what == "SERVFAIL" else 0)
    yield
    names.silent, names.rcode = set(), {}


@contextlib.contextmanager
def _kamailio(server: Any, what: str) -> Iterator[None]:
    if what == "stop":
        server.stop()
        yield
        server.cont()
    elif what == "503":
        server.refuse()
        yield
        server.refuse(False)
    else:
        server.kill()
        yield
        server.start()


@contextlib.contextmanager
def _scripted(server: Any, what: str) -> Iterator[None]:
    answers = {"silence": {"silent": True}, "503": {"status": 503},
               "408": {"status": 408}, "slow": {"answer_delay": SLOW_MS}}
    if what in answers:
        notifies = server.behaviour("SUBSCRIBE"), server.behaviour("PUBLISH")
        server.behave_all(**answers[what])
        yield
        server.behave_all()
        server.behave("SUBSCRIBE", script=notifies[0].script)
        server.behave("PUBLISH", script=notifies[1].script)
    elif what == "stop":
        server.hold()
        yield
        server.release()
    elif what == "cut":
        server.cut()
        yield
    else:
        server.kill(reset=what == "reset")
        yield
        server.start()
