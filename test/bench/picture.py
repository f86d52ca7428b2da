# SPDX-License-Identifier: BSD-3-Clause
"""docs/bench.svg: every cell, every way, on a logarithmic scale."""

import math
from itertools import groupby

from pictures.svg import Svg

from .cells import CELLS, FAULTS, METHODS, NEVER_S
from .page import OURS, Figure, Results
from .ways import WAYS

WIDTH, TOP, ROW, GAP = 900, 112, 22, 12
LABEL_X, LEFT, RIGHT = 20, 250, 750
NEVER_X, SLOT = 782, 22         # one slot for each of the others
LEAST_S = 0.001
ASIDE = {"serreg": -4, "srv": 4}    # often at the same place
TICKS = {0.001: "1 ms", 0.01: "10 ms", 0.1: "100 ms", 1.0: "1 s",
         7.5: "7.5 s", 32.0: "32 s"}
COLOURS = {"failover": "green", "serreg": "violet", "outbound": "blue",
           "srv": "red", "alone": "ink"}
SHAPES = {
    "serreg": "M-4.5 -4.5h9v9h-9z", "outbound": "M0 -6L6 0L0 6L-6 0z",
    "srv": "M0 -6L5.5 4.5h-11z",
    "alone": "M-5 -3.4L-3.4 -5L0 -1.6L3.4 -5L5 -3.4L1.6 0L5 3.4L3.4 5L0 1.6"
             "L-3.4 5L-5 3.4L-1.6 0z",
}


def at(seconds: float) -> float:
    """Where on the axis."""
    span = math.log(NEVER_S / LEAST_S)
    part = math.log(max(seconds, LEAST_S) / LEAST_S) / span
    return LEFT + part * (RIGHT - LEFT)


class Chart:
    def __init__(self, results: Results) -> None:
        self.results = results
        groups = [list(cells) for _, cells in groupby(
            CELLS, lambda cell: cell.method)]
        height = TOP + len(CELLS) * ROW + len(groups) * GAP + 46
        self.svg = Svg(WIDTH, height, "How long each way takes until the "
                       "backup has what the phone wanted")
        self._head(height)
        y = float(TOP)
        for cells in groups:
            self.svg.text(LABEL_X, y + 4, METHODS[cells[0].method], "bold")
            for cell in cells:
                self._row(cell, y)
                y += ROW
            y += GAP

    def _mark(self, way: str, x: float, y: float) -> None:
        css = COLOURS[way]
        if way == OURS:
            self.svg.add("circle", cx=x, cy=y, r=6.5, css=css)
        else:
            self.svg.add("path", d=SHAPES[way], css=css,
                         transform=f"translate({x:.1f} {y:.1f})")

    def _head(self, height: int) -> None:
        self.svg.text(LABEL_X, 32, "The primary fails: how long until the "
                      "backup has it", "head")
        x = float(LABEL_X + 8)
        for way, what in WAYS.items():
            self._mark(way, x, 58)
            self.svg.text(x + 13, 62, what.title,
                          "bold" if way == OURS else "")
            x += 9.2 * len(what.title) + 46
        for seconds, text in TICKS.items():
            self.svg.line(at(seconds), TOP - 14, at(seconds), height - 46,
                          "grid")
            self.svg.text(at(seconds), TOP - 20, text, "small middle")
        self.svg.rect(NEVER_X - 14, TOP - 14, 4 * SLOT + 10,
                      height - 32 - TOP, "shade", rx=4)
        self.svg.text(NEVER_X + 1.5 * SLOT + 2, TOP - 20,
                      f"not in {NEVER_S:.0f} s", "small middle")

        self.svg.text(LABEL_X, height - 18, "A mark is the median, its line "
                      f"goes to the worst of {self.results['repeat']}. At "
                      "the left edge: registered with both all the time.",
                      "small")

    def _row(self, cell, y: float) -> None:
        self.svg.text(LEFT - 14, y + 4, FAULTS[cell.fault].what, "small end")
        self.svg.line(LEFT, y, RIGHT, y, "grid", stroke_dasharray="1 4")
        others = [way for way in WAYS if way != OURS]
        for way in (*others, OURS):
            figure = Figure(self.results, way, cell)
            if not figure.values:
                continue
            slot = NEVER_X + 2 + SLOT * (others.index(way)
                                         if way in others else 1.5)
            if figure.is_there:
                self._mark(way, LEFT - 4, y)
            elif figure.median == math.inf:
                self._mark(way, slot, y)
            else:
                self._time(way, figure, y + ASIDE.get(way, 0))

    def _time(self, way: str, figure: Figure, y: float) -> None:
        end = at(min(figure.worst, NEVER_S))
        self.svg.line(at(figure.median), y, end, y, f"arrow {COLOURS[way]}")
        self._mark(way, at(figure.median), y)


def draw(results: Results) -> Svg:
    return Chart(results).svg
