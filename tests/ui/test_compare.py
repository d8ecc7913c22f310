"""The Compare tab in a real browser, against what the endpoint /generate writes under the same options."""

import math
import re
import time
from itertools import pairwise

import pytest
from contrast import contrast
from model_folder import ENDLESS
from playwright.sync_api import expect
from running_app import HOSTILE, HOSTILE_NAME

from playground.ui.compare_setups import SETUPS
from playground.ui.tabs.generate import EXAMPLES

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
PROMPT = "Once upon a time"
ENDED = re.compile("^(All columns have ended|\\d of \\d columns failed)")


class Comparing:
    """A visitor on the Compare tab."""

    def __init__(self, guest):
        self.guest, self.page = guest, guest.page
        self.page.get_by_role("tab", name="Compare").click()
        self.status = self.page.locator("#columns .cmp-status")
        self.dice = self.page.locator("#columns .cmp-dice")
        self.columns = self.page.locator("#columns .cmp-column")
        expect(self.status).to_have_text("Press Compare.", timeout=SLOW)

    def number(self, name, value):
        field = self.page.locator(f"#compare-{name} input")
        field.fill(str(value))
        field.press("Tab")

    def choose(self, number, model):
        chooser = self.page.locator(f"#compare-model-{number} input")
        chooser.click()
        options = self.page.locator(f"#{chooser.get_attribute('aria-controls')}")
        options.get_by_role("option", name=model, exact=True).click()

    def set(self, *columns, tokens=24, seed=5, prompt=PROMPT):
        self.page.locator("#compare-count").get_by_role("radio", name=str(len(columns))).check()
        expect(self.page.locator(f"#compare-model-{len(columns)}")).to_be_visible(timeout=SLOW)
        self.page.locator("#compare-prompt textarea").fill(prompt)
        self.number("max-new-tokens", tokens)
        self.number("seed", seed)
        for number, (model, temperature) in enumerate(columns, 1):
            self.choose(number, model)
            self.number(f"temperature-{number}", temperature)
            self.number(f"top-p-{number}", 1)

    def press(self, name="run"):
        self.page.locator(f"button#compare-{name}").click()

    def run(self):
        self.press()
        expect(self.status).to_have_text(ENDED, timeout=SLOW)

    def until_written(self, column, characters):
        self.page.wait_for_function(
            "([i, n]) => (document.querySelectorAll('#columns .cmp-new')[i]?.textContent.length ?? 0) >= n",
            arg=[column, characters], timeout=SLOW,
        )  # fmt: skip

    def text(self, number):
        return self.columns.nth(number - 1).locator(".cmp-new").text_content()

    def said(self, number, what):
        return self.columns.nth(number - 1).locator(f".cmp-{what}")


@pytest.fixture
def comparing(visit):
    return lambda **options: Comparing(visit(**options))


def written(client, model, tokens=24, **options):
    *_, last = client.submit(model, PROMPT, max_new_tokens=tokens, top_p=1.0, **options, api_name="/generate")
    return last


def first_difference(one, other):
    pairs = list(zip(one.encode(), other.encode(), strict=False))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))


def before_mark(column):
    """The text of a column up to its mark."""
    return column.evaluate("""node => {
        const range = document.createRange();
        range.setStart(node.querySelector(".cmp-new"), 0);
        range.setEndBefore(node.querySelector(".cmp-mark"));
        return range.toString();
    }""")


