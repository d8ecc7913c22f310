"""The sense explorer in a real browser, against numbers computed from the sense vectors with a plain matrix product."""

import itertools
import json
import re

import pytest
import torch
import torch.nn.functional as F
from contrast import SCHEME, contrast
from playwright.sync_api import expect
from word_backpack import HOSTILE_WORDS, WORDS, open_backpack, word_backpack

from playground.engine.requests import Loading
from playground.engine.sense_requests import Progress
from playground.errors import InvalidRequest
from playground.ui.senses_asking import follow, tell

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
KEPT = "playground.senses"


@pytest.fixture(scope="module")
def model(app, tmp_path_factory):
    with word_backpack(app, tmp_path_factory.mktemp("words")) as oracle:
        yield oracle


@pytest.fixture(scope="module")
def table(model):
    """Every sense's logits ``(V, k, V)`` and vectors ``(V, k, d)``, each a k-th of what the network has if the model
    divides their sum by k; the vocabulary is tiny."""
    network = model.network
    with torch.inference_mode():
        vectors = network.sense_vectors(torch.arange(network.vocab_size)) / network.sense_divisor
        return vectors @ network.word_vectors.T, vectors


def open_explorer(guest, word=None, text=None, other=None):
    """Open the tab, which looks up what is filled in, or look up ``word``."""
    page = guest.page
    open_backpack(page)
    # What is filled in is looked up by itself; its text is longer than this model's context.
    said = re.compile("^“mother” · 16 senses · no use: .*41 tokens.* 32")
    expect(page.locator("#senses-explorer .sx-status")).to_have_text(said, timeout=SLOW)
    for name, value in (("text", text), ("other", other), ("word", word)):
        if value is not None:
            field(page, name).fill(value)
    if word is not None:
        page.locator("#senses-look").click()
        said = re.compile(f"“{re.escape(word)}”")
        expect(page.locator("#senses-explorer .sx-status")).to_have_text(said, timeout=SLOW)
    return page


def field(page, name):
    return page.locator(f"#senses-{name} :is(input, textarea)").first


def texts(locator):
    return [text.strip() for text in locator.all_inner_texts()]


def id_of(word):
    return 1 + WORDS.index(word)  # <unk> is 0


def weight_in(tip):
    return re.search(r"weight ([\d.]+)", tip)[1]


def shown(model, ids):
    """The words that ids are, as the page writes them."""
    return [model.tokenizer.token_text(i).strip() for i in ids]


CARDS = """() => [...document.querySelectorAll(".sx-card")].map((card) => {
    const all = (where) => [...card.querySelectorAll(`${where} .sx-word`)];
    const words = (where) => all(where).map((one) => [one.textContent, one.dataset.tip]);
    const tip = (where) => card.querySelector(where)?.dataset.tip;
    return { sense: Number(card.dataset.sense), promotes: words(".sx-promotes"), demotes: words(".sx-demotes"),
             norm: tip(".sx-norm"), use: tip(".sx-use") };
})"""


