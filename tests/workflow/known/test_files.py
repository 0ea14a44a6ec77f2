"""The paths of models and LoRAs that were used on this machine."""

import pytest

from seedlab.workflow.known.files import MAX_FILES, RECENT, KnownFiles


def test_paths_are_known_to_the_next_process_the_last_used_first(tmp_path):
    file = tmp_path / "cache" / "files.json"
    KnownFiles(file).add(["/models/a"])
    KnownFiles(file).add(["/models/b", "/models/c"])
    KnownFiles(file).add([])
    assert KnownFiles(file).list_paths() == ("/models/b", "/models/c", "/models/a")


def test_two_processes_keep_each_others_paths(tmp_path):
    first, second = KnownFiles(tmp_path / "files.json"), KnownFiles(tmp_path / "files.json")
    first.add(["/models/a"])
    second.add(["/models/b"])
    assert set(first.list_paths()) == set(second.list_paths()) == {"/models/a", "/models/b"}


def test_only_the_last_paths_are_kept(tmp_path):
    known = KnownFiles(tmp_path / "files.json")
    for number in range(MAX_FILES + 5):
        known.add([f"/models/{number}"])
    paths = KnownFiles(tmp_path / "files.json").list_paths()
    assert (len(paths), paths[0]) == (MAX_FILES, f"/models/{MAX_FILES + 4}")


def test_a_model_that_is_used_daily_stays_among_newer_ones(tmp_path):
    known = KnownFiles(tmp_path / "files.json")
    for number in range(MAX_FILES + 5):
        known.add(["/models/daily"])
        known.add([f"/models/{number}"])
    assert KnownFiles(tmp_path / "files.json").list_paths()[:2] == (f"/models/{MAX_FILES + 4}", "/models/daily")


def test_a_model_and_a_lora_that_are_used_in_turns_are_written_once_and_listed_by_their_last_use(tmp_path):
    file = tmp_path / "files.json"
    known = KnownFiles(file)
    for path in ("/models/a", "/loras/b"):
        known.add([path])
    file.unlink()
    for _ in range(3):
        known.add(["/models/a"])
        known.add(["/loras/b"])
    known.add(["/models/a"])
    assert not file.exists()
    assert known.list_paths() == ("/models/a", "/loras/b")


def test_what_was_not_used_for_long_is_written_again_when_it_is(tmp_path):
    known = KnownFiles(tmp_path / "files.json")
    for number in range(RECENT + 1):
        known.add([f"/models/{number}"])
    known.add(["/models/0"])
    assert KnownFiles(tmp_path / "files.json").list_paths()[0] == "/models/0"


def test_what_another_process_used_is_not_dropped_for_what_this_one_only_read(tmp_path):
    first, second = KnownFiles(tmp_path / "files.json"), KnownFiles(tmp_path / "files.json")
    for number in range(MAX_FILES):
        first.add([f"/models/{number}"])
    second.add(["/models/a"])
    first.add(["/models/b"])
    second.add(["/models/c"])
    assert second.list_paths()[:3] == ("/models/c", "/models/a", "/models/b")


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[1, null]", b"\xff", b"[" * 100_000])
def test_a_damaged_file_is_replaced(tmp_path, content):
    file = tmp_path / "files.json"
    file.write_bytes(content)
    assert KnownFiles(file).list_paths() == ()
    KnownFiles(file).add(["/models/a"])
    assert KnownFiles(file).list_paths() == ("/models/a",)


def test_without_a_folder_that_can_be_written_to_paths_are_known_to_this_process_alone(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (None, tmp_path / "file" / "files.json"):
        known = KnownFiles(place)
        known.add(["/models/a"])
        assert known.list_paths() == ("/models/a",)
