# SPDX-License-Identifier: BSD-3-Clause
"""What must hold, looked for in a timeline.  Each check is a function from
events to a Verdict; it looks at nothing else."""

import itertools
import re
from dataclasses import dataclass, field
from typing import Callable, Iterable, Iterator, Optional

from .schedule import Account
from .timeline import Event

GIVE_UP_S = 3.5                     # failover_retries 2
ROUND_END_S = 32.0                  # what the last server of a round is given
SLACK_S = 8.0                       # of a machine under load
NEED_S = GIVE_UP_S + SLACK_S        # while the account is settled, or down
SETTLE_S = 2.0                      # a server is there for so long before
BOUND_S = 3.0                       # to repair a binding
NOTICED_S = 5.0                     # by the keep-alive: 3 s at most
FOLLOW_S = 8.0                      # subscriptions, after the account
EVIDENCE_S = 15.0                   # from a fault to the move because of it
REFRESH_S = 30.0                    # the binding
FAILBACK_S = 24.0                   # eight times the interval
ROUND_BASE_S = 30.0                 # wait after a round, doubled each time
SLOW = {"delay", "reorder", "duplicate"}
HARMLESS = SLOW | {"cut"}
FORGETTING = {"kill", "reset", "restart"}
CLOSING = FORGETTING | {"cut", "address", "unplug"}
EVERYONE = {"network", "phone", "machine"}
SETTLED = ("primary", "backup")


@dataclass
class Verdict:
    """Of one check: what was wrong, and how much was looked at."""
    found: list[str] = field(default_factory=list)
    judged: int = 0
    left: int = 0                   # no server was there for long enough


@dataclass(frozen=True)
class Fault:
    who: str
    kind: str
    begin: float
    end: float

    def meets(self, begin: float, end: float) -> bool:
        return self.begin <= end and begin <= self.end


class Story:
    """The events, and what is asked of them again and again."""

    def __init__(self, events: Iterable[Event],
                 accounts: Iterable[Account]) -> None:
        self.events = sorted(events, key=lambda event: event.time)
        self.accounts = list(accounts)
        self.end = self.events[-1].time if self.events else 0.0
        self.faults = list(self._faults())

    def _faults(self) -> Iterator[Fault]:
        open_faults: dict[str, Event] = {}
        for event in self.events:
            if event.what == "fault":
                open_faults[event.who] = event
            elif event.what == "fault over":
                begun = open_faults.pop(event.who, self.events[0])
                yield Fault(event.who, event.get("kind"), begun.time,
                            event.time)
            elif event.what == "stall":
                yield Fault("machine", "stall", event.time,
                            event.time + event.get("length"))
        for event in open_faults.values():
            yield Fault(event.who, event.get("kind"), event.time, self.end)

    def of(self, account: str, *kinds: str) -> list[Event]:
        return [event for event in self.events
                if event.who == account and event.what in kinds]

    def first(self, since: float, who: str, *kinds: str,
              **data: str) -> Optional[Event]:
        for event in self.events:
            if event.time >= since and event.who == who \
                    and event.what in kinds \
                    and all(event.get(k) == v for k, v in data.items()):
                return event
        return None

    def outcome(self, account: str, dialled: float) -> Optional[Event]:
        """Of a dial.  A call that libre has ended, because it could not send
        the INVITE, may go on as another one: docs/guide.md."""
        for event in self.of(account, "CALL_ESTABLISHED", "CALL_CLOSED",
                             "hang up"):
            if event.time < dialled:
                continue
            placed_anew = event.what == "CALL_CLOSED" and any(
                f"Call-ID {event.get('id')} -> " in (said.get("text") or "")
                for said in self.of(account, "says"))
            if not placed_anew:
                return event
        return None

    def near(self, account: Account, servers: Iterable[str]) -> set[str]:
        """Whose faults can be felt with these servers."""
        found = {*servers, *EVERYONE}
        if account.by_srv or \
                (account.by_name and account.servers[0] in found):
            found.add("names")
        return found

    def harmed(self, account: Account, server: str, begin: float,
               end: float) -> bool:
        near = self.near(account, [server])
        return any(fault.who in near and fault.kind not in HARMLESS
                   and fault.meets(begin, end) for fault in self.faults)

    def closed(self, account: Account, begin: float, end: float) -> bool:
        """May its connection to a server have been closed?"""
        return account.kind != "udp" and any(
            fault.who in {*account.servers, *EVERYONE}
            and fault.kind in CLOSING and fault.meets(begin, end)
            for fault in self.faults)

    def begins(self, account: Account, begin: float, end: float) -> bool:
        """Does any fault begin meanwhile that it can feel?  What the user
        orders, moves it as well."""
        near = self.near(account, account.servers)
        return any(fault.who in near and begin <= fault.begin <= end
                   for fault in self.faults)

    def there(self, account: Account, begin: float, end: float) -> bool:
        """Is one server there, all that time?  And is nothing new wrong?"""
        return not self.begins(account, begin, end) and any(
            not self.harmed(account, server, begin - SETTLE_S, end)
            for server in account.servers)

    def state(self, account: str, at: float) -> Optional[Event]:
        """The last one that was seen, and it was looked for just before."""
        found = None
        for event in self.of(account, "state"):
            if event.time > at:
                break
            found = event
        return found

    def need_s(self, account: str, at: float) -> float:
        """How long it may take to reach a server that is there."""
        begun = self.state(account, at)
        recent = [e for e in self.of(account, "state", "moves")
                  if at - 1.0 <= e.time <= at + 0.5]
        states = [begun, *recent]
        moving = any(e and (e.what == "moves" or e.get("state") == "moving")
                     for e in states)
        return NEED_S + (ROUND_END_S if moving else 0.0)