def test_the_cards_say_what_the_sense_vectors_say(visit, model, table):
    logits, vectors = table
    text = " the dog had a dog was very sad"
    page = open_explorer(visit(), "dog", text)
    expect(page.locator("#senses-explorer .sx-status")).to_have_text("“dog” · 16 senses · 2 times in your text")
    expect(page.locator(".sx-card")).to_have_count(9)
    page.get_by_role("button", name="Show all 16").click()
    expect(page.locator(".sx-card")).to_have_count(16)
    ids = model.tokenizer.encode(text)
    places = [place for place, id_ in enumerate(ids) if id_ == id_of("dog")]
    alpha = model.sense_weights(ids)  # (k, T, T)
    cards = page.evaluate(CARDS)
    assert [card["sense"] for card in cards] == list(range(16))
    for sense, card in enumerate(cards):
        own = logits[id_of("dog"), sense]
        for direction, found in ((1, card["promotes"]), (-1, card["demotes"])):
            best = (direction * own).topk(len(found))
            wanted = shown(model, best.indices.tolist())
            for (word, tip), name, score in zip(found, wanted, direction * best.values, strict=True):
                assert word == name
                assert float(re.search(r"[+−][\d.]+", tip)[0].replace("−", "-")) == pytest.approx(
                    float(score), abs=6e-3
                )
        assert float(re.search(r"[\d.]+$", card["norm"])[0]) == pytest.approx(
            float(vectors[id_of("dog"), sense].norm()), abs=6e-3
        )
        weights = [float(alpha[sense, query, key]) for key in places for query in range(key, len(ids))]
        assert float(weight_in(card["use"])) == pytest.approx(sum(weights) / len(weights), abs=6e-4)
    # The score is shown where one points or goes with the keys.
    tip = page.locator("#senses-explorer .sx-tip")
    page.locator(".sx-card .sx-word").nth(2).hover()
    expect(tip).to_have_text(cards[0]["promotes"][2][1], timeout=SLOW)
    page.locator(".sx-card .sx-word").nth(3).focus()
    expect(tip).to_have_text(cards[0]["promotes"][3][1], timeout=SLOW)
    # The order: by norm, and by use.
    keys = {"norm": lambda card: card["norm"].split()[-1], "use in your text": lambda card: weight_in(card["use"])}
    for name, key in keys.items():
        page.get_by_role("button", name=name, exact=True).click()
        values = [float(key(card)) for card in page.evaluate(CARDS)]
        assert all(a >= b - 0.011 for a, b in itertools.pairwise(values))
        assert len(values) == 16
    # A promoted word leads on to its own senses.
    page.get_by_role("button", name="number", exact=True).click()
    word = cards[0]["promotes"][0][0]
    page.locator('.sx-card[data-sense="0"] .sx-promotes .sx-word').first.click()
    expect(page.locator("#senses-explorer .sx-status")).to_have_text(re.compile(f"^“{re.escape(word)}”"), timeout=SLOW)
    expect(field(page, "word")).to_have_value(word)
    # A token that was clicked is looked up by its id: its text may not be read as that token again.
    page.evaluate("(detail) => window.dispatchEvent(new CustomEvent('sense-look', { detail }))",
                  {"word": "<0xA3>", "id": id_of("park")})  # fmt: skip
    expect(page.locator("#senses-explorer .sx-status")).to_have_text(re.compile("^“park” · 16 senses"), timeout=SLOW)
    best = logits[id_of("park"), 0].topk(1).indices.tolist()
    expect(page.locator('.sx-card[data-sense="0"] .sx-promotes .sx-word').first).to_have_text(shown(model, best)[0])
    exact = page.locator("#senses-exact input")
    expect(exact).to_be_checked(timeout=SLOW)
    field(page, "word").fill("dog")  # the next word is read as words are
    expect(exact).not_to_be_checked(timeout=SLOW)


