"""A hunt: each clue leads to the next place."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller

CLUES = (
    ("I have hands but cannot hold", "the clock", "behind the clock"), ("I have a tongue but cannot speak", "a shoe", "in the old shoe by the door"), ("I have legs but cannot walk", "the table", "under the table"),
    ("I have teeth but cannot bite", "the comb", "under the comb"), ("I eat wood and give you warmth", "the stove", "beside the stove"), ("I have a neck but no head", "a bottle", "in the green bottle"),
    ("I get wet when others get dry", "the towel", "in the folded towel"), ("I have leaves but I am no tree", "a book", "in the biggest book"), ("I shine at night and sleep by day", "the lamp", "at the foot of the lamp"),
    ("I have an eye but cannot see", "a needle", "in the needle box"), ("I have ears but cannot hear", "the corn", "in the basket of corn"), ("I run all day but have no feet", "the tap", "next to the tap"),
    ("I have a bed but never sleep", "the stream", "beside the stream"), ("I wear a coat of bark", "the tree", "at the foot of the old tree"), ("I carry my house on my back", "the snail", "under the stone snail in the garden"),
    ("I swing all day and get nowhere", "the gate", "behind the garden gate"), ("I have feathers and carry your dreams", "the pillow", "under the pillow"), ("I stand in the yard and drink from the roof", "the rain barrel", "behind the rain barrel"),
)  # fmt: skip
ROOMY = (
    "the clock",
    "the table",
    "the stove",
    "the stream",
    "the gate",
    "the rain barrel",
    "the lamp",
    "the pillow",
    "the tree",
)


def treasure_hunt(s: Teller) -> None:
    s.hero("child")
    _f, _k = s.friend(), s.kin()
    three = s.pick([clue for clue in CLUES if clue[1] in ROOMY])
    one, two = s.pick(CLUES), s.pick(CLUES)
    s.bind(c1=one[0], a1=one[1], p1=one[2], c2=two[0], a2=two[1], p2=two[2], c3=three[0], a3=three[1], p3=three[2],
           prize=s.pick(("two chocolate coins", "a bag of marbles", "a tiny ship in a bottle", "two paper crowns", "a set of colored chalk", "a map of the stars", "two whistles", "a jar of buttons", "a game with a board and dice")))  # fmt: skip
    s.open()
    s.paragraph()
    s("{when}, {h.N} and {h.his} friend {f.N} found a note on the doorstep.")
    s.apart()
    s('It said: "{c1}. Look there!"')
    s.say("f", "It is a riddle! What can it be?", "What does that mean?", how="asked")
    s("{h} [thought hard|repeated the words three times].")
    s.say("h", "I know! It is {a1}!", "It must be {a1}!", how="cried")
    s(
        'They ran and looked. And there, {p1}, was a second note. This one said: "{c2}."',
        '{h} was right. {p1}, they found another note. "{c2}," it said.',
    )
    wrong = s.chance(0.5)
    if wrong:
        s.bind(bad=s.pick(("a giant", "a cloud", "the moon", "a goat", "the king", "an old sock")))
        s.say("h", "Maybe {bad}?", "Could it be {bad}?", how="asked")
        s.say("f", "No, that does not fit. Wait! It is {a2}!", "Not {bad}. I think it is {a2}!", how="answering")
    else:
        s.say("f", "This one is easy. It is {a2}!", "Let me try. I think it is {a2}!", how="said")
    s(
        '{f.N} was right, too. The third note was {p2}. They read it together: "{c3}."',
        'And so it was. {p2}, there was the third note: "{c3}."',
    )
    s(
        "This one was the hardest. They [walked around the house|sat down on the steps] and thought. Then they both shouted at the same time that it was {a3}.",
        "For a long time, neither of them knew the answer. Then {h.N} laughed. It was {a3}, of course!",
    )
    s.paragraph()
    s(
        "They raced each other. {p3}, there was a box. And in it were {prize}!"
        if s.bound["prize"].startswith("two")
        else "They raced each other. {p3}, there was a box. And in it was {prize}!"
    )
    s.say("f", "But who has hidden all this?", "Who wrote the notes?", how="asked")
    s(
        "{h} looked closely at the notes. There was a spot of jam on each of them. And who had been making jam all morning?"
    )
    s.say("h", "{k.V}, it was you!", "I know who it was! It was you, {k.V}!", how="cried")
    s("{k.N} [laughed|winked].")
    s.say("k", "I thought you would never find out.", "You have solved the last riddle, too.", how="said")
    s.lesson("h", "two heads solve a riddle faster than one", "those who look closely find more", chance=0.6)
    s.night("h", 0.2)
