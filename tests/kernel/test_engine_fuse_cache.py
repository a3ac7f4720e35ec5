"""Machine code kept for later processes: who may put it there, what is executed, and what is noticed."""

from __future__ import annotations

import importlib
import importlib.util
import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import numba
import pytest
from engine_harness import mission
from tradewright.engine.fuse import CHECKED_WITH_NUMBA, fuse
from tradewright.errors import SafetyError

# ---- what was planted --------------------------------------------------------------------------------------------


def test_fuse_into_a_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    with pytest.raises(SafetyError, match="nobody else may write"):
        fuse(mission(), tmp_path)
    assert [] == list(tmp_path.iterdir())


PLANTED = "raise SystemExit('planted code was executed')\n"


@pytest.mark.parametrize("how", ["text", "bytecode"])
def test_fuse_where_code_was_planted_under_the_right_name_executes_none(tmp_path: Path, how: str) -> None:
    """Whoever knows the rules knows the name, and may set any time and size as well."""
    chosen = fuse(mission(), tmp_path)
    (file,) = [file for file in tmp_path.glob("*_*.py") if file.stem.endswith(chosen.key)]
    generated = file.read_bytes()
    del sys.modules[f"tradewright_{file.stem}"]
    if how == "text":
        file.write_text(PLANTED, "utf-8")
    else:
        bytecode = Path(importlib.util.cache_from_source(str(file)))
        bytecode.parent.mkdir(exist_ok=True)
        code = importlib._bootstrap_external._code_to_timestamp_pyc(  # type: ignore[attr-defined]  # as importlib does
            compile(PLANTED, str(file), "exec"), int(file.stat().st_mtime), file.stat().st_size
        )
        bytecode.write_bytes(code)

    fuse(mission(), tmp_path)

    assert generated == file.read_bytes()


# ---- later processes ---------------------------------------------------------------------------------------------

PACKAGE = {
    "__init__.py": "",
    "caps.py": "CAP = 0.25\n",
    "helper.py": """
        from capped.caps import CAP
        from tradewright.engine.jit import compiled_rule

        @compiled_rule
        def capped(size):
            return min(size, CAP)
        """,
    "rule.py": """
        import math
        from typing import NamedTuple

        from capped.helper import capped
        from tradewright.risk.contract import Proposal

        class Nothing(NamedTuple):
            value: float

        def cap(proposal, asset, book, p):
            size = capped(abs(proposal.target))
            return Proposal(math.copysign(size, proposal.target), proposal.stop, proposal.mode)
        """,
}
SESSION = """
    import json, sys
    from pathlib import Path
    from capped.rule import Nothing, cap
    from engine_harness import play, prices
    from tradewright.engine.fuse import fuse, is_compiled
    from tradewright.risk.contract import TargetRule

    rule = TargetRule(phase="asset", function=cap, parameters=Nothing(0.0))
    fused = fuse([("cap", rule)], Path(sys.argv[1]))
    known = is_compiled(fused, Path(sys.argv[1]), 1, 1)
    order = play(fused, prices([100.0], open=[100.0]), [0.5]).rows()[0][4]
    stats = fused.loop(1, 1).stats
    hits, misses = sum(stats.cache_hits.values()), sum(stats.cache_misses.values())
    print(json.dumps({"order": order, "known": known, "hits": hits, "misses": misses}))
    """


