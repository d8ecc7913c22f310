"""Somebody new, or somebody whom nobody knew well."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.people import EVERY


def new_here(s: Teller) -> None:
    h = s.hero(animals=EVERY)
    f = s.person("f", adjective="", animals=EVERY)
    s.outside()
    s.bind(like=s.pick(("drawing dragons", "whistling", "looking for beetles", "building dams", "guessing riddles", "drawing maps", "watching frogs", "making kites out of leaves",
                        "counting stars", "climbing", "telling ghost stories", "skipping stones")))  # fmt: skip
    s.open()
    s.paragraph()
    if h.kind == "child":
        s(
            "{when}, a [moving van|truck full of chairs and boxes] stopped in front of the house next door. A {f.noun} named {f.N} got out. {f} [held on to a big box|looked at {f.his} shoes]."
        )
    else:
        s(
            "{when}, a new neighbor came [from the other side of the mountains|from far away]. It was {f.a}. {f} [carried a small bundle|looked at the ground]."
        )
    s.say("h", "Hello! Do you want to play?", "Hi, I am {h.N}. What is your name?", how="called")
    s(
        "But {f.N} only [shook {f.his} head|turned red] and [went inside|hid behind the boxes].".replace(
            "|hid behind the boxes", "" if h.kind == "animal" else "|hid behind the boxes"
        ).replace("[went inside]", "went inside" if h.kind == "child" else "went away")
    )
    s.kin()
    s.say("h", "{f.N} does not like me.", "I think the new one is not very friendly.", how="sadly")
    s.bind(x=f)
    s.say(
        "k",
        "Maybe {f.he} is only shy. Everything here is strange for {f.him}.",
        "Think how it would be for you, without one friend. Give {f.him} time.",
        how="kindly",
    )
    s.paragraph()
    s(
        "The next day, {h} [put|left] a [picture|pretty stone|red leaf|bunch of daisies] in front of {f.Ns} door. In the evening, it was gone."
        if h.kind == "child"
        else "The next day, {h} left a [pretty stone|red leaf|bunch of daisies] in front of {f.Ns} home. In the evening, it was gone."
    )
    s(
        "The day after, {h} left a [cookie|pear|shell]. That was gone, too, and in its place there was a [tiny paper bird|blue feather|little drawing]."
        if h.kind == "child"
        else "The day after, {h} left a [pear|nut]. That was gone, too, and in its place there was a blue feather."
    )
    s("On the third day, {h.N} [waited {p.at}|was playing {p.at}]. There came {f.N}, slowly, step by step.")
    if s.chance(0.5):
        s.say("f", "Did you leave those things for me?", "Was it you who left the presents?", how="shyly")
        s.say("h", "Yes. What do you like to do?", "Yes, it was me. What do you like best?")
    else:
        s.say(
            "f",
            "Thank you for the presents. Nobody here has talked to me but you.",
            "Thank you for all the little things.",
            how="whispering",
        )
        s.say("h", "You are welcome. What do you like to do?", "I am glad that you like them. What do you like best?")
    s.say(
        "f",
        "I like {like}. But I have nobody to do it with.",
        "{like}. At home, I did it with my friends.",
        how="answering",
    )
    s.say("h", "I like that, too! Show me how you do it.", "I have never tried that. Will you teach me?")
    s("{f.N} looked up and smiled for the first time.")
    s.paragraph()
    s(
        "From then on, they met {p.at} every day. [{f.N} showed {h.N} everything about {like}, and {h.N} showed {f.N} all the best places.|Soon {f.N} knew everyone, and everyone knew {f.N}.]"
    )
    s(
        "One week later, another new {born} came. This time, it was {f.N} who said hello first.".replace(
            "{born}", "child" if h.kind == "child" else "neighbor"
        )
    ) if s.chance(0.5) else None
    s.lesson(
        "h",
        "shy is not the same as unfriendly",
        "some friends need a little time",
        "a small present can open a door",
        now=("was the first to say hello",),
    )


def grumpy_one(s: Teller) -> None:
    s.hero("child")
    s.friend()
    g = s.bound["g"] = s.worker()
    g.noun, g.adjective = ("man", "old") if g.pronoun == "he" else ("woman", "old")
    g.noun = "old " + g.noun
    g.adjective = ""
    name = g.called
    s.bind(gname=name)
    reason = s.pick((("the noise reminded {g.him} of {g.his} own children, who lived far away", "write to them, and they came to visit in summer"),
                     ("{g.he} could not sleep at night because of {g.his} bad leg and was tired all day", "play in front of the house only in the afternoon"),
                     ("{g.his} dog had died in spring, and the days were long and empty", "bring the neighbor's puppy for a walk each day"),
                     ("{g.he} could not see well anymore and was afraid to fall over their toys", "clear away the toys and read the newspaper to {g.him}"),
                     ("nobody had talked to {g.him} for weeks", "come by each day after school and say good morning")))  # fmt: skip
    s.bind(reason=reason[0], after=reason[1])
    s.thing("o", s.pick(("ball", "kite", "toy plane", "Frisbee")), s.pick(("red", "blue", "yellow", "new")))
    s.open("Next door lived an old {m} named {gname}, who never smiled.".replace("{m}", g.noun.split()[1]), hobby=False)
    s.maybe("The children [called {g.him} the Grump|walked past {g.his} gate on tiptoe].")
    s.paragraph()
    s(
        "{when}, {h.N} and {h.his} friend {f.N} were playing. {h.Ns} {o.an} flew over the hedge, right into {gname}'s yard."
    )
    s.apart()
    s.say(
        "f",
        "Leave it there! {g.he} will shout at us.",
        "Oh no! Now it is gone for good.",
        "I won't go in there. {g.he} is so grumpy!",
        how="said",
    )
    s.say("h", "It is my {o.n}. I will ask politely.", "Maybe {g.he} is not so bad. I will knock.", how="answering")
    s("{h.Ns} knees were weak, but {h.he} [knocked|rang the bell]. The door opened a crack.")
    s.say("g", "What do you want?", "Who is making all that noise?", how="growled" if s.chance(0.5) else "asked")
    s.say(
        "h",
        "Good afternoon, {gname}. My {o.n} fell into your yard. May I get it, please?",
        "I am sorry for the noise, {gname}. May I please get my {o.n}?",
        how="shyly",
    )
    s(
        "The {g.noun} looked surprised. [Nobody had said please to {g.him} for a long time.|{g.his} face became a little softer.]".replace(
            "{g.his} face", ("His" if g.pronoun == "he" else "Her") + " face"
        )
    )
    s.say("g", "Well, go and get it.", "All right. It is under the pear tree.", how="said")
    s("{h} got {o.the}. Then {h.he} turned around.")
    s.say("h", "Why are you always so sad?", "May I ask you something? Are you angry with us?", how="asked")
    s("The {g.noun} was silent for a while. Then {g.he} told {h.N} the reason: {reason}.")
    s.paragraph()
    s(
        "{h} [went back|ran back] to {f.N} and told {f.him} everything. They decided to {after}."
        if "came to visit" not in reason[1]
        else "{h} [went back|ran back] to {f.N} and told {f.him} everything. They helped {gname} to {after}."
    )
    s(
        "After some [weeks|time], {gname} [was sitting on the bench in front of the house|was working in the yard] and waved. And {g.he} was smiling!"
    )
    s.maybe("On Sundays, there was {treat} for all the children.", "From then on, the gate was always open.")
    s.lesson(
        "h",
        "a grumpy face can hide a sad heart",
        "one should ask before one judges",
        "a polite word can open a closed door",
    )
