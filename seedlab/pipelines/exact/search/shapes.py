"""Finds out which tensors inside a denoiser have parts for all images of a batch, and which all images share."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from seedlab.pipelines.exact.functions import FunctionCall, FunctionHook
from seedlab.pipelines.exact.layout import BatchCall

Shape = tuple[int, ...]


def find_shapes(call: BatchCall) -> frozenset[Shape] | None:
    """Return the shapes of the tensors that have equal parts for all images, one after the other.

    The size of a tensor does not say so: there may be as many positions as images. But in the call of a single image,
    such a tensor has the size of its part, and one that the images share is the same. (Z-Image joins the patches of all
    images, so that their number is not that of the rows.)

    Returns:
        The shapes; None if tensors of the same shape are used in both ways, or a batch calls other modules.
    """
    alone = _record(call.denoiser, lambda: call.run_image(0))
    together = _record(call.denoiser, call.run)
    if [name for name, _ in alone] != [name for name, _ in together]:
        return None
    pairs = {(part, whole) for (_, part), (_, whole) in zip(alone, together, strict=True)}
    shared = {whole for part, whole in pairs if part == whole}
    joined = {whole for part, whole in pairs - {(each, each) for each in shared} if _is_part(part, whole, call)}
    return None if shared & joined else frozenset(joined)


def _is_part(part: Shape, whole: Shape, call: BatchCall) -> bool:
    return bool(part) and whole == (part[0] * call.layout.images, *part[1:])


def _record(root: nn.Module, run: Callable[[], Any]) -> list[tuple[str, Shape]]:
    """Return the shapes of all tensors that the modules, and the functions of `exact.functions`, are called with."""
    found: list[tuple[str, Shape]] = []

    def note(name: str, values: Any) -> None:
        found.extend((name, tuple(value.shape)) for value in tree_leaves(values) if isinstance(value, Tensor))

    def note_function(call: FunctionCall) -> None:
        note(getattr(call.function, "__name__", ""), (call.tensors, dict(call.others)))

    with ExitStack() as stack:
        for name, module in root.named_modules():
            hook = lambda _, args, kwargs, name=name: note(name, (args, kwargs))  # noqa: E731
            stack.callback(module.register_forward_pre_hook(hook, with_kwargs=True).remove)
        stack.enter_context(FunctionHook(note_function))
        run()
    return found