# Calls

def calls_are_set_up(story: Story) -> Verdict:
    """A dial reaches the far end while a server is there."""
    verdict = Verdict()
    for account in story.accounts:
        for dial in story.of(account.name, "dial"):
            outcome = story.outcome(account.name, dial.time)
            limit = dial.time + story.need_s(account.name, dial.time)
            until = min(outcome.time if outcome else story.end, limit)
            good = outcome and outcome.what == "CALL_ESTABLISHED" \
                and outcome.time <= limit
            if good or (outcome and outcome.what == "hang up"
                        and outcome.time < limit):
                verdict.judged += 1
            elif not story.there(account, dial.time, until) or \
                    _is_refused(story, account, dial, outcome):
                verdict.left += 1
            else:
                verdict.judged += 1
                verdict.found.append(
                    f"{dial}\n  was not answered: "
                    f"{outcome or 'nothing happened'}")
    return verdict


def _is_refused(story: Story, account: Account, dial: Event,
                outcome: Optional[Event]) -> bool:
    """A server has just begun to say 408. To an INVITE that means that nobody
    answers: it is not one of failover_call_codes, and moves no call."""
    return outcome is not None and outcome.what == "CALL_CLOSED" and \
        (outcome.get("param") or "").startswith("408") and any(
            fault.kind == "408" and fault.who in account.servers
            and fault.begin >= dial.time - NOTICED_S
            and fault.meets(dial.time, outcome.time)
            for fault in story.faults)


def one_call_a_dial(story: Story) -> Verdict:
    """Never two calls at the far end, but while a server that was given up
    answers late; and none of a dial that was refused at once."""
    verdict = Verdict()
    for dial, calls in _far_calls(story):
        verdict.judged += 1
        refused = story.first(dial.time, dial.who, "CALL_CLOSED")
        if calls and refused and \
                (refused.get("param") or "").startswith("not dialled"):
            verdict.found.append(f"{dial}\n  rings, but was refused: "
                                 f"{refused}")
        for one, other in zip(calls, calls[1:]):
            begin = max(one.begin, other.begin)
            end = min(one.end, other.end) - SLACK_S
            if end > begin and not any(
                    fault.kind not in HARMLESS
                    and fault.who in {one.server, other.server, *EVERYONE}
                    and fault.meets(begin - NEED_S, end + SLACK_S)
                    for fault in story.faults):
                verdict.found.append(
                    f"{dial}\n  is two calls from {begin:.3f} to "
                    f"{end + SLACK_S:.3f}, {one.server} and {other.server}")
    return verdict


@dataclass(frozen=True)
class FarCall:
    server: str
    begin: float                    # it rings, or is up
    end: float


