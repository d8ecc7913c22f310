"""Every limit on what a request may ask for, in one place.

The service layer enforces these (the page's widgets only mirror them): a browser can send anything.
"""

PROMPT_CHARACTERS = 20_000
PROMPT_TOKENS = 16_384
NEW_TOKENS = 4_096
TEMPERATURE = (0.0, 5.0)
TOP_K = (0, 1_000)
REPETITION_PENALTY = (0.5, 2.0)
SEED = (0, 2**32 - 1)
STOP_STRINGS = 8
STOP_CHARACTERS = 64
ROWS = 16
COLUMNS = 4  # that are compared
EDITS = 64
PARTS = 256  # of a recorded run
ALTERNATIVES = 10
SHOWN_TOKENS = 200
# Sizes that no real checkpoint of these families comes near; a config beyond them is a mistake or an attack.
DIMENSION = 2**20
LAYERS = 1_024
EXPERTS = 16_384  # over all layers

STRIP_CHARACTERS = 20_000  # that are read; what a strip holds is far less
STRIP_WIDTH = 65_536  # pixels of a rendered strip
STRIP_PATCHES = STRIP_WIDTH // 2  # of the least size
TYPO_SHARES = 32  # of one series of changes
TYPO_PASSES = 32  # of the model for each
FONT_BYTES = 64 * 2**20
SPAN = 32  # patches of a span at most
COMPANIONS = (2, 64)  # masks that measure how sure a reconstruction is
RECORD_BYTES = 8 * 2**20  # of a recorded run

WORD_CHARACTERS = 64  # of a word that is looked up
LEDGERS = 8  # candidate tokens whose logits are taken apart at once
ALPHA_CELLS = 400_000  # numbers in all maps of sense weights that are shown together
TEMPLATES = 32  # of a bias probe
SLOT_WORDS = 48  # that fill their slots
GROUP_WORDS = 16  # whose probabilities are compared
EDITS_BYTES = 2**18  # of a file of edits
