"""At school."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller


def show_and_tell(s: Teller) -> None:
    s.hero("child")
    s.friend()
    g = s.worker("g", only=("teacher",))
    o = s.treasure("o", "h", small=True)
    s.bind(gname=g.called)
    what = s.pick((("a stone with a hole", "my uncle found it in a cave, and when one blows into the hole, it sings", "blew into the hole, and it sang"), ("an empty snail shell", "a snail lived in it for three years in our garden, and I visited it each day", "held it to every ear, and it whispered"),
                   ("an old letter", "my great-grandfather wrote it on a ship in a storm", "read it aloud, and everyone could hear the storm"), ("a rusty key", "it opened the door of a house that is not there anymore", "let everyone hold the key and guess what had been behind the door"),
                   ("a gray feather", "it is from an owl that I nursed when it was hurt", "let it fall, and it made no sound at all"), ("a dry leaf", "it is from the tree that my grandmother planted when she was a child", "held it up to the light, and one could see a whole tree in it"),
                   ("a piece of rope", "it held my father's boat in the great storm", "showed how to make a knot that never opens")))  # fmt: skip
    s.bind(thing=what[0], story=what[1], did=what[2], the_thing="the " + what[0].split(" ", 1)[1])
    s.open()
    s.paragraph()
    s(
        "On Friday, all the children were going to bring something special to school. {h} wanted to bring {h.his} {o.an}.",
        "{gname}, the teacher, told the class to bring something special on Friday. {h} wanted to bring {h.his} {o.an}.",
    )
    s.world.put(o, s.spot("p", indoors=True, only=("school",)) if s.setting != "farm" else s.spot("p"))
    s(
        "But on Friday morning, {o.the} {o.was} nowhere to be found. {h} looked [everywhere|under the bed and behind the door]. It got later and later, and {h} had to go."
    )
    s("In {h.Ns} coat pocket, there was only {thing}. {h} had carried it around for a long time.")
    s(
        "At school, {f_intro} showed {fthing}. Another child had {cthing}. Everyone said oh and ah.".replace(
            "{fthing}", s.pick(("a real sword", "a singing bird in a cage", "a tooth of a shark", "a golden watch"))
        ).replace(
            "{cthing}",
            s.pick(("a medal", "a robot that could walk", "a mask from far away", "a fossil as big as a plate")),
        )
    )
    s("{h} [felt smaller and smaller|slid down in {h.his} chair].")
    s.say("g", "And what have you brought, {h.V}?", "Now it is your turn, {h.V}.", how="said")
    s.say("h", "Only {thing}.", "It is nothing special. Just {thing}.", how="whispering")
    s("Somebody [giggled|laughed].")
    s.say("g", "Special is what has a story. Does it have a story?", "Tell us about it.", how="kindly")
    s("{h} looked at {the_thing}.")
    s.say("h", "Well, {story}.", how="said")
    s("It was quiet now. Then {h} {did}. Nobody giggled anymore.")
    s.paragraph()
    s.say("f", "May I hold it?", "That is the best thing of all! May I see it?", how="asked")
    s("Everyone wanted to touch {the_thing}. [{h} sat up straight again.|The bell rang, but nobody got up.]")
    s(
        "And {o.the}? In the evening, {h} found {o.him} in {h.his} own rubber boot. {h.he} had to laugh.",
        "At home, {o.the} lay right on the table. But {h} did not mind.",
    )
    s.lesson("h", "a thing is as special as its story", "even a small thing can be a treasure", chance=0.8)