def _far_calls(story: Story) -> Iterator[tuple[Event, list[FarCall]]]:
    """Each dial, and what has rung at the far end because of it."""
    dials = sorted((event for account in story.accounts
                    for event in story.of(account.name, "dial")),
                   key=lambda event: event.time)
    for dial in dials:
        again = next((d.time for d in dials if d.time > dial.time and
                      d.get("user") == dial.get("user")), story.end + 1)
        invited = [e for e in story.of("far end", "invited")
                   if e.get("user") == dial.get("user")
                   and dial.time <= e.time < again]
        calls = []
        for event in invited:
            begun = story.first(event.time, "far end", "ringing",
                                "established", id=event.get("id"))
            ended = story.first(event.time, "far end", "ended", "cancelled",
                                "failed", id=event.get("id"))
            if begun:
                calls.append(FarCall(event.get("server"), begun.time,
                                     ended.time if ended else story.end))
        yield dial, calls


def calls_stay(story: Story) -> Verdict:
    """A call that is up ends when somebody hangs up, or when a server says
    that it knows it not."""
    verdict = Verdict()
    for account in story.accounts:
        for up in story.of(account.name, "CALL_ESTABLISHED"):
            verdict.judged += 1
            closed = story.first(up.time, account.name, "CALL_CLOSED")
            begun = [e.time for e in story.of(account.name, "dial", "is called")
                     if e.time <= up.time]
            asked = story.first(max(begun, default=up.time), account.name,
                                "hang up", "far hangs up")
            if not closed or (asked and asked.time <= closed.time):
                continue
            if not _may_end(story, account, closed):
                verdict.found.append(f"{up}\n  ends by itself: {closed}")
    return verdict


def _may_end(story: Story, account: Account, closed: Event) -> bool:
    """As it would without the module."""
    why = closed.get("param") or ""
    if re.search(r"\b(408|481)\b", why):      # RFC 3261 section 12.2.1.2
        return any(f.kind in ("408", "kill", "restart", "reset", "stop")
                   and f.who in account.servers
                   and f.meets(closed.time - EVIDENCE_S, closed.time)
                   for f in story.faults)
    # after an hour asleep libre's time-outs run before anything else, and
    # Baresip ends a call whose last re-INVITE is not answered
    asleep = any(f.kind == "sleep" and f.meets(closed.time - 2.0, closed.time)
                 for f in story.faults)
    unheard = [e for e in story.of(account.name, "hold", "resume")
               if closed.time - ROUND_END_S <= e.time <= closed.time]
    return asleep and bool(unheard) and (
        "timed out" in why or "Transport of User Agent changed" in why)


def calls_end(story: Story) -> Verdict:
    """A hang-up reaches the other side."""
    verdict = Verdict()
    for account in story.accounts:
        for asked in story.of(account.name, "hang up"):
            begun = story.state(account.name, asked.time)
            if not begun:
                continue
            limit = asked.time + story.need_s(account.name, asked.time)
            for call in _up_at_far_end(story, account, asked.time):
                if _answer_was_lost(story, account, asked, call):
                    verdict.left += 1
                    continue
                _heard(story, verdict, account, asked, limit, story.first(
                    asked.time, "far end", "ended", "cancelled", "failed",
                    id=call))
    return verdict


def _answer_was_lost(story: Story, account: Account, asked: Event,
                     call: str) -> bool:
    """The phone cannot end what it does not know to be answered: the answer
    came over a connection that was closed, or its server died before it had
    sent the answer again."""
    answered = story.first(0.0, account.name, "CALL_ESTABLISHED", id=call)
    if answered and answered.time <= asked.time:
        return False
    up = story.first(0.0, "far end", "established", id=call)
    return up is not None and (
        story.closed(account, up.time - SETTLE_S, asked.time) or any(
            fault.who == up.get("server") and fault.kind in FORGETTING
            and fault.meets(up.time, min(asked.time, up.time + ROUND_END_S))
            for fault in story.faults))


def _up_at_far_end(story: Story, account: Account,
                   at: float) -> Iterator[str]:
    """Call-IDs of the calls of its last dial that are up."""
    before = [d for d in story.of(account.name, "dial") if d.time <= at]
    if not before:
        return
    called = [e for e in story.of(account.name, "is called")
              if before[-1].time < e.time <= at]
    if called:
        return                      # the call is another one
    for event in story.of("far end", "invited"):
        if event.get("user") != before[-1].get("user") \
                or not before[-1].time <= event.time <= at:
            continue
        up = story.first(event.time, "far end", "established",
                         id=event.get("id"))
        ended = story.first(event.time, "far end", "ended", "cancelled",
                            "failed", id=event.get("id"))
        if up and up.time < at and not (ended and ended.time < at):
            yield event.get("id")


