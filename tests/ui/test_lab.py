"""The lab in a real browser: other ways, undo, branches, what is kept, what is shared, and the odds at a place."""

import json
import math
import re
import time
from urllib.parse import quote

import pytest
from model_folder import ENDLESS
from playwright.sync_api import expect
from running_app import HOSTILE

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
PROMPT = "Once upon a time"
OVER = re.compile("(limit of new tokens|ended the text|is full)$")


class Lab:
    """What a visitor sees and does in the lab."""

    def __init__(self, guest):
        self.guest, self.page = guest, guest.page
        self.tokens = self.page.locator("#story .story-new .tok")
        self.card = self.page.locator("#story .tok-card")
        self.branches = self.page.locator("#story .branches .branch")

    def write(self, tokens=16, prompt=PROMPT, model="shard"):
        self.guest.choose(model)
        self.guest.prompt.fill(prompt)
        self.guest.set("max-new-tokens", tokens)
        self.guest.press("generate")
        self.until_over()

    def until_over(self):
        expect(self.guest.status).to_have_text(OVER, timeout=SLOW)

    def do(self, name):
        self.page.locator(f'#story [data-do="{name}"]').click()

    def texts(self):
        return self.tokens.evaluate_all("nodes => nodes.map(node => node.textContent)")

    def take(self, token, choice):
        """Click a token, then one of what else could have come; return what that one is."""
        self.tokens.nth(token).click()
        row = self.card.locator("button.tok-row").nth(choice)
        piece = row.locator(".tok-text").text_content()
        row.click()
        return piece

    def record(self):
        with self.page.expect_download() as download:
            self.do("save")
        return json.loads(download.value.path().read_text())


@pytest.fixture
def lab(visit):
    made = Lab(visit())
    made.write()
    return made


def other_choice(lab, token):
    """A choice that is not the token itself."""
    lab.tokens.nth(token).hover()
    taken = lab.card.locator("button.tok-row").evaluate_all(
        "rows => rows.map(row => row.classList.contains('tok-taken'))"
    )
    return taken.index(False)


def test_another_token_is_taken_and_the_old_way_is_kept(lab, client):
    first = lab.texts()
    lab.take(5, other_choice(lab, 5))
    lab.until_over()
    second = lab.texts()
    assert second[:5] == first[:5]
    assert second[5] != first[5]
    assert len(second) == 5 + 16
    expect(lab.card).to_be_hidden()  # the mouse rests where the card was, but points at nothing
    expect(lab.branches).to_have_count(2)
    expect(lab.branches.nth(1)).to_have_attribute("aria-current", "true")
    expect(lab.tokens.nth(5)).to_have_class(re.compile("tok-fork"))
    # The whole of it is what its record draws again, and what the score of the same ids says.
    record = lab.record()
    assert [part["given"] for part in record["parts"]] == [0, 1]
    assert [len(part["tokens"]) for part in record["parts"]] == [5, 16]
    assert client.predict(record, api_name="/replay")["same"] is True
    lab.do("undo")
    assert lab.texts() == first
    expect(lab.branches.first).to_have_attribute("aria-current", "true")
    lab.do("redo")
    assert lab.texts() == second
    lab.branches.first.click()
    assert lab.texts() == first


def test_a_way_that_was_taken_before_is_shown_again(lab):
    choice = other_choice(lab, 3)
    lab.take(3, choice)
    lab.until_over()
    second = lab.texts()
    lab.do("undo")
    lab.take(3, choice)
    assert lab.texts() == second
    expect(lab.branches).to_have_count(2)


def test_continue_goes_on_from_the_end(lab, client):
    first = lab.texts()
    lab.do("carryOn")
    expect(lab.tokens).to_have_count(32, timeout=SLOW)
    lab.until_over()
    assert lab.texts()[:15] == first[:15]  # the last may have shown a character that was not complete yet
    expect(lab.page.locator("#story .branches")).to_be_hidden()  # one way only
    long = client.predict("shard", PROMPT, max_new_tokens=32, temperature=0.8, top_p=0.95, seed=0,
                          api_name="/generate")  # fmt: skip
    assert "".join(lab.texts()) == long["text"]  # the same seed, position by position


def test_regenerate_takes_the_next_seed(lab, client):
    lab.do("again")
    expect(lab.page.locator("#seed input")).to_have_value("1")
    expect(lab.guest.status).to_have_text(OVER, timeout=SLOW)
    other = client.predict("shard", PROMPT, max_new_tokens=16, temperature=0.8, top_p=0.95, seed=1,
                           api_name="/generate")  # fmt: skip
    assert "".join(lab.texts()) == other["text"]
    lab.do("again")
    expect(lab.page.locator("#seed input")).to_have_value("2")
    lab.until_over()


