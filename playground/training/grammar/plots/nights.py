"""Noises and worries of the night, explained."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.people import EVERY
from playground.training.grammar.words.tables import rows

# noise | what the hero thinks | where it comes from | what it really is | what they do | end
NOISES = rows("""
tap, tap, tap | a ghost at the window | the window | a branch that the wind moved against the glass | tied the branch back with a string | The tapping stopped at once
scratch, scratch | a monster with long claws | the back door | a hedgehog that was looking for the cat's food | put out a little bowl for it | It ate and did not scratch anymore
hoo, hoo | a lost child | the old barn | an owl that was calling its young | listened until the young owls answered | After that, the calls sounded friendly
drip, drop, drip | a thief in wet shoes | the bathroom | a tap that was not closed | turned the tap as far as it would go | It was quiet then
creak, creak | steps on the stairs | the staircase | the old wood, which shrank in the cool night air | walked up and down and made it creak themselves | It sounded like a song
rustle, rustle | a snake in the room | the paper basket | a mouse that had found a bit of cheese | carried the basket outside with the mouse in it | The mouse ran off into the grass
ooooh, ooooh | a wolf on the roof | the chimney | the wind, which blew across the top | closed the little door of the stove | The wolf was gone
clack, clack | a dancing skeleton | the side of the house | a shutter that had come loose | fixed the shutter with a hook | Nothing clacked anymore
bump, bump, bump | a jumping giant | the cellar | a broken crate, and the apples fell out of it, one by one | gathered the apples and mended the crate | Each of them ate one of the apples
prrr, prrr | a strange machine under the bed | the space under the bed | the cat, who was asleep on an old sweater | let the cat sleep on the blanket | The noise was very nice to fall asleep with
ding, ding | a ship in trouble | the garden | a little bell on the neighbor's goat, which had run away | brought the goat home | The neighbor gave them a cheese for it
splash, splash | a fish as big as a man | the water barrel | a frog that could not get out again | put a piece of wood into the barrel as a ladder | The frog climbed out and said thank you in its own way
""")


def strange_noise(s: Teller) -> None:
    s.hero("child")
    s.kin()
    row = s.pick(NOISES)
    s.bind(noise=row[0], fear=row[1], where=row[2], truth=row[3], did=row[4], end=row[5])
    s.open()
    s.paragraph()
    s("One night, {h} woke up. [The house was dark, and everyone was asleep.|It was dark, and the moon was behind a cloud.] Then {h.he} heard it: {noise}.",
      "In the middle of the night, {h} heard a noise. It went {noise}.", "{h} was almost asleep when there was a noise: {noise}.")  # fmt: skip
    s("{h} pulled the blanket up to {h.his} nose. It sounded like {fear}!")
    s("{noise}! There it was again. [{h.s} heart pounded.|{h} held {h.his} breath.]")
    s.say("h", "Who is there?", "Is anybody there?", how="whispering")
    s("Nobody answered. {h} [grabbed {h.his} pillow|jumped up] and ran to {k.N}.")
    s.say("h", "Wake up! I hear {fear}!", "There is a noise! I think it is {fear}!", how="whispered")
    s.say(
        "k",
        "Let's not guess. Let's go and look.",
        "I hear it, too. Shall we find out what it is?",
        "A noise always has a reason. Come, we will look for it.",
        how="said",
    )
    s.paragraph()
    s(
        "They took a lamp and [walked through the dark house|went on tiptoe], {h.N} close behind {k.N}. [The floor was cold.|Their shadows were as long as trees.]"
    )
    s.apart()
    s("The noise came from {where}. {k.N} held up the lamp, and {h.N} looked [with one eye|between {h.his} fingers].")
    s("It was not {fear}. It was {truth}!", "There was no monster at all. It was only {truth}.")
    s.say("h", "And that scared me so much!", "Is that all?", "It was only that!", how="laughed")
    s("Together they {did}. {end}.")
    s.say(
        "k",
        "Do you see? In the dark, small things sound big.",
        "Things that we understand do not scare us anymore.",
        "You were brave to look.",
        how="said",
    )
    s.paragraph()
    s(
        "{h} went back to bed. [Now the night was full of friendly sounds.|{h.he} was asleep before {k.N} had put out the lamp.]"
    )
    s.lesson(
        "h",
        "noises are less scary when one knows what makes them",
        "it is better to look than to guess",
        now=("took a lamp and looked when {x.he} heard a strange noise",),
        chance=0.8,
    )


def cannot_sleep(s: Teller) -> None:
    s.hero("animal", animals=EVERY)
    s.kin()
    a, c = s.small_animal("a"), s.small_animal("c")
    tries = {"robin": "puts its head under its wing", "sparrow": "fluffs up its feathers", "mouse": "curls up in a ball", "squirrel": "covers itself with its tail", "frog": "sits in the cool mud",
             "hedgehog": "rolls up in leaves", "crow": "sits on the highest branch", "pigeon": "coos to itself", "ant": "lies down next to its hundred sisters", "bee": "hums until it is tired",
             "rabbit": "digs itself into the soft earth", "duck": "stands on one leg", "fox": "lays its tail over its nose", "mole": "goes deep down where it is dark", "beetle": "creeps under the bark",
             "lizard": "lies down on a warm stone", "gull": "lets the wind rock it", "otter": "floats on its back"}  # fmt: skip

    s.bind(way1=tries[a.noun], way2=tries[c.noun])
    s.open("It was late, but {h} could not sleep.", "All the others were asleep, only {h} was wide awake.", hobby=False)
    s.paragraph()
    s("{h} turned to the left and to the right. {h.he} counted [stars|leaves|pebbles] up to a hundred. Nothing helped.")
    s.say("h", "Why can't I sleep?", "Maybe I am doing it wrong.", how="sighed")
    s("So {h} got up and went to ask the others. First {h.he} met {a.a}.")
    s.say("h", "How do you fall asleep?", how="asked")
    s.say("a", "A {a.noun} {way1}. Try it!", how="answering")
    s("{h} tried that. But {h.he} was not a {a.noun}. [It was very uncomfortable.|{h.he} only got a stiff neck.]")
    s("Then {h} came to {c.a}, who was yawning.")
    s.say("h", "Please tell me, how do you do it?", "And how do you go to sleep?", how="asked")
    s.say("c", f"A {c.noun} {{way2}}. Nothing is easier than that.", how="answering")
    s("{h} tried that, too, but it was even worse.")
    s.paragraph()
    s("At last, {h} went back home. {k.N} was awake and had been [waiting|looking for {h.him}].")
    s.say("k", "Where have you been, {h.V}?", "There you are. What is the matter, {h.V}?", how="asked")
    s.say(
        "h",
        "I tried to sleep like a {a.noun} and like a {c.noun}. But I can't.",
        "I asked everyone how to sleep, and nothing works for me.",
        how="answering",
    )
    s.say(
        "k",
        "You are a {h.born}. Do you know how a {h.born} falls asleep? Close to somebody who loves it.",
        "Each of us sleeps in a way of our own. Come here, close to me.",
        how="kindly",
    )
    s(
        "{h} lay down next to {k.N}. [It was warm there.|{h.he} could hear {k.his} heart beat.] {k.N} sang very softly, and before the song was over, {h} was asleep."
    )
    s(
        "The {a.noun} and the {c.noun} heard the song, and they slept well, too.",
        "Outside, the moon went on over the trees.",
    ) if s.chance(0.6) else None
    if s.chance(0.4):
        s.lesson("h", "everyone has a way of their own", "one sleeps best where one is loved")