class Planted:
    """What leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("planted", "w")


def other_process(folder: Path, program: str, *words: str) -> str:
    """Run a program in a process of its own, with `folder` and the harness importable, and return its stdout."""
    setup = f"import sys; sys.path[:0] = [{str(folder)!r}, {str(Path(__file__).parent)!r}]\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + dedent(program), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


@pytest.mark.compiled
def test_fuse_in_a_second_process_loads_the_code_and_notices_an_edited_helper(tmp_path: Path) -> None:
    cache, package = tmp_path / "cache", tmp_path / "capped"
    package.mkdir()
    for name, text in PACKAGE.items():
        (package / name).write_text(dedent(text), "utf-8")

    first = json.loads(other_process(tmp_path, SESSION, str(cache)))
    code = {file: file.stat().st_mtime_ns for file in cache.rglob("*.nb[ci]")}
    (seal,) = cache.glob("*.seal")
    second = json.loads(other_process(tmp_path, SESSION, str(cache)))

    # 0.25 x 10,000 / 100: the first process compiles, the second only loads and leaves the files alone.
    assert {"order": 25.0, "known": False, "hits": 0, "misses": 1} == first
    assert len(code) == 2
    assert {"order": 25.0, "known": True, "hits": 1, "misses": 0} == second
    assert code == {file: file.stat().st_mtime_ns for file in cache.rglob("*.nb[ci]")}

    (package / "caps.py").write_text("CAP = 0.125\n", "utf-8")
    edited = json.loads(other_process(tmp_path, SESSION, str(cache)))

    # 12.5 is 12 units: the new limit acts, compiled into a module of another name.
    assert {"order": 12.0, "known": False, "hits": 0, "misses": 1} == edited
    assert 2 == len(list(cache.glob("fused_*.py")))
    (package / "caps.py").write_text("CAP = 0.25\n", "utf-8")
    again = json.loads(other_process(tmp_path, SESSION, str(cache)))
    assert {"order": 25.0, "known": True, "hits": 1, "misses": 0} == again

    # What was not sealed is not even unpickled: it is removed and compiled anew.
    (machine_code,) = cache.rglob(f"{seal.stem}.*.nbc")
    machine_code.write_bytes(pickle.dumps(Planted()))
    altered = json.loads(other_process(tmp_path, SESSION, str(cache)))
    assert {"order": 25.0, "known": True, "hits": 0, "misses": 1} == altered
    assert not (tmp_path / "planted").exists()
    assert {"hits": 1, "misses": 0}.items() <= json.loads(other_process(tmp_path, SESSION, str(cache))).items()


@pytest.mark.compiled
def test_fuse_in_two_processes_at_once_compiles_once(tmp_path: Path) -> None:
    package = tmp_path / "capped"
    package.mkdir()
    for name, text in PACKAGE.items():
        (package / name).write_text(dedent(text), "utf-8")
    with ThreadPoolExecutor() as pool:
        answers = pool.map(lambda _: json.loads(other_process(tmp_path, SESSION, str(tmp_path / "cache"))), range(2))

    assert [(25.0, 0, 1), (25.0, 1, 0)] == sorted((one["order"], one["hits"], one["misses"]) for one in answers)


@pytest.mark.compiled
def test_machine_code_lies_beside_the_module_wherever_numba_is_sent(tmp_path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from tradewright.engine.fuse import fuse
        print(fuse([], Path(sys.argv[1])).loop(1, 1).stats.cache_path)
        """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "elsewhere"))
        found = other_process(tmp_path, program, str(tmp_path / "cache")).strip()

    assert str(tmp_path / "cache" / "__pycache__") == found


@pytest.mark.compiled
def test_numba_alone_still_does_not_notice_a_changed_callee(tmp_path: Path) -> None:
    """The canary for the hash over all sources: with a numba that notices, `engine/fuse.py` could do without."""
    (tmp_path / "callee.py").write_text("import numba\n\n@numba.njit\ndef limit():\n    return 0.25\n")
    (tmp_path / "caller.py").write_text(
        "import numba\nfrom callee import limit\n\n@numba.njit(cache=True)\ndef ask():\n    return limit()\n"
    )
    program = "from caller import ask; print(ask())"
    before = other_process(tmp_path, program).strip()

    (tmp_path / "callee.py").write_text("import numba\n\n@numba.njit\ndef limit():\n    return 0.125\n")
    after = other_process(tmp_path, program).strip()

    assert ("0.25", "0.25") == (before, after), (
        f"numba {numba.__version__} noticed that a function called by a cached one has changed; numba "
        f"{CHECKED_WITH_NUMBA} did not, which is why engine/fuse.py names its modules by a hash over all sources. "
        "That stays correct; see whether it can be simpler, and renew CHECKED_WITH_NUMBA."
    )


@pytest.mark.compiled
def test_functions_compiled_after_the_loop_still_find_scipy(tmp_path: Path) -> None:
    """numba is kept from importing scipy.linalg with the loop, and from nothing else."""
    program = """
        import sys
        from pathlib import Path
        import numba, numpy as np
        from engine_harness import play, prices
        from tradewright.engine.fuse import fuse
        play(fuse([], Path(sys.argv[1])), prices([100.0], open=[100.0]), [0.5])
        before = "scipy.linalg" in sys.modules
        product = numba.njit(lambda a, b: a @ b)(np.eye(2), np.full((2, 2), 3.0))
        print(before, product.tolist(), "scipy.linalg" in sys.modules)
        """

    assert "False [[3.0, 3.0], [3.0, 3.0]] True" == other_process(tmp_path, program, str(tmp_path / "cache")).strip()
