"""Family, working people and animals that talk."""

from playground.training.grammar.words.tables import parts, rows

# noun | what a child calls them | pronoun
FAMILY = rows("""
mother | Mom | she
mom | Mom | she
mother | Mama | she
father | Dad | he
dad | Dad | he
father | Papa | he
grandmother | Grandma | she
grandma | Grandma | she
grandfather | Grandpa | he
grandpa | Grandpa | he
aunt | Auntie | she
uncle | Uncle | he
""")

# noun | where they work, with preposition | what they do there (past continuous) | tool or ware that stands near
WORKERS = rows("""
baker | at the bakery | kneading dough | a tray of warm rolls
farmer | on the farm | feeding the hens | a cart full of hay
gardener | in the garden | pulling weeds | a row of clay pots
teacher | at the school | cleaning the board | a pile of books
librarian | in the library | sorting books | a tall shelf of stories
carpenter | in the workshop | sawing a plank | a box of nails
shoemaker | in the shoe shop | stitching a boot | a row of tiny boots
tailor | in the tailor's shop | threading a needle | a roll of blue cloth
fisherman | at the harbor | mending a net | a basket of silver fish
potter | in the pottery | shaping a bowl | a shelf of painted jugs
blacksmith | at the forge | hammering a horseshoe | a glowing fire
clockmaker | in the clock shop | winding an old clock | a wall of ticking clocks
florist | in the flower shop | tying roses together | a bucket of tulips
painter | in the studio | mixing colors | a half-finished picture
grocer | in the grocery | stacking apples | a crate of lemons
miller | at the mill | filling sacks with flour | a heap of golden grain
beekeeper | by the beehives | filling jars with honey | a row of white hives
cook | in the kitchen of the inn | stirring a pot of soup | a string of onions
vet | at the animal clinic | brushing a pony | a box of bandages
tinker | in the square | fixing a kettle | a wagon of pots and pans
""")

# noun | home | hand | adjectives
TALKERS = rows("""
rabbit | in a burrow under the hedge | paw | little, quick, shy, gentle, fluffy
mouse | in a hole behind the old barn | paw | tiny, clever, busy, timid, neat
fox | in a den at the edge of the woods | paw | young, clever, curious, proud, red
bear | in a cave on the hill | paw | big, sleepy, gentle, kind, hungry
squirrel | in a hollow oak | paw | busy, quick, cheerful, nervous, small
hedgehog | under a pile of leaves | paw | small, shy, slow, polite, prickly
badger | in a deep sett among the roots | paw | serious, grumpy, hard-working, strong
mole | in a tunnel below the meadow | paw | quiet, busy, careful, small
otter | by a bend in the river | paw | playful, merry, fast, silly
beaver | in a lodge made of sticks | paw | hard-working, strong, patient, careful
raccoon | in a hollow log | paw | curious, sneaky, funny, clever
cat | in a cottage with a red door | paw | lazy, proud, soft, curious, gray
dog | in a kennel next to the barn | paw | loyal, cheerful, noisy, friendly, brown
pig | in a cozy sty on the farm | hoof | round, pink, cheerful, messy
goat | in a shed on the hillside | hoof | stubborn, bold, hungry, white
lamb | in a fold near the meadow | hoof | woolly, gentle, young, shy
pony | in a stable by the lane | hoof | small, strong, proud, spotted
duck | in the reeds beside the pond | wing | cheerful, noisy, plump, yellow
hen | in a coop behind the farmhouse | wing | busy, fussy, plump, kind
goose | on the bank of the stream | wing | bossy, proud, noisy, white
frog | on a lily pad in the pond | hand | green, jumpy, happy, small
turtle | under a fern by the pond | foot | slow, patient, wise, old
monkey | in a tall fig tree | hand | cheeky, playful, clever, lively
elephant | at the edge of the woods | trunk | huge, gentle, thoughtful, young
panda | in a bamboo grove | paw | sleepy, round, gentle, calm
koala | in the fork of a tall tree | paw | sleepy, cuddly, slow
kangaroo | at the far end of the meadow | paw | bouncy, strong, young
deer | in a quiet part of the forest | hoof | graceful, timid, young, gentle
wolf | in a den under the pines | paw | gray, lonely, brave, young
chipmunk | under a mossy stump | paw | tiny, chatty, quick, striped
lion | on a warm rock above the meadow | paw | young, proud, brave, golden
tiger | in a cave behind the waterfall | paw | striped, proud, quiet, young
donkey | in a barn with a leaky roof | hoof | gray, patient, stubborn, kind
""")
EVERY = tuple(row[0] for row in TALKERS)
PAWED = tuple(row[0] for row in TALKERS if row[2] in ("paw", "hand"))

