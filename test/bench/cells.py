# SPDX-License-Identifier: BSD-3-Clause
"""What is measured: a request and a fault of the primary make a cell."""

from dataclasses import dataclass
from itertools import product
from typing import Optional

NEVER_S = 60.0                  # who has not done it by then does not do it
GOAL_S = 0.02                   # how far from its limit a figure may be
TIMES_SILENT, TIMES_CLOSED = 4, 100     # than the best of the others


@dataclass(frozen=True)
class Fault:
    what: str
    transport: str
    limit_s: float              # what the module's settings make of it
    why: str


FAULTS = {
    "silent": Fault("silent", "udp", 7.5, "`failover_retries 3`, the default"),
    "closed": Fault("closed port", "udp", 0.0, "ICMP tells"),
    "503": Fault("503", "udp", 0.0, "the answer tells"),
    "cut": Fault("connection closed", "tcp", 0.0, "the connection tells"),
}
IDLE_LIMIT_S = 1.0              # random up to it, to spread a fleet

METHODS = {
    "REGISTER": "REGISTER", "INVITE": "INVITE", "BYE": "BYE",
    "hold": "hold in a call", "MWI": "MWI", "idle": "idle phone",
}


@dataclass(frozen=True)
class Cell:
    method: str
    fault: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.fault}"

    @property
    def title(self) -> str:
        return f"{METHODS[self.method]}, {FAULTS[self.fault].what}"

    @property
    def transport(self) -> str:
        return FAULTS[self.fault].transport

    @property
    def limit_s(self) -> float:
        """What the module may take."""
        return IDLE_LIMIT_S if self.method == "idle" \
            else FAULTS[self.fault].limit_s

    @property
    def why(self) -> str:
        return "a random time up to that, so that a fleet is spread" \
            if self.method == "idle" else FAULTS[self.fault].why


# An idle phone sends nothing: it can see the end of its connection alone
CELLS = [Cell(method, fault) for method, fault in product(METHODS, FAULTS)
         if method != "idle" or fault == "cut"]


def find(name: str) -> Optional[Cell]:
    return next((cell for cell in CELLS if cell.name == name), None)
