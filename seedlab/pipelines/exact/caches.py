"""What exact batches keep from one to the next. Like its parts, it can be made before torch is imported."""

from dataclasses import dataclass, field

from seedlab.pipelines.exact.graphs import GraphCache
from seedlab.pipelines.exact.kernels.prepack_cache import PrepackCache
from seedlab.pipelines.exact.plans import Plans


@dataclass(frozen=True)
class BatchCaches:
    """What is kept from one batch to the next.

    Attributes:
        plans: what is known about exact batches.
        prepacked: the prepacked weights of the last plans.
        graphs: the CUDA graphs of the denoisers' last calls.
    """

    plans: Plans = field(default_factory=lambda: Plans(None))
    prepacked: PrepackCache = field(default_factory=PrepackCache)
    graphs: GraphCache = field(default_factory=GraphCache)

    def free_memory(self) -> None:
        """Drop what is only kept to save time."""
        self.prepacked.clear()
        self.graphs.clear()
