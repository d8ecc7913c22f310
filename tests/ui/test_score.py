"""The Score tab in a real browser: its numbers are the API's, and text stays text."""

import itertools
import math
import random
import re
import time

import pytest
from contrast import contrast
from model_folder import ENDLESS
from playwright.sync_api import expect
from running_app import HOSTILE, HOSTILE_NAME
from scores import scored

from playground.ui.score_view import STRIPS_TEMPLATE, score_block, token_pieces
from playground.ui.tabs.score import EXAMPLES
from playground.ui.theme import component_script

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
DONE = re.compile("scored by|No score")
TEXT = "Hé, the cat sat 🦊 on\nthe mat."


def open_score(guest, models, text):
    """Open the tab, choose ``models`` and type ``text``."""
    guest.page.get_by_role("tab", name="Score").click()
    guest.page.locator("#score-models .remove-all").click()
    field = guest.page.locator("#score-models input")
    for model in models:
        field.click()
        field.fill(model)
        guest.page.get_by_role("option", name=model, exact=True).click()
    field.press("Escape")
    guest.page.locator("#score-text textarea").fill(text)
    return guest.page


def score_it(guest, models, text):
    page = open_score(guest, models, text)
    guest.press("score")
    expect(page.locator(".score-status")).to_have_text(DONE, timeout=SLOW)
    expect(page.locator(".score-block")).to_have_count(len(models), timeout=SLOW)
    return page


def curves(page, count):
    """Name, last byte and last bits of the curves that Plotly has drawn."""
    page.wait_for_function(
        "(n) => document.querySelector('#score-curve .js-plotly-plot')?.data?.length === n", arg=count, timeout=SLOW
    )
    return page.evaluate("""() => document.querySelector('#score-curve .js-plotly-plot').calcdata.map(
        (points) => [points[0].trace.name, points.at(-1).x, points.at(-1).y])""")


def test_the_page_shows_what_the_api_says(visit, client):
    models = ["shard", "pixel_100m"]
    known = {model: client.predict(model, TEXT, api_name="/score") for model in models}
    page = score_it(visit(), models, TEXT)
    size = len(TEXT.encode())
    expect(page.locator(".score-status")).to_have_text(f"{size} bytes of text · scored by 2 models")
    best = min(models, key=lambda model: known[model]["bits_per_byte"])
    rows, blocks = page.locator(".score-table tbody tr"), page.locator(".score-block")
    ends = {name.strip("\u2068\u2069"): end for name, *end in curves(page, 2)}
    for place, model in enumerate(models):
        about, block = known[model], blocks.nth(place)
        bits = [None if x is None else -x / math.log(2) for x in about["logprobs"]]
        total = math.fsum(x for x in bits if x is not None)
        assert about["total_bits"] == pytest.approx(total)
        cells = rows.nth(place).locator("th, td").all_inner_texts()
        assert cells[0].strip() == model
        assert cells[1] == f"{len(bits)}"
        assert cells[2] == f"{total:,.1f}"
        assert float(re.match(r"[\d.]+", cells[3])[0]) == pytest.approx(about["bits_per_byte"], abs=6e-4)
        assert ("best" in cells[3]) is (model == best)
        assert ends[model] == [size, pytest.approx(total, abs=1e-6)]
        # The strip: its colours, its words and its sum.
        assert block.locator("h3").inner_text() == model
        labels = block.locator(".tok").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
        shown = [None if "no score" in x else float(re.search(r", ([\d.]+) bits$", x)[1]) for x in labels]
        for one, other in zip(shown, bits, strict=True):
            assert (one is None) is (other is None)
            assert one is None or one == pytest.approx(other, abs=0.006)
        assert sum(x or 0 for x in shown) == pytest.approx(total, abs=0.005 * len(bits) + 0.05)
        names = block.locator(".tok").evaluate_all("all => all.map(one => one.className.replace(' tok-newline', ''))")
        edge = [other is not None and abs(other - round(other)) < 1e-3 for other in bits]
        steps = ["tok score-neutral" if x is None else f"tok s{min(7, math.floor(x))}" for x in bits]
        assert all(a == b or c for a, b, c in zip(names, steps, edge, strict=True))
        # The lists, in the order of a plain sort, each leading to its token.
        order = sorted((i for i, x in enumerate(bits) if x is not None), key=lambda i: (-bits[i], i))
        for part, wanted in ((0, order[:5]), (1, order[::-1][:5])):
            items = block.locator(".score-extremes").nth(part).locator(".score-jump")
            assert items.count() == 5
            for item, number in zip(items.all(), wanted, strict=True):
                item.click()
                there = block.locator(".score-strip").evaluate(
                    "strip => [...strip.children].indexOf(document.activeElement)"
                )
                assert there == number or bits[there] == pytest.approx(bits[number], abs=1e-6)
                expect(page.locator(".score-card")).to_be_visible()
    whole = blocks.first.locator(".score-strip").text_content()
    assert whole == TEXT  # a byte-level tokenizer: every character of the text, once
    parts = blocks.first.locator(".tok").evaluate_all("all => all.filter(one => one.textContent === '').length")
    assert parts == sum(a == b for a, b in itertools.pairwise(known["shard"]["byte_ends"]))
    assert parts > 0


