"""A file is written whole or not at all."""

import os
import stat

import pytest

from lstm_sym.atomic import write_whole


def test_a_new_file_has_the_mode_that_any_new_file_has(tmp_path):
    write_whole(tmp_path / "new.txt", "δ\n")
    (tmp_path / "other.txt").touch()
    assert (tmp_path / "new.txt").read_bytes() == "δ\n".encode()
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    write_whole(link, "new")
    assert link.is_symlink() and file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_device_is_written_to(tmp_path):
    write_whole(tmp_path.__class__(os.devnull), "lost")


@pytest.mark.parametrize("fails", ["os.replace", "os.chmod"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, fails):
    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    file = tmp_path / "file"
    file.write_text("old")
    monkeypatch.setattr(fails, refuse)
    with pytest.raises(ValueError, match=r"file cannot be written: No space left on device"):
        write_whole(file, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"] and file.read_text() == "old"


@pytest.mark.parametrize("name, reason", [(".", "Is a directory"), ("no/file", "No such file or directory")])
def test_what_is_no_place_for_a_file(tmp_path, name, reason):
    with pytest.raises(ValueError, match=f"cannot be written: {reason}"):
        write_whole(tmp_path / name, "new")