def test_the_strip_tells_what_a_score_of_the_same_ids_tells(lab, client):
    record = lab.record()
    ids = [*record["prompt_ids"], *(token["id"] for token in record["parts"][0]["tokens"])]
    read = client.predict("shard", ids, start=len(ids) - 16, api_name="/read")["tokens"]
    for token, teacher in zip(record["parts"][0]["tokens"], read, strict=True):
        assert token["logprob"] == pytest.approx(teacher["logprob"], abs=1e-4)
    bits = -sum(token["logprob"] for token in record["parts"][0]["tokens"]) / math.log(2)
    rate = bits / len("".join(lab.texts()).encode())
    expect(lab.page.locator("#story .story-rate")).to_have_text(f" · {rate:.2f} bits/byte · shard · seed 0")


def test_the_prompts_tokens_can_be_seen_and_left_for_another_way(lab, client):
    lab.page.locator("#story .show-prompt").check()
    shown = lab.page.locator("#story .story-text .story-prompt .tok")
    expect(shown).not_to_have_count(0, timeout=SLOW)
    assert "".join(shown.all_text_contents()) == PROMPT
    scored = client.predict("shard", PROMPT, api_name="/score")
    labels = shown.evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-label'))")
    assert labels[0] is None
    for label, logprob in zip(labels[1:], scored["logprobs"][1:], strict=True):
        share = 100 * math.exp(logprob)
        shown_share = float(re.search(r"<?([\d.]+) %$", label).group(1))
        assert shown_share == pytest.approx(share, abs=0.51 if share > 9 else 0.06 if share > 0.1 else 0.2)
    shown.nth(1).click()
    row = lab.card.locator("button.tok-row:not(.tok-taken)").first
    row.click()
    lab.until_over()
    left = lab.page.locator("#story .story-text .story-prompt").text_content()
    assert PROMPT.startswith(left)
    assert len(left) < len(PROMPT)
    lab.do("undo")
    expect(lab.page.locator("#story .story-text .story-prompt")).to_have_text(PROMPT)


def test_the_odds_follow_the_sliders(lab, client):
    chart = lab.page.locator("#next-chart .bars")
    words = lab.page.locator("#next-words p")
    expect(chart.first).to_be_visible(timeout=SLOW)  # the end of the text, at first
    lab.tokens.nth(4).click()
    title = lab.page.locator("#next-words .section")
    expect(title).to_have_text(re.compile(re.escape("".join(lab.texts()[:4])[-10:]) + "”$"), timeout=SLOW)
    record = lab.record()
    for top_k, left in ((1, "leave one token"), (3, "leave 3 tokens"), (0, None)):
        lab.guest.set("top-k", top_k)
        if left:
            expect(words).to_contain_text(left, timeout=SLOW)
    lab.guest.set("top-p", 1)
    lab.guest.set("temperature", 1)
    expect(words).to_contain_text("leave 400 tokens", timeout=SLOW)
    ids = [*record["prompt_ids"], *(token["id"] for token in record["parts"][0]["tokens"])]
    seen = client.predict("shard", ids, start=len(record["prompt_ids"]), api_name="/read")["tokens"][4]["alternatives"]
    bars = lab.page.evaluate("document.querySelector('#next-chart .js-plotly-plot').data.map((bars) => [...bars.y])")
    for drawn, wanted in zip(
        bars, ([math.exp(one["logprob"]) for one in seen], [one["probability"] for one in seen]), strict=True
    ):
        assert drawn[:10] == pytest.approx(wanted, abs=1e-4)


def test_keys_alone_are_enough(lab):
    first = lab.texts()
    lab.tokens.first.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Enter")
    buttons = lab.card.locator("button.tok-row")
    expect(buttons.first).to_be_focused()
    lab.page.keyboard.press("ArrowDown")
    expect(buttons.nth(1)).to_be_focused()
    lab.page.keyboard.press("Escape")
    expect(lab.card).to_be_hidden()
    expect(lab.tokens.nth(1)).to_be_focused()
    lab.page.keyboard.press("Enter")
    if "tok-taken" in buttons.first.get_attribute("class"):
        lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Enter")
    expect(lab.tokens.nth(1)).not_to_have_text(first[1], timeout=SLOW)
    expect(lab.tokens.nth(1)).to_be_focused(timeout=SLOW)
    lab.until_over()
    lab.page.keyboard.press("Alt+z")
    assert lab.texts() == first
    lab.page.keyboard.press("Alt+Shift+z")
    assert lab.texts() != first


TAKE = """() => {
    document.querySelectorAll("#story .story-new .tok")[2].click();
    document.querySelector("#story .tok-card button.tok-row:not(.tok-taken)").click();
}"""