def test_two_words_nearest_words_and_the_way_back(visit, model, table):
    logits, vectors = table
    page = open_explorer(visit(), "mother", other="father")
    rows = page.locator(".sx-pair-row:not(.sx-pair-head)")
    expect(rows).to_have_count(16)
    wanted = F.cosine_similarity(vectors[id_of("mother")], vectors[id_of("father")], dim=-1).tolist()
    found = [float(text.replace("−", "-")) for text in texts(rows.locator(".sx-cosine"))]
    assert found == pytest.approx(wanted, abs=6e-3)
    page.get_by_role("button", name="cosine", exact=True).click()
    assert [float(text.replace("−", "-")) for text in texts(rows.locator(".sx-cosine"))] == sorted(found, reverse=True)
    # The nearest words by a sense.
    field(page, "other").fill("")
    page.locator("#senses-look").click()
    page.locator('.sx-card[data-sense="3"]').get_by_role("button", name="nearest").click()
    near = page.locator("#senses-explorer .sx-nearest .sx-word")
    expect(near.first).to_be_visible(timeout=SLOW)
    cosines = F.cosine_similarity(vectors[id_of("mother"), 3], vectors[: model.sampled_size, 3], dim=-1)
    cosines[id_of("mother")] = -2
    assert texts(near) == shown(model, cosines.topk(near.count()).indices.tolist())
    page.keyboard.press("Escape")
    expect(page.locator("#senses-explorer .sx-box")).to_be_hidden()
    # The other way round: of all (token, sense) pairs, those that promote a word most.
    field(page, "wanted").fill("happy")
    page.locator("#senses-seek").click()
    found = page.locator(".sx-found li")
    expect(found.first).to_be_visible(timeout=SLOW)
    scores = logits[: model.sampled_size, :, id_of("happy")]  # (V, k)
    best = scores.flatten().topk(found.count())
    pairs = [(index // 16, index % 16) for index in best.indices.tolist()]
    assert texts(found.locator(".sx-word")) == shown(model, [token for token, _ in pairs])
    assert texts(found.locator(".sx-sense")) == [f"sense {sense}" for _, sense in pairs]
    assert [float(text) for text in texts(found.locator(".sx-figure"))] == pytest.approx(best.values.tolist(), abs=0.06)
    field(page, "wanted").fill("happy sad")
    page.locator("#senses-seek").click()
    said = re.compile("promotes “happy”, the first of 2 pieces, most")
    expect(page.locator("#senses-search .sx-status")).to_have_text(said, timeout=SLOW)


EDITS = """() => {
    window.edits = [];
    window.addEventListener("sense-edit", (event) => window.edits.push(event.detail));
}"""


def test_names_and_pins_stay_in_the_browser_and_edits_go_to_the_mixer(visit, model):
    guest = visit()
    page = open_explorer(guest, "mother")
    card = page.locator('.sx-card[data-sense="5"]')
    card.get_by_role("button", name="name").click()
    page.keyboard.type("<b>kin</b>")
    page.keyboard.press("Enter")
    expect(card.locator(".sx-name")).to_have_text("<b>kin</b>")
    card.get_by_role("button", name="pin").click()
    expect(page.locator(".sx-card").first).to_have_attribute("data-sense", "5")
    page.evaluate(EDITS)
    card.get_by_role("button", name="to mixer").click()
    for choice in page.locator("#senses-explorer .sx-choice").all():
        choice.click()
    expect(page.locator("#senses-explorer .sx-mixing [role=status]")).to_have_text(re.compile("in the mixer"))
    assert page.evaluate("window.edits") == [
        {"kind": "scale_sense", "word": " mother", "sense": 5, "factor": 2},
        {"kind": "scale_sense", "word": " mother", "sense": 5, "factor": 0},
        {"kind": "add_sense", "word": " mother", "sense": 5, "weight": 0.4},
    ]
    page.reload()
    open_explorer(guest, "mother")
    first = page.locator(".sx-card").first
    expect(first).to_have_attribute("data-sense", "5")
    expect(first.locator(".sx-name")).to_have_text("<b>kin</b>")
    first.get_by_role("button", name="pin").click()
    expect(page.locator(".sx-card").first).to_have_attribute("data-sense", "0")
    # Another word has names of its own.
    open_explorer(guest, "father")
    assert texts(page.locator(".sx-name")) == [""] * 9
    # What is stored may have been written by anything.
    field(page, "word").fill("mother")
    fingerprint = model.card.fingerprint
    good = {"model": fingerprint, "word": " mother", "sense": 2, "name": "${7*7}<img src=x>", "pinned": True}
    bad = [None, 3, [], {}, {**good, "sense": "2"}, {**good, "name": 5}, {**good, "pinned": 1}, {**good, "sense": -1},
           {**good, "name": "x" * 100}, {**good, "word": {}}]  # fmt: skip
    for stored, names in (
        ("{", []),
        ("null", []),
        ('{"a": 1}', []),
        (json.dumps(bad), []),
        (json.dumps([*bad, good]), [2]),
    ):
        page.evaluate("([key, value]) => localStorage.setItem(key, value)", [KEPT, stored])
        page.locator("#senses-look").click()
        expect(page.locator(".sx-pinned")).to_have_count(len(names), timeout=SLOW)
        expect(page.locator("#senses-explorer .sx-status")).to_have_text(re.compile("senses"), timeout=SLOW)
    expect(page.locator(".sx-pinned .sx-name")).to_have_text(good["name"])
    page.locator('.sx-card[data-sense="4"]').get_by_role("button", name="pin").click()
    kept = json.loads(page.evaluate("(key) => localStorage.getItem(key)", KEPT))
    assert [(one["sense"], one["name"]) for one in kept] == [(4, ""), (2, good["name"])]


def test_hostile_words_on_a_telephone(visit, model):
    guest = visit(width=400, height=800, scheme="dark")
    page = open_explorer(guest, HOSTILE_WORDS[0], text=" ".join(HOSTILE_WORDS))
    page.locator(".sx-more").click()
    expect(page.locator(".sx-card")).to_have_count(16)
    assert page.locator("#senses-explorer :is(img, script, a)").count() == 0
    for scheme in ("dark", "light"):
        assert page.evaluate(SCHEME, scheme) == (scheme == "dark")
        for place in (".sx-status", ".sx-card b", ".sx-promotes bdi", ".sx-demotes bdi", ".sx-figure",
                      ".sx-tools button", ".sx-orders button", ".sx-facts span"):  # fmt: skip
            assert contrast(page.locator(f"#senses-explorer {place}")) >= 4.5, (scheme, place)
    page.locator('.sx-card[data-sense="1"]').get_by_role("button", name="nearest").click()
    expect(page.locator("#senses-explorer .sx-nearest .sx-word").first).to_be_visible(timeout=SLOW)
    box = page.locator("#senses-explorer .sx-box").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 400
    field(page, "wanted").fill("happy")
    page.locator("#senses-seek").click()
    expect(page.locator(".sx-found li").first).to_be_visible(timeout=SLOW)
    assert not guest.scrolls_sideways()
    # What cannot be looked up is said in a line.
    field(page, "word").fill("x" * 65)
    page.locator("#senses-look").click()
    expect(page.locator("#senses-explorer .sx-status")).to_have_text(re.compile("65 characters.* 64"), timeout=SLOW)
    expect(page.locator(".toast-body")).to_be_visible()
    assert page.evaluate("window.__pwned") is None


class Slow:
    """An engine whose work goes on until it is closed."""

    def __init__(self):
        self.closed = False

    def run(self, request):
        try:
            yield Loading("model", "reading weights", 0.5, 0.1)
            for done in range(1000):
                yield Progress("searching", done, 1000)
            yield request
        finally:
            self.closed = True


def test_a_question_tells_its_news_and_stops_at_once():
    engine, stopped = Slow(), []
    news = tell("a", lambda: follow(engine, "answer", lambda: bool(stopped)))
    assert next(news) == {"run": "a", "status": "Waiting …", "running": True}
    assert next(news) == {"run": "a", "status": "reading weights 50% …", "fraction": 0.5, "running": True}
    stopped.append(True)
    assert list(news) == [{"run": "a", "status": "stopped by you", "running": False}]
    assert engine.closed
    engine = Slow()
    *_, last = tell("b", lambda: follow(engine, "answer", lambda: False))
    assert last == {"run": "b", "status": "", "running": False, "answer": "answer"}
    engine = Slow()
    news = tell("c", lambda: follow(engine, "answer", lambda: False))
    next(news), next(news)
    news.close()
    assert engine.closed


def test_what_is_wrong_is_told_and_raised_unless_it_is_to_be_quiet():
    def wrong():
        raise InvalidRequest("The word is empty. Type one.")
        yield

    last = {"run": "a", "status": "The word is empty. Type one.", "running": False}
    news = tell("a", wrong)
    assert [next(news), next(news)][1] == last
    with pytest.raises(InvalidRequest):
        next(news)
    assert [*tell("a", wrong, quiet=True)][1:] == [last]
