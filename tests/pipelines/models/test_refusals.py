"""Models that cannot be used: each is refused by what it is, before anything is loaded or asked of the Hub."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.storage.safetensors import MAX_HEADER_BYTES
from seedlab.pipelines.loaded.completeness import check_weights
from seedlab.pipelines.loaded.sources import find_source
from seedlab.pipelines.models.addresses import find_model
from tests.pipelines.builders import make_shapes, write_header

Shapes = dict[str, tuple[int, ...]]
DENOISER = "model.diffusion_model."
PARTS = {"denoiser": DENOISER, "autoencoder": "first_stage_model.", "text": "cond_stage_model."}
CHOOSE_ANOTHER = "SeedLab makes pictures from a prompt alone: choose another model."


def without(*prefixes: str) -> Callable[[Shapes], Shapes]:
    return lambda shapes: {name: shape for name, shape in shapes.items() if not name.startswith(prefixes)}


def only(part: str) -> Callable[[Shapes], Shapes]:
    return without(*(prefix for name, prefix in PARTS.items() if name != part))


def prefixed(prefix: str) -> Callable[[Shapes], Shapes]:
    return lambda shapes: {prefix + name: shape for name, shape in shapes.items()}


def averaged(shapes: Shapes) -> Shapes:
    """Keep only the averaged weights of the denoiser, whose names have no dots."""
    flat = {"model_ema." + name.removeprefix("model.").replace(".", ""): name for name in only("denoiser")(shapes)}
    return without(DENOISER)(shapes) | {new: shapes[name] for new, name in flat.items()}


def taking(channels: int) -> Callable[[Shapes], Shapes]:
    name = f"{DENOISER}input_blocks.0.0.weight"
    return lambda shapes: shapes | {name: (shapes[name][0], channels, 3, 3)}


CONTENTS = [
    (without("first_stage_model."), "has no autoencoder (VAE): use a release that includes it."),
    (without("cond_stage_model."), "has no text encoder: use a release that includes it."),
    (only("denoiser"), "is a denoiser (UNet) alone, not a whole model: use a release that includes the autoencoder"),
    (only("autoencoder"), "is an autoencoder (VAE) alone, not a whole model: choose the model that it belongs to."),
    (only("text"), "is a text encoder alone, not a whole model: choose the model that it belongs to."),
    (prefixed("module."), "was saved by a training program, with “module.” before the names of its weights"),
    (prefixed("state_dict."), "was saved by a training program, with “state_dict.” before the names"),
    (averaged, "has only averaged (EMA) weights of its denoiser, which diffusers does not read"),
    (taking(9), f"is an inpainting model, which fills a masked part of a picture. {CHOOSE_ANOTHER}"),
    (taking(8), "is a model that edits pictures by instruction (InstructPix2Pix), which needs a picture."),
    (taking(5), "is a depth-to-image model, which needs a depth map of a picture."),
    (taking(7), "is an upscaler, which needs a picture to enlarge."),
]


@pytest.mark.parametrize(("change", "message"), CONTENTS)
@pytest.mark.parametrize("has_folder", [False, True], ids=["alone", "with a folder"])
def test_a_file_that_is_not_a_whole_model_is_refused_also_next_to_a_folder(
    checkpoint, shapes, tmp_path, change, message, has_folder
):
    if has_folder:
        (tmp_path / "mine").symlink_to(checkpoint.with_suffix(""))
    file = write_header(tmp_path / "mine.safetensors", change(shapes))
    with pytest.raises(RecipeError) as caught:
        find_model(str(file))
    assert str(caught.value).startswith(f"“mine.safetensors” {message}")
    assert caught.value.field == "model_id"


OTHERS = [
    (make_shapes("refiner"), "is a refiner of Stable Diffusion XL, which finishes the pictures of another model"),
    ({"double_blocks.0.img_attn.norm.key_norm.scale": [128]}, "is a model of Flux. Of single files, SeedLab reads"),
    ({f"{DENOISER}joint_blocks.0.context_block.mlp.fc1.bias": [1]}, "is a model of Stable Diffusion 3."),
    ({**make_shapes("XL"), f"{DENOISER}encoder_hid_proj.weight": [2048, 4096]}, "is a model of Kolors."),
    ({"blocks.0.attn1.Wqkv.weight": [1], "style_embedder.weight": [1]}, "is a model of Hunyuan-DiT."),
    ({f"{DENOISER}patchify_proj.weight": [1]}, "is a video model."),
    ({"lora_unet_mid_block.lora_up.weight": [1, 1]}, "is a LoRA, not a model: choose the model that it was made for"),
    ({"control_model.input_blocks.0.0.weight": [1, 4, 3, 3]}, "is a ControlNet: choose the model that it was made"),
    ({"emb_params": [8, 768]}, "is an embedding (textual inversion): choose the model that it was made for."),
    ({"down_blocks.0.motion_modules.0.norm.weight": [1]}, "is a motion module of AnimateDiff: choose the model"),
    ({"image_proj.proj.weight": [1], "ip_adapter.1.to_k_ip.weight": [1]}, "is an IP-Adapter: choose the model"),
    ({"body.0.rdb1.conv1.weight": [1], "conv_first.weight": [1]}, "is an upscaler (ESRGAN): choose a model."),
    ({"down_blocks.0.resnets.0.conv1.weight": [1]}, "is a denoiser (UNet) alone, not a whole model"),
    ({"unet.down_blocks.0.x": [1], "vae.encoder.conv_in.weight": [1]}, "has diffusers' names of weights: use the"),
    ({"text_model.encoder.layers.0.x": [1]}, "is a text encoder alone, not a whole model"),
    ({"something": [3]}, "is not a complete checkpoint of Stable Diffusion 1, 2 or XL."),
    ({**make_shapes("XL"), "edm_mean": [4]}, "was trained with the noise levels of EDM, as Playground 2.5"),
    (
        {**make_shapes("XL"), f"{DENOISER}input_blocks.8.1.transformer_blocks.0.norm1.bias": [1]},
        "is a variant of Stable Diffusion XL, such as SSD-1B: use its diffusers folder.",
    ),
    ({**make_shapes("2"), f"{DENOISER}label_emb.0.0.weight": [1280, 2048]}, "makes variations of a picture (unCLIP)"),
]


@pytest.mark.parametrize(("contents", "message"), OTHERS)
def test_a_file_of_another_kind_is_refused_by_its_name(tmp_path, contents, message):
    file = write_header(tmp_path / "mine.safetensors", contents)
    with pytest.raises(RecipeError) as caught:
        find_model(str(file))
    assert str(caught.value).startswith(f"“mine.safetensors” {message}")


@pytest.mark.parametrize("kind", ["2", "XL"])
def test_a_file_is_not_read_with_the_folder_of_another_architecture(checkpoint, tmp_path, kind):
    (tmp_path / "mine").symlink_to(checkpoint.with_suffix(""))
    file = write_header(tmp_path / "mine.safetensors", make_shapes(kind))
    with pytest.raises(RecipeError, match="does not belong to the diffusers folder “dreamy” next to it"):
        find_model(str(file))


GAPS = [
    ("model.diffusion_model.output_blocks.1.", "“mine.safetensors” lacks weights of its denoiser (52 of 208)"),
    ("model.diffusion_model.middle_block.1.", "“mine.safetensors” lacks weights of its denoiser (36 of 208)"),
    ("first_stage_model.decoder.up.1.", "“mine.safetensors” lacks weights of its autoencoder (VAE) (18 of 180)"),
    ("cond_stage_model.transformer.text_model.encoder.layers.1.", "lacks weights of its text encoder (16 of 36)"),
]


@pytest.mark.parametrize(("prefix", "message"), GAPS)
def test_a_file_that_lacks_a_block_is_refused_by_its_header_alone(checkpoint, shapes, tmp_path, prefix, message):
    (tmp_path / "mine").symlink_to(checkpoint.with_suffix(""))
    file = write_header(tmp_path / "mine.safetensors", without(prefix)(shapes))
    with pytest.raises(RecipeError) as caught:
        check_weights(find_source(find_model(str(file)), download=False))
    assert message in str(caught.value)
    assert str(caught.value).endswith("download it again.")


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut, r"is cut short \([\d.]+ of [\d.]+ MB are here\): download it again."),
        (lambda content: content[:200], "is not a readable safetensors file: download it again."),
        (lambda _: b"version https://git-lfs.github.com/spec/v1\n", "only stands for a file that Git LFS has not"),
        (lambda _: (MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b"{}", "is not a readable safetensors file"),
    ],
)
def test_a_damaged_file_is_named_as_that(checkpoint, tmp_path, damage, message):
    (tmp_path / "mine.safetensors").write_bytes(damage(checkpoint.read_bytes()))
    with pytest.raises(RecipeError, match=message):
        find_model(str(tmp_path / "mine.safetensors"))


def rewrite(file: Path, **values: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values), encoding="utf-8")


def write_index(folder: Path, *names: str) -> None:
    """Replace the denoiser's weights by an index that names these files."""
    (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(folder / "unet" / "weights.safetensors")
    listed = {"weight_map": {f"weight-{number}": name for number, name in enumerate(names)}}
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(listed))