# elders that animals turn to: noun | adjectives
ELDERS = rows("""
owl | wise, old, gray
turtle | wise, old, slow
badger | old, gruff, wise
raven | old, clever
goat | old, bearded
toad | old, wrinkled
elephant | old, gentle
heron | tall, old
bear | old, gentle
crow | wise, old
tortoise | ancient, patient
stork | old, tall
ram | old, gray
hare | gray, old
""")

# small wild animals that need help or give it: noun | adjectives | what they do when glad | what they are good at
SMALL = rows("""
robin | small, round | sang a happy song | see far from the treetops
sparrow | brown, tiny | hopped in a circle | fly over the roofs
mouse | tiny, gray | twitched its whiskers | gnaw through rope
squirrel | red, quick | flicked its bushy tail | climb the highest trees
frog | green, little | croaked loudly | dive deep under water
hedgehog | small, prickly | wiggled its nose | find things in the dark
crow | black, glossy | flapped its wings | spot shiny things
pigeon | gray, plump | cooed softly | find the way home from anywhere
ant | tiny, busy | waved its feelers | creep into narrow cracks
bee | fuzzy, golden | buzzed a merry tune | find every flower in the valley
rabbit | brown, soft | thumped its foot | dig very fast
duck | white, plump | quacked with joy | swim across the deepest pond
fox | young, red | wagged its tail | follow any smell
mole | small, velvety | rubbed its paws together | dig long tunnels
beetle | green, shiny | danced on a leaf | crawl under any door
lizard | thin, green | did a little dance | climb straight up walls
gull | white, hungry | circled twice in the air | look down on the whole bay
otter | sleek, brown | rolled over and over | swim against the stream
""")

# pets: noun | adjectives | food | what they like | place to sleep
PETS = rows("""
puppy | small brown, fluffy white, spotted, floppy-eared | meat | chase leaves | basket
kitten | gray, tiny orange, striped, black | milk | play with string | cushion
hamster | golden, round, sleepy, fat | seeds | run in its wheel | nest of straw
rabbit | white, soft, brown, long-eared | carrots | dig in the grass | hutch
pony | little black, shaggy, brown, gentle | hay | trot around the field | stable
parrot | green, noisy, bright red, clever | nuts | copy every sound | cage by the window
goldfish | shiny, little orange, quick | flakes | swim around its castle | bowl
turtle | slow, green, old, tiny | lettuce | sit in the sun | box of sand
duckling | yellow, tiny, wet, fuzzy | crumbs | splash in puddles | box by the stove
lamb | white, woolly, small, weak | warm milk | jump in the meadow | bed of hay
chick | fluffy, yellow, tiny, noisy | grain | peck at shoelaces | box under the lamp
guinea pig | brown, shy, spotted, soft | cucumber | hide in tunnels | house of wood
dog | old, big brown, shaggy, friendly | bones | fetch sticks | bed by the door
cat | lazy, black, old gray, fat | fish | lie on the windowsill | chair by the fire
goat | white, cheeky, young, little | leaves | jump over buckets | shed
""")


def talker(noun: str) -> tuple[str, ...]:
    """The row of a talking animal."""
    return next(row for row in TALKERS if row[0] == noun)


def adjectives(row: tuple[str, ...], cell: int) -> tuple[str, ...]:
    return parts(row[cell])
