"""A promise is made, and keeping it is not easy."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.people import EVERY
from playground.training.grammar.words.tables import rows

# promise (base form) | to whom it matters | what would have happened otherwise | sign that it was right
DUTIES = rows("""
feed the hens | the hens | the hens would have had nothing to eat all day | The hens had laid seven eggs
water the young trees | the young trees | the little trees would have dried up in the heat | Every tree had a new green leaf
watch the pot on the fire | the soup | the soup would have burned | The soup was thick and good
close the gate at sunset | the sheep | the sheep would have run onto the road | All the sheep were safe
feed the neighbor's cat | the cat | the cat would have been hungry and alone | The cat purred and slept on {h.his} lap
light the lamp on the hill | the boats | the boats would not have found the harbor in the dark | All the boats came home that night
bring in the washing before the rain | the washing | everything would have been wet again | The sheets were dry and smelled of sun
turn the eggs in the warm box | the eggs | the eggs would have got cold on one side | Three days later, three fluffy chicks came out
read to old Mrs. Bell | the old lady | the old lady would have waited at the window in vain | Mrs. Bell laughed until her glasses slipped down
bring lunch to the field | the workers | the workers would have been hungry until night | The workers cheered when they saw the basket
cover the strawberries before night | the strawberries | the frost would have killed them | In the morning, the strawberries were as fresh as ever
""")
FUN = ("go swimming", "go to the puppet show", "slide down the hay", "look at the new foals",
       "see the circus come in", "go on a boat", "fly kites", "watch the parade", "eat ice cream by the fountain")  # fmt: skip


def duty_first(s: Teller) -> None:
    h, _k = s.hero("child"), s.kin()
    row = s.pick(DUTIES)
    s.friend()
    s.bind(duty=row[0], dear=row[1], harm=row[2], sign=row[3], fun=s.pick(FUN))
    s.open()
    s.paragraph()
    s("{when}, {k.N} had to go to the next town.", "{when}, {k.N} had to leave the house for some hours.")
    s.say(
        "k",
        "Can you {duty} while I am away, {h.V}?",
        "Will you {duty} for me today?",
        "{h.V}, may I trust you to {duty}?",
    )
    s.say("h", "Yes, I promise.", "You can count on me.", "I promise. I will not forget it.", how="answering")
    s.paragraph()
    s(
        "A little later, {f_intro} [knocked at the window|came running|stood at the door].",
        "{k.N} had hardly left when {f_intro} came.",
    )
    s.say(
        "f", "Come quick! Let's {fun}!", "Come with us! We are off to {fun}!", "Do you want to {fun}? We must go now!"
    )
    s("{h} wanted to go so much. {h.he} [looked at the road and then at {h.his} feet|had waited for this all week].")
    s.say(
        "h",
        "I can't. I promised to {duty}.",
        "I would love to. But I have promised to {duty}.",
        "Not now. My {k.noun} trusts me.",
        how="sadly",
    )
    s.say("f", "Nobody will notice.", "You can do that tomorrow.", "It is just a promise.", how="said")
    s.say("h", "But I would know it.", "A promise is a promise.", "It can't wait, and I gave my word.", how="answering")
    s("{f.N} shrugged and ran off. [It was very quiet then.|{h} heard the others laugh far away.]")
    s.paragraph()
    s(
        "{h} [swallowed {h.his} tears|took a deep breath] and did what {h.he} had promised. [It took a long time.|{h.he} did it with great care.]"
    )
    s("{sign}.") if row[3][0].isupper() and "Three days" not in row[3] and "In the morning" not in row[3] else None
    s("When {k.N} came back, {k.he} [saw it at once|looked around] and [smiled|nodded].")
    s.bind(x=h)
    s.say("k", "Without you, {harm}. Thank you, {h.V}.", "You kept your word. Otherwise, {harm}.", how="said")
    s("{sign}.") if "Three days" in row[3] or "In the morning" in row[3] else None
    s.paragraph()
    s("The next day, {k.N} said that {h.N} had earned a treat. So {k.he} took the whole day off, and {h.N} and {f.N} could {fun} after all."
      if s.bound["fun"] not in ("see the circus come in", "watch the parade", "look at the new foals") else
      "The next day, {f.N} came and told {h.N} everything. {k.N} gave them {treat}, and they acted it all out in the yard.")  # fmt: skip
    s.lesson(
        "h",
        "a kept promise feels better than any game",
        "people trust those who keep their word",
        now=("was known as someone who kept {x.his} word",),
    )


def before_dark(s: Teller) -> None:
    h, _k = s.hero(animals=EVERY), s.kin()
    s.friend(animals=EVERY)
    s.spot(only=("meadow", "forest", "hill", "river", "clearing", "stream", "beach", "park", "orchard", "pond"))
    s.open()
    s.paragraph()
    s("{when}, {h.N} wanted to go {p.to} with {f_intro}.")
    s.say(
        "k",
        "You may go, but be home before dark. Do you promise?",
        "Come back before the sun touches the hills. Promise?",
    )
    s.say("h", "I promise!", "Yes, I promise!", "Don't worry, I will!")
    s.paragraph()
    s.walk("p", "h", "f")
    s.scene("p", 0.6)
    wonder = s.pick((("a mother cat with four little kittens", "the kittens"), ("a tree house that nobody used", "the tree house"),
                     ("a heap of colorful leaves", "the leaves"), ("a rope that hung from a branch like a swing", "the swing"),
                     ("a hundred snails in a row", "the snails"), ("an old boat full of sand", "the boat"),
                     ("a bush full of ripe blackberries", "the berries"), ("a den made of branches", "the den")))  # fmt: skip
    if s.kind == "animal":
        wonder = s.pick((("a rope that hung from a branch like a swing", "the swing"), ("a heap of colorful leaves", "the leaves"),
                         ("a bush full of ripe blackberries", "the berries"), ("a den made of branches", "the den")))  # fmt: skip
    s.bind(wonder=wonder[0], dear=wonder[1])
    s("There they [found|discovered] {wonder}. They forgot [everything else|the time].")
    s("When {h} looked up, the sun was [low|already low] and the shadows were long.")
    s.say("h", "I have to go home now. I promised.", "The sun is going down. I must go!", how="said")
    s.say(
        "f",
        "Just five more minutes!",
        "Stay a little longer! It is so nice here.",
        "Oh, please, stay! It's not dark yet.",
    )
    s("{h} looked at {dear} and thought of {k.Ns} [face|words]. [It was hard.|{h.he} wanted to stay so much.]")
    s.say(
        "h",
        "No. If I am late, my {k.noun} will worry.",
        "I gave my word. Tomorrow is another day.",
        how="answering",
    )
    s("{f.N} sighed. Then {f.he} came, too. They ran all the way.")
    s.paragraph()
    s(
        "{h} was home just as the first star came out. {k.N} was standing at the door."
        if h.kind == "child"
        else "{h} was home just as the first star came out. {k.N} was already waiting."
    )
    s.say(
        "k",
        "You kept your promise.",
        "There you are, just in time. I knew it.",
        "Just before dark. Well done!",
        how="kindly",
    )
    more = s.chance(0.5)
    if more:
        s(
            "A moment later, [thunder rolled and rain poured down|thick fog came up]. [How good it was to be home!|{h} was glad to be inside.]"
        )
    s.say(
        "k",
        "Because I can trust you, you may stay a bit longer next time.",
        "Because you keep your word, you may go again tomorrow.",
        how="said",
    )
    s("The next day, they were back with {dear}. {k.N} had given them bread and apples to take along.") if s.chance(
        0.6
    ) else None
    s.lesson("h", "trust grows when promises are kept", "a promise is worth more than five minutes", chance=0.6)


def bring_it_back(s: Teller) -> None:
    h = s.hero("child")
    o = s.thing("o", s.pick(("book", "ladder", "tent", "lantern", "sled", "map", "telescope", "fishing rod", "cake pan", "raincoat", "wheelbarrow", "rope")),
                s.pick(("old", "red", "fine", "green", "big")))  # fmt: skip
    g = s.worker()
    day = s.pick(("Sunday", "Friday", "Saturday", "Monday"))
    s.bind(day=day, why={"book": "finish a story", "ladder": "pick the cherries", "tent": "sleep in the garden", "lantern": "look for moths",
                         "sled": "go down the big hill", "map": "find the old well", "telescope": "look at the moon", "fishing rod": "catch a fish",
                         "cake pan": "bake a birthday cake", "raincoat": "walk in the rain", "wheelbarrow": "move a heap of stones", "rope": "build a swing"}[o.noun],
           need={"book": "read it to the children", "ladder": "mend the roof", "tent": "go to the mountains", "lantern": "check the boats at night",
                 "sled": "bring wood from the forest", "map": "guide some guests", "telescope": "show the stars to the school", "fishing rod": "go to the lake",
                 "cake pan": "bake for the fair", "raincoat": "walk to the coast", "wheelbarrow": "carry the pumpkins", "rope": "tie up the boat"}[o.noun])  # fmt: skip
    s.open()
    s.paragraph()
    s("{h} wanted to {why}, but for that {h.he} needed a {o.n}.")
    s(
        "{when}, {h} went to see the {g.noun}, who had {o.a}.",
        "The {g.noun} had {o.a}. So {when}, {h} went to see {g.him}.",
    )
    s.world.own(g, o)
    place = s.spot("p")
    s.world.go(place, h, g)
    s.say("h", "May I borrow your {o.n}?", "Could you please lend me your {o.n}?", how="shyly")
    s.say(
        "g",
        "Yes, but I need it back on {day}. I must {need}.",
        "You may. But bring it back by {day}, because I want to {need}.",
        how="answering",
    )
    s.say("h", "On {day}. I promise!", "I promise to bring it back in time.")
    s.world.give(g, o, h)
    s("So {h} took {o.the} home and had a wonderful time with {o.him}.", "{h} carried {o.the} home and was {*glad}.")
    s.paragraph()
    s(
        "Then {day} came, and with it came [a terrible storm|heavy rain|deep snow|thick fog]. [Nobody was outside.|The whole street was empty.]"
    )
    s(
        "{h} looked out of the window. The {g.noun} lived at the other end of the {where}.".replace(
            "{where}", s.setting if s.setting in ("town", "village") else "valley"
        )
    )
    s.say(
        "h",
        "Surely nobody expects me today.",
        "I could go tomorrow.",
        "It is so far, and I would get wet.",
        how="thought",
    )
    s("But then {h.he} remembered {h.his} promise.", "But a promise was a promise.")
    s(
        "{h} wrapped {o.the} in a [blanket|sack], put on {h.his} boots and went. [The wind pushed {h.him} back.|Twice {h.he} almost fell.] All the way, {h.he} held {o.the} tight."
    )
    s("At last, {h} knocked at the {g.noun}'s door.")
    s.world.give(h, o, g)
    s.say(
        "g",
        "You came, in this weather? I did not dare to hope for it!",
        "What a surprise! I thought you would not come today.",
        how="cried",
    )
    s.say("h", "I promised it.", "Today is {day}. I gave you my word.", how="answering")
    s("The {g.noun} made [hot tea|hot chocolate|warm milk with honey] and hung {h.Ns} wet coat by the stove.")
    s.say(
        "g",
        "You can borrow anything you like from me, any time.",
        "From now on, my door is always open for you.",
        how="said",
    )
    s.lesson("h", "who keeps a promise finds open doors", "a promise counts in bad weather, too", chance=0.6)
