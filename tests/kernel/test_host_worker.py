"""Where a component's code runs: one lasting thread, which keeps what it does to itself."""

from __future__ import annotations

import _thread
import contextlib
import io
import locale
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from tradewright.errors import PluginError
from tradewright.host.components import SignalSpec
from tradewright.host.fence import ask, fence, make_component
from tradewright.host.questions import TEXT_MAX
from tradewright.host.worker import Worker

COMPONENT = object()
SECONDS = 10.0  # What a machine under load may need for what answers at once.


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Let go, in the end, of whatever waits."""
    event = threading.Event()
    yield event
    event.set()


def asked(function: Any, key: str = "mine.compute", seconds: float = SECONDS) -> Any:
    return ask(key, COMPONENT, function, seconds)


def refused(function: Any, **changes: Any) -> str:
    with pytest.raises(PluginError) as caught:
        asked(function, **changes)
    return str(caught.value)


# ---- one lasting thread ----------------------------------------------------------------------------------


def test_component_when_asked_again_answers_from_the_same_thread() -> None:
    threads = [asked(threading.current_thread, key) for key in ("mine.factory", "mine.solve", "mine.solve")]

    assert 1 == len(set(threads))
    assert threading.current_thread() not in threads


def test_components_when_two_are_asked_have_threads_of_their_own() -> None:
    assert asked(threading.current_thread, "one.compute") is not asked(threading.current_thread, "two.compute")


def test_component_when_late_is_left_behind_and_the_next_question_gets_another_thread(
    release: threading.Event,
) -> None:
    first = asked(threading.current_thread)

    said = refused(lambda: release.wait(30.0), seconds=0.05)
    next_one = asked(threading.current_thread)

    assert "mine.compute: gave no answer within 0.05 s; a later one is discarded" == said
    assert first is not next_one


def test_component_when_ctrl_c_comes_while_it_works_does_not_hold_up_the_next_question(
    release: threading.Event,
) -> None:
    def press() -> None:
        _thread.interrupt_main()
        release.wait(30.0)

    with pytest.raises(KeyboardInterrupt):
        asked(press)

    assert "next" == asked(lambda: "next", seconds=SECONDS)


def test_component_when_it_asks_itself_answers_in_its_own_thread() -> None:
    assert "inner" == asked(lambda: asked(lambda: "inner"))


def test_worker_while_it_works_bears_the_name_of_what_it_does() -> None:
    worker = Worker("named")
    (thread, name) = worker.ask(
        "named.compute", lambda: (threading.current_thread(), threading.current_thread().name), SECONDS
    ).returned[0]
    worker.ask("named.other", lambda: None, SECONDS)
    worker.dismiss()

    assert ("named.compute", "named") == (name, thread.name)


def test_worker_when_dismissed_ends_its_thread() -> None:
    worker = Worker("brief")
    (thread,) = worker.ask("brief.compute", threading.current_thread, SECONDS).returned

    worker.dismiss()
    thread.join(SECONDS)

    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_component_when_the_program_was_forked_answers_in_the_copy() -> None:
    asked(lambda: "before")
    child = os.fork()
    if child == 0:
        answered = asked(lambda: "copy") == "copy"
        os._exit(0 if answered else 1)

    assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# ---- output ----------------------------------------------------------------------------------------------


def test_component_when_late_prints_to_nobody(capsys: pytest.CaptureFixture[str], release: threading.Event) -> None:
    done = threading.Event()

    def late() -> None:
        release.wait(30.0)
        sys.stdout.write("too late\n")
        done.set()

    refused(late, seconds=0.05)
    release.set()

    assert done.wait(SECONDS)
    assert ("", "") == tuple(capsys.readouterr())


def test_component_when_a_thread_of_its_own_prints_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    def compute() -> None:
        thread = threading.Thread(target=print, args=("buy",))
        thread.start()
        thread.join()

    assert "mine.compute: wrote to standard output: buy" == refused(compute)
    assert "" == capsys.readouterr().out


def test_component_when_a_thread_of_its_own_prints_later_prints_to_nobody(
    capsys: pytest.CaptureFixture[str], release: threading.Event
) -> None:
    threads: list[threading.Thread] = []

    def compute() -> None:
        threads.append(
            threading.Thread(target=lambda: release.wait(30.0) and sys.stdout.write("later\n"), daemon=True)
        )
        threads[0].start()

    asked(compute)
    release.set()
    threads[0].join(SECONDS)

    assert "" == capsys.readouterr().out


def test_program_when_a_component_works_still_prints(
    capsys: pytest.CaptureFixture[str], release: threading.Event
) -> None:
    begun = threading.Event()

    def announce() -> None:
        begun.wait(SECONDS)
        sys.stdout.write("progress\n")
        release.set()

    thread = threading.Thread(target=announce)
    thread.start()
    asked(lambda: begun.set() or release.wait(SECONDS))
    thread.join()

    assert "progress\n" == capsys.readouterr().out


def test_component_when_made_may_not_print(capsys: pytest.CaptureFixture[str]) -> None:
    spec = SignalSpec(name="chatty", factory=lambda _: sys.stdout.write("loading the model\n"), config=object)

    with pytest.raises(PluginError, match=r"chatty\.factory: wrote to standard output: loading the model"):
        make_component(spec, None, object)

    assert "" == capsys.readouterr().out


def test_fence_when_something_is_printed_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PluginError, match="mine: wrote to standard output: hello"), fence("mine", COMPONENT):
        sys.stdout.write("hello\n")
    sys.stdout.write("and on\n")

    assert "and on\n" == capsys.readouterr().out


def test_component_that_prints_a_gigabyte_is_told_how_it_began(capsys: pytest.CaptureFixture[str]) -> None:
    def flood() -> None:
        for _ in range(1_000):
            sys.stdout.write("x" * 10**6)

    said = refused(flood)

    assert f"mine.compute: wrote to standard output: {'x' * TEXT_MAX}" == said
    assert "" == capsys.readouterr().out


@pytest.mark.parametrize("name", ["buffer", "close", "detach", "reconfigure"])
def test_component_that_would_close_or_change_standard_output_is_named(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(lambda: getattr(sys.stdout, name))
    sys.stdout.write("and on\n")

    assert f"mine.compute: raised AttributeError: standard output has no {name} for components" == said
    assert "and on\n" == capsys.readouterr().out


# ---- exits and switches ----------------------------------------------------------------------------------


def test_component_when_it_would_end_the_program_is_named() -> None:
    said = refused(lambda: os._exit(0))

    assert "mine.compute: called os._exit(0), which would have ended the program without a word" == said


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_component_when_a_thread_of_its_own_would_end_the_program_is_named() -> None:
    def compute() -> None:
        thread = threading.Thread(target=os._exit, args=(0,))
        thread.start()
        thread.join()

    assert "mine.compute: called os._exit(0)" in refused(compute)


def test_fence_when_a_rule_would_end_the_program_names_it() -> None:
    with pytest.raises(PluginError, match=r"mine: called os\._exit\(3\)"), fence("mine", COMPONENT):
        os._exit(3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_program_when_it_ends_itself_ends() -> None:
    asked(lambda: None)
    child = os.fork()
    if child == 0:
        os._exit(7)

    assert 7 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_component_when_it_leaves_validators_off_is_told_so_and_they_are_on() -> None:
    said = refused(lambda: attrs.validators.set_disabled(True))

    assert "mine.compute: left attrs' validators switched off, for the whole program; they are on again" == said
    assert not attrs.validators.get_disabled()


def test_component_when_late_with_validators_off_does_not_leave_them_off(release: threading.Event) -> None:
    def late() -> None:
        with attrs.validators.disabled():
            release.wait(30.0)

    refused(late, seconds=0.05)

    assert not attrs.validators.get_disabled()


def test_component_that_leaves_another_working_folder_is_told_so_and_it_is_put_back(tmp_path: Path) -> None:
    before = Path.cwd()
    said = refused(lambda: os.chdir(tmp_path))

    assert f"mine.compute: left the working folder at {tmp_path}, for the whole program; it is put back" == said
    assert before == Path.cwd()


def test_component_that_comes_back_to_the_working_folder_may(tmp_path: Path) -> None:
    def compute() -> str:
        with contextlib.chdir(tmp_path):
            return "answer"

    assert "answer" == asked(compute)


def test_component_that_leaves_another_locale_is_told_so_and_it_is_put_back() -> None:
    before = locale.setlocale(locale.LC_ALL)
    other = "C" if locale.setlocale(locale.LC_CTYPE) != "C" else "C.UTF-8"
    said = refused(lambda: locale.setlocale(locale.LC_CTYPE, other))
    found = locale.setlocale(locale.LC_ALL)

    assert said.startswith("mine.compute: left the locale at ")
    assert before == found


def test_component_that_leaves_another_standard_output_is_told_so_and_it_is_put_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(lambda: setattr(sys, "stdout", io.StringIO()))
    sys.stdout.write("and on\n")

    assert "mine.compute: left another standard output, for the whole program; it is put back" == said
    assert "and on\n" == capsys.readouterr().out


def test_component_that_is_late_in_another_working_folder_does_not_leave_the_program_there(
    tmp_path: Path, release: threading.Event
) -> None:
    before = Path.cwd()
    refused(lambda: (os.chdir(tmp_path), release.wait(30.0)), seconds=0.2)

    assert before == Path.cwd()


def test_component_that_sets_a_handler_of_a_signal_is_named() -> None:
    before = signal.getsignal(signal.SIGTERM)
    said = refused(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))

    assert "mine.compute: raised ValueError: signal only works in main thread of the main interpreter" == said
    assert before == signal.getsignal(signal.SIGTERM)


# ---- crashes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["inside", "afterwards"])
def test_component_when_it_crashes_the_program_leaves_its_name(where: str, tmp_path: Path) -> None:
    crash = "ctypes.string_at(0)"
    code = f"""
        import ctypes, faulthandler
        from tradewright.host.fence import ask
        faulthandler.enable()
        ask("broken.solve", object(), lambda: {crash if where == "inside" else None}, 10.0)
        {crash}
    """
    script = tmp_path / "crash.py"
    script.write_text(textwrap.dedent(code), "utf-8")
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60.0, check=False)

    assert -11 == result.returncode
    assert 'File "<component broken.solve>"' in result.stderr
