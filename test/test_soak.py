# SPDX-License-Identifier: BSD-3-Clause
"""The soak's own parts: the schedule is the same for the same seed, and each
check finds what is wrong, and leaves what is not."""

import sys

import pytest

from soak import __main__ as command
from soak.invariants import CHECKS, Story, settle_bound_s
from soak.schedule import KAMAILIO_FAULTS, Account, Site, cycle
from soak.timeline import Event, from_record, recorded
from soak.world import ACCOUNTS

ALICE = Account("alice", "udp", ("pbx1", "pbx2"), messages=True)
SETTLED = {"state": "primary", "active": 1, "registered": True, "bound": True}
UP = [(0, "alice", "state", SETTLED), (200, "soak", "end", {})]
DIAL = (50, "alice", "dial", {"user": "user1"})
CALL = [(50.1, "far end", "invited", {"user": "user1", "id": "a",
                                      "server": "pbx1"}),
        (50.2, "far end", "ringing", {"id": "a"}),
        (50.3, "far end", "established", {"id": "a"}),
        (50.4, "alice", "CALL_ESTABLISHED", {"id": "a"})]
TWICE = [(51, "far end", "invited", {"user": "user1", "id": "b",
                                     "server": "pbx2"}),
         (51.1, "far end", "ringing", {"id": "b"})]
REFUSED = (50.1, "alice", "CALL_CLOSED", {"param": "408 Request Timeout"})
DEAD = [(40, "pbx1", "fault", {"kind": "kill"}),
        (41, "pbx2", "fault", {"kind": "kill"})]
MOVE = (60, "alice", "moves", {"before": 1, "after": 2,
                               "reason": "503 Service Unavailable"})
UNBOUND = [(60, "alice", "state", {**SETTLED, "bound": False})]
REST = {"memory_kib": 9000, "descriptors": 15, "sockets": 10, "timers": 20,
        "transactions": 0}


def verdict(check, *events):
    story = Story([Event(*event) for event in [*UP, *events]], [ALICE])
    return CHECKS[check](story)


@pytest.mark.parametrize("check, events", [
    ("a dial reaches the far end", [DIAL]),
    ("a dial reaches the far end",
     [DIAL, (50.5, "alice", "CALL_CLOSED", {"param": "503"})]),
    ("a dial reaches the far end",
     [(30, "pbx1", "fault", {"kind": "408"}), DIAL, REFUSED]),
    ("a dial reaches the far end", [DIAL, REFUSED]),
    ("one dial is one call", [DIAL, *CALL, *TWICE]),
    ("one dial is one call",
     [DIAL, (50.05, "alice", "CALL_CLOSED", {"param": "not dialled: no way"}),
      *CALL]),
    ("a call stays until somebody hangs up",
     [DIAL, *CALL, (60, "alice", "CALL_CLOSED", {"param": "timed out"})]),
    ("a hang-up reaches the far end",
     [DIAL, *CALL, (60, "alice", "hang up", {})]),
    ("hold, resume, transfer reach the far end",
     [DIAL, *CALL, (60, "alice", "hold", {})]),
    ("hold, resume, transfer reach the far end",
     [DIAL, *CALL, (60, "alice", "transfer", {}),
      (61, "far end", "re-INVITE", {})]),
    ("hold, resume, transfer reach the far end",
     [DIAL, *CALL, (60, "alice", "hold", {"call": "a"}),
      (61, "far end", "re-INVITE", {"id": "b"})]),
    ("a call that comes in rings",
     [(60, "alice", "is called", {"server": "pbx1"})]),
    ("there is a binding while registered",
     [*UNBOUND, (70, "alice", "state", SETTLED)]),
    *[("there is a binding while registered", [*UNBOUND, *fault])
      for fault in ([(60, "pbx1", "fault", {"kind": "cut"})],
                    [(60, "pbx2", "fault", {"kind": "kill"})],
                    [(60, "names", "fault", {"kind": "silence"})])],
    ("there is a binding while registered",     # the fault began later
     [*UNBOUND, (64, "pbx1", "fault", {"kind": "kill"})]),
    ("there is a binding while registered",     # ... or had ended
     [(59, "pbx1", "fault", {"kind": "kill"}), *UNBOUND,
      (61, "pbx1", "fault over", {"kind": "kill"})]),
    ("there is a binding while registered",     # another state, the same gap
     [*UNBOUND, (62, "alice", "state",
                 {**SETTLED, "bound": False, "standby": 2}),
      (64, "alice", "state", SETTLED)]),
    ("there is a binding while registered",     # with another server
     [*UNBOUND, (60, "pbx2", "fault", {"kind": "stop"}),
      (60.2, "pbx2", "fault over", {"kind": "stop"}),
      (62.5, "alice", "state", {**SETTLED, "state": "backup", "active": 2,
                                "bound": False}),
      (64, "alice", "state", SETTLED)]),
    ("subscriptions follow",
     [(1, "alice", "subscribed", {"server": "pbx1"}),
      (60, "alice", "state", {**SETTLED, "state": "backup", "active": 2})]),
    ("each move has a reason", [MOVE]),
    ("each move has a reason",
     [(*MOVE[:3], {**MOVE[3], "reason": "asked for by command"})]),
    *[("each move has a reason", [(58, who, "fault", {"kind": kind}), MOVE])
      for who, kind in (("phone", "unplug"), ("network", "delay"),
                        ("pbx2", "503"))],
    ("accounts settle",
     [(60, "soak", "calm", {}),
      (61, "alice", "state", {**SETTLED, "state": "backup", "active": 2})]),
    ("settings are saved",
     [(60, "alice", "save", {"error": "cannot be written"})]),
    *[("nothing grows",
       [(60, "phone", "resources", REST),
        (120, "phone", "resources", {**REST, key: 99999})]) for key in REST],
])
def test_is_found(check, events):
    """Nothing was wrong with the servers."""
    assert len(verdict(check, *events).found) == 1


