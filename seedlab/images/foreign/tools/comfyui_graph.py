"""ComfyUI's prompt graph: nodes with inputs, which are values or links to other nodes. It is untrusted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_NODES = 2_000
MAX_STEPS = 200
"""Links that are followed one after the other."""

VALUE_KEYS = ("value", "int", "float", "number", "seed", "noise_seed", "text", "string", "String", "prompt", "Number")
"""Inputs in which nodes that only hold a value have it."""

NO_VALUES = ("control_after_generate", "number_type", "image_preview")
"""Inputs beside a value that say nothing about it."""

PASSING_KEYS = ("", "*", "any", "anything", "input", "value", "source", "any_01", "on_true")
"""Inputs that nodes like Reroute pass on."""


@dataclass(frozen=True)
class Link:
    """A link to an output of a node.

    Attributes:
        slot: the number of the output.
    """

    node: str
    slot: int


@dataclass(frozen=True)
class Node:
    """A node of the graph.

    Attributes:
        kind: its class.
        inputs: values and `Link`s, by name.
    """

    name: str
    kind: str
    inputs: Mapping[str, Any]

    @property
    def links(self) -> dict[str, Link]:
        """The inputs that are links."""
        return {name: value for name, value in self.inputs.items() if isinstance(value, Link)}

    @property
    def values(self) -> dict[str, Any]:
        """The inputs that are values."""
        return {name: value for name, value in self.inputs.items() if not isinstance(value, Link)}


@dataclass
class Graph:
    """The nodes by their names.

    Attributes:
        used: the inputs whose values were taken, as (node, input), there or through links.
        lost: the inputs that were asked for, but link to nodes that do not say the value, as (node, input).
    """

    nodes: dict[str, Node]
    used: set[tuple[str, str]] = field(default_factory=set)
    lost: dict[tuple[str, str], None] = field(default_factory=dict)

    def follow(self, link: Link | None) -> Node | None:
        """Return the node at the other end of a link, past nodes that only pass it on; None if there is none."""
        for _ in range(MAX_STEPS):
            node = None if link is None else self.nodes.get(link.node)
            if node is None or not _is_passing(node):
                return node
            link = next(iter(node.links.values()))
        return None

    def get(self, node: Node, *names: str) -> Any:
        """Take the value of the first of these inputs that is there, through links; None if it is none."""
        for name in names:
            if name in node.inputs:
                found = self._find_holder(node, name, names)
                if found is None:
                    self.lost[node.name, name] = None
                    return None
                holder, key = found
                self.used |= {(node.name, name), (holder.name, key)}
                return holder.inputs[key]
        return None

    def _find_holder(self, node: Node, name: str, names: tuple[str, ...]) -> tuple[Node, str] | None:
        """Return the node and the input that have the value of an input, through links; None if none has it."""
        wanted = (name, *names)
        for _ in range(MAX_STEPS):
            value = node.inputs[name]
            if not isinstance(value, Link):
                return node, name
            following = self.nodes.get(value.node)
            key = None if following is None else _find_value(following, wanted)
            if following is None or key is None:
                return None
            node, name = following, key
        return None

    def list_ancestors(self, node: Node, *, only: tuple[str, ...] = ()) -> Iterator[Node]:
        """Yield a node and those that its inputs come from, the nearest first.

        Args:
            only: the names of inputs that are followed; empty for all.
        """
        seen, line = {node.name}, [node]
        while line:
            node = line.pop(0)
            yield node
            for name, link in node.links.items():
                following = self.nodes.get(link.node)
                if following is not None and following.name not in seen and (not only or name in only):
                    seen.add(following.name)
                    line.append(following)


def _is_passing(node: Node) -> bool:
    if len(node.inputs) != 1 or not node.links:
        return False
    return next(iter(node.inputs)) in PASSING_KEYS or "eroute" in node.kind


def _find_value(node: Node, wanted: tuple[str, ...]) -> str | None:
    """Return the input of a node that has a value: under its own name, or that of a node which only holds one.

    A node with several settings has each under its own name. Which output has which is not said.
    """
    named = next((name for name in wanted if name in node.inputs), None)
    if named is not None:
        return named
    settings = node.values.keys() - NO_VALUES
    for name in (*VALUE_KEYS, *PASSING_KEYS):
        if name in node.inputs and (settings <= {name} or (name in PASSING_KEYS and name in node.links)):
            return name
    return next(iter(node.inputs)) if len(node.inputs) == 1 else None


def read_graph(data: Mapping[str, Any]) -> Graph | None:
    """Read a graph of nodes; None if it is none."""
    if not data or len(data) > MAX_NODES:
        return None
    nodes = {}
    for name, node in data.items():
        kind = node.get("class_type") if isinstance(node, dict) else None
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if isinstance(kind, str) and isinstance(inputs, dict):
            nodes[name] = Node(name, kind, {key: _read_input(value) for key, value in inputs.items()})
    return Graph(nodes) if nodes else None


def _read_input(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int) and isinstance(value[1], int):
        return Link(str(value[0]), value[1])
    return value
