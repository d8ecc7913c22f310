"""At home: a baby, a tooth, a tired parent."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.english import past
from playground.training.grammar.teller import Teller
from playground.training.grammar.words import names


def new_baby(s: Teller) -> None:
    h = s.hero()
    s.kin("k", only=("mother", "father", "mom", "dad", "grandmother", "grandfather"))
    pron = s.pick(("he", "she"))
    baby = s.bound["b"] = s.person("b", adjective="")
    baby.pronoun, baby.noun = pron, "brother" if pron == "he" else "sister"
    if baby.kind == "child":
        baby.name = s.fresh_name(names.BOYS if pron == "he" else names.GIRLS)
    s.bind(song=s.pick(("the song about the moon", "a silly song about a duck", "the song of the three frogs", "a song without words")),
           play=s.pick(("play ball", "climb trees", "build towers", "run", "tell jokes")))  # fmt: skip
    s.open(
        "One day, {h} got a little {b.noun}. {b.his} name was {b.N}.",
        hobby=False,
    )
    s.paragraph()
    s.maybe(
        "Everyone came to see the baby. [They brought presents and whispered.|They said how sweet it was.] Nobody looked at {h.N}."
    )
    s.say("h", "Look what I can do!", "Will you read to me?", "Can you play with me now?", how="said")
    s.say("k", "Not now. The baby is asleep.", "Later, {h.V}. I have to feed the baby.", how="answering")
    s(
        "It was always like that. And {b.N} could not even {play}. [{b.he} only slept, drank and cried.|{b.he} could do nothing but cry.]"
    )
    s.say("h", "I wish there were no baby.", "Nobody loves me anymore.", how="thought")
    s.paragraph()
    s(
        "One [afternoon|evening], {b.N} cried and cried. {k.N} walked up and down with the baby. [Nothing helped.|No song and no tea would help.] {k.N} was so tired that {k.his} eyes fell shut."
    )
    s.say("k", "I don't know what to do anymore.", "What can be wrong?", how="sighed")
    s("{h} came closer. {h.he} remembered {song}, and softly {h.he} began to sing it.")
    s(
        "{b.N} stopped crying and looked at {h.N} with big eyes. Then something wonderful happened. The baby smiled, for the very first time!"
    )
    s.bind(x=h)
    s.say("k", "That smile was for you, {h.V}.", "Nobody else could do that. Only you!", how="said")
    s.say("h", "Really? Did I do that?", "Only for me?", how="asked")
    s("{k.N} [put one arm around {h.N}|drew {h.N} close].")
    s.say(
        "k",
        "There is enough love here for two. It does not get less when it is shared.",
        "I was so tired that I forgot to tell you how much I love you.",
        how="kindly",
    )
    s.paragraph()
    s("From then on, {h} sang to {b.N} every evening, and afterward, {k.N} had time for {h.N} alone.")
    s.lesson("h", "love gets bigger when it is shared", "it is something special to be the older one")
    s.night("h", 0.2)


def loose_tooth(s: Teller) -> None:
    h = s.hero("child")
    s.friend()
    s.kin()
    s.bind(tries=s.pick(("bit into an apple", "chewed a hard crust of bread", "pushed it with {h.his} tongue all day", "ate a whole carrot")),
           lost=s.pick(("a sneeze", "a big bite of toast", "a loud laugh", "a somersault", "the last note of a song")))  # fmt: skip
    s.open("{h} had a loose tooth. It wobbled, but it did not come out.", hobby=False)
    s("All of {h.his} friends had gaps already, only {h} did not.")
    s.paragraph()
    s("{when}, {h} {tries}. The tooth only wobbled.")
    s("{f_intro} came with a piece of string.")
    s.say(
        "f",
        "We tie it to the door, and then I slam it!",
        "My brother did it like this: string, door, bang!",
        how="said",
    )
    s.say("h", "No, thank you! That sounds terrible.", "Never! I would rather keep it.", how="cried")
    s.say(
        "k",
        "Leave it alone. It will come out when it is ready.",
        "A tooth has its own time, like an apple on a tree.",
        how="said",
    )
    s.say("h", "But I want to have a gap, too!", "When will it be ready?", how="")
    s("A day went by, and another. {h} almost forgot about the tooth.")
    s.paragraph()
    s(
        "And then it came out with {lost}! It lay on the floor, small and white. It had not hurt at all."
        if s.bound["lost"] != "a big bite of toast"
        else "And then it came out with {lost}! There it was, small and white, in the middle of the butter. It had not hurt at all."
    )
    s.say("h", "My tooth! I have a gap!", "It is out! It is out!", how="shouted")
    s(
        "{h} ran to the mirror and grinned. {h.he} could even whistle through the gap. [It sounded like a little train.|{k.N} had to laugh.]".replace(
            "{h.he} could", h.pronoun.capitalize() + " could"
        )
    )
    s(
        "In the evening, {h} put the tooth under {h.his} pillow. The next morning, there was {gift} in its place.".replace(
            "{gift}",
            s.pick(
                ("a shiny coin", "a tiny book", "a glass marble", "a new toothbrush with stars", "a chocolate coin")
            ),
        )
    )
    s(
        "{h} showed it to {f.N}. They whistled through their gaps, both at the same time, until {k.N} covered {k.his} ears."
    )
    s.lesson(
        "h",
        "some things come when one stops waiting for them",
        "everything has its own time",
        "one does not have to be the first",
    )


def tired_parent(s: Teller) -> None:
    h = s.hero()
    s.kin("k", only=("mother", "father", "mom", "dad", "grandmother", "grandfather"))
    s.friend()
    jobs = [s.pick(("wash the cups", "sweep the floor", "fold the clothes", "water the plants", "set the table", "make the beds", "peel the potatoes", "bring in the wood", "dust the shelves", "feed the hens")
                   if h.kind == "child" else ("sweep the floor", "gather wood", "fetch water", "shake out the moss beds", "crack the nuts", "sort the berries", "stack the acorns", "clean the doorstep")) for _ in range(3)]  # fmt: skip
    s.bind(j1=jobs[0], j2=jobs[1], j3=jobs[2])
    s.bind(p1=past(jobs[0]), p2=past(jobs[1]), p3=past(jobs[2]))
    s.open()
    s.paragraph()
    s(
        "{when}, {h} wanted to go out and play. {f_intro} was already waiting. But {k.N} was sitting on a chair and had {k.his} head in both hands."
        if h.kind == "child"
        else "{when}, {h} wanted to go out and play. {f_intro} was already waiting. But {k.N} was lying there with closed eyes."
    )
    s.say("h", "Are you ill?", "What is the matter with you?", how="asked")
    s.say(
        "k",
        "Only tired. I still have to {j1}, {j2} and {j3}.",
        "No, I am just so tired. And I must {j1}, {j2} and {j3} before tonight.",
        how="answering",
    )
    s(
        "{h} looked out at the sunshine. Then {h.he} looked at {k.N}."
        if s.weather in ("sunny", "warm")
        else "{h} looked outside. Then {h.he} looked at {k.N}."
    )
    s.say("h", "You rest. I will do it.", "Close your eyes. I have an idea.", how="said")
    s("{h} ran out to {f.N}.")
    s.say("h", "I can't play today. I have to help at home.", "I have to {j1}, {j2} and {j3} first.", how="said")
    s.say("f", "Then I will help you! With two, it goes faster.", "Let's make a game of it!", how="answering")
    s.paragraph()
    s(
        "So {h.N} {p1}, and {f.N} {p2}. It was a race, and nobody was allowed to make a sound. Once, {f.N} dropped [a spoon|something], and they both held their breath. But {k.N} did not wake up."
    )
    s(
        "Then the two friends {p3} together. [They were finished before noon.|When they were done, everything looked fresh and clean.]"
    )
    s("{k.N} woke up and [rubbed {k.his} eyes|looked around].")
    s.say("k", "Am I still dreaming? Who has done all this?", "Have the fairies been here?", how="asked")
    s.say("h", "That was us!", "We did. And now you have time.", how="answering")
    s.bind(x=h)
    s.say(
        "k",
        "You could not have given me anything better.",
        "I have slept, and I have the best helpers in the world.",
        how="said",
    )
    s("And because there was nothing left to do, {k.N} came out and played with them until supper. They had {treat}.")
    s.lesson("h", "work is lighter when friends help", "a little help can make a whole day better", chance=0.6)