def test_another_way_stops_the_run_that_is_under_way(visit, app):
    lab = Lab(visit())
    lab.guest.begin()
    lab.page.evaluate(TAKE)  # at once: the run ends by itself before long
    lab.do("undo")
    expect(lab.guest.status).to_have_text(re.compile("stopped by you$"), timeout=SLOW)
    first = lab.texts()
    lab.do("redo")
    expect(lab.tokens.nth(5)).to_be_visible(timeout=SLOW)
    assert lab.texts()[:2] == first[:2]
    assert lab.texts()[2] != first[2]
    pressed = time.monotonic()
    lab.guest.press("stop")
    app.until_free(pressed)


def test_generate_again_stops_what_is_under_way(visit, app):
    lab = Lab(visit())
    lab.guest.begin()
    lab.guest.prompt.fill("Another")
    lab.guest.press("generate")
    expect(lab.page.locator("#story .story-text .story-prompt")).to_have_text("Another", timeout=SLOW)
    expect(lab.tokens.nth(5)).to_be_visible(timeout=SLOW)
    lab.guest.press("stop")
    lab.do("undo")
    expect(lab.guest.status).to_have_text(re.compile("(stopped by you|limit of new tokens)$"), timeout=SLOW)


def test_regenerated_texts_are_branches_as_well(lab):
    first = lab.texts()
    lab.do("again")
    expect(lab.page.locator("#seed input")).to_have_value("1")
    lab.until_over()
    expect(lab.branches).to_have_count(2)
    lab.branches.first.click()
    assert lab.texts() == first


def test_newlines_and_end_tokens_can_be_pointed_at(visit):
    guest = visit()
    tokens = [{"id": 3, "text": text, "logprob": -1.0, "probability": 0.5} for text in ("a", "\n", "b")]
    record = {"prompt": "x", "prompt_ids": [1], "model": {"name": "shard"},
              "parts": [{"options": {"seed": 0}, "given": 0, "tokens": tokens, "end": None}]}  # fmt: skip
    guest.page.evaluate("(record) => document.querySelector('#story .story').lab.open(record, 'there')", record)
    newline = guest.page.locator("#story .story-new .tok").nth(1)
    assert newline.bounding_box()["width"] > 5
    assert guest.page.locator("#story .story-new").text_content() == "a\nb"


def test_a_run_is_kept_downloaded_and_replayed(lab, tmp_path, client):
    first = lab.texts()
    record = lab.record()
    assert record["model"]["name"] == "shard"
    assert len(record["model"]["fingerprint"]) >= 16
    assert record["prompt"] == PROMPT
    assert record["parts"][0]["options"]["seed"] == 0
    same = client.predict("shard", PROMPT, max_new_tokens=16, temperature=0.8, top_p=0.95, seed=0,
                          api_name="/generate")  # fmt: skip
    ours, theirs = ([token["id"] for token in one["parts"][0]["tokens"]] for one in (record, same["record"]))
    assert ours == theirs
    assert record["model"] == same["record"]["model"]
    file = tmp_path / "run.json"
    file.write_text(json.dumps(record))
    lab.page.locator("#story .runs summary").click()
    replay = lab.page.locator("#story .replay input")
    replay.set_input_files(file)
    expect(lab.guest.status).to_have_text("16 tokens, the same as in the file, every one", timeout=SLOW)
    assert lab.texts() == first
    record["parts"][0]["tokens"][7]["id"] = (record["parts"][0]["tokens"][7]["id"] + 1) % 50
    file.write_text(json.dumps(record))
    replay.set_input_files(file)
    expect(lab.guest.status).to_have_text(re.compile("^From token 8 on another text"), timeout=SLOW)
    file.write_text("no JSON")
    replay.set_input_files(file)
    expect(lab.guest.status).to_have_text(re.compile("no JSON"), timeout=SLOW)
    expect(lab.page.locator(".toast-body")).to_be_visible()


def test_earlier_runs_stay_in_the_browser(lab):
    first = lab.texts()
    lab.page.reload()
    expect(lab.guest.status).to_have_text("Press Generate.", timeout=SLOW)
    lab.page.locator("#story .runs summary").click()
    kept = lab.page.locator("#story .runs .branch")
    expect(kept).to_have_count(1)
    kept.first.click()
    assert lab.texts() == first
    lab.tokens.nth(2).hover()  # what else could have come was not kept: it is read again
    expect(lab.card.locator("button.tok-row")).to_have_count(10, timeout=SLOW)
    lab.take(2, other_choice(lab, 2))
    lab.until_over()
    assert lab.texts()[:2] == first[:2]
    expect(kept).to_have_count(2)
    lab.do("forget")
    expect(kept).to_have_count(0)
    lab.page.reload()
    expect(lab.page.locator("#story .runs summary")).to_have_text(re.compile(r"\(0\)"), timeout=SLOW)


