# SPDX-License-Identifier: BSD-3-Clause
"""The time to recover: transport x failure x method, for every cell.  Three
phones of one pair of servers, so that the three methods wait together."""

import os
import re
import time

import pytest

from harness import certificates, namespace, sip
from harness.baresip import REPO, account
from harness.calls import CallTable
from harness.location import LocationTable
from harness.network import Network
from harness.run import PATIENCE_S
from harness.scenario import in_use, measured, restart
from recovery_table import (FAILURES, TRANSPORTS, cells, page, parse,
                            property_name, state_of)

REFRESH_S = 2                   # libre's, this part of the expiry:
EXPIRES_S, RWAIT = 20, "rwait=10"
PBX = "pbx1.test"
GOOD = "IP:127.0.0.1"
USERS = {"REGISTER": "alice", "INVITE": "bob", "BYE": "carol"}
CASES = [(name, transport) for name, failure in FAILURES.items()
         for transport in TRANSPORTS if failure.on(transport)]


def from_user(entry):
    return sip.uri_parts(sip.uri_of(entry.msg.get("From")))[0]


def is_first(msg):
    """Not a re-INVITE."""
    return msg.method != "INVITE" or not msg.to_tag


class Scene:
    """Two servers, and a phone for each method: one that will refresh its
    registration, one that will dial, and one that talks and will hang up."""

    def __init__(self, failure, transport, make):
        self.failure, self.transport, self.make = failure, transport, make
        self.names = make["names"].start() if failure in ("unknown", "dns") \
            else None
        self.network = make["network"]() if failure == "unreachable" else None
        self.tables = {"table": LocationTable(), "call_table": CallTable()}
        if failure == "certificate":
            certificates.signed(GOOD, -1)       # which takes its time
        self.primary, self.backup = self.servers()
        self.uri = self.primary.uri()
        if self.names:
            self.name_primary()
        self.phones = {method: self.phone(method) for method in USERS}
        # from 2.0 on Baresip wants a way to the address it dials
        self.far = f"sip:far@{self.primary.host}"
        self.begun, self.call = {}, None

    # Before the failure

    def server(self, name, **options):
        server = self.make["server"](name=name, transports=(self.transport,),
                                     **self.tables, **options)
        if self.failure == "certificate":
            restart(server, certificate=certificates.signed(GOOD))
        return server

    def servers(self):
        if not self.network:
            return self.server("pbx1"), self.server("pbx2")
        with self.network.behind():
            primary = self.server("pbx1", host=self.network.host)
        return primary, self.server("pbx2", host=self.network.near)

    def name_primary(self):
        """It is known by name alone."""
        self.names.host(PBX, self.primary.host)
        self.uri = f"sip:{PBX}:{self.primary.port};transport={self.transport}"
        self.primary.contact = lambda req: ("Contact", f"<{self.uri}>")

    def phone(self, method):
        options = {}
        if self.names:
            options["dns_port"] = self.names.port
        if self.network:
            options["listen"] = self.network.near
        if self.failure == "certificate":
            options["config"] = {"sip_verify_server": "yes",
                                 "sip_cafile": certificates.authority()}
        regint, extra = 3600, ""
        if method == "REGISTER":
            regint, extra, options["args"] = EXPIRES_S, RWAIT, ["-s"]
            # it is the refresh that is to notice, not the connection's end
            options.setdefault("config", {})["failover_flow"] = "no"
        return self.make["phone"](
            account(f"sip:{USERS[method]}@127.0.0.1", self.uri,
                    self.backup.uri(), regint=regint, extra=extra), **options)

    def settle(self):
        """All are with the primary, and the next refresh is some time
        off."""
        for method, phone in self.phones.items():
            in_use(phone, 1, f"sip:{USERS[method]}@127.0.0.1")
        self.phones["BYE"].dial(self.far)
        self.call, = self.primary.calls.wait_state("established")
        self.phones["BYE"].wait_event("CALL_ESTABLISHED")
        self.granted(self.primary, time.monotonic())
        self.phones["REGISTER"].wait_log(     # the answer has arrived
            "^SIP/2.0 200 ", n=len(self.grants(self.primary)))

    # What the servers have seen

    def grants(self, server, since=0.0):
        """When a server has answered the one that refreshes with 200."""
        return [e.time for e in server.recorder.responses("REGISTER", since)
                if from_user(e) == "alice" and e.msg.status == 200]

    def granted(self, server, since, timeout=PATIENCE_S):
        """The first time."""
        server.recorder.wait_for(lambda: self.grants(server, since), timeout,
                                 "200 to REGISTER")
        return self.grants(server, since)[0]

    def requests(self, server, method, since):
        return [e for e in server.recorder.requests(method, since)
                if from_user(e) == USERS[method] and is_first(e.msg)]

    def arrived(self, server, method, since, timeout=PATIENCE_S):
        """When the first one came."""
        server.recorder.wait_for(
            lambda: self.requests(server, method, since), timeout, method)
        return self.requests(server, method, since)[0].time

    # After it

    def dial_and_hang_up(self):
        self.begun["INVITE"] = time.monotonic()
        self.phones["INVITE"].dial(self.far)
        self.begun["BYE"] = time.monotonic()
        self.phones["BYE"].hangup()

    def reached(self, method, timeout):
        """When it has done at the backup what it was meant for."""
        if method == "REGISTER":
            return self.granted(self.backup, 0.0, timeout)
        return self.arrived(self.backup, method, 0, timeout)

    def took(self, method, failed):
        """Time since the failure, and since it could be noticed."""
        due, since = self.begun.get(method), failed
        if method == "REGISTER":
            since = self.grants(self.primary)[-1]
            due = since + REFRESH_S
        limit = FAILURES[self.failure].limits[1] + 5
        end = self.reached(method, due + limit - time.monotonic())
        sent = self.requests(self.primary, method, since)
        return end - failed, end - (sent[0].time if sent else due)

    def assert_recovered(self):
        """The call has media, and the other one is off."""
        call, = self.backup.calls.wait_state("established")
        assert call.server == self.backup.name
        assert sip.uri_parts(sip.uri_of(call.invite.get("From")))[0] == "bob"
        assert call.rtp.wait(10)
        assert (self.call.state, self.call.ended_by, self.call.ended_via) == (
            "ended", "BYE", self.backup.name)
        for method, phone in self.phones.items():
            in_use(phone, 2, f"sip:{USERS[method]}@127.0.0.1")


