"""Too much of a good thing."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.people import EVERY


def too_many(s: Teller) -> None:
    s.hero()
    s.kin()
    sweets = s.pick((("cherries", "a bowl of", "cherry"), ("plums", "a basket of", "plum"), ("cookies", "a tin of", "cookie"), ("pancakes", "a stack of", "pancake"),
                     ("strawberries", "a bucket of", "strawberry"), ("honey cakes", "a plate of", "honey cake"), ("dumplings", "a pot of", "dumpling"), ("blackberry tarts", "a tray of", "tart")))  # fmt: skip
    s.bind(
        many=sweets[0],
        full=sweets[1],
        one=sweets[2],
        guests=s.pick(
            (
                "the guests in the evening",
                "the feast tomorrow",
                "grandmother's birthday",
                "the neighbors who helped us",
            )
        ),
    )
    s.open(
        "There was nothing that {h.he} liked more than {many}.", "{h} could never get enough of {many}.", hobby=False
    )
    s.paragraph()
    s("{when}, there was {full} {many} on the table.")
    s.say(
        "k",
        "You may have three, {h.V}. The others are for {guests}.",
        "Take two, {h.V}, but leave the rest. They are for {guests}.",
        how="said",
    )
    s("Then {k.N} went out. {h} ate one, and it was {*yum}. Then {h.he} ate another.")
    s.say("h", "One more will not matter.", "Nobody counts them.", "Just this one.", how="thought")
    s(
        "So {h} took one more. And one more. And another, because it looked so lonely. Then there was only one {one} left, and {h.he} ate that, too."
    )
    s("{h} [looked into the empty dish|looked around]. [Oh dear!|Not one was left.]")
    s.paragraph()
    s("A little later, {h.s} belly began to hurt. It was as tight as a drum. {h} lay down and groaned.")
    s("{k.N} came back and saw the empty dish. Then {k.he} saw {h.o}.")
    if s.chance(0.5):
        s.say("k", "Did you eat all of them?", "{h.V}! Is this your work?")
        s.say(
            "h", "Yes, and now my belly hurts so much!", "Yes. I could not stop, and now I feel terrible.", how="sadly"
        )
    else:
        s.say("k", "What happened to the {many}?", "Where are all the {many}?")
        s.say(
            "h", "I ate them, and now my belly hurts so much!", "They are all in my belly, and it hurts!", how="sadly"
        )
    s("{k.N} did not scold. {k.he} [made a pot of mint tea|brought a cup of hot tea] and sat down next to {h.N}.")
    s.say(
        "k",
        "I think your belly has told you enough. But what shall we give to the others?",
        "You need no other punishment. But now we have nothing for {guests}.",
        how="said",
    )
    s("{h} thought about it. When the pain was gone, {h.he} got up.")
    s.say(
        "h",
        "I will help you to make new ones, and I will not eat a single one.",
        "We can make new ones. I will do all the stirring, and I will not lick the spoon.",
        how="said",
    ) if sweets[0] not in ("cherries", "plums", "strawberries") else s.say(
        "h",
        "I will pick new ones, and I will not eat a single one.",
        "Give me the basket. I will go and pick new ones right now.",
        how="said",
    )
    s("It took until evening. {h} kept {h.his} word[, although it was hard|].")
    s.lesson(
        "h",
        "three can taste better than thirty",
        "too much of a good thing is not good",
        "one should think of the others, too",
        now=("stopped when {x.he} had had enough",),
        chance=0.9,
    )


def more_and_more(s: Teller) -> None:
    s.hero("animal", animals=EVERY)
    s.friend()
    nuts = s.pick(("nuts", "acorns", "berries", "apples", "seeds", "mushrooms"))
    s.bind(
        nuts=nuts,
        last=s.pick(
            (
                "up in the thin branches",
                "on the other side of the water",
                "at the very edge of the cliff",
                "under a loose stone",
            )
        ),
    )
    s.open("{h} always wanted to have more than the others.", hobby=False)
    s.paragraph()
    s(
        "Autumn had come, and everyone was gathering {nuts} for the winter. {h} already had [a big sack|a whole heap]. But {h.he} saw that {f.N} the {f.noun} had a sack, too."
    )
    s.say("h", "I must have more!", "That is not enough for me!", how="thought")
    s("So {h} gathered all the {nuts} that {h.he} could find. {h.he} did not leave any for the others.")
    s.say("f", "Please leave some for us.", "You have so many. Can't you stop now?", how="said")
    s.say("h", "Whoever comes first takes all!", "You should have been faster!", how="answering")
    s(
        "The sack got fuller and fuller. One last lot of {nuts} was {last}. {h} [stretched as far as {h.he} could|crept nearer with the sack on {h.his} back]."
    )
    s(
        "Then it happened. The sack was so full that it tore, and {h} slipped and fell. All the {nuts} rolled down into the [river|stream] and were gone."
    )
    s.feel("h", "sad")
    s.say("h", "Now I have nothing at all!", "All gone! What shall I eat this winter?", how="cried")
    s.paragraph()
    s(
        "The others [had seen it|stood around]. Nobody laughed. {f.N} opened {f.his} sack and put a heap of {nuts} in front of {h.N}. Then another one did the same, and another."
    )
    s.say("h", "Why do you help me? I did not leave you any.", "I don't deserve this.", how="whispering")
    s.say("f", "Because nobody should be hungry in winter.", "Because together we have enough.", how="answering")
    s(
        "{h} was so ashamed that {h.he} could not speak. Then {h.he} got up and helped the others, all day, until every store was full."
    )
    s("In winter, they often sat together and shared {treat}.") if s.chance(0.6) else None
    s.lesson(
        "h",
        "enough is as good as a feast",
        "those who want everything may lose everything",
        "friends are the best store for the winter",
    )
