# SPDX-License-Identifier: BSD-3-Clause
"""Real Kamailio servers that share one location table in PostgreSQL."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import time
from typing import Optional

from . import ports, run
from .postgres import Cluster, Database, Poller

CONFIG = """\
debug=2
log_stderror=yes
children=2
tcp_children=2
auto_aliases=no
dns=no
rev_dns=no
use_dns_cache=no
server_id={number}
{tls}
{listen}

loadmodule "db_postgres.so"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
{presence_modules}

modparam("usrloc", "db_url", "{db_url}")
modparam("usrloc", "db_mode", 3)
modparam("registrar", "min_expires", 0)
modparam("rr", "enable_full_lr", 1)

request_route {{
    if (is_method("MESSAGE") && $rU =~ "^refuse=[01]$") {{
        $shv(refuse) = $(rU{{s.substr,7,1}}{{s.int}});
        sl_send_reply("200", "OK");
        exit;
    }}
    if ($shv(refuse) == 1 && !is_method("ACK")) {{
        sl_send_reply("503", "Service Unavailable");
        exit;
    }}
    if (!mf_process_maxfwd_header("10")) {{
        sl_send_reply("483", "Too Many Hops");
        exit;
    }}

    if (is_method("CANCEL")) {{
        if (t_check_trans()) {{
            t_relay();
        }} else {{
            sl_send_reply("481", "Call/Transaction Does Not Exist");
        }}
        exit;
    }}
    if (!is_method("ACK") && t_precheck_trans()) {{
        t_check_trans();
        exit;
    }}

    if ({auth_condition}) {{
        route(AUTH);
    }}
    {presence_route}
    if (has_totag()) {{
        route(DIALOG);
    }}

    if (is_method("REGISTER")) {{
        if (!save("location")) {{
            sl_reply_error();
        }}
        exit;
    }}
    if (is_method("OPTIONS") && $rU == $null) {{
        sl_send_reply("200", "OK");
        exit;
    }}

    remove_hf("Route");
    if ({record_route} && is_method("INVITE")) {{
        record_route{route};
    }}
    if (!lookup("location")) {{
        sl_send_reply("404", "Not Found");
        exit;
    }}
    t_relay();
    exit;
}}

route[DIALOG] {{
    if (!loose_route() && uri == myself) {{
        if (is_method("ACK")) {{
            if (t_check_trans()) {{
                t_relay();
            }}
        }} else {{
            sl_send_reply("481", "Call/Transaction Does Not Exist");
        }}
        exit;
    }}
    t_relay();
    exit;
}}

route[AUTH] {{
    $var(password) = "{password}";
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{realm}", "$var(password)", "0")) {{
            www_challenge("{realm}", "1");
            exit;
        }}
    }} else {{
        if (!pv_proxy_authenticate("{realm}", "$var(password)", "0")) {{
            proxy_challenge("{realm}", "1");
            exit;
        }}
    }}
    consume_credentials();
}}
"""

PRESENCE_TABLES = "/usr/share/kamailio/dbtext/kamailio"
PRESENCE_MODULES = """\
loadmodule "db_text.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
loadmodule "presence_mwi.so"
modparam("presence|presence_xml", "db_url", "text://{folder}/tables")
modparam("presence_xml", "force_active", 1)
"""
PRESENCE_ROUTE = """\
    if (is_method("PUBLISH|SUBSCRIBE")) {
        if (!t_newtran()) {
            sl_reply_error();
            exit;
        }
        if (is_method("PUBLISH")) {
            handle_publish();
        } else {
            handle_subscribe();
        }
        t_release();
        exit;
    }
"""


# TLS 1.3 fails between Debian 12's Kamailio and its OpenSSL
TLS = """\
enable_tls=yes
loadmodule "tls.so"
modparam("tls", "tls_method", "TLSv1.2")
modparam("tls", "certificate", "{certificate}")
modparam("tls", "private_key", "{certificate}")
listen=tls:{host}:{port}
"""


def has_presence() -> bool:
    """Is Debian's kamailio-presence-modules installed?"""
    return bool(glob.glob("/usr/lib/*/kamailio/modules/presence_mwi.so"))