# The failures

def kill_under_requests(scene):
    since = time.monotonic()
    scene.primary.hold()
    scene.arrived(scene.primary, "REGISTER", since)
    scene.dial_and_hang_up()
    for method in ("INVITE", "BYE"):
        scene.arrived(scene.primary, method, since)
    scene.primary.kill(reset=True)


FAIL = {
    "silent": lambda scene: scene.primary.hold(),
    "closed": lambda scene: scene.primary.kill(),
    "reset": kill_under_requests,
    "503": lambda scene: scene.primary.behave_all(status=503),
    "unreachable": lambda scene: scene.network.lose_host(),
    "vanished": lambda scene: scene.primary.deafen(),
    "connect": lambda scene: scene.primary.hang_connecting(),
    "handshake": lambda scene: restart(scene.primary, instead=b""),
    "certificate": lambda scene: restart(
        scene.primary, certificate=certificates.signed(GOOD, -1)),
    "unknown": lambda scene: scene.names.host(PBX),
    "dns": lambda scene: scene.names.stop(),
}


@pytest.fixture
def make(parties, server_factory, phone_factory, names):
    def network():
        namespace.need()
        parties.append(Network())
        return parties[-1]

    return {"server": server_factory, "phone": phone_factory,
            "names": names, "network": network}


@pytest.mark.slow
@pytest.mark.parametrize("failure, transport", CASES)
def test_recovery(failure, transport, make, record_property):
    scene = Scene(failure, transport, make)
    scene.settle()
    failed = time.monotonic()
    FAIL[failure](scene)
    if scene.names:
        scene.names.forgotten(*scene.phones.values())
    if "INVITE" not in scene.begun:
        scene.dial_and_hang_up()

    took = {method: scene.took(method, failed) for method in USERS}
    for method, (_, seconds) in took.items():
        measured(f"{failure}, {transport}, {method}", seconds)
        record_property(property_name((failure, transport, method)),
                        f"{seconds:.4f}")
    scene.assert_recovered()
    low, high = FAILURES[failure].limits
    # a request is noted late, or is later than it was due, on a slow machine
    assert all(low <= longer and shorter <= high
               for longer, shorter in took.values()), took


# What the docs say

def test_table_in_docs():
    """As the script makes it, each cell with a figure that would pass."""
    with open(os.path.join(REPO, "docs", "recovery.md"),
              encoding="utf-8") as file:
        text = file.read()
    found = parse(text)
    assert sorted(found) == sorted(cells())
    assert text == page(found, state_of(text))
    for (name, *_), cell in found.items():
        match = re.fullmatch(r"(\d+) ms|(\d+\.\d\d) s", cell)
        assert match, cell
        seconds = int(match[1]) / 1000 if match[1] else float(match[2])
        low, high = FAILURES[name].limits
        assert low <= seconds <= high
