"""Swaps: who holds what is told at every step."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.tables import rows

# thing, with adjective | why somebody needs it
GOODS = rows("""
long string | tie up a bundle of hay
smooth stick | walk with, because of a bad knee
old pot | boil soup for many guests
warm blanket | keep a weak lamb warm
big basket | carry apples to the market
strong rope | pull a cart out of the ditch
sharp pencil | write down a song before it is forgotten
small bell | hang around the neck of a cat
red ribbon | wrap a present
empty bottle | carry water to the field
bag of nails | mend a roof before the rain
thick candle | find the way through a cellar
soft pillow | sit better on a hard bench
wooden spoon | stir a pot of jam
tin whistle | call back a runaway dog
straw hat | keep the sun off a bald head
pair of scissors | cut out paper stars
jar of glue | put a broken clock together
woolen sock | make a puppet for a sick child
paper bag | keep seeds dry
""")
LOVED = ("a little wooden horse", "a kitten with white paws", "a drum with a blue rim", "a box full of colors", "a kite with a long tail", "a book with gold on its edges",
         "a silver flute", "a puppy with one black ear", "a lamp that threw stars on the wall", "a sled with red runners", "a ball as light as air", "a young apple tree in a pot")  # fmt: skip


def chain_of_swaps(s: Teller) -> None:
    h = s.hero("child")
    s.kin()
    goods = [s.pick(GOODS) for _ in range(3)]
    w1, w2, w3 = s.worker("a"), s.worker("b"), s.worker("c")
    while len({w.noun for w in (w1, w2, w3)}) < 3:
        w2, w3 = s.worker("b"), s.worker("c")
    loved = s.pick(LOVED)
    for slot, good in zip("opq", goods, strict=True):
        adjective, noun = good[0].split(" ", 1) if not good[0].startswith(("pair", "jar", "bag")) else ("", good[0])
        s.thing(slot, noun, adjective)
        s.bind(**{slot + "_for": good[1]})
    s.bind(
        loved=loved,
        the_loved="the "
        + loved.split(" ", 1)[1]
        .split(" with ")[0]
        .split(" full ")[0]
        .split(" that ")[0]
        .split(" as ")[0]
        .split(" in ")[0],
    )
    place = s.spot("z")
    s.world.go(place, h, w1, w2, w3)
    for who, slot in ((h, "o"), (w1, "p"), (w2, "q")):
        s.world.own(who, s.bound[slot])
    s.open("{h} never threw anything away.", "{h} liked to swap things with others.")
    s.paragraph()
    s("{when}, {h} found {o.a} [under the stairs|in the attic|behind the shed].")
    if not s.brisk:
        s.say("k", "What do you want with that?", "What is that good for?")
        s.say("h", "Who knows? Perhaps somebody needs it.", "Everything is good for something.", how="answering")
    s("On the way {z.to}, {h} met a {a.noun}, who looked worried.")
    s.say("a", "If only I had {o.a}! I need it to {o_for}.", how="said")
    s.say("h", "Take this one. It is just what you need.", "You can have mine.", how="said")
    s.world.give(h, s.bound["o"], w1)
    s.world.give(w1, s.bound["p"], h)
    s("The {a.noun} took {o.the} and gave {h.o} {p.a} for it.")
    s.paragraph()
    s("A little farther on, a {b.noun} was [sighing|standing at a gate].")
    s.say(
        "b",
        "What shall I do? I need {p.a} to {p_for}.",
        "I have looked everywhere for {p.a}. I must {p_for}!"
        if not s.bound["p_for"].startswith(("walk with", "sit better", "keep the sun"))
        else "What shall I do? I need {p.a} to {p_for}.",
        how="said",
    )
    s.say(
        "h",
        "What luck! I have {p.a} here.",
        "Look, here is one!" if not goods[1][0].startswith("pair") else "Look what I have got!",
        how="cried",
    )
    s.world.give(h, s.bound["p"], w2)
    s.world.give(w2, s.bound["q"], h)
    s(
        "The {b.noun} was so {*glad} that {h.N} got {q.a} in return. {p.the} stayed with the {b.noun}, and {h.N} walked on with {q.the}."
    )
    s("At the corner, there was a {c.noun}, who wanted to {q_for} but had no {q.n}.")
    s("{h} did not think twice and held out {q.the}.", "{h} laughed and gave away {q.the}, too.")
    s.world.give(h, s.bound["q"], w3)
    s.say(
        "c",
        "You don't know how much this helps me! Wait, I have something for you.",
        "I can't let you go without a present.",
        how="cried",
    )
    s("The {c.noun} went inside and came back with {loved}!")
    s.paragraph()
    s(
        "{h} came home with {the_loved} in {h.his} arms."
        if "tree" not in loved and "sled" not in loved
        else "{h} came home with {the_loved}."
    )
    s.say("k", "Where did you get that?", "Is that what you left with?")
    s.say(
        "h",
        "It all began with {o.a}. Then I got {p.a}, then {q.a}, and then this!",
        "I gave away {o.a}, {p.a} and {q.a}. And everyone was happy.",
        how="laughed" if s.chance(0.3) else "answering",
    )
    s.lesson(
        "h", "what one does not need may be just right for another", "giving goes around and comes back", chance=0.6
    )