class Kamailio:
    """One server on one port, UDP and TCP; on the next one TLS, if there
    is a certificate."""

    def __init__(self, database: Database, number: int = 1, port: int = 0,
                 record_route: bool = True, password: str = "",
                 auth_methods: tuple[str, ...] = ("REGISTER", "INVITE"),
                 realm: str = "test", presence: bool = False,
                 route_name: str = "", certificate: str = "",
                 host: str = ports.HOST) -> None:
        """presence: it answers SUBSCRIBE and PUBLISH, with tables of its
        own.  route_name: what it calls itself in Record-Route, {number}
        being the server's.  certificate: a PEM file, with the key."""
        self.host, self.port = host, port or ports.free_port(count=2)
        self.name = f"kamailio{number}"
        self._folder = run.new_folder(self.name)
        self._log_path = os.path.join(self._folder, "log")
        self._process: Optional[subprocess.Popen] = None
        self._stopped = False

        auth = " || ".join(f'is_method("{m}")' for m in auth_methods)
        listen = "\n".join(f"listen={kind}:{host}:{self.port}"
                           for kind in ("udp", "tcp"))
        route = ""
        if route_name:
            own = f"{route_name.format(number=number)}:{self.port}"
            listen += f"\nalias={own}"
            route = f'_preset("{own}")'
        with open(self._path("cfg"), "w", encoding="ascii") as config:
            config.write(CONFIG.format(
                number=number, listen=listen, db_url=database.url,
                auth_condition=auth if password and auth else "0",
                record_route=int(record_route), password=password,
                realm=realm, route=route or "()",
                presence_modules=PRESENCE_MODULES.format(
                    folder=self._folder) if presence else "",
                presence_route=PRESENCE_ROUTE if presence else "",
                tls=TLS.format(certificate=certificate, host=host,
                               port=self.port + 1) if certificate else ""))
        if presence:
            shutil.copytree(PRESENCE_TABLES, self._path("tables"))

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def uri(self, transport: str = "udp") -> str:
        port = self.port + (transport == "tls")
        return f"sip:{self.host}:{port};transport={transport}"

    def start(self, timeout: float = 20.0) -> "Kamailio":
        """Start it; return when it answers."""
        program = shutil.which("kamailio") or "/usr/sbin/kamailio"
        with open(self._log_path, "ab") as log:
            self._process = subprocess.Popen(
                [program, "-DD", "-E", "-m", "32", "-M", "4",
                 "-f", self._path("cfg"), "-Y", self._folder,
                 "-P", self._path("pid")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd=self._folder,
                env={**os.environ, "TZ": "UTC"})
        self._stopped = False
        self._wait_ready(timeout)
        return self

    def _wait_ready(self, timeout: float) -> None:
        end = time.monotonic() + timeout
        while not self.answers(0.2):
            if not self.running or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not start:\n"
                                   + self.log())

    def answers(self, timeout: float = 1.0) -> bool:
        """It answers an OPTIONS on UDP, and accepts TCP."""
        try:
            with socket.create_connection((self.host, self.port), timeout):
                pass
            return self._ask("OPTIONS", "", timeout)
        except OSError:
            if self.running:
                time.sleep(0.02)
            return False

    def refuse(self, on: bool = True) -> None:
        """Answer 503 to every request, or no more."""
        assert self._ask("MESSAGE", f"refuse={int(on)}@", run.PATIENCE_S)

    def _ask(self, method: str, user: str, timeout: float) -> bool:
        """Send a request over UDP: is it answered with 200?"""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(timeout)
            sock.connect((self.host, self.port))
            sock.send(_request(method, user, self.host, self.port,
                               sock.getsockname()[1]))
            return sock.recv(2048).startswith(b"SIP/2.0 200")

    def stop(self) -> None:
        """SIGSTOP to all of its processes: silent, sockets open."""
        self._signal(signal.SIGSTOP)
        self._stopped = True

    def cont(self) -> None:
        """SIGCONT: it goes on with all that has arrived meanwhile."""
        self._signal(signal.SIGCONT)
        self._stopped = False

    def kill(self) -> None:
        """SIGKILL to all of its processes: UDP brings ICMP, TCP RST."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Kill if need be, and start again on the same port."""
        self.kill()
        self.start()

    def close(self) -> None:
        """The end of the test."""
        if self.running and not self._stopped:
            self._end(signal.SIGTERM)
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        ports.release(self.port)
        ports.release(self.port + 1)

    def _signal(self, number: int) -> None:
        assert self._process and self.running, f"{self.name} is not running"
        os.killpg(self._process.pid, number)

    def _end(self, number: int) -> None:
        """End every process of the group; return when none is left."""
        if not self._process:
            return
        group = self._process.pid
        end = time.monotonic() + 5
        sent = number
        while True:
            try:
                os.killpg(group, sent)
            except ProcessLookupError:
                break
            self._process.poll()
            if time.monotonic() > end:
                sent = signal.SIGKILL
            time.sleep(0.01)
        self._process.wait()
        self._process = None

    def log(self) -> str:
        if not os.path.exists(self._log_path):
            return ""
        with open(self._log_path, encoding="utf-8",
                  errors="replace") as log:
            return log.read()

    def report(self) -> str:
        return f"--- {self.name}, port {self.port}\n{self.log()}"


class KamailioGroup:
    """Servers that share one location table; the first is the primary."""

    def __init__(self, cluster: Cluster, name: str, count: int = 2,
                 **options) -> None:
        self.database = cluster.create_database(name)
        self.servers = [Kamailio(self.database, number, **options)
                        for number in range(1, count + 1)]

    def start(self) -> "KamailioGroup":
        for server in self.servers:
            server.start()
        return self

    def __getitem__(self, index: int) -> Kamailio:
        return self.servers[index]

    def poller(self, aor: str, period_ms: float = 5.0) -> Poller:
        """A Poller of the shared table; use it in a with statement."""
        return Poller(self.database, aor, period_ms)

    def close(self) -> None:
        for server in self.servers:
            server.close()
        self.database.drop()

    def report(self) -> str:
        return "\n".join(server.report() for server in self.servers)


def _request(method: str, user: str, host: str, port: int,
             source_port: int) -> bytes:
    lines = [f"{method} sip:{user}{host}:{port} SIP/2.0",
             f"Via: SIP/2.0/UDP {host}:{source_port};"
             f"branch=z9hG4bK{time.monotonic_ns()}",
             f"From: <sip:ready@{host}>;tag=1",
             f"To: <sip:{host}:{port}>",
             f"Call-ID: {time.monotonic_ns()}@{host}",
             f"CSeq: 1 {method}", "Max-Forwards: 70", "Content-Length: 0"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
