# SPDX-License-Identifier: BSD-3-Clause
"""A server may call itself by a name in Record-Route and Contact where the
account has its address, or the other way round: only where a packet goes
tells whose dialog it is."""

import pytest

from harness import certificates, sip
from harness.baresip import account
from harness.dialling import counters, settle
from harness.scenario import ALICE, BOB, in_use, line

TRANSPORTS = ["udp", "tcp", "tls"]
DIRECTIONS = ["outgoing", "incoming"]
RETRY = {"failover_retries": 1}         # a server is given up after 1.5 s
NAMES = "pbx1.test", "pbx2.test"


class Scene:
    """A phone in a call through the first of two servers, with a far end
    behind both: proxies with a route of theirs, or B2BUAs."""

    def __init__(self, where, transport, direction, servers, make_server,
                 make_phone, names):
        self.primary, self.backup = servers
        self.transport = transport
        for name, server in zip(NAMES, servers):
            names.host(name, server.host)
            server.alias = name
            server.shows_alias = where != "account"
        names.start()
        self.far = self.primary
        if where != "Contact":
            self.far = make_server(name="far", transports=(transport,),
                                   table=self.primary.table)
            for server in servers:
                server.mode = "proxy"
        uris = [f"sip:{name}:{server.port};transport={transport}"
                if where == "account" else server.uri(transport)
                for name, server in zip(NAMES, servers)]
        config = {**RETRY}
        if transport == "tls" and direction == "incoming":
            config["sip_certificate"] = certificates.self_signed()
        self.phone = make_phone(account(ALICE, *uris), config=config,
                                dns_port=names.port)
        in_use(self.phone, 1)
        self.call = self.talk(direction)

    def talk(self, direction):
        phone, far = self.phone, self.far
        behind = far is not self.primary
        if direction == "outgoing":
            if behind:
                self.primary.table.bind(BOB, far.uri(self.transport))
            phone.dial(BOB)
        else:
            far.call(ALICE, **({"proxy": self.primary.uri(self.transport)}
                               if behind else {}))
            phone.wait_event("CALL_INCOMING")
            phone.answer()
        call, = far.calls.wait_state("established")
        phone.wait_event("CALL_ESTABLISHED")
        call.rtp.wait(10)
        return call

    def fail(self, fault):
        if fault == "silent":
            self.primary.behave_all(silent=True)
        else:
            self.primary.kill()


@pytest.fixture
def scene(server_group, server_factory, phone_factory, names):
    """scene(where, transport, direction) -> a Scene"""
    def make(where, transport="udp", direction="outgoing"):
        servers = server_group(2, transports=(transport,))
        return Scene(where, transport, direction, servers, server_factory,
                     phone_factory, names)

    return make


@pytest.mark.parametrize("where", ["Record-Route", "Contact", "account"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("fault", ["silent", "closed port"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_hang_up(transport, fault, direction, where, scene):
    found = scene(where, transport, direction)
    found.fail(fault)
    found.phone.hangup()
    found.far.calls.wait_state("ended")
    assert found.call.ended_by == "BYE"
    bye, = {e.branch: e for e in
            found.backup.recorder.requests("BYE")}.values()
    assert bye.msg.call_id == found.call.call_id
    found.phone.wait(lambda: counters(found.phone)["byes_moved"] == 1)
    in_use(found.phone, 2)


@pytest.mark.parametrize("where", ["Record-Route", "Contact", "account"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("fault", ["silent", "closed port"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_hold(transport, fault, direction, where, scene):
    if transport != "udp" and fault == "closed port":
        pytest.skip("libre sends nothing: test_within.py")
    found = scene(where, transport, direction)
    before = found.far.recorder.count("ACK")
    found.fail(fault)
    found.phone.do("hold")
    found.phone.wait_log("INVITE within the call .* went through server 2")
    entry = [e for e in found.backup.recorder.requests("INVITE")
             if e.msg.to_tag][0]
    assert entry.msg.call_id == found.call.call_id
    end = found.far if found.far is not found.primary else found.backup
    end.recorder.wait("ACK", 1 if end is found.backup else before + 1)
    settle(found.phone, 0.5)
    assert found.call.active and not found.phone.events("CALL_CLOSED")


def test_hop_of_somebody_else(scene):
    """A route that leads past the account's servers stays as it is."""
    found = scene("Record-Route")
    route = sip.uri_of(found.call.invite.get("Record-Route"))
    assert sip.uri_parts(route)[1] == NAMES[0]
    found.phone.hangup()
    found.far.calls.wait_state("ended")
    assert counters(found.phone)["byes_moved"] == 0
    assert not found.backup.recorder.count("BYE")


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("death", ["stopped", "killed"])
def test_kamailio(death, direction, kamailio_group, phone_factory, names):
    """A real server with a name in its route: record_route_preset()."""
    group = kamailio_group(2, route_name="pbx{number}.test")
    for name in NAMES:
        names.host(name, "127.0.0.1")
    names.start()
    primary = group[0]
    phone = phone_factory(line(*group.servers), config=RETRY,
                          dns_port=names.port)
    far = phone_factory(account(BOB, primary.uri()), failover=False,
                        dns_port=names.port, args=["-s"])
    in_use(phone, 1)
    assert group.database.wait_bound(BOB)
    caller, called = (phone, far) if direction == "outgoing" else (far, phone)
    caller.dial(BOB if direction == "outgoing" else ALICE)
    called.wait_event("CALL_INCOMING")
    called.answer()
    for each in (phone, far):
        each.wait_event("CALL_ESTABLISHED")
    settle(phone, 0.3)                  # the ACK has passed
    far.wait_log("^Record-Route: <sip:pbx1.test")
    if death == "stopped":
        primary.stop()
    else:
        primary.kill()
    phone.do("hold")
    phone.wait_log("INVITE within the call .* went through server 2")
    far.wait_log("^a=(sendonly|inactive|recvonly)")
    phone.hangup()
    far.wait_event("CALL_CLOSED")
    phone.wait(lambda: counters(phone)["byes_moved"] == 1)
    in_use(phone, 2)
