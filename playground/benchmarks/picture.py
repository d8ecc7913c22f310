"""The benchmark's token steps as an SVG: bars in times transformers' float32, with the roofline of each as a line.

Written by hand, without a script or a font of its own; its colours follow the reader's light or dark setting.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from playground.benchmarks.measured import Measurement

WIDTH, LEFT, RIGHT, TOP, BAR, GAP, GROUP = 860, 200, 220, 76, 18, 5, 34
TITLES = {"float32": "float32", "bfloat16": "16 bit", "int8": "8 bit"}
STYLE = """
.page{fill:#ffffff}.text{fill:#1f2430}.quiet{fill:#596070}.ours{fill:#1f6fd6}.theirs{fill:#a3aab8}
.roof{stroke:#c2410c;stroke-width:2.5}.grid{stroke:#e2e5ec}
text{font:13px system-ui,sans-serif}.head{font-size:16px;font-weight:600}.name{font-weight:600}
@media(prefers-color-scheme:dark){.page{fill:#14171f}.text{fill:#e8eaf0}.quiet{fill:#a8afbd}.ours{fill:#5aa2ff}
.theirs{fill:#626b7c}.roof{stroke:#fb923c}.grid{stroke:#2b303c}}
"""


class Bar(NamedTuple):
    """One bar: ``times`` transformers' float32; ``roof`` is what the read bandwidth would allow, or None."""

    label: str
    ours: bool
    times: float
    tokens_per_second: float
    roof: float | None


def groups(found: Sequence[Measurement]) -> dict[str, list[Bar]]:
    """The bars by model: transformers and the fastest path of each precision, the slowest precision first.

    A model that was not measured in float32 has nothing to be compared with, and is left out.
    """
    steps: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for each in found:
        if each.facts.get("kind") == "steps":
            kind = "int8" if each.facts["path"] == "int8" else each.facts["dtype"]
            steps.setdefault(each.about, {}).setdefault(kind, []).append(each.facts)
    drawn = {}
    for name, kinds in steps.items():
        if "float32" not in kinds:
            continue
        base = kinds["float32"][0]["peer_tokens_per_second"]
        bars = []
        for kind in (kind for kind in TITLES if kind in kinds):
            best = max(kinds[kind], key=lambda facts: facts["tokens_per_second"])
            speed, theirs, roof = (
                best[fact] for fact in ("tokens_per_second", "peer_tokens_per_second", "roofline_tokens_per_second")
            )
            if kind != "int8":
                bars.append(Bar(f"transformers, {TITLES[kind]}", False, theirs / base, theirs, roof / base))
            bars.append(Bar(f"playground, {TITLES[kind]}", True, speed / base, speed, roof / base))
        drawn[name] = bars
    return drawn


def draw(found: Sequence[Measurement], machine: str) -> str:
    """The picture of all groups as SVG text; ``machine`` says where they were measured."""
    drawn = groups(found)
    most = max((max(bar.times, bar.roof or 0) for bars in drawn.values() for bar in bars), default=1.0)
    scale = (WIDTH - LEFT - RIGHT) / most
    height = TOP + sum(GROUP + len(bars) * (BAR + GAP) for bars in drawn.values()) + 48
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(_told(drawn))}">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>',
        _text(20, 30, "Tokens per second, one text at a time", "text head"),
        _text(20, 50, f"Random weights, the same bytes read for every token. {machine}", "quiet"),
        f'<rect class="ours" x="20" y="60" width="10" height="10"/>{_text(36, 70, "playground", "text")}',
        f'<rect class="theirs" x="124" y="60" width="10" height="10"/>{_text(140, 70, "transformers", "text")}',
        f'<line class="roof" x1="242" x2="242" y1="57" y2="73"/>'
        f"{_text(250, 70, 'what reading the weights once would allow', 'text')}",
    ]
    parts += _grid(most, scale, height - 42)
    y = TOP
    for name, bars in drawn.items():
        parts.append(_text(20, y + GROUP - 12, name, "text name"))
        y += GROUP
        for bar in bars:
            parts += _bar(bar, y, scale)
            y += BAR + GAP
    parts.append(_text(LEFT, height - 12, "times transformers in float32", "quiet"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(bar: Bar, y: float, scale: float) -> Iterator[str]:
    length = max(1.0, bar.times * scale)
    yield _text(LEFT - 8, y + BAR - 5, bar.label, "text", "end")
    kind = "ours" if bar.ours else "theirs"
    yield f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>'
    end = length
    if bar.roof is not None:
        x = LEFT + bar.roof * scale
        yield f'<line class="roof" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 2}" y2="{y + BAR + 2}"/>'
        if bar.roof * scale < length + 150:  # the line would cross the words
            end = max(length, bar.roof * scale)
    yield _text(LEFT + end + 8, y + BAR - 5, f"{bar.tokens_per_second:,.0f} tokens/s, {bar.times:.1f} times", "text")


def _grid(most: float, scale: float, bottom: float) -> Iterator[str]:
    step = next(step for step in (0.5, 1, 2, 5, 10, 20, 50, 100, 1000, 10_000, float("inf")) if most / step <= 8)
    times = 0.0
    while times <= most:
        x = LEFT + times * scale
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP + 6}" y2="{bottom - 4}"/>'
        yield _text(x, bottom + 8, f"{times:g}", "quiet", "middle")
        times += step


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _told(drawn: dict[str, list[Bar]]) -> str:
    """The bars in words, for those who do not see them."""
    lines = (f"{name}: " + ", ".join(f"{bar.label} {bar.times:.1f} times" for bar in drawn[name]) for name in drawn)
    return "Tokens per second in times transformers' float32. " + "; ".join(lines)
