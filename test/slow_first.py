# SPDX-License-Identifier: BSD-3-Clause
"""Plugin of pytest, for all.sh: slow tests first, and handed out singly, so
that no worker is left with a row of them at the end.  xdist has a way of
its own for it, --dist=worksteal, from 3.2 on; Debian 12 has 3.1."""

from xdist.scheduler import LoadScheduling

IN_HAND = 2     # a worker needs to know the test after the one that it runs


class Singly(LoadScheduling):
    def _send_tests(self, node, num):
        room = max(0, IN_HAND - len(self.node2pending[node]))
        super()._send_tests(node, min(num, room))


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds")


def pytest_xdist_make_scheduler(config, log):
    return Singly(config, log)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
