"""Somebody is in trouble and is saved by thinking."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller

STUCK = (
    ("kitten", "high up in a tree", "climbed up, but the branch was too thin", "tied a basket with a bit of fish to a rope and pulled it up", "The kitten smelled the fish, stepped into the basket, and down it came"),
    ("puppy", "in a deep hole", "reached down, but the hole was too deep", "slid a long board into the hole", "The puppy walked up the board as if it were a bridge"),
    ("duckling", "behind the bars of a drain", "pulled at the bars, but they did not move", "poured water into the drain, bucket after bucket", "The duckling floated up and up until it could hop out"),
    ("lamb", "on a narrow ledge", "called it, but it was too frightened to turn around", "brought its mother to the top of the rocks", "When the lamb heard its mother, it climbed up, step by step"),
    ("hedgehog", "with its head in a tin can", "pulled at the can, but the prickles hurt", "rubbed a little butter around the edge", "With a plop, the hedgehog was free"),
    ("bird", "in a room with closed windows", "ran after it, but that only scared it more", "opened one window wide and made the rest of the room dark", "The bird flew straight to the light and was gone"),
    ("calf", "in the swamp", "pulled at its ears, but it only sank deeper", "laid branches in front of it, one across the other", "The calf put its feet on the branches and walked out"),
    ("goat", "on the roof of the barn", "shouted at it, but it only shouted back", "put a bowl of salt at the foot of the old ramp", "The goat licked its lips and trotted down the ramp"),
    ("frog", "in a garden bucket with smooth walls", "tipped the bucket, but it was full and too heavy", "put a long stick into the bucket", "The frog climbed up the stick and jumped into the grass"),
)  # fmt: skip


def stuck_animal(s: Teller) -> None:
    s.hero("child")
    s.friend()
    row = s.pick([row for row in STUCK if s.setting in ("farm", "village") or row[0] not in ("lamb", "calf", "goat")])
    s.thing("o", row[0], s.pick(("little", "young", "gray", "brown", "white")))
    s.bind(where=row[1], fail=row[2], plan=row[3], end=row[4], cry={"kitten": "meow", "puppy": "whimper", "duckling": "peep", "lamb": "bleat", "hedgehog": "scratch and puff",
           "bird": "flutter", "calf": "moo", "goat": "bleat", "frog": "croak"}[row[0]])  # fmt: skip
    s.open()
    s.paragraph()
    s(
        "{when}, {h.N} and {h.his} friend {f.N} heard something {cry}. [It sounded like a cry for help.|They followed the sound.]"
    )
    s.apart()
    s(
        "There was {o.a}, {where}. It could not get out.".replace(
            "It could not get out.",
            "It could not get down." if row[0] in ("kitten", "goat") else "It could not get away.",
        )
    )
    s.say(
        "f",
        "Poor thing! What can we do?",
        "We must do something!",
        "How did it get there?",
        how="cried" if s.chance(0.5) else "",
    )
    s("{h} did not wait. {h.he} {fail}.", "{h} tried it right away. {h.he} {fail}.")
    s.say("f", "That does not work. We have to think first.", "Stop! We only make it worse.", how="said")
    s("So they sat down and thought. {h.N} looked at {o.the}. {f.N} looked around.")
    s.say("h", "What would I want if I were a {o.n}?", "We can't go to it. It has to come to us.", how="said")
    s.say("f", "I have an idea!", "Wait, I know what we need!", how="cried")
    s("[They ran home and got what they needed.|It took them a while to find everything.] Then they {plan}.")
    s("They [waited and kept very still|held their breath]. {end}.")
    s.say("h", "It worked!", "We did it!", how="cried")
    s.paragraph()
    owner = s.chance(0.5) and row[0] in ("kitten", "puppy", "lamb", "calf", "goat")
    if owner:
        s.worker(only=("farmer", "baker", "teacher", "grocer", "gardener"))
        s("It belonged to the {g.noun}, who had been looking for it all day.")
        s.say("g", "You did not only have good hearts, you also used your heads!", "How can I thank you?", how="said")
        s("The {g.noun} gave them {treat}, and they were allowed to visit the {o.n} every day.")
    else:
        s("The {o.n} looked back at them once, and then it was gone.", "They watched it go and were {*glad}.") if row[
            0
        ] not in ("kitten", "puppy") else s(
            "It purred and did not want to leave anymore."
            if row[0] == "kitten"
            else "It licked their faces and did not want to leave anymore."
        )
    s.lesson(
        "h",
        "thinking is sometimes faster than running",
        "to help others, one must think as they do",
        "two friends have more ideas than one",
    )
    s.night("h", 0.25)
