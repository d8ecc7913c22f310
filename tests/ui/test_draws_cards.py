"""The cards on a small page of their own, over an engine that says what a test wants: openings, folds, hostile text."""

import itertools
import re
from contextlib import closing
from types import SimpleNamespace

import gradio as gr
import pytest
from contrast import contrast
from playwright.sync_api import expect
from running_app import HOSTILE, free_port

from playground.checkpoints.card import ModelCard
from playground.engine.requests import Started, Token
from playground.engine.samples import Sample
from playground.generation.options import SamplingOptions
from playground.generation.steps import END_TOKEN, TOKEN_LIMIT, Step
from playground.ui import draws
from playground.ui.openings import group_openings
from playground.ui.theme import STYLES, THEME

SLOW = 60_000
CARD = ModelCard("fake", "fake", "A fake", 1, "float32", 4, (), "f" * 64, {}, 99, 99, None, ("generate",))


def steps_of(row, tokens, end=TOKEN_LIMIT):
    """Steps that write ``tokens``, (text, probability) each; the same text has the same id."""
    for index, (text, share) in enumerate(tokens):
        last = index == len(tokens) - 1
        yield Step(row, index, index, sum(text.encode()), text, -1.5 - row / 100, share, (), end if last else None)


class SaysThis:
    """An engine that writes ``texts``, a list of tokens for each row, whatever it is asked."""

    texts = ()
    ends = ()

    def run(self, request):
        ends = self.ends or (TOKEN_LIMIT,) * len(self.texts)
        yield Started(CARD, (1, 2), 1, "plain")
        rows = [steps_of(row, text, end) for row, (text, end) in enumerate(zip(self.texts, ends, strict=True))]
        for steps in itertools.zip_longest(*rows):
            yield from (Token(step, 0.1 * step.index) for step in steps if step)


@pytest.fixture(scope="module")
def served():
    """The engine of a page that shows the samples and nothing else, and where it is."""
    engine = SaysThis()
    with gr.Blocks(analytics_enabled=False) as page:
        controls = {"model": gr.Textbox("fake"), "prompt": gr.Textbox("Once"), "seed": gr.Number(3, precision=0)}
        draws.build(engine, {**controls, "max_new_tokens": gr.Number(40, precision=0), "stop": gr.Textbox("")}, 1)
    with closing(page):
        page.launch(
            prevent_thread_lock=True, theme=THEME, css_paths=STYLES, quiet=True, server_port=free_port(),
            server_name="127.0.0.1", ssr_mode=False, footer_links=[],
        )  # fmt: skip
        yield SimpleNamespace(engine=engine, url=page.local_url)


@pytest.fixture(scope="module")
def page_in(served, browser):
    """The page in a light or a dark browser, opened once. In the end nothing may have gone wrong on it."""
    opened, wrong = {}, []

    def page_in_it(scheme):
        if scheme not in opened:
            opened[scheme] = browser.new_context(
                viewport={"width": 1280, "height": 900}, color_scheme=scheme
            ).new_page()
            opened[scheme].on("console", lambda said: said.type == "error" and wrong.append(said.text))
            opened[scheme].on("pageerror", lambda error: wrong.append(str(error)))
            opened[scheme].goto(served.url)
        return opened[scheme]

    yield page_in_it
    for page in opened.values():
        assert page.evaluate("window.__pwned") is None
        page.context.close()
    assert wrong == []


