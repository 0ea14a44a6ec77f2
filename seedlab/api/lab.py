"""`seedlab.SeedLab`, the object of the Python interface."""

from types import TracebackType
from typing import Self

from seedlab.api.inspection import Inspection
from seedlab.api.rounds import Rounds
from seedlab.api.services import make_services
from seedlab.workflow.services import Services


class SeedLab(Rounds, Inspection):
    """Makes pictures, one command at a time. Close it, or use it as a context, when no more are wanted.

    Bad input raises SeedLabError before any work starts. A picture that cannot be made is a sentence in
    `Result.failures`; the others are there.
    """

    def __init__(
        self,
        *,
        device: str | None = None,
        memory_format: str | None = None,
        workers: str | None = None,
        threads: int | None = None,
        services: Services | None = None,
    ) -> None:
        """Make an instance; nothing is imported or loaded yet.

        Args:
            device: "cpu", "cuda" or "mps"; None for the best one available.
            memory_format: of the weights, "contiguous" as the plain diffusers script has it, or "channels-last"; None
                for the device's default. Torch's own names for them will do, too.
            workers: other processes that make the pictures, as "local:2" or "10.0.0.1:6379"; None for this one.
            threads: of one operation on the CPU, which decides bytes; None for torch's own choice, and 1 with workers.
            services: what makes the pictures; None for a pipeline manager in this process.

        Raises:
            SeedLabError: memory_format, workers or threads is wrong, or Ray is not installed.
        """
        self._services = services or make_services(device, memory_format, workers, threads)

    def __enter__(self) -> Self:
        """Return this instance."""
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End all work."""
        self.close()

    def close(self) -> None:
        """End all work, and free the memory."""
        self._services.close()
