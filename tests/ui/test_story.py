"""The story's tokens: their colours, what else could have come, and the keys that lead from one to the next."""

import math
import re

import pytest
from model_folder import ENDLESS
from playwright.sync_api import expect

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
TOKENS = 24
OPTIONS = {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "seed": 0}  # the page's own at the start


@pytest.fixture
def told(visit):
    """A visitor's page with a short text on it."""
    guest = visit()
    guest.choose("shard")
    guest.prompt.fill("Once upon a time")
    guest.set("max-new-tokens", TOKENS)
    guest.press("generate")
    expect(guest.status).to_have_text(re.compile(f"^{TOKENS} tokens"), timeout=SLOW)
    return guest


def percent(share):
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %" if share >= 0.001 else "<0.1 %"


def test_tokens_are_coloured_by_the_models_own_probability(told, client):
    *_, last = client.submit("shard", "Once upon a time", max_new_tokens=TOKENS, **OPTIONS, api_name="/generate")
    tokens = told.page.locator("#story .tok")
    assert tokens.count() == TOKENS
    assert told.written.text_content() == last["text"]
    steps = [min(7, math.floor(-logprob / math.log(2))) for logprob in last["logprobs"]]
    shown = tokens.evaluate_all("nodes => nodes.map(node => node.className)")
    edges = [abs(-logprob / math.log(2) - round(-logprob / math.log(2))) < 1e-3 for logprob in last["logprobs"]]
    assert all(name == f"tok s{step}" or edge for name, step, edge in zip(shown, steps, edges, strict=True))
    assert len(set(steps)) > 2
    colours = {told.page.locator(f"#story .scale .s{i}").evaluate("node => getComputedStyle(node).backgroundColor")
               for i in range(8)}  # fmt: skip
    assert len(colours) == 8


def test_pointing_at_a_token_shows_the_ten_likeliest_before_and_after(told, client):
    known = client.predict("shard", "Once upon a time", top=10, temperature=0.8, top_p=0.95, api_name="/next_tokens")
    card = told.page.locator("#story .tok-card")
    expect(card).to_be_hidden()
    told.page.locator("#story .tok").first.hover()
    expect(card).to_be_visible()
    rows = card.locator(".tok-row")
    assert rows.count() == 10
    for row, one in zip(rows.all(), known["tokens"], strict=True):
        before, after = row.locator(".tok-share").all_text_contents()
        assert row.locator(".tok-text").text_content() == one["text"].replace("\n", "⏎").replace("\t", "⇥")
        assert before == percent(math.exp(one["logprob"]))
        assert after == ("–" if one["probability"] < 5e-5 else percent(round(one["probability"], 4)))
    assert card.locator(".tok-taken").count() <= 1
    told.prompt.hover()
    expect(card).to_be_hidden()


def test_arrow_keys_lead_from_token_to_token(told):
    tokens, card = told.page.locator("#story .tok"), told.page.locator("#story .tok-card")
    tokens.first.focus()
    expect(card).to_be_visible()
    for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", TOKENS - 1), ("Home", 0)):
        told.page.keyboard.press(key)
        expect(tokens.nth(place)).to_be_focused()
    told.page.keyboard.press("ArrowLeft")
    expect(tokens.first).to_be_focused()
    told.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    label = tokens.first.get_attribute("aria-label")
    assert re.search(r", (<?[\d.]+) %$", label)


def test_a_stopped_text_keeps_its_colours(visit):
    guest = visit()
    guest.begin(model=ENDLESS)
    guest.until_written(30)
    guest.press("stop")
    expect(guest.status).to_have_text(re.compile("stopped by you$"), timeout=SLOW)
    guest.page.wait_for_timeout(400)
    tokens = guest.page.locator("#story .tok")
    assert tokens.count() > 5
    tokens.nth(3).hover()
    expect(guest.page.locator("#story .tok-card .tok-row")).to_have_count(10)
    guest.press("clear")
    expect(tokens).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 400])
def test_the_card_stays_on_the_page(visit, width):
    guest = visit(width=width)
    guest.choose("shard")
    guest.set("max-new-tokens", 40)
    guest.press("generate")
    expect(guest.status).to_have_text(re.compile("^40 tokens"), timeout=SLOW)
    for token in (0, 13, 39):
        guest.page.locator("#story .tok").nth(token).hover()
        box = guest.page.locator("#story .tok-card").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert not guest.scrolls_sideways()
