# SPDX-License-Identifier: BSD-3-Clause
"""Servers in one network namespace, a phone in another one, and a cable
between them.

A thread is where the thread was that has started it, and so are processes.
The world is made by a thread in the servers' namespace, which leaves it for
the phone's."""

import ctypes
import os
import subprocess
import time
from typing import Any, Callable

from harness import cable, postgres, run
from harness.baresip import Phone, account
from harness.calls import Call, CallTable
from harness.dns import Dns
from harness.kamailio import KamailioGroup
from harness.location import LocationTable
from harness.notifier import Notifier
from harness.record import Recorder
from harness.server import SipServer

from .schedule import KAMAILIO_FAULTS, SCRIPTED_FAULTS, Account, Site
from .timeline import Timeline

CLONE_NEWNET = 0x40000000           # sched.h
SERVERS = "192.0.2.1"
GATEWAYS = {"10.11.0.2": "10.11.0.1", "10.12.0.2": "10.12.0.1"}
PHONES = tuple(GATEWAYS)            # a network for each of its addresses
NAME, DOMAIN = "pbx1.test", "pbx.test"
SLEEP_S = 3600
PATIENCE_S = 60.0                   # for a start, on a machine under load
USERS = 64                          # whom the phone calls: one for each dial,
                                    # and again long after
CONFIG = {"failover_retries": 2, "failover_keepalive": 2,
          "failover_failback_interval": 3, "failover_failback_jitter": 0}
GIVE_UP_S = 3.5                     # of these retries
REGINT_S = 30


KAMAILIO, PBX = ("kamailio1", "kamailio2"), ("pbx1", "pbx2")
SECURE = ("secure1", "secure2")
ACCOUNTS = [Account("kam-udp", "udp", KAMAILIO),
            Account("kam-tcp", "tcp", KAMAILIO),
            Account("pbx-udp", "udp", PBX, messages=True),
            Account("pbx-tcp", "tcp", PBX, messages=True),
            Account("pbx-tls", "tls", SECURE, messages=True),
            Account("pbx-name", "udp", PBX, by_name=True),
            Account("pbx-srv", "udp", PBX, by_srv=True)]
SITES = [Site(KAMAILIO, KAMAILIO_FAULTS), Site(PBX, SCRIPTED_FAULTS),
         Site(SECURE, SCRIPTED_FAULTS)]


def aor(each: Account) -> str:
    return f"sip:{each.name}@{SERVERS}"


def ip(words: str, *prefix: str) -> None:
    subprocess.run([*prefix, "ip", *words.split()], check=True)


class Seen(Recorder):
    """Tells of each message, and keeps none."""

    def __init__(self, tell: Callable[[Any], None]) -> None:
        super().__init__()
        self._tell = tell

    def add(self, entry: Any) -> None:
        self._tell(entry)


