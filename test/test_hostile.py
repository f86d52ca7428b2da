# SPDX-License-Identifier: BSD-3-Clause
"""A hostile network: what somebody changes who can send to the phone, but
does not see what it sends.  Nothing.  docs/security.md has the figures; forged
ICMP is in test_packets.py, hostile HTTP in test_web.py."""

import json
import random
import socket

import pytest

from fuzz import torture
from harness import ports, sip
from harness.dialling import counters, invites, ready
from harness.scenario import ALICE, in_use, line, measured, our_lines

PACKETS = 10000
AT_A_TIME = 100                 # a socket holds more, so that none is lost
GROWTH_KB = 4096                # libre keeps transactions for 32 s, too
STATUSES = (100, 180, 200, 302, 401, 408, 423, 481, 500, 503)
SECRETS = ("branch", "cseq", "no branch", "half", "longer")


@pytest.fixture(name="stranger")
def stranger_fixture():
    """Its socket: an address and port that the phone has never heard of."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((ports.HOST, 0))
        yield sock


def tell(phone, sock, packets):
    """Send them, and wait from time to time until the phone has read them:
    it answers a command after what came before."""
    for n, packet in enumerate(packets, 1):
        sock.sendto(packet, (ports.HOST, phone.port))
        if n % AT_A_TIME == 0:
            phone.do("failover")
    phone.do("failover")


def seen(phone):
    """What the account's user can see, but for the time that goes by."""
    status = phone.account_status()
    text = json.dumps({
        "state": status["state"], "active": status["active"],
        "counters": status["counters"],
        "servers": [{key: value for key, value in server.items()
                     if key != "since_s"} for server in status["servers"]]})
    return text, [said for said in our_lines(phone) if "->" in said]


def forged(request, status, secret):
    """An answer to a request by somebody who knows all of it but one thing,
    which RFC 3261 section 17.1.3 matches an answer by."""
    msg = sip.response(request, status, "Forged",
                       [("Contact", "<sip:mallory@127.0.0.9>;expires=0"),
                        ("Retry-After", "3600")], b"", "forged")
    via, branch = msg.get("Via"), request.branch
    if secret == "cseq":
        method = "INVITE" if request.method != "INVITE" else "BYE"
        msg.set("CSeq", f"{request.cseq} {method}")
        return msg.encode()
    other = {"branch": "z9hG4bKforged", "no branch": "", "half": branch[:-4],
             "longer": branch + "0"}[secret]
    assert branch in via
    msg.set("Via", via.replace(branch, other))
    return msg.encode()


def all_forged(request):
    return [forged(request, status, secret) for status in STATUSES
            for secret in SECRETS]


def test_forged_answers(server_pair, phone_factory, stranger):
    """While the phone waits for the answer to REGISTER, to INVITE and to BYE,
    it gets others, of each status, in which one thing is wrong."""
    primary, backup = server_pair
    primary.behave("REGISTER", silent=True)
    phone = phone_factory(line(primary, backup),
                          config={"failover_timeout": 25})
    register = primary.recorder.wait("REGISTER")[0].msg
    before = seen(phone)
    tell(phone, stranger, all_forged(register))
    assert seen(phone) == before
    primary.behave("REGISTER")          # libre asks again
    in_use(phone, 1)
    before = seen(phone)

    primary.behave("INVITE", silent=True)
    phone.dial("sip:bob@127.0.0.1")
    invite = primary.recorder.wait("INVITE")[0].msg
    tell(phone, stranger, all_forged(invite))
    assert not phone.events("CALL_CLOSED")
    primary.behave("INVITE")
    phone.wait_event("CALL_ESTABLISHED")
    assert len({entry.branch for entry in invites(primary)}) == 1

    primary.behave("BYE", silent=True)
    phone.hangup()
    bye = primary.recorder.wait("BYE")[0].msg
    tell(phone, stranger, all_forged(bye))
    sent = len(primary.recorder.requests("BYE"))
    primary.recorder.wait("BYE", sent + 1)      # still not answered
    primary.behave("BYE")
    primary.recorder.wait("BYE", sent + 2)
    assert seen(phone) == before
    assert backup.recorder.count() == 0
    phone.stop()


def within(call_id, met, tags):
    """A request for a dialog whose tags the sender has to guess."""
    local, remote = tags
    return sip.Message(
        method=met, uri=ALICE, headers=[
            ("Via", "SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK"
                    f"{random.getrandbits(48):x}"),
            ("From", f"<sip:bob@127.0.0.1>;tag={remote}"),
            ("To", f"<{ALICE}>;tag={local}"), ("Call-ID", call_id),
            ("CSeq", f"{random.randint(100, 9999)} {met}"),
            ("Max-Forwards", "70"), ("Event", "refer"),
            ("Contact", "<sip:mallory@127.0.0.9>")]).encode()


def strange(rng, request):
    """One of many packets that nobody has asked for."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 1200))
    if kind == 1:
        return rng.choice(list(torture.ALL.values()))
    if kind == 2:
        packet = bytearray(rng.choice(list(torture.ALL.values())))
        for _ in range(rng.randrange(1, 20)):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
        return bytes(packet)
    if kind == 3:
        return forged(request, rng.choice(STATUSES), rng.choice(SECRETS))
    if kind == 4:
        return within(request.call_id, rng.choice(
            ("BYE", "INVITE", "NOTIFY", "UPDATE", "REFER", "CANCEL")),
            (f"{rng.getrandbits(64):x}", f"{rng.getrandbits(64):x}"))
    return torture.message("OPTIONS sip:u0@127.0.0.1 SIP/2.0")


def resident_kb(phone):
    with open(f"/proc/{phone.pid}/status", encoding="ascii") as file:
        return next(int(text.split()[1]) for text in file
                    if text.startswith("VmRSS"))


def test_flood(server_pair, phone_factory, stranger):
    """10,000 packets during a call: torture messages of RFC 4475, as they are
    and damaged, noise, forged answers, requests for the call with other tags.
    The call and the registration stay, and the memory comes to an end."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair)
    phone.dial("sip:bob@127.0.0.1")
    phone.wait_event("CALL_ESTABLISHED")
    call, = primary.calls.wait_state("established")
    invite = invites(primary)[0].msg
    before = seen(phone)

    rng = random.Random(4475)
    packets = [strange(rng, invite) for _ in range(PACKETS)]
    tell(phone, stranger, packets[:PACKETS // 2])
    half = resident_kb(phone)
    tell(phone, stranger, packets[PACKETS // 2:])
    grown = resident_kb(phone) - half
    measured("memory that 5,000 more strange packets take", grown, "KiB")

    assert seen(phone) == before
    assert not phone.events("CALL_CLOSED")
    call.rtp.wait(20)
    phone.hangup()
    primary.recorder.wait("BYE")
    assert counters(phone)["byes_moved"] == 0
    assert backup.recorder.count() == 0
    assert grown < GROWTH_KB