def test_one_model_with_the_same_dice(comparing, client):
    """Equal settings write the same; another temperature parts where the texts of the endpoint part."""
    guest = comparing()
    guest.set(("shard", 0.8), ("shard", 0.8), ("shard", 1.3))
    guest.run()
    expect(guest.status).to_have_text("All columns have ended.")
    expect(guest.dice).to_have_text(re.compile("^Same dice, one tokenizer"))
    cool, hot = (written(client, "shard", temperature=each, seed=5) for each in (0.8, 1.3))
    assert [guest.text(number) for number in (1, 2, 3)] == [cool["text"], cool["text"], hot["text"]]
    expect(guest.said(1, "parting")).to_have_text("the others are compared with this column")
    expect(guest.said(2, "parting")).to_have_text("the same as column 1 to the end")
    byte = first_difference(cool["text"], hot["text"])
    assert 0 <= byte < len(hot["text"].encode())
    expect(guest.said(3, "parting")).to_have_text(f"parts from column 1 at byte {byte}")
    assert guest.columns.locator(".cmp-mark").count() == 1
    start = before_mark(guest.columns.nth(2)).encode()
    assert start == hot["text"].encode()[: len(start)]
    assert byte - 3 <= len(start) <= byte  # a mark stands before the character that the byte belongs to
    for number, run in ((1, cool), (2, cool), (3, hot)):
        logprobs = run["logprobs"][:-1] if run["end"] == "end token" else run["logprobs"]
        bits = -sum(logprobs) / math.log(2)
        expect(guest.said(number, "mean")).to_have_text(f"{bits / len(logprobs):.2f} bits per token")
        expect(guest.said(number, "bits")).to_have_text(f"{bits / len(run['text'].encode()):.2f}")
        expect(guest.said(number, "speed")).to_have_text(re.compile(rf"^{len(run['token_ids'])} tokens · [\d,]+ tok"))
        expect(guest.said(number, "state")).to_have_text(re.compile("limit of new tokens|ended the text"))
    widths = guest.page.locator("#columns .cmp-axis i").evaluate_all(
        "nodes => nodes.map(n => parseFloat(n.style.width))"
    )
    figures = [float(guest.said(number, "bits").text_content()) for number in (1, 2, 3)]
    assert widths == pytest.approx([100 * each / max(figures) for each in figures], abs=1)  # one axis for all
    # What else could have come, by pointing and by keys.
    tokens, card = guest.columns.nth(2).locator(".tok"), guest.page.locator("#columns .tok-card")
    tokens.nth(2).hover()
    expect(card.locator(".tok-row")).to_have_count(10)
    tokens.first.focus()
    guest.page.keyboard.press("End")
    expect(tokens.last).to_be_focused()
    guest.page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_different_tokenizers_and_dice_of_their_own(comparing, client):
    guest = comparing()
    guest.set(("shard", 1.0), ("pixel_100m", 1.0))
    guest.run()
    expect(guest.dice).to_have_text(re.compile("^Same dice, different tokenizers: .* one random number"))
    shared = [written(client, model, temperature=1.0, seed=5, dice="position") for model in ("shard", "pixel_100m")]
    assert [guest.text(1), guest.text(2)] == [run["text"] for run in shared]
    byte = first_difference(*(run["text"] for run in shared))
    expect(guest.said(2, "parting")).to_have_text(f"parts from column 1 at byte {byte}")
    guest.page.locator("#compare-same-dice input").uncheck()
    guest.run()
    expect(guest.dice).to_have_text("Own dice: each column draws with a seed of its own (5, 6).", timeout=SLOW)
    own = [written(client, model, temperature=1.0, seed=seed) for model, seed in (("shard", 5), ("pixel_100m", 6))]
    assert [guest.text(1), guest.text(2)] == [run["text"] for run in own]


def test_columns_stream_together_and_stop_frees_them(comparing, app):
    guest = comparing()
    guest.set((ENDLESS, 0.8), (ENDLESS, 1.2), tokens=1024)
    guest.page.locator("#compare-prompt textarea").press("Control+Enter")
    for column in (0, 1):
        guest.until_written(column, 20)
    lengths = guest.page.evaluate("[...document.querySelectorAll('#columns .cmp-new')].map(n => n.childElementCount)")
    assert abs(lengths[0] - lengths[1]) <= 2, "they take turns"  # a token, and the mark where they part
    assert app.in_use() == 2
    pressed = time.monotonic()
    guest.press("stop")
    app.until_free(pressed)
    expect(guest.status).to_have_text(re.compile("stopped by you$"), timeout=SLOW)
    for number in (1, 2):
        expect(guest.said(number, "state")).to_have_text("stopped by you")
    expect(guest.page.locator("#columns .story-caret").first).to_be_hidden()
    texts = [guest.text(1), guest.text(2)]
    guest.page.wait_for_timeout(500)
    assert [guest.text(1), guest.text(2)] == texts
    guest.press()  # again, and by the key this time
    expect(guest.status).to_have_text("Writing …", timeout=SLOW)
    guest.until_written(1, 5)
    pressed = time.monotonic()
    guest.page.keyboard.press("Escape")
    app.until_free(pressed)
    expect(guest.status).to_have_text(re.compile("stopped by you$"), timeout=SLOW)


def test_a_failing_column_says_why_and_the_others_go_on(comparing, client):
    guest = comparing()
    guest.set(("gelu-gpt", 1.0), ("shard", 1.0), ("shard", 1.5))
    guest.run()
    expect(guest.status).to_have_text("1 of 3 columns failed, and says why.")
    expect(guest.said(1, "state")).to_contain_text(
        "ships no tokenizer, so a prompt must be token ids such as '17 4 99'"
    )
    texts = [written(client, "shard", temperature=each, seed=5)["text"] for each in (1.0, 1.5)]
    assert [guest.text(number) for number in (1, 2, 3)] == ["", *texts]
    expect(guest.said(3, "parting")).to_have_text(f"parts from column 2 at byte {first_difference(*texts)}")
    guest.number("temperature-2", 9)
    guest.press()
    refusal = "Column 2: temperature is 9, but must lie between 0.0 and 5.0."
    expect(guest.status).to_have_text(refusal, timeout=SLOW)
    expect(guest.page.locator(".toast-body")).to_contain_text(refusal)
    guest.number("temperature-2", 0)
    guest.number("max-new-tokens", 100_000)
    guest.press()
    expect(guest.status).to_have_text(re.compile("^max_new_tokens is 100,?000"), timeout=SLOW)


