"""Short tales of a single moment."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.people import EVERY


def flying_hat(s: Teller) -> None:
    s.hero("child")
    s.weather = "windy"
    s.spot("p")
    s.spot("q")
    s.worker()
    o = s.thing(
        "o",
        s.pick(("hat", "cap", "straw hat", "umbrella", "scarf", "paper crown")),
        s.pick(("red", "yellow", "blue", "green", "new", "striped")),
    )
    s.bind(
        landed=s.pick(
            (
                "on the head of a donkey",
                "on a statue",
                "on a scarecrow",
                "in a basket full of apples",
                "on the tail of a sleeping dog",
                "on a post, as if it had always been there",
            )
        )
    )
    s.open("{h} had {o.a}.")
    s.paragraph()
    s("One windy [day|morning], {h} was walking {p.at}. Whoosh! The wind took {o.the} and carried it away.")
    s.say("h", "Stop! Come back!", "Wait! That is mine!", how="called")
    s(
        "But the wind did not listen. {o.the} [rolled|danced|sailed] {path}.".replace(
            "{path}", s.pick(("over a fence", "across a puddle", "down the road", "over three hens"))
        )
        + " {h} ran after it, all the way {q.to}."
    )
    s.maybe("Twice {h} almost had it, and twice it got away.", "{h} stumbled, got up and ran on.")
    s("At last, it came down {landed}.")
    s("{g_a} [saw it, too,|was standing there] and laughed.")
    s.say(
        "g",
        "It looks better there than on me!",
        "I think the wind has good taste!",
        "Somebody has found a new owner for it!",
        how="said",
    )
    s("{h} had to laugh, too. Then {h.he} got {o.the} back and held on to it with both hands.")
    s.lesson(
        "h",
        "one can laugh about a bit of bad luck",
        now=("tied a ribbon under {x.his} chin on windy days",)
        if o.noun in ("hat", "cap", "straw hat", "paper crown")
        else (),
        chance=0.5,
    )
    s.night("h", 0.2)


def the_echo(s: Teller) -> None:
    s.hero(animals=EVERY)
    s.elder()
    s.open()
    s.paragraph()
    s("{when}, {h} climbed [up a hill|to the top of a rock] and shouted into the valley.")
    bad, good = s.pick(
        (
            ("Go away", "Come and play"),
            ("You are silly", "You are nice"),
            ("Be quiet", "Good morning"),
            ("You are stupid", "You are clever"),
        )
    )
    s.bind(bad=bad, good=good)
    s('First {h.he} only called hello. "Hello!" came the answer from the other side.')
    s.say("h", "Who are you?", how="called")
    s('"Who are you?" asked the voice.')
    s('That made {h.o} {*angry}. "{bad}!" {h.he} shouted. "{bad}!" shouted the voice.')
    s("{h} ran home and told {g_a} about it.")
    s.say("h", "There is somebody over there who is very rude to me!", how="said")
    s.say("g", "Go back and say something kind. Then listen.", "Try it with friendly words, {h.V}.", how="said")
    s('So {h} went back. "{good}!" {h.he} called. And what did the voice say? "{good}!"')
    s("{h} laughed, and the whole valley laughed with {h.him}.")
    s.lesson("h", "the world answers as one calls to it", "friendly words come back", chance=0.8)


def snail_on_the_road(s: Teller) -> None:
    s.hero("child")
    s.friend()
    s.bind(what=s.pick(("snail", "toad", "hedgehog", "caterpillar", "turtle", "beetle")))
    s.open()
    s.paragraph()
    s("{when}, {h.N} and {h.his} friend {f.N} were late for [school|the puppet show|supper].")
    s.apart()
    s("In the middle of the road, there was a {what}. It was going very, very slowly.")
    s.say("f", "Come on! We have no time.", "Leave it! We are late.", how="said")
    s.say(
        "h",
        "But a cart could run over it. It will only take a moment.",
        "It does not know about carts. I can't leave it there.",
        how="answering",
    )
    s(
        "{h} [picked a big leaf|found a piece of bark], let the {what} crawl onto it and carried it to the other side. {f.N} stopped a man with a wheelbarrow."
    )
    s(
        "The {what} looked at them and then disappeared in the grass.",
        "In the grass, the {what} went on as if nothing had happened.",
    )
    if s.chance(0.5):
        s.say("f", "Do you think it knows what you did?", "It did not even say thank you.")
        s.say("h", "No. But we know it.", "That does not matter. It is safe now.", how="answering")
    else:
        s.say("f", "Now we are even later!", "Now we have to run!")
        s.say("h", "Yes. But somebody else will come home in time.", "Then let's run!", how="answering")
    s("They ran the rest of the way, and [nobody scolded them|they were only a little late].")
    s.lesson("h", "there is always time for a kind deed", chance=0.4)


def moon_in_the_pond(s: Teller) -> None:
    s.hero("animal")
    s.friend()
    s.bind(take=s.pick(("a net", "a bucket", "both arms", "a long branch", "a basket")))
    s.open()
    s.paragraph()
    s("One clear night, {h} came to the pond and got a fright. The moon was lying in the water!")
    s.say("h", "The moon has fallen down! I must save it!", "Oh no, the moon is drowning!", how="cried")
    s(
        "{h} tried to lift it out with {take}. But each time, it broke into a thousand pieces. Then the water grew still, and it was whole again."
    )
    s("{f_intro} heard the splashing.")
    s.say("f", "What are you doing?", "Why are you so wet?", how="asked")
    s.say(
        "h", "I am saving the moon. Help me!", "The moon fell into the pond, and I can't get it out.", how="answering"
    )
    s("{f.N} [smiled|did not laugh].")
    s.say("f", "Look up, {h.N}.", "Turn your head and look at the sky.", how="said")
    s("{h} looked up. There was the moon, [round and bright|high above the trees]. It had been there all the time.")
    s.say("h", "Then who is that in the water?", "But then there are two!", how="said")
    s.say("f", "That is its picture. The pond is a mirror.", "That is only how it looks at itself.", how="answering")
    s("They sat there for a long time and looked at both of them.")
    s.lesson("h", "it is good to look up before one jumps in", chance=0.4)


def wrong_boots(s: Teller) -> None:
    s.hero("child")
    s.kin()
    s.bind(
        wear=s.pick(("boots", "shoes", "slippers", "skates")), color=s.pick(("red", "blue", "green", "yellow", "brown"))
    )
    s.open("{h} could put on {h.his} {color} {wear} all alone now.", hobby=False)
    s.paragraph()
    s(
        "{when}, {h} put them on and [ran out|wanted to go out]. But something was wrong. {h.he} walked like a duck, and {h.his} toes hurt."
    )
    s.say("h", "My {wear} have shrunk!", "These are not my {wear}! They hurt!", how="cried")
    s("{k.N} came and looked.")
    s.say(
        "k",
        "They are the right ones. But are they on the right feet?",
        "Take a close look. Where do the tips point?",
        how="asked",
    )
    s("{h} looked down. The tips pointed away from each other, as if the {wear} had had a quarrel.")
    s.say("h", "Oh! They don't want to look at each other.", "They are on the wrong feet!", how="laughed")
    s("{h} took them off, changed them and put them on again. Now they were friends, and nothing hurt.")
    s.say("k", "How will you know it next time?", "And what will you do next time?", how="asked")
    s.say("h", "They must look at each other.", "I will make sure that they are friends first.", how="answering")
    s(
        "Then {h} ran out and jumped into the biggest puddle."
        if s.bound["wear"] == "boots"
        else "Then {h} ran off, as fast as the wind."
    )
    s.night("h", 0.2)


def two_left(s: Teller) -> None:
    s.hero()
    s.friend()
    b = s.food("b", kinds=("bake", "fruit"))
    while b.article != "a" or " of " in b.noun:
        b = s.food("b", kinds=("bake", "fruit"))
    s.open()
    s.paragraph()
    s(
        "{when}, there was one {b.n} left, and there were two who wanted it: {h.N} and {h.his} friend {f.N}."
        if s.kind == "child"
        else "{when}, there was one {b.n} left, and there were two who wanted it: {h.N} and {f.N} the {f.noun}."
    )
    s.apart()
    s.say("h", "I saw it first.", "I am more hungry than you.", how="said")
    s.say("f", "But I am bigger.", "But you had more yesterday.", how="answering")
    s("They argued until they were tired. Then {h} had an idea.")
    s.say(
        "h", "I will cut it in two, and you may choose first.", "One of us cuts, and the other one chooses.", how="said"
    )
    s(
        "{h} cut the {b.n} very, very carefully, because {f.N} would take the bigger half. When {h.he} was done, both halves were exactly the same."
    )
    s("{f.N} looked at them for a long time and could not find the bigger one.")
    s.say("f", "That was clever.", "You tricked us both!", how="laughed")
    s("They ate, and it was {*yum}.")
    s.lesson("h", "the one who cuts should not be the one who chooses", "fair is when both are content", chance=0.7)


def shy_rain(s: Teller) -> None:
    s.hero("child")
    s.kin()
    s.open()
    s.paragraph()
    s("It had not rained for [weeks|a long time]. The grass was brown, and the flowers hung their heads.")
    s.say("h", "Why doesn't it rain?", "When will the rain come back?", how="asked")
    s.say(
        "k",
        "The rain comes when it comes. But we can help a little.",
        "We can't make rain. But we have buckets.",
        how="answering",
    )
    s(
        "So each evening, they carried water from the {well} to the garden, {n} buckets in all.".replace(
            "{well}", s.pick(("well", "stream", "pump", "rain barrel"))
        ).replace("{n}", s.pick(("eight", "ten", "twelve", "fourteen")))
    )
    s.maybe(
        "{h.s} arms got tired. But the next morning, the flowers looked up again.",
        "It was hard work, but the beans stayed green.",
    )
    s("Then, one night, {h} heard a soft sound on the roof. Tip, tap, tip, tap.")
    s.say("h", "It is raining!", "The rain is here!", how="shouted")
    s("{h} ran out in {h.his} nightshirt and danced in the wet grass. {k.N} came out, too, and did not scold at all.")
    s(
        "In the morning, everything smelled fresh, and a frog sat in the empty bucket.",
        "The next day, the whole garden was shining.",
    )
    s.lesson("h", "one should do what one can and hope for the rest", chance=0.4)


def paper_boat_letter(s: Teller) -> None:
    s.hero("child")
    s.person("f")
    s.bind(
        msg=s.pick(
            (
                "I am {h.N}. Who are you",
                "Hello, whoever finds this. Please write back",
                "Do you like riddles, too",
                "Where does this water go",
            )
        )
    )
    s.bind(msg=s.fill(s.bound["msg"]))
    s.open()
    s.paragraph()
    s(
        '{when}, {h} wrote on a piece of paper: "{msg}{mark}"'.replace(
            "{mark}", "?" if s.bound["msg"].startswith(("Do", "Where", "I am")) else "."
        )
    )
    s(
        "Then {h} folded it into a boat and put it into the stream. It [turned around once|bobbed up and down] and was gone."
    )
    s(
        "Days went by. {h} went to the stream every afternoon, but there was nothing but [leaves and foam|sticks and ducks]."
    )
    s.maybe("{h} thought that the boat had sunk.", "Perhaps a fish had eaten it.")
    s("Then, one day, a {f.noun} stood on the bridge. {f.he} had a wet piece of paper in one hand.")
    s(
        '"Did you write this?" the {f.noun} asked. "[I live down by the mill|I walked up the stream to find you]. My name is {f.N}."',
        '"I found your boat," said the {f.noun}. "[I live down by the mill|I walked up the stream to find you]. I am called {f.N}."',
    )
    s.say("h", "It really reached somebody!", "So it did not sink!", how="cried")
    s("The two of them sat down on the bridge and let their legs dangle. They had a lot to tell each other.")
    s("From then on, a paper boat went down the stream every week. And every week, {f.N} came up to bring it back.")
    s.lesson("h", "a friend can be just around the bend", chance=0.4)
