"""Sketch's tokenizer: byte pair encoding of CLIP's kind (Sennrich et al. 2016), learned from the captions.

Written out here because the tokenizers library breaks ties between equally frequent pairs differently on every run;
a tokenizer has to be the same whenever it is learned, as the text encoder's embeddings are numbered by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from tokenizers import Tokenizer, pre_tokenizers
from transformers import CLIPTokenizer

WORD_END = "</w>"

Pair = tuple[str, str]
Pieces = tuple[str, ...]


def learn_tokenizer(captions: Iterable[str], max_tokens: int) -> CLIPTokenizer:
    """A tokenizer to which every word of the captions is one token; other words fall into pieces, down to bytes."""
    backend = CLIPTokenizer().backend_tokenizer
    counts = Counter(word for caption in captions for word in split_words(caption, backend))
    merges = learn_merges(counts)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *(letter + WORD_END for letter in alphabet), *(left + right for left, right in merges)]
    # as in CLIP, the end token has the highest number: that is how its text encoder finds it
    tokens = dict.fromkeys([*pieces, "<|startoftext|>", "<|endoftext|>"])
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=max_tokens)


def split_words(text: str, backend: Tokenizer) -> list[str]:
    """The words of a text as CLIP's tokenizer sees them before it looks for pieces."""
    return [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(text))]


def learn_merges(counts: Counter[str]) -> list[Pair]:
    """The most frequent pair, merged, again and again, until each word is one piece; ties go by the alphabet."""
    words: dict[Pieces, int] = {(*word[:-1], word[-1] + WORD_END): count for word, count in counts.items()}
    merges: list[Pair] = []
    while pairs := _count_pairs(words):
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = {_merge(pieces, best): count for pieces, count in words.items()}
    return merges


def _count_pairs(words: dict[Pieces, int]) -> Counter[Pair]:
    pairs: Counter[Pair] = Counter()
    for pieces, count in words.items():
        for pair in pairwise(pieces):
            pairs[pair] += count
    return pairs


def _merge(pieces: Pieces, pair: Pair) -> Pieces:
    merged: list[str] = []
    for piece in pieces:
        if merged and (merged[-1], piece) == pair:
            merged[-1] += piece
        else:
            merged.append(piece)
    return tuple(merged)
