#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""docs/fleet.svg, from what test/fleet/simulate.c prints:

    build/test/fleet/simulate | test/pictures/fleet.py >docs/fleet.svg
"""

import csv
import math
import sys
from collections import defaultdict
from dataclasses import dataclass

from svg import Svg

WIDTH, LEFT, RIGHT = 860, 74, 20
HEIGHT, TOP, GAP = 190, 112, 84         # of a panel, above all, between two
DECADES = 5.3                           # from 1 to 200,000 a second
STEP = 1.5                              # of the plot, in its own units
LABEL_GAP = 19

Series = dict[int, int]                 # second: REGISTERs


@dataclass
class Curve:
    label: str
    colour: str
    series: Series


@dataclass
class Panel:
    title: str
    subtitle: str
    seconds: int
    dead: tuple[int, int]               # the primary is silent, seconds
    curves: list[Curve]                 # the tallest first
    label_s: int                        # where their labels begin, seconds
    refresh_s: int                      # where that label begins, or 0
    backup: Series


def read(lines) -> dict[tuple[str, str], tuple[Series, Series]]:
    """(fleet, variant): what the primary saw, and the backup."""
    seen: dict = defaultdict(lambda: ({}, {}))
    for row in csv.DictReader(lines):
        primary, backup = seen[row["fleet"], row["variant"]]
        primary[int(row["second"])] = int(row["primary"])
        backup[int(row["second"])] = int(row["backup"])
    return seen


def shifted(series: Series, by_s: int) -> Series:
    return {second - by_s: n for second, n in series.items()
            if second >= by_s}


def panels(seen) -> list[Panel]:
    def jitters(fleet: str, begin_s: int = 0) -> list[Curve]:
        return [Curve(label, colour, shifted(seen[fleet, jitter][0], begin_s))
                for jitter, label, colour in (
                    ("0", "no jitter", "red"),
                    ("10", "10 %, the default", "blue"),
                    ("50", "50 %", "green"))]

    return [
        Panel("All phones moved in the same second",
              "power comes back everywhere, the primary 20 minutes later",
              6000, (0, 1200), jitters("together"), 2850, 5160,
              seen["together", "10"][1]),
        Panel("All phones moved within a minute",
              "keep-alive every 60 s, the primary is silent for 20 minutes",
              6000, (0, 1200), jitters("keepalive", 3600), 2850, 5160,
              shifted(seen["keepalive", "10"][1], 3600)),
        Panel("Both servers are silent for 15 minutes",
              "all phones began in the same second; rounds with the random "
              "waits of RFC 5626, and with waits that are all alike",
              2400, (0, 900),
              [Curve("all alike", "red", seen["all_dead", "1"][0]),
               Curve("RFC 5626", "blue", seen["all_dead", "0"][0])],
              1650, 0, {}),
    ]


class Plot:
    """A panel in its place."""

    def __init__(self, svg: Svg, panel: Panel, top: float) -> None:
        self.svg, self.panel, self.top = svg, panel, top
        self.width = WIDTH - LEFT - RIGHT
        self.bottom = top + HEIGHT

    def x(self, second: float) -> float:
        return LEFT + self.width * second / self.panel.seconds

    def y(self, rate: float) -> float:
        return self.bottom - HEIGHT * math.log10(max(rate, 1)) / DECADES

    def frame(self) -> None:
        svg, panel = self.svg, self.panel
        svg.text(LEFT, self.top - 26, panel.title, "title")
        svg.text(LEFT, self.top - 9, panel.subtitle, "small")
        begin, end = panel.dead
        svg.rect(self.x(begin), self.top, self.x(end) - self.x(begin),
                 HEIGHT, "shade")
        for decade in range(int(DECADES) + 1):
            y = self.y(10 ** decade)
            svg.line(LEFT, y, WIDTH - RIGHT, y, "grid")
            svg.text(LEFT - 8, y + 4, f"{10 ** decade:,}", "small end")
        minutes = panel.seconds // 60
        for minute in range(0, minutes + 1, 10 if minutes > 50 else 5):
            x = self.x(minute * 60)
            svg.line(x, self.bottom, x, self.bottom + 4, "axis")
            svg.text(x, self.bottom + 18, f"{minute} min" if not minute
                     else str(minute), "small middle")

    def curve(self, curve: Curve) -> None:
        """The highest second of each step, as an area."""
        steps: dict[int, int] = defaultdict(int)
        for second, rate in curve.series.items():
            if second < self.panel.seconds:
                step = int((self.x(second) - LEFT) / STEP)
                steps[step] = max(steps[step], rate)
        path = []
        for step, rate in sorted(steps.items()):
            if rate:
                x = LEFT + step * STEP
                path.append(f"M{x:.1f} {self.bottom:.1f}V{self.y(rate):.1f}"
                            f"h{STEP}V{self.bottom:.1f}z")
        self.svg.add("path", d="".join(path), css=curve.colour)

    def labels(self) -> None:
        """As high as the highest second after the primary's return."""
        y = 0.0
        for curve in self.panel.curves:
            peak = max(rate for second, rate in curve.series.items()
                       if self.panel.dead[1] <= second < self.panel.seconds)
            y = max(self.y(peak) + 4, y + LABEL_GAP)
            self.svg.text(self.x(self.panel.label_s), y,
                          f"{curve.label}: up to {peak:,}", "bold",
                          curve.colour)

    def backup(self) -> None:
        """In the seconds in which they all come to it."""
        first = {second: rate for second, rate in self.panel.backup.items()
                 if second < self.panel.dead[1]}
        if first:
            self.curve(Curve("", "violet", first))
            peak = max(first.values())
            self.svg.text(self.x(max(first)) + 8, self.y(peak) + 12,
                          f"backup: {peak:,}", "bold", "violet")

    def draw(self) -> None:
        self.frame()
        for curve in self.panel.curves:
            self.curve(curve)
        self.backup()
        self.svg.line(LEFT, self.bottom, WIDTH - RIGHT, self.bottom, "axis")
        self.labels()
        if self.panel.refresh_s:
            self.svg.text(self.x(self.panel.refresh_s), self.top + 16,
                          "their refresh", "small")
        x = self.x(self.panel.dead[1]) - 6
        self.svg.text(x, self.top + 5, "silent", "small end",
                      transform=f"rotate(-90 {x:.1f} {self.top + 5})")


def main() -> None:
    found = panels(read(sys.stdin))
    height = TOP + len(found) * (HEIGHT + GAP) - GAP + 34
    svg = Svg(WIDTH, height, "REGISTERs a second that the primary of 100,000 "
              "phones sees")
    svg.text(LEFT, 34, "100,000 phones lose their primary, and return to it",
             "head")
    svg.text(LEFT, 55, "REGISTERs a second that reach the primary; time since "
             "it fell silent", "small")
    for number, panel in enumerate(found):
        Plot(svg, panel, TOP + number * (HEIGHT + GAP)).draw()
    print(svg, end="")


if __name__ == "__main__":
    main()