def _heard(story: Story, verdict: Verdict, account: Account, asked: Event,
           limit: float, heard: Optional[Event]) -> None:
    """Something that was asked has to be heard, if a server is there."""
    if heard and heard.time <= limit:
        verdict.judged += 1
    elif story.end < limit or not story.there(account, asked.time, limit):
        verdict.left += 1
    else:
        verdict.judged += 1
        verdict.found.append(f"{asked}\n  is heard by nobody"
                             + (f" until {heard}" if heard else ""))


def calls_are_changed(story: Story) -> Verdict:
    """Hold, resume and transfer reach the far end.  Over a connection that
    is closed they fail, as docs/calls.md says."""
    verdict = Verdict()
    for account in story.accounts:
        for asked in story.of(account.name, "hold", "resume", "transfer"):
            what = "REFER" if asked.what == "transfer" else "re-INVITE"
            need = story.need_s(account.name, asked.time)
            limit = asked.time + need
            heard = story.first(asked.time, "far end", what,
                                id=asked.get("call"))
            over = story.first(0.0, account.name, "CALL_CLOSED",
                               id=asked.get("call"))
            if over and over.time <= asked.time:
                continue            # the user was too late
            closed = story.closed(account, asked.time - ROUND_END_S, limit) \
                or _waits_for_answer(story, account, asked)
            ended = story.first(asked.time, account.name, "CALL_CLOSED")
            if not (heard and heard.time <= limit) and \
                    (closed or (ended and ended.time < limit)):
                verdict.left += 1
                continue
            _heard(story, verdict, account, asked, limit, heard)
    return verdict


def _waits_for_answer(story: Story, account: Account, asked: Event) -> bool:
    """From libre 3 on a call whose offer could not be sent makes no other
    one: docs/libre.md."""
    run = story.first(0.0, "soak", "run")
    if not run or run.get("version", "1.0").startswith(("1.", "2.")) or \
            asked.what == "transfer" or account.kind == "udp":
        return False
    call = asked.get("call")
    offers = [e.time for e in story.of(account.name, "hold", "resume")
              if e.get("call") == call and e.time < asked.time]
    return any(
        not story.first(offer, "far end", "re-INVITE", id=call)
        and story.closed(account, offer - ROUND_END_S, offer + NEED_S)
        for offer in offers)


def calls_come_in(story: Story) -> Verdict:
    """Who calls along the server in use, rings."""
    verdict = Verdict()
    for account in story.accounts:
        for called in story.of(account.name, "is called"):
            limit = called.time + SLACK_S
            near = story.near(account, [called.get("server")])
            rings = story.first(called.time, account.name, "CALL_INCOMING")
            if rings and rings.time <= limit:
                verdict.judged += 1
            elif any(f.who in near and f.kind not in SLOW
                     and f.meets(called.time - 5.0, limit)
                     for f in story.faults) or story.end < limit or \
                    _moves(story, account, called.time - 5.0, limit) or \
                    _waits(story, account, called.time):
                verdict.left += 1
            else:
                verdict.judged += 1
                verdict.found.append(f"{called}\n  does not ring")
    return verdict


def _moves(story: Story, account: Account, begin: float,
           end: float) -> bool:
    return any(begin <= event.time <= end
               for event in story.of(account.name, "moves", "switch"))


def _waits(story: Story, account: Account, at: float) -> bool:
    """Its connection has ended again soon, so it does not open another one at
    once.  Newer versions cannot be called until they do."""
    for said in story.of(account.name, "says"):
        match = re.search(r"has ended, registering anew in (\d+\.\d) s",
                          said.get("text"))
        if match and float(match[1]) > 1.0 and said.time <= at <= \
                said.time + min(float(match[1]), REFRESH_S):
            return True
    return False


# The registration

def bound_while_registered(story: Story) -> Verdict:
    """Whoever says that he is registered can be found.  Only the time of a
    fault at his server is no time to repair a binding."""
    verdict = Verdict()
    for account in story.accounts:
        for unbound, group in itertools.groupby(
                _lasting(story, account), lambda each: _unbound(each[0])):
            states = list(group)
            verdict.judged += sum(state.get("registered", False)
                                  for state, _ in states)
            first, length = states[0][0], states[-1][1] - states[0][0].time
            if not unbound or length <= BOUND_S:
                continue
            calm_s = _longest_calm(story, account, states)
            if calm_s <= BOUND_S:
                verdict.left += 1
                continue
            verdict.found.append(
                f"{first}\n  has no binding for {length:.1f} s, for "
                f"{calm_s:.1f} s of them without a fault")
    return verdict


