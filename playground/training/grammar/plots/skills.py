"""Learning something that is hard at first."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.english import ing, past
from playground.training.grammar.teller import Teller
from playground.training.grammar.words.tables import rows

# skill | what went wrong the first time | why | advice | what happened in the end | animals too?
SKILLS = rows("""
ride a bike | fell into the grass after two turns of the wheels | {h} looked down at the pedals | Look ahead, not at your feet | rode all the way to the corner and back | no
swim | swallowed water and sank like a stone | {h} kicked too fast and held {h.his} breath | Breathe out slowly and make long kicks | swam across the little pool without stopping | yes
skate | slid in all directions and sat down hard | {h} stood with stiff legs | Bend your knees and lean forward | glided over the ice in a big, round curve | yes
whistle | blew and blew, but only air came out | {h} opened {h.his} mouth too wide | Make your lips small and round | whistled a whole song, high and clear | yes
juggle | dropped all three plums on {h.his} toes | {h} threw them too far apart | Begin with one, then with two | kept three plums in the air and counted to ten | yes
tie a bow | made a knot that nobody could open | {h} pulled the wrong end | Make two loops like the ears of a rabbit | tied two bows, and both of them held all day | no
jump rope | got caught in the rope again and again | {h} jumped too late | Listen to the rope and jump when it taps the ground | jumped twenty times in a row | no
play the flute | made a noise like an angry goose | {h} blew much too hard | Blow gently, as if you were cooling soup | played a soft little tune without a mistake | yes
bake bread | took a flat, hard loaf out of the oven | {h} did not let the dough rise | Give the dough time to rest under a warm cloth | took a high, golden loaf out of the oven | yes
climb the big tree | slipped down after the first branch | {h} held on with {h.his} arms only | Use your feet first and your arms second | sat on the highest branch and waved | yes
do a handstand | tipped over and landed on {h.his} back | {h} did not look at the ground | Keep your arms straight and look at one spot | stood on {h.his} hands and counted to five | no
row a boat | turned round and round in the same place | {h} pulled with one arm more than with the other | Pull with both arms at the same time | rowed straight across the pond | yes
paint a tree | made a brown blot with green spots | {h} used too much water | Wait until the brown is dry before you paint the leaves | painted a tree with a hundred tiny leaves | yes
catch a ball | closed {h.his} eyes and missed it every time | {h} was afraid of the ball | Keep your eyes on the ball the whole time | caught nine balls out of ten | yes
fly a kite | ran across the field, but the kite only bumped along the ground | {h} ran with the wind | Run against the wind and let out the string slowly | made the kite climb higher than the trees | yes
knit a scarf | ended up with a big hole and a lot of tangled wool | {h} dropped every third stitch | Count the stitches at the end of each row | finished a striped scarf that kept everyone warm | yes
read | mixed up all the letters | {h} tried to read the whole word at once | Say one sound after the other, then put them together | read a whole page aloud | no
count to a hundred | always got lost after twenty-nine | {h} did not hear how the numbers repeat | After each nine, a new ten begins | counted from one to a hundred without help | yes
tell a joke | forgot the end, and nobody laughed | {h} spoke too fast | Think of the ending first and take your time | told the joke so well that everyone laughed | yes
sew on a button | sewed the button to {h.his} own sleeve | {h} did not look at the back of the cloth | Look at both sides before you pull the thread | sewed on four buttons in a straight row | no
dive | landed flat on the water with a loud smack | {h} lifted {h.his} head at the last moment | Tuck in your chin and point your arms down | dived in with hardly a splash | yes
make pancakes | dropped the first pancake on the floor | {h} turned it before it was ready | Wait until you see little bubbles | turned every pancake in the air | yes
draw a horse | drew something that looked like a table with a tail | {h} began with the legs | Start with three circles and join them with lines | drew a horse that seemed to gallop | no
skip stones | heard only plop, plop, plop | {h} took round, heavy stones | Choose a flat stone and throw it low | made a stone hop seven times | yes
walk on stilts | came down after one step | {h} stood still to find {h.his} balance | Keep moving with small, quick steps | walked around the whole yard like a giant | no
write {h.his} name | wrote half of the letters backward | {h} held the pencil like a hammer | Hold the pencil lightly and draw each letter slowly | wrote the name so neatly that everyone could read it | no
play the drum | was always a little too fast | {h} did not listen to the others | Tap your foot and listen before you play | kept time for the whole band | yes
dance | stepped on everybody's toes | {h} did not hear the beat | Clap the beat first, then let your feet follow | danced a whole round without a wrong step | yes
build a campfire | got only smoke | {h} piled the wood too close together | Leave some room for the air | had a small, bright fire that did not go out | yes
""")


def hard_at_first(s: Teller) -> None:
    h = s.hero()
    row = s.pick([row for row in SKILLS if h.kind == "child" or row[5] == "yes"])
    g = s.elder()
    s.bind(skill=row[0], skilled=past(row[0]), doing=ing(row[0]), fail=row[1], why=row[2], advice=row[3], win=row[4])
    s.open(
        "More than anything, {h.he} wanted to learn how to {skill}.",
        "{h} had one big wish: {h.he} wanted to be able to {skill}.",
        "All of {h.his} friends could {skill}, but {h} could not.",
        "{h.s} older cousin could {skill}, and {h} wanted to do it, too.",
    )
    s.paragraph()
    s("{when}, {h} tried it for the first time. {h.he} {fail}.", "{when}, {h} tried. {h.he} {fail}.",
      "So {when}, {h} decided to try. But {h.he} {fail}.")  # fmt: skip
    s(
        "{h} tried again, but it was no better.",
        "The second time was just as bad.",
        "The next try was not better at all.",
    )
    s.say("h", "I will never learn it!", "This is too hard for me!", "I give up!", "I am no good at this!",
          how=s.pick(("cried", "shouted", "sighed", "groaned", "said sadly")))  # fmt: skip
    s.feel("h", "sad") if s.chance(0.5) else None
    s.paragraph()
    s("{g_a} had [watched|seen it all].", "{g_a} [came closer|sat down next to {h.o}].")
    s.bind(x=h)
    s.say("g", "Nobody can do everything the first time, {h.V}. I had to learn it, too.",
          "Do you know how often I failed before I could {skill}? A hundred times!",
          "You are not bad at it. You have only just begun.", how="kindly")  # fmt: skip
    s.say(
        "h",
        "What am I doing wrong?",
        "Then why does it not work?",
        "How did you do it?",
        "Can you show me how?",
        how="shyly",
    )
    s.bind(reason=row[2].replace("{h.his}", "your").replace("{h}", "you").replace("you was", "you were"))  # fmt: skip
    s.say(
        "g",
        "I think {reason}. {advice}.",
        "I watched you. {advice}.",
        "It did not work because {reason}. {advice}.",
        how="answering",
    )
    s("{h} nodded and tried once more. [It was still not perfect, but it was better.|This time it went a little better.]",
      "{h} did as the {g.noun} said. It helped a little." if not g.owner else "{h} did as {g.N} said. It helped a little.")  # fmt: skip
    s.paragraph()
    s(
        "{h} practiced every [day|morning|afternoon] for [a week|two weeks|ten days|a month]. [Some days were good and some were bad.|{h.he} did not give up, even when it rained.|Often {h.he} was tired, but {h.he} went on.]"
    )
    s(
        "And then, one [day|morning|evening], {h} {win}.",
        "Then the great day came: {h} {win}!",
        "At last, it worked. {h} {win}!",
    )
    s.say("h", "Look at me! I can do it!", "I did it! I did it!", "Did you see that? I can {skill}!", how="proudly")
    s.say(
        "g", "I knew that you could do it.", "Well done, {h.V}!", "See what practice can do?", how="kindly"
    ) if s.chance(0.6) else s.feel("h", "glad")
    s.lesson("h", "hard things become easy if one keeps trying", "nobody is born a master", "every master was a beginner once",
             "a mistake is only a step on the way", now=("did not give up so quickly", "tried everything at least ten times"))  # fmt: skip


def teaching_back(s: Teller) -> None:
    h = s.hero()
    rows_for = [row for row in SKILLS if h.kind == "child" or row[5] == "yes"]
    first, second = s.pick(rows_for), s.pick(rows_for)
    s.friend()
    s.bind(skill=first[0], win=first[4], skill2=second[0], advice=first[3], fail=first[1].replace("{h.", "{f."),
           fail2=second[1], advice2=second[3])  # fmt: skip
    s.open("{h} could {skill} better than anyone else[ around|].", "Nobody could {skill} as well as {h}.")
    s.bind(reason=first[2].replace("{h.his}", "{f.his}").replace("{h}", "{f.he}"))
    s.paragraph()
    s("{when}, {f_intro} wanted to {skill}, too. But {f} {fail}.")
    s("At first, {h} [laughed|grinned]. Then {h.he} saw that {f.N} was close to tears.", "{h} saw how sad {f.N} was.")
    s.say("h", "Don't be sad. I will teach you. {advice}.", "I can show you how. {advice}.", how="said")
    s.say("f", "Will you really help me?", "Do you think I can learn it?", how="shyly")
    s.say("h", "Of course. We have the whole day.", "Yes. I needed many tries, too.", how="answering")
    s("All [day|afternoon], {h.N} showed {f.N} how to {skill}. [They tried it twenty times.|Slowly, it got better.]")
    s("In the end, {f.N} could do it! [They both cheered.|They danced for joy.|{h.N} was almost as happy as {f.N}.]")
    s.thank("f", "h", 0)
    s.paragraph()
    s(
        "A few [days|weeks] later, {h} tried to {skill2}. But {h.he} {fail2}.",
        "Soon after that, {h} wanted to {skill2}. It did not go well. {h.he} {fail2}.",
    )
    s.say("h", "I thought everything would be easy for me.", "Now I know how you felt.", how="sadly")
    s.say(
        "f",
        "Don't worry. This is something I can do well. {advice2}.",
        "Now it is my turn to help you. {advice2}.",
        how="kindly",
    )
    s("{f.N} was a patient teacher. By the [end of the week|next morning|evening], {h.N} could {skill2}, too.")
    s.lesson(
        "h",
        "everyone is good at something",
        "the best friends teach each other",
        "a good teacher can be a good pupil, too",
    )
    s.night("h", 0.3)
