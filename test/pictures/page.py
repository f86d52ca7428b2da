#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""test/pictures/page.py FOLDER: the pictures of the page in docs/page.md.

The page is the real one; what it shows is made up."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import run                     # noqa: E402
from harness.browser import Browser         # noqa: E402
from harness.page_stub import PageStub      # noqa: E402

URIS = ("sip:pbx1.example.com:5060;transport=udp",
        "sip:pbx2.example.com:5061;transport=tls")
NOW = time.time()


def account(name, state, active, states, reasons, ages, next_s, counters):
    keys = ("failovers", "failbacks", "exhausted", "calls_moved",
            "byes_moved", "requests_moved")
    return {
        "aor": f"sip:{name}@example.com", "state": state, "active": active,
        "standby": 0, "servers": [
            {"index": i + 1, "uri": uri, "state": states[i],
             "registered": active == i + 1, "reason": reasons[i],
             "since_s": ages[i]} for i, uri in enumerate(URIS)],
        "failback": {"enabled": True, "interval_s": 1800, "next_s": next_s},
        "counters": dict(zip(keys, counters))}


ALICE = account("alice", "backup", 2, ("down", "up"), (
    "REGISTER not answered, sent 4 times in 7.5 s", "200 OK"),
    (437, 429), 1402, (2, 1, 0, 1, 0, 0))
ALICE["history"] = [
    {"time": NOW - 429, "from": 1, "to": 2, "recovery_s": 7.6,
     "reason": "REGISTER not answered, sent 4 times in 7.5 s"},
    {"time": NOW - 86000, "from": 2, "to": 1, "recovery_s": None,
     "reason": "200 OK"}]
BOB = account("bob", "primary", 1, ("up", "unknown"), ("200 OK",
              "not tried yet"), (260000, 0), None, (0,) * 6)
SETTINGS = (
    ("failover_failback", "yes", "yes", "yes or no", "default"),
    ("failover_failback_interval", "600", "1800", "1 to 86400 seconds",
     "account"),
    ("failover_retries", "3", "3", "a number from 0 to 10", "default"),
    ("failover_timeout", "0", "0", "0 to 31 seconds", "default"))


def main(folder):
    stub = PageStub("config set save diff switch probe test maintenance")
    stub.answers = {
        ("GET", "/api/status"): (200, {"version": 1,
                                       "accounts": [ALICE, BOB]}),
        ("GET", "/api/config"): (200, {
            "ok": True, "aor": ALICE["aor"], "servers": [
                {"index": i + 1, "uri": uri, "regint": 3600}
                for i, uri in enumerate(URIS)],
            "settings": [dict(zip(("key", "value", "default", "allowed",
                                   "source"), found))
                         for found in SETTINGS]})}
    browser = Browser()
    try:
        for page, width, scheme in (
                ("overview", 1280, "light"), ("overview", 1280, "dark"),
                ("overview", 360, "light"), ("overview", 360, "dark"),
                ("line", 1280, "light")):
            browser.open("about:blank", width, 400, scheme)
            browser.open(f"{stub.url}#{page}", width, 400, scheme)
            browser.wait("document.querySelector('.server, #servers "
                         "fieldset')")
            browser.js("document.activeElement.blur(); "
                       "document.querySelectorAll('.accounts details')"
                       ".forEach((e, i) => { e.open = !i; })")
            browser.screenshot(os.path.join(
                folder, f"page-{page}-{width}-{scheme}.png"))
    finally:
        browser.close()
        stub.close()


if __name__ == "__main__":
    run.begin()
    try:
        main(sys.argv[1])
    finally:
        run.end()
