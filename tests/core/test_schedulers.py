"""The schedulers: found by diffusers' name and by the one that people use."""

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.schedulers import (
    REPLACED,
    SCHEDULERS,
    find_scheduler,
    list_family,
    name_scheduler,
    parse_scheduler,
)


@pytest.mark.parametrize("name", ["DPMSolverMultistepScheduler Karras", "DPM++ 2M Karras"])
def test_a_scheduler_is_found_by_its_name_and_by_its_label(name):
    scheduler = find_scheduler(name)
    assert scheduler.name == "DPMSolverMultistepScheduler Karras"
    assert (scheduler.class_name, scheduler.karras, scheduler.sampler) == (
        "DPMSolverMultistepScheduler",
        True,
        "DPM++ 2M",
    )


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Euler a", "Euler ancestral"),
        ("EULER A", "Euler ancestral"),
        ("euler_a", "Euler ancestral"),
        ("k_euler_a", "Euler ancestral"),
        ("k_euler_ancestral", "Euler ancestral"),
        ("EulerAncestralDiscreteScheduler", "Euler ancestral"),
        ("euler", "Euler"),
        ("k_euler", "Euler"),
        ("Ｅｕｌｅｒ", "Euler"),
        ("dpmpp_2m", "DPM++ 2M"),
        ("k_dpmpp_2m", "DPM++ 2M"),
        ("dpm++ 2m karras", "DPM++ 2M Karras"),
        ("DPM++ 2M Karras", "DPM++ 2M Karras"),
        ("dpmpp_2m_karras", "DPM++ 2M Karras"),
        ("dpmpp_2m_k", "DPM++ 2M Karras"),
        ("dpmpp_2m_sde", "DPM++ 2M SDE"),
        ("DPM++ 2M SDE Karras", "DPM++ 2M SDE Karras"),
        ("DPMSolverMultistep", "DPM++ 2M"),
        ("dpmpp_2s", "DPM++ singlestep"),
        ("uni_pc", "UniPC"),
        ("ddim", "DDIM"),
        ("DDIMScheduler", "DDIM"),
        ("plms", "PNDM"),
        ("pndm", "PNDM"),
        ("dpm_2", "DPM2"),
        ("kdpm_2", "DPM2"),
        ("dpm_2_ancestral", "DPM2 ancestral"),
        ("kdpm_2_a", "DPM2 ancestral"),
        ("heun", "Heun"),
        ("lcm", "LCM"),
        ("ddpm", "DDPM"),
        ("deis", "DEIS"),
        ("flow-match euler", "Flow-match Euler"),
    ],
)
def test_a_scheduler_is_found_by_the_names_that_people_and_other_tools_have_for_it(text, label):
    assert parse_scheduler(text).label == label


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=lambda each: each.label)
def test_every_scheduler_is_found_by_its_own_names_in_any_case(scheduler):
    for name in (scheduler.name, scheduler.label):
        assert {parse_scheduler(each) for each in (name, name.upper(), name.lower())} == {scheduler}


@pytest.mark.parametrize("text", ["Euler Karras", "dpmpp_3m_sde", "", "k", "x" * 100_000, "DPM++"])
def test_the_name_of_another_scheduler_is_refused(text):
    with pytest.raises(RecipeError, match="There is no scheduler"):
        parse_scheduler(text)


def test_the_names_of_samplers_in_pictures_are_those_of_their_schedulers():
    for scheduler in SCHEDULERS:
        written = f"{scheduler.sampler} Karras" if scheduler.karras else scheduler.sampler
        found = parse_scheduler(written)
        assert found == scheduler or scheduler.schedule, written


def test_a_scheduler_without_karras_is_its_class():
    assert (find_scheduler("Euler").class_name, find_scheduler("Euler").karras) == ("EulerDiscreteScheduler", False)


def test_no_two_schedulers_answer_to_one_name():
    names = [name for scheduler in SCHEDULERS for name in (scheduler.name, scheduler.label)]
    assert len(names) == len(set(names)) == 34


def test_only_pndm_needs_more_than_one_step():
    """`tests/pipelines/sampling/test_schedulers.py` checks that against diffusers."""
    assert {each.name: each.least_steps for each in SCHEDULERS if each.least_steps != 1} == {"PNDMScheduler": 4}


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


@pytest.mark.parametrize(
    ("label", "settings"),
    [
        ("DPM++ 2M", {"algorithm_type": "dpmsolver++", "use_karras_sigmas": False}),
        ("DPM++ 2M Karras", {"algorithm_type": "dpmsolver++", "use_karras_sigmas": True}),
        ("DPM++ 2M SDE", {"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": False}),
        ("DPM++ 2M SDE Karras", {"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True}),
        ("DPM++ singlestep", {"algorithm_type": "dpmsolver++"}),
        ("DEIS", {"algorithm_type": "deis"}),
        ("Euler", {}),
    ],
)
def test_a_name_means_one_thing_whatever_the_model_was_saved_with(label, settings):
    assert find_scheduler(label).settings == settings


def test_schedulers_of_one_class_differ_in_their_settings():
    kinds = [(each.class_name, *each.settings.items()) for each in SCHEDULERS]
    assert len(set(kinds)) == len(SCHEDULERS)


@pytest.mark.parametrize(
    ("configuration", "name"),
    [
        ({"_class_name": "PNDMScheduler"}, "PNDMScheduler"),
        ({"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": True}, "EulerDiscreteScheduler"),
        ({"_class_name": "DPMSolverMultistepScheduler"}, "DPMSolverMultistepScheduler"),
        (
            {
                "_class_name": "DPMSolverMultistepScheduler",
                "algorithm_type": "sde-dpmsolver++",
                "use_karras_sigmas": True,
            },
            "DPMSolverMultistepScheduler SDE Karras",
        ),
        ({"_class_name": "DPMSolverSinglestepScheduler", "use_karras_sigmas": True}, "DPMSolverSinglestepScheduler"),
        ({}, "DPMSolverMultistepScheduler"),
    ],
    ids=str,
)
def test_the_scheduler_that_a_model_was_saved_with_has_a_name(configuration, name):
    assert name_scheduler(configuration) == name


@pytest.mark.parametrize("class_name", REPLACED)
def test_a_scheduler_that_is_not_offered_is_replaced(class_name):
    assert name_scheduler({"_class_name": class_name}) == "DPMSolverMultistepScheduler"


@pytest.mark.parametrize("class_name", ["EDMEulerScheduler", "FlowMatchHeunDiscreteScheduler", "x" * 999])
def test_a_model_whose_scheduler_nothing_can_replace_is_refused(class_name):
    with pytest.raises(
        RecipeError, match=f"“{class_name[:40]}”, which SeedLab neither offers.*another model"
    ) as caught:
        name_scheduler({"_class_name": class_name})
    assert caught.value.field == "model_id"
