"""The numbers that stand for instructions and their kinds where the compiled interpreter reads a tape."""

MATVEC, LAYER_NORM, RMS_NORM, ROTATE, ATTEND, COMBINE, AFFINE, APPLY, SUM_ROWS, CHOOSE = range(10)
ADD, MUL, SUB = range(3)
GELU, SILU, SIGMOID, TANH, RELU, SQUARE, CAP = range(7)
COLUMNS = 12  # of an instruction
