# SPDX-License-Identifier: BSD-3-Clause
"""A module that was built for another Baresip says so, and no more.

Environment:
  FAILOVER_OTHER_MODULES  such modules, really built so: paths, with ":"
"""

import os
import re
import subprocess

import pytest

from harness import run
from harness.baresip import REPO
from harness.scenario import in_use, line, our_lines

OTHERS = [path for path in os.environ.get(
    "FAILOVER_OTHER_MODULES", "").split(":") if path]
SENTENCE = re.compile(
    r"failover: not active: built for Baresip \d.* with libre (\d+\.\d+), "
    r"but this is Baresip \d.* with libre (\d+\.\d+)\.\d+")


@pytest.mark.skipif(not OTHERS, reason="FAILOVER_OTHER_MODULES names none")
@pytest.mark.parametrize("path", OTHERS)
def test_stays_inactive(path, server_pair, phone_factory):
    """Baresip registers and calls as if the module were not there."""
    phone = phone_factory(line(*server_pair), failover=False, start=False,
                          lines=["module failover.so"])
    os.symlink(os.path.abspath(path), phone.path("modules", "failover.so"))
    phone.start()
    server_pair[0].recorder.wait("REGISTER")
    phone.wait_log("200 OK")

    said = our_lines(phone)
    assert len(said) == 1, said
    versions = SENTENCE.search(said[0])
    assert versions, said
    assert versions[1] != versions[2]
    assert not phone.command("failover")[0]

    phone.dial("sip:bob@127.0.0.1")
    phone.wait_event("CALL_ESTABLISHED")
    phone.hangup()
    server_pair[0].recorder.wait("BYE")
    assert len(our_lines(phone)) == 1
    assert server_pair[1].recorder.count() == 0
    assert phone.stop() == 0


@pytest.mark.slow
def test_libre_newer_than_any_tested(server_pair, phone_factory,
                                     monkeypatch):
    """It says so, once, and works.  For this the module is built as if it
    had been tested with an old libre only."""
    folder = run.new_folder("untested")
    subprocess.run(["meson", "setup", folder, REPO,
                    "-Dc_args=-DFAILOVER_TESTED=100"],
                   check=True, capture_output=True)
    subprocess.run(["meson", "compile", "-C", folder, "failover"],
                   check=True, capture_output=True)
    monkeypatch.setenv("FAILOVER_MODULE_DIR",
                       os.path.join(folder, "modules", "failover"))
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    said = our_lines(phone, "newer than any that this module was tested "
                     r"with \(1.0\)")
    assert len(said) == 1, said
