"""The schedulers: found by diffusers' name and by the one that people use."""

import pytest

from seedlab.recipe import RecipeError
from seedlab.schedulers import SCHEDULERS, find_scheduler, list_family


@pytest.mark.parametrize("name", ["DPMSolverMultistepScheduler Karras", "DPM++ 2M Karras"])
def test_a_scheduler_is_found_by_its_name_and_by_its_label(name):
    scheduler = find_scheduler(name)
    assert scheduler.name == "DPMSolverMultistepScheduler Karras"
    assert (scheduler.class_name, scheduler.karras, scheduler.sampler) == (
        "DPMSolverMultistepScheduler",
        True,
        "DPM++ 2M",
    )


def test_a_scheduler_without_karras_is_its_class():
    assert (find_scheduler("Euler").class_name, find_scheduler("Euler").karras) == ("EulerDiscreteScheduler", False)


def test_no_two_schedulers_answer_to_one_name():
    names = [name for scheduler in SCHEDULERS for name in (scheduler.name, scheduler.label)]
    assert len(names) == len(set(names)) == 22


def test_an_unknown_scheduler_is_refused_with_the_labels_to_choose_from():
    with pytest.raises(RecipeError, match=r"There is no scheduler “euler”\. Choose one of: DPM\+\+ 2M, ") as caught:
        find_scheduler("euler")
    assert caught.value.field == "scheduler"


def test_a_model_is_offered_the_schedulers_of_its_own_kind():
    assert [each.label for each in list_family("FlowMatchEulerDiscreteScheduler")] == ["Flow-match Euler"]
    assert [each.label for each in list_family("LCMScheduler")] == ["LCM"]
    labels = [each.label for each in list_family("PNDMScheduler")]
    assert "DPM++ 2M Karras" in labels
    assert not {"LCM", "Flow-match Euler"} & set(labels)
