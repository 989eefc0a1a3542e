"""Hypothesis profiles: the plain one is quick; HYPOTHESIS_PROFILE=thorough, by hand, draws more examples."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "plain", max_examples=12, deadline=None, derandomize=True, suppress_health_check=_QUIET
)
settings.register_profile("thorough", max_examples=300, deadline=None, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "plain"))


@pytest.fixture(autouse=True)
def _fresh_state() -> object:
    """Every test starts from the same seed and leaves the global switches as they were."""
    import tinygrad_kr

    tinygrad_kr.manual_seed(0)
    default = tinygrad_kr.get_default_dtype()
    yield
    tinygrad_kr.set_default_dtype(default)
