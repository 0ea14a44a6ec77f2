"""The words in which users read what the libraries warn of."""

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.pipelines.devices.warning_kinds import translate_warnings


def translate(*messages: str, during: str = "was loaded") -> list[str]:
    notices = []
    translate_warnings("the model “tiny”", messages, notices.append, during)
    return notices


def test_an_unknown_warning_is_shortened_to_its_first_line_without_paths_and_classes():
    message = "Cannot fuse <class 'diffusers.models.unet.UNet2D'> of /home/me/models/tiny.\nSee https://a.b/c for more."
    assert translate(message, message) == [
        "There was a warning while the model “tiny” was loaded, so the picture may differ: “Cannot fuse UNet2D of …”."
    ]
    (notice,) = translate("a " * 1000, during="made this picture")
    assert len(notice) < 300


def test_nothing_that_is_ignored_passes_for_a_mere_deprecation():
    assert translate("`scale` is deprecated and will be removed in version 1.0.0.") == []
    (notice,) = translate("Passing `scale` is deprecated. `scale` will be ignored.")
    assert notice.endswith("so the picture may differ: “Passing `scale` is deprecated. `scale` will be ignored”.")


def test_what_text_to_image_does_not_need_is_not_missed():
    message = "`CLIPImageProcessor` requires torchvision (not installed); falling back to `CLIPImageProcessorPil`."
    assert translate(message) == []


def test_the_words_of_a_prompt_are_no_warning():
    assert translate("The following part of your input was truncated because of CLIP: ['MISSING']") == []


def test_many_names_are_counted():
    settings = {f"name_{number}": number for number in range(7)}
    message = f"The config attributes {settings} were passed to UNet, but are not expected and will be ignored."
    (notice,) = translate(message)
    assert notice.endswith("ignores: “name_0”, “name_1”, “name_2”, “name_3”, “name_4” and 2 more.")


@pytest.mark.parametrize(
    ("class_name", "part"),
    [
        ("CLIPTextModel", "text encoder"),
        ("AutoencoderKL", "autoencoder (VAE)"),
        ("UNet2DConditionModel", "denoiser"),
        ("StableDiffusionSafetyChecker", "safety checker"),
    ],
)
def test_random_weights_are_refused_and_the_part_is_named(class_name, part):
    message = (
        f"Some weights of {class_name} were not initialized from the model checkpoint and are newly initialized: x"
    )
    with pytest.raises(SeedLabError) as caught:
        translate(message)
    assert str(caught.value) == f"The model “tiny” lacks weights of its {part}: download it again."
