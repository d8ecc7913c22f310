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

STRIP_WIDTH = 65_536  # pixels of a rendered strip
FONT_BYTES = 64 * 2**20
COMPANIONS = (2, 64)  # masks that measure how sure a reconstruction is
RECORD_BYTES = 8 * 2**20  # of a recorded run
