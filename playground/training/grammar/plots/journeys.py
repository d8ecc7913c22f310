"""A way out and a way home."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.people import EVERY

# obstacle, first try and why it fails, what works, tool kept from earlier
OBSTACLES = (
    ("a river without a bridge", "The water was too deep to wade through", "walked along the bank until {h.he} found a fallen tree, and balanced across"),
    ("a gate with a big lock", "It would not open, no matter how hard {h.he} pushed", "looked around and found a hole in the hedge, just big enough to crawl through"),
    ("a crossroads without a sign", "The left way ended in a swamp", "went back to the crossroads and took the right one"),
    ("a herd of cows in the middle of the path", "They would not move when {h.he} called", "held out a bunch of clover at the side, and all of them went to eat it"),
    ("a steep hill", "{h.he} slid back after every step", "took off {h.his} bag, tied it to a rope and climbed with both hands free"),
    ("a thick wall of fog", "{h.he} could not see {h.his} own feet", "stood still and listened, and followed the sound of a bell"),
    ("a big puddle that covered the whole road", "It was too wide to jump", "laid three flat stones into it and stepped across"),
    ("a fallen tree across the road", "It was too heavy to move", "broke off some twigs and climbed through the branches"),
    ("a field of nettles", "The nettles stung {h.his} legs", "took a long stick and beat a narrow path"),
    ("a stretch of deep sand", "With each step, {h.he} sank in up to the knees", "walked in the footprints of a donkey, where the sand was hard"),
)  # fmt: skip


def long_way(s: Teller) -> None:
    h = s.hero()
    k = s.kin("k", only=("mother", "father", "mom", "dad"))
    away = s.kin("g", only=("grandmother", "grandma", "grandfather", "grandpa", "aunt", "uncle"))
    o = s.thing("o", s.pick(("cake", "letter", "pot of soup", "scarf", "basket of eggs", "jar of jam", "lantern", "loaf of bread", "box of seeds")),
                s.pick(("little", "special", "big", "fine")))  # fmt: skip
    s.world.own(k, o)
    one, two = s.pick(OBSTACLES), s.pick(OBSTACLES)
    s.bind(the1=one[0].replace("a ", "the ", 1), the2=two[0].replace("a ", "the ", 1))
    s.bind(ob1=one[0], fail1=one[1], do1=one[2], ob2=two[0], fail2=two[1], do2=two[2],
           far=s.pick(("behind the hills", "on the other side of the forest", "at the end of the valley", "beyond the lake")))  # fmt: skip
    s.open("{h.s} {g.noun} lived {far}.")
    s.paragraph()
    s.say(
        "k",
        "Please take this {o.n} to your {g.noun}, {h.V}. But hold it with care.",
        "Will you bring this {o.n} to your {g.noun}? It is a long way.",
        how="said",
    )
    here, there = s.spot("p"), s.spot("q")
    s.world.go(here, h, k)
    s.world.give(k, o, h)
    s(
        "{h} took {o.the} and [set off|started out]. [It was the first time {h.he} went so far alone.|{h.he} was a little nervous and very proud.]"
    )
    s(
        ""
        + "[The road was long and dusty|The path wound through fields and woods]. [Larks sang above.|{h} hummed a song.]"
    )
    s("Then {h} came to {ob1}. {fail1}.")
    s.say(
        "h",
        "I can't turn back now.",
        "There must be a way.",
        "Think, {h.N}, think!",
        how="thought" if s.chance(0.5) else "said",
    )
    s("So {h.he} {do1}.")
    s(
        "A little farther on, there was {ob2}. {fail2}. [This time, {h} did not lose heart.|But {h} only laughed.] {h.he} {do2}."
    )
    s.paragraph()
    s(
        "At last, {h} saw [the little house|smoke rising from the chimney|a light in the window]. {h.s} {g.noun} [was waiting at the door|came out with open arms]."
        if h.kind == "child"
        else "At last, {h} saw {h.his} {g.noun}, who came running with open arms."
    )
    s.world.go(there, h, away)
    s.world.give(h, o, away)
    s(
        "{h} handed over {o.the}. [There was not a scratch on it.|It had come safely all the way.]"
        if o.noun not in ("basket of eggs", "pot of soup")
        else "{h} handed over {o.the}. " + ("Not one egg was broken." if "eggs" in o.noun else "Not a drop was lost.")
    )
    s.bind(x=h)
    s.say(
        "g",
        "You came all this way alone? How brave you are!",
        "I can hardly believe it. You have grown so much!",
        how="cried",
    )
    s("They had {treat}, and {h} told about {the1} and {the2}.")
    s.paragraph()
    s.maybe(
        "In the afternoon, {h} went home again. Now {h.he} knew the way, and nothing was [difficult|hard] anymore.",
        "The way back was easy, because {h} knew each bend of it.",
    )
    s.say("k", "How was it?", "Was the way very hard?", "Were you afraid?", how="asked")
    s.say(
        "h",
        "It was long, but there was always a way.",
        "Only at the beginning.",
        "A little. But I went on.",
        how="answering",
    )
    s.lesson(
        "h",
        "there is a way around most things",
        "one can do more than one thinks",
        "the second time is always easier",
        chance=0.6,
    )
    s.night("h", 0.3)


def message_to_tell(s: Teller) -> None:
    s.hero("animal", animals=EVERY)
    _a, _c = s.small_animal("a"), s.small_animal("c")
    s.elder()
    danger = s.pick((("The river is rising. Everyone must go up the hill", "water came over the banks", "up on the hill", "The meadow was a lake, but nobody was hurt"),
                     ("A great storm is coming. Everyone must go into the cave", "the storm broke loose", "in the cave", "Many trees had fallen, but nobody was hurt"),
                     ("The snow is coming early. Everyone must gather food today", "the first flakes fell", "at home with full stores", "The snow was deep, but nobody was hungry"),
                     ("There is a fire behind the hill. Everyone must cross the river", "smoke filled the air", "on the other bank", "The grass was black, but everyone was safe")))  # fmt: skip
    s.bind(news=danger[0], came=danger[1], safe=danger[2], after=danger[3])
    s.open("{h} was the [smallest|youngest] of all, and nobody gave {h.him} important things to do.", hobby=False)
    s.paragraph()
    s("{when}, {g_a} sent for {h.o}. {g} [had hurt a foot|was too old to walk far] and could not go {g.self}.")
    s.say("g", "{news}. Can you tell the others?", "Listen, {h.N}! {news}. You must carry the message.", how="said")
    s.say("h", "I will run as fast as I can!", "You can count on me!")
    s.paragraph()
    s(
        "First {h} came to {a.a}, who was fast asleep."
        if s.chance(0.5)
        else "First {h} met {a.a}, who was playing in the sun."
    )
    s.say("h", "{news}!", how="called")
    s.say("a", "Who says so? You are only little.", "Are you joking?", how="")
    s.say(
        "h",
        "The old {g.noun} sent me. Look at the sky!",
        "It is true. The {g.noun} told me, and I would not lie.",
        how="answering",
    )
    s("The {a.noun} looked up and saw that {h.N} was right. It thanked {h.him} and hurried off.")
    s(
        "Then {h} came to {c.a}. It did not want to listen. {h} said it [three times|again and again] until the {c.noun} put down its work."
    )
    s("At the end, {h.s} legs were shaking. But then {h.he} thought of the old {g.noun} and ran all the way back.")
    s.say("h", "Lean on me. I will not leave you behind.", "I came back for you. Hold on to me!", how="said")
    s.paragraph()
    s(
        "They were just in time. When {came}, everyone was {safe}. [They looked at each other in silence.|Nobody was missing.]"
    )
    s("The next day, they came out again. {after}.")
    s.say(
        "a",
        "{h.N} saved us all!",
        "The littlest of us was the greatest.",
        "I will never call you little again.",
        how="said",
    )
    s.feel("h", "glad")
    s.lesson(
        "h", "one does not have to be big to do something great", "it is important to speak up, even if one is small"
    )
