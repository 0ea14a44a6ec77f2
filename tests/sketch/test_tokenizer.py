"""The tokenizer that is learned from the captions."""

from collections import Counter

import pytest
from transformers import CLIPTokenizer

from seedlab.sketch.corpus import EMPTY_CAPTION_SHARE, iterate_captions, make_caption
from seedlab.sketch.wordpieces import learn_merges, learn_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    """A tokenizer learned from fewer captions than the shipped one."""
    return learn_tokenizer(iterate_captions(0, 1000), max_tokens=48)


@pytest.mark.parametrize("text", ["labrador in the style of vermeer, artsy", "zebra 42", "a red boat by hokusai"])
def test_text_survives_the_round_trip(tokenizer: CLIPTokenizer, text: str) -> None:
    decoded = tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True)
    assert decoded.replace(" ", "") == text.replace(" ", "")


def test_learning_again_gives_the_same_tokenizer(tokenizer: CLIPTokenizer) -> None:
    """The tokenizers library's own trainer fails this: its ties depend on the hash order of the run."""
    assert learn_tokenizer(iterate_captions(0, 1000), max_tokens=48).get_vocab() == tokenizer.get_vocab()


def test_the_most_frequent_pair_is_merged_first_and_ties_go_by_the_alphabet() -> None:
    merges = learn_merges(Counter({"tab": 2, "cab": 2}))
    assert merges == [("a", "b</w>"), ("c", "ab</w>"), ("t", "ab</w>")]


def test_frequent_words_are_one_token_each(tokenizer: CLIPTokenizer) -> None:
    numbers = tokenizer("Labrador in the style of Vermeer").input_ids
    assert len(numbers) == 6 + 2
    assert numbers[0] == tokenizer.bos_token_id
    assert numbers[-1] == tokenizer.eos_token_id


def test_captions_are_padded(tokenizer: CLIPTokenizer) -> None:
    assert len(tokenizer("a cat", padding="max_length").input_ids) == tokenizer.model_max_length == 48


def test_captions_are_the_same_every_time_and_some_are_empty() -> None:
    captions = [make_caption(0, index, use=1) for index in range(1000)]
    assert captions == [make_caption(0, index, use=1) for index in range(1000)]
    assert captions.count("") / 1000 == pytest.approx(EMPTY_CAPTION_SHARE, abs=0.04)
