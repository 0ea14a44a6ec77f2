"""The tokenizer trained on the captions."""

from collections import Counter

import pytest
from transformers import CLIPTokenizer

from seedlab.sketch.tokenizer import learn_merges, train_tokenizer
from seedlab.sketch.training.dataset import EMPTY_CAPTION_PROBABILITY, iterate_captions, make_caption


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    """A tokenizer trained on fewer captions than the shipped one."""
    return train_tokenizer(iterate_captions(0, 1000), max_tokens=48)


@pytest.mark.parametrize("text", ["labrador in the style of vermeer, artsy", "zebra 42", "a red boat by hokusai"])
def test_decoding_restores_the_text(tokenizer: CLIPTokenizer, text: str) -> None:
    decoded = tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True)
    assert decoded.replace(" ", "") == text.replace(" ", "")


def test_training_is_reproducible(tokenizer: CLIPTokenizer) -> None:
    """The trainer of the tokenizers library fails this test, because it breaks ties by hash order."""
    assert train_tokenizer(iterate_captions(0, 1000), max_tokens=48).get_vocab() == tokenizer.get_vocab()


def test_merges_go_by_frequency_then_alphabet() -> None:
    merges = learn_merges(Counter({"tab": 2, "cab": 2}))
    assert merges == [("a", "b</w>"), ("c", "ab</w>"), ("t", "ab</w>")]


def test_frequent_words_are_single_tokens(tokenizer: CLIPTokenizer) -> None:
    input_ids = tokenizer("Labrador in the style of Vermeer").input_ids
    assert len(input_ids) == 6 + 2
    assert input_ids[0] == tokenizer.bos_token_id
    assert input_ids[-1] == tokenizer.eos_token_id


def test_captions_are_padded(tokenizer: CLIPTokenizer) -> None:
    assert len(tokenizer("a cat", padding="max_length").input_ids) == tokenizer.model_max_length == 48


def test_captions_are_reproducible_and_some_are_empty() -> None:
    captions = [make_caption(0, index, use=1) for index in range(1000)]
    assert captions == [make_caption(0, index, use=1) for index in range(1000)]
    assert captions.count("") / 1000 == pytest.approx(EMPTY_CAPTION_PROBABILITY, abs=0.04)
