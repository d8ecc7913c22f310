"""A Backpack of each variant, with words."""

import pytest
from sense_models import VARIANTS, sense_model


@pytest.fixture(scope="session", params=VARIANTS)
def model(request, tmp_path_factory):
    return sense_model(request.param, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """The variant of backpack-gpt2 alone."""
    return sense_model(VARIANTS[0], tmp_path_factory.mktemp("plain"))
