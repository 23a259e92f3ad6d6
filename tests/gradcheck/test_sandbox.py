"""The process of somebody's file: what it is kept from, and what is left of it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lstm_sym.gradcheck.files.sandbox import check_file

linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are told by /proc")

PACKAGED = """
import subprocess
import sys
from .beside import TWO

assert sys.argv == [__file__]
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", __file__], start_new_session=True)

def forward(x):
    module = __import__("beside", fromlist=["TWO"])
    return module.TWO * x + 0 * TWO

def backward(inputs, d):
    return TWO * d
"""

FORKED = """
import os
if child := os.fork():
    os.waitpid(child, 0)
    os._exit(3)

def forward(x):
    return x

def backward(inputs, d):
    return d
"""


def running(word):
    """The processes with that word in their command."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in command.read_text().split("\0"):
                found.append(int(command.parent.name))
        except OSError:
            continue
    return found


@linux
def test_a_module_of_a_package_is_run_as_one_and_what_left_its_session_is_ended(tmp_path):
    package = tmp_path / "net"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "beside.py").write_text("TWO = 2\n")
    (package / "random.py").write_text(PACKAGED)
    report = check_file(f"{package / 'random.py'}:forward:backward", "x=3")
    assert report["verdict"] == "right", report
    assert not running(str(package / "random.py"))


def test_a_module_that_has_the_name_of_a_library_leaves_it_in_place(tmp_path):
    (tmp_path / "numpy.py").write_text("from math import pi\n\ndef f(x): return pi * x\n\ndef g(i, d): return pi * d\n")
    assert check_file(f"{tmp_path / 'numpy.py'}:f:g", "x=3")["verdict"] == "right"


def test_a_copy_of_the_process_does_not_answer_for_it(tmp_path):
    (tmp_path / "user.py").write_text(FORKED)
    report = check_file(f"{tmp_path / 'user.py'}:forward:backward", "x=3")
    assert report["diagnosis"] == ["the file ended the process itself, with status 3"]


ATTEMPTS = """
import json, os, shutil, socket, sys, tempfile
from pathlib import Path
from lstm_sym.gradcheck.files.guard import confine

inside, outside = map(Path, sys.argv[1:])
confine(str(inside), str(outside / "answer"))
os.chdir(inside)
attempts = {
    "write": lambda: (outside / "new").write_text("x"),
    "append": lambda: open(outside / "kept", "ab"),
    "descriptor": lambda: os.open(outside / "kept", os.O_RDWR),
    "upwards": lambda: open("../outside/new", "w"),
    "remove": lambda: (outside / "kept").unlink(),
    "rename": lambda: os.rename(outside / "kept", "kept"),
    "rename out": lambda: (Path("in").write_text("x"), os.replace("in", outside / "kept")),
    "make": lambda: (outside / "folder").mkdir(),
    "tree": lambda: shutil.rmtree(outside),
    "link": lambda: os.symlink(inside, outside / "link"),
    "mode": lambda: os.chmod(outside / "kept", 0),
    "network": lambda: socket.socket().connect(("127.0.0.1", 9)),
    "name": lambda: socket.getaddrinfo("localhost", 80),
    "READ": lambda: (outside / "kept").read_text(),
    "WRITE": lambda: Path("new").write_text("x"),
    "TEMPORARY": lambda: tempfile.TemporaryDirectory(dir=inside).cleanup(),
    "DEVICE": lambda: open(os.devnull, "w").close(),
    "OUTPUT": lambda: open(1, "w", closefd=False),
    "ANSWER": lambda: (outside / "answer").write_text("x"),
}
refused = []
for name, attempt in attempts.items():
    try:
        attempt()
    except PermissionError as error:
        assert str(error).startswith("code under test may")
        refused.append(name)
print(json.dumps([refused, list(attempts)]))
"""


def test_writing_elsewhere_and_the_network_are_refused(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "kept").write_text("kept")
    done = subprocess.run([sys.executable, "-c", ATTEMPTS, inside, outside], capture_output=True, text=True, check=True)
    refused, tried = json.loads(done.stdout)
    assert refused == [name for name in tried if name.islower()]
    assert sorted(path.name for path in outside.iterdir()) == ["answer", "kept"]


@linux
def test_when_it_is_terminated_nothing_is_left(tmp_path):
    file = tmp_path / "user.py"
    file.write_text("while True: pass")
    command = ["gradcheck", f"{file}:f:g", "--shapes", "x=3"]
    program = f"from lstm_sym.cli import main; main({command!r})"
    told = subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    until = time.monotonic() + 30
    while not list(tmp_path.glob("gradcheck-*/work")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    told.send_signal(signal.SIGTERM)
    assert told.communicate(timeout=30)[1].strip() == b"lstm-sym: interrupted"
    assert told.returncode == 130 and [path.name for path in tmp_path.iterdir()] == ["user.py"]
