# SPDX-License-Identifier: BSD-3-Clause
"""The real Baresip, in a temporary configuration, under remote control.

Environment:
  BARESIP              the program (baresip)
  BARESIP_MODULES      folder of its modules (/usr/lib/baresip/modules)
  FAILOVER_MODULE_DIR  folder of failover.so (build/modules/failover)
"""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from typing import Any, Callable, Iterable, Optional, Union

from . import ports, run
from .control import ANSI, Control, Event

REPO = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
MODULES = ("ctrl_tcp", "g711", "ausine", "aubridge")
APP_MODULES = ("account", "menu")
START_LIMIT_S = 15.0

Config = dict[str, Union[str, int, float]]


def module_path() -> str:
    """Where failover.so has to be."""
    folder = os.environ.get("FAILOVER_MODULE_DIR") or os.path.join(
        REPO, "build", "modules", "failover")
    return os.path.join(folder, "failover.so")


def is_sanitized() -> bool:
    """Has the module AddressSanitizer in it?"""
    with open(module_path(), "rb") as file:
        return b"__asan_init" in file.read()


def account(aor: str, *servers: str, password: str = "", regint: int = 3600,
            extra: str = "") -> str:
    """An account line.  The servers become outbound, outbound2 and
    failover_servers."""
    parts = [f"<{aor}>", f"regint={regint}"]
    parts.append(f"auth_pass={password}" if password else "auth_pass=none")
    names = ("outbound", "outbound2")
    parts += [f'{name}="{uri}"' for name, uri in zip(names, servers)]
    if len(servers) > 2:
        parts.append(f'failover_servers="{",".join(servers[2:])}"')
    return ";".join(parts) + (f";{extra.lstrip(';')}" if extra else "")


