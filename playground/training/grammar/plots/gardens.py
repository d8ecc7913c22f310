"""Growing something."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.english import plural
from playground.training.grammar.teller import Teller
from playground.training.grammar.words.tables import rows

# plant | seed | first sign | trouble | reason | cure | the end | used for
PLANTS = rows("""
sunflower | a striped seed | a thick green shoot | it hung its head | the earth was as dry as dust | {h} watered it every evening | It grew taller than the door, and bees came from everywhere | In autumn, it gave a whole bowl of seeds
bean | a white bean | a curly green shoot | it crept along the ground and got dirty | it had nothing to hold on to | {h} stuck a long pole into the ground | It climbed up and up and was soon full of red flowers | In summer, there were enough beans for the whole family
pumpkin | a flat seed | two round leaves | the leaves turned yellow | it stood in the shade of the wall | {h} moved it to a sunny place | It got a golden flower, and then a little green ball, which grew every day | In autumn, it was so big that {h} could sit on it
tomato plant | a tiny seed | a thin, hairy shoot | its stem bent over | the wind was too strong for it | {h} tied it to a stick with soft wool | It got yellow flowers and then round, green fruit | By August, the tomatoes were red and sweet
strawberry plant | a plant with one leaf | three new leaves | something had bitten holes into the leaves | snails came every night | {h} put a ring of sand around it, because snails do not like sand | White flowers came, and each of them turned into a berry | The first berry was shared by all
apple tree | a brown seed | a shoot as thin as a thread | a goat had bitten off the tip | there was no fence | {h} built a small fence out of sticks | A new tip came, and the tree grew higher each year | Many years later, it gave its first three apples
radish | a round seed | two leaves like hearts | the plants were pale and thin | there were too many of them in one spot | {h} pulled out every second one, so that the others had room | The leaves became big, and something red showed in the soil | The radishes were crisp and a bit hot
rosebush | a bare twig | one red bud | hundreds of tiny green lice sat on it | there were no ladybugs in the garden | {h} carried seven ladybugs to it, and they were very hungry | The bud opened into a rose as red as fire | The whole house smelled of roses
cactus | a little ball with thorns | a new thorn, no longer than an eyelash | it became soft and brown below | it got too much water | {h} gave it a dry pot with sand and stopped watering it | It became round and firm again | One night, it opened a big white flower
carrot | a seed as small as a crumb | a leaf like a feather | the tops disappeared | rabbits came in the early morning | {h} planted clover for the rabbits at the other end | The rabbits ate the clover and left the rest alone | The carrots were long and sweet
tulip | a brown bulb | a green tip in the snow | the tip did not grow | it was still too cold | {h} covered it with dry leaves until the frost was over | When the sun came, it shot up | It opened on the first day of spring
pea plant | a wrinkled pea | a pale little hook | birds pulled at the shoots | the birds took them for worms | {h} hung up shiny ribbons, which moved in the wind | The birds stayed away, and the peas climbed up the ribbons | The pods were full to bursting
""")


def from_a_seed(s: Teller) -> None:
    s.hero("child")
    row = s.pick(PLANTS)
    g = s.kin("g") if s.chance(0.6) else s.worker("g", only=("gardener", "farmer", "florist", "beekeeper"))
    s.bind(plant=row[0], seed=row[1], sign=row[2], trouble=row[3], why=row[4], cure=row[5], end=row[6], use=row[7],
           g_first="{g.N}" if g.owner else "{g.a}")  # fmt: skip
    s.thing("o", row[0])
    s.open()
    s.paragraph()
    s("{when} in spring, {g_first} gave {h.o} {seed}.", "{when} in spring, {h} got {seed} from {g_first}.")
    if s.chance(0.5):
        s.say("h", "What is it?", "What will it become?")
        s.say(
            "g",
            "A {plant}, if you take care of it.",
            "Let it be a surprise. Give it earth, water and sun.",
            how="answering",
        )
    else:
        s.say("h", "What can I do with it?", "What must I do now?")
        s.say(
            "g",
            "Put it into the ground and wait. Then you will see.",
            "It is asleep. You must wake it with earth, water and sun.",
            how="answering",
        )
    s(
        "{h} dug a hole, put it in and covered it with soil. [Then {h.he} sat down next to it.|{h.he} looked at the spot ten times a day.]"
    )
    s("[Days went by|One week passed], and there was nothing to see.")
    s.say(
        "h",
        "It does not grow! Shall I dig it up?",
        "It is dead.",
        "Nothing happens. I must have done something wrong.",
        how="sadly",
    )
    s.say(
        "g",
        "Have patience. The most important things happen under the ground.",
        "Wait a little longer. Plants have no clock.",
        how="answering",
    )
    s("And one morning, there it was: {sign}! [{h} ran to tell everyone.|{h} danced around it.]")
    s.paragraph()
    s("But [some weeks later|soon], there was trouble: {trouble}. {h} [was worried|did not know why].")
    s.say("h", "What is wrong with my {plant}?", "Why does this happen?", how="asked")
    s.say("g", "Look closely. What do you see?", "Let's find out the reason.", how="answering")
    s("They looked together, and then they knew it: {why}. So {cure}.")
    s("That helped. {end}.")
    s.paragraph()
    s("{use}.")
    s.say("h", "All this out of {seed}!", "And it all began with {seed}!", "I grew it myself!", how="proudly")
    if s.chance(0.5):
        s(
            "{h} gave some to {g.N} as well."
            if row[0] in ("bean", "tomato plant", "radish", "carrot", "pea plant")
            else "{g.N} was the first to see it."
            if g.owner
            else "The {g.noun} came to see it, too."
        )
    s.lesson(
        "h",
        "good things need time",
        "one must look closely to find out what is wrong",
        "patience makes things grow",
        chance=0.7,
    )


def wrong_weeds(s: Teller) -> None:
    h = s.hero("child")
    k = s.kin()
    s.worker("g", only=("gardener", "farmer"))
    s.friend()
    plant = s.pick(("carrot", "lettuce", "onion", "beet", "parsley plant", "poppy", "cornflower", "cabbage"))
    s.bind(plant=plural(plant) if plant != "lettuce" else "lettuce plants", n=s.pick(("two", "three", "four")))
    s.open("{h} liked to help, but {h.he} did not like to listen.", "{h} wanted to be a real gardener one day.")
    s.paragraph()
    s(
        "{when}, {k.N} was tired. {h} wanted to do something nice for {k.him}."
        if k.pronoun != h.pronoun
        else "{when}, {k.N} was tired. {h.N} wanted to do something nice."
    )
    s.say("h", "You can rest today. I will pull the weeds!", "I will clean up the vegetable bed for you!")
    s.say(
        "k",
        "That is kind of you. Do you know what weeds look like?",
        "Thank you. But shall I show you which ones are the weeds?",
        how="asked",
    )
    s.say("h", "Of course! Everything small and green.", "Yes, yes. I know it all.", how="answering")
    s("So {h} pulled and pulled. After {n} hours, the bed was clean. {h} was very proud.")
    s("When {k.N} came out, {k.he} turned pale.")
    s.say(
        "k",
        "{h.V}, those were my young {plant}! And the tall ones you left are the weeds.",
        "Oh no! You have pulled out all the {plant} and left the thistles!",
        how="cried",
    )
    s.maybe(
        "{h} looked at the heap of little plants. [{h.he} wished the ground would open.|Tears came to {h.his} eyes.]"
    )
    s.sorry("h", "k", s.pick(("I thought I knew it.", "I did not listen.", "I only wanted to help.")))
    s.bind(x=h)
    s.say(
        "k",
        "I know that you meant well. Perhaps we can still save some.",
        "Crying does not help the plants. Water does.",
        how="kindly",
    )
    s.paragraph()
    s("The {g.noun} lived next door. {h} ran over and asked what to do.")
    s.say(
        "g",
        "Quick! Put them into a bucket of water, and plant them again in the evening, when it is cool.",
        "The roots must not get dry. Hurry, and plant them after sunset.",
        how="said",
    )
    s("{h.N} and {h.his} friend {f.N} planted each of them again, one by one, until it was dark. {f.N} held the lamp.")
    s.apart()
    s(
        "[For days, they looked sad and limp|At first, they all hung their heads]. {h} watered them morning and evening. Then most of them stood up again."
    )
    s.say(
        "k",
        "You have saved my {plant}. Now you really are a gardener.",
        "Look, they are growing! You did not give up.",
        how="said",
    )
    s.lesson(
        "h",
        "good will is not enough, one must also ask",
        "it is better to ask twice than to be wrong once",
        now=("asked before {x.he} began",),
    )
