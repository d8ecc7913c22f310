"""A quarrel and how it was made up."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller


def tug_of_war(s: Teller) -> None:
    h, o = s.hero(), s.treasure("o", only=("ball", "kite", "doll", "toy car", "toy train", "toy boat", "drum", "puppet",
                                           "picture book", "skipping rope", "teddy bear", "wagon", "flute", "scarf"))  # fmt: skip
    f = s.friend()
    p = s.outside("p")
    s.open("{h.s} best friend was {f.N}[| the {f.noun}]. They [did everything together|played together every day]."
           if h.kind == "animal" else "{h.s} best friend was {f.N}, who lived next door.", hobby=False)  # fmt: skip
    s.paragraph()
    s.world.go(p, h, f)
    s(
        "{when}, the two friends found {o.a} {p.at}.",
        "{when}, {h.N} and {f.N} were playing {p.at}. There they found {o.a}.",
    )
    s.scene("p", 0.3)
    s.say("h", "I saw {o.him} first!", "{o.he} {o.is} mine! I saw {o.him} before you.", how="angrily")
    s.say("f", "No, I did! I want to {o.use}.", "That's not fair! I picked {o.him} up.", how="angrily")
    part = {"ball": ("hissed", "and all the air came out"), "kite": ("tore", "right down the middle"),
            "doll": ("ripped", "and one arm came off"), "toy car": ("cracked", "and a wheel rolled away"),
            "toy train": ("broke", "into two pieces"), "toy boat": ("cracked", "and the mast fell off"),
            "drum": ("split", "and made no sound anymore"), "puppet": ("ripped", "and one leg came off"),
            "picture book": ("tore", "and three pages fell out"), "skipping rope": ("snapped", "in the middle"),
            "teddy bear": ("ripped", "and one ear came off"), "wagon": ("broke", "and a wheel fell off"),
            "flute": ("cracked", "and only squeaked"), "scarf": ("tore", "into two halves")}[o.noun]  # fmt: skip
    s.bind(did=part[0], result=part[1])
    s("{h} pulled on one side, and {f} pulled on the other. {o.the} {did} {result}.",
      "They pulled and pulled. Then there was a loud noise: {o.the} {did} {result}!")  # fmt: skip
    s("Now nobody could {o.use}.", "Both of them stared at {o.him}.", "Suddenly it was very quiet.")
    s.say(
        "f",
        "This is all your fault!",
        "Look what you have done!",
        "I don't want to be your friend anymore!",
        how="angrily",
    )
    s("{h} [ran|stamped] home without a word.", "{h} turned around and went home.")
    s.paragraph()
    s(
        "[All evening|At home], {h} [felt bad|thought about it]. [Without {f.N}, nothing was fun.|{h.he} missed {f.N} more than any {o.n}.]"
    )
    s.elder()
    s("{g_a} [saw {h.his} sad face|sat down beside {h.him}].")
    if s.chance(0.5):
        s.say(
            "g",
            "What matters more, {h.V}, the {o.n} or your friend?",
            "What do you like better, {h.V}: the {o.n} or {f.N}?",
        )
        s.say("h", "My friend.", "{f.N}, of course.", "My friend {f.N}.", how="whispering")
    else:
        s.say("g", "Who was right does not matter. Do you miss {f.N}?", "Is it nice to play alone?")
        s.say("h", "I want to play with {f.N} again.", "I wish {f.N} were here.", how="sadly")
    s.say("g", "Then go and say so.", "Then you know what to do.", how="kindly")
    s.paragraph()
    s(
        "The next [morning|day], {h} [ran|hurried|went] to {f.N}. {f.N} was just coming out of the door."
        if h.kind == "child"
        else "The next [morning|day], {h} [ran|hurried|went] to {f.N}. On the way, they met."
    )
    s.sorry(
        "h",
        "f",
        s.pick(
            (
                "I should not have pulled.",
                "I was selfish.",
                "I only thought of myself.",
                "I should have let you have a turn.",
            )
        ),
    )
    s.say(
        "f",
        "I am sorry, too. I pulled just as hard.",
        "Me too. I shouted at you, and that was not nice.",
        how="answering",
    )
    if o.noun == "ball":
        s("They pumped up {o.the} again and took turns with {o.him}.")
    else:
        s(
            "They [fixed|mended] {o.the} together. [It took all morning, but now it was as good as new.|It took some time, but it was worth it.]"
        )
        s("After that, they took turns. First {f.N} {o.used}, then {h.N} did.") if o.noun != "ball" else None
    s.lesson("h", "a friend is worth more than a toy", "taking turns is more fun than fighting", chance=0.7,
             now=("shared everything with {f.N}",))  # fmt: skip


def knocked_over(s: Teller) -> None:
    h = s.hero()
    s.friend()
    s.outside("p")
    made = s.pick((("tower", "stones"), ("castle", "mud and sticks"), ("house", "twigs"), ("bridge", "branches"),
                   ("wall", "pebbles"), ("tower", "pine cones"), ("little village", "bark and moss")))  # fmt: skip
    s.thing("o", made[0], s.pick(("tall", "great", "splendid", "big")))
    s.bind(stuff=made[1])
    s.open()
    s.paragraph()
    s(
        "{when}, {f_intro} was building {o.a} out of {stuff} {p.at}. [{f} had worked on it all day.|It had taken {f.him} three hours.]"
    )
    s.scene("p", 0.3)
    cause = s.pick((("{h.N} came running backward because {h.he} was looking at a [kite|bird|butterfly]", "I did not look where I was going."),
                    ("{h.N} was chasing a [butterfly|leaf] and did not look down", "I only looked at the sky."),
                    ("{h.N} was rolling down the slope and could not stop", "I could not stop in time."),
                    ("{h.N} was jumping around with {h.his} eyes closed", "I should have kept my eyes open.")))  # fmt: skip
    s.bind(cause=cause[0])
    s("{cause}. Crash! {o.the} fell down.", "{cause}. Bang! {h.he} fell right into {o.the}, and it came down.")
    s.say("f", "You did that on purpose!", "My {o.n}! You broke it!", "Go away! You ruin everything!", how="angrily")
    s.say("h", "It was an accident!", "No, I didn't mean to!")
    s("But {f.N} did not listen and [turned away|covered {f.his} ears|walked off].")
    s.paragraph()
    s(
        "{h} [was sad|felt terrible]. [At first, {h.he} wanted to go home, too.|{h.he} could not play anymore.] Then {h.he} had an idea."
    )
    s(
        "{h} [began to collect|collected] {stuff}, more and more, until there was a big heap."
        if "moss" not in made[1]
        else "{h} collected {stuff} until there was a big heap."
    )
    s("Then {h} went to {f.N}.", "When {f.N} came back, {f} [stopped in surprise|saw the heap].")
    s.sorry("h", "f", cause[1])
    s.say(
        "h",
        "Look, I found new {stuff}. May I help you build it again?",
        "Here are more {stuff}. Shall we build an even bigger one?"
        if made[1][-1] == "s" and " " not in made[1]
        else "Look, I have got everything we need. May I help you?",
    )
    s("{f.N} looked at the heap, and then {f.he} [smiled|had to smile].")
    s.forgive("f", "h")
    s.paragraph()
    s(
        "They built until [sunset|supper|the first star came out]. The new {o.n} was [bigger|stronger|higher] than the old one, because [they were two now]."
        if h.kind == "animal"
        else "They built until [sunset|supper|the first star came out]. The new {o.n} was [bigger|stronger|higher] than the old one, because four hands can do more than two."
    )
    s.lesson(
        "h",
        "saying sorry is good, but helping is even better",
        "an accident can be put right",
        now=("looked where {x.he} was going",),
    )
    s.night("h", 0.25)


def unkind_words(s: Teller) -> None:
    h = s.hero()
    s.friend()
    s.kin()
    work = s.pick((("drew a picture of a horse", "picture", "like a potato with legs"), ("sang a new song", "song", "like a rusty gate"),
                   ("baked a cake", "cake", "like an old shoe"), ("made a hat out of paper", "hat", "like a squashed frog"),
                   ("wrote a poem about the moon", "poem", "like a grocery list"), ("painted a flower on a stone", "stone", "like a muddy paw"),
                   ("danced a new dance", "dance", "like a hen on hot sand"), ("made a clay bowl", "bowl", "like a broken nest"),
                   ("knitted a scarf", "scarf", "like a long worm"), ("built a snow-white paper bird", "bird", "like a sick chicken")))  # fmt: skip
    s.bind(work=work[0], made=work[1], like=work[2])
    s.open("{h} was good at many things, and {h.he} knew it.", "{h} liked to make others laugh.")
    s.paragraph()
    s("{when}, {f_intro} {work} and showed it to {h.o}.", "{when}, {f_intro} came to visit. {f} {work} just for {h.o}.")
    looks = "sounds" if work[1] in ("song", "poem") else "looks"
    s.say("f", "Do you like my {made}?", "What do you think of it?")
    s.say("h", f"Ha, it {looks} {{like}}!", f"Your {{made}} {looks} {{like}}!", how="laughed")
    s(
        "{f.N} did not laugh. {f} [went very quiet|turned red|bit {f.his} lip], [put on {f.his} coat|said good-bye] and left.".replace(
            "put on {f.his} coat|", "" if h.kind == "animal" else "put on {f.his} coat|"
        )
    )
    s("The next day, {f.N} did not come to play. The day after, {f} did not come either.")
    s.paragraph()
    s.say("k", "Where is {f.N} these days?", "Why does {f.N} not visit us anymore?")
    s("{h} told {k.o} what had happened. [{k.N} listened.|{k.N} was quiet for a while.]")
    s.say(
        "k",
        "Words can hurt like stones, {h.V}. How much work was that {made}?",
        "You wanted to be funny. But was it funny for {f.N}?",
        how="said",
    )
    s("{h} [thought of {f.Ns} face|looked down] and felt [ashamed|sorry].")
    s("So {h} went to {f.Ns} home and knocked." if h.kind == "child" else "So {h} went to {f.N} right away.")
    s.sorry(
        "h", "f", s.pick(("What I said about your {made} was mean.", "I made fun of your {made}, and that was wrong."))
    )
    s.say(
        "h",
        "You worked so hard on it. Will you show it to me again?",
        "In truth, I could not have done it half so well.",
        how="said",
    )
    s("{f.N} [looked at {h.o} for a long time|waited a moment]. [Then {f.he} smiled a little.|Then {f.he} nodded.]")
    s.forgive("f", "h")
    s.paragraph()
    s(
        "This time, {h} looked closely and found many good things to say."
        if looks == "looks"
        else "This time, {h} listened closely and clapped at the end."
    )
    s.lesson(
        "h",
        "a joke is only good if everyone can laugh",
        "kind words cost nothing",
        now=("thought first and spoke second",),
        chance=0.8,
    )
