"""Objects: toys and treasures with what is done with them, clothes, junk, containers, foods."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.words.tables import lines, parts, rows, words

COLOURS = words("""red blue green yellow orange purple pink brown black white gray golden silver turquoise violet
cream-colored""")
MATERIALS = {
    "w": ("wooden",), "t": ("tin", "metal"), "p": ("paper",), "k": ("knitted", "woolen"), "c": ("cloth",),
    "l": ("leather",), "g": ("glass",), "-": (),
}  # fmt: skip
SIZES = ("little", "small", "big", "tiny")
MOODS = ("shiny", "old", "new", "lovely", "pretty", "smooth", "funny", "fine")

# noun | materials | use | article or number ("a", "pair", "some") | tags: toy, wear, art, tool, gem, book, music
TREASURES = rows("""
ball | - | bounce it against the wall | a | toy
kite | p | fly it in the wind | a | toy
top | w | spin it on the floor | a | toy
yo-yo | w | make it go up and down | a | toy
doll | c | tuck it into bed | a | toy
teddy bear | - | hug it at night | a | toy
toy car | w,t | race it down the hall | a | toy
toy train | w,t | push it around the room | a | toy
toy boat | w,t | float it in a tub of water | a | toy
toy horse | w | make it gallop across the rug | a | toy
toy robot | t | make it march over the table | a | toy
puppet | c | make it talk in a funny voice | a | toy
marble | g | roll it across the yard | a | gem
drum | t | beat it with two sticks | a | music
whistle | w,t | blow it three times | a | music
flute | w | play a tune on it | a | music
bell | t | ring it at breakfast | a | music
music box | w | listen to its song | a | music
harmonica | t | play slow songs on it | a | music
scarf | k | wear it on cold days | a | wear
hat | c,k | wear it on walks | a | wear
cap | c | wear it every day | a | wear
ribbon | c | tie it into a bow | a | wear
necklace | - | wear it on Sundays | a | wear
bracelet | - | wear it to school | a | wear
button | g,w,t | show it to everyone | a | gem
feather | - | tickle people with it | a | gem
shell | - | hold it to one ear and listen to the sea | a | gem
stone | - | rub it for good luck | a | gem
coin | t | flip it into the air | a | gem
key | t | carry it on a string | a | gem
compass | t | find north with it | a | tool
magnifying glass | - | look at bugs with it | a | tool
lantern | t | light it in the evening | a | tool
notebook | - | write secret words in it | a | book
picture book | - | look at it before bed | a | book
paintbrush | w | paint clouds with it | a | art
lunch box | t | carry sandwiches in it | a | tool
basket | - | fill it with berries | a | tool
bucket | t | carry water in it | a | tool
umbrella | - | twirl it in the rain | a | wear
backpack | c,l | fill it with treasures | a | tool
blanket | k,c | make a tent out of it | a | toy
pillow | c | put it under one ear at night | a | toy
mug | - | drink cocoa out of it | a | tool
mirror | - | catch the sunlight with it | a | tool
skipping rope | - | jump over it and count | a | toy
wagon | w | pull it along the lane | a | toy
scooter | t | ride it around the yard | a | toy
mittens | k | wear them in the snow | pair | wear
boots | - | jump into puddles in them | pair | wear
slippers | k | slide across the floor in them | pair | wear
crayons | - | draw rainbows with them | some | art
beads | g,w | string them on a thread | some | gem
""")
SMALLER = ("marble", "whistle", "bell", "ribbon", "necklace", "bracelet", "button", "feather", "shell", "stone",
           "coin", "key", "compass", "toy car", "top", "notebook", "paintbrush", "harmonica", "puppet", "cap")  # fmt: skip

JUNK = lines("""
an old boot
a broken cup
a rusty nail
a torn glove
a pile of dry leaves
an empty jar
a sleepy snail
a bent spoon
a spider in its web
a piece of string
a cracked pot
a muddy sock
a crumpled paper bag
a hairy caterpillar
a bottle cap
a handful of dust
a lonely shoe
a bit of orange peel
an acorn
a beetle on its back
a lost pencil
a flat pebble
a family of ants
an old newspaper
a chewed bone
a walnut shell
a gray feather
a bus ticket
""")
ANIMAL_JUNK = lines("""
a pile of dry leaves
a sleepy snail
a spider in its web
a hairy caterpillar
an acorn
a beetle on its back
a flat pebble
a family of ants
a walnut shell
a rotten apple
a patch of mushrooms
a surprised toad
a twisted root
a few gray feathers
a pine cone
a slippery worm
a tangle of weeds
an old fish bone
""")

# noun | article ("a", "some") | adjectives | a share of it | kinds: fruit, bake, meal, sweet
FOODS = rows("""
apple | a | red, green, shiny, juicy | half of the apple | fruit
pear | a | yellow, ripe, juicy | half of the pear | fruit
peach | a | ripe, soft, fuzzy | half of the peach | fruit
banana | a | ripe, yellow, long | half of the banana | fruit
orange | a | sweet, juicy, round | half of the orange | fruit
melon | a | sweet, huge, cold | a thick slice of the melon | fruit
mango | a | ripe, golden, sweet | half of the mango | fruit
carrot | a | crunchy, long, fresh | half of the carrot | fruit
sandwich | a | thick, cheese, egg, tomato | half of the sandwich | meal
bun | a | warm, sticky, sweet | half of the bun | bake
roll | a | crisp, warm, fresh | half of the roll | bake
muffin | a | blueberry, warm, soft | half of the muffin | bake
pancake | a | golden, thick, warm | half of the pancake | bake
cookie | a | crunchy, oat, ginger, round | half of the cookie | bake
pie | a | cherry, warm, little, plum | a piece of the pie | bake
tart | a | lemon, little, jam, apple | half of the tart | bake
cake | a | little, honey, carrot, nut | a piece of the cake | bake
pretzel | a | salty, fresh, big | half of the pretzel | bake
waffle | a | crisp, golden, sweet | half of the waffle | bake
dumpling | a | hot, fat, steamed | half of the dumpling | meal
potato | a | hot, baked, big | half of the potato | meal
loaf of bread | a | fresh, small, round | a piece of the bread | bake
piece of cheese | a | yellow, big, hard | half of the cheese | meal
bar of chocolate | a | big, whole, little | half of the chocolate | sweet
bag of nuts | a | small, full | a handful of the nuts | sweet
bag of plums | a | full, small, heavy | a handful of the plums | fruit
bunch of grapes | a | big, small | half of the grapes | fruit
basket of strawberries | a | full, little | a handful of the strawberries | fruit
""")

CONTAINERS = parts("box, bag, basket, jar, tin, drawer, chest, bucket, crate, sack")
TREATS = lines("""
a plate of warm cookies
cocoa with cream
bread with honey
noodles with cheese
apple pie
pancakes with jam
little honey cakes
rice with sweet beans
a bowl of cherries
cheese on toast
lemonade and cake
roasted chestnuts
baked apples
a mountain of popcorn
berry pudding
milk and ginger cookies
plum dumplings
fresh bread and butter
peach ice cream
corn on the cob
""")
ANIMAL_TREATS = lines("""
a pile of sweet berries
nut cake
acorn cookies
clover salad
warm blackberry pie
mushrooms on toast
apple slices with honey
a bowl of hazelnuts
carrot cake
seed biscuits
rose-hip tea
rose-petal jelly
""")