@pytest.fixture
def show(served, page_in):
    """Draws what the engine is to say, and comes back when it is there, likeliest first and grouped."""

    def show_it(texts, ends=(), scheme="light"):
        served.engine.texts, served.engine.ends = texts, ends
        page, views = page_in(scheme), page_in(scheme).locator("#draws .draws-views")
        count = page.locator("#draw-count input[type=number]")
        count.fill(str(len(texts)))
        count.press("Tab")
        expect(page.locator("button#draw")).to_have_text(f"Draw {len(texts)}", timeout=SLOW)
        page.locator("button#draw").click()
        total = sum(map(len, texts))
        said = re.compile(rf"^{len(texts)} samples · {total} tokens")
        expect(page.locator("#draws .draws-status")).to_have_text(said, timeout=SLOW)
        expect(views).to_be_visible(timeout=SLOW)
        views.get_by_role("button", name="Likeliest first").click()
        if views.get_by_role("button", name="Group openings").get_attribute("aria-pressed") == "false":
            views.get_by_role("button", name="Group openings").click()
        return page

    return show_it


def words(*pieces):
    return [(piece, 0.4) for piece in pieces]


STORIES = [
    words(" who", " lived", " in", " a", " box", "."),
    words(" who", " lived", " in", " a", " den", "."),
    words(" and", " ran"),
    words(" who", " lived", " in", " a", " box", " of", " his", " own", "!"),
    words(" who", " lived", " in", " a", " box", "."),
]


def test_a_shared_opening_is_written_once_with_the_rests_under_it(show):
    page = show(STORIES)
    group = page.locator(".draw-group")
    assert group.count() == 1
    assert group.locator(".draw-group-head b").text_content() == "4 of 5 begin"
    assert group.locator(".draw-opening").text_content() == "“ who lived in a”"
    assert group.locator(".draw-chance").text_content() == "2.6 % likely"  # four tokens of 0.4 each
    inside = {card.locator(".draw-seed").text_content(): card for card in group.locator(".draw").all()}
    rests = {seed: "".join(card.locator(".tok:visible").all_text_contents()) for seed, card in inside.items()}
    assert rests == {"seeds 3, 7": " box.", "seed 4": " den.", "seed 6": " box of his own!"}
    assert inside["seeds 3, 7"].locator(".draw-times").text_content() == "drawn 2 times"
    assert page.locator("#draws .draw").count() == 4
    page.get_by_role("button", name="Group openings").click()
    assert page.locator(".draw-group").count() == 0
    texts = page.locator(".draw").evaluate_all(
        "cards => cards.map(card => [...card.querySelectorAll('.tok:not([hidden])')].map(t => t.textContent).join(''))"
    )
    assert sorted(texts) == sorted({"".join(text for text, _ in story) for story in STORIES})
    page.get_by_role("button", name="Group openings").click()
    assert page.locator(".draw-group").count() == 1


def test_openings_within_an_opening(show):
    page = show([words("one"), words("two"),
        words(" a", " b", " c", " x"), words(" a", " b", " c", " d", " e", " f", " 1"),
        words(" a", " b", " c", " d", " e", " f", " 2"),
    ])  # fmt: skip
    heads = page.locator(".draw-group-head").all_text_contents()
    assert [" ".join(head.split()) for head in heads] == ["3 of 5 begin “ a b c” 6.4 % likely",
                                                          "2 of 3 go on “ d e f” 6.4 % likely"]  # fmt: skip


def test_an_opening_that_ends_within_a_token_is_cut_there(show):
    """Characters beyond the first plane count twice in the browser, and once here."""
    page = show([words("😀 one", " two", " three.\n\nNow"), words("😀 one", " two three", ".\n\nThen")])
    head = page.locator(".draw-group-head")
    assert head.locator(".draw-opening").text_content() == "“😀 one two three.”"
    assert head.locator(".draw-chance").count() == 0  # their tokens differ, so no single chance can be told
    rests = [card.locator(".tok:not([hidden])").all_text_contents() for card in page.locator(".draw").all()]
    assert sorted("".join(rest) for rest in rests) == ["\n\nNow", "\n\nThen"]


