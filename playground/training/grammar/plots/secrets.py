"""Secrets to keep, and one to tell."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller


def secret_present(s: Teller) -> None:
    h = s.hero("child")
    k = s.kin()
    o = s.thing("o", *s.pick((("scarf", "striped"), ("birdhouse", "blue"), ("picture", "big"), ("calendar", "painted"), ("necklace", "silver"),
                              ("footstool", "wooden"), ("cushion", "soft"), ("tea cup", "painted"), ("photo frame", "round"), ("kite", "yellow"))))  # fmt: skip
    making = {"scarf": "knitted a few rows", "birdhouse": "sawed and hammered", "picture": "painted a little more", "calendar": "finished another page", "necklace": "threaded ten more beads",
              "footstool": "sanded the wood", "cushion": "sewed a few stitches", "tea cup": "painted another flower", "photo frame": "glued on some more shells", "kite": "glued and tied"}[o.noun]  # fmt: skip
    trace = {"scarf": ("bits of wool", "a sheep"), "birdhouse": ("sawdust", "a woodworm"), "picture": ("paint", "a rainbow"), "calendar": ("scraps of paper", "a goat that had eaten a book"),
             "necklace": ("tiny beads", "a magpie"), "footstool": ("sawdust", "a woodworm"), "cushion": ("threads", "a spider"), "tea cup": ("paint", "a rainbow"),
             "photo frame": ("sand and glue", "a crab"), "kite": ("glue", "a snail")}[o.noun]  # fmt: skip
    place = s.pick(("attic", "shed", "cellar", "barn" if s.setting == "farm" else "old tree house"))
    s.bind(making=making, trace=trace[0], like=trace[1], place=place, day=s.pick(("birthday", "birthday", "name day")))
    s.open(
        "Soon it would be {k.Ns} {day}, and {h} had a secret.",
        "{h} had a secret. Nobody knew it, not even the cat.",
        hobby=False,
    )
    s("In the {place}, {h.he} was making {o.a} for {k.N}.")
    s.paragraph()
    s(
        "Every day after school, {h} went to the {place} and {making}. [Nobody was allowed to come in.|The door stayed shut.]"
    )
    s("{when}, {k.N} looked at {h.o}." if k.pronoun != h.pronoun else "{when}, {k.N} looked at {h.N}.")
    s.say(
        "k",
        "Where are you going all the time?",
        "What are you doing in the {place}, {h.V}?",
        "Why are you so late for supper?",
    )
    s.say("h", "Oh, nothing.", "I can't tell you. Not yet.", "I am only playing.", how="answering")
    s.say(
        "k",
        "There is {trace} on your sleeve. You look like {like}!"
        if trace[0] in ("paint", "sawdust", "glue", "sand and glue")
        else "There are {trace} on your sleeve. You look like {like}!",
        how="laughed",
    )
    s("{h} turned red and ran off. That was close!")
    s.maybe(
        "It was hard to keep the secret. [At night, {h} almost talked in {h.his} sleep.|Once, {h.he} put both hands over {h.his} mouth.] When {h.he} could not bear it any longer, {h.he} whispered it to the [cat|dog|old apple tree], and then it was better."
    )
    s("One evening, {k.N} walked toward the {place} to get a [ladder|box].")
    s.say("h", "Stop! I will get it for you!", "Wait! Let me go, please!", how="cried")
    s("{h} was so quick that {k.N} only [smiled|shook {k.his} head].")
    s.paragraph()
    s("Then the {day} came. {h} [put {o.the} on the table|brought {o.the}], and {h.his} hands were shaking.")
    s.say("k", "Did you make this all by yourself?", "So that is what you did in the {place}!", how="cried")
    s.say("h", "Yes! And I did not tell anyone.", "Now I can tell you everything at last!", how="proudly")
    s(
        "{k.N} hugged {h.o} for a long time. [{o.the} got the best place in the house.|It was the best present of all.]"
        if k.pronoun != h.pronoun
        else "{k.N} hugged {h.N} for a long time. [It was the best present of all.|Nobody had ever made such a thing for {k.him}.]"
    )
    s.lesson("h", "a good secret makes somebody happy in the end", "waiting makes the joy bigger", chance=0.6)
    s.night("h", 0.3)


def secret_to_tell(s: Teller) -> None:
    h = s.hero("child")
    s.friend()
    k = s.kin()
    bad = s.pick((("climbs onto the roof of the old mill", "the boards are rotten", "climbed onto the roof", "a rope and a long ladder"),
                  ("goes out on the ice alone", "the ice is thin", "went out on the ice", "a long plank"),
                  ("sleeps in the old quarry at night", "stones fall down there", "went to the quarry", "a lamp and blankets"),
                  ("has eaten berries that nobody knows", "some of them are bad", "ate the berries again", "a doctor"),
                  ("swims in the wild part of the river", "the water is too strong", "swam there again", "a boat and a rope")))  # fmt: skip
    if "ice" in bad[0]:
        s.weather = "cold"
        s.bind(when="one winter morning")
    s.bind(bad=bad[0], why=bad[1], again=bad[2], tool=bad[3])
    s.open("{h.s} best friend was {f.N}. They told each other everything.", hobby=False)
    s.paragraph()
    said = {"climbs onto": "I climb onto the roof of the old mill", "goes out": "I go out on the ice alone", "sleeps in": "I sleep in the old quarry at night",
            "has eaten": "I eat the red berries behind the school", "swims in": "I swim in the wild part of the river"}[" ".join(bad[0].split()[:2])]  # fmt: skip
    s.bind(said=said)
    s("{when}, {f.N} [leaned close|took {h.N} aside].")
    s.say(
        "f",
        "I have a secret. {said}. You must not tell anyone!",
        "Can you keep a secret? {said}. Promise that you will not tell!",
        how="whispering",
    )
    s(
        "{h} promised it. But {h.he} did not feel well. {h.he} knew that {why2}.".replace(
            "{why2}", bad[1].replace(" is ", " was ").replace(" are ", " were ").replace("fall ", "fell ")
        )
    )
    s.say("h", "Please don't do that. It is dangerous.", "But what if something happens to you?", how="said")
    s.say("f", "Nothing will happen. And you promised!", "Don't be such a baby!", how="answering")
    s(
        "That night, {h} could not sleep. [The secret lay in {h.his} belly like a stone.|{h.he} turned from one side to the other.]"
    )
    s.paragraph()
    s("{k.N} saw that {h.he} was still awake." if k.pronoun != h.pronoun else "{k.N} saw that {h.N} was still awake.")
    s.say("k", "Is something wrong, {h.V}?", "What is on your mind, {h.V}?", how="asked")
    s.say("h", "I know something, but I must not tell it.", "I have promised to be silent.", how="answering")
    s.bind(x=h)
    s.say("k", "There are good secrets and bad ones. A good secret makes you happy. Does this one make you happy?",
          "If somebody could get hurt, you may tell. That is not a betrayal.", how="kindly")  # fmt: skip
    s(
        "Then {h} told {k.o} everything. {k.N} stood up at once. {k.he} called {f.Ns} parents, and they ran out with {tool}."
        if "doctor" not in bad[3]
        else "Then {h} told {k.o} everything. {k.N} stood up at once and called {f.Ns} parents and {tool}."
    )
    s(
        "They came just in time. {f.N} "
        + {
            "climbs": "was hanging on to a broken board",
            "goes": "was standing on a piece of ice that had broken off",
            "sleeps": "was sitting in the dark with a hurt foot",
            "has": "was in bed with a terrible bellyache",
            "swims": "was holding on to a branch in the cold water",
        }[bad[0].split()[0]]
        + ", and soon {f.he} was safe."
    )
    s.paragraph()
    s("At first, {f.N} was angry. But the next day, {f.he} came to {h.N} [with a white face|very quietly].")
    s.say(
        "f",
        "Without you, nobody would have come. Thank you for telling.",
        "You did the right thing. I was silly.",
        how="said",
    )
    s.say("h", "I was so afraid for you.", "I am only glad that you are safe.", how="answering")
    s.lesson("h", "a secret that hurts somebody must be told", "a good friend speaks up when there is danger")


def secret_den(s: Teller) -> None:
    h = s.hero()
    s.friend()
    s.person("c", adjective="little")
    s.spot(only=("meadow", "forest", "hill", "clearing", "garden", "orchard", "stream"))
    s.bind(
        spot=s.pick(
            (
                "behind a thick bush",
                "between three trees",
                "under hanging branches",
                "behind a fallen log",
                "in the middle of the ferns",
            )
        ),
        word=s.pick(
            ("blueberry", "moonlight", "pancake", "thunderbolt", "dandelion", "marmalade", "peppermint", "snowflake")
        ),
    )
    s.open(
        "{h} and {f.N} were best friends." if h.kind == "child" else "{h} and {f.N} the {f.noun} were best friends.",
        hobby=False,
    )
    s.apart()
    s.paragraph()
    s("{when}, the two friends built a secret den {p.at}. It was hidden {spot}, so that nobody could see it.")
    s("They made a roof out of [branches|ferns and leaves] and a [carpet|floor] of [moss|dry grass].")
    s(
        "Whoever wanted to come in had to say the secret word. It was {word}.",
        "The secret word was {word}. Only those who knew it could come in.",
    )
    s.paragraph()
    s("A few days later, {c.a} [stood|was standing] in front of the den.")
    s.say("c", "May I come in?", "What is that? Can I play with you?", how="shyly")
    s.say("f", "No! It is our secret. Go away!", "Only if you know the word, and you don't.", how="said")
    s(
        "{c.N} went away with a sad face. {h} looked after {c.o}. [It was quiet in the den now.|The den did not feel so cozy anymore.]"
    )
    s.say(
        "h",
        "{c.N} has nobody to play with. We had each other when we were new here.",
        "What is a den good for if it makes somebody sad?",
        how="said",
    )
    s.say("f", "But it is our secret!", "Then it will not be a secret anymore.", how="answering")
    s.say("h", "A secret can be shared by three.", "We can choose who knows it.", how="answering")
    s(
        "{f.N} thought about it. Then {f.he} nodded. They [ran|hurried] after {c.N} and [caught up with {c.him}|found {c.him} on a stone]."
    )
    s("{h.N} whispered something into {c.Ns} ear.")
    s.say("c", "{word}!", how="said with shining eyes")
    s.paragraph()
    s(
        "From then on, there were three of them. {c.N} had [good ideas|clever ideas], too: {idea}.".replace(
            "{idea}",
            s.pick(
                (
                    "a window with a view",
                    "a bell made of shells",
                    "a secret back door",
                    "a shelf for nuts and stones",
                    "a flag with three stars",
                )
            ),
        )
    )
    s.say("f", "How did we ever manage with two?", "I am glad that you asked, {h.N}.", how="said")
    s.lesson("h", "a secret is nicer when it leaves nobody out", "there is room for one more in every den", chance=0.7)
