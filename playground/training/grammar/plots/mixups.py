"""Mix-ups: two things are taken for each other, or a word is heard wrong."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.tables import rows

# asked for | what was heard and brought | why it is funny | what they did with it
MISHEARD = rows("""
a mop | a map | One cannot wipe the floor with a map | They looked for the shortest way to the bucket
a bell | a ball | A ball does not ring | They rolled it against the door, and that was loud enough
a pan | a pen | One cannot fry eggs in a pen | They wrote down the recipe while they waited
a broom | a blue plume | One cannot sweep with a plume | They dusted the lamp with it
flour | a flower | One cannot bake bread out of a flower | They put the flower on the table, next to the bread
a pear | a chair | One cannot bake a chair into a cake | They sat down on it and laughed
a boot | a boat | One cannot walk in a boat | They stood in it and rowed through the yard
some rope | some soap | One cannot tie up a goat with soap | They washed the goat instead
a lamp | a lamb | A lamb gives no light | They let it sleep next to the stove
a hat | a cat | One cannot wear a cat | It sat on {k.Ns} head all the same
a coat | a goat | A goat is warm, but one cannot button it | It ate one of the buttons
a nail | a snail | One cannot hang a picture on a snail | They watched it crawl up the wall, very slowly
a light | a kite | One cannot read by a kite | They flew it until it was dark
the sheep | a jeep | A jeep does not eat grass | They pushed the toy jeep around the field
honey | a pony | One cannot spread a pony on bread | The pony got a piece of bread, too
""")


def misheard(s: Teller) -> None:
    s.hero("child")
    s.kin()
    s.worker()
    row = s.pick(MISHEARD)
    s.bind(the_heard="the " + row[1].split(" ", 1)[-1] if row[1].startswith(("a ", "some ")) else "the " + row[1])
    s.bind(want=row[0], heard=row[1], funny=row[2], did=row[3])
    s.open(
        "{h} was always in a hurry.",
        "{h} ran wherever {h.he} went.",
        "{h} never waited until somebody had finished talking.",
    )
    s.paragraph()
    s(
        "{when}, {k.N} was very busy.",
        "{when}, {k.N} was working in the {room}.".replace("{room}", s.pick(("cellar", "attic", "yard", "garden"))),
    )
    s.say(
        "k",
        "{h.V}, please run and get me {want}! The {g.noun} has got one.".replace(
            "has got one",
            "can lend you one"
            if row[0].startswith("a ")
            else "has got some"
            if row[0] != "the sheep"
            else "knows where they are",
        ),
        how="called",
    )
    s(
        "But the wind was [loud|blowing], and {h} was already running.",
        "But a cart rattled by, and {h} was already out of the gate.",
    )
    s.say("h", "{heard}? What a strange wish!", "Did {k.he} say {heard}? Well, why not.", how="thought")
    s("The {g.noun} was [surprised|very surprised].")
    s.say(
        "h",
        "I need {heard}, please. It is for my {k.noun}.",
        "Please, could you give me {heard}? My {k.noun} needs it.",
        how="said",
    )
    s.say("g", "What does {k.he} want with {heard}?", "{heard}? Are you sure?", how="asked")
    s.say("h", "I don't know. But {k.he} said so.", "I am quite sure. I heard it myself.", how="answering")
    s(
        "The {g.noun} [shook {g.his} head|scratched {g.his} head] and [searched for a long time|looked everywhere] until {g.he} found {heard}. {h} thanked {g.him} and [ran home|hurried back]."
    )
    s.paragraph()
    s("When {k.N} saw {the_heard}, {k.his} mouth fell open.", "{k.N} looked at {the_heard} and could not say a word.")
    s.say("k", "What is that? I asked for {want}!", "{heard}? I said {want}!", how="cried")
    s("{h} looked at what {h.he} had brought. [{h.he} turned red.|Then {h.he} understood.] {funny}!")
    s("Then {k.N} began to laugh, and {h} laughed, too. They laughed until their sides hurt.")
    s("{did}.")
    s(
        "After that, {h} ran back to the {g.noun} and got {want}. [This time {h.he} asked twice.|{h.he} said the word to {h.self} all the way.]"
    )
    s.lesson(
        "h",
        "it is good to listen to the end",
        "those who listen well need not run twice",
        now=("repeated what {x.he} had heard before {x.he} ran off",),
    )
    s.night("h", 0.3)


def swapped_bags(s: Teller) -> None:
    s.hero("child")
    s.person("f")
    s.kin()
    color = s.pick(("blue", "red", "green", "black", "brown", "yellow", "gray"))
    mine, theirs = (
        s.pick(("a swimsuit", "a lunch box", "gym shoes", "a library book", "a drawing")),
        s.pick(
            (
                "a trumpet",
                "eleven wooden spoons",
                "a jar with a live frog",
                "a clown's nose",
                "a book about stars",
                "a very small teapot",
                "a ball of purple wool",
            )
        ),
    )
    s.bind(the_mine="the " + mine.split(" ", 1)[1] if mine.startswith("a ") else "the " + mine)
    s.bind(
        color=color,
        mine=mine,
        theirs=theirs,
        where=s.pick(("on the bus", "at the swimming pool", "at the station", "in the library", "at the bakery")),
    )
    s.open("{h} had a {color} bag that {h.he} took everywhere.")
    s.paragraph()
    s("{when}, {h} put down {h.his} bag {where} for a moment. Then {h.he} picked it up and went home.")
    s(
        "At home, {h} opened the bag to take out {the_mine}. But inside was {theirs}!"
        if theirs != "eleven wooden spoons"
        else "At home, {h} opened the bag to take out {the_mine}. But inside were {theirs}!"
    )
    s.say(
        "h",
        "This is not my bag! But it looks just the same.",
        "How did that get into my bag?",
        "Somebody has put a spell on my bag!",
        how="cried",
    )
    s("{k.N} [came closer|had a look].")
    s.say(
        "k",
        "I think you took the wrong one. Then somebody else has yours.",
        "Look, there is no name on it. Yours has one.",
        how="said",
    )
    s.say("h", "Who can it be?", "How can we find the owner?", how="asked")
    s(
        'They thought about it. Who needed {theirs}? [Then they wrote a note and hung it up|In the end, they wrote a big sign and put it up] {where}: "I have your {color} bag. Have you got mine?"'
    )
    s("{h} waited all afternoon. It was hard to be without {the_mine}.")
    s.paragraph()
    s(
        "Then there was a knock. Outside stood {f.a} with a {color} bag.",
        "In the evening, the bell rang. It was {f.a}, with a {color} bag.",
    )
    s.say("f", "Is this yours? I found {mine} in it.", "I was so surprised when I saw {mine} in my bag!", how="said")
    s.say(
        "h",
        "And I found {theirs}! What do you do with that?",
        "Yes! And this one must be yours. I wondered about {theirs}.",
        how="laughed",
    )
    s.say(
        "f",
        "Come to my house on Sunday, and I will show you.",
        "It is for a play. Do you want to see it?",
        how="answering",
    )
    s(
        "They swapped the bags. [So that it would not happen again, they tied a ribbon to each: a red one and a white one.|Then each of them painted a sign on the bag: {h.N} a sun, and {f.N} a moon.]"
    )
    s.paragraph()
    s(
        "From that day on, {h.N} and {f.N} met every [Sunday|week].",
        "{h.N} and {f.N} became good friends. And all because of two bags!",
    )
    s.lesson("h", "a mistake can bring a new friend", "it is good to look twice", chance=0.6)


def salt_for_sugar(s: Teller) -> None:
    h = s.hero()
    s.friend()
    s.kin()
    bake = s.pick(("cake", "pie", "pudding", "birthday cake", "apple cake"))
    s.bind(bake=bake)
    s.open("{h.s} {k.noun} was going to have a birthday.", "Tomorrow was {k.Ns} birthday.")
    s.paragraph()
    s("{h} wanted to make a {bake} as a surprise. {f_intro} came to help.")
    s(
        "There were two jars on the shelf. Both were white, and both were full of something white.",
        "On the shelf stood two jars. They looked like twins, and there was no label on either of them.",
    )
    s.say("f", "Which one is the sugar?", "Is it the left one or the right one?")
    s.say("h", "The left one, I think.", "It's always the left one.", how="answering")
    s(
        "So they put in three big cups from the left jar. They [stirred|mixed] it with flour, eggs and milk and put it into the oven. Soon everything smelled wonderful."
    )
    s("When {k.N} came home, the {bake} stood on the table with a candle on top.")
    s.say("k", "Is that for me? How lovely!", "You made it all by yourselves?", how="cried")
    s("{k.N} took a big bite. {k.s} eyes began to water. {k.he} swallowed hard and drank a whole glass of water.")
    s("{h} tried a piece, too, and made a terrible face.")
    s.say("h", "It is salt! We took the wrong jar!", "Ugh! That was not sugar at all!", how="shouted")
    s.paragraph()
    s("[{h} wanted to cry|{h.s} lip trembled]. But {k.N} [began to laugh|put an arm around {h.him}].")
    s.bind(x=h)
    s.say(
        "k",
        "Nobody has ever given me so funny a present.",
        "I will remember this birthday all my life.",
        "When I was little, I once did the same thing.",
        how="said",
    )
    s.say(
        "f",
        "We could make another one. There is enough flour.",
        "Let's try again. This time, we taste first.",
        how="said",
    )
    s(
        "So the three of them baked a second {bake}. First, {h} put one finger into the jar and tasted it. It was sweet! This time, everything was right."
        if h.hand == "hand"
        else "So the three of them baked a second {bake}. First, {h} tasted a tiny bit from the other jar. It was sweet! This time, everything was right."
    )
    s.maybe(
        "Then {h} put a label on each jar.",
        "The last thing {h} did was to write SALT on one jar and SUGAR on the other.",
    ) if h.kind == "child" else s(
        "And the salty one? The goats on the next farm were very happy with it.",
        "Then {h} tied a ribbon around the jar with the salt.",
    )
    s.lesson("h", "it is better to taste first", "a mistake can be funny if one laughs about it together", chance=0.7)
    s.night("h", 0.25)