def rank_words(rank):
    number = rank + 1
    end = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return "the likeliest" if rank == 0 else f"the {number:,}{end} likeliest"


CARDS = """() => [...document.querySelectorAll(".score-block .tok")].map((token) => {
    token.focus();
    const text = (where) => [...document.querySelectorAll(`.score-card ${where}`)].map((one) => one.textContent);
    return { place: text(".tok-head span")[0], names: text("dt"), facts: text("dd") };
})"""


def test_the_card_tells_of_a_token_by_mouse_and_by_keys(visit, client):
    about = client.predict("shard", TEXT, api_name="/score")
    page = score_it(visit(), ["shard"], TEXT)
    tokens, card = page.locator(".score-block .tok"), page.locator(".score-card")
    expect(card).to_be_hidden()
    tokens.first.hover()
    expect(card).to_contain_text("no score: nothing stands before it", timeout=SLOW)
    expect(page.locator(".score-block")).to_contain_text("The first token has no score: nothing stands before it, so")
    tokens.first.focus()
    for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", -1), ("Home", 0)):
        page.keyboard.press(key)
        expect(tokens.nth(place)).to_be_focused(timeout=SLOW)
        expect(card).to_contain_text(str(about["token_ids"][place]), timeout=SLOW)
    page.keyboard.press("Escape")
    expect(card).to_be_hidden(timeout=SLOW)
    cards = page.evaluate(CARDS)
    assert len(cards) == len(about["token_ids"])
    for place, said in enumerate(cards):
        facts = dict(zip(said["names"], said["facts"], strict=True))
        assert facts["token id"] == str(about["token_ids"][place])
        if place == 0:
            assert set(facts) == {"token id", "bytes"}
            continue
        logprob, (before, end) = about["logprobs"][place], about["byte_ends"][place - 1 : place + 1]
        assert said["place"] == rank_words(about["ranks"][place])
        assert float(facts["surprise"].removesuffix(" bits")) == pytest.approx(-logprob / math.log(2), abs=0.006)
        if facts["probability"].startswith("1 in "):
            odds = int(facts["probability"].removeprefix("1 in ").replace(",", ""))
            assert odds == pytest.approx(math.exp(-logprob), rel=0.002)
            assert math.exp(logprob) < 0.001
        else:
            assert float(facts["probability"].removesuffix(" %")) == pytest.approx(100 * math.exp(logprob), abs=0.51)
        if end == before:
            assert facts["bytes"].startswith("none")
        elif end == before + 1:
            assert facts["bytes"] == f"1: byte {end}"
        else:
            assert facts["bytes"] == f"{end - before}: {before + 1} to {end}"
    assert len({said["place"] for said in cards}) > 5


