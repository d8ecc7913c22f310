"""Caring for somebody who is ill or hurt."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.tables import rows

# animal | sign | reason | cure | how long | end
ILL = rows("""
bird | could not fly | one wing was hurt | {h} made a soft nest in a box and fed it seeds | three weeks | it spread both wings and flew onto the roof
hedgehog | lay on the path and did not move | it was thin and cold | {h} put it into a box with a warm bottle and fed it cat food | the whole winter | it walked out into the spring garden, fat and round
kitten | sneezed all day | it had been out in the rain | {h} rubbed it dry and kept it close to the stove | four days | it jumped up and chased its own tail
puppy | held up one leg | there was a thorn in its paw | {h} pulled out the thorn and washed the paw every day | a week | it ran through the garden as if nothing had happened
foal | would not stand up | its legs were too weak | {h} gave it warm milk from a bottle every three hours | five days | it stood up, fell down and stood up again
squirrel | hung in the fence | its foot was stuck | {h} bent the wire apart and tied a thin stick to its leg | two weeks | it shot up the nearest tree
duckling | could not keep up with its mother | one foot was swollen | {h} let it rest in a tub of cool water | six days | it paddled after the other ducklings
rabbit | did not eat anything | one of its teeth was too long | {h} took it to the vet and then cut its carrots into tiny bits | ten days | it bit into a whole carrot, crunch
calf | coughed and shivered | the stall was cold and wet | {h} brought dry straw and put a blanket over it | a week | it came out and jumped around the yard
owl | sat on the ground in broad daylight | it had flown against a window | {h} kept it in the dark and quiet shed | two nights | it turned its head, opened its wings and was gone without a sound
lamb | bleated all night | its mother could not feed it | {h} fed it with a bottle and slept next to it | a month | it was strong enough to run with the flock
turtle | did not come out of its shell | it was too cold for it | {h} put it under a warm lamp with fresh lettuce | three days | it put out its head and began to eat
""")


def hurt_animal(s: Teller) -> None:
    h = s.hero("child")
    row = s.pick([row for row in ILL if s.setting == "farm" or row[0] not in ("foal", "calf", "lamb")])
    k = s.kin() if s.chance(0.6) else s.worker("k", only=("vet", "farmer"))
    s.thing("o", row[0], s.pick(("little", "young", "gray", "brown", "small")))
    s.bind(
        sign=row[1], why=row[2], cure=row[3], time=row[4], end=row[5], k_first="{k.N}" if k.owner else "the {k.noun}"
    )
    home = row[0] in ("kitten", "puppy", "foal", "rabbit", "calf", "lamb")
    s.outside()
    s.open()
    s.paragraph()
    if home:
        s("At home, there was {o.a}. {when}, it {sign}.")
    else:
        s("{when}, {h} found {o.a} {p.at}. It {sign}.", "{when}, {h} was {p.at}. There {h.he} saw {o.a}. It {sign}.")
    s.say(
        "h",
        "You poor thing! What is the matter with you?",
        "Oh, you need help!",
        "Don't be afraid. I want to help you.",
        how="whispered" if s.chance(0.4) else "said",
    )
    s("{h} ran to {k_first}.", "{h} called {k_first}.") if home else s(
        "{h} [wrapped it in a scarf|picked it up very gently] and carried it to {k_first}."
        if row[0] not in ("hedgehog",)
        else "{h} rolled it into a towel, because of the prickles, and carried it to {k_first}."
    )
    s("{k.N} looked at {o.the} and saw the reason: {why}.")
    s.say("h", "Will it get well again?", "Can we save it?", "What can we do?", how="asked")
    s.say(
        "k",
        "I think so, but it needs rest and somebody who cares for it.",
        "If you look after it every day, there is hope.",
        "Yes, with patience. Are you ready to help?",
        how="answering",
    )
    s.say("h", "I will do everything!", "I will look after it, I promise.", how="said")
    s.paragraph()
    s(
        "So {cure}. [{h.he} even got up at night.|{h.he} talked to it softly.|{h.he} sang to it, because that made it calm.]"
    )
    s("Once, {h.Ns} friends came and wanted to play.", "One afternoon, the others went to the [lake|fair].")
    s.say("h", "I can't come today. Somebody needs me.", "Not today. I have a patient.", how="said")
    s(
        "[Some days it was better, and some days it was worse.|At first, nothing changed.] {h} [began to worry|did not give up]."
    )
    s("Then, after {time}, {end}!")
    s.say("h", "It is well again!", "Look, look! It is healthy!", how="cried")
    s.paragraph()
    if home:
        s(
            "From then on, it followed {h.o} everywhere.",
            "After that, the {o.n} came running whenever it heard {h.Ns} voice.",
        )
    else:
        s("{h} was a little sad to see it go. [But a wild animal must be free.|But most of all, {h.he} was happy.]")
        s(
            "Sometimes, in the evening, {h.he} saw {o.a0} near the house. [Was it the same one? {h} was sure of it.|It looked at {h.him} for a moment and then went on.]"
        ) if s.chance(0.6) else None
    s.bind(x=h)
    s.lesson(
        "h",
        "care and patience can heal",
        "looking after somebody is hard work and great joy",
        "even a small animal needs a good friend",
        chance=0.7,
    )


def sick_friend(s: Teller) -> None:
    h = s.hero()
    f = s.friend()
    s.kin()
    s.bind(ill=s.pick(("a bad cold", "a fever", "a sore throat", "the chicken pox" if h.kind == "child" else "a cough", "a broken leg" if h.kind == "child" else "a bad cold")),
           event=s.pick(("the summer fair", "the lantern parade", "the big kite day", "the puppet show", "the harvest feast", "the boat race")))  # fmt: skip
    s.open(
        "{h.s} best friend was {f.N}." if h.kind == "child" else "{h.s} best friend was {f.N} the {f.noun}.",
        hobby=False,
    )
    s("They had looked forward to {event} for weeks.", "Both of them could hardly wait for {event}.")
    s.paragraph()
    s(
        "But on the morning of {event}, {f.N} did not come. {h} went to see {f.him}. {f.N} lay in bed with {ill}."
        if f.pronoun != h.pronoun
        else "But on the morning of {event}, {f.N} did not come. {h.N} went to look. {f.N} lay in bed with {ill}."
    )
    s.say(
        "f", "You must go without me. Tell me about it later.", "I can't come. Have fun, and think of me.", how="sadly"
    )
    s("{h} did not know what to say. {h.he} went to {event} with {k.N}, but {h.he} thought of {f.N} all the time.")
    s.say("h", "It is no fun to see all this alone.", "If only {f.N} could see this!", how="said")
    s.say(
        "k",
        "You can't bring {f.N} here. But perhaps you can bring something of all this to {f.him}.",
        "What would make {f.N} happy now?",
        how="said",
    )
    s("{h.s} face lit up. [That was it!|Of course!]")
    s.paragraph()
    s(
        "{h} [ran from one place to the next|went around] and collected what {h.he} could: [a paper flag, a feather and a bag of nuts|a ribbon, a red balloon and a piece of cake|a flower, a candle and some sweet bread]. And {h.he} looked at everything very closely, so that {h.he} could tell it."
    )
    s(
        "In the evening, {h.N} came to {f.Ns} bed and spread everything out. Then {h.he} [acted out|told] the whole day: [the music, the jokes and the one who fell into the water|who danced, who sang and who dropped the cake|each song, each light and each silly hat]."
    )
    s("{f.N} laughed until {f.he} coughed.")
    s.say(
        "f",
        "Now I have been there, too!",
        "It was as if I had seen it with my own eyes.",
        "This is better than any medicine!",
        how="happily",
    )
    s.thank("f", "h", 0.6)
    s.paragraph()
    s(
        "[A few days|One week] later, {f.N} was well again. [And the next year, they went together.|The first thing {f.he} did was to run to {h.N}.]"
    )
    s.lesson(
        "h",
        "joy gets bigger when one brings it to others",
        "the best medicine is a good friend",
        "a friend in bed needs a friend at the door",
    )
