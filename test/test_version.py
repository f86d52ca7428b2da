# SPDX-License-Identifier: BSD-3-Clause
"""There is one version: in meson, the package, the changelog and the log."""

import os
import re

from harness.baresip import REPO
from harness.dialling import ready


def first(path, regex):
    with open(os.path.join(REPO, *path.split("/")), encoding="utf-8") as file:
        return re.search(regex, file.read(), re.MULTILINE)[1]


def test_one_version(server_pair, phone_factory):
    version = first("meson.build", r"version: '([\d.]+)'")
    assert first("debian/changelog", r"^baresip-failover \(([\d.]+)\)") \
        == version
    assert first("CHANGELOG.md", r"^## ([\d.]+)$") == version
    phone = ready(phone_factory, server_pair)
    phone.wait_log(rf"failover: version {re.escape(version)}$")
