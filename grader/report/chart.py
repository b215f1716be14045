"""Curves as inline SVG drawn by matplotlib, coloured by the page's own style sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any, NamedTuple
from xml.etree import ElementTree

from grader.model import Curve
from grader.report.wording import decimal

SVG = "http://www.w3.org/2000/svg"
SERIES = ("#100001", "#100002", "#100003", "#100004")
"""Stand-ins: matplotlib knows no CSS variables, so they are replaced afterwards."""
VARIABLES = {colour: f"var(--series-{n})" for n, colour in enumerate(SERIES, 1)} | {
    "#100005": "var(--line)",
    "#100006": "var(--muted)",
    "#100007": "var(--level)",
}
LINE, MUTED, LEVEL = "#100005", "#100006", "#100007"
DASHES: tuple[Any, ...] = ("solid", (0, (6, 2.5)), (0, (1.5, 2)), (0, (7, 2, 1.5, 2)))
"""Series differ by dash as well as by colour."""
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 12,
    "path.simplify_threshold": 0.5,
}
DOT = {"lw": 7, "solid_capstyle": "round"}
LETTER = 6.6
"""Mean width of a letter at 12 px."""


class Size(NamedTuple):
    """CSS pixels at which the text is 12 px high."""

    width: int
    height: int


WIDE, NARROW = Size(780, 320), Size(300, 240)


def draw(curve: Curve, size: Size) -> str:
    """One `<svg>` element without ids, scripts, fonts or sizes of its own."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        figure = Figure(figsize=(size.width / 72, size.height / 72))
        _plot(figure, curve, size)
        return _themed(_rendered(figure), curve, size)


def finite(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points that can be drawn."""
    return [point for point in points if isfinite(point[0]) and isfinite(point[1])]


def drawable(curve: Curve) -> bool:
    """Whether any series holds a point that can be drawn."""
    return any(finite(points) for points in curve.series.values())


def told(curve: Curve) -> str:
    """The curve in words, for those who cannot see it."""
    parts = [
        f"{name} goes from {decimal(points[0][1])} to {decimal(points[-1][1])}"
        for name, points in curve.series.items()
        if points
    ]
    parts += [f"{name} is level at {decimal(value)}" for name, value in curve.levels.items()]
    return f"{curve.title}. {'; '.join(parts)}."


def _plot(figure: Any, curve: Curve, size: Size) -> None:
    levels = {name: value for name, value in curve.levels.items() if isfinite(value)}
    longest = max(map(len, levels), default=0)
    gutter = min(longest * LETTER + 14, 0.26 * size.width)
    left, bottom, top = 48, 46, 30
    axes = figure.add_axes(
        (
            left / size.width,
            bottom / size.height,
            (size.width - left - gutter) / size.width,
            (size.height - bottom - top) / size.height,
        )
    )
    drawn = [finite(points) for points in curve.series.values()]
    _limits(axes, drawn, list(levels.values()))
    _frame(axes, curve)
    _levels(axes, levels, int((gutter - 14) / LETTER))
    for n, points in enumerate(drawn):
        _line(axes, points, SERIES[n % len(SERIES)], DASHES[n % len(DASHES)])


def _line(axes: Any, points: list[tuple[float, float]], colour: str, dashes: Any) -> None:
    """A line that ends in a dot."""
    for part, style in ((points, {"lw": 2, "ls": dashes}), (points[-1:] * 2, DOT)):
        axes.plot([x for x, _ in part], [y for _, y in part], color=colour, clip_on=False, **style)


def _limits(axes: Any, drawn: list[list[tuple[float, float]]], levels: list[float]) -> None:
    xs = [x for points in drawn for x, _ in points]
    ys = [y for points in drawn for _, y in points] + levels
    room = 0.06 * (max(ys) - min(ys)) or 0.5
    axes.set_xlim(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1)
    from_zero = 0 <= min(ys) < 0.2 * max(ys)
    axes.set_ylim(0 if from_zero else min(ys) - room, max(ys) + room)


def _frame(axes: Any, curve: Curve) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.grid(axis="y", color=LINE, lw=1)
    axes.tick_params(length=0, pad=8, labelcolor=MUTED)
    axes.locator_params(axis="y", nbins=5)
    axes.locator_params(axis="x", nbins=5)
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.set_xlabel(curve.x_label, color=MUTED, labelpad=8)
    axes.set_title(curve.y_label, loc="left", fontsize=12, color=MUTED, pad=12)


def _levels(axes: Any, levels: dict[str, float], letters: int) -> None:
    """Dotted horizontals, named in the gutter, where names keep a line's height apart."""
    low, high = axes.get_ylim()
    pixel = axes.figure.dpi / 72
    line = 15 * pixel / axes.bbox.height * (high - low)
    beside = 1 + 8 * pixel / axes.bbox.width
    place = low - line
    for name, value in sorted(levels.items(), key=lambda item: item[1]):
        axes.axhline(value, color=LEVEL, lw=1.25, ls=(0, (1.5, 2.5)), clip_on=False)
        place = max(place + line, value)
        short = name if len(name) <= letters else name[: letters - 1] + "…"
        axes.text(
            beside,
            place,
            short,
            color=MUTED,
            va="center_baseline",
            transform=axes.get_yaxis_transform(),
        )


def _rendered(figure: Any) -> str:
    import warnings
    from io import StringIO

    text = StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that matplotlib's font lacks: the page's has them
        figure.savefig(
            text, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    return text.getvalue()


def _themed(svg: str, curve: Curve, size: Size) -> str:
    """Only shapes and text, in the colours and letters of the page."""
    ElementTree.register_namespace("", SVG)
    # The text comes from matplotlib a moment ago: nothing that a hostile parser input could do.
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{SVG}}}defs", f"{{{SVG}}}metadata"}:
                parent.remove(child)
        for attribute in ("id", "clip-path"):
            parent.attrib.pop(attribute, None)
        if style := parent.get("style"):
            parent.set("style", _styled(style))
    title = ElementTree.Element(f"{{{SVG}}}title")
    title.text = told(curve)
    root.insert(0, title)
    root.attrib.clear()
    root.attrib |= {"role": "img", "viewBox": f"0 0 {size.width} {size.height}"}
    return ElementTree.tostring(root, encoding="unicode")


def _styled(style: str) -> str:
    for colour, variable in VARIABLES.items():
        style = style.replace(colour, variable)
    return re.sub(r"font-family: [^;]+;? ?", "", style)
