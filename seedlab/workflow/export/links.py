"""Share links: the recipes of a picture or a round in a URL's fragment, which browsers send to no server.

A link is `URL#r=1.DATA`. DATA is the JSON of a trail (see `trail_json`), compressed by zlib with a preset dictionary
(RFC 1950, section 2.2), in base64url without padding. The number is the version of the dictionary.
"""

import base64
import binascii
import json
import re
import zlib
from urllib.parse import unquote, urlsplit, urlunsplit

from seedlab.core.canonical import to_json
from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote
from seedlab.workflow.export.trail_parts import hide_trail
from seedlab.workflow.trails.trail import Trail, count_tiles
from seedlab.workflow.trails.trail_json import read_known, write_trail

VERSION = 1
MAX_LINK = 8_000
"""Characters: mail and chat programs, and QR codes, cut or refuse longer links."""

MAX_JSON_BYTES = 500_000
"""What a link may unpack to. A round of 256 pictures with long texts has less."""

FRAGMENT = re.compile(r"r=(\d{1,4})\.([\w-]+)", re.ASCII)

DICTIONARY = (
    b'Seed seeds suffixes nudge matrix sweep wildcards"late_words""same_seeds""words"{"name":"suffixes","values":[",'
    b' artsy",", trending",", colored",", dramatic"]}in the style of , at night, in the rain, photograph of a portra'
    b'it of {"file":"./.safetensors","sha256":"","weight":"late_prompt":"","late_step":"prompt_syntax":"weights""nud'
    b'ges":[{"seed":0,"weight":0.1}]"int":"{"draft_steps":3,"recipe":{"guidance_scale":7.5,"num_inference_steps":30"'
    b'EulerAncestralDiscreteScheduler""EulerDiscreteScheduler""DDIMScheduler""float16""bfloat16""cuda"stabilityai/st'
    b'able-diffusion-xl-base-1.0 stable-diffusion-v1-5/stable-diffusion-v1-5 black-forest-labs/FLUX.1"value":0},{"re'
    b'cipe":{"seed":1},"value":1},{"recipe":{"seed":2},"value":2},{"recipe":{"seed":3},"value":3}]}],"version":3}{"p'
    b'ath":[1,2,3],"rounds":[{"base":{"dtype":"float32","generator_device":"cpu","guidance_scale":3.0,"height":128,"'
    b'model_id":"sketch","negative_prompt":"","num_inference_steps":12,"prompt":"Labrador in the style of Vermeer","'
    b'revision":null,"scheduler":"DPMSolverMultistepScheduler","seed":0,"width":128},"id":1,"parent":null,"rule":{"n'
    b'ame":"seeds","values":[0,1,2,3]},"tiles":[{"recipe":{},"value":0},{"recipe":{"prompt":""id":2,"parent":[1,0],"'
    b'rule":{"name":"suffixes","values":['
)
"""What links mostly have, the most frequent last. Links in the world need it as it is: a new one is a new version."""

NO_LINK = "This is not a SeedLab link: copy the whole link, with everything after “#r=”."
BROKEN = "This link is damaged or was cut off: copy it again as a whole."


def make_link(base_url: str, trail: Trail) -> str:
    """Return a link to the recipes of a trail, as a rule a part of one: see `trail_parts`.

    Args:
        base_url: the address of a SeedLab page, http or https. Its own fragment is left out.

    Raises:
        SeedLabError: the address is none, or the link would have more than 8,000 characters.
    """
    page = _read_address(base_url)
    packer = zlib.compressobj(9, zdict=DICTIONARY)
    text = to_json(json.loads(write_trail(hide_trail(trail)))).encode()
    data = base64.urlsafe_b64encode(packer.compress(text) + packer.flush()).decode().rstrip("=")
    link = f"{page}#r={VERSION}.{data}"
    if len(link) > MAX_LINK or len(text) > MAX_JSON_BYTES:
        count = count_tiles(trail.rounds)
        raise SeedLabError(
            f"The recipes of these {count} pictures are too long for a link: it would have {len(link):,} characters, "
            f"and programs cut links of more than {MAX_LINK:,}. Share fewer of them, or export the trail as a file."
        )
    return link


def is_link(text: str) -> bool:
    """Whether a text looks like a share link rather than the name of a file."""
    return "#r=" in unquote(text) or text.startswith("r=")


def read_link(text: str) -> Trail:
    """Read a link, which is untrusted. Every tile is STOPPED until its picture is found or made again.

    Args:
        text: the link, or its fragment alone. Line breaks in it are ignored.

    Raises:
        SeedLabError: it is no link, damaged, too long, or a newer version wrote it.
    """
    if len(text) > 2 * MAX_LINK:
        raise SeedLabError(f"This link has {len(text):,} characters, which is too long: {MAX_LINK:,} are the most.")
    # Mail programs wrap lines, and some programs escape the fragment or put brackets around a link.
    match = FRAGMENT.match(unquote("".join(text.split()).rpartition("#")[2]))
    if match is None:
        raise SeedLabError(BROKEN if is_link(text) else NO_LINK)
    if int(match[1]) != VERSION:
        raise SeedLabError("This link was made by a newer SeedLab: update SeedLab to open it.")
    trail, unknown = read_known(_unpack(match[2]))
    if not trail.path or unknown:
        raise SeedLabError("This link has a round of a kind that this SeedLab does not know: update SeedLab.")
    # A stranger's link must not make this machine look at paths, such as those of network shares.
    return hide_trail(trail)


def _unpack(data: str) -> str:
    try:
        packed = base64.b64decode(data + "=" * (-len(data) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj(zdict=DICTIONARY)
        text = unpacker.decompress(packed, MAX_JSON_BYTES)
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError("too much, or cut off")
        return text.decode()
    except (ValueError, binascii.Error, zlib.error) as error:
        raise SeedLabError(BROKEN) from error


def _read_address(text: str) -> str:
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise SeedLabError(f"{quote(text, 80)} is not the address of a page: write one such as http://127.0.0.1:7860.")
    return urlunsplit(parts._replace(fragment="", path=parts.path or "/"))
