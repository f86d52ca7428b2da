# SPDX-License-Identifier: BSD-3-Clause
"""SVG by hand, for pictures that are to be read on light and dark pages."""

from html import escape

SHAPES = """\
text { font: 13px system-ui, 'DejaVu Sans', sans-serif }
.mono { font-family: ui-monospace, 'DejaVu Sans Mono', monospace }
.head { font-size: 18px; font-weight: 600 }
.title { font-size: 15px; font-weight: 600 }
.small { font-size: 11.5px }
.bold { font-weight: 600 }
.end { text-anchor: end }
.middle { text-anchor: middle }
.axis, .grid { stroke-width: 1; fill: none }
.arrow { stroke-width: 1.6 }
"""

PALETTES = {    # light, dark
    "ink": ("#1f2328", "#e6edf3"), "faint": ("#59636e", "#9198a1"),
    "paper": ("#ffffff", "#0d1117"), "grid": ("#d1d9e0", "#2a313c"),
    "shade": ("#f1f3f6", "#191f29"), "red": ("#cf222e", "#ff7b72"),
    "blue": ("#0969da", "#58a6ff"), "violet": ("#8250df", "#bc8cff"),
    "green": ("#1a7f37", "#3fb950"),
}

FILLS = {"text": "ink", ".small": "faint", ".paper": "paper",
         ".shade": "shade", ".note": "shade", ".red": "red", ".blue": "blue",
         ".violet": "violet", ".green": "green", ".ink": "ink"}
STROKES = {".axis": "faint", ".grid": "grid", ".note": "grid", ".dead": "red",
           ".arrow.red": "red", ".arrow.blue": "blue",
           ".arrow.green": "green", ".arrow.violet": "violet",
           ".arrow.ink": "ink"}


def _colours(dark: bool) -> str:
    """Spelled out: not everything that shows SVG knows variables."""
    return "".join(
        f"{selector} {{ {what}: {PALETTES[name][dark]} }}\n"
        for what, rules in (("fill", FILLS), ("stroke", STROKES))
        for selector, name in rules.items()) + ".arrow { fill: none }\n"


class Svg:
    """Elements in the order in which they are drawn."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self._elements: list[str] = []
        self.rect(0, 0, width, height, "paper", rx=8)

    def add(self, name: str, text: str = "", **attributes) -> None:
        """Attributes: `css` is the class, an underscore is a hyphen."""
        parts = []
        for key, value in attributes.items():
            key = "class" if key == "css" else key.replace("_", "-")
            if isinstance(value, float):
                value = f"{value:.1f}".removesuffix(".0")
            parts.append(f' {key}="{escape(str(value))}"')
        end = f">{escape(text)}</{name}>" if text else "/>"
        self._elements.append(f"<{name}{''.join(parts)}{end}")

    def text(self, x: float, y: float, text: str, css: str = "",
             colour: str = "", **attributes) -> None:
        self.add("text", text, x=x, y=y, css=f"{css} {colour}".strip(),
                 **attributes)

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str,
             **attributes) -> None:
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, css=css, **attributes)

    def rect(self, x: float, y: float, width: float, height: float,
             css: str, **attributes) -> None:
        self.add("rect", x=x, y=y, width=width, height=height, css=css,
                 **attributes)

    def __str__(self) -> str:
        body = "\n".join(self._elements)
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}">\n'
            f"<title>{escape(self.title)}</title>\n<style>\n"
            f"{SHAPES}{_colours(False)}"
            "@media (prefers-color-scheme: dark) {\n"
            f"{_colours(True)}}}\n</style>\n"
            f"{body}\n</svg>\n")