class Table(LocationTable):
    """Tells of each binding that comes or goes."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline

    def bind(self, aor: str, contact: str, expires_s: int = 3600,
             call_id: str = "static", cseq: int = 1,
             server: str = "") -> bool:
        known = len(self.history)
        good = super().bind(aor, contact, expires_s, call_id, cseq, server)
        for change in self.history[known:]:
            if change.action != "refresh":
                self._timeline.add(
                    aor.split("@")[0].removeprefix("sip:"), change.action,
                    contact=contact, server=server, id=call_id, cseq=cseq)
        return good


class Calls(CallTable):
    """Tells of each change.  The server is the one that the phone used."""

    def __init__(self, timeline: Timeline, kamailios: list[Any]) -> None:
        super().__init__()
        self._timeline, self._kamailios = timeline, kamailios

    def server(self, call: Call) -> str:
        ports = {str(k.port): k.name for k in self._kamailios}
        for port, name in ports.items():
            if f":{port}" in call.invite.top_via.split(";")[0]:
                return name
        return call.server

    def add(self, call: Call) -> Call:
        if not call.outgoing:
            user = call.invite.uri.split("@")[0].removeprefix("sip:")
            self._timeline.add("far end", "invited", user=user,
                               id=call.call_id, server=self.server(call))
        return super().add(call)

    def set_state(self, call: Call, state: str, by: str = "",
                  via: str = "") -> None:
        before = call.state
        super().set_state(call, state, by, via)
        if call.state != before:
            self._timeline.add("far end", call.state, id=call.call_id,
                               by=by, server=via or self.server(call))


class World:
    def __init__(self, timeline: Timeline, seed: int) -> None:
        self.timeline = timeline
        ip("link set lo up")
        ip(f"addr add {SERVERS}/32 dev lo")
        wall = cable.end("wall")
        for gateway in GATEWAYS.values():
            ip(f"addr add {gateway}/16 dev wall")
        ip("link set wall up")
        self._make_servers()
        self.behind = _here()
        self._wall, self._seed = wall, seed

    def leave(self) -> None:
        """The thread goes to the phone's namespace, and starts the phone."""
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(
            ctypes.get_errno())
        self._phones = _here()
        ip("link set lo up")
        self.cable = cable.Cable(self._wall, cable.end("phone"), self._seed)
        # some versions do not start with a link-local one just added
        ip("link set phone addrgenmode none")
        self.address = ""
        self.plug(True)
        self.take(PHONES[0])
        self._start_phone()

    # The network of the phone

    def phone_ip(self, words: str) -> None:
        ip(words, "nsenter", f"--net=/proc/{os.getpid()}/fd/{self._phones}")

    def take(self, address: str) -> None:
        """Another address for the phone; the one before goes."""
        self.phone_ip(f"addr add {address}/16 dev phone")
        self._route(address)
        if self.address:
            self.phone_ip(f"addr del {self.address}/16 dev phone")
        self.address = address

    def plug(self, there: bool) -> None:
        self.phone_ip(f"link set phone {'up' if there else 'down'}")
        if there and self.address:
            self._route(self.address)

    def _route(self, address: str) -> None:
        self.phone_ip(f"route replace default via {GATEWAYS[address]} "
                      f"src {address}")

    # What is in it

    def _make_servers(self) -> None:
        self.group = KamailioGroup(
            postgres.shared_cluster(run.directory()),
            f"soak{os.getpid()}", 2, host=SERVERS).start()
        self.calls = Calls(self.timeline, self.group.servers)
        self.table = Table(self.timeline)
        self.servers: dict[str, Any] = {s.name: s for s in self.group.servers}
        self.notifiers = {}
        for names, kinds in ((PBX, ("udp", "tcp")), (SECURE, ("tls",)),
                             (("far",), ("udp",))):
            for name in names:
                server = SipServer(table=self.table, call_table=self.calls,
                                   name=name, host=SERVERS,
                                   transports=kinds).start()
                server.answer_calls(media=False)
                server.media_host = SERVERS
                self.notifiers[name] = Notifier(server)
                self.servers[name] = server
        self.far = self.servers.pop("far")
        self.names = Dns(SERVERS)
        self.names.ttl = 0
        self.names.srv(DOMAIN, "udp", *(
            (f"{name}.{DOMAIN}", self.servers[name].port, priority)
            for priority, name in enumerate(PBX)))
        self._bind_users()

    def _bind_users(self) -> None:
        """Whom the phone calls through Kamailio."""
        with self.group.database.connect() as conn, conn.cursor() as cursor:
            for number in range(USERS):
                cursor.execute(
                    "INSERT INTO location (ruid, username, contact, "
                    "expires, user_agent, callid) VALUES "
                    "(%s, %s, %s, now() + interval '7 days', 'far', %s)",
                    (f"soak-{number}", f"user{number}",
                     f"sip:user{number}@{SERVERS}:{self.far.port}",
                     f"static{number}"))

    def watch(self, tell: Callable[[str, Any], None]) -> None:
        """tell(server, Entry) of each message at the scripted servers."""
        for name, server in {**self.servers, "far": self.far}.items():
            if isinstance(server, SipServer):
                server.recorder = Seen(lambda entry, n=name: tell(n, entry))

    def line(self, each: Account) -> str:
        uris = [self.servers[name].uri(each.kind) for name in each.servers]
        if each.by_name:
            uris[0] = uris[0].replace(SERVERS, NAME)
        if each.by_srv:
            uris = [f"sip:{DOMAIN};transport={each.kind}"]
        return account(aor(each), *uris, regint=REGINT_S,
                       extra=f"mwi={'yes' if each.messages else 'no'}")

    def _start_phone(self) -> None:
        shim = os.path.join(run.new_folder("sleep"), "sleep_shim.so")
        source = os.path.join(os.path.dirname(os.path.abspath(
            cable.__file__)), "sleep_shim.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source],
                       check=True)
        self.phone = Phone(
            *map(self.line, ACCOUNTS), interface="phone", config=CONFIG,
            modules=["debug_cmd"], lines=["module_app mwi.so"],
            dns_port=self.names.port, dns_host=SERVERS,
            env={"LD_PRELOAD": shim, "SLEEP_S": str(SLEEP_S)})
        self._hold_answers(True)
        self.phone.start(PATIENCE_S)
        self._hold_answers(False)

    def _hold_answers(self, held: bool) -> None:
        """The module mwi subscribes without end if an account is registered
        before mwi's first timer: docs/libre.md."""
        for name in (*PBX, *SECURE):
            server = self.servers[name]
            (server.hold if held else server.release)()

    def is_bound(self, each: Account, conn: Any) -> bool:
        """Has it a binding to where the phone is now?  conn: the Kamailios'
        database."""
        contacts = postgres.bindings(conn, aor(each)) \
            if each.servers == KAMAILIO else self.table.bindings(aor(each))
        return any(f"@{self.address}:" in contact for contact in contacts)

    def in_use(self, each: Account) -> str:
        """The name of the server, "" while there is none."""
        status = self.phone.account_status(aor(each))
        number = status["active"]
        settled = status["state"] in ("primary", "backup")
        return each.servers[number - 1] if number and settled else ""

    def close(self) -> None:
        """By a thread in the servers' namespace."""
        self.phone.close()
        for server in [*self.servers.values(), self.far]:
            if isinstance(server, SipServer):
                server.close()
        self.names.close()
        self.group.close()
        self.cable.close()


def _here() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def sleep_until(timeline: Timeline, at: float) -> None:
    time.sleep(max(0.0, at - timeline.now()))
