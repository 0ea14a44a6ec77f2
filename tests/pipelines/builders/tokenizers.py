"""Tokenizers that need no vocabulary from elsewhere: they spell every word."""

import json
import string
from pathlib import Path

from transformers import CLIPTokenizer, GemmaTokenizer, Qwen2Tokenizer, T5Tokenizer


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """Save and load a CLIP tokenizer that spells every word in bytes: 512 byte tokens and the two marks."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = list(bytes_to_unicode().values())
    words = [*letters, *(letter + "</w>" for letter in letters)]
    words += [f"<unused{index}>" for index in range(598 - len(words))] + ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    vocabulary.write_text(json.dumps({word: index for index, word in enumerate(words)}), encoding="utf-8")
    merges.write_text("#version: 0.2\n", encoding="utf-8")
    tokenizer = (
        CLIPTokenizer.from_pretrained(folder)
        if (folder / "tokenizer_config.json").exists()
        else CLIPTokenizer(vocab=str(vocabulary), merges=str(merges), model_max_length=77)
    )
    assert tokenizer("a").input_ids[0] == 598
    return tokenizer


def build_t5_tokenizer() -> T5Tokenizer:
    """Make a T5 tokenizer that spells every word in letters: a unigram model of the printable ASCII characters."""
    letters = ["▁", *(character for character in string.printable if not character.isspace())]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((letter, -2.0) for letter in letters)]
    tokenizer = T5Tokenizer(vocab=vocabulary, extra_ids=0, model_max_length=512)
    assert tokenizer("a b").input_ids[-1] == tokenizer.eos_token_id == 1
    assert tokenizer.unk_token_id not in tokenizer("A boat, artsy").input_ids
    return tokenizer


def build_gemma_tokenizer() -> GemmaTokenizer:
    """Make a Gemma tokenizer that spells every word in the printable ASCII characters."""
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "▁", *(each for each in string.printable if not each.isspace())]
    tokenizer = GemmaTokenizer(vocab={word: index for index, word in enumerate(words)}, merges=[])
    assert tokenizer.pad_token_id == 0
    assert tokenizer.unk_token_id not in tokenizer("A boat, artsy").input_ids
    return tokenizer


CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build_qwen_tokenizer(*, chat: bool = False) -> Qwen2Tokenizer:
    """Make a Qwen tokenizer that spells every word in bytes: 256 byte tokens, the end and the marks of a chat.

    Args:
        chat: whether it has a template for chats.
    """
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    words = [*bytes_to_unicode().values(), "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Qwen2Tokenizer(
        vocab={word: index for index, word in enumerate(words)},
        merges=[],
        extra_special_tokens=["<|im_start|>", "<|im_end|>"],
        model_max_length=1024,
    )
    tokenizer.chat_template = CHAT if chat else None
    assert tokenizer("<|im_end|>a b").input_ids[0] == 258
    return tokenizer
