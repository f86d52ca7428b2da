# SPDX-License-Identifier: BSD-3-Clause
"""docs/cost.md and docs/cost.svg, from what was measured."""

import datetime
import math
import os
import platform
import subprocess
import sys

from harness.baresip import REPO

sys.path.insert(0, os.path.join(REPO, "test", "pictures"))

from svg import Svg             # noqa: E402  pylint: disable=import-error,wrong-import-position

Costs = dict[str, tuple[float, float]]
Growth = dict[int, dict[str, float]]

WHAT = {
    "stranger": "OPTIONS of a stranger, received and answered",
    "request": "OPTIONS of an account, ordered by a command, and the answer",
    "refresh": "a refresh: REGISTER and 200",
    "incoming": "a call that comes in, INVITE to BYE",
    "outgoing": "a call that goes out, INVITE to BYE",
}

COLUMNS = {
    "stranger False": "stranger, without", "stranger True": "with",
    "incoming False": "call, without", "incoming True": "with",
    "json": "`failover_json`", "json_s": "it takes",
    "moved_s": "all have moved after", "peak": "packets in a second",
    "cpu_s": "processor",
}

HEAD = """# What the module costs

Written by `test/cost/run.py`. {where}, {date}.

Instructions, counted with valgrind's callgrind: they do not depend on what
else the machine does. Ten accounts, each with two servers; no media, so a
call is its signalling alone.

| what | without the module | with it | more | |
|---|---|---|---|---|
"""

MIDDLE = """
## How it grows

Instructions of one message or call, of `failover_json` for all accounts, and
the time that the latter takes. Then the primary's port is closed while each
account sends OPTIONS every 2 s: after how long the last account has
registered with the backup, how many packets the backup got in the worst
second (REGISTERs and OPTIONS), and the phone's processor time meanwhile.
Baresip itself and libre look through all user agents and timers, so what a
call costs grows without the module, too.

"""


def _where() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file
                      if line.startswith("model name")), platform.machine())
    with open("/etc/os-release", encoding="utf-8") as file:
        system = next(line.split('"')[1] for line in file
                      if line.startswith("PRETTY_NAME"))
    packages = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}, ",
         "baresip-core", "libre0", "valgrind"],
        capture_output=True, text=True, check=False).stdout.rstrip(", ")
    return f"{system}, {packages}; {os.cpu_count()} x {model}"


def _value(key: str, row: dict[str, float]) -> str:
    value = row[key]
    if key.endswith("_s"):
        return f"{value:.2f} s"
    return f"{value:,.0f}"


def _cost_rows(costs: Costs) -> str:
    return "".join(
        f"| {WHAT[name]} | {plain:,.0f} | {ours:,.0f} | {ours - plain:+,.0f}"
        f" | {100 * (ours / plain - 1):+.1f} % |\n"
        for name, (plain, ours) in costs.items())


def _growth_rows(growth: Growth) -> str:
    lines = ["| accounts | " + " | ".join(COLUMNS.values()) + " |",
             "|---" * (len(COLUMNS) + 1) + "|"]
    for accounts, row in growth.items():
        cells = " | ".join(_value(key, row) for key in COLUMNS)
        lines.append(f"| {accounts:,} | {cells} |")
    return "\n".join(lines) + "\n"


class _Plot:
    """Both axes are logarithmic."""

    LEFT, TOP, WIDTH, HEIGHT = 90, 70, 560, 260

    def __init__(self, svg: Svg, accounts: list[int],
                 values: list[float]) -> None:
        self._svg = svg
        self._x = (math.log10(min(accounts)), math.log10(max(accounts)))
        self._y = (math.floor(math.log10(min(values))),
                   math.ceil(math.log10(max(values))))

    def x(self, accounts: float) -> float:
        low, high = self._x
        return self.LEFT + self.WIDTH * (math.log10(accounts) - low) / (
            high - low or 1)

    def y(self, value: float) -> float:
        low, high = self._y
        return self.TOP + self.HEIGHT * (high - math.log10(value)) / (
            high - low or 1)

    def axes(self, accounts: list[int]) -> None:
        bottom = self.TOP + self.HEIGHT
        for power in range(int(self._y[0]), int(self._y[1]) + 1):
            height = self.y(10 ** power)
            self._svg.add("path", d=f"M{self.LEFT} {height:.1f}"
                          f"h{self.WIDTH}", css="grid")
            self._svg.add("text", f"{10 ** power:,}", x=self.LEFT - 8,
                          y=height + 4, css="small end")
        for number in accounts:
            self._svg.add("text", f"{number:,}", x=self.x(number),
                          y=bottom + 20, css="small middle")
        self._svg.add("text", "accounts", x=self.LEFT + self.WIDTH / 2,
                      y=bottom + 40, css="small middle")

    def line(self, points: list[tuple[int, float]], colour: str,
             name: str) -> None:
        path = "L".join(f"{self.x(n):.1f} {self.y(v):.1f}"
                        for n, v in points)
        self._svg.add("path", d=f"M{path}", css=f"arrow {colour}",
                      stroke_dasharray="5 4" if "without" in name else "none")
        for number, value in points:
            self._svg.add("circle", cx=self.x(number), cy=self.y(value), r=3,
                          css=colour)
        number, value = points[-1]
        self._svg.add("text", name, x=self.x(number) + 10,
                      y=self.y(value) + (12 if "without" in name else -2),
                      css=f"small {colour}")


LINES = {
    "stranger False": ("red", "OPTIONS, without"),
    "stranger True": ("red", "OPTIONS, with the module"),
    "incoming False": ("blue", "call, without"),
    "incoming True": ("blue", "call, with the module"),
    "json": ("green", "failover_json"),
}


def _picture(growth: Growth) -> str:
    svg = Svg(860, 400, "Instructions by the number of accounts")
    svg.add("text", "Instructions by the number of accounts", x=24, y=36,
            css="head")
    accounts = list(growth)
    plot = _Plot(svg, accounts,
                 [growth[n][key] for n in accounts for key in LINES])
    plot.axes(accounts)
    for key, (colour, name) in LINES.items():
        plot.line([(n, growth[n][key]) for n in accounts], colour, name)
    return str(svg)


def _head(costs: Costs) -> str:
    head = HEAD.format(where=_where(), date=datetime.date.today())
    return head + _cost_rows(costs)


def write_costs(costs: Costs) -> None:
    """The first table; how it grows stays as it was measured before."""
    path = os.path.join(REPO, "docs", "cost.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(_head(costs) + text[text.index(MIDDLE):])


def write(costs: Costs, growth: Growth) -> None:
    """Both files."""
    text = _head(costs) + MIDDLE + _growth_rows(growth)
    text += "\n![Instructions by the number of accounts](cost.svg)\n"
    for name, content in (("cost.md", text), ("cost.svg", _picture(growth))):
        with open(os.path.join(REPO, "docs", name), "w",
                  encoding="utf-8") as file:
            file.write(content)
