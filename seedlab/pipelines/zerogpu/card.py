"""The GPU that pictures are made on, as the last picture says. The page's process only has a made-up one."""

from dataclasses import replace

from seedlab.core.machine.environment import Environment
from seedlab.core.storage.files import find_cache
from seedlab.core.storage.json_file import read_json, write_json

FIELDS = ("device", "kernels")
"""What the page's process cannot know of the environment."""


class KnownCard:
    """Remembers the GPU, from one process to the next if there is a cache. Any thread may use it."""

    def __init__(self) -> None:
        """Read what an earlier process has noted."""
        self._file = find_cache("zerogpu.json")
        data = read_json(self._file)
        names = (*FIELDS, "torch")
        is_known = isinstance(data, dict) and all(isinstance(data.get(name), str) for name in names)
        self._known: dict[str, str] = {name: data[name] for name in names} if is_known else {}

    def note(self, environment: Environment) -> None:
        """Record the environment of a picture."""
        known = {name: str(getattr(environment, name)) for name in (*FIELDS, "torch")}
        if known != self._known:
            self._known = known
            write_json(self._file, known)

    def complete(self, environment: Environment) -> Environment:
        """Return an environment that was observed in the page's process with the GPU of the last picture.

        Another torch may come with other libraries for the GPU: then nothing is known yet.
        """
        if self._known.get("torch") != environment.torch:
            return environment
        return replace(environment, **{name: self._known[name] for name in FIELDS})  # type: ignore[arg-type]