@pytest.mark.parametrize("check, events", [
    ("a dial reaches the far end", [DIAL, *CALL]),
    ("a dial reaches the far end", [*DEAD, DIAL]),
    ("a dial reaches the far end",
     [(49, "pbx1", "fault", {"kind": "408"}), DIAL, REFUSED]),
    ("one dial is one call", [DIAL, *CALL]),
    ("one dial is one call",
     [(40, "pbx1", "fault", {"kind": "stop"}), DIAL, *CALL, *TWICE]),
    ("a call stays until somebody hangs up",
     [DIAL, *CALL, (60, "alice", "hang up", {}),
      (61, "alice", "CALL_CLOSED", {})]),
    ("a call stays until somebody hangs up",
     [DIAL, (50.35, "alice", "hang up", {}), *CALL,
      (50.5, "alice", "CALL_CLOSED", {})]),
    ("a hang-up reaches the far end",
     [DIAL, *CALL, (60, "alice", "hang up", {}),
      (61, "far end", "ended", {"id": "a"})]),
    ("hold, resume, transfer reach the far end",
     [DIAL, *CALL, (60, "alice", "hold", {}),
      (61, "far end", "re-INVITE", {})]),
    ("a call that comes in rings",
     [(60, "alice", "is called", {"server": "pbx1"}),
      (61, "alice", "CALL_INCOMING", {})]),
    ("there is a binding while registered",
     [*UNBOUND, (61, "alice", "state", SETTLED)]),
    *[("there is a binding while registered",
       [(58, who, "fault", {"kind": kind}), *UNBOUND,
        (65, who, "fault over", {"kind": kind}),
        (69, "alice", "state", SETTLED)])
      for who, kind in (("pbx1", "stop"), ("network", "loss"),
                        ("phone", "unplug"))],
    ("there is a binding while registered",     # never calm for long enough
     [*UNBOUND, *[(at, "pbx1", what, {"kind": "reset"})
                  for at in (62, 66, 70) for what in ("fault", "fault over")],
      (74, "alice", "state", SETTLED)]),
    ("there is a binding while registered",     # it looks for a server
     [*UNBOUND, (62, "alice", "state", {**SETTLED, "state": "moving",
                                        "registered": False}),
      (90, "alice", "state", SETTLED)]),
    ("subscriptions follow",
     [(1, "alice", "subscribed", {"server": "pbx1"}),
      (60, "alice", "state", {**SETTLED, "state": "backup", "active": 2}),
      (61, "alice", "subscribed", {"server": "pbx2"})]),
    ("each move has a reason",
     [(58, "pbx1", "fault", {"kind": "503"}), MOVE]),
    ("each move has a reason",
     [(57, "machine", "stall", {"length": 2.0}), MOVE]),
    ("accounts settle", [(60, "soak", "calm", {})]),
    ("settings are saved", [(60, "alice", "save", {"error": ""})]),
    ("nothing grows",
     [(60, "phone", "resources", REST), (120, "phone", "resources", REST)]),
])
def test_is_left(check, events):
    """It is right, or there was a reason."""
    result = verdict(check, *events)
    assert not result.found
    assert result.judged + result.left >= 1


@pytest.mark.parametrize("faults, found", [
    ([(50.25, "phone", "fault", {"kind": "address"}),
      (50.3, "phone", "fault over", {"kind": "address"})], 0), ([], 1)])
def test_answer_is_lost(faults, found):
    """... with the connection that it came over: the phone cannot end what
    it does not know to be answered."""
    events = [*UP, DIAL, *CALL[:3], *faults, (60, "alice", "hang up", {})]
    story = Story([Event(*event) for event in events],
                  [Account("alice", "tcp", ("pbx1", "pbx2"))])
    verdict = CHECKS["a hang-up reaches the far end"](story)
    assert len(verdict.found) == found
    assert verdict.left == 1 - found


