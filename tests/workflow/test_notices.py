"""Notices about prompts: the same in the page and on the command line."""

import pytest

from seedlab.workflow.notices import describe_marks


@pytest.mark.parametrize(
    ("prompt", "negative_prompt", "beginnings"),
    [
        ("a boat", "fog", []),
        ("a boat :)", "", []),
        ("a (red) boat", "", ["Brackets weigh words"]),
        ("a boat", "[fog]", ["Brackets weigh words"]),
        ("a {red|blue} boat", "", ["Choices such as “{red|blue}”"]),
        ("(a) __medium__", "", ["Brackets weigh words", "Choices such as “__medium__”"]),
        ("{" * 300, "(" * 300, ["Brackets weigh words"]),
    ],
)
def test_marks_in_a_prompt_are_explained(prompt, negative_prompt, beginnings):
    notice = describe_marks(prompt, negative_prompt)
    assert all(each in notice for each in beginnings)
    assert bool(notice) == bool(beginnings)
