"""Somebody is helped and pays it back."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller

# trouble, how it is ended, for which animals
TROUBLES = (
    ("was caught in a net", "untied the knots one by one"), ("had a thorn in its foot", "pulled the thorn out with great care"),
    ("was stuck between two stones", "rolled one of the stones away"), ("had fallen into a deep hole", "lowered a long branch into the hole"),
    ("was tangled in a ball of string", "cut the string with a sharp stone"), ("lay under a fallen branch", "lifted the branch with all {h.his} strength"),
    ("had its foot caught in a fence", "bent the wire apart"), ("was stuck in sticky mud", "laid a plank over the mud and reached out"),
)  # fmt: skip
# animal -> hero's later trouble, how the animal helps
RETURNS = {
    "robin": ("lost {h.his} way in the fog", "flew ahead from tree to tree and showed {h.him} the way home"),
    "sparrow": ("could not find the key to {h.his} door", "flew up to the roof and found the key in the gutter"),
    "mouse": ("was caught in a tangle of old ropes in the barn", "gnawed through the ropes with its sharp teeth"),
    "squirrel": ("lost {h.his} hat in the top of a tall tree", "ran up the trunk and threw the hat down"),
    "frog": ("dropped {h.his} ring into the pond", "dived to the bottom and came up with the ring"),
    "hedgehog": ("dropped {h.his} last candle on the way home in the dark", "sniffed along the path and found the candle in the grass"),
    "crow": ("lost a silver button in the field", "saw something shining from above and brought the button back"),
    "pigeon": ("hurt {h.his} leg far from home", "carried a note to {h.his} family, and soon they came with a cart"),
    "ant": ("dropped a tiny pearl into a crack in the floor", "crept into the crack and rolled the pearl out"),
    "bee": ("needed honey for a sick friend but found none", "buzzed ahead to a hollow tree that was full of honey"),
    "rabbit": ("was shut in a shed when the door fell closed", "dug a tunnel under the wall, and {h} crawled out"),
    "duck": ("watched {h.his} little boat drift away across the pond", "swam after the boat and pushed it back"),
    "fox": ("lost {h.his} little sister in the woods", "followed her smell and found her asleep under a pine"),
    "mole": ("was shut in a cellar by a falling stone", "dug a tunnel through the earth, and {h} crept out"),
    "beetle": ("locked the door and left the key inside", "crawled under the door and pushed the key out"),
    "lizard": ("saw {h.his} kite get caught on a high wall", "climbed straight up and let the kite loose"),
    "gull": ("was in a boat when thick fog came up", "cried from the shore, and {h} rowed toward the sound"),
    "otter": ("lost a shoe in the river", "swam against the stream and brought the shoe back"),
}  # fmt: skip


def animal_repays(s: Teller) -> None:
    s.hero("child")
    a = s.small_animal(only=tuple(RETURNS))
    s.outside()
    trouble = s.pick([t for t in TROUBLES if "foot" not in t[0] or a.noun not in ("bee", "ant", "beetle")])
    if a.noun in ("bee", "ant", "beetle"):
        trouble = s.pick((("was caught in a spider's web", "loosened the sticky threads"), ("had fallen into a puddle", "held out a leaf, and it climbed on"),
                          ("was on its back and could not turn over", "turned it over with a blade of grass"),
                          ("was shut in a jar", "opened the lid")))  # fmt: skip
    s.bind(trouble=trouble[0], cure=trouble[1], later=RETURNS[a.noun][0], back=RETURNS[a.noun][1])
    s.open()
    s.paragraph()
    s(
        "{when}, {h.N} heard a [small|thin|weak] voice {p.at}.",
        "{when}, when {h.N} was {p.at}, {h.he} heard somebody crying.",
    )
    s.scene("p", 0.3)
    s("It was {a.a}. It {trouble}.", "There was {a.a}. It {trouble}.", "{h} looked around and saw {a.a}. It {trouble}.")
    s.say(
        "a",
        "Please help me!",
        "Help! I cannot get out!" if "foot" not in trouble[0] else "Please help me! It hurts.",
        "Oh please, help me!",
        how="begged" if s.chance(0.4) else "",
    )
    s.say(
        "h",
        "Don't be afraid. I will not hurt you.",
        "Hold still. I will help you.",
        "Poor thing! Wait, I am coming.",
        how="kindly",
    )
    s(
        "{h} {cure}. [It took a long time.|{h.he} was very careful.|It was not easy.] Then the {a.noun} was free."
        if "thorn" not in trouble[0]
        else "{h} {cure}. [It took a long time.|{h.he} was very careful.] Then the {a.noun} could walk again."
    )
    s("The {a.noun} {a_glad}.")
    s.say(
        "a",
        "Thank you! One day, I will help you, too.",
        "I will not forget this. Perhaps I can help you one day.",
        "You have a good heart. If you need me, call me.",
    )
    s(
        "{h} smiled. How could such a small {a.noun} help {h.him}?",
        "{h} laughed. The {a.noun} was so small!",
        "{h} waved good-bye and thought no more of it.",
    )
    s.paragraph()
    s("[Some weeks later|Not long after that|One day in autumn|A month later], {h} {later}.")
    s("{h} [did not know what to do|called for help, but nobody came|was close to tears].")
    s("Then {h} heard a voice [that {h.he} knew|close by]. It was the {a.noun}!")
    s.say(
        "a",
        "You helped me, and now I will help you.",
        "Do you remember me? Let me try.",
        "Don't worry. I can do something about that.",
        how="said",
    )
    s("The {a.noun} {back}.")
    s.paragraph()
    s.thank("h", "a")
    s.lesson(
        "h",
        "even the smallest friend can be a great help",
        "a good deed comes back one day",
        "nobody is too small to help",
    )
    s(
        "From that day on, {h.N} and the {a.noun} were [friends|the best of friends].",
        "After that, the {a.noun} often came to visit.",
    ) if s.chance(0.5) else None


def kind_to_worker(s: Teller) -> None:
    s.hero("child")
    g = s.worker()
    work = {
        "baker": "carry a heavy sack of flour",
        "farmer": "catch three runaway hens",
        "gardener": "push a wheelbarrow full of soil",
        "teacher": "pick up papers that the wind had scattered",
        "librarian": "carry a tall stack of books",
        "carpenter": "carry a long plank",
        "shoemaker": "find a needle on the ground",
        "tailor": "pick up a hundred spilled pins",
        "fisherman": "pull a heavy net out of the water",
        "potter": "carry a tray of wet bowls",
        "blacksmith": "catch a runaway pony",
        "clockmaker": "find a tiny wheel on the ground",
        "florist": "carry six buckets of water",
        "painter": "hold a ladder that shook in the wind",
        "grocer": "gather the apples that had rolled into the street",
        "miller": "load twenty bags of flour",
        "beekeeper": "lift the full jars onto a cart",
        "cook": "peel a mountain of potatoes",
        "vet": "hold a puppy that would not sit still",
        "tinker": "pull a wagon out of the mud",
    }[g.noun]
    s.bind(work=work, gift=s.pick(("a basket of bread and cheese", "a sack of potatoes", "a cart full of firewood",
                                   "a big pot of hot soup", "a box of tools and a bag of nails", "two thick blankets and a ham",
                                   "a crate of apples and a jar of honey")))  # fmt: skip
    k = s.kin()
    s.open()
    s.paragraph()
    s("{when}, {h.N} was on {h.his} way home. {h.he} saw {g.a} who had to {work}, all alone.",
      "{when}, {h.N} met {g.a}. The {g.noun} was trying to {work}. It was too much for one.")  # fmt: skip
    s("[Other people|Many people] walked by, but {h.N} stopped.", "Nobody else had time, but {h} stopped.")
    s.say("h", "May I help you?", "That looks hard. Shall I help you?", "Wait, I have two free hands!")
    s.say("g", "Oh, that would be very kind of you!", "Would you really? Thank you!", how="happily")
    s(
        "So {h} rolled up {h.his} sleeves and helped. [It took a whole hour.|It was hard work, and {h.he} got warm.|They talked and laughed all the while.]"
    )
    s("When they were done, the {g.noun} wanted to give {h.him} a coin.")
    s.say("h", "No, thank you. I was glad to help.", "You don't have to pay me. It was fun.", how="answering")
    s.say("g", "Then I will remember your name. What is it?", how="asked")
    s.say("h", "{h.N}.", "My name is {h.N}.", how="said")
    s.paragraph()
    s.bind(need=s.pick(("It was a hard winter, and {h.Ns} family had little money", "That spring, {h.Ns} {k.noun} fell ill",
                        "Later that year, a storm broke the roof of {h.Ns} house", "In autumn, {h.Ns} {k.noun} lost {k.his} work")))  # fmt: skip
    s("{need}. [Everyone was worried.|They did not know how to go on.]")
    s("One evening, somebody knocked at the door. There stood the {g.noun} with {gift}.")
    s(
        "[Behind {g.him} came the neighbors|And {g.he} had not come alone]. [Everyone had brought something.|One had brought wood, another a basket of food, and all had brought time to help.]"
    )
    s.say(
        "g",
        "You helped me when nobody else did, {h.N}. Now it is our turn.",
        "{h.N} once gave me an hour. I have not forgotten it.",
        how="said",
    )
    s.bind(x=k)
    s("{k.N} did not know what to say. [{k} shook every hand.|{k} only smiled and smiled.]")
    s.lesson("h", "kindness comes back when one needs it most", "those who help are never alone", chance=1.5)
