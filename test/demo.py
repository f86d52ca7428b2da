# SPDX-License-Identifier: BSD-3-Clause
"""The demo, see demo.sh: a phone and its two servers, what happens when
the primary falls silent or dies, and that a call survives it.

    demo.py [--stay]

All that is shown is also expected: the exit code is 0 only if it came so.
"""

import argparse
import contextlib
import os
import re
import signal
import sys
import textwrap
import threading
import time
from typing import Iterator

from harness import ports, postgres, run
from harness.baresip import REPO, Phone, account
from harness.kamailio import Kamailio
from harness.scenario import ALICE, BOB, in_use

PRIMARY_PORT, BACKUP_PORT = 5061, 5062      # as in conf/accounts
PHONE_PORT, CTRL_PORT = 5070, 4444          # as in conf/config
TAKEN = (PRIMARY_PORT, BACKUP_PORT, PHONE_PORT, PHONE_PORT + 1, CTRL_PORT)
PASSWORD = "secret"
CONF = os.path.join(REPO, "conf")
WRITTEN = ("current_contact", "uuid")       # by Baresip, into conf/

PAUSE_S = 4.0           # for the reader
TALK_S = 3.0
GIVE_UP_S = 7.5         # what 3 retransmissions take
UNBOUND_LIMIT_S = 0.5
PROMPT = "> "
NEWS = re.compile(r"failover: |Incoming call|Call established|terminated")
HELP = """\
failover, reginfo, hangup, ...   any command of Baresip, to alice's phone
dial sip:bob@127.0.0.1           alice calls bob
bob accept                       any command, to bob's phone
primary stop|cont|kill|start     silence the primary, let it go on, kill it,
backup  stop|cont|kill|start       start it again; likewise the backup"""


# What is printed

def _painted(text: str, colour: str) -> str:
    return f"\033[{colour}m{text}\033[0m" if sys.stdout.isatty() else text


def show(text: str = "", indent: str = "    ") -> None:
    print(textwrap.indent(text, indent), flush=True)


def say(text: str) -> None:
    show(textwrap.fill(text, 75), "  ")


class Expectations:
    """What should have been, and whether it was."""

    def __init__(self) -> None:
        self.met, self.failed = 0, 0

    def expect(self, good: bool, text: str) -> None:
        if good:
            self.met += 1
        else:
            self.failed += 1
        mark = _painted("ok", "32") if good else _painted("NOT SO", "1;31")
        show(f"{mark}: {text}")


# Who takes part

class ConfPhone(Phone):
    """`baresip -f conf/`, as it is in the project."""

    def __init__(self) -> None:
        super().__init__()
        ports.release(self.ctrl_port)
        self.port, self.ctrl_port, self.folder = PHONE_PORT, CTRL_PORT, CONF
        self._left = [path for name in WRITTEN if not os.path.exists(
            path := os.path.join(CONF, name))]

    def _write(self, *_args) -> None:
        """Its files are there."""

    def close(self) -> None:
        self.kill()
        for path in self._left:
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)


class Demo(Expectations):
    def __init__(self, stack: contextlib.ExitStack) -> None:
        super().__init__()
        self._start = time.monotonic()
        self._steps = 0
        self._shown = 0.0           # log lines up to then were shown
        self.figures: list[str] = []
        self.returns_ms: list[float] = []

        database = postgres.shared_cluster(
            run.directory()).create_database("demo")
        self.primary, self.backup = (
            Kamailio(database, number, port, password=PASSWORD)
            for number, port in ((1, PRIMARY_PORT), (2, BACKUP_PORT)))
        self.bob = Phone(account(BOB, self.backup.uri(), password=PASSWORD),
                         failover=False)
        self.alice = ConfPhone()
        for party in (self.primary, self.backup, self.bob, self.alice):
            stack.callback(party.close)
            party.start()
        in_use(self.alice, 1)
        database.wait_bound(BOB)
        self.poller = stack.enter_context(postgres.Poller(database, ALICE))

    # For the reader

    def step(self, title: str) -> None:
        self._steps += 1
        elapsed = time.monotonic() - self._start
        print("\n" + _painted(f"{self._steps}. {title}", "1")
              + f"  [{elapsed:.0f} s]", flush=True)

    def show_status(self) -> None:
        """What the phone has said since the last time, and its table."""
        news = self.alice.log.find("failover: ", self._shown)
        self._shown = time.monotonic()
        for _, text in news:
            show(_painted(text[text.index("failover: "):], "36"))
        show()
        show(self.alice.do("failover").rstrip(), "    | ")
        show()
        time.sleep(PAUSE_S)

    # What is looked at

    def counters(self) -> dict[str, int]:
        return self.alice.account_status()["counters"]

    def received(self) -> list[int]:
        """RTP packets of the present call, at alice and at bob."""
        said = [re.search(r"rcvd=(\d+)", phone.do("audio_debug"))
                for phone in (self.alice, self.bob)]
        return [int(match.group(1)) if match else 0 for match in said]

    def expect_speech(self) -> None:
        before = self.received()
        time.sleep(TALK_S)
        grown = [b - a for a, b in zip(before, self.received())]
        self.expect(min(grown) > TALK_S * 40,
                    f"speech flows: in {TALK_S:.0f} s {grown[0]} RTP packets "
                    f"came to alice, {grown[1]} to bob")

    def expect_closed(self, since: float, what: str) -> float:
        """Bob's phone is free again; the time that it took [s]."""
        closed = self.bob.wait_event("CALL_CLOSED", 20, since)
        took = closed.time - since
        self.expect(took < 1, f"{what} after {took * 1000:.0f} ms")
        return took

    def back_to_primary(self) -> None:
        """The failback check, and what comes of it."""
        since = time.monotonic()
        self.alice.do("failover_probe")
        in_use(self.alice, 1)
        took = time.monotonic() - since
        self.expect(took < 1, "alice is back on the primary, "
                    f"{took * 1000:.0f} ms after failover_probe")
        self.returns_ms.append(took * 1000)


