"""Files are written as a whole or not at all, and recognised when they change."""

import pytest

from seedlab.core.files import TEMPORARY, sign_files, write_atomically


def test_a_file_is_replaced_in_one_step(tmp_path):
    file = tmp_path / "file.txt"
    file.write_text("old")

    def write(temporary):
        assert TEMPORARY.fullmatch(temporary.name)
        temporary.write_text("new")
        assert file.read_text() == "old"

    write_atomically(file, write)
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    file = tmp_path / "file.txt"
    file.write_text("old")

    def write(temporary):
        temporary.write_text("ne")
        raise error

    with pytest.raises(type(error)):
        write_atomically(file, write)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_signature_changes_with_the_file(tmp_path):
    file = tmp_path / "file.txt"
    file.write_text("old")
    before = sign_files([("name", file)])
    assert sign_files([("name", file)]) == before
    file.write_text("longer")
    assert sign_files([("name", file)]) != before
    with pytest.raises(OSError, match="No such file"):
        sign_files([("name", tmp_path / "missing")])
