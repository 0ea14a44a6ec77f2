"""Sketch's tokenizer: CLIP-style byte pair encoding (Sennrich et al. 2016), trained on the captions.

The merges are learned here because the trainer of the tokenizers library breaks ties between equally frequent pairs
differently on every run. Training must be reproducible: the text encoder's embeddings are indexed by token id.
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


def train_tokenizer(captions: Iterable[str], max_tokens: int) -> CLIPTokenizer:
    """Train a tokenizer that maps every word of the captions to one token. Other words split into pieces or bytes."""
    backend = CLIPTokenizer().backend_tokenizer
    counts = Counter(word for caption in captions for word in split_words(caption, backend))
    merges = learn_merges(counts)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *(letter + WORD_END for letter in alphabet), *(left + right for left, right in merges)]
    # CLIP's text encoder finds the end token by its id, which must be the highest.
    tokens = dict.fromkeys([*pieces, "<|startoftext|>", "<|endoftext|>"])
    vocab = {token: token_id for token_id, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=max_tokens)


def split_words(text: str, backend: Tokenizer) -> list[str]:
    """Normalize and pre-tokenize a text as CLIP's tokenizer does."""
    return [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(text))]


def learn_merges(counts: Counter[str]) -> list[Pair]:
    """Merge the most frequent pair until every word is one piece. Ties are broken alphabetically."""
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