def remove(pattern: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        for file in folder.glob(pattern):
            file.unlink()

    return act


def shorten(folder: Path) -> None:
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(cut(content))


def set_value(name: str, **values: object) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder / name, **values)


def write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


SHARDS = [f"diffusion_pytorch_model-0000{number}-of-00002.safetensors" for number in (1, 2)]
NESTED = '{"a":' * 100_000 + "1" + "}" * 100_000
FOLDERS = [
    (remove("tokenizer/*"), "“mine” has no tokenizer: download it again."),
    (remove("scheduler/*"), "“mine” has no scheduler: download it again."),
    (remove("unet/*.safetensors"), "“mine” lacks the weights of its denoiser, or has them only as pickles (.bin)"),
    (shorten, "“diffusion_pytorch_model.safetensors” is cut short"),
    (lambda folder: write_index(folder, *SHARDS), "“mine” is incomplete: shard 1 of 2 of its denoiser is missing"),
    (lambda folder: write_index(folder, "weights.bin"), "names “weights.bin”, which is not a safetensors file next"),
    (lambda folder: write_index(folder, "../vae/x.safetensors"), "names “../vae/x.safetensors”, which is not a"),
    (set_value("unet/config.json", in_channels=9), f"“mine” is an inpainting model, which fills a masked part of a "
                                                   f"picture. {CHOOSE_ANOTHER}"),
    (set_value("unet/config.json", in_channels=8), "“mine” is a model that edits pictures by instruction"),
    (set_value("unet/config.json", in_channels=5), "“mine” is a depth-to-image model"),
    (set_value("unet/config.json", in_channels=7), "“mine” is an upscaler, which needs a picture to enlarge."),
    (set_value("tokenizer/tokenizer_config.json", model_max_length=10**12), "“model_max_length” is 1,000,000,000,000"),
    (set_value("scheduler/scheduler_config.json", num_train_timesteps=10**9), "“num_train_timesteps” is 1,000,000,000"),
    (set_value("unet/config.json", block_out_channels=5), "“block_out_channels” is 5. Download it again"),
    (set_value("unet/config.json", block_out_channels=[10**9]), "“block_out_channels” is 1,000,000,000."),
    (set_value("unet/config.json", layers_per_block=10**7), "“layers_per_block” is 10,000,000."),
    (set_value("text_encoder/config.json", max_position_embeddings=10**10), "“max_position_embeddings” is 10,000,000"),
    (write("model_index.json", NESTED), "The model_index.json of “mine” cannot be read: download the model again."),
    (write("model_index.json", "{"), "The model_index.json of “mine” cannot be read: download the model again."),
    (write("model_index.json", " " * 21_000_000 + "{}"), "The model_index.json of “mine” cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "message"), FOLDERS)
def test_a_folder_that_is_incomplete_hostile_or_of_another_kind_is_refused(folder, damage, message):
    damage(folder)
    with pytest.raises(RecipeError) as caught:
        find_model(str(folder))
    assert message in str(caught.value)
    assert str(folder) not in str(caught.value)


def test_a_folder_whose_weights_do_not_fit_its_configuration_is_refused(folder, shared_manager):
    rewrite(folder / "unet" / "config.json", block_out_channels=[64, 4096])
    with pytest.raises(RecipeError, match="The weights of the denoiser of “mine” have other sizes than its config"):
        shared_manager.resolve(str(folder))


def test_a_folder_that_lacks_a_layer_is_refused(folder, shared_manager):
    rewrite(folder / "text_encoder" / "config.json", num_hidden_layers=3)
    with pytest.raises(RecipeError, match="“mine” lacks weights of its text encoder"):
        shared_manager.resolve(str(folder))
    rewrite(folder / "text_encoder" / "config.json", num_hidden_layers=2)
    rewrite(folder / "unet" / "config.json", layers_per_block=2)
    with pytest.raises(RecipeError, match="“mine” lacks weights of its denoiser"):
        shared_manager.resolve(str(folder))


@pytest.mark.parametrize("value", [{}, [], "text", True, None, [[]], 1e300, -1])
@pytest.mark.parametrize(
    "name",
    ["unet/config.json", "vae/config.json", "scheduler/scheduler_config.json", "tokenizer/tokenizer_config.json"],
)
def test_any_value_in_a_configuration_ends_in_a_model_or_a_message(folder, name, value):
    data = json.loads((folder / name).read_text())
    for key in data:
        (folder / name).write_text(json.dumps(data | {key: value}))
        with suppress(RecipeError):
            assert find_model(str(folder)).name == "mine"


def test_a_failed_look_is_told(folder, monkeypatch):
    monkeypatch.setattr("seedlab.pipelines.models.addresses.read_folder", lambda _: 1 / 0)
    with pytest.raises(RecipeError, match="The files of “mine” cannot be read: download it again, or choose another"):
        find_model(str(folder))


ADDRESSES = [
    ("https://civitai.com/models/4384/dreamshaper", "is on Civitai: download its .safetensors file there, and give"),
    ("civitai.com/api/download/models/128713", "is on Civitai"),
    ("urn:air:sd1:checkpoint:civitai:4384@128713", "is on Civitai"),
    ("civitai:4384@128713", "is on Civitai"),
    ("https://example.org/model.safetensors", "is not on the Hugging Face Hub: download the model, and give its path"),
    ("https://huggingface.co/o/r/blob/main/x.safetensors", "“x.safetensors” is one file of o/r on the Hub: download"),
    ("https://huggingface.co/o/r/resolve/main/a/x.safetensors?download=true", "“x.safetensors” is one file of o/r"),
    ("https://huggingface.co/o/r/blob/main/x.ckpt", "“x.ckpt” is a pickle, which can run any program"),
    ("o/r/x.safetensors", "“o/r/x.safetensors” is not a file on this machine: if it is on the Hub, download it"),
    ("models/x.safetensors", "is not a file on this machine"),
    (r"\\host\share\model", "is the path of a network share: copy the model to this machine"),
    ("//host/share/model", "is the path of a network share"),
    ("owner/name@a..b", "There is no model “owner/name@a..b”"),
    ("owner/name@../../x", "There is no model"),
]


@pytest.mark.parametrize(("address", "message"), ADDRESSES)
def test_an_address_that_cannot_be_used_is_refused_by_what_it_is(address, message):
    with pytest.raises(RecipeError) as caught:
        find_model(address)
    assert message in str(caught.value)


FILES = ("model.gguf", "model.onnx", "model.safetensors.part", "notes.txt", "no ending")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_there_is_not_called_missing(tmp_path, name):
    (tmp_path / name).write_bytes(b"GGUF")
    for address in (str(tmp_path / name), f'"{tmp_path / name}"'):
        with pytest.raises(RecipeError) as caught:
            find_model(address)
        assert str(caught.value) == (
            f"“{name}” is not a file of a model that SeedLab reads: use a .safetensors file or a diffusers folder."
        )


def test_a_folder_that_is_there_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "owner").mkdir()
    message = " is a folder without a diffusers pipeline, which has a model_index.json: choose the folder that has it"
    for address, name in ((str(tmp_path / "owner"), "owner"), ("/", "/"), ("owner/", "owner")):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(RecipeError, match=f"“{name}”{message}"):
            find_model(address)


def test_a_broken_link_is_named(tmp_path):
    link = tmp_path / "model.safetensors"
    link.symlink_to(tmp_path / "blob")
    with pytest.raises(RecipeError, match=r"“model\.safetensors” is a link to a file that is not there: download"):
        find_model(str(link))


def test_a_network_share_is_not_looked_at(monkeypatch):
    """On Windows a look logs in to the host, and a picture from a stranger may name it."""
    for name in ("resolve", "is_file", "is_dir", "stat", "expanduser"):
        monkeypatch.setattr(Path, name, lambda *_, **__: pytest.fail("looked at"))
    with pytest.raises(RecipeError, match="network share"):
        find_model(r"\\host\share\model.safetensors")


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("Sketch", "sketch"),
        ("SKETCH", "sketch"),
        ("sdxl base", "stabilityai/stable-diffusion-xl-base-1.0"),
        ("Stable Diffusion 1.5", "stable-diffusion-v1-5/stable-diffusion-v1-5"),
        ("StabilityAI/SDXL-Turbo", "stabilityai/sdxl-turbo"),
    ],
)
def test_a_model_is_found_by_its_name_in_any_case(name, model_id):
    assert find_model(name).model_id == model_id
