"""Making something that fails first, for a reason."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.tables import rows

# thing | adjectives | what it was made of | how it failed | why | remedy | success | animals too
CRAFTS = rows("""
kite | red, blue, yellow | paper and two sticks | went up a little and fell down on its nose | it had no tail | tied a long tail of rags to it | rose up until it was as small as a bird | no
raft | wooden, big | six logs and a rope | sank as soon as somebody stepped on it | the logs were too wet and heavy | took dry logs and put four empty barrels below | floated as lightly as a cork | no
birdhouse | green, little | boards and nails | stayed empty for weeks | the hole was too big, and the birds were afraid of the cat | made the hole smaller and hung the house higher up | had a family of birds inside | no
boat | paper, tiny | a sheet of old newspaper | drank the water and fell apart | the paper was too thin | rubbed the paper with candle wax | sailed all the way across the pond | no
tower | tall, round | wooden blocks | fell over when the door closed | it was wider at the top than at the bottom | put the widest blocks at the bottom | did not even shake when the door closed | no
tent | big, cozy | a sheet and some chairs | came down on everybody's heads | the sheet was held by nothing | fixed the corners with clothespins | stayed up all night | no
dam | strong, long | stones and sand | was washed away in a minute | the water ran between the stones | filled the cracks with clay and moss | held so well that there was a little lake behind it | yes
cart | small, wooden | a box and four wheels | only went in circles | one wheel was smaller than the others | put on a new wheel of the same size | rolled down the hill as straight as an arrow | no
flute | little, smooth | a hollow stick | made no sound at all | there was no hole for the breath to go out | cut a small hole near the end | gave a sweet, clear sound | yes
basket | round, brown | thin twigs | broke when it was filled | the twigs were too dry | soaked the twigs in water overnight and began again | carried forty apples without a crack | yes
snow house | white, round | snow | fell in when somebody sneezed | the snow was too loose | pressed the snow into hard blocks | was warm and safe inside | yes
lantern | paper, colorful | paper and glue | caught the wind and went out | the top was open too wide | made a little roof for it | shone the whole way home | no
swing | wooden, simple | a board and a rope | hung crooked, so that one slid off | one rope was longer than the other | measured both ropes and tied them again | swung as high as the first branch | no
puppet theater | small, red | a big box and some curtains | fell forward in the middle of the play | it was too heavy at the front | put two stones at the back | stood still until the end of the play | no
nest box | little, snug | bark and moss | let the rain in | the roof was flat | made a slanted roof, so that the rain ran off | stayed dry even in a storm | yes
bridge | narrow, small | sticks | broke in the middle | the sticks were too thin for such a long way | put a strong stone under the middle | held three at once | yes
scarecrow | tall, funny | straw and old clothes | did not scare one single crow | it never moved | hung spoons on its arms, which clinked in the wind | kept every crow away | no
sail car | fast, little | a wagon and a bedsheet | stood still although there was wind | the sail hung from one side only | fixed the sail to a mast in the middle | ran along the beach like a horse | no
""")


def second_try(s: Teller) -> None:
    h = s.hero()
    row = s.pick([row for row in CRAFTS if h.kind == "child" or row[7] == "yes"])
    adjectives = [a.strip() for a in row[1].split(",")]
    s.thing("o", row[0], s.pick(adjectives))
    if "snow" in row[0]:
        s.weather = "cold"
        s.bind(when="one cold morning")
    s.bind(stuff=row[2], fail=row[3], why=row[4], cure=row[5], win=row[6])
    s.friend()
    s.elder()
    s.open()
    s.paragraph()
    s(
        "{when}, {h} had an idea: {h.he} wanted to make {o.a}. {h.he} took {stuff} and began.",
        "{when}, {h} decided to make {o.a} all by {h.self}. All {h.he} had was {stuff}.",
    )
    s(
        "{h} worked [all morning|for hours|without a break]. [{h.he} hummed while {h.he} worked.|Then it was done.|{h.he} could hardly wait to try it.]"
    )
    s("But {o.the} {fail}.", "It looked good. But when {h} tried it out, {o.the} {fail}.")
    s.say(
        "h",
        "All that work for nothing!",
        "I will never make anything again!",
        "What a stupid {o.n}!",
        how=s.pick(("cried", "groaned", "shouted")),
    )
    s("{h} [kicked a stone|threw down everything and walked off|sat down with {h.his} back to it].")
    s.paragraph()
    s("{f_intro} came along and looked at {o.the}.")
    s.say(
        "f",
        "You were almost there. Do you know why it did not work?",
        "Don't give up. Let's see what the reason is.",
        how="said",
    )
    s.say("h", "No. I did everything right.", "I have no idea.", "Because I am no good at it.", how="answering")
    s(
        "They looked at it from all sides. They tried it [once more|again] and watched closely. Then {f.N} [pointed|saw it]."
    )
    s.say("f", "Look! {why}.", "I think I know it. {why}.", how="said")
    s.say("h", "You are right! I did not see that.", "Of course! Why didn't I think of that?", how="cried")
    if s.chance(0.5):
        s("They asked {g_a} what to do about it. [Then|With this advice,] they {cure}.")
    else:
        s("So they {cure}.", "Together they {cure}.")
    s("And now? {o.the} {win}!", "This time, {o.the} {win}!")
    s.paragraph()
    s.say(
        "h",
        "Without you, I would have given up.",
        "We did it! Thank you, {f.V}!",
        "Two heads see more than one.",
        how="happily",
    )
    s.say("f", "Shall we make another one?", "What shall we make next?", how="asked") if s.chance(0.5) else None
    s.lesson(
        "h",
        "a failure can show the way",
        "it is worth asking why something went wrong",
        "the second try is often the best",
        now=("asked why when something did not work",),
    )


def stuck_fast(s: Teller) -> None:
    h = s.hero()
    s.friend("f")
    s.person("c", adjective="")
    s.person("d", adjective="little")
    animal = h.kind == "animal"
    what = s.pick((("a fallen tree", "lay across the path", "roll it aside"), ("a big stone", "lay in front of the door", "push it away"), ("a heavy log", "blocked the stream", "lift it out"),
                   ("an old boat", "lay upside down in the mud", "turn it over")) if animal else
                  (("a cart", "was stuck in the mud", "push it out"), ("a fallen tree", "lay across the road", "roll it aside"), ("an old boat", "lay upside down on the sand" if s.setting == "sea" else "lay upside down in the grass", "turn it over"),
                   ("a piano", "stood in front of the wrong house", "carry it inside"), ("a sled full of wood", "was stuck in a ditch", "pull it out")))  # fmt: skip
    noun = what[0].split(" ", 1)[1]
    s.thing("o", noun)
    s.bind(what=what[0], lay=what[1], todo=what[2])
    s.open()
    s.paragraph()
    s(
        "{when}, {h} came upon {what}. It {lay}. {h} wanted to {todo}, but it did not move.",
        "{when}, {h} found that {what} {lay}. {h.he} tried to {todo}. It did not move at all.",
    )
    s.say("h", "It is too heavy for me.", "I need help.", "Alone, I can't do it.", how="said")
    s("{f_intro} came by and helped. They pushed and pulled, but it did not move.")
    s(
        "Then {c.a} came along. {c.he} helped, too. The three of them pushed and pulled. It moved a tiny bit and then slid back."
    )
    s("{d.a}, the smallest of all, [had been watching|was sitting nearby].")
    s.say("d", "May I help?", "Can I push, too?", how="shyly")
    s.say("c", "You? You are much too small!", "What can someone as small as you do?", how="laughed")
    s.say("h", "Every bit helps. Come on!", "Four are better than three. Stand next to me!", how="said")
    s.say(
        "d",
        "But you don't push at the same time. I will count, and at three, we all push.",
        "I saw it from here: one pushes when the others rest. Let me count to three!",
        how="said",
    )
    s(
        "So {d.N} counted. One, two, three! They all pushed at the same moment. And it moved! [A little, and a little more, and then it went all in one go.|It creaked, it shook, and then it was done.]"
    )
    s.paragraph()
    s("They [fell into the grass and laughed|cheered and danced around]. {c.N} turned to {d.N}.")
    s.say(
        "c",
        "I am sorry that I laughed at you. Without you, it would still be there.",
        "You were not too small. You were just what we needed.",
        how="said",
    )
    s("{h.N} shared {treat} with all of them.")
    s.lesson(
        "h",
        "even the smallest can make the difference",
        "it helps to pull together, at the same time",
        "a clever head is as good as strong arms",
    )