class Log:
    """All that the phone prints, line by line, with the time of each."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, str]] = []    # monotonic s, text
        self.raw: list[bytes] = []                  # the same, as printed
        self._changed = threading.Condition(threading.RLock())

    def follow(self, stream: Iterable[bytes]) -> None:
        for raw in stream:
            text = ANSI.sub("", raw.decode("utf-8", "replace").rstrip())
            with self._changed:
                self.lines.append((time.monotonic(), text))
                self.raw.append(raw.rstrip())
                self._changed.notify_all()

    def find(self, regex: str,
             since: float = 0.0) -> list[tuple[float, str]]:
        """(time, line) of all the lines that match."""
        with self._changed:
            return [(when, text) for when, text in self.lines
                    if when >= since and re.search(regex, text)]

    def wait(self, regex: str, timeout: float = run.PATIENCE_S,
             since: float = 0.0, n: int = 1) -> tuple[float, str]:
        """Wait for the nth line that matches; AssertionError."""
        with self._changed:
            if not self._changed.wait_for(
                    lambda: len(self.find(regex, since)) >= n, timeout):
                raise AssertionError(
                    f"waited {timeout} s for {regex!r} in the log\n{self}")
            return self.find(regex, since)[n - 1]

    def __str__(self) -> str:
        with self._changed:
            return "\n".join(f"{when:.3f} {text}"
                             for when, text in self.lines)


class Phone:
    def __init__(self, *accounts: str, failover: bool = True,
                 load: str = "module",
                 config: Optional[Config] = None, lines: Iterable[str] = (),
                 modules: Iterable[str] = (), args: Iterable[str] = (),
                 wrapper: Iterable[str] = (), dns_port: int = 53,
                 dns_host: str = ports.HOST,
                 listen: str = ports.HOST, interface: str = "",
                 env: Optional[dict[str, str]] = None) -> None:
        """config: keys of the config file, e.g. failover_retries=1.
        lines: lines of it as they are.  modules: more modules.  wrapper: a
        command before baresip's, such as valgrind and its options.
        load: the line that loads failover, module or module_app; "": none.
        listen: its address, an IPv6 one in brackets.  interface: instead of
        one address those of the interface, whatever they are at the time."""
        self.port = ports.phone_port()
        self.ctrl_port = ports.free_port(ports.CTRL_RANGE)
        self.failover, self._load = failover, load
        self.log = Log()
        self.exit_code: Optional[int] = None
        self._control: Optional[Control] = None
        self._old_events: list[Event] = []
        self._process: Optional[subprocess.Popen] = None
        self._reader: Optional[threading.Thread] = None
        self._args, self._wrapper = list(args), list(wrapper)
        self._dns_server = f"{dns_host}:{dns_port}"
        self._listen = "0.0.0.0" if interface else listen
        self._interface = interface or listen.strip("[]")
        self._env = {**os.environ, **(env or {})}
        self.folder = run.new_folder("phone")
        self._aors = [re.sub("[<>]", "", line.split(";")[0])
                      for line in accounts]
        self._write(accounts, config or {}, list(lines), list(modules))

    # Its files

    def _write(self, accounts: Iterable[str], config: Config,
               lines: list[str], modules: list[str]) -> None:
        self._link_modules()
        low, high = ports.PHONE_RTP_RANGE
        text = [f"sip_listen {self._listen}:{self.port}",
                f"ctrl_tcp_listen {ports.HOST}:{self.ctrl_port}",
                f"net_interface {self._interface}",
                f"dns_server {self._dns_server}",
                f"rtp_ports {low}-{high}",
                "audio_source ausine,440", "audio_player aubridge,none",
                "audio_alert aubridge,alert",
                "ausrc_srate 48000", "ausrc_channels 2",
                "call_max_calls 64", "call_hold_other_calls no",
                f"module_path {self.path('modules')}"]
        text += [f"module {name}.so" for name in (*MODULES, *modules)]
        if os.path.exists(self.path("modules", "auresamp.so")):
            text += ["module auresamp.so"]
        late = [f"module_app {name}.so" for name in APP_MODULES]
        ours = [f"{self._load} failover.so"] \
            if self.failover and self._load else []
        text += late + ours if self._load == "module_app" else ours + late
        text += [f"{key} {value}" for key, value in config.items()]
        self._save("config", text + lines)
        self._save("accounts", accounts)
        self._save("contacts", [])

    def _link_modules(self) -> None:
        """module_path is one folder, so gather all modules in one."""
        source = os.environ.get("BARESIP_MODULES",
                                "/usr/lib/baresip/modules")
        os.mkdir(self.path("modules"))
        for name in os.listdir(source):
            if name != "failover.so":
                os.symlink(os.path.join(source, name),
                           self.path("modules", name))
        if self.failover:
            os.symlink(module_path(), self.path("modules", "failover.so"))

    def path(self, *parts: str) -> str:
        """Of a file in the phone's configuration folder."""
        return os.path.join(self.folder, *parts)

    def _save(self, name: str, lines: Iterable[str]) -> None:
        with open(self.path(name), "w", encoding="utf-8",
                  errors="surrogateescape") as file:
            file.write("".join(f"{line}\n" for line in lines))

    # Its life

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self, timeout: float = START_LIMIT_S) -> "Phone":
        """Start it, return when it takes commands.  Registering has begun
        by then; what it did before is in the log, not in events()."""
        program = os.environ.get("BARESIP", "baresip")
        self._process = subprocess.Popen(
            [*self._wrapper, program, "-f", self.folder, *self._args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=self._env, start_new_session=True)
        self._reader = threading.Thread(
            target=self._follow, args=(self._process,), daemon=True)
        self._reader.start()

        end = time.monotonic() + timeout
        while not self._connect():
            if not self.running:
                raise AssertionError(f"baresip ended at start\n{self.log}")
            if time.monotonic() > end:
                raise AssertionError(f"baresip does not listen\n{self.log}")
            time.sleep(0.001)
        self.log.wait("baresip is ready", timeout)
        # from its answer on, events reach us
        self.command("listcalls", timeout=timeout)
        return self

    def _follow(self, process: subprocess.Popen) -> None:
        assert process.stdout
        with process.stdout as stream:
            self.log.follow(stream)

    def _connect(self) -> bool:
        try:
            self._control = Control(ports.HOST, self.ctrl_port)
        except OSError:
            return False
        return True

    def stop(self, timeout: float = run.PATIENCE_S) -> Optional[int]:
        """Quit by command, as a user would.  Returns the exit code, or
        -9 (SIGKILL) when that took longer than the timeout."""
        if not self._process:
            return self.exit_code
        if self.running and self._control and self._control.open:
            try:
                self._control.command("quit", timeout=timeout)
            except ConnectionError:
                pass            # it may be gone before it has answered
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.log.lines.append((time.monotonic(),
                                   f"(killed: no quit in {timeout} s)"))
            self.signal(signal.SIGKILL)
        return self._gone()

    def kill(self) -> Optional[int]:
        """SIGKILL: no un-REGISTER, no BYE."""
        if self.running:
            self.signal(signal.SIGKILL)
        return self._gone() if self._process else self.exit_code

    def signal(self, number: int) -> None:
        """A signal to the phone and to its wrapper."""
        os.killpg(self.pid, number)

    def _gone(self) -> int:
        assert self._process and self._reader
        self.exit_code = self._process.wait(10)
        self._reader.join(10)
        self._process = None
        if self._control:
            self._control.close()
            self._old_events += self._control.events()
            self._control = None
        return self.exit_code

    def close(self) -> None:
        """The end of the test: kill what still runs, remove its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        ports.release(self.port)
        ports.release(self.port + 1)
        ports.release(self.ctrl_port)

    # Commands

    def command(self, name: str, params: str = "",
                timeout: float = run.PATIENCE_S) -> tuple[bool, str]:
        """Run a command of Baresip: (it went well, what it printed)."""
        if not self._control:
            raise ConnectionError("the phone is not running")
        return self._control.command(name, params, timeout)

    @property
    def version(self) -> tuple[int, int]:
        """Baresip's, as it tells at start: (4, 10).  libre's is about the
        same from 2.0 on."""
        _, text = self.wait_log(r"baresip v\d")
        major, minor = re.findall(r"\d+", text)[:2]
        return int(major), int(minor)

    def do(self, name: str, params: str = "") -> str:
        """Run a command that has to go well; return what it printed."""
        good, text = self.command(name, params)
        assert good, f"{name} {params}: {text}"
        return text

    def dial(self, uri: str, aor: str = "") -> None:
        """Place a call, from the account `aor` (default: the first)."""
        if aor:
            self.do("uafind", aor)
        if aor and self.version == (1, 1):
            uri += f" {self._aors.index(aor)}"
        elif aor and self.version > (1, 1):
            uri += " 0"             # `uafind` has made it the first one
        self.do("dial", uri)

    def answer(self) -> None:
        self.do("accept")

    def hangup(self) -> None:
        if not self.command("hangup")[0]:
            self.do("hangupall")

    def resume(self) -> None:
        """Take the call off hold.  Baresip 1.1 resumes it and reports an
        error all the same, where no other call is active."""
        good, text = self.command("resume")
        assert good or (self.version == (1, 1) and
                        "Invalid argument" in text), text

    # What it says

    def status(self, aor: str = "") -> dict[str, Any]:
        """What failover_json prints, parsed."""
        return json.loads(self.do("failover_json", aor), strict=False)

    def account_status(self, aor: str = "") -> dict[str, Any]:
        """The status of one account, by default of the first."""
        found = [a for a in self.status()["accounts"]
                 if aor in ("", a["aor"])]
        assert found, f"{aor or 'no account'} in failover_json"
        return found[0]

    def wait(self, predicate: Callable[[], Any],
             timeout: float = run.PATIENCE_S,
             what: str = "a condition") -> Any:
        """Look every 10 ms until the predicate is true; its value."""
        end = time.monotonic() + timeout
        while not (value := predicate()):
            if time.monotonic() > end:
                raise AssertionError(f"waited {timeout} s for {what}")
            time.sleep(0.01)
        return value

    def wait_state(self, state: str, timeout: float = run.PATIENCE_S,
                   aor: str = "") -> dict[str, Any]:
        """Wait until an account's state is this; its status then."""
        last: dict[str, Any] = {}

        def reached() -> bool:
            last.update(self.account_status(aor))
            return last["state"] == state

        try:
            self.wait(reached, timeout)
        except AssertionError:
            raise AssertionError(f"waited {timeout} s for {state}: "
                                 f"{last}") from None
        return last

    def events(self, kind: Optional[str] = None,
               since: float = 0.0) -> list[Event]:
        """Events of one type, or all, in order."""
        if self._control:
            return self._control.events(kind, since)
        return [e for e in self._old_events
                if kind in (None, e.type) and e.time >= since]

    def next_events(self, seen: int, timeout: float = 1.0) -> list[Event]:
        """Those after the first `seen`; waits for them, but no longer."""
        control = self._control
        if not control:
            return []
        control.wait_for(lambda: len(control.all_events) > seen, timeout)
        return control.all_events[seen:]

    def wait_event(self, kind: str, timeout: float = run.PATIENCE_S,
                   since: float = 0.0, n: int = 1) -> Event:
        """Wait for the nth event of a type; AssertionError."""
        assert self._control, "the phone is not running"
        if not self._control.wait_for(
                lambda: len(self.events(kind, since)) >= n, timeout):
            seen = [event.type for event in self.events(since=since)]
            raise AssertionError(f"waited {timeout} s for {kind}: {seen}")
        return self.events(kind, since)[n - 1]

    def wait_log(self, regex: str, timeout: float = run.PATIENCE_S,
                 since: float = 0.0, n: int = 1) -> tuple[float, str]:
        """Wait for the nth matching line: (time, line)."""
        return self.log.wait(regex, timeout, since, n)

    def report(self) -> str:
        return (f"--- phone, port {self.port}, exit code {self.exit_code}\n"
                f"{self.log}")
