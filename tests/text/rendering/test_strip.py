"""What all styles share: which patches a stretch of pixels reaches into."""

import pytest

from playground.text.rendering.strip import reached


@pytest.mark.parametrize(
    ("left", "right", "patches"),
    [(0, 16, (0, 1)), (3, 17, (0, 2)), (-4, 5, (0, 1)), (32, 32, (2, 3)), (40, 40, (2, 3)), (70, 200, (4, 5)),
     (80, 80, None), (90, 99, None)],
)  # fmt: skip
def test_pixels_reach_into_patches_of_sixteen_of_which_there_are_five(left, right, patches):
    assert reached(left, right, 16, 5) == patches