def test_a_model_that_cannot_says_why_and_the_others_go_on(visit):
    text = "the cat sat on the mat. " * 60
    page = score_it(visit(), ["gelu-gpt", "shard", "pixel_100m", ENDLESS], text)
    blocks = page.locator(".score-block")
    expect(blocks.nth(0).locator(".score-error")).to_contain_text("ships no tokenizer")
    expect(blocks.nth(1).locator(".score-error")).to_contain_text(re.compile("context holds 256. Shorten it"))
    expect(page.locator(".score-status")).to_have_text(re.compile("scored by [12] of 4 models$"))
    assert blocks.nth(3).locator(".tok").count() > 256
    assert blocks.locator(".score-strip").count() == len(curves(page, blocks.locator(".score-strip").count()))
    expect(page.locator(".score-table .score-words").first).to_have_text("no score; below it says why")
    # A request that no model may see ends with a line, and leaves nothing old standing.
    page.locator("#score-text textarea").fill("a" * 20_001)
    page.locator("#score-text textarea").press("Control+Enter")
    expect(page.locator(".score-status")).to_have_text(re.compile("20,001 characters.* 20,000"), timeout=SLOW)
    expect(blocks).to_have_count(0)
    expect(page.locator(".toast-body")).to_be_visible()


def test_stop_frees_the_model_and_a_new_run_follows(visit, app):
    guest = visit()
    app.http.post("/gradio_api/run/load_model", json={"data": [ENDLESS, None, None]})
    page = open_score(guest, [ENDLESS, "shard"], "x " * 3900)
    for how in ("button", "key"):
        guest.press("score")
        expect(page.locator(".score-status")).to_have_text(re.compile("reading"), timeout=SLOW)
        app.until_used()
        pressed = time.monotonic()
        if how == "button":
            guest.press("score-stop")
        else:
            page.keyboard.press("Escape")
        app.until_free(pressed, 5)
        expect(page.locator(".score-status")).to_have_text(re.compile("stopped by you$"), timeout=SLOW)
        expect(page.locator(".score-words")).to_have_text(["stopped", "stopped"], timeout=SLOW)
    page.locator("#score-text textarea").fill("the cat")
    guest.press("score")
    expect(page.locator(".score-status")).to_have_text("7 bytes of text · scored by 2 models", timeout=SLOW)
    page.locator("#score-text textarea").fill("x " * 3900)
    guest.press("score")
    app.until_used()
    closed = time.monotonic()
    page.close()
    app.until_free(closed, 5)


def test_hostile_text_and_names_are_shown_as_they_are(visit):
    guest = visit()
    text, short = " ".join(HOSTILE), " ".join(HOSTILE[:2])
    page = score_it(guest, [HOSTILE_NAME, ENDLESS], text)  # too long for the first one's context
    strip, tokens, card = (page.locator(x) for x in (".score-strip", ".score-strip .tok", ".score-card"))
    assert page.locator(".score-name bdi").all_inner_texts() == [HOSTILE_NAME, ENDLESS]
    assert page.locator(".score-block h3").first.text_content() == HOSTILE_NAME
    assert strip.text_content() == text
    assert strip.locator(":not(.tok, .word)").count() == 0 < tokens.count()  # text is never markup
    for number in range(0, tokens.count(), 40):
        tokens.nth(number).hover()
        expect(card).to_be_visible()
        assert card.locator("*").count() == card.locator("div, span, bdi, dl, dt, dd").count()
    assert page.locator(":is(#score-totals, #score-strips) :is(img, script, a, b b)").count() == 0
    page.locator("#score-text textarea").fill(short)
    guest.press("score")
    assert {HOSTILE_NAME[:20] in name for name, *_ in curves(page, 2)} == {False}  # escaped
    chart = page.locator("#score-curve .js-plotly-plot")
    assert chart.locator(".legend").first.text_content().count(HOSTILE_NAME[:20]) == 1
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    for part in (0.3, 0.6, 0.95):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2)
        label = chart.locator(".hoverlayer")
        expect(label).to_contain_text("bits so far", timeout=SLOW)
        assert HOSTILE_NAME[:20] in label.text_content()
        assert chart.locator(".main-svg :is(image, script, foreignObject, a)").count() == 0
    assert page.evaluate("window.__pwned") is None