# What happens

def registered(demo: Demo) -> None:
    demo.step("Alice's phone is registered with the primary")
    say(f"The primary (127.0.0.1:{PRIMARY_PORT}) and the backup (127.0.0.1:"
        f"{BACKUP_PORT}) are two Kamailio that share their location table "
        "in a PostgreSQL. Alice's phone is `baresip -f conf/`, with the "
        "settings of a fresh installation. Bob's is a Baresip without this "
        "module. The table below is what the command `failover` prints.")
    demo.show_status()


def call_moves(demo: Demo) -> None:
    alice, bob = demo.alice, demo.bob
    demo.step("The primary falls silent, and alice calls bob")
    say("The primary is stopped (SIGSTOP): its port is open, it answers "
        "nothing. In the same second alice dials bob. Her phone sends the "
        f"INVITE four times in {GIVE_UP_S} s, then gives the server up.")
    demo.primary.stop()
    since = time.monotonic()
    alice.dial(BOB)
    in_use(alice, 2, timeout=20)
    moved = alice.wait_log(r"failover: .*server 1 .*-> server 2 ")
    moved_s = moved[0] - since
    demo.expect("sent 4 times in 7.5 s" in moved[1]
                and GIVE_UP_S - 0.1 < moved_s < GIVE_UP_S + 0.5,
                f"the account moved to the backup after {moved_s:.2f} s")
    rings_s = bob.wait_event("CALL_INCOMING", 5, since).time - since
    demo.expect(rings_s < GIVE_UP_S + 0.5,
                f"and the call with it: bob's phone rings after "
                f"{rings_s:.2f} s")
    time.sleep(1)
    bob.answer()
    alice.wait_event("CALL_ESTABLISHED")
    bob.wait_event("CALL_ESTABLISHED")
    demo.show_status()

    say("Bob has answered. For alice it is the call that she dialled: it "
        "was never closed, and there was no error tone.")
    demo.expect_speech()
    demo.expect(not alice.events("CALL_CLOSED", since)
                and demo.counters()["calls_moved"] == 1,
                "one call, moved once, never closed")
    demo.figures.append(
        f"call dialled at a silent server rang after {rings_s:.2f} s")


def hang_up(demo: Demo) -> None:
    demo.step("Alice hangs up")
    since = time.monotonic()
    demo.alice.hangup()
    demo.expect_closed(since, "bob's phone is free")
    demo.show_status()


def primary_returns(demo: Demo) -> None:
    demo.step("The primary goes on")
    say("By itself the phone would look for it every 1800 s (and up to 10 % "
        "more, so that a fleet of phones does not return at once). The "
        "command `failover_probe` makes it look now.")
    demo.primary.cont()
    demo.back_to_primary()
    demo.show_status()
    rung = len(demo.bob.events("CALL_INCOMING"))
    demo.expect(rung == 1, "the primary has read the old INVITE by now, and "
                "bob's phone did not ring a second time")


