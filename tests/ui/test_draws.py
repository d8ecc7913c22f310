"""Many samples at once, in a browser over the real app: what the cards say is what the API gives for each seed."""

import math
import re
import time

import pytest
from model_folder import ENDLESS
from playwright.sync_api import expect
from running_app import HOSTILE

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
PROMPT = "Once upon a time"
TOKENS = 24
ENDS = {"end token": "the model ended the text", "token limit": "reached the limit of new tokens"}
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


class Draws:
    """The part of a visitor's page with the samples."""

    def __init__(self, guest):
        self.guest, self.page = guest, guest.page
        self.status = guest.page.locator("#draws .draws-status")
        self.cards = guest.page.locator("#draws .draw")

    def draw(self, count, model="shard", tokens=TOKENS, temperature=None):
        self.guest.choose(model)
        self.guest.prompt.fill(PROMPT)
        self.guest.set("max-new-tokens", tokens)
        if temperature is not None:
            self.guest.set("temperature", temperature)
        self.guest.set("draw-count", count)
        expect(self.page.locator("button#draw")).to_have_text(f"Draw {count}", timeout=SLOW)
        self.guest.press("draw")

    def until_done(self):
        self.page.wait_for_function(
            "() => { const d = document.querySelector('#draws .draws');"
            "return !d.dataset.run && d.querySelector('.draw') && !d.querySelector('.draws-views').hidden; }",
            timeout=SLOW,
        )

    def view(self, name):
        self.page.locator("#draws .draws-views").get_by_role("button", name=name).click()

    def shown(self):
        """What each card says, in their order: seed or seeds, text, and the facts."""
        return self.cards.evaluate_all(
            """cards => cards.map(card => {
                const said = (name) => card.querySelector(name).textContent;
                return {
                    seed: said(".draw-seed"), times: said(".draw-times"), text: said(".draw-words"),
                    likely: said(".draw-likely"), per: said(".draw-per"), end: said(".draw-end"),
                    exact: card.querySelector(".draw-likely").title,
                    colours: [...card.querySelectorAll(".tok")].map(token => token.className),
                };
            })"""
        )


@pytest.fixture
def draws(visit):
    return Draws(visit())


def one_in(logprob):
    """The probability as the card has it, as a number: 1 in how many."""
    power = -logprob / math.log(10)
    return round(10**power) if power < 4 else 10 ** round(power)


def read_one_in(words):
    base, power = re.match(r"1 in (?:(10[⁰-⁹¹²³]+)|([\d,]+)) · ", words).groups()
    return int(power.replace(",", "")) if power else 10 ** int(base[2:].translate(SUPERSCRIPTS))


def test_each_card_is_what_generate_gives_for_its_seed(draws, client):
    draws.guest.page.locator("#seed input").fill("5")
    draws.draw(4, temperature=1.1)
    draws.until_done()
    draws.view("Group openings")
    options = {"max_new_tokens": TOKENS, "temperature": 1.1, "top_p": 0.95}
    alone = {f"seed {s}": client.predict("shard", PROMPT, seed=s, **options, api_name="/generate") for s in range(5, 9)}
    drawn = sum(len(one["token_ids"]) for one in alone.values())
    expect(draws.status).to_have_text(re.compile(rf"^4 samples · {drawn} tokens · [\d,]+ tokens/s$"), timeout=SLOW)
    cards = draws.shown()
    totals = {seed: sum(one["logprobs"]) for seed, one in alone.items()}
    assert [card["seed"] for card in cards] == sorted(totals, key=totals.get, reverse=True)
    assert {one["end"] for one in alone.values()} == set(ENDS)  # both kinds are among them
    for card in cards:
        one, total = alone[card["seed"]], totals[card["seed"]]
        logprobs = one["logprobs"]
        assert card["text"] == one["text"]
        assert card["end"] == ENDS[one["end"]]
        assert card["times"] == ""
        assert float(card["exact"].split()[-1]) == pytest.approx(total, abs=1e-3)
        assert read_one_in(card["likely"]) == one_in(float(card["exact"].split()[-1]))
        written = logprobs[:-1] if one["end"] == "end token" else logprobs  # an end token is no text
        assert f"{len(written)} tokens" in card["likely"]
        bits = -sum(written) / math.log(2)
        share, per_token, per_byte = (float(number) for number in re.findall(r"[\d.]+", card["per"]))
        assert share == pytest.approx(100 * 2 ** (-bits / len(written)), rel=0.1)
        assert per_token == pytest.approx(bits / len(written), abs=0.006)
        assert per_byte == pytest.approx(bits / len(one["text"].encode()), abs=0.006)
        steps = [min(7, math.floor(-logprob / math.log(2))) for logprob in logprobs]
        edges = [abs(bits - round(bits)) < 1e-3 for bits in (logprob / math.log(2) for logprob in logprobs)]
        assert all(
            name == f"tok s{step}" or edge for name, step, edge in zip(card["colours"], steps, edges, strict=True)
        )
    draws.view("By seed")
    assert [card["seed"] for card in draws.shown()] == list(alone)


def test_the_same_text_is_one_card(draws, client):
    draws.draw(3, temperature=0)
    draws.until_done()
    (card,) = draws.shown()
    alone = client.predict("shard", PROMPT, max_new_tokens=TOKENS, temperature=0, api_name="/generate")
    assert (card["seed"], card["times"], card["text"]) == ("seeds 0, 1, 2", "drawn 3 times", alone["text"])