def test_a_share_link_fills_the_page_and_runs_nothing(lab, visit, app):
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.do("share")
    expect(lab.page.locator('#story [data-do="share"]')).to_have_text("Link copied")
    link = lab.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{app.url}/#try=")
    other = visit()
    other.page.goto("about:blank")
    other.page.goto(link)
    expect(other.status).to_contain_text("A link filled in", timeout=SLOW)
    expect(other.prompt).to_have_value(PROMPT)
    expect(other.page.locator("#max-new-tokens input[type=number]")).to_have_value("16")
    expect(other.page.locator("#model input")).to_have_value("shard")
    assert other.page.url == f"{app.url}/"
    assert other.written.text_content() == ""
    other.press("generate")
    expect(other.status).to_have_text(OVER, timeout=SLOW)
    assert other.written.text_content() == "".join(lab.texts())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_link_is_only_data(visit, app, text):
    guest = visit()
    content = {"model": text, "prompt": text, "options": {"temperature": 0.25, "stop": [text[:60].split("\n")[0]]}}
    guest.page.goto("about:blank")
    guest.page.goto(f"{app.url}/#try={quote(json.dumps(content))}")
    expect(guest.status).to_contain_text("not known here", timeout=SLOW)
    assert text[:40].replace("\0", "\\x00")[:9] in guest.status.text_content().replace("\0", "\\x00")
    expect(guest.page.locator("#temperature input[type=number]")).to_have_value("0.25", timeout=SLOW)
    assert guest.prompt.input_value().replace("\0", "") == text.replace("\0", "")


def test_a_damaged_link_is_said_and_changes_nothing(visit, app):
    guest = visit()
    before = guest.prompt.input_value()
    for fragment in ("{", "%E0%A4%A", quote(json.dumps({"prompt": "x", "model": "m", "options": {"evil": 1}}))):
        guest.page.evaluate("(text) => { location.hash = 'try=' + text }", fragment)
        toast = guest.page.locator(".toast-body")
        expect(toast).to_contain_text("link", timeout=SLOW, ignore_case=True)
        guest.page.locator(".toast-close").click()
        expect(toast).to_have_count(0)
    assert guest.prompt.input_value() == before


def test_hostile_text_from_the_browsers_own_memory_is_only_data(visit):
    guest = visit()
    options = {"seed": 0}
    for text in HOSTILE:
        token = {"id": 3, "text": text, "logprob": -1.0, "probability": 0.5}
        record = {"prompt": text, "prompt_ids": [1], "model": {"name": text},
                  "parts": [{"options": options, "given": 0, "tokens": [token], "end": None}]}  # fmt: skip
        guest.page.evaluate(
            "(kept) => localStorage.setItem('playground.runs', JSON.stringify(kept))",
            [{"name": "x", "when": 0, "document": record}],
        )
        guest.page.reload()
        expect(guest.status).to_have_text("Press Generate.", timeout=SLOW)
        guest.page.locator("#story .runs summary").click()
        guest.page.locator("#story .runs .branch").first.click()
        assert guest.page.locator("#story .story-new").text_content() == text
        assert guest.page.locator("#story .story-text .story-prompt").text_content() == text
        expect(guest.page.locator(".toast-body")).to_be_visible(timeout=SLOW)  # there is no such model
    for bad in ("{", "[1]", '[{"when": 1, "document": {}}]', '[{"when": 1, "document": {"parts": 3}}]'):
        guest.page.evaluate("(text) => localStorage.setItem('playground.runs', text)", bad)
        guest.page.reload()
        expect(guest.status).to_have_text("Press Generate.", timeout=SLOW)
        expect(guest.page.locator("#story .runs .branch")).to_have_count(0)


def test_a_long_strip_stays_smooth(visit):
    lab = Lab(visit())
    lab.write(tokens=500, model=ENDLESS)
    assert lab.tokens.count() == 500
    spent = lab.page.evaluate("""() => {
        const nodes = document.querySelectorAll("#story .story-new .tok");
        const began = performance.now();
        for (let i = 0; i < 200; i++) nodes[2 * i].dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
        document.querySelector("#story .tok-card").offsetHeight;
        return (performance.now() - began) / 200;
    }""")
    assert spent < 50  # milliseconds to show a token's alternatives; 50 would be felt


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone(visit, scheme):
    guest = visit(width=400, height=800, scheme=scheme)
    lab = Lab(guest)
    lab.write(tokens=30, prompt="an unbroken wo" + "r" * 200 + "d")
    lab.take(3, other_choice(lab, 3))
    lab.until_over()
    lab.page.locator("#story .runs summary").click()
    expect(lab.page.locator("#next-chart .bars").first).to_be_visible(timeout=SLOW)
    assert not guest.scrolls_sideways()
    lab.tokens.nth(8).click()
    box = lab.card.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