def bye_moves(demo: Demo) -> None:
    alice, bob = demo.alice, demo.bob
    demo.step("A call through the primary, which is killed under it")
    since = time.monotonic()
    alice.dial(BOB)
    ringing = bob.wait_event("CALL_INCOMING", since=since)
    rings_ms = (ringing.time - since) * 1000
    demo.expect(rings_ms < 500,
                f"alice dials: bob's phone rings after {rings_ms:.0f} ms")
    bob.answer()
    alice.wait_event("CALL_ESTABLISHED", since=since)
    demo.expect_speech()
    say("SIGKILL to the primary. Speech goes on, as it does not pass through "
        "it. But who tells bob's phone when alice hangs up?")
    demo.primary.kill()
    demo.expect_speech()
    since = time.monotonic()
    alice.hangup()
    took = demo.expect_closed(
        since, "alice hangs up: the BYE went through the backup, bob's phone "
        "is free")
    alice.wait_log("was hung up through server 2")
    in_use(alice, 2)
    demo.expect(demo.counters()["byes_moved"] == 1, "one BYE moved")
    demo.show_status()
    say("The next look for the primary is farther off than before: it has "
        "failed soon after a return, and the wait doubles then.")
    demo.figures.append(f"BYE past a dead server took {took * 1000:.0f} ms")


def primary_restarts(demo: Demo) -> None:
    demo.step("The primary is started again")
    demo.primary.start()
    demo.back_to_primary()
    demo.show_status()
    unbound_s = demo.poller.longest_unbound_s()
    demo.expect(unbound_s < UNBOUND_LIMIT_S and
                demo.poller.most_bindings() == 1,
                "alice could be called all the time: the location table, "
                "read every 5 ms, was without her phone for at most "
                f"{unbound_s * 1000:.0f} ms, and never had it twice")
    demo.figures += [
        f"back on the primary in {max(demo.returns_ms):.0f} ms",
        f"at most {unbound_s * 1000:.0f} ms without a binding"]


SCENES = (registered, call_moves, hang_up, primary_returns, bye_moves,
          primary_restarts)


# To play with it

def _order(demo: Demo, text: str) -> str:
    """Do what was typed; what there is to say about it."""
    name, _, rest = text.partition(" ")
    if name in ("primary", "backup"):
        server = getattr(demo, name)
        orders = {"stop": server.stop, "cont": server.cont,
                  "kill": server.kill, "start": server.restart}
        if rest not in orders or (rest in ("stop", "cont")
                                  and not server.running):
            return f"{name} is running: {server.running}\n{HELP}"
        orders[rest]()
        return ""
    phone = demo.bob if name == "bob" else demo.alice
    command, _, params = (rest if name == "bob" else text).partition(" ")
    try:
        return phone.command(command, params)[1]
    except ConnectionError as err:
        return str(err)


def _tell_news(demo: Demo) -> None:
    """What the phones print while one types."""
    told = time.monotonic()
    while True:
        time.sleep(0.2)
        since, told = told, time.monotonic()
        for name, phone in (("alice", demo.alice), ("bob", demo.bob)):
            for when, text in phone.log.find(NEWS.pattern, since):
                if when < told:
                    text = text[NEWS.search(text).start():]
                    show(_painted(f"[{name}'s phone] {text}", "36"), "")


def _typed() -> Iterator[str]:
    """Lines, until the terminal's end or a signal."""
    while True:
        if sys.stdin.isatty():
            print(PROMPT, end="", flush=True)
        text = sys.stdin.readline()
        if not text and sys.stdin.isatty():
            return
        if not text:
            signal.pause()
        if text.strip():
            yield text.strip()


def play(demo: Demo) -> None:
    print("\nEverything goes on running, until Ctrl-C. What you can type:")
    show(HELP)
    threading.Thread(target=_tell_news, args=(demo,), daemon=True).start()
    for text in _typed():
        answer = HELP if text == "help" else _order(demo, text)
        show(answer.strip(), "")


# The whole

def perform(demo: Demo) -> None:
    try:
        for scene in SCENES:
            scene(demo)
    except (AssertionError, ConnectionError) as err:
        demo.expect(False, f"{err}\n{demo.alice.report()}")


def summary(demo: Demo) -> str:
    total = demo.met + demo.failed
    figures = "; ".join(demo.figures)
    return f"{demo.met} of {total} expectations met; measured: {figures}."


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo.sh")
    parser.add_argument("--stay", action="store_true",
                        help="leave everything running, to play with")
    stay = parser.parse_args().stay
    taken = [str(port) for port in TAKEN if not ports.is_free(port)]
    if taken:
        print(f"The demo needs ports {', '.join(map(str, TAKEN))} of "
              f"127.0.0.1; taken: {', '.join(taken)}", file=sys.stderr)
        return 1

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run.begin()
    try:
        with contextlib.ExitStack() as stack:
            demo = Demo(stack)
            perform(demo)
            line = summary(demo)
            print("\n" + _painted(line, "1" if not demo.failed else "1;31"),
                  flush=True)
            if stay:
                with contextlib.suppress(KeyboardInterrupt):
                    play(demo)
                print()
            return 1 if demo.failed else 0
    except KeyboardInterrupt:
        return 130
    finally:
        run.end()


if __name__ == "__main__":
    sys.exit(main())
