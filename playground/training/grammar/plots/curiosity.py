"""Curiosity with a small mishap, and what follows from it."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.people import EVERY
from playground.training.grammar.words.tables import rows

# thing | adjectives | warning | where it was | what the hero did | what came of it | why | how it was put right | what was good about it
MISHAPS = rows("""
jar | big, brown | Don't shake it | on the kitchen shelf | shook the jar to hear what was inside | Red juice shot up to the ceiling and dripped on everything | the fruit in the jar was full of bubbles | scrubbed the floor and the table until they shone | the last cup of juice was delicious
box | wooden, flat | Please don't open it | in the hall | lifted the lid just a little | A hundred crickets jumped out and hid all over the house | the crickets had been waiting for a bit of light | caught the crickets one by one with a glass | that night, the three crickets that were left sang a song
button | red, round | Don't press it | on the old machine in the shed | pressed the button with one finger | The machine began to shake and blew flour over everything | the button started the old mill | swept up the flour, a whole bucket of it | there was enough flour for pancakes
gate | green, old | Keep it closed | behind the barn | opened the gate to see what was behind it | Nine goats came out and ate the beans | the goats had been hungry for green leaves | led the goats back with a bunch of carrots | one of the goats followed like a dog from then on
bucket | blue, full | Don't put your hand in | next to the new fence | put one hand into the bucket | The hand came out as blue as the sky, and it would not come off | it was paint for the boats | scrubbed the hand with sand and soap | the blue prints on the fence looked so nice that they stayed there
bottle | green, little | Don't pull out the cork | on the windowsill | pulled out the cork to smell it | A smell of old fish filled the whole house | it was food for the roses | opened every window and waved a towel | the roses grew taller than ever that year
chest | old, dusty | It is better to leave it closed | in the attic | climbed in and pulled down the lid | The lid fell shut, and it was dark inside | the lock was rusty | knocked and called until somebody came with a key | under the old coats lay a funny hat
rope | long, thick | Don't pull it | in the bell tower | pulled the rope with all {h.his} might | The big bell rang, and the whole village came running with buckets | the bell was rung only when there was a fire | told everyone the truth and said sorry | now everyone knew that the buckets were ready
nest | gray, round | Don't touch it | under the roof | poked the nest with a stick | Wasps flew out, and one of them stung {h.him} on the nose | the wasps had to guard their eggs | held a cold cloth on the nose until it stopped hurting | {h} knew a lot about wasps after that
bag | big, heavy | Don't look inside | behind the door | untied the string and looked inside | Hundreds of beans rolled over the floor and down the stairs | the bag had been filled up to the top | picked up the beans, every single one | a bean that nobody had seen began to grow between two stones
pot | black, small | Don't stir it | on the stove | stirred the pot and put in some more of the white powder | Foam came out of the pot and ran over the stove | the white powder made the dough rise | wiped up the foam with six towels | the foam had made the old stove as clean as new
hose | green, long | Leave the tap alone | in the garden | turned the tap as far as it would go | The hose danced like a snake and made everyone wet | there was nobody at the other end to hold it | hung all the wet clothes on the line | it was a hot day, and nobody minded much
""")


def look_inside(s: Teller) -> None:
    s.hero("child")
    k = s.kin()
    row = s.pick(MISHAPS)
    s.thing("o", row[0], s.pick(row[1].split(", ")))
    s.bind(warning=row[2], where=row[3], did=row[4], result=row[5], why=row[6], cure=row[7], good=row[8])
    s.open("{h} wanted to know everything. All day long, {h.he} asked how and why.", "{h} was so curious that {k.N} called {h.him} Little Question Mark.",
           "If there was a lid, {h} wanted to look under it.")  # fmt: skip
    s.paragraph()
    s("{when}, {h} saw {o.a} {where}.", "{when}, {h} found {o.a} {where}.")
    s.say("h", "What is it for?", "What is that?", "Why is it here?", how="asked")
    s.say(
        "k", "{warning}. I will explain it later.", "{warning}, {h.V}. I will show you in the evening.", how="answering"
    )
    s("Then {k.he} [had to go out|went to answer the door|was called away].")
    s(
        "{h} [walked around|stood in front of] {o.the}. {h.he} [counted to twenty|looked away|put both hands into {h.his} pockets]. But {h.he} could think of nothing else."
    )
    s.say(
        "h",
        "Just a little. Nobody will see it.",
        "I only want to know how it works.",
        "It can't be so bad.",
        how="thought",
    )
    s("So {h} {did}.")
    s("{result}!")
    s(
        "{h} was so {*surprised} that {h.he} [could not move|forgot to shout]."
        if row[0] not in ("chest", "nest")
        else "{h} cried for help."
    )
    s.paragraph()
    s("{k.N} came running.", "{k.N} heard the noise and came at once.")
    s.say("k", "{h.V}! What have you done?", "Oh no! What happened here?", how="cried")
    s.say(
        "h", "I could not wait. I wanted to know what would happen.", "I was too curious. I am sorry.", how="whispering"
    )
    s.bind(x=k)
    s("{k.N} explained it: {why}.", "Now {h} heard the reason: {why}.")
    s.say(
        "k",
        "If you had asked once more, I would have told you.",
        "Being curious is good. Not listening is not.",
        how="said",
    )
    s(
        "[Then|So] {h} {cure}. It took [the whole afternoon|a long time|two hours]."
        if row[0] not in ("chest", "rope")
        else "{h} nodded. This {h.he} would not forget."
        if row[0] == "chest"
        else "So {h} {cure}."
    )
    s("But there was something good about it, too: {good}.", "And yet, {good}.", "In the end, {good}.")
    s.lesson("h", "it is good to ask, and better to wait for the answer", "some questions need a little patience", "a warning always has a reason",
             now=("asked first and touched later", "asked even more, but waited for the answer"))  # fmt: skip
    s.night("h", 0.3)


def follow_the_trail(s: Teller) -> None:
    h = s.hero(animals=EVERY)
    s.friend(animals=EVERY)
    trails = (
        ("a line of tiny blue drops", "the drops", "a painter who had a hole in his paint can", "a can of blue paint with a hole", "he", "painter"),
        ("a row of shiny beads", "the beads", "an old woman whose necklace had broken", "a broken string around her neck", "she", "woman"),
        ("a trail of white flour", "the flour", "a baker whose sack was leaking", "a sack that was almost empty", "he", "baker"),
        ("a long red thread", "the thread", "a tailor who did not know that his coat was coming undone", "a coat with only one sleeve left", "he", "tailor"),
        ("a track of wet prints", "the prints", "a girl who had fallen into the pond with her boots on", "two boots full of water", "she", "girl"),
        ("a trail of yellow corn", "the corn", "a farmer whose wagon had a crack", "a wagon that was nearly empty", "he", "farmer"),
        ("a line of little buttons", "the buttons", "a pedlar whose box had come open", "a box with an open lid", "he", "pedlar"),
    )  # fmt: skip
    if h.kind == "animal":
        trails = (
            ("a row of hazelnuts", "the nuts", "an old squirrel whose basket had a hole", "a basket that was almost empty", "she", "squirrel"),
            ("a trail of white feathers", "the feathers", "a goose whose pillow had torn", "a very thin pillow", "she", "goose"),
            ("a line of red berries", "the berries", "a badger whose sack was leaking", "a sack with a hole", "he", "badger"),
            ("a long green thread", "the thread", "a hare whose new scarf was coming undone", "a scarf as short as a tail", "he", "hare"),
            ("a track of muddy prints", "the prints", "a young beaver who had lost his way", "a tired face full of mud", "he", "beaver"),
        )  # fmt: skip
    t = s.pick(trails)
    s.bind(trail=t[0], pieces=t[1], who=t[2], sight=t[3], he=t[4], noun=t[5], him={"he": "him", "she": "her"}[t[4]])
    _p, _q = s.spot("p"), s.spot("q")
    s.open()
    s.paragraph()
    s(
        "{when}, {h.N} found {trail} {p.at}. It went on and on.",
        "{when}, {h} saw {trail} on the ground {p.at}.",
    )
    s.say("h", "I wonder where it goes.", "Who has left this here?", "I must find out where it ends!")
    s("{f_intro} came along, and the two followed {pieces} together.")
    s.say(
        "f",
        "Maybe it leads to a treasure!",
        "Perhaps there is a giant at the end!",
        "What if it leads to a dragon?",
        how="whispering",
    )
    s.bind(
        stop=s.pick(
            (
                "a fence. They climbed over it",
                "a ditch. They jumped across",
                "a hedge. They crawled under it",
                "a wall. They walked around it",
            )
        )
    )
    s("The trail led them to {stop}. Then it led {q.to}.")
    s(
        "{h.N} was so [busy looking down|curious] that {h.he} [bumped into a tree|stepped into a puddle|walked straight into a bush]. [{f.N} laughed until {f.he} had to sit down.|It hurt a little, but {h.he} went on.]"
    )
    s("At last, the trail ended. There was no treasure and no dragon. There was {who}.")
    s("They saw {sight} and understood.")
    s.say(
        "h",
        "Excuse me, you have lost something. We found it all along the way.",
        "Wait! Look behind you! You are losing everything.",
        how="said",
    )
    s("The {noun} turned around and [stared|could not believe it].")
    if "prints" in t[1]:
        s("The friends [shared their food with {him}] and brought {him} home.")
    else:
        s(
            "The friends ran back and gathered up {pieces}, as much as they could carry."
            if t[1] in ("the flour", "the thread", "the drops") and t[1] != "the drops"
            else "The friends helped to close the hole with a bit of wax."
            if t[1] == "the drops"
            else "The friends ran back and picked up {pieces}, one by one."
        )
    s.bind(noun_gift=s.bound["treat"])
    s(
        "To thank them, the {noun} gave them {treat}."
        if t[5] not in ("girl", "beaver")
        else "The {noun}'s family thanked them with {treat}."
    )
    s.paragraph()
    s.say(
        "f",
        "It was no treasure, but it was a good adventure.",
        "We solved the riddle!",
        "Next time, it will be a dragon.",
        how="happily",
    )
    s.lesson(
        "h", "it is worth following a good question to its end", "curious eyes can be a help to others", chance=0.6
    )
    s.night("h", 0.3)
