# SPDX-License-Identifier: BSD-3-Clause
"""Message waiting, presence of contacts and published presence follow the
account to the server in use."""

import signal
import socket
import threading
import time

import pytest

from harness import ports, sip
from harness.dialling import stranger_says
from harness.kamailio import has_presence
from harness.notifier import PIDF, Notifier
from harness.scenario import (ALICE, QUICK, add_register_commands, in_use,
                              line, measured)

CAROL, DAVE = "sip:carol@127.0.0.1", "sip:dave@127.0.0.1"
SUBSCRIBED = ["message-summary", "presence"]
SOON_S = 2.0                            # after the registration
SLACK_S = 3.0                           # of a machine under load
PACKETS = 40                            # to be read, some ms of work
MANY = 256                              # subscriptions that the module knows
WATCHFUL = {**QUICK, "failover_keepalive": 1,
            "failover_failback_interval": 1, "failover_failback_jitter": 0}


@pytest.fixture
def notifiers(server_group):
    """Of a primary and a backup, which know nothing of each other's."""
    def make(kind):
        return [Notifier(server)
                for server in server_group(transports=(kind,))]

    return make


def subscribing(phone_factory, primary, backup, kind, config, contacts=()):
    """A phone with everything that subscribes, settled on the primary.
    Should a registration be answered within a millisecond of its start,
    Baresip's mwi subscribes without end: it is loaded later, and its timer is
    due when the phone reads the next command."""
    phone = phone_factory(
        line(primary, backup, transport=kind, extra="mwi=yes;pubint=600"),
        config=dict(config), start=False,
        lines=["module_app contact.so", "module_app presence.so"])
    with open(phone.path("contacts"), "w", encoding="ascii") as file:
        file.write(f'"Carol" <{CAROL}>;presence=p2p\n"Dave" <{DAVE}>\n')
        for uri in contacts:
            file.write(f"<{uri}>;presence=p2p\n")
    phone.start()
    in_use(phone, 1)
    if contacts:
        phone.wait(lambda: primary.recorder.count("SUBSCRIBE")
                   >= len(contacts))
    add_register_commands(phone)
    phone.do("insmod", "mwi")
    time.sleep(0.01)
    phone.do("test_register")
    phone.wait_log("mwi: subscribing")
    return phone


@pytest.fixture
def subscriber(phone_factory, notifiers):
    """subscriber(kind) -> a phone with everything that subscribes, settled
    on the primary, and the two notifiers."""
    def make(kind="udp", config=QUICK):
        primary, backup = notifiers(kind)
        phone = subscribing(phone_factory, primary.server, backup.server,
                            kind, config)
        for event in SUBSCRIBED:
            phone.wait(lambda e=event: primary.first("SUBSCRIBE", e))
        phone.wait(lambda: primary.published)
        return phone, primary, backup

    return make


def registered(phone, server) -> float:
    """When it was answered that the account has a binding."""
    in_use(phone, server)
    return time.monotonic()


def follows(phone, notifier, since: float, registered_at: float) -> None:
    """Each subscribes once, soon, and publishes."""
    for event in SUBSCRIBED:
        phone.wait(lambda e=event: notifier.first("SUBSCRIBE", e, since),
                   SOON_S + SLACK_S, f"SUBSCRIBE of {event}")
        entry = notifier.first("SUBSCRIBE", event, since)[0]
        measured(f"{event}: SUBSCRIBE after the registration",
                 entry.time - registered_at)
        assert entry.time < registered_at + SOON_S + SLACK_S
    phone.wait(lambda: any("open" in body
                           for body in notifier.published.values()),
               SOON_S + SLACK_S, "PUBLISH")


def waiting_for_backup(subscriber, delay_ms):
    """The account is with the backup, which has not answered the SUBSCRIBE
    yet: it takes so long."""
    phone, primary, backup = subscriber()
    backup.server.behave("SUBSCRIBE", handle_delay=delay_ms,
                         script=backup.server.behaviour("SUBSCRIBE").script)
    phone.do("failover_switch", f"{ALICE} 2")
    phone.wait(lambda: backup.first("SUBSCRIBE", "message-summary"))
    in_use(phone, 2)
    return phone, primary, backup


