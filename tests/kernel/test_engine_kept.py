"""Machine code on the disk: what numba may find there, and that only one process compiles a set of rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tradewright.engine import kept
from tradewright.engine.kept import sealed
from tradewright.workspace.locks import locked


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return tmp_path / "fused_1.py"


def code(module: Path) -> dict[str, bytes]:
    """Return numba's files of the module and of others, by name."""
    return {file.name: file.read_bytes() for file in module.parent.iterdir() if file.suffix in {".nbi", ".nbc"}}


def compile_into(module: Path, **contents: bytes) -> None:
    """Do as numba does: an index and the code, which a sealed block adds."""
    with sealed(module, module.parent):
        for suffix, content in contents.items():
            (module.parent / f"{module.stem}.advance-9.py311.{suffix}").write_bytes(content)


def test_code_that_was_sealed_is_found_as_it_was(module: Path) -> None:
    compile_into(module, nbi=b"index", nbc=b"code")
    with sealed(module, module.parent):
        found = code(module)

    assert {"fused_1.advance-9.py311.nbi": b"index", "fused_1.advance-9.py311.nbc": b"code"} == found


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("content", [b"", b"planted"])
def test_code_that_was_altered_is_not_found(module: Path, suffix: str, content: bytes) -> None:
    compile_into(module, nbi=b"index", nbc=b"code")
    (module.parent / f"fused_1.advance-9.py311.{suffix}").write_bytes(content)
    with sealed(module, module.parent):
        found = code(module)

    assert [f"fused_1.advance-9.py311.{'nbc' if suffix == 'nbi' else 'nbi'}"] == list(found)


@pytest.mark.parametrize("seal", [None, "", "[]", '{"fused_1.advance-9.py311.nbi": 1}'])
def test_code_without_its_seal_is_not_found(module: Path, seal: str | None) -> None:
    compile_into(module, nbi=b"index", nbc=b"code")
    if seal is None:
        module.with_suffix(".seal").unlink()
    else:
        module.with_suffix(".seal").write_text(seal)
    with sealed(module, module.parent):
        found = code(module)

    assert {} == found


def test_code_of_another_set_of_rules_is_left_alone(module: Path) -> None:
    (module.parent / "fused_10.advance-9.py311.nbc").write_bytes(b"another's")
    compile_into(module, nbi=b"index")

    assert b"another's" == code(module)["fused_10.advance-9.py311.nbc"]
    assert ["fused_1.advance-9.py311.nbi"] == list(json.loads(module.with_suffix(".seal").read_bytes()))


def test_code_of_a_compilation_that_failed_is_not_found(module: Path) -> None:
    def fail() -> None:
        (module.parent / "fused_1.advance-9.py311.nbi").write_bytes(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), sealed(module, module.parent):
        fail()
    with sealed(module, module.parent):
        found = code(module)

    assert {} == found


def test_seal_that_is_right_is_not_written_again(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_into(module, nbi=b"index")
    before = module.with_suffix(".seal").stat().st_mtime_ns
    with sealed(module, module.parent):
        pass

    assert before == module.with_suffix(".seal").stat().st_mtime_ns


def test_compiling_while_another_process_hangs_goes_on_without_the_lock(
    module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "WAIT_SECONDS", 0.01)
    with locked(module.with_suffix(".lock"), "compiling"):
        compile_into(module, nbi=b"index")

    assert ["fused_1.advance-9.py311.nbi"] == list(code(module))


def test_compiling_where_nothing_can_be_written_goes_on(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "write_all", full)
    compile_into(module, nbi=b"index")

    assert ["fused_1.advance-9.py311.nbi"] == list(code(module))
