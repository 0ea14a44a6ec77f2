"""Prompts in ComfyUI's graph: from a sampler's conditioning back to the texts."""

from typing import Literal

from seedlab.images.foreign.tools.comfyui_graph import MAX_STEPS, Graph, Link, Node

Role = Literal["positive", "negative"]

TEXT_KEYS = ("text", "text_g", "t5xxl", "populated_text", "prompt", "string", "value", "text_l", "clip_l")
"""Inputs with the prompt; the first one counts."""

ROLE_KEYS = {
    "positive": ("positive", "text_positive", "positive_prompt", "pos", "positive_text"),
    "negative": ("negative", "text_negative", "negative_prompt", "neg", "negative_text"),
}
JOINED_KEYS = (
    ("string_a", "string_b"),
    ("text_a", "text_b", "text_c", "text_d"),
    ("text1", "text2"),
    ("text_1", "text_2"),
)
CONDITIONING_KEYS = ("conditioning", "conditioning_to", "conditioning_1", "cond", "base_positive")
MAX_TEXT_NODES = 100
NO_TEXT = ("ConditioningZeroOut",)


def find_conditioning(graph: Graph, link: Link | None, role: Role) -> str | None:
    """Return the prompt of a conditioning; "" for an empty one, None if no text is found."""
    texts = _Texts(graph, role)
    for _ in range(MAX_STEPS):
        node = graph.follow(link)
        if node is None:
            return None
        if node.kind in NO_TEXT:
            return ""
        text = texts.read(node)
        if text is not None:
            return text
        keys = (*ROLE_KEYS[role], *CONDITIONING_KEYS)
        link = next((node.links[key] for key in keys if key in node.links), None)
    return None


class _Texts:
    """Reads the texts of nodes, each once: a hostile graph can have any number of ways to a node."""

    def __init__(self, graph: Graph, role: Role) -> None:
        self._graph, self._role = graph, role
        self._read: dict[str, str | None] = {}

    def read(self, node: Node) -> str | None:
        """Return the text that a node encodes, holds or joins; None if it has none."""
        if node.name not in self._read and len(self._read) < MAX_TEXT_NODES:
            self._read[node.name] = None  # while it is read: links may go round in circles
            self._read[node.name] = self._read_node(node)
        return self._read.get(node.name)

    def _read_node(self, node: Node) -> str | None:
        joined = next((keys for keys in JOINED_KEYS if keys[0] in node.inputs), None)
        if joined is not None:
            delimiter = self._graph.get(node, "delimiter", "separator")
            texts = (self._read_input(node, key) for key in joined if key in node.inputs)
            return (delimiter if isinstance(delimiter, str) else "").join(text for text in texts if text)
        has_both = any(key in node.inputs for key in ROLE_KEYS["positive"])
        keys = [key for key in (ROLE_KEYS[self._role] if has_both else TEXT_KEYS) if key in node.inputs]
        text = next((text for key in keys if (text := self._read_input(node, key)) is not None), None)
        if not has_both:  # encoders of several texts have the same one in all, as a rule
            self._graph.used |= {(node.name, key) for key in keys if node.inputs[key] == text}
        return text

    def _read_input(self, node: Node, key: str) -> str | None:
        value = node.inputs[key]
        if isinstance(value, str):
            self._graph.used.add((node.name, key))
            return value
        if not isinstance(value, Link):
            return None
        following = self._graph.follow(value)
        if following is not None and key in ROLE_KEYS[self._role] and _is_encoder(following):
            return None
        text = None if following is None else self.read(following)
        if text is None:
            self._graph.lost[node.name, key] = None
        return text


def _is_encoder(node: Node) -> bool:
    """Whether a node makes a conditioning: links to it are followed by `find_conditioning`."""
    return any(key in node.links for key in ("clip", "conditioning", "positive"))
