"""Saving for something; the numbers add up."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.english import count, number
from playground.training.grammar.teller import Teller

JOBS = (
    ("swept the yard for the neighbor", 2), ("watered the flowers of the old lady next door", 3), ("washed {k.Ns} bike", 2), ("walked the doctor's dog", 3),
    ("carried newspapers from door to door", 4), ("sold lemonade at the gate", 5), ("picked apples for the farmer", 4), ("cleaned ten pairs of boots", 3),
    ("helped the grocer to stack boxes", 4), ("raked leaves all afternoon", 3), ("fed the neighbor's rabbits for a week", 5), ("shelled a big bowl of peas", 2),
    ("sold three drawings at the market", 3), ("returned empty bottles to the shop", 2),
)  # fmt: skip
WISHES = (("kite", "red"), ("drum", "little"), ("book about dragons", "thick"), ("sled", "wooden"), ("box of colors", "big"), ("compass", "shiny"),
          ("flute", "wooden"), ("model ship", "white"), ("pair of skates", "silver"), ("telescope", "small"), ("music box", "blue"), ("globe", "round"))  # fmt: skip


def coin_by_coin(s: Teller) -> None:
    s.hero("child")
    s.kin()
    wish = s.pick(WISHES)
    s.thing("o", wish[0], wish[1])
    start = 1 + int(s.rng.random() * 4)
    one, two, three = s.pick(JOBS), s.pick(JOBS), s.pick(JOBS)
    price = start + one[1] + two[1] + three[1]
    s.bind(price=count(price, "coin"), start=count(start, "coin"), job1=one[0], pay1=count(one[1], "coin"), sum1=number(start + one[1]),
           job2=two[0], pay2=count(two[1], "coin"), sum2=number(start + one[1] + two[1]), job3=three[0], pay3=count(three[1], "coin"),
           missing=count(price - start, "coin"), left=count(three[1], "coin"), sum3=number(price))  # fmt: skip
    s.open()
    s.paragraph()
    s(
        "{when}, {h} saw {o.a} in a shop window. It cost {price}.",
        "In the window of the little shop, there was {o.a}. It cost {price}.",
    )
    s(
        "{h} had {start}.",
        "{h} counted {h.his} money. There were {start}."
        if start > 1
        else "{h} counted {h.his} money. There was one coin.",
    )
    s.say("h", "Will you buy it for me, please?", "Can I have it, please, please?", how="asked")
    s.say(
        "k",
        "No. But you can save for it. You need {missing} more.",
        "If you work for it, it will really be yours. {missing} more, and you have it.",
        how="answering",
    )
    s.paragraph()
    s(
        "So {h} went to work. First {h.he} {job1} and got {pay1}. Now {h} had {sum1}.",
        "Soon after, {h} {job1}. For that, {h.he} got {pay1}. That made {sum1}.",
    )
    s(
        "Then {h.he} {job2} and got {pay2}. That made {sum2}.",
        "After that, {h} {job2} and earned {pay2}. Now {h.he} had {sum2}.",
    )
    tempted = s.chance(0.6)
    if tempted:
        s.bind(
            treat=s.pick(("a bag of sweets", "a big ice cream", "a paper windmill", "a chocolate rabbit", "a balloon"))
        )
        s("On the way home, {h} passed a stand with {treat}. It looked so good!")
        s.say(
            "h",
            "If I buy this, I will have to start all over again.",
            "Only one coin. But no, I want the {o.n} more.",
            how="thought",
        )
        s("{h} closed {h.his} {h.hand} around the coins and walked on.")
    s("Only {left} were missing. {h} {job3} and got {pay3}. At last, there were {sum3} coins in the jar!")
    s("{h} ran to the shop, but the window was empty. [{h.s} heart stopped.|Had somebody else bought {o.the}?]")
    s("The shopkeeper smiled and reached under the counter.", "But then the shopkeeper waved from the door.")
    s('"I saw you look at it every day," said the shopkeeper. "So I kept it for you."')
    s("{h} put {price} on the counter, one after the other. Then {o.the} was {h.his} very own.")
    s.paragraph()
    s.say("k", "You earned every bit of it.", "How does it feel?", "You worked hard for that.", how="said")
    s.say(
        "h",
        "It is the best {o.n} in the world, because I worked for it.",
        "I like it even more than before.",
        how="proudly",
    )
    s.lesson(
        "h",
        "what one has worked for is worth more",
        "many small coins make a big one",
        "waiting is part of the joy",
        chance=0.6,
    )


def saved_and_spent(s: Teller) -> None:
    s.hero("child")
    s.friend()
    s.kin()
    wish = s.pick(WISHES)
    s.thing("o", wish[0], wish[1])
    total = 6 + int(s.rng.random() * 12)
    cost = 2 + int(s.rng.random() * (total - 3))
    s.bind(total=count(total, "coin"), cost=count(cost, "coin"), rest=count(total - cost, "coin"),
           thing=s.pick(("glasses", "shoes", "bus ticket", "school bag", "mittens", "bowl", "umbrella")))  # fmt: skip
    several = s.bound["thing"] in ("glasses", "shoes", "mittens")
    s.bind(it="them" if several else "it", was="were" if several else "was", itself="They" if several else "It",
           a="" if several else "a ", one="new ones" if several else "a new one")  # fmt: skip
    s.open(
        "{h} was saving for {o.a}. {h.he} already had {total}.",
        "In {h.his} piggy bank, {h} had {total}. {h.he} wanted to buy {o.a}.",
    )
    s.paragraph()
    s("{when}, {h} took all {total} and went to the shop. On the way, {h.he} met {f_intro}. {f.N} was crying.")
    s.ask_wrong("h", "f")
    s.say(
        "f",
        "I lost my {thing}. My parents have no money for {one}.",
        "My {thing} {was} stolen. I don't dare to go home.",
        how="answering",
    )
    s.say("h", "How much {do} {one} cost?".replace("{do}", "do" if several else "does"), how="asked")
    s.say("f", "{cost}. And I have nothing.", "It is {cost}, and that is far too much.", how="sadly")
    s(
        "{h} felt the coins in {h.his} pocket. [{h.he} thought of {o.the}.|{h.he} had saved for so long.] Then {h.he} looked at {f.Ns} face."
    )
    s.say("h", "Come with me. We will buy {one}.", "I have {total}. I can give you {cost}.", how="said")
    s("They bought {one}, and {h} had {rest} left. That was not enough for {o.the}.")
    s.thank("f", "h", 0.5)
    s.maybe(
        "[{h} walked past the shop window and sighed a little.|At night, {h} was a little sad about {o.the}.] But when {h.he} thought of {f.N}, {h.he} felt warm inside."
    )
    s.paragraph()
    s("{k.N} heard about it. {k.he} said nothing, but the next [morning|day], there was a note on {h.Ns} bed.")
    s('"I need help in the garden every Saturday. Pay: two coins. And I am proud of you," it said.')
    s("{f.N} came to help, too. Together they worked until {h} had {total} again.")
    s(
        "Then they went to the shop, both of them. And whose was {o.the}? {h.Ns}, of course. But {h.he} let {f.N} try it first."
    )
    s.lesson(
        "h",
        "money is best spent on a friend",
        "some things cannot be bought",
        "helping is worth more than having",
        chance=0.6,
    )
