"""Waiting for something that takes its time."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller


def caterpillar(s: Teller) -> None:
    s.hero("child")
    _f, _k = s.friend(), s.kin()
    color = s.pick(("orange", "blue", "yellow", "white with black dots", "red and black", "green and gold"))
    s.bind(
        color=color,
        hair=s.pick(("green", "hairy black", "striped", "fat brown")),
        leaf=s.pick(("nettle", "cabbage", "oak", "willow", "clover")),
        days=s.pick(("ten", "twelve", "fourteen", "sixteen")),
    )
    s.open()
    s.paragraph()
    s("{when}, {h} found a {hair} caterpillar on a {leaf} leaf. {h.he} put it into a big glass with holes in the lid.")
    s.say(
        "h",
        "I will call you {pet}. When will you become a butterfly?".replace(
            "{pet}", s.pick(("Crunch", "Wiggle", "Munch", "Noodle", "Stripe"))
        ),
        how="said",
    )
    s("The caterpillar only ate. Each day, {h} brought fresh {leaf} leaves.")
    s(
        "One morning, it did not eat anymore. It hung upside down from a twig and [wrapped itself up|was covered by a brown shell]."
    )
    s.say("h", "Is it dead?", "Did I do something wrong?")
    s.say(
        "k",
        "No. It is changing. Now you must wait and leave it in peace.",
        "It is building itself anew. That takes time.",
        how="answering",
    )
    s.paragraph()
    s("{h} looked at the glass every hour. Nothing moved. A week went by.")
    s("{f_intro} came to look.")
    s.say(
        "f", "Let's open the shell a bit and help it!", "It must be bored in there. Shall we cut it open?", how="said"
    )
    s.say(
        "h",
        "No! If we open it too early, its wings will never be strong.",
        "We can't. It is not finished.",
        how="answering",
    )
    if not s.brisk:
        s.say("f", "But when will it be ready?", "And when will it be finished?")
        s.say(
            "h",
            "I don't know. My {k.noun} says that waiting is the best help.",
            "It knows that better than we do.",
            how="answering",
        )
    s(
        "After {days} days, the shell [trembled|moved]. It broke open, and something wet and crumpled crept out. It sat very still and slowly opened its wings. They were {color}!"
    )
    s.maybe("{h.N} and {f.N} did not dare to speak.")
    s.apart()
    s(
        "{h} carried the glass outside and took off the lid. The butterfly sat on {h.s} finger for a moment. Then it flew away, over the hedge."
    )
    s.say("f", "I am glad that we waited.", "It was worth each of the {days} days.", how="whispered")
    s.paragraph()
    if s.chance(0.3):
        s.say("k", "Are you sad that it is gone?", "Do you miss it already?")
        s.say("h", "No. It was never mine.", "A little. But it looked so happy.", how="answering")
    s.lesson(
        "h", "some things can't be hurried", "one can help by waiting", "good things need peace and time", chance=0.9
    )
    s.night("h", 0.2)


def the_long_wait(s: Teller) -> None:
    h = s.hero()
    s.kin()
    s.bind(
        thing=s.pick(("bread", "jam", "soup", "plum cake", "apple pudding", "berry pie")),
        n=s.pick(("four", "five", "six")),
    )
    s.open(
        '{h} hated to wait. ["Is it ready?" was {h.his} favorite question.|{h.he} always wanted everything at once.]',
        hobby=False,
    )
    s.paragraph()
    s("{when}, {k.N} was making {thing}. Soon the smell was all over the place.")
    s.say("h", "Is it ready now?", "Can I have some now?", "Is it done?", how="asked")
    s.say("k", "No, {h.V}. It still needs an hour.", "Not yet. It is not good before its time.", how="answering")
    s("{h} walked in a circle and came back after a minute.")
    s.say("h", "And now?", "Now it must be ready!", how="said")
    s.say(
        "k",
        "If you sit here and stare, an hour is very long. If you do something, it is short.",
        "Go and find {n} things that also take their time. Then come back.",
        how="said",
    )
    s.paragraph()
    finds = [s.pick(("a snail that climbed up a wall", "a spider that was repairing its web", "a hen that sat on her eggs" if s.setting == "farm" else "a bird that sat on her eggs", "an apple that was still green",
                     "a cloud that crept over the hill", "a shadow that grew longer and longer", "a bud that was half open", "an ant that dragged a leaf", "water that dripped into a barrel", "a bee that visited each flower")) for _ in range(3)]  # fmt: skip
    s.bind(a1=finds[0], a2=finds[1], a3=finds[2])
    s(
        "{h} went out to look. First {h.he} saw {a1}. Then {h.he} found {a2}. [{h} watched for a long time.|It was in no hurry at all.]"
    )
    s.say("h", "How long will you need?", "Don't you get bored?", how="asked") if s.chance(0.5) else None
    s(
        "Behind the {b}, there was {a3}. {h} sat down next to it and forgot the time.".replace(
            "{b}",
            s.pick(("fence", "hedge", "big tree", "wall"))
            if h.kind == "child"
            else s.pick(("hedge", "big tree", "rock")),
        )
    )
    s("When {h} looked up, {k.N} was calling.")
    s.say(
        "k",
        "{h.V}! It has been ready for a long time. Where were you?",
        "Come in, {h.V}! I have called you three times!",
        how="called",
    )
    s.say("h", "Already? I was only gone for a minute!", "Is the hour over? I did not notice!", how="cried")
    s("They sat down together. The {thing} was warm, and because {h} had waited for it, it tasted better than ever.")
    s("{h} told {k.N} about {a1} and {a2}.") if s.chance(0.6) else None
    s.lesson(
        "h",
        "waiting is easy if one keeps one's eyes open",
        "an hour can be long or short",
        "everything good takes its time",
        now=("looked for something slow when {x.he} had to wait",),
        chance=0.85,
    )
    s.night("h", 0.25)
