# SPDX-License-Identifier: BSD-3-Clause
"""What the compiler and the linker can do against an overrun is on."""

import json
import os
import subprocess

import pytest

from harness import run
from harness.baresip import REPO, is_sanitized, module_path


def readelf(module, *options):
    return subprocess.run(
        ["readelf", "--wide", *options, module], check=True, timeout=60,
        capture_output=True, encoding="utf-8").stdout


def test_module():
    """The module is checked that the other tests load."""
    module = module_path()
    assert "BIND_NOW" in readelf(module, "--dynamic")
    segments = readelf(module, "--segments")
    assert "GNU_RELRO" in segments
    stack = [line for line in segments.splitlines() if "GNU_STACK" in line]
    assert len(stack) == 1 and " RW " in stack[0]
    names = readelf(module, "--dyn-syms")
    assert "__stack_chk_fail" in names
    if not is_sanitized():        # the two do not go together
        assert "__snprintf_chk" in names


@pytest.mark.parametrize("options, fortified, protected, bound", [
    (["-Dbuildtype=debug"], False, False, False),
    (["-Dc_args=-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=1"], False, True, True),
    (["-Dc_args=-fno-stack-protector"], True, False, True),
    (["-Dc_link_args=-Wl,-z,lazy"], True, True, False),
], ids=["debug", "own fortify", "own protector", "own linking"])
def test_builder_chooses(options, fortified, protected, bound):
    """With his own options there are none of ours."""
    folder = run.new_folder("hardening")
    subprocess.run(["meson", "setup", *options, folder, REPO], check=True,
                   timeout=120, capture_output=True)
    with open(os.path.join(folder, "compile_commands.json"),
              encoding="utf-8") as file:
        command = next(entry["command"] for entry in json.load(file)
                       if entry["file"].endswith("/failover.c"))
    with open(os.path.join(folder, "build.ninja"), encoding="utf-8") as file:
        linking = file.read()
    assert ("-D_FORTIFY_SOURCE=2" in command) == fortified
    assert ("-fstack-protector-strong" in command) == protected
    assert ("-Wl,-z,now" in linking) == bound