def _lasting(story: Story, account: Account) -> list[tuple[Event, float]]:
    """Its states, and until when each lasts."""
    states = story.of(account.name, "state")
    return list(zip(states, [*(later.time for later in states[1:]),
                             story.end]))


def _unbound(state: Event) -> bool:
    return state.get("state") in SETTLED and \
        state.get("registered", False) and not state.get("bound")


def _longest_calm(story: Story, account: Account,
                  states: list[tuple[Event, float]]) -> float:
    """The longest time in a row, in s, in which nothing was wrong with the
    server of its state.  What was sent during a fault is sent again within
    SETTLE_S of the fault's end."""
    longest, since = 0.0, states[0][0].time
    for state, end in states:
        near = story.near(account,
                          [account.servers[state.get("active") - 1]])
        for fault in sorted(story.faults, key=lambda fault: fault.begin):
            over = min(fault.end + SETTLE_S, end)
            if fault.who in near and fault.kind not in HARMLESS and \
                    fault.begin < end and over > max(since, state.time):
                longest = max(longest, max(fault.begin, state.time) - since)
                since = over
    return max(longest, states[-1][1] - since)


def subscriptions_follow(story: Story) -> Verdict:
    """To each server that the account comes to and stays with."""
    verdict = Verdict()
    for account in story.accounts:
        stays = _stays(story, account) if account.messages else []
        for begin, end, server in stays:
            limit = begin + FOLLOW_S
            if end < limit:
                continue
            if story.first(begin - SETTLE_S, account.name, "subscribed",
                           server=server):
                found = story.first(begin - SETTLE_S, account.name,
                                    "subscribed", server=server)
                if found and found.time <= limit:
                    verdict.judged += 1
                    continue
            if story.harmed(account, server, begin - SETTLE_S, limit) or \
                    story.begins(account, begin - SETTLE_S, limit):
                verdict.left += 1
                continue
            verdict.judged += 1
            verdict.found.append(
                f"{account.name} is with {server} from {begin:.3f} on and "
                "does not subscribe there")
    return verdict


def _stays(story: Story,
           account: Account) -> Iterator[tuple[float, float, str]]:
    """From when until when it is registered with which server."""
    begin, server = 0.0, ""
    for event in [*story.of(account.name, "state"), None]:
        now = "" if event is None or event.get("state") not in SETTLED \
            or not event.get("registered") \
            else account.servers[event.get("active") - 1]
        at = event.time if event else story.end
        if now != server:
            if server:
                yield begin, at, server
            begin, server = at, now


def moves_have_reasons(story: Story) -> Verdict:
    """Each move is matched with a fault that was made, or an order."""
    verdict = Verdict()
    for account in story.accounts:
        for move in story.of(account.name, "moves"):
            verdict.judged += 1
            if not _reason(story, account, move):
                verdict.found.append(f"{move}\n  without a fault")
    return verdict


def _reason(story: Story, account: Account, move: Event) -> bool:
    reason, before = move.get("reason"), move.get("before")
    since = move.time - ROUND_END_S - NEED_S
    orders = [e for e in story.of(account.name, "switch", "maintenance",
                                  "maintenance over", "probe")
              if since <= e.time <= move.time]
    if reason == "asked for by command":
        return any(e.what == "switch" for e in orders)
    if reason == "maintenance":
        return any(e.what == "maintenance" for e in orders)
    if before == 0 or reason == "the primary answers again":
        return True                 # a round begins, or the way home
    took = re.search(r"in (\d+\.\d) s", reason)
    begin = move.time - EVIDENCE_S - (float(took[1]) if took else 0.0)
    # neither the phone's own side nor a slow network is a reason
    near = story.near(account, [account.servers[before - 1]]) - {"phone"}
    return any(f.who in near and f.kind not in SLOW and
               f.meets(begin, move.time) for f in story.faults)


