"""What SeedLab says about diffusers' schedulers, checked against diffusers."""

import diffusers
import pytest

from seedlab.core.recipes.schedulers import find_scheduler


def test_pndm_needs_four_steps_for_its_runge_kutta_start():
    scheduler, least = diffusers.PNDMScheduler(), find_scheduler("PNDM").least_steps
    scheduler.set_timesteps(least)
    with pytest.raises(ValueError, match="broadcast"):
        scheduler.set_timesteps(least - 1)
