"""The benchmark's token steps as an SVG: bars beside those of others, with the roofline of each precision as a line.

Written by hand, without a script or a font of its own; its colours follow the reader's light or dark setting.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from playground.benchmarks.measured import Measurement

WIDTH, LEFT, RIGHT, TOP, BAR, GAP, PART, GROUP = 860, 210, 205, 84, 18, 4, 8, 30
WORDS, LETTER = 165, 7.5  # how long the words beside a bar are, and a letter about
TITLES = {"float32": "float32", "bfloat16": "16 bit", "int8": "8 bit"}
MAKERS = {"ours": "playground", "theirs": "transformers", "llama": "llama.cpp"}  # the class of a bar's colour
STYLE = """
.page{fill:#ffffff;stroke:#d5d9e2}.text{fill:#1f2430}.quiet{fill:#596070}.ours{fill:#1f6fd6}.theirs{fill:#b3b9c6}
.llama{fill:#7d8798}.roof{stroke:#c2410c;stroke-width:2.5}.grid{stroke:#e2e5ec}
text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}.head{font-size:16px;font-weight:600}
.name{font-weight:600}
@media(prefers-color-scheme:dark){.page{fill:#14171f;stroke:#2b303c}.text{fill:#e8eaf0}.quiet{fill:#a8afbd}
.ours{fill:#5aa2ff}.theirs{fill:#4d5566}.llama{fill:#7f899c}.roof{stroke:#fb923c}.grid{stroke:#2b303c}}
"""


class Bar(NamedTuple):
    """One bar: ``times`` transformers' float32; ``roof`` is what the read bandwidth would allow."""

    maker: str
    kind: str
    times: float
    tokens_per_second: float
    roof: float

    @property
    def label(self) -> str:
        return f"{MAKERS[self.maker]}, {TITLES[self.kind]}"


def groups(found: Sequence[Measurement]) -> dict[str, list[Bar]]:
    """The bars by model: in each precision transformers, llama.cpp where it was measured, and our fastest path.

    A model that was not measured in float32 has nothing to be compared with, and is left out.
    """
    steps: dict[str, dict[str, list[dict[str, Any]]]] = {}
    llamas: dict[tuple[str, str], float] = {}
    for each in found:
        facts = each.facts
        if facts.get("kind") == "steps":
            kind = "int8" if facts["path"] == "int8" else facts["dtype"]
            steps.setdefault(each.about, {}).setdefault(kind, []).append(facts)
        elif facts.get("kind") == "llama.cpp":
            llamas[each.about, facts["dtype"]] = facts["peer_tokens_per_second"]
    drawn = {}
    for name, kinds in steps.items():
        if "float32" not in kinds:
            continue
        base = kinds["float32"][0]["peer_tokens_per_second"]
        bars = drawn[name] = []
        for kind in (kind for kind in TITLES if kind in kinds):
            best = max(kinds[kind], key=lambda facts: facts["tokens_per_second"])
            speeds = {"llama": llamas.get((name, kind)), "ours": best["tokens_per_second"]}
            if kind != "int8":  # transformers has no 8-bit weights for a processor
                speeds = {"theirs": best["peer_tokens_per_second"]} | speeds
            roof = best["roofline_tokens_per_second"] / base
            bars += [Bar(maker, kind, speed / base, speed, roof) for maker, speed in speeds.items() if speed]
    return drawn


def draw(found: Sequence[Measurement], machine: str) -> str:
    """The picture of all groups as SVG text; ``machine`` says where they were measured."""
    drawn = groups(found)
    most = max((max(bar.times, bar.roof) for bars in drawn.values() for bar in bars), default=1.0)
    scale = (WIDTH - LEFT - RIGHT) / most
    height = TOP + sum(_height(bars) for bars in drawn.values()) + 48
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(_told(drawn))}">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        _text(20, 30, "Tokens per second, one text at a time", "text head"),
        _text(20, 50, f"Random weights; in each precision all read the same bytes for a token. {machine}", "quiet"),
        *_legend(drawn),
        *_grid(most, scale, height - 42),
    ]
    y: float = TOP
    for name, bars in drawn.items():
        parts.append(_text(20, y + GROUP - 12, name, "text name"))
        top, y = y + GROUP, y + _height(bars)
        for kind in TITLES:
            own = [bar for bar in bars if bar.kind == kind]
            if own:
                parts += _precision(own, top, scale)
                top += len(own) * (BAR + GAP) + PART
    parts.append(_text(LEFT, height - 12, "times transformers in float32", "quiet"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _height(bars: Sequence[Bar]) -> float:
    return GROUP + len(bars) * (BAR + GAP) + len({bar.kind for bar in bars}) * PART


def _legend(drawn: dict[str, list[Bar]]) -> Iterator[str]:
    there = {bar.maker for bars in drawn.values() for bar in bars}
    x = 20.0
    for maker in (maker for maker in MAKERS if maker in there):
        yield f'<rect class="{maker}" x="{x:.1f}" y="62" width="10" height="10"/>'
        yield _text(x + 16, 72, MAKERS[maker], "text")
        x += 42 + LETTER * len(MAKERS[maker])
    yield f'<line class="roof" x1="{x + 5:.1f}" x2="{x + 5:.1f}" y1="59" y2="75"/>'
    yield _text(x + 13, 72, "what reading the weights once would allow", "text")


def _precision(bars: Sequence[Bar], y: float, scale: float) -> Iterator[str]:
    """The bars of one precision, and the line that none of them can pass."""
    x, bottom = LEFT + bars[0].roof * scale, y + len(bars) * (BAR + GAP) - GAP
    yield f'<line class="roof" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 2}" y2="{bottom + 2}"/>'
    for bar in bars:
        length = max(1.0, bar.times * scale)
        yield _text(LEFT - 8, y + BAR - 5, bar.label, "text", "end")
        yield f'<rect class="{bar.maker}" x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>'
        end = LEFT + length
        if end - 4 < x < end + WORDS:  # the line would cross the words
            end = x
        yield _text(end + 8, y + BAR - 5, f"{bar.tokens_per_second:,.0f} tokens/s, {bar.times:.1f} times", "text")
        y += BAR + GAP


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