def test_a_sample_taken_to_the_strip_is_all_of_it(draws, client):
    draws.page.evaluate("document.addEventListener('open-sample', (event) => { window.opened = event.detail; })")
    draws.draw(3, temperature=1.2)
    draws.until_done()
    draws.cards.nth(1).locator(".draw-open").click()
    opened = draws.page.evaluate("window.opened")
    alone = client.predict(
        "shard", PROMPT, seed=opened["seed"], max_new_tokens=TOKENS, temperature=1.2, top_p=0.95, api_name="/generate"
    )
    assert draws.shown()[1]["seed"] == f"seed {opened['seed']}"
    assert opened["text"] == alone["text"]
    assert [token[0] for token in opened["tokens"]] == alone["token_ids"]
    assert [token[2] for token in opened["tokens"]] == pytest.approx(alone["logprobs"], abs=1e-4)
    assert opened["settings"] == alone["record"]["parts"][0]["options"]
    for name in ("model", "prompt", "prompt_ids", "made_with", "edits"):
        assert opened["record"][name] == alone["record"][name], name
    assert opened["prompt_ids"] == alone["record"]["prompt_ids"]
    assert client.predict(opened["record"], api_name="/replay")["same"] is True


def test_cards_grow_together(draws):
    draws.page.evaluate("""() => {
        window.seen = [];
        new MutationObserver(() => {
            window.seen.push([...document.querySelectorAll("#draws .draw-words")].map(node => node.childElementCount));
        }).observe(document.querySelector("#draws"), { subtree: true, childList: true });
    }""")
    draws.draw(4, model=ENDLESS, tokens=100)
    draws.until_done()
    counts = [counts for counts in draws.page.evaluate("window.seen") if len(counts) == 4 and max(counts) < 100]
    assert len({tuple(count) for count in counts}) > 4
    assert all(max(count) - min(count) <= 1 for count in counts)  # a batch: no row is ahead by more than a token


@pytest.mark.parametrize("how", ["the button", "the key"])
def test_stop_ends_the_batch_and_frees_the_model(draws, app, how):
    draws.draw(8, model=ENDLESS, tokens=1024)
    draws.page.wait_for_function("document.querySelectorAll('#draws .tok').length > 40", timeout=SLOW)
    pressed = time.monotonic()
    if how == "the button":
        draws.guest.press("stop-draw")
    else:
        draws.page.keyboard.press("Escape")
    app.until_free(pressed)
    expect(draws.status).to_have_text(re.compile("stopped by you$"), timeout=SLOW)
    draws.until_done()
    draws.page.wait_for_timeout(500)
    cards = draws.shown()
    assert sum(len(card["colours"]) for card in cards) < 8 * 1024
    assert all(card["text"] and card["end"] == "" for card in cards)
    draws.draw(2, model=ENDLESS, tokens=3)  # and it can be pressed again
    expect(draws.status).to_have_text(re.compile("^2 samples · 6 tokens"), timeout=SLOW)


def test_a_draw_waits_for_the_generation_before_it(draws, app):
    draws.guest.begin()
    draws.draw(2, model=ENDLESS, tokens=3)
    expect(draws.status).to_have_text("Waiting …", timeout=SLOW)
    draws.page.wait_for_timeout(300)
    assert app.in_use() == 1
    draws.guest.press("stop")
    expect(draws.status).to_have_text(re.compile("^2 samples · 6 tokens"), timeout=SLOW)


def test_an_error_is_a_line(draws):
    draws.draw(2, model="gelu-gpt")
    expect(draws.status).to_contain_text("ships no tokenizer", timeout=SLOW)
    expect(draws.page.locator(".toast-body")).to_contain_text("ships no tokenizer", timeout=SLOW)
    expect(draws.cards).to_have_count(0)
    draws.page.locator(".toast-close").click()
    draws.page.locator("#seed input").fill(str(2**32 - 1))
    draws.draw(2)
    expect(draws.status).to_contain_text("seed is 4294967296", timeout=SLOW)
    # A failure that only Gradio tells of: here the queue is full, so none of our code ever runs.
    draws.page.route("**/gradio_api/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "full"}))
    draws.draw(2)
    expect(draws.status).to_have_text("Nothing came back; the message says why.", timeout=SLOW)
    draws.page.unroute("**/gradio_api/queue/join*")
    assert all("503" in line for line in draws.guest.wrong)
    draws.guest.wrong.clear()


def test_hostile_prompts_are_no_markup(draws):
    draws.draw(2, tokens=2)
    draws.until_done()
    for number, text in enumerate(HOSTILE, 2):
        draws.guest.set("max-new-tokens", number)
        draws.guest.prompt.fill(text)
        draws.guest.press("draw")
        expect(draws.status).to_have_text(re.compile(f"^2 samples · {2 * number} tokens"), timeout=SLOW)
        assert draws.page.evaluate("window.__pwned") is None
        assert draws.page.locator("#draws .draw-words *:not(.tok)").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone(visit, scheme):
    draws = Draws(visit(width=400, height=800, scheme=scheme))
    draws.draw(3, model=ENDLESS, tokens=40)
    draws.until_done()
    assert not draws.guest.scrolls_sideways()
    lefts = {round(card.bounding_box()["x"]) for card in draws.cards.all()}
    assert len(lefts) == 1  # one below the other
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 400 for box in map(bounds, draws.cards.all()))


def bounds(place):
    return place.bounding_box()
