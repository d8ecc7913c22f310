"""Jokes, lies and what comes of them."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller


def false_alarm(s: Teller) -> None:
    h = s.hero()
    s.friend()
    g = s.elder()
    kind = s.pick((("the bridge is broken", "the bridge broke under {h.his} feet", "hung on to the last plank"), ("I am stuck in the mud", "{h.he} really got stuck in the mud", "sank in up to the belly"),
                   ("I have hurt my leg", "{h.he} fell over a root and really hurt {h.his} leg", "could not stand up"), ("I am locked in the shed", "the wind blew the shed door shut, and the bolt fell down", "sat in the dark"),
                   ("I am stuck up in the tree", "{h.he} climbed too high and did not dare to come down", "clung to the branch"), ("the water is carrying me away", "{h.he} slipped and the water really carried {h.him} away", "held on to a branch")))  # fmt: skip
    if h.kind == "animal":
        s.bind(shed="hollow tree")
    s.bind(lie=kind[0], real=kind[1], state=kind[2])
    s.open("{h} liked to play tricks on others.", "Nothing made {h.him} laugh like a good trick.", hobby=False)
    s.paragraph()
    s("{when}, {h} hid behind a [bush|wall|tree] and called as loud as {h.he} could.")
    s.say("h", "Help! Help! {lie}!", how=s.pick(("shouted", "cried", "yelled")))
    s(
        "{f_intro} dropped everything and came running, and {g_a} came, too. [They were out of breath.|They were very worried.] But {h} only [laughed|rolled in the grass and laughed]."
    )
    s.say("h", "It was only a joke! You should see your faces!", "I fooled you! I fooled you!", how="cried")
    s.say("f", "That was not funny. I was really afraid for you.", "I ran all the way, and for nothing!", how="said")
    s(
        'The next day, {h} did it again. "Help! Help!" {h.he} shouted, and again they came, and again it was only a joke.'
    )
    s("This time, {f.N} was [angry|very angry].")
    s.say(
        "g",
        "If you call for help when you don't need it, nobody will come when you do.",
        "A false cry is like a coin of tin, {h.N}. Soon nobody will take it.",
        how="said",
    )
    s.paragraph()
    s("Some days later, {real}. {h.he} {state}.")
    s.say(
        "h", "Help! Please help me! This time it is true!", "Help! It is not a joke!", how=s.pick(("shouted", "cried"))
    )
    s(
        "[Far away, {f.N} heard it and shook {f.his} head.|{f.N} heard it, but {f.he} did not get up.] Nobody came. {h} called until {h.he} had almost no voice left."
    )
    s(
        "Only when it got dark, {f.N} began to wonder. {f} [took a lamp and a rope|fetched the {g.noun}] and went to look."
        if not g.owner
        else "Only when it got dark, {f.N} began to wonder. {f} took a lamp and a rope and went to look."
    )
    s(
        "They found {h.N}, [cold and tired|pale and shaking], and brought {h.him} home."
        if "fetched" in "fetched"
        else ""
    )
    s.sorry(
        "h",
        "f",
        s.pick(
            (
                "Nobody believed me, and that was my own fault.",
                "I know now why you did not come.",
                "I will never call for nothing again.",
            )
        ),
    )
    s.say(
        "f",
        "I almost stayed at home. I am glad that I did not.",
        "Promise that you will never do it again.",
        how="answering",
    )
    s.lesson(
        "h",
        "those who joke with danger are not believed in danger",
        "trust is easily lost and slowly won",
        now=("played only tricks that made everyone laugh", "called for help only when {x.he} needed it"),
        chance=0.9,
    )


def too_big_a_story(s: Teller) -> None:
    s.hero("child")
    s.friend()
    s.kin()
    lie = s.pick((("a pony of my own", "the pony", "ride"), ("a tame bear in the cellar", "the bear", "feed"), ("a boat with three masts", "the boat", "sail"), ("a tree house with a real bed", "the tree house", "sleep in"),
                  ("a telescope as long as a bus", "the telescope", "look through"), ("a parrot that knows ten languages", "the parrot", "talk to")))  # fmt: skip
    s.bind(lie=lie[0], thing=lie[1], use=lie[2])
    s.open("{h} was new in {h.his} class and wanted the others to like {h.him}.", hobby=False)
    s.paragraph()
    s("{when}, the children talked about what they had at home. One had a [cat|hamster], another had a [drum|bicycle].")
    s.say("h", "I have {lie}!", "That is nothing. I have {lie}!", how="said")
    s("Everyone [stared|was amazed]. {f.N}, a {f.noun} from the front row, had the biggest eyes of all.")
    s.say("f", "Really? May I come and {use} it?", "May I come to your house and see {thing}?")
    s.say("h", "Well, it is not there today.", "Not today. Maybe tomorrow.", how="answering")
    s(
        "The next day, {f.N} asked again, and {h} had to think of another story. And then another. [It was hard to remember them all.|Soon {h.he} did not know anymore what {h.he} had said.]"
    )
    s.maybe("At night, {h} lay awake. What if they found out?")
    s.paragraph()
    s("Then, on Saturday, {f.N} stood at the door[ with a bag of apples|].")
    s.say("f", "I just came by. Where is {thing}?", "I could not wait any longer. Can I see {thing} now?", how="asked")
    s("{h} looked at the floor. [There was no way out.|{h.s} ears were hot.]")
    s.say(
        "h",
        "I don't have {lie}. I made it up. I only wanted you to like me.",
        "There is no such thing. I am sorry. I was afraid that I would be boring.",
        how="whispering",
    )
    s.maybe("{f.N} was [silent|quiet] for a moment. [It seemed very long to {h.N}.|The clock ticked.]")
    s.say(
        "f",
        "That was a lie, and I don't like that. But you tell good stories!",
        "You don't need {lie}. I would have liked you anyway.",
        how="said",
    )
    s.say(
        "h", "Do you want to hear one that I don't pretend is true?", "Shall we make up a story together?", how="asked"
    )
    s(
        "So they sat down and [invented|made up] a long story about {lie2}. {k.N} brought {treat}, and {f.N} stayed until evening.".replace(
            "{lie2}", lie[0].replace("of my own", "with wings")
        )
    )
    s.lesson(
        "h",
        "one does not need lies to find friends",
        "a lie always needs another one",
        "it is better to be liked for what one is",
        now=("kept {x.his} tall tales for story time",),
    )
