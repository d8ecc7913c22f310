"""What the benchmark's tests share: no compiling, and nothing remembered from one to the next."""

import pytest

from playground.decode import calibrations, compiling, paths


@pytest.fixture
def no_compiler(tmp_path, monkeypatch):
    """As on a machine without numba; calibrations go to a folder of the test's own."""
    monkeypatch.setattr(calibrations, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(compiling, "installed", lambda: False)
    monkeypatch.setattr(paths, "_preferred", None)
