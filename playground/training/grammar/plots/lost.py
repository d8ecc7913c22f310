"""Lost and found."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller


def lost_treasure(s: Teller) -> None:
    h, o = s.hero(), s.treasure("o", "h", small=True)
    s.friend()
    p = s.spot("p")
    s.open(
        "{h} had {o.a}. {h.he} [liked|loved] to {o.use}.",
        "{h.s} favorite thing was {o.a}. Every day, {h.he} {o.used}.",
        "{h.s} [grandmother|grandfather|aunt] had given {h.him} {o.a}, and {h.he} took {o.him} everywhere.",
        "For {h.his} birthday, {h} had got {o.a}. {h.he} never went out without {o.him}.",
    )
    s.paragraph()
    s.world.go(p, h)
    s("{when}, {h.N} [went|took {o.the}] {p.to}. {h.he} played there [for a long time|until {h.he} was hungry].")
    s.scene("p")
    s.world.put(o, p)
    hole = s.chance(0.5)
    s("[At home|Back home|When {h.he} came home], {h} looked into {h.his} bag, but {o.the} {o.was} [gone|not there].")
    if hole:
        s(
            "There was a [small |big |]hole in the bag!",
            "The bag had a hole in it.",
            "And then {h.he} saw a hole in the bag.",
        )
    else:
        s("{h} turned the bag upside down. [Only crumbs fell out.|It was empty.]", "{h.he} must have dropped {o.him}.")
    s.feel("h", "sad")
    s.paragraph()
    s("{f_intro} [came by|came along|saw {h.o}|was just passing by].")
    s.ask_wrong("f", "h")
    s.say("h", "I have lost my {o.an}. I don't know where {o.he} {o.is}.", "My {o.n} {o.is} gone! I had {o.him} this morning.",
          "I can't find my {o.n} anywhere.", how="sadly")  # fmt: skip
    s.say(
        "f", "Where did you have {o.him} last?", "Where were you today?", "Where did you play?", "Where have you been?"
    )
    s.say("h", "I was {p.at}.", "I played {p.at}.", "I only went {p.to}.", how="answering")
    s.say("f", "Then let's go back and look.", "Let's look there together.", "Then we should search there. Come on!")
    s.paragraph()
    s.walk("p", "h", "f")
    s.search("f", "p", 1 + s.chance(0.6))
    s.bind(spot=s.pick(p.spots))
    finder = s.bound["f"]
    s.world.take(finder, o)
    if o.more["colour"] and o.pronoun == "it":
        s("[At last|Then|Finally], {f.N} saw something {o.colour} {spot}. It was {o.the}!")
    else:
        s("[At last|Finally|And then], {f.N} found {o.the} {spot}!")
    s.world.give(finder, o, h)
    s("{f} gave {o.the} to {h.o}.", "{f} picked {o.o} up and handed {o.him} to {h.N}.")
    s.thank("h", "f")
    s.paragraph()
    if hole:
        s(
            "[In the evening|At home], {h} [mended|sewed up] the hole in the bag[, so that nothing could fall out again|]."
        )
        s.lesson("h", "a small hole can become a big problem", "it is good to mend things in time", chance=0.5)
    else:
        s("{h} held {o.the} tight all the way home.", "This time, {h} carried {o.the} home with great care.")
        s.lesson("h", "four eyes see more than two", now=("took better care of {x.his} things",), chance=0.5)
    s.night("h")


def lost_in_the_crowd(s: Teller) -> None:
    h, _k = s.hero("child"), s.kin()
    s.worker()
    s.open()
    s.paragraph()
    s.bind(
        fair=s.pick(
            ("market", "fair", "zoo", "train station", "harbor festival", "flower show", "big department store")
        )
    )
    s("{when}, {k.N} took {h.o} to the {fair}.", "{when}, {h.N} went to the {fair} with {k.N}.")
    s.bind(crowd=s.pick(("so many people that {h.N} could only see coats and bags", "people everywhere",
                         "a great crowd, and it was very noisy")))  # fmt: skip
    s("There [was|was] {crowd}." if "crowd," in s.bound["crowd"] else "There were {crowd}.")
    s.say("k", "If we lose each other, stay where you are. I will find you.",
          "Should you ever get lost, don't run around. Wait in one place.", how="said")  # fmt: skip
    s.bind(wonder=s.pick(("a parrot that could whistle", "a man who juggled five eggs", "a puppet that danced on strings",
                          "a cage full of singing birds", "a woman who blew giant soap bubbles", "a tiny train in a window",
                          "a clown with a purple nose", "a tower of colored candy")))  # fmt: skip
    s("Then {h} saw {wonder}. {h.he} stopped to look.", "On the way, {h} stopped to look at {wonder}.")
    s("When {h} turned around, {k.N} was gone!", "A minute later, {h} looked up. {k.N} was nowhere to be seen!")
    s.paragraph()
    s("{h.s} heart beat fast. {h.he} wanted to run, but then {h.he} remembered {k.Ns} words.",
      "First {h} wanted to cry. But {k.s} words came back to {h.him}.")  # fmt: skip
    s("So {h} stood still [beside|next to] [a lamp post|a big clock|a bench|a stone lion|a fountain] and waited.")
    s("{g.a} [came up to {h.o}|bent down to {h.o}|saw {h.o} standing there].")
    s.say("g", "Are you all alone, little one?", "Have you lost somebody?", how="asked kindly")
    s.say("h", "I have lost my {k.noun}. I am waiting, because {k.he} will come back.",
          "My {k.noun} is gone. {k.he} told me to stay in one place.", how="answering")  # fmt: skip
    s.bind(
        sign=s.pick(
            ("a green hat", "a yellow scarf", "a long gray coat", "a straw hat", "a striped sweater", "red shoes")
        )
    )
    s.say(
        "g",
        "That is clever. What does {k.he} look like?",
        "Very good. Then I will wait with you. What is {k.he} wearing?",
    )
    s.say("h", "{k.he} is wearing {sign}.", "{k.he} has {sign}.", how="said")
    s("The {g.noun} was tall and looked over all the heads.")
    s.say("g", "I see {sign} over there!", "Look, somebody with {sign} is coming this way!")
    s.paragraph()
    s("It was {h.Ns} {k.noun}. {k.he} [ran to {h.him}|pushed through the crowd] and hugged {h.him} tight.")
    s.bind(x=h)
    s.say("k", "You stayed where you were! I am so proud of you, {h.V}.", "How clever of you to wait, {h.V}!")
    s(
        "They thanked the {g.noun} and bought {treat} to share.",
        "Hand in hand, they went on. The {g.noun} waved after them.",
    )
    s.lesson("h", "it is best to stay in one place when one is lost", now=("held on tight in every crowd",))


def lost_pet(s: Teller) -> None:
    h, a = s.hero("child"), s.pet()
    s.friend()
    p, q = s.spot("p"), s.spot("q")
    s.open("{h} had {a.a}. {a.N} loved to {a_likes}.",
           "{h.s} best friend was {a.a}, who loved to {a_likes}.", hobby=False)  # fmt: skip
    s.paragraph()
    s("{when}, {h} forgot to close the [gate|door|back door]. When {h.he} came to feed {a.N}, nobody was there.",
      "{when}, the wind blew the [gate|door] open. When {h.N} looked for {a.N}, the {a_bed} was empty.")  # fmt: skip
    s.say("h", "{a.N}! Where are you?", "{a.N} is gone!", how="called" if s.chance(0.5) else "cried")
    s("{f_intro} [came to help|heard {h.o} and came at once].")
    s.say("f", "Let's think. What does {a.N} like best?", "Don't worry. Where would you go if you were {a.N}?")
    s.say("h", "{a.N} loves to {a_likes}. And {a.he} never says no to {a_food}.",
          "Well, {a.N} likes {a_food}, and {a.he} likes to {a_likes}.", how="answering")  # fmt: skip
    s.say("f", "Then take some {a_food} along.", "Good. Let's take some {a_food} with us.")
    s.paragraph()
    s.world.go(p, h, s.bound["f"])
    s("They looked {p.at}, but {a.N} was not there.", "First they searched {p.at}.")
    s.search("h", "p", 1)
    s.walk("q", "h", "f")
    s.bind(spot=s.pick(q.spots))
    s(
        "{h} shook the bag of {a_food}. [For a moment, all was quiet.|They waited and listened.]"
        if a.noun != "kitten" and s.bound["a_food"] not in ("milk", "warm milk")
        else "{h} put down a bowl of {a_food}, and they waited."
    )
    s("Then something moved {spot}. Out came {a.N}, [dirty but happy|wet and hungry|with leaves all over {a.him}]!",
      "Then they heard a small noise {spot}. It was {a.N}!")  # fmt: skip
    s(
        "{a.N} ate the {a_food}[ and looked very pleased|] while {h.N} [stroked|held] {a.him}."
        if "milk" not in s.bound["a_food"]
        else "{a.N} drank the {a_food} while {h.N} stroked {a.him}."
    )
    s.say("h", "I was so worried about you!", "I will never lose you again!", "There you are! I missed you so much!")
    s.paragraph()
    s.thank("h", "f")
    s(
        "They carried {a.N} home[ in their arms|, taking turns|]."
        if a.noun not in ("pony", "lamb", "goat", "dog")
        else "They led {a.N} home."
    )
    s.lesson("h", "one must think like a {a.noun} to find a {a.noun}",
             now=("always closed the gate", "looked twice whether the door was shut"))  # fmt: skip
    s.night("h", 0.2)


def found_purse(s: Teller) -> None:
    h = s.hero()
    p = s.spot("p")
    o = s.thing("o", s.pick(("purse", "wallet", "bag of coins", "ring", "watch", "silver brooch", "gold chain")),
                s.pick(("little", "old", "fine", "heavy", "lovely")))  # fmt: skip
    s.friend()
    g = s.elder() if h.kind == "animal" else s.worker()
    s.open()
    s.paragraph()
    s("{when}, {h.N} was walking {p.at}.", "{when}, {h.N} was on {h.his} way {p.to}.")
    s.scene("p")
    s.world.go(p, h)
    s.world.put(o, p)
    s.world.take(h, o)
    s.bind(spot=s.pick(p.spots))
    s("{spot}, something [was shining|was lying on the ground]. It was {o.a}!",
      "Then {h} stepped on something {spot}. It was {o.a}!")  # fmt: skip
    s("{h} picked {o.him} up.")
    s("{f_intro} [was with {h.him}|came running] and looked at {o.him}, too.")
    s.say(
        "f",
        "Lucky you! Now you can keep {o.him}.",
        "Finders keepers! Nobody saw us.",
        "Keep {o.him}! We could buy so many things.",
    )
    s.say("h", "No. Somebody must be very sad now.", "But it is not mine. Somebody is looking for {o.him}.",
          "It does not belong to us. How would you feel if you had lost {o.him}?")  # fmt: skip
    s("{f.N} [thought about it|looked at {f.his} feet].")
    s.say("f", "You are right. Let's find the owner.", "That is true. I would be sad, too.", how="said")
    s.paragraph()
    s(
        'They asked [everyone they met|one after the other]. ["Not mine," said a {other}.|A {other} only smiled and said no.]'.replace(
            "{other}",
            s.pick(
                ("hen", "sheep", "rabbit", "young fox")
                if h.kind == "animal"
                else ("man with a dog", "woman with a basket", "boy on a bike", "girl with a kite")
            ),
        )
    )
    s("Then they saw {g_a} [who was|who was] looking at the ground [with worried eyes|and sighing].")
    s.say("h", "Have you lost something?", "Excuse me, are you looking for something?")
    s.say("g", "Yes, my {o.an}! It was a present from my [mother|father|sister|brother].",
          "Oh yes! My {o.an} is gone, and I need it so much.", how="answering")  # fmt: skip
    s.world.go(p, g)
    s.world.give(h, o, g)
    s(
        "{h} held out {o.the}. {g.Ns} eyes [grew wide|lit up].",
        "{h} gave {o.the} to {g.o}. {g.N} could hardly believe it.",
    )
    s.about("g", "h")
    s.say(
        "g",
        "What an honest {h.noun} you are! Thank you!",
        "Thank you! There are not many like you.",
        "Bless you! You have made me so happy.",
    )
    s.paragraph()
    s("As a thank-you, {g.N} gave them {treat}.", "{g.N} invited both friends to {treat}.")
    s.say(
        "f",
        "I am glad that we did not keep {o.him}.",
        "Being honest feels good.",
        "This is better than any {o.n}.",
        how="happily",
    )
    s.lesson(
        "h",
        "an honest heart is worth more than gold",
        "giving back what is not yours makes two people happy" if h.kind == "child" else "honest friends sleep well",
        chance=0.5,
    )
    s.night("h", 0.2)
