"""The mixer in a real browser, against softmaxes of the library's own logits; and what it is told without one."""

import json
import math
import re
import time
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import torch
from playwright.sync_api import expect
from word_backpack import HOSTILE_WORDS, NAME, TEXT, word_backpack

import playground as pg
from playground.engine.requests import Alternative, MovedToken, NextToken
from playground.errors import InvalidRequest
from playground.generation.options import SamplingOptions
from playground.senses.edit_documents import read_edits
from playground.settings import PROJECT
from playground.ui.mixer_documents import read_document, read_edits_link
from playground.ui.mixer_news import SHOWN, measured_words, moved_value, preset_value
from playground.ui.senses_mixer import news

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
DOG = {"kind": "scale_sense", "word": " dog", "sense": 3, "factor": 3.5}
ADDED = {"kind": "add_sense", "word": " park", "sense": 5, "weight": 1.5}
PRESET = {
    "id": "one", "title": HOSTILE_WORDS[1], "watch": "Dogs everywhere.", "prompt": " the dog was", "edits": [ADDED],
    "topic": ["dog"], "sampling": {"max_new_tokens": 7, "temperature": 0.5, "top_p": 0.9},
    "measured": {"reference": "demo-shard", "ratio": 4.25, "rise_percent": 3.1,
                 "runs": [{"seed": 77, "samples": 50}, {"seed": 99, "samples": 50}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def model(app, tmp_path_factory):
    file = app.models / NAME / "presets.json"
    file.write_text(json.dumps({"presets": [PRESET]}), encoding="utf-8")
    with word_backpack(app, tmp_path_factory.mktemp("words")) as oracle:
        yield oracle
    file.unlink()


def probabilities(model, text, documents=()):
    ids = model.prompt_ids(text)
    edits = read_edits(list(documents), model.network, model.tokenizer)
    return model.logits(ids, edits)[-1].double().softmax(-1)


def open_mixer(guest, text=TEXT, edits=()):
    """The mixer with ``text`` and just these ``edits``, once it has answered."""
    page = guest.page
    page.get_by_role("tab", name="Backpack", exact=True).click()
    page.get_by_role("tab", name="Mixer", exact=True).click()
    expect(page.locator(".mix-bar").first).to_be_visible(timeout=SLOW)
    page.locator("#mixer-prompt textarea").fill(text)
    page.locator("#mixer [data-do=reset]").click()
    for edit in edits:
        send(page, edit)
    return page


def send(page, edit):
    page.evaluate("(detail) => window.dispatchEvent(new CustomEvent('sense-edit', { detail }))", edit)


BARS = """() => [...document.querySelectorAll(".mix-bar")].map((bar) => [
    bar.querySelector(".mix-word").textContent, bar.querySelector(".mix-from").textContent,
    bar.querySelector(".mix-to").textContent, bar.dataset.state])"""


def near(shown, wanted):
    """Whether "12 %", "1.2 %" or "<0.1 %" is the share ``wanted``."""
    if shown.startswith("<"):
        return wanted < 0.001
    value = float(shown.removesuffix(" %"))
    return abs(100 * wanted - value) <= (0.5 if "." not in shown else 0.05) + 1e-6


def check_bars(page, model, text, documents):
    """Wait until the bars show what the library computes: the ten likeliest before and after, each with both shares."""
    before, after = probabilities(model, text), probabilities(model, text, documents)
    best = [p[: model.sampled_size].topk(SHOWN).indices.tolist() for p in (before, after)]
    wanted = [*best[0], *(id_ for id_ in best[1] if id_ not in best[0])]
    states = [("leaves" if id_ not in best[1] else "") if id_ in best[0] else "enters" for id_ in wanted]
    names = [model.tokenizer.token_text(id_) for id_ in wanted]
    names = [name.replace(" ", "␣") if not name.strip() else name for name in names]
    sides = [(float(before[id_]), float(after[id_])) for id_ in wanted]

    def fits():
        shown = page.evaluate(BARS)
        return [(bar[0], bar[3]) for bar in shown] == list(zip(names, states, strict=True)) and all(
            near(bar[1], was) and near(bar[2], now) for bar, (was, now) in zip(shown, sides, strict=True)
        )

    deadline = time.monotonic() + SLOW / 1000
    while not fits():
        assert time.monotonic() < deadline, (page.evaluate(BARS), names, states, sides)
        page.wait_for_timeout(50)
    if documents:
        expect(page.locator("#mixer .mix:not([aria-busy])")).to_have_count(1, timeout=SLOW)
        share = float((before - after).abs().sum() / 2)
        words = page.locator(".mix-words").inner_text()
        assert float(re.search(r"([\d.]+) %", words)[1]) == pytest.approx(100 * share, abs=0.51)


def move(page, value, slider=".mix-slider"):
    page.locator(slider).first.evaluate(
        "(node, value) => { node.value = value; node.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(value),
    )


def test_bars_follow_sliders_switches_and_places(visit, model):
    page = open_mixer(visit(), edits=[DOG])
    check_bars(page, model, TEXT, [DOG])
    answers = []
    page.on("request", lambda request: answers.append(request.url) if "/run/" in request.url else None)
    page.locator(".mix-slider").first.evaluate("""(node) => { for (let step = 0; step < 60; step++) {
        node.value = (step % 40) / 10;
        node.dispatchEvent(new Event("input", { bubbles: true })); } }""")  # no time for answers: the last one counts
    check_bars(page, model, TEXT, [DOG | {"factor": 1.9}])
    assert 1 <= len(answers) <= 5
    number = page.locator(".mix-edit .mix-number").first
    number.fill("-2.5")
    check_bars(page, model, TEXT, [DOG | {"factor": -2.5}])
    expect(page.locator(".mix-does").first).to_contain_text("reversed")
    number.fill("4")
    places = page.locator("select.mix-scope")
    assert places.locator("option").all_inner_texts() == ["everywhere", "only at token 3", "only at token 5"]
    places.select_option("5")
    check_bars(page, model, TEXT, [DOG | {"factor": 4.0, "position": 5}])
    send(page, ADDED)
    check_bars(page, model, TEXT, [DOG | {"factor": 4.0, "position": 5}, ADDED])
    page.get_by_role("checkbox", name="Use the edit: dog · sense 3").uncheck()
    check_bars(page, model, TEXT, [ADDED])
    assert json.loads(page.locator(".mix-document pre").text_content()) == [ADDED]
    page.get_by_role("button", name="Remove the edit: park · sense 5").click()
    expect(page.locator(".mix-words")).to_have_text("No edits: this is the model as it is.")
    page.locator("#mixer [data-do=undo]").click()
    check_bars(page, model, TEXT, [ADDED])


def test_the_form_adds_every_kind(visit, model):
    page = open_mixer(visit())
    page.set_viewport_size({"width": 400, "height": 900})
    page.locator(".mix-add summary").click()
    form = page.locator(".mix-form")
    filled = {
        "scale_sense": {"word": "dog", "sense": "2"}, "add_sense": {"word": "park", "sense": "5"},
        "swap_direction": {"word": "dog", "out": "he", "in": "she"}, "topic_boost": {"words": "park, Lily"},
    }  # fmt: skip
    for kind, values in filled.items():
        form.locator("select").select_option(kind)
        for name, value in values.items():
            form.locator(f"[name={name}]").fill(value)
        form.get_by_role("button", name="Add", exact=True).click()
    documents = [
        {"kind": "scale_sense", "word": " dog", "sense": 2, "factor": 0},
        {"kind": "add_sense", "word": " park", "sense": 5, "weight": 0.5},
        {"kind": "swap_direction", "word": " dog", "out": " he", "in": " she"},
        {"kind": "topic_boost", "words": [" park", " Lily"], "strength": 2},
    ]
    assert json.loads(page.locator(".mix-document pre").text_content()) == documents
    check_bars(page, model, TEXT, documents)
    move(page, 3, ".mix-edit:last-child .mix-slider")
    check_bars(page, model, TEXT, [*documents[:3], documents[3] | {"strength": 3}])
    # A word that the model does not know is told, in one line; taking it out brings the bars back.
    send(page, {"kind": "add_sense", "word": " zebra", "sense": 1, "weight": 1})
    expect(page.locator(".mix-words")).to_have_text(re.compile("does not know ' zebra'"), timeout=SLOW)
    page.get_by_role("button", name="Remove the edit: zebra · sense 1").click()
    check_bars(page, model, TEXT, [*documents[:3], documents[3] | {"strength": 3}])
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def texts(page):
    page.locator("#mixer-run").click()
    expect(page.locator("#mixer-columns .cmp-status")).to_have_text("All columns have ended.", timeout=SLOW)
    return page.locator("#mixer-columns .cmp-new").evaluate_all("(nodes) => nodes.map((node) => node.textContent)")


def test_both_texts_have_the_same_dice(visit, model):
    page = open_mixer(visit(), edits=[DOG | {"factor": 1}, ADDED | {"weight": 0}])  # these change nothing
    for name, value in (("max-new-tokens", 12), ("temperature", 1.0), ("top-p", 1.0), ("seed", 5)):
        page.locator(f"#mixer-{name} input").fill(str(value))
        page.locator(f"#mixer-{name} input").press("Tab")
    options = SamplingOptions(max_new_tokens=12, temperature=1.0, seed=5)
    plain = "".join(step.text for step in pg.sample(model, TEXT, options))
    assert texts(page) == [plain, plain]
    parting = page.locator("#mixer-columns .cmp-parting").nth(1)
    expect(parting).to_have_text("the same as column 1 to the end")
    strong = ADDED | {"weight": 20}
    send(page, strong)
    edits = read_edits([DOG | {"factor": 1}, strong], model.network, model.tokenizer)
    edited = "".join(step.text for step in pg.sample(model, TEXT, options, edits=edits))
    assert edited != plain
    assert texts(page) == [plain, edited]
    byte = next(i for i, (a, b) in enumerate(zip(plain.encode(), edited.encode(), strict=False)) if a != b)
    expect(parting).to_have_text(f"parts from column 1 at byte {byte}")
    expect(page.locator("#mixer-columns .cmp-title")).to_have_text(["Without edits", "With the edits"])


def test_documents_links_and_presets(visit, model, app):
    guest = visit()
    page = open_mixer(guest, edits=[DOG])
    # A preset fills everything; its title is text, whatever it holds.
    preset = page.locator(".mix-preset")
    expect(preset).to_have_text(PRESET["title"])
    preset.click()
    expect(page.locator("#mixer-prompt textarea")).to_have_value(PRESET["prompt"], timeout=SLOW)
    expect(page.locator("#mixer-seed input")).to_have_value("77")
    expect(page.locator("#mixer-temperature input")).to_have_value("0.5")
    expect(page.locator(".mix-watch")).to_contain_text("at least 4.2 times as often")
    check_bars(page, model, PRESET["prompt"], [ADDED])
    # Out as a file, in again by hand.
    page.locator(".mix-document summary").click()
    with page.expect_download() as saved:
        page.locator(".mix-document [data-do=save]").click()
    assert json.loads(saved.value.path().read_text()) == [ADDED]
    said = page.locator(".mix-said")
    for text, words in (("[{]", "This is no JSON"), ('[{"kind": "x"}]', "An edit's kind is 'x'"),
                        (json.dumps([DOG] * 65), "There are 65 edits")):  # fmt: skip
        page.locator(".mix-paste").fill(text)
        page.locator(".mix-document [data-do=load]").click()
        expect(said).to_contain_text(words, timeout=SLOW)
    assert json.loads(page.locator(".mix-document pre").text_content()) == [ADDED]
    page.locator(".mix-paste").fill(json.dumps([DOG, ADDED]))
    page.locator(".mix-document [data-do=load]").click()
    check_bars(page, model, PRESET["prompt"], [DOG, ADDED])
    # A link opens the tab with everything filled in, and runs nothing before somebody asks.
    link = page.evaluate("document.querySelector('.mix').mixer.link()")
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".mix-said")).to_contain_text("Nothing has run yet", timeout=SLOW)
    expect(page.locator("#mixer-prompt textarea")).to_have_value(PRESET["prompt"])
    assert json.loads(page.locator(".mix-document pre").text_content()) == [DOG, ADDED]
    assert page.evaluate("location.hash") == ""
    page.wait_for_timeout(700)
    expect(page.locator(".mix-bar")).to_have_count(0)
    page.get_by_role("button", name="Show what they change").click()
    check_bars(page, model, PRESET["prompt"], [DOG, ADDED])
    # A damaged or hostile one changes nothing.
    hostile = json.dumps({"model": NAME, "prompt": "x", "edits": [{"kind": HOSTILE_WORDS[1]}]})
    for content, words in (("{", "no JSON"), (hostile, "An edit's kind")):
        page.evaluate("(hash) => { location.hash = hash; }", f"#mix={quote(content)}")
        expect(page.locator(".mix-said")).to_contain_text(words, timeout=SLOW)
        assert json.loads(page.locator(".mix-document pre").text_content()) == [DOG, ADDED]


def moved(before, after):
    return tuple(
        MovedToken(i, f" {i}", math.log(p), math.log(q), 0.0, 0.0)
        for i, (p, q) in enumerate(zip(before, after, strict=True))
    )


def test_how_much_moves_is_told_in_a_sentence():
    draw = torch.Generator().manual_seed(3)
    p, q = (torch.rand(300, generator=draw).double().pow(4) for _ in range(2))
    p, q = p / p.sum(), q / q.sum()
    plain = NextToken((), 1.0, 2.0, 300, True)
    known = NextToken((), 1.0, 2.0, 300, True, plain, moved(p.tolist(), q.tolist()), 0.4567, 1.2345)
    value = moved_value("name", known)
    assert value["words"] == "46 % of the probability moves to other words (1.23 bits of KL divergence)."
    best = [set(x.topk(SHOWN).indices.tolist()) for x in (p, q)]
    assert {row[0] for row in value["rows"]} == best[0] | best[1]
    assert [row[0] for row in value["rows"]][:SHOWN] == p.topk(SHOWN).indices.tolist()


def test_without_edits_both_sides_are_the_model():
    known = NextToken((Alternative(4, " a", math.log(0.7), 0.7),), 1.0, 2.0, 1, True)
    value = moved_value("name", known)
    assert value["rows"] == [[4, " a", pytest.approx(0.7), pytest.approx(0.7), 0, 0]]
    assert value["words"].startswith("No edits")


def test_presets_of_the_demo_are_filled_in_as_they_were_measured():
    file = PROJECT / "checkpoints" / "demo-backpack" / "presets.json"
    for preset in json.loads(file.read_text(encoding="utf-8"))["presets"]:
        value = preset_value(preset)
        runs = preset["measured"]["runs"]
        assert value["options"] == preset["sampling"] | {"seed": preset["seed"]}
        assert preset_value(preset | {"seed": None})["options"]["seed"] == runs[0]["seed"]
        assert (value["prompt"], value["edits"]) == (preset["prompt"], preset["edits"])
        assert preset["watch"] in value["watch"]
        times = float(re.search(r"at least ([\d.]+) times", value["watch"])[1])
        assert times == pytest.approx(min(run["ratio"] for run in runs), rel=0.05)
        assert f"on {sum(run['samples'] for run in runs)} pairs" in value["watch"]
    assert preset_value(PRESET | {"sampling": {"temperature": "hot"}}) is None
    assert measured_words({"runs": "none"}) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "longer"), ("[" * 300_000, "longer"), (" ", "no document"), ("{", "no JSON"), ("[" * 90_000, "no JSON"),
        ("3", "must be a list"), ('[{"kind": ["x"]}]', "kind"), (json.dumps([DOG | {"factor": 101}]), "-100 to 100"),
        (json.dumps([DOG | {"word": "\ud800"}]), "surrogate"), (json.dumps([DOG | {"extra": 1}]), "'extra'"),
    ],
)  # fmt: skip
def test_absurd_documents_get_one_sentence(text, words):
    with pytest.raises(InvalidRequest, match=words) as refused:
        read_document(text)
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


def test_documents_may_be_a_list_one_edit_or_an_object_with_edits():
    for content in ([DOG], DOG, {"edits": [DOG], "id": "x"}):
        assert read_document(json.dumps(content)) == [DOG]


def test_links_are_checked_as_a_whole():
    content = {"model": NAME, "prompt": "x", "edits": [DOG], "options": {"seed": 4}}
    link, edits = read_edits_link(json.dumps(content), [NAME])
    assert (link.model, link.prompt, link.options.seed, edits) == (NAME, "x", 4, [DOG])
    assert read_edits_link(json.dumps(content), [])[0].model is None
    for wrong in ({"edits": "all"}, {"edits": [{}]}, {"prompt": 3}, {"prompt": "\ud800"}, {"options": {"seed": -1}}):
        with pytest.raises(InvalidRequest):
            read_edits_link(json.dumps(content | wrong), [NAME])


def test_a_question_that_was_left_asks_the_engine_nothing():
    asked = []
    engine = SimpleNamespace(run=asked.append, answer=asked.append)
    assert list(news(engine, "a", NAME, "x", [], left={"a"}, fresh=True)) == []
    assert asked == []
    told = list(news(engine, "a", None, "x", []))
    assert [set(one) for one in told] == [{"name", "error"}]
