"""Sharing, with somebody who has less, or taking turns."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller


def hungry_stranger(s: Teller) -> None:
    h = s.hero()
    b = s.food("b", "h", kinds=("fruit", "meal", "bake"))
    p = s.outside()
    if h.kind == "child" and s.chance(0.5):
        stranger = s.person("a")
        s.bind(a_first="{a.a}")
        a = stranger
    else:
        a = s.small_animal(only=("robin", "mouse", "squirrel", "hedgehog", "crow", "pigeon", "duck", "fox", "gull"))
        s.bind(a_first="{a.a}")
    s.world.go(p, h, a)
    s.open()
    s.paragraph()
    s("{when}, {h.N} sat down {p.at} to eat {h.his} lunch. It was {b.a}[, and {h.he} was very hungry|].",
      "{when}, {h.N} took {b.a} {p.to}. {h.he} had looked forward to it all morning.")  # fmt: skip
    s.scene("p", 0.4)
    s(
        "Then {h} saw {a_first}. {a.he} looked at the {b.short} and did not say a word.",
        "Not far away sat {a_first}. {a.he} looked tired and hungry.",
    )
    s.say("h", "Are you hungry?", "Have you got nothing to eat?", "Would you like some of this?")
    s.say(
        "a",
        "I have not eaten since yesterday.",
        "I have had nothing all day.",
        "I lost my lunch on the way." if a.kind == "child" else "I could not find anything today.",
        how="answering",
    )
    s(
        "{h} looked at the {b.short}. There was not much of it. [If {h.he} shared it, {h.he} would still be hungry.|{h.s} own stomach growled.]"
    )
    s("But {h} thought of how it feels to be hungry.", "Then {h} looked into those hungry eyes.")
    s.say("h", "Here, you can have {b.share}.", "Let's share. {b.share} is for you.", how="said")
    s.world.eat(b, h, a)
    s(
        "They sat side by side and ate. [Soon there was not a crumb left.|It tasted better than ever.]"
        if "soup" not in b.noun
        else "They sat side by side and ate. Soon the bowl was empty."
    )
    s.thank("a", "h", 0.3)
    s.paragraph()
    if a.kind == "child":
        s("The next day, {a.N} was there again. This time {a.he} had a basket full of [plums|rolls|pancakes].")
        s.say(
            "a",
            "Today it is my turn to share.",
            "My {n} made these for us.".replace("{n}", s.pick(("grandmother", "father", "aunt"))),
            how="happily",
        )
        s("{h.N} and {a.N} shared everything and [talked for hours|played until evening]. They were friends now.")
    else:
        gift = s.pick(
            (
                "a heap of hazelnuts",
                "a place full of wild strawberries",
                "a bush with the sweetest blackberries",
                "a hidden apple tree",
                "a hill of mushrooms",
            )
        )
        s.bind(gift=gift)
        s(
            "The {a.noun} [{a_glad}|went ahead]. Then it led {h.N} to {gift}. [There was more than both of them could eat.|Nobody else knew about it.]"
        )
        s.say(
            "a", "You shared with me, and now I share with you.", "This is my secret. Now it is yours, too.", how="said"
        )
    s.feel("h", "glad")
    s.lesson(
        "h",
        "sharing makes a small meal taste better",
        "half a meal with a friend is better than a whole one alone",
        "those who share are never poor",
        now=("always packed a little more than {x.he} needed",),
    )


def taking_turns(s: Teller) -> None:
    s.hero("child")
    s.friend()
    s.kin()
    toy = s.pick((("swing", "swing", "swung", "push"), ("scooter", "ride", "rode", "race"), ("sled", "slide", "slid", "pull"), ("rocking horse", "rock", "rocked", "sing for"),
                  ("trampoline", "jump", "jumped", "count for"), ("little boat", "row", "rowed", "wave to"), ("tricycle", "ride", "rode", "push"), ("drum", "play", "played", "dance for")))  # fmt: skip
    s.thing("o", toy[0], s.pick(("new", "red", "blue", "green", "wooden", "yellow")))
    s.bind(use=toy[1], used=toy[2], help=toy[3], n=s.pick(("ten", "twenty", "thirty")))
    s.open(
        "{h.s} {k.noun} had [built|bought|found] {h.him} {o.a}."
        if toy[0] in ("swing", "sled", "rocking horse", "little boat")
        else "{h.s} {k.noun} had bought {h.him} {o.a}."
    )
    s.paragraph()
    s("{when}, {f_intro} came over and saw {o.the}. {f.Ns} eyes grew big.")
    s.say(
        "f", "May I have a turn?", "Oh, how lovely! Can I try it?", "Is that yours? Let me try it, please!", how="asked"
    )
    s.say("h", "No, it is mine.", "Not now. I have only just begun.", "Later. Maybe tomorrow.", how="answering")
    s("So {h} {used}, and {f.N} sat in the grass and watched. After a while, {f.he} stood up and went to the gate.")
    s(
        "{h} {used} some more. But without {f.N}, it was [boring|not half as much fun]. [Nobody cheered. Nobody laughed.|There was nobody to laugh with.]"
    )
    s("{k.N} looked out of the window.")
    s.say("k", "Why is {f.N} leaving?", "Where is {f.N} going so soon?")
    s.say(
        "h",
        "I don't know. Maybe because I did not let {f.him} try.",
        "I think because I kept {o.the} for myself.",
        how="whispering",
    )
    s.say(
        "k",
        "And what could you do about it?",
        "How would you feel in {f.his} shoes?",
        how="asked",
    )
    s.paragraph()
    s("{h} ran to the gate.")
    s.say("h", "{f.V}, wait! I am sorry. Let's take turns.", "Please stay, {f.V}! You can go first now.", how="called")
    s("They made a rule: each of them could {use} until the other had counted to {n}.")
    s(
        "While {f.N} {used}, {h.N} could {help} {f.him}. Then they changed places. [It was twice as much fun.|They laughed so much that they lost count.]"
    )
    s("{f.N} even knew a new game, and {h} would never have found it alone.") if s.chance(0.5) else None
    s("{k.N} brought {treat} for both.") if s.chance(0.5) else None
    s.say(
        "f",
        "Tomorrow you can come to me. I have a tree house!",
        "Thank you for sharing with me.",
        "This was the best day of the week!",
        how="happily",
    )
    s.lesson(
        "h",
        "a toy is more fun when two can use it",
        "sharing does not make things smaller",
        "it is lonely to keep everything for oneself",
        now=("let others have a turn first",),
    )


def warm_in_winter(s: Teller) -> None:
    s.hero("animal")
    s.weather = "cold"
    a = s.small_animal(only=("robin", "sparrow", "mouse", "squirrel", "hedgehog", "rabbit"))
    s.small_animal("c", only=("fox", "crow", "pigeon", "otter", "mole"))
    s.open("Winter had come, and snow lay on everything.", "It was the coldest winter in years.", hobby=False)
    s.paragraph()
    s(
        "{h} was [warm and cozy|glad to be] at home. {h.he} had [a bed of dry leaves|a soft bed of moss] and a pot of [soup|stew]."
    )
    s("One evening, somebody knocked. It was {a.a}, [white with snow|shaking with cold].")
    s.say(
        "a",
        "My home is full of snow. May I stay here tonight?",
        "The wind has blown my nest away. Can I come in?"
        if a.noun in ("robin", "sparrow")
        else "I have lost my way in the snow. Can I come in?",
    )
    s("{h.s} home was [very |]small. But {h} could not leave {a.him} out there.")
    s.say("h", "Come in, come in! There is room for two.", "Of course. Sit by the fire.", how="said")
    s("The {a.noun} had hardly eaten some of the warm food when there was another knock. There stood {c.a}.")
    s.say("c", "I saw your light. Is there room for one more?", "I am so cold. Please let me in!", how="said")
    s("{h} looked around. There was one bed and one pot.")
    s.say("a", "If I make myself small, there will be room.", "It can have some of my food.", how="said")
    s.say("h", "Then come in! If we all sit close, we will fit.", "Come in. It will be tight, but warm.", how="said")
    s.paragraph()
    s(
        "So they shared the food and the bed. [Each of them got only a little, but nobody went hungry.|It was a small supper, but a merry one.] They lay close together, and because there were three of them, it was [warmer than ever|as warm as in summer]."
    )
    s.maybe("At night, the fire went out. Alone, {h} would have been very cold.") if s.chance(0.7) else None
    s(
        "In the morning, the storm was over. The {a.noun} and the {c.noun} [cleared the snow from the door|brought dry wood]."
    )
    s.say(
        "c",
        "You shared what you had. We will not forget it.",
        "When spring comes, we will visit you with berries.",
        how="said",
    )
    s.lesson(
        "h",
        "a small home is big enough for friends",
        "sharing keeps everyone warm",
        "there is always room for one more",
    )
    s(
        "And when spring came, they all met again and ate {treat}.", "They were friends for the rest of their lives."
    ) if s.chance(0.6) else None