def test_answer_is_on_its_way(subscriber):
    """The account leaves a server while the answer to SUBSCRIBE lies in the
    phone's socket: the subscription follows all the same."""
    phone, primary, backup = waiting_for_backup(subscriber, 500)
    phone.signal(signal.SIGSTOP)
    since = time.monotonic()
    order = threading.Thread(target=phone.do, args=(
        "failover_switch", f"{ALICE} 1"))
    order.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(5):              # to be read before it
            sock.sendto(b"\r\n\r\n", (ports.HOST, phone.port))
    phone.wait(lambda: backup.server.recorder.responses("SUBSCRIBE"),
               what="the answer")
    time.sleep(0.2)                     # the NOTIFY is there as well
    phone.signal(signal.SIGCONT)
    order.join()
    in_use(phone, 1)
    phone.wait(lambda: primary.first("SUBSCRIBE", "message-summary", since),
               SOON_S + SLACK_S, "SUBSCRIBE")


def ask(phone, sock) -> None:
    """An OPTIONS to the phone: one more packet to be read and answered."""
    me = f"{ports.HOST}:{sock.getsockname()[1]}"
    sock.sendto(sip.Message("OPTIONS", f"sip:alice@{me}", headers=[
        ("Via", f"SIP/2.0/UDP {me};branch={sip.new_branch()}"),
        ("Max-Forwards", "70"), ("From", f"<sip:{me}>;tag={sip.new_tag()}"),
        ("To", f"<{ALICE}>"), ("Call-ID", sip.new_tag()),
        ("CSeq", "1 OPTIONS"), ("Contact", f"<sip:{me}>")]).encode(),
        (ports.HOST, phone.port))


