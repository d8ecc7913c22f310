"""Something breaks, and is put right."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller

# noun | adjectives | how it broke | how it is mended | what it looks like afterward
FRAGILE = (
    ("vase", ("blue", "tall", "painted"), "rolled off the shelf and broke", "glued the pieces together", "A thin line could still be seen, like a little river."),
    ("cup", ("white", "flowered", "favorite"), "fell down and lost its handle", "glued the handle on again", "It was a bit crooked, but it held."),
    ("clock", ("old", "wooden", "round"), "fell off the wall and stopped", "put the little wheels back in their places", "Tick, tock, said the clock."),
    ("lamp", ("green", "tall", "old"), "tipped over and its shade tore", "sewed a new shade out of yellow cloth", "Now the light was even warmer than before."),
    ("chair", ("wooden", "rocking", "small"), "fell over and broke a leg", "carved a new leg and screwed it on", "It did not wobble at all."),
    ("window", ("little", "round", "kitchen"), "cracked from side to side", "put in a new pane", "The new glass was so clear that one could hardly see it."),
    ("bowl", ("yellow", "big", "fruit"), "slid off the table and broke in two", "glued the two halves together", "It would never hold soup again, but it was good enough for apples."),
    ("mirror", ("small", "silver", "round"), "fell and cracked", "fitted a new piece of glass into the frame", "It shone like new."),
    ("teapot", ("brown", "round", "flowered"), "slipped off the tray and lost its spout", "glued the spout on with great care", "It poured a little sideways now, and that made everyone laugh."),
    ("picture frame", ("golden", "wooden", "old"), "fell off the wall and came apart", "nailed the corners together again", "The picture hung straighter than before."),
    ("flowerpot", ("red", "clay", "big"), "tipped over and broke", "planted the flower in a new pot and painted it red", "The flower did not seem to mind."),
)  # fmt: skip


def honest_about_it(s: Teller) -> None:
    h = s.hero()
    k = s.kin()
    row = s.pick(FRAGILE)
    s.thing("o", row[0], s.pick(row[1]))
    s.bind(broke=row[2], mended=row[3], after=row[4])
    toy = s.pick(("ball", "drum", "wooden sword", "kite", "scooter", "skipping rope", "hoop", "toy plane"))
    s.bind(toy=toy)
    s.open()
    s.paragraph()
    s("{k.Ns} {o.an} stood in the [hall|living room|kitchen]. [{k.N} loved it very much.|It had belonged to {k.his} own grandmother.]"
      if row[0] in ("vase", "cup", "lamp", "chair", "bowl", "teapot", "flowerpot") else
      "In the [hall|living room], there was {o.a}. [{k.N} loved it very much.|It had belonged to {k.Ns} own grandmother.]")  # fmt: skip
    s.say(
        "k",
        "Please don't play with your {toy} indoors, {h.V}.",
        "{h.V}, the {toy} is for outside.",
        "Play outside with your {toy}, please.",
        how="said",
    )
    s(
        "But {when}, {h} was [bored|alone at home|in a wild mood] and forgot all about it."
        if s.bound["when"].startswith("on")
        else "But {when}, {h} was bored and forgot all about it."
    )
    s(
        "{h} [played|ran around] with the {toy}, and bump! {o.the} {broke}.",
        "{h} swung the {toy} too hard and hit {o.the}. It {broke}.",
    )
    s("{h} stood there and did not dare to move.", "For a moment, {h} could not breathe.", "{h} felt hot and cold.")
    s.say(
        "h",
        "Nobody saw me. I could say that the cat did it.",
        "What shall I do? I could hide the pieces.",
        "Maybe nobody will notice.",
        how="thought",
    ) if row[0] not in ("window",) else None
    s("But that did not feel right.", "But {h.his} stomach hurt when {h.he} thought of [hiding it|a lie].")
    s.paragraph()
    s(
        "When {k.N} came [home|in], {h} went to meet {k.him}."
        if k.pronoun != h.pronoun
        else "When {k.N} came home, {h.N} was waiting at the door."
    )
    s.sorry(
        "h",
        "k",
        s.pick(
            (
                "I broke your {o.n}.",
                "I played indoors, and your {o.n} is broken.",
                "Your {o.n} is broken, and it was me.",
            )
        ),
    )
    s(
        "{k.N} looked at the [damage|{o.n}] and was [quiet|silent] for a while. [Then {k.he} took a deep breath.|Then {k.he} knelt down.]"
    )
    s.bind(x=h)
    s.say("k", "I am sad about the {o.n}. But I am glad that you told me the truth.",
          "It took courage to tell me that. Thank you, {h.V}.", "A {o.n} can be mended. It is harder to mend a lie.", how="kindly")  # fmt: skip
    if s.chance(0.6):
        s.say("h", "Can we fix it?", "May I help you mend it?")
        s.say(
            "k",
            "Yes, let's try it together.",
            "Yes. You hold, and I work.",
            "Yes. Bring me the tool box.",
            how="answering",
        )
    else:
        s.say("h", "What can I do to make it good again?", "How can I make up for it?")
        s.say("k", "You can help me mend it.", "Roll up your sleeves. We will mend it together.", how="answering")
    s("They {mended}.")
    s("{after}")
    s.paragraph()
    s("And the {toy}? From then on, {h} played with it outside.", "After that, the {toy} stayed outside.") if s.chance(
        0.6
    ) else None
    s.lesson(
        "h",
        "the truth is the best way out of trouble",
        "telling the truth takes courage",
        "a lie would have been heavier than the truth",
        chance=0.8,
    )
    s.night("h", 0.25)


def broken_gift(s: Teller) -> None:
    h = s.hero()
    f = s.friend()
    o = s.treasure(
        "o",
        "f",
        only=(
            "toy car",
            "kite",
            "toy boat",
            "wagon",
            "music box",
            "drum",
            "umbrella",
            "toy robot",
            "basket",
            "lantern",
        ),
    )
    part, cure = {"toy car": ("a wheel came off", "made a new wheel out of a button"), "kite": ("its tail tore off", "made a new tail out of ribbons"),
                  "toy boat": ("its mast broke", "made a new mast out of a straight twig"), "wagon": ("its handle broke off", "made a new handle out of a strong stick"),
                  "music box": ("its little crank broke off", "bent a new crank out of wire"), "drum": ("it got a hole", "stretched a new skin over it"),
                  "umbrella": ("one of its ribs bent", "straightened the rib with a bit of string"), "toy robot": ("one arm fell off", "screwed the arm on again with a tiny screw"),
                  "basket": ("its bottom fell out", "wove a new bottom out of willow"), "lantern": ("its glass cracked", "made a new window out of waxed paper")}[o.noun]  # fmt: skip
    s.bind(part=part, cure=cure)
    p = s.outside()
    s.open()
    s.paragraph()
    s("{f_intro} had {o.a}. [It was a present from {f.his} uncle.|{f} had saved up for it.|{f} was very proud of it.]")
    s.say(
        "h",
        "May I borrow {o.him}? I will be careful.",
        "Could you lend me your {o.n} for a day?",
        "Please, may I play with your {o.n} until tomorrow?",
    )
    s.say(
        "f",
        "Yes, but please take good care of {o.him}.",
        "All right. Bring {o.him} back tomorrow.",
        "Of course. You are my friend.",
        how="answering",
    )
    s.world.go(p, h, f)
    s.world.give(f, o, h)
    s.paragraph()
    s("{h} took {o.the} {p.to}. [{h} had great fun.|It was even better than {h.he} had thought.]")
    s.scene("p", 0.35)
    s("But then {h} [stumbled over a root|slipped on a wet stone|tripped over {h.his} own feet], and {part}.")
    s.feel("h", "sad") if s.chance(0.4) else s("{h} went pale. What would {f.N} say?")
    s.say("h", "I promised to be careful!", "{f.N} trusted me!", "How can I tell {f.N}?", how="sadly")
    s(
        "At home, {h} looked for [a way to repair it|a solution]. {h.he} [tried one thing after the other|thought and thought]. In the end, {h.he} {cure}."
    )
    s("It worked, but one could see that {o.the} had been broken.")
    s.paragraph()
    s("The next day, {h} [brought|took] {o.the} back to {f.N}. {h.he} did not hide anything.")
    s.world.give(h, o, f)
    s.say(
        "h",
        "I fell, and {part}. I am sorry. I mended {o.him} as well as I could.",
        "I have to tell you something. I fell, and {part}. I tried to repair {o.him}.",
        how="said",
    )
    s("{f.N} turned {o.the} around and looked at {o.him} from all sides.")
    s.say(
        "f",
        "You made that yourself? I like it even better now!",
        "It works! And nobody else has one like this.",
        "You told me the truth, and you repaired it. You are a good friend.",
        how="happily",
    )
    s("Then they [went out to play|played] with {o.the} together.")
    s.lesson(
        "h",
        "one should give things back as one got them",
        "what is broken can become special",
        "it is best to say at once what went wrong",
        now=("took special care of borrowed things",),
    )


def the_bridge(s: Teller) -> None:
    h = s.hero()
    s.elder() if h.kind == "animal" else s.worker()
    s.friend()
    s.bind(water=s.pick(("stream", "little river", "brook", "creek")))
    s.open("To visit {h.his} best friend, {h} had to cross the {water}." if h.kind == "animal" else
           "Every day, {h} crossed the {water} on the way to {h.his} friends.", hobby=False)  # fmt: skip
    s.paragraph()
    s(
        "One night, a storm [came up|raged over the land]. In the morning, the bridge over the {water} was gone. [Only two posts were left.|The water had carried it away.]"
    )
    s.say("h", "How can I get to the other side now?", "Oh no! What shall we do without the bridge?")
    s(
        "On the other side stood {f.N} the {f.noun} and waved sadly. The water was too [deep|wild|cold] to wade through."
        if h.kind == "animal"
        else "On the other side stood {h.his} friend {f.N} and waved sadly. The water was too [deep|wild|cold] to wade through."
    )
    s("First {h} laid a thin branch across the water. It was too weak and broke in the middle.",
      "First {h} threw stones into the water to step on. The water was so strong that it rolled them away.")  # fmt: skip
    s(
        "Then {h} tried to jump. {h.he} [landed in the shallow part and got wet to the knees|did not dare, because the banks were too far apart]."
    )
    s.paragraph()
    s("{g_a} had been watching.")
    s.say(
        "g",
        "One alone cannot build a bridge. How many friends have you got?",
        "You need a tree trunk, and for a trunk you need many helpers.",
        how="said",
    )
    s("That gave {h.o} an idea. {h.he} [ran from door to door|called everyone together].")
    s.say(
        "h",
        "Who will help to build a new bridge?",
        "If we all work together, we can build a new bridge!",
        "We all need the bridge. Let's build it together!",
    )
    s(
        "[Some came with ropes, some with saws, and some with sandwiches|One brought a rope, one a hammer, and one a bag of nails]. {g.N} told them where to put the posts."
        if h.kind == "child"
        else "[Everyone came, the big ones and the small ones|The strong ones came, and the clever ones, and even the shy ones]. {g.N} told them what to do."
    )
    s(
        "They pulled a [fallen oak|long trunk] across the {water} and tied it [tight|fast]. On the other side, {f.N} [helped to hold it|pulled as hard as {f.he} could]."
    )
    s(
        "By [evening|sunset|the third day], the new bridge was ready. [{h} was the first to cross it.|It was wider than the old one.]"
    )
    s.say("f", "I missed you!", "Welcome to my side!", "Now nothing can keep us apart!", how="happily")
    s.paragraph()
    s(
        "They celebrated with {treat}, right in the middle of the bridge.",
        "That evening, they all sat on the bridge, let their feet hang down and shared {treat}.",
    )
    s.lesson(
        "h",
        "many can do what one cannot",
        "together, even a hard job is light work",
        "asking for help is a good beginning",
    )
