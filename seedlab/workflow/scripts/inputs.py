"""The lines of a script that read the user's own pictures."""

from collections.abc import Mapping, Sequence

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture
from seedlab.workflow.scripts.text import quote


def name_inputs(recipes: Sequence[Recipe]) -> dict[InputPicture, str]:
    """Return the names of the files that the pictures of a first stage start from.

    Raises:
        SeedLabError: only some of them start from a picture, or two files have the same name.
    """
    pictures = {recipe.input_picture for recipe in recipes}
    names = {picture: picture.file for picture in pictures if picture is not None}
    if names and None in pictures:
        raise SeedLabError("Some of these pictures start from one of your own, others do not: write a script for each.")
    if len(set(names.values())) < len(names):
        raise SeedLabError("These pictures start from files of the same name: write a script for each.")
    return names


def write_inputs(names: Mapping[InputPicture, str]) -> list[str]:
    """Write what reads the files from the folder that the script runs in, and checks them.

    The pixels are those of `seedlab.images.inputs.reading`.
    """
    if not names:
        return []
    listed = ", ".join(f'({quote(name)}, {(each.width, each.height)}, "{each.sha256}")' for each, name in names.items())
    return [
        f"for name, size, sha256 in [{listed}]:",
        '    image = ImageOps.exif_transpose(Image.open(name)).convert("RGBA")',
        '    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")',
        "    if (image.size, hashlib.sha256(image.tobytes()).hexdigest()) != (size, sha256):",
        '        raise SystemExit(f"{name} is not the picture that these start from.")',
        "    made[name] = image",
    ]
