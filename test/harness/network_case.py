# SPDX-License-Identifier: BSD-3-Clause
"""A phone that loses its network and gets it back, in a network namespace
of its own: run by test_network.py under `unshare --net`. Prints what it
measured; an AssertionError says what went wrong."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from harness.baresip import Phone, account    # noqa: E402
from harness.location import LocationTable    # noqa: E402
from harness.server import SipServer          # noqa: E402

ALICE = "sip:alice@127.0.0.1"


def network(state: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def main() -> None:
    network("up")
    table = LocationTable()
    servers = [SipServer(table=table, name=name).start()
               for name in ("pbx1", "pbx2")]
    phone = Phone(account(ALICE, *(server.uri() for server in servers),
                          regint=4))
    try:
        phone.start()
        phone.wait_state("primary")
        # what it is told while the network is gone stays in the log alone
        network("down")
        phone.wait_log("no server is available", timeout=60)
        network("up")
        back = time.monotonic()
        phone.wait_log(r"200 OK.*binding", since=back, timeout=20)
        print(f"measured: {time.monotonic() - back:.2f} s from the network's "
              "return to the registration")
        assert table.wait_bound(ALICE)
        assert table.history[-1].server == "pbx1"
    except AssertionError:
        print(phone.report(), file=sys.stderr)
        raise
    finally:
        phone.close()
        for server in servers:
            server.close()


if __name__ == "__main__":
    main()
