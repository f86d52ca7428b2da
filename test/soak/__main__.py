# SPDX-License-Identifier: BSD-3-Clause
"""The run: cycles of chaos and calm for a given time, then the checks.

    test/soak.sh [--seconds N] [--seed S] [--page FILE] [--timeline FILE]
                 [--record FILE | --judge FILE]
"""

import argparse
import concurrent.futures
import os
import random
import sys
import time
from dataclasses import dataclass
from typing import Optional

from harness import namespace, run

from . import actions, faults, page
from .invariants import CHECKS, Story, Verdict, settle_bound_s
from .schedule import Step, cycle
from .timeline import Event, Timeline, from_record, readable, recorded
from .watch import Watch
from .world import ACCOUNTS, SITES, World, sleep_until

CHAOS_S = 100.0
QUIET_S = 34.0                      # libre's transactions are over by then
CALM_LIMIT_S = 300.0
LANES = 24                          # more than can run at a time
START_S = 60.0


@dataclass
class Result:
    seed: int
    asked: float                    # s
    seconds: float                  # that it took
    version: str
    events: list[Event]
    verdicts: dict[str, Verdict]

    @property
    def good(self) -> bool:
        return not any(v.found for v in self.verdicts.values())


def judge(events: list[Event]) -> Result:
    story = Story(events, ACCOUNTS)
    run_of = story.first(0.0, "soak", "run") or Event(0.0, "soak", "run")
    return Result(run_of.get("seed", 0), run_of.get("seconds", 0.0),
                  story.end, run_of.get("version", "unknown"), events,
                  {name: check(story) for name, check in CHECKS.items()})


class Soak:
    def __init__(self, seed: int) -> None:
        self.seed, self.timeline = seed, Timeline()
        self.failure: Optional[BaseException] = None
        self.world = World(self.timeline, seed)
        self.watch = Watch(self.world)
        # whose threads are where this one is now
        self.faults = concurrent.futures.ThreadPoolExecutor(LANES)
        for _ in range(LANES):
            self.faults.submit(time.sleep, 0.05)
        self.watch.begin_in_servers_namespace()
        self.world.leave()
        self.user = concurrent.futures.ThreadPoolExecutor(2)
        self.watch.begin_with_phone()
        self.caller = actions.Caller(self.world)

    def run(self, seconds: float) -> None:
        self.timeline.add("soak", "run", seed=self.seed, seconds=seconds,
                          version="%d.%d" % self.world.phone.version)
        self._until_settled(START_S)
        number, end = 0, self.timeline.now() + seconds
        while number == 0 or self.timeline.now() + QUIET_S < end:
            left = end - self.timeline.now() - QUIET_S
            self._cycle(number, min(CHAOS_S, max(left, 10.0)))
            number += 1

    def _cycle(self, number: int, seconds: float) -> None:
        callable_ = [a.name for a in ACCOUNTS if a.kind != "tls"]
        steps = cycle(self.seed, number, seconds, SITES,
                      [a.name for a in ACCOUNTS], callable_)
        began = self.timeline.add("soak", "cycle", number=number).time
        jobs = [self.user.submit(self._calls, steps, began),
                self.user.submit(self._orders, steps, began)]
        for step in steps:
            if step.lane in ("calls", "orders"):
                continue
            self._sleep_until(began + step.at)
            jobs.append(self.faults.submit(faults.make, self.world, step,
                                           began))
        for job in jobs:
            job.result()
        self._calm()

    def _calls(self, steps: list[Step], began: float) -> None:
        end = began + max(step.at for step in steps)
        for step in steps:
            if step.lane == "calls" and self.timeline.now() < end:
                sleep_until(self.timeline, began + step.at)
                self.caller.call(step)

    def _orders(self, steps: list[Step], began: float) -> None:
        for step in steps:
            if step.lane == "orders":
                sleep_until(self.timeline, began + step.at)
                actions.order(self.world, step, began)

    def _calm(self) -> None:
        """Nothing is wrong any more: until all have settled."""
        began = self.timeline.add("soak", "calm").time
        story = Story(self.timeline.events(), ACCOUNTS)
        limit = max(settle_bound_s(story, a, began) for a in ACCOUNTS)
        self._until_settled(min(limit, CALM_LIMIT_S))
        self._sleep_until(began + QUIET_S)
        self.timeline.add("soak", "calm over")
        self.timeline.add("phone", "resources", **self.watch.resources())

    def _until_settled(self, limit: float) -> None:
        end = self.timeline.now() + limit
        while self.timeline.now() < end:
            self._look()
            story = Story(self.timeline.events()[-4000:], ACCOUNTS)
            states = [story.state(a.name, story.end) for a in ACCOUNTS]
            if all(s and s.get("state") == "primary" and s.get("registered")
                   and s.get("bound") for s in states):
                return
            time.sleep(0.5)

    def _sleep_until(self, at: float) -> None:
        while self.timeline.now() < at:
            self._look()
            time.sleep(min(0.5, max(0.0, at - self.timeline.now())))

    def _look(self) -> None:
        """Does the phone run, do the watchers?"""
        if not self.world.phone.running:
            raise RuntimeError(
                f"the phone has ended\n{self.world.phone.report()[-8000:]}")
        if self.watch.failure:
            raise self.watch.failure

    def close(self) -> None:
        self.watch.close()
        self.faults.submit(self.world.close).result()


def soak(seed: int, seconds: float) -> tuple[list[Event], str]:
    """What has happened, and what the phone has said."""
    job = Soak(seed)
    try:
        job.run(seconds)
    except BaseException:
        print(readable(job.timeline.events()[-400:]), file=sys.stderr)
        print(f"seed {seed}", file=sys.stderr)
        raise
    finally:
        said = job.world.phone.report()
        job.close()
    return job.timeline.events(), said


def _run(options: argparse.Namespace) -> list[Event]:
    seed = options.seed or random.SystemRandom().randrange(1, 1 << 31)
    run.begin()
    try:
        events, said = soak(seed, options.seconds)
    finally:
        run.end()
    if options.timeline:
        _write(options.timeline, readable(events) + "\n")
        _write(options.timeline + ".phone", said)
    if options.record:
        _write(options.record, recorded(events))
    return events


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="test/soak.sh")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=0,
                        help="0: one at random")
    parser.add_argument("--page", help="write docs/soak.md's text here")
    parser.add_argument("--timeline", help="write the timeline here")
    parser.add_argument("--record", help="keep the events in this file")
    parser.add_argument("--judge", metavar="RECORD",
                        help="run nothing, judge what was recorded")
    options = parser.parse_args()
    if options.judge:
        with open(options.judge, encoding="utf-8") as file:
            events = from_record(file)
    elif namespace.obstacle():
        print(f"skipped: {namespace.obstacle()}")
        return 0
    else:
        events = _run(options)
    result = judge(events)
    print(page.text(result))
    if options.page:
        page.add(options.page, result)
    return 0 if result.good else 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)                  # threads of servers may still wait
