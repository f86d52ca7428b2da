# SPDX-License-Identifier: BSD-3-Clause
"""The bench: one cell of it, and what the docs have of its figures."""

import json
import os

from bench import measure, page, picture
from bench.cells import CELLS, GOAL_S, find
from bench.ways import WAYS
from harness.baresip import REPO
from harness.scenario import AT_ONCE_S, measured


def read(name):
    with open(os.path.join(REPO, "docs", name), encoding="utf-8") as file:
        return file.read()


def test_one_cell():
    """The phone with the module has it at once, the one without does not."""
    cell = find("INVITE closed")
    figures, failures = measure.measure(["failover", "alone"], [cell], 1,
                                        AT_ONCE_S)
    assert not failures
    ours, = figures["failover"][cell.name]
    assert ours < AT_ONCE_S
    assert figures["alone"][cell.name] == [None]
    measured(cell.title, ours)


def test_docs():
    """As they are made of the figures.  Every cell has been measured, and
    reaches the goal; the page tells of single repetitions that do not."""
    results = json.loads(read("bench.json"))
    assert read("bench.json") == page.as_json(results)
    assert read("bench.md") == page.page(results)
    assert read("bench.svg") == str(picture.draw(results))
    assert results["repeat"] >= 20
    for way in WAYS:
        for cell in CELLS:
            assert len(results["figures"][way][cell.name]) == \
                results["repeat"]
    assert not page.slow(results)
    for cell in CELLS:
        assert page.Figure(results, page.OURS, cell).median <= \
            cell.limit_s + GOAL_S