def accounts_settle(story: Story) -> Verdict:
    """After the last fault each is with the primary again, in time."""
    verdict = Verdict()
    for calm in story.of("soak", "calm"):
        over = story.first(calm.time, "soak", "calm over")
        end = over.time if over else story.end
        for account in story.accounts:
            bound = settle_bound_s(story, account, calm.time)
            home = _home_at(story, account, calm.time, end)
            if home is not None and home - calm.time <= bound:
                verdict.judged += 1
            elif home is None and end - calm.time < bound:
                verdict.left += 1
            else:
                verdict.judged += 1
                verdict.found.append(
                    f"{account.name} has not settled {bound:.0f} s after "
                    f"{calm}: {story.state(account.name, end)}")
    return verdict


def settle_bound_s(story: Story, account: Account, at: float) -> float:
    """It may be waiting for an answer, for a round, for its failback."""
    failed, rise = 0, 1
    for event in story.of(account.name, "says", "state", "set"):
        if event.time > at + ROUND_END_S + NEED_S:
            break
        if event.get("state") in SETTLED and event.time <= at:
            failed = 0
        elif "no server is available" in (event.get("text") or ""):
            failed += 1
        elif event.get("key") == "failover_rise":
            rise = int(event.get("value"))
    wait = ROUND_BASE_S * 2 ** min(failed, 6) if failed else 0.0
    return ROUND_END_S + wait + rise * FAILBACK_S + 2 * NEED_S


def _home_at(story: Story, account: Account, begin: float,
             end: float) -> Optional[float]:
    """When it came to the state in which it still is at the end."""
    state = story.state(account.name, end)
    if not state or state.get("state") != "primary" \
            or not state.get("registered") or not state.get("bound"):
        return None
    return max(begin, state.time)


# The phone

def nothing_grows(story: Story) -> Verdict:
    """Between one calm and a later one."""
    verdict = Verdict()
    seen = story.of("phone", "resources")
    for first, last in zip(seen, seen[-1:] * len(seen)):
        if first is last:
            break
        for key, limit in GROWTH.items():
            verdict.judged += 1
            more = _kept(last, key) - _kept(first, key)
            if key == "timers":
                more -= _remembered(story, first.time, last.time)
            if more > limit(last.time - first.time):
                verdict.found.append(
                    f"{key}: {first.get(key)} at {first.time:.0f} s, "
                    f"{last.get(key)} at {last.time:.0f} s")
    return verdict


def _remembered(story: Story, begin: float, end: float) -> int:
    """Requests that the module keeps in mind for an hour, with a timer each:
    a server that is stopped may answer so late (orphan.c, silence.c)."""
    return sum((e.what == "says" and "call to " in e.get("text")) or
               (e.what == "moves" and "not answered" in e.get("reason"))
               for e in story.events if begin <= e.time <= end)


def _kept(resources: Event, key: str) -> int:
    """Each transaction of libre's has two timers."""
    transactions = resources.get("transactions") if key == "timers" else 0
    return int(resources.get(key)) - 2 * transactions


# key -> how much more there may be after so many seconds.  Baresip leaks an
# old call's texts with each call that moves, docs/libre.md.  Over UDP libre
# keeps a transaction for 5 s after its answer: five accounts ask every second
# at most
GROWTH: dict[str, Callable[[float], float]] = {
    "memory_kib": lambda s: 1024 + s / 2,
    "descriptors": lambda s: 8, "sockets": lambda s: 8,
    "timers": lambda s: 24, "transactions": lambda s: 30}


def settings_are_saved(story: Story) -> Verdict:
    verdict = Verdict()
    for account in story.accounts:
        for event in story.of(account.name, "set", "save"):
            verdict.judged += 1
            if event.get("error"):
                verdict.found.append(str(event))
    return verdict


CHECKS: dict[str, Callable[[Story], Verdict]] = {
    "a dial reaches the far end": calls_are_set_up,
    "one dial is one call": one_call_a_dial,
    "a call stays until somebody hangs up": calls_stay,
    "a hang-up reaches the far end": calls_end,
    "hold, resume, transfer reach the far end": calls_are_changed,
    "a call that comes in rings": calls_come_in,
    "there is a binding while registered": bound_while_registered,
    "subscriptions follow": subscriptions_follow,
    "each move has a reason": moves_have_reasons,
    "accounts settle": accounts_settle,
    "settings are saved": settings_are_saved,
    "nothing grows": nothing_grows,
}
