"""Sentences for what ZeroGPU raises. It raises gradio's errors, with titles and messages of its own.

Source: `spaces/zero/client.py` and `wrappers.py` of spaces 0.51.
"""

import re

KILLED = "The GPU was taken away before this picture was done: try again."
UNUSABLE = "The GPU did not work: try again."
UNREACHABLE = "No GPU can be reached at the moment: try again in a minute."
BUSY = "No GPU became free in time: try again in a minute."
TOO_LONG = "This takes longer than one visitor may use a GPU: make a smaller picture, or one with fewer steps."
PENDING = "Your other pictures take all of your GPU time: try again when they are finished."
EXPIRED = "Your turn to use the GPU has run out, as it does after some minutes: continue with this picture."
SPACE_IS_OVER = (
    "This Space has no GPU time of its own left: open it on huggingface.co, where your own counts, and try again."
)
OVER = "You have used the GPU too often for now: try again later, or sign in to Hugging Face, which gives you more."
QUOTA = (
    "Your GPU time at Hugging Face is too short for this ({asked} s needed, {left} s left): make fewer pictures at a "
    "time, try again {when}, or sign in there, which gives you more."
)

LEFT = re.compile(r"\((?P<asked>\d+)s requested vs\. (?P<left>-?\d+)s left\)")
WAIT = re.compile(r"Try again in (?:(?P<days>\d+) days?, )?(?P<hours>\d+):(?P<minutes>\d\d):\d\d")

SENTENCES = {
    "ZeroGPU illegal duration": TOO_LONG,
    "ZeroGPU pending credits exceeded": PENDING,
    "ZeroGPU queue timeout": BUSY,
}


def explain_refusal(error: BaseException) -> str:
    """Return a sentence for a visitor whose call ended with this error."""
    title, message = str(getattr(error, "title", "")), str(getattr(error, "message", error))
    if title in SENTENCES:
        return SENTENCES[title]
    if title == "ZeroGPU quota exceeded":
        return _explain_quota(message)
    if title == "ZeroGPU worker error":
        return KILLED if "aborted" in message else UNUSABLE
    if "Expired" in message:
        return EXPIRED
    return BUSY if "No GPU was available" in message else UNREACHABLE


def _explain_quota(message: str) -> str:
    if "No GPU was available" in message:
        return BUSY
    if "Space app" in message:
        return SPACE_IS_OVER
    left = LEFT.search(message)
    if left is None:
        return OVER
    return QUOTA.format(asked=left["asked"], left=max(0, int(left["left"])), when=_format_wait(message))


def _format_wait(message: str) -> str:
    wait = WAIT.search(message)
    if wait is None:
        return "later"
    days, hours, minutes = (int(wait[name] or 0) for name in ("days", "hours", "minutes"))
    hours += 24 * days
    if not hours:
        return f"in {minutes + 1} min"
    return f"in {hours} h {minutes} min" if minutes else f"in {hours} h"