def test_busy_phone(subscriber):
    """The phone has much to read before it hears that its subscription has
    ended: it registers when it has heard."""
    phone, _, backup = subscriber("tcp")
    phone.signal(signal.SIGSTOP)
    since = time.monotonic()
    order = threading.Thread(target=phone.do, args=(
        "failover_switch", f"{ALICE} 2"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((ports.HOST, 0))
        for _ in range(PACKETS):
            ask(phone, sock)
    order.start()
    time.sleep(0.2)                     # the order is there as well
    phone.signal(signal.SIGCONT)
    order.join()
    follows(phone, backup, since, registered(phone, 2))


def test_many_contacts(phone_factory, notifiers):
    """More contacts are watched than the module can know subscriptions:
    message waiting follows all the same."""
    primary, backup = notifiers("udp")
    phone = subscribing(phone_factory, primary.server, backup.server, "udp",
                        {}, [f"sip:{n}@127.0.0.1" for n in range(MANY)])
    since = time.monotonic()
    phone.do("failover_switch", f"{ALICE} 2")
    in_use(phone, 2)
    phone.wait(lambda: backup.first("SUBSCRIBE", "message-summary", since),
               SOON_S + SLACK_S, "SUBSCRIBE")


def test_answer_comes_too_late(subscriber):
    """The answer to SUBSCRIBE comes when the account has left that server:
    libre keeps nothing of that subscription, and Baresip can quit."""
    phone, primary, backup = waiting_for_backup(subscriber, 1500)
    since = time.monotonic()
    phone.do("failover_switch", f"{ALICE} 1")
    phone.wait(lambda: primary.first("SUBSCRIBE", "message-summary", since),
               SOON_S + SLACK_S, "SUBSCRIBE")
    phone.wait(lambda: backup.server.recorder.responses("SUBSCRIBE"),
               what="the answer")
    assert phone.stop() == 0


def presence_of(phone, uri: str) -> str:
    return next(text for text in phone.do("contacts").splitlines()
                if uri in text)


@pytest.mark.parametrize("kind", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("how", ["dies", "command"])
def test_all_follow_and_return(how, kind, subscriber):
    """To the backup, and back; what is shown is what the server in use
    says."""
    phone, primary, backup = subscriber(
        kind, WATCHFUL if how == "dies" else QUICK)
    backup.voice_messages, backup.presence = 3, "closed"
    since = time.monotonic()
    if how == "dies":
        primary.server.kill()
    else:
        phone.do("failover_switch", f"{ALICE} 2")
    follows(phone, backup, since, registered(phone, 2))
    phone.wait(lambda: "Offline" in presence_of(phone, CAROL))
    phone.wait(lambda: any("3/0" in e.param for e in
                           phone.events("MWI_NOTIFY", since)))
    order = [t for t in phone.do("contacts").splitlines() if "sip:" in t]
    assert CAROL in order[0] and DAVE in order[1]

    primary.voice_messages = 1
    since = time.monotonic()
    primary.published.clear()
    if how == "dies":
        primary.server.start()
    else:
        phone.do("failover_switch", f"{ALICE} 1")
    follows(phone, primary, since, registered(phone, 1))
    phone.wait(lambda: "Online" in presence_of(phone, CAROL))
    phone.wait(lambda: any("1/0" in e.param for e in
                           phone.events("MWI_NOTIFY", since)))


def test_offline_stays_offline(subscriber):
    """A user who has said so is published as such, and as nothing else."""
    phone, _, backup = subscriber()
    if not phone.command("presence", "offline")[0]:
        phone.do("presence_offline")
    phone.do("failover_switch", f"{ALICE} 2")
    in_use(phone, 2)
    phone.wait(lambda: backup.published, SOON_S + SLACK_S, "PUBLISH")
    assert all("closed" in body for body in backup.published.values())
    assert not [e for e in backup.server.recorder.requests("PUBLISH")
                if b"open" in e.msg.body]


def test_forged_notify(subscriber):
    """A stranger who knows the Call-ID, but not the tags, cannot end a
    subscription: the phone answers 481, and it still follows."""
    phone, primary, backup = subscriber()
    subscribe = primary.first("SUBSCRIBE", "message-summary")[0].msg
    assert stranger_says(
        phone, "NOTIFY", sip.uri_of(subscribe.get("Contact")),
        ("From", f"<{ALICE}>;tag=x1"), ("To", f"<{ALICE}>;tag=x2"),
        ("Call-ID", subscribe.call_id), ("Contact", "<sip:mallory@127.0.0.9>"),
        ("Event", "message-summary"),
        ("Subscription-State", "terminated;reason=rejected")) == 481
    since = time.monotonic()
    phone.do("failover_switch", f"{ALICE} 2")
    follows(phone, backup, since, registered(phone, 2))


# A real server

def publish(server, uri: str, event: str, kind: str, body: str) -> None:
    """Tell a Kamailio the state of somebody; it answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.connect((ports.HOST, server.port))
        msg = sip.Message("PUBLISH", uri, headers=[
            ("Via", f"SIP/2.0/UDP {ports.HOST}:{sock.getsockname()[1]}"
             f";branch={sip.new_branch()}"), ("Max-Forwards", "70"),
            ("From", f"<{uri}>;tag={sip.new_tag()}"), ("To", f"<{uri}>"),
            ("Call-ID", sip.new_tag()), ("CSeq", "1 PUBLISH"),
            ("Event", event), ("Expires", "3600"), ("Content-Type", kind)],
            body=body.encode())
        sock.send(msg.encode())
        answer = sip.parse(sock.recv(4096))
        assert answer.status == 200, answer


def state_of(server, presence: str, messages: int) -> None:
    publish(server, CAROL, "presence", "application/pidf+xml",
            PIDF.format(uri=CAROL, status=presence))
    publish(server, ALICE, "message-summary",
            "application/simple-message-summary",
            f"Messages-Waiting: yes\r\nMessage-Account: {ALICE}\r\n"
            f"Voice-Message: {messages}/0\r\n")


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_kamailio(kind, kamailio_group, phone_factory):
    """Two with presence tables of their own: what is shown is what the one
    in use says."""
    if not has_presence():
        pytest.skip("needs kamailio-presence-modules")
    primary, backup = kamailio_group(2, presence=True).servers
    state_of(primary, "open", 1)
    state_of(backup, "closed", 2)
    phone = subscribing(phone_factory, primary, backup, kind, {})
    phone.wait(lambda: "Online" in presence_of(phone, CAROL))
    for server, shown, messages in ((2, "Offline", 2), (1, "Online", 1)):
        since = time.monotonic()
        phone.do("failover_switch", f"{ALICE} {server}")
        in_use(phone, server)
        phone.wait(lambda s=shown: s in presence_of(phone, CAROL))
        phone.wait(lambda m=messages, t=since: any(
            f"{m}/0" in e.param for e in phone.events("MWI_NOTIFY", t)))
        measured(f"Kamailio, {kind}: shown after the order",
                 time.monotonic() - since)
