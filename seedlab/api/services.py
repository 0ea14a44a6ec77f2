"""What makes pictures for scripts and commands: an application without a page."""

from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote
from seedlab.flags import MEMORY_FORMATS
from seedlab.workflow.services import Services


def make_services(
    device: str | None = None,
    memory_format: str | None = None,
    workers: str | None = None,
    threads: int | None = None,
) -> Services:
    """Assemble what makes pictures; torch is imported by the first work.

    Args:
        device, memory_format, workers, threads: as for `SeedLab`.

    Raises:
        SeedLabError: as for `SeedLab`.
    """
    from seedlab.application import Application
    from seedlab.core.machine.workers import parse_threads, parse_workers
    from seedlab.core.storage.files import find_cache
    from seedlab.settings import INPUTS_FOLDER, RUNS_FOLDER, Settings, set_variables

    set_variables()
    settings = Settings(
        device=device,
        memory_format=_read_memory_format(memory_format),
        workers=parse_workers(workers),
        threads=parse_threads(threads),
        # Not in a store: there is none, and a draft may be finished from another working directory.
        runs=find_cache(RUNS_FOLDER),
        inputs=find_cache(INPUTS_FOLDER),
    )
    return Application(settings).services


def _read_memory_format(name: str | None) -> str | None:
    """Return torch's name of a memory format, which has another on the command line."""
    if name in MEMORY_FORMATS.values():
        return name
    if name not in MEMORY_FORMATS:
        listed = ", ".join(MEMORY_FORMATS)
        raise SeedLabError(f"{quote(str(name), 40)} is not a memory format: use {listed} as memory_format.")
    return MEMORY_FORMATS[name]
