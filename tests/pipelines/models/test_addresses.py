"""What people paste into the field for the model."""

import pytest

from seedlab.pipelines.models.addresses import HUB_ID, tidy_address


@pytest.mark.parametrize(
    "text",
    [
        "owner/name",
        " owner/name\n",
        '"owner/name"',
        "https://huggingface.co/owner/name",
        "http://www.huggingface.co/owner/name/",
        "huggingface.co/owner/name?library=diffusers",
        "hf.co/owner/name#usage",
        "https://huggingface.co/owner/name/tree/main",
        "https://huggingface.co/owner/name/blob/main/README.md",
        "https://huggingface.co/owner/name/discussions/7",
    ],
)
def test_the_address_of_a_models_page_is_its_id(text):
    assert tidy_address(text) == "owner/name"
    assert HUB_ID.fullmatch(tidy_address(text))


@pytest.mark.parametrize(
    ("page", "revision"),
    [
        ("tree/v1.1", "v1.1"),
        ("tree/refs%2Fpr%2F1", "refs/pr/1"),
        ("blob/fp16/model_index.json", "fp16"),
        (f"commit/{'c' * 40}", "c" * 40),
    ],
)
def test_a_page_of_a_revision_names_it(page, revision):
    address = tidy_address(f"https://huggingface.co/owner/name/{page}")
    assert address == f"owner/name@{revision}"
    assert HUB_ID.fullmatch(address)


@pytest.mark.parametrize(
    ("text", "path"), [('"/my models/a"', "/my models/a"), ("'/b'", "/b"), ("/c", "/c"), ('"', '"')]
)
def test_a_path_loses_the_quotes_that_it_was_copied_with(text, path):
    assert tidy_address(text) == path


@pytest.mark.parametrize("text", ["https://example.org/owner/name", "sketch", "", "https://huggingface.co/models"])
def test_all_else_stays_as_it_is(text):
    assert tidy_address(text) == text