def test_it_opens_ready_and_has_ready_made_comparisons(comparing, app):
    guest = comparing()
    expect(guest.page.locator("#compare-prompt textarea")).to_have_value(EXAMPLES[0])
    names = [name for name, state in app.states().items() if "generate" in state["abilities"]]
    for name, setup in SETUPS.items():
        guest.page.get_by_role("button", name=name, exact=True).click()
        count = len(setup.columns)
        expect(guest.page.locator("#compare-count").get_by_role("radio", name=str(count))).to_be_checked(timeout=SLOW)
        expect(guest.page.locator("[id^=compare-model-]:visible")).to_have_count(count, timeout=SLOW)
        expect(guest.page.locator("#compare-same-dice input")).to_be_checked(checked=setup.same_dice)
        for number, column in enumerate(setup.columns, 1):
            for option, value in column.settings().items():
                field = guest.page.locator(f"#compare-{option.replace('_', '-')}-{number} input")
                expect(field).to_have_value(f"{value:g}", timeout=SLOW)
            expect(guest.page.locator(f"#compare-model-{number} input")).to_have_value(names[column.model])
    preset = guest.page.locator("#compare-preset-2")
    preset.get_by_role("radio", name="Greedy").check()
    expect(guest.page.locator("#compare-temperature-2 input")).to_have_value("0", timeout=SLOW)
    guest.number("temperature-2", 0.35)
    expect(preset.get_by_role("radio", name="Greedy")).not_to_be_checked(timeout=SLOW)


def test_hostile_prompts_and_names_are_shown_as_they_are(comparing):
    guest = comparing()
    guest.set((HOSTILE_NAME, 1.0), ("hostile-0", 1.0), tokens=3)
    assert guest.page.locator("#compare-model-1 input").input_value() == HOSTILE_NAME
    for number, pair in enumerate(zip(HOSTILE[::2], HOSTILE[1::2], strict=True), 3):
        text = " ".join(pair)
        guest.number("max-new-tokens", number)
        guest.page.locator("#compare-prompt textarea").fill(text)
        guest.press()
        expect(guest.said(2, "speed")).to_have_text(re.compile(rf"^{number} tokens"), timeout=SLOW)
        expect(guest.status).to_have_text(ENDED, timeout=SLOW)
        for column in (1, 2):
            assert guest.said(column, "prompt").text_content() == text
        assert guest.said(1, "title").text_content() == HOSTILE_NAME
        assert guest.page.locator("#columns").evaluate(
            "node => node.querySelector('img, script, a, b b, iframe') === null"
        )
        assert guest.page.evaluate("window.__pwned") is None


def test_it_fits_a_telephone_and_can_be_read(comparing):
    guest = comparing(width=400, height=800, scheme="dark")
    assert not guest.guest.scrolls_sideways()
    word = "an unbroken wo" + "r" * 300 + "d"
    guest.set((ENDLESS, 0.9), (ENDLESS, 1.4), (HOSTILE_NAME, 1), ("gelu-gpt", 1), tokens=30, prompt=word)
    guest.run()
    assert not guest.guest.scrolls_sideways()
    boxes = [column.bounding_box() for column in guest.columns.all()]
    assert all(one["y"] + one["height"] <= other["y"] for one, other in pairwise(boxes))
    buttons, settings = (
        guest.page.locator(where).bounding_box()["y"] for where in ("#compare-run", "#compare-columns")
    )
    assert buttons < boxes[0]["y"] < settings  # the texts come right below the buttons
    guest.columns.nth(0).locator(".tok").nth(5).hover()
    card = guest.page.locator("#columns .tok-card").bounding_box()
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= 400
    for dark in (True, False):
        assert guest.page.evaluate("document.body.classList.contains('dark')") is dark
        for place in ("status", "dice", "settings", "prompt", "title", "state", "facts dt", "facts dd", "legend",
                      "parting", "parted", "failed .cmp-state", "number"):  # fmt: skip
            assert contrast(guest.page.locator(f"#columns .cmp-{place}")) >= 4.5, place
        guest.page.evaluate("document.body.classList.remove('dark')")
