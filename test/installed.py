# SPDX-License-Identifier: BSD-3-Clause
"""The installed Debian package, see package.sh and debian/tests.

Environment:
  PACKAGE_ROOT  where its documentation is (/); another folder where dpkg
                was told to leave documentation out
"""

import os
import re
import subprocess

from harness.baresip import REPO, Phone
from harness.scenario import ALICE, in_use

PACKAGE = "baresip-failover"
ROOT = os.environ.get("PACKAGE_ROOT", "/")
MODULE = "/usr/lib/baresip/modules/failover.so"
MAN = "/usr/share/man"
EXAMPLES = f"/usr/share/doc/{PACKAGE}/examples"


def in_root(path):
    return os.path.join(ROOT, path.lstrip("/"))


def output(*command, **env):
    done = subprocess.run(command, env={**os.environ, **env}, timeout=60,
                          capture_output=True, encoding="utf-8", check=True)
    assert done.stderr == ""
    return done.stdout


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_files():
    files = output("dpkg", "-L", PACKAGE).splitlines()
    assert MODULE in files and os.path.isfile(MODULE)
    for path in (f"{MAN}/man7/{PACKAGE}.7.gz", f"{EXAMPLES}/config",
                 f"{EXAMPLES}/accounts", f"{EXAMPLES}/contacts",
                 f"/usr/share/doc/{PACKAGE}/copyright"):
        assert path in files and os.path.isfile(in_root(path))
    assert read(in_root(f"{EXAMPLES}/config")) == read(f"{REPO}/conf/config")


def test_depends_on_what_it_was_built_for():
    """From the minor version of Baresip and of libre to below the next."""
    depends = output("dpkg-query", "-W", "-f", "${Depends}", PACKAGE)
    found = re.findall(r"(\S+) \(>= (\d+)\.(\d+)\), "
                       r"\1 \(<< (\d+)\.(\d+)~\)", depends)
    names = [name for name, *_ in found]
    assert len(names) == 2 and names[0] == "baresip-core"
    assert re.fullmatch(r"libre\d+", names[1])
    for name, *numbers in found:
        major, minor, next_major, next_minor = map(int, numbers)
        assert (next_major, next_minor) == (major, minor + 1)
        installed = output("dpkg-query", "-W", "-f", "${Version}", name)
        assert installed.startswith(f"{major}.{minor}.")


def test_man_page():
    """It fits a terminal without a warning, and has all that the reference
    has."""
    text = output("man", "-M", in_root(MAN), "--warnings", "7", PACKAGE,
                  LC_ALL="C.UTF-8", MANWIDTH="80", MANOPT="--nj --nh",
                  MANPAGER="cat")
    assert max(map(len, text.splitlines())) <= 80
    assert "primary and backup SIP server for Baresip" in text

    in_page = re.sub(r"\s+", " ", text)
    sections = [line for line in text.splitlines() if line[:1].isupper()]
    reference = read(f"{REPO}/docs/reference.md")
    for title in re.findall(r"^## (.*)", reference, re.MULTILINE):
        assert title.upper() in sections
    names = re.findall(r"^\| `([^`]*)`", reference, re.MULTILINE)
    assert len(names) > 30
    for name in names:
        assert name.replace(r"\|", "|") in in_page
    whatis = output("lexgrog", in_root(f"{MAN}/man7/{PACKAGE}.7.gz"))
    assert f"{PACKAGE} - primary and backup" in whatis


class ExamplePhone(Phone):
    """With the package's sample configuration; only the ports are ours."""

    def __init__(self, primary, backup):
        self._numbers = {"5061": primary.port, "5062": backup.port}
        super().__init__()

    def _write(self, *_args):
        self._numbers |= {"5070": self.port, "4444": self.ctrl_port}
        for name in ("config", "accounts", "contacts"):
            text = read(in_root(f"{EXAMPLES}/{name}"))
            self._save(name, [re.sub(
                r"(?<=127\.0\.0\.1:)\d+",
                lambda number: str(self._numbers[number[0]]), text)])


def test_sample_configuration(server_pair, parties):
    """Baresip finds the module by itself; it registers and moves."""
    assert f"module_path\t\t{os.path.dirname(MODULE)}\n" in \
        read(in_root(f"{EXAMPLES}/config"))
    primary, backup = server_pair
    phone = ExamplePhone(primary, backup)
    parties.append(phone)
    phone.start()
    assert in_use(phone, 1)["state"] == "primary"
    assert primary.table.bindings(ALICE)

    phone.do("failover_switch", "alice@127.0.0.1 backup")
    assert in_use(phone, 2)["state"] == "backup"
    assert backup.recorder.count("REGISTER") >= 1