def test_the_order_can_be_chosen(show):
    page = show([words("a", "b", "c"), words("d"), words("e", "f")])
    seeds = page.locator(".draw-seed")
    assert seeds.all_text_contents() == ["seed 4", "seed 5", "seed 3"]  # the fewer tokens, the likelier
    page.get_by_role("button", name="By seed").click()
    assert seeds.all_text_contents() == ["seed 3", "seed 4", "seed 5"]
    assert page.get_by_role("button", name="By seed").get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="Likeliest first").get_attribute("aria-pressed") == "false"


def test_the_same_text_with_other_ends_says_both(show):
    page = show([words("The end.", ""), words("The end.", "")], ends=(END_TOKEN, TOKEN_LIMIT))
    assert page.locator(".draw").count() == 1
    assert page.locator(".draw-end").text_content() == "the model ended the text, or reached the limit of new tokens"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_texts_are_shown_as_they_are(show, scheme):
    texts = [words(text, f" {number}") for number, text in enumerate(HOSTILE)]
    page = show([*texts, texts[0]], scheme=scheme)
    shown = page.locator(".draw-words").all_text_contents()
    assert sorted(shown) == sorted(f"{text} {number}" for number, text in enumerate(HOSTILE))
    assert page.locator(".draw-words *:not(.tok), .draw-opening *:not(.tok)").count() == 0
    page.locator(".draw-words .tok").first.hover()
    for name in (".draw-seed", ".draw-likely", ".draw-per", ".draw-end", ".draws-status", ".draws-legend", ".tok",
                 ".draw-open", ".draws-views [aria-pressed=true]"):  # fmt: skip
        assert contrast(page.locator(name)) >= 4.5, name


def test_a_hostile_opening_is_shown_as_it_is(show):
    page = show([words("<b>${7*7} <i>two</i> {{3}}", " x"), words("<b>${7*7} <i>two</i> {{3}}", " y")])
    assert page.locator(".draw-opening").text_content() == "“<b>${7*7} <i>two</i> {{3}}”"
    assert page.locator(".draw-group-head *:not(b, span)").count() == 0


def test_the_number_behind_a_colour_is_told_on_pointing(show):
    page = show([words(" a\n", "b"), words("c", "")], ends=(TOKEN_LIMIT, END_TOKEN))
    page.get_by_role("button", name="By seed").click()
    for token, title in (
        (page.locator(".tok").nth(0), " a⏎, 22 %"),
        (page.locator(".tok").nth(3), "(end of the text), 22 %"),
    ):
        token.hover()
        assert token.get_attribute("title") == title


def sample(*tokens):
    made = Sample(SamplingOptions())
    for step in steps_of(0, tokens):
        made.add(step)
    return made


def test_the_chance_of_an_opening_is_the_product_of_its_tokens():
    one = sample((" a", 0.5), (" b", 0.25), (" c", 0.1), (" d", 0.9))
    other = sample((" a", 0.5), (" b", 0.25), (" c", 0.1), (" e", 0.1))
    assert draws.opening_chance([one, other], "", " a b c") == pytest.approx(0.0125)
    assert draws.opening_chance([one, other], " a", " a b c") == pytest.approx(0.025)
    within = sample((" a", 0.5), (" b c", 0.25), (" f", 0.1))
    assert draws.opening_chance([one, within], "", " a b c") is None  # other tokens
    assert draws.opening_chance([within], "", " a b") is None  # it ends within one
    assert draws.opening_chance([within], " a b", " a b c") is None  # it begins within one


def test_a_value_is_plain_and_its_tree_complete():
    samples = [sample((" a b c d", 0.5)), sample((" a b c e", 0.5)), Sample(SamplingOptions())]
    value = draws.draws_value("run", "done", False, samples, ["x", "y", ""], None)
    (group,) = value["tree"]
    assert (group["opening"], group["rows"]) == (" a b c", [0, 1])
    assert [part["rows"] for part in group["parts"]] == [[0], [1]]  # one without a token has no card
    assert draws.draws_value("run", "…", True, samples, ["", "", ""], None)["tree"] is None
    assert group_openings({0: samples[0].text})[0].rows == (0,)