@pytest.mark.parametrize("kind, found", [("kill", 0), ("503", 1)])
def test_answer_dies_with_its_server(kind, found):
    """... before it was sent again, over UDP as well."""
    up = (50.3, "far end", "established", {"id": "a", "server": "pbx1"})
    assert len(verdict("a hang-up reaches the far end", DIAL, *CALL[:2], up,
                       (50.5, "pbx1", "fault", {"kind": kind}),
                       (52, "pbx1", "fault over", {"kind": kind}),
                       (110, "alice", "hang up", {})).found) == found


@pytest.mark.parametrize("wait, at, found", [
    ("0.9", 60, 1), ("80.0", 60, 0), ("80.0", 95, 1)])
def test_called_while_it_waits(wait, at, found):
    """Its connections have ended one soon after the other."""
    said = f"the connection to it has ended, registering anew in {wait} s"
    assert len(verdict("a call that comes in rings",
                       (59, "alice", "says", {"text": said}),
                       (at, "alice", "is called", {"server": "pbx1"})
                       ).found) == found


@pytest.mark.parametrize("closed, found", [(59.9, 0), (80, 1)])
def test_hold_after_the_end(closed, found):
    """A call that has just ended cannot be held."""
    assert len(verdict("hold, resume, transfer reach the far end",
                       DIAL, *CALL, (60, "alice", "hold", {"call": "a"}),
                       (closed, "alice", "CALL_CLOSED", {"id": "a"})).found) \
        == found


@pytest.mark.parametrize("version, fault, heard, found", [
    ("4.10", "restart", False, 0), ("1.1", "restart", False, 1),
    ("4.10", "503", False, 2), ("4.10", "restart", True, 1)])
def test_offer_after_one_that_was_not_sent(version, fault, heard, found):
    """libre makes none from 3 on; before that, and after one that was sent,
    it has to."""
    call = {"call": "a"}
    events = [(0, "soak", "run", {"version": version}), *UP, DIAL, *CALL,
              (60, "pbx1", "fault", {"kind": fault}),
              (60.1, "alice", "hold", call),
              (61, "pbx1", "fault over", {"kind": fault}),
              (110, "alice", "resume", call)]
    if heard:
        events.append((60.2, "far end", "re-INVITE", {"id": "a"}))
    story = Story([Event(*event) for event in events],
                  [Account("alice", "tcp", ("pbx1", "pbx2"))])
    assert len(CHECKS["hold, resume, transfer reach the far end"](
        story).found) == found


def test_time_to_settle():
    """A round that has failed before the calm may be followed by another one
    during it, and failover_rise counts its checks."""
    def bound(*events):
        story = Story([Event(*event) for event in [*UP, *events]], [ALICE])
        return settle_bound_s(story, ALICE, 60.0)

    none = (59, "alice", "says", {"text": "no server is available: none"})
    rise = (40, "alice", "set", {"key": "failover_rise", "value": "2"})
    assert bound(none, (90, "alice", "state", SETTLED)) == bound() + 60
    assert bound((40, *none[1:]), (59, "alice", "state", SETTLED)) == bound()
    assert bound(rise) == bound() + 24


def test_fault_began_before():
    """A part of the timeline may begin within a fault."""
    assert not verdict("each move has a reason",
                       (58, "pbx1", "fault over", {"kind": "503"}),
                       MOVE).found


@pytest.mark.parametrize("bound, code", [(True, 0), (False, 1)])
def test_judge_again(bound, code, tmp_path, monkeypatch, capsys):
    """A record has all that the checks need."""
    who = ACCOUNTS[0].name
    events = [Event(*event) for event in (
        (0.5, "soak", "run", {"seed": 7, "seconds": 200.0, "version": "1.0"}),
        (1.0, who, "state", {**SETTLED, "bound": bound}),
        (2.0, who, "not called", {"why": "Connection refused"}),
        (200.25, "soak", "end", {}))]
    record = tmp_path / "record"
    record.write_text(recorded(events), encoding="utf-8")
    assert from_record(recorded(events).splitlines()) == events

    monkeypatch.setattr(sys, "argv", ["soak", "--judge", str(record)])
    assert command.main() == code
    printed = capsys.readouterr().out
    assert "seed 7, 200 s, Baresip 1.0" in printed
    assert ("has no binding for 199.2 s" in printed) == (not bound)


def test_schedule():
    """The same seed, the same schedule; one server of a site fails at a
    time, most of the time."""
    site = Site(("one", "two"), KAMAILIO_FAULTS)
    made = [cycle(seed, 0, 1000.0, [site], ["alice"], ["alice"])
            for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert {step.what for step in made[0]} >= {"kill", "stop", "loss",
                                               "address", "call", "set"}
    for lane in {step.lane for step in made[0]}:
        steps = [step for step in made[0] if step.lane == lane]
        assert all(a.at + a.length <= b.at
                   for a, b in zip(steps, steps[1:]))
    faults = [s for s in made[0] if s.who in site.servers]
    both = [a for a in faults for b in faults if a.who < b.who
            and a.at < b.at + b.length and b.at < a.at + a.length]
    assert len(both) < len(faults) / 4