READ = (
    ".score-status", ".score-table thead th", ".score-table td", ".score-badge", ".score-about", ".score-jump b",
    ".score-jump-bits", ".score-before", ".score-legend .tip", ".score-error", ".tok", "#score-hint .hint",
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_and_can_be_read(visit, scheme):
    guest = visit(width=400, height=800, scheme=scheme)
    page = score_it(guest, ["shard", "pixel_100m", "gelu-gpt", HOSTILE_NAME], "an unbroken wo" + "r" * 90 + "d")
    assert not guest.scrolls_sideways()
    for place in READ:
        assert contrast(page.locator(place)) >= 4.5, place
    tokens = page.locator(".score-strip").first.locator(".tok")
    for number in (0, tokens.count() // 2, tokens.count() - 1):
        tokens.nth(number).hover()
        box = page.locator(".score-card").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 400
    assert not guest.scrolls_sideways()


DRAWING = """([script, template, json]) => {
    const element = document.createElement("div"), props = { value: { blocks: [] } };
    document.querySelector("#score-results").append(element);
    element.innerHTML = template;  // the page's own, of this project
    let draw;
    new Function("element", "props", "watch", "trigger", script)(element, props, (_, f) => { draw = f; }, () => {});
    window.drawn = { element, props, draw, json };
}"""
DRAW = """() => {
    const { element, props, draw, json } = window.drawn;
    props.value = { blocks: [json] };
    draw();
    return [element.offsetHeight, element.querySelectorAll(".tok").length];  // the layout, too
}"""
AGAIN = """() => {
    const { element, props, draw, json } = window.drawn, block = element.querySelector(".score-block");
    props.value = { blocks: [json, json] };
    draw();
    return [element.querySelectorAll(".tok").length, element.querySelector(".score-block") === block];
}"""


def test_four_thousand_tokens_are_drawn_at_once_and_only_once(visit):
    draw = random.Random(1)
    texts = [draw.choice([" the", " cat", " sat", ".", "\n", " Zorbela"]) for _ in range(4000)]
    ends = tuple(itertools.accumulate(len(text.encode()) for text in texts))
    score = scored(texts, ends, [None, *(-draw.expovariate(0.4) for _ in range(3999))])
    block = score_block("model", 0, score, token_pieces(score, "".join(texts)))
    page = visit().page
    page.get_by_role("tab", name="Score").click()
    expect(page.locator("#score-curve .js-plotly-plot")).to_be_visible(timeout=SLOW)
    page.evaluate(DRAWING, [component_script("tokens.js", "score.js"), STRIPS_TEMPLATE, block])
    # The time that the page's thread works: a clock on the wall would count what else this machine does.
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked():
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    began = worked()
    height, count = page.evaluate(DRAW)
    took = worked() - began
    assert (count, height > 1000) == (4000, True)
    assert 0 < took < 0.5  # seconds of computing; about 0.1 on an idle machine
    assert page.evaluate(AGAIN) == [8000, True]  # a block that stays the same keeps its nodes


def test_it_opens_with_an_example_and_others_to_choose(visit):
    page = visit().page
    page.get_by_role("tab", name="Score").click()
    expect(page.locator("#score-text textarea")).to_have_value(EXAMPLES[0])
    assert page.locator("#score-models .token").count() == 2
    expect(page.locator("#score-totals")).to_contain_text("Lower is better")
    page.get_by_role("button", name="Words out of order").click()
    expect(page.locator("#score-text textarea")).to_have_value(EXAMPLES[2], timeout=SLOW)
