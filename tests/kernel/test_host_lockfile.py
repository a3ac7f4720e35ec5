"""plugins.lock: what it says of a plugin's files, which it counts, and what becomes of a damaged one."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path

import attrs
import pytest
from tradewright.errors import ConfigError, PluginError
from tradewright.host.lockfile import FORMAT, Lock, Locked, measure, read, write

PACKAGE = "tradewright_locked"
DIST_INFO = f"{PACKAGE}-1.0.dist-info"
METADATA = "Metadata-Version: 2.1\nName: tradewright-locked\nVersion: 1.0\n"
ENTRY_POINTS = f"[tradewright]\nlocked = {PACKAGE}.plugin:carrier\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that Python imports from."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def install(site: Path, files: dict[str, str] | None = None, record: list[str] | None = None) -> EntryPoint:
    """Do what pip does with a wheel; return the plugin's entry point.

    Args:
        site: Where packages are installed.
        files: The wheel's own, below `site`; by default a package that raises when it is imported.
        record: What RECORD lists, if not all of `files`.
    """
    code = {f"{PACKAGE}/__init__.py": "raise SystemExit", f"{PACKAGE}/plugin.py": "carrier = 1"}
    given = {
        f"{DIST_INFO}/METADATA": METADATA,
        f"{DIST_INFO}/entry_points.txt": ENTRY_POINTS,
        **(code if files is None else files),
    }
    put(site, given)
    listed = [*sorted(given), f"{DIST_INFO}/RECORD"] if record is None else record
    put(site, {f"{DIST_INFO}/RECORD": "".join(f"{name},,\n" for name in listed)})
    return entry_of(site)


def entry_of(site: Path) -> EntryPoint:
    (entry,) = PathDistribution(site / DIST_INFO).entry_points
    return entry


def lock_of(entry: EntryPoint) -> Lock:
    return Lock(plugins={entry.name: measure(entry)})


# ---- the hash --------------------------------------------------------------------------------------------


def test_measure_when_installed_names_package_and_version_and_imports_nothing(site: Path) -> None:
    found = measure(install(site))

    assert ("tradewright-locked", "1.0") == (found.distribution, found.version)
    assert PACKAGE not in sys.modules


def test_measure_when_installed_is_the_hash_of_what_sha256sum_prints(site: Path) -> None:
    entry = install(site)
    names = [
        f"{DIST_INFO}/METADATA",
        f"{DIST_INFO}/entry_points.txt",
        f"{PACKAGE}/__init__.py",
        f"{PACKAGE}/plugin.py",
    ]
    lines = "".join(f"{hashlib.sha256((site / name).read_bytes()).hexdigest()}  {name}\n" for name in names)

    assert hashlib.sha256(lines.encode()).hexdigest() == measure(entry).sha256


def test_measure_when_the_record_has_another_order_is_the_same(site: Path) -> None:
    names = [f"{PACKAGE}/plugin.py", f"{DIST_INFO}/METADATA", f"{PACKAGE}/__init__.py"]

    assert measure(install(site, record=names)) == measure(install(site, record=names[::-1]))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (f"{PACKAGE}/__init__.py", True),
        (f"{PACKAGE}/model.bin", True),
        (f"{PACKAGE}/RECORD", True),
        (f"{PACKAGE}/bin/run", True),
        (f"{DIST_INFO}/METADATA", True),
        (f"{DIST_INFO}/licenses/LICENSE", True),
        ("../share/model.bin", True),
        (f"{PACKAGE}/__pycache__/plugin.cpython-311.pyc", False),
        (f"{PACKAGE}/__pycache__/plugin.loop-12.py311.nbc", False),
        (f"{PACKAGE}/old.pyc", False),
        (f"{DIST_INFO}/INSTALLER", False),
        (f"{DIST_INFO}/REQUESTED", False),
        (f"{DIST_INFO}/direct_url.json", False),
        (f"{DIST_INFO}/uv_cache.json", False),
        ("../bin/locked", False),
        ("../Scripts/locked.exe", False),
    ],
)
def test_measure_when_a_recorded_file_differs_counts_what_the_wheel_brought(
    name: str, counts: bool, site: Path
) -> None:
    wheel = {f"{PACKAGE}/__init__.py": "a = 1", f"{DIST_INFO}/METADATA": METADATA, name: METADATA}
    before = measure(install(site, wheel))
    # METADATA gets another line, since it must stay readable.
    after = measure(install(site, {**wheel, name: METADATA + "Summary: changed\n"}))

    assert counts == (before.sha256 != after.sha256)


def test_measure_when_the_record_itself_differs_is_the_same(site: Path) -> None:
    """One installer writes sizes and hashes, another does not."""
    before = measure(install(site))
    record = site / DIST_INFO / "RECORD"
    record.write_text(record.read_text("utf-8").replace(",,", ",sha256=abc,9"), "utf-8")

    assert before == measure(entry_of(site))


@pytest.mark.parametrize("change", ["rename", "add", "empty"])
def test_measure_when_files_are_renamed_added_or_emptied_differs(change: str, site: Path) -> None:
    code = {f"{PACKAGE}/__init__.py": "", f"{PACKAGE}/a.py": "1", f"{PACKAGE}/b.py": "2"}
    changed = {
        "rename": {f"{PACKAGE}/__init__.py": "", f"{PACKAGE}/b.py": "1", f"{PACKAGE}/a.py": "2"},
        "add": {**code, f"{PACKAGE}/c.py": ""},
        "empty": {**code, f"{PACKAGE}/a.py": ""},
    }

    assert measure(install(site, code)).sha256 != measure(install(site, changed[change])).sha256


# ---- installs that record other files --------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a source folder that an editable install has put on Python's path."""
    folder = tmp_path / "project" / "src"
    put(folder, {f"{PACKAGE}/__init__.py": "raise SystemExit", f"{PACKAGE}/part/rules.py": "limit = 1"})
    monkeypatch.syspath_prepend(folder)
    return folder


def editable(site: Path) -> EntryPoint:
    pointer = "_editable_impl_tradewright_locked.pth"
    return install(site, {pointer: "the folder"}, [pointer, f"{DIST_INFO}/METADATA"])


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (f"{PACKAGE}/part/rules.py", True),
        (f"{PACKAGE}/part/new.py", True),
        (f"{PACKAGE}/__pycache__/plugin.pyc", False),
        (f"{PACKAGE}/part/__pycache__/rules.loop-1.py311.nbi", False),
        ("tests/test_rules.py", False),
    ],
)
def test_measure_when_editable_counts_the_files_of_the_package(
    name: str, counts: bool, site: Path, source: Path
) -> None:
    before = measure(editable(site))
    put(source, {name: "limit = 2"})
    after = measure(editable(site))

    assert counts == (before.sha256 != after.sha256)
    assert PACKAGE not in sys.modules


def test_measure_when_editable_does_not_depend_on_where_the_folder_lies(
    site: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = measure(editable(site))
    moved = tmp_path / "elsewhere"
    source.rename(moved)
    monkeypatch.syspath_prepend(moved)

    assert before == measure(editable(site))


def test_measure_when_editable_and_a_single_module_counts_that_module(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "single"
    put(folder, {f"{PACKAGE}.py": "limit = 1", "other.py": "limit = 1"})
    monkeypatch.syspath_prepend(folder)
    line = f"{hashlib.sha256(b'limit = 1').hexdigest()}  {PACKAGE}.py\n"

    assert hashlib.sha256(line.encode()).hexdigest() == measure(editable(site)).sha256


def test_measure_when_another_folder_hides_the_install_counts_what_would_be_imported(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = install(site)
    before = measure(entry)
    put(tmp_path / "hiding", {f"{PACKAGE}/__init__.py": "raise SystemExit"})
    monkeypatch.syspath_prepend(tmp_path / "hiding")

    assert before.sha256 != measure(entry).sha256


# ---- installs that cannot be measured --------------------------------------------------------------------


def test_measure_when_the_module_is_gone_says_so(site: Path) -> None:
    entry = install(site, {"something_else.py": ""})

    with pytest.raises(PluginError) as caught:
        measure(entry)

    assert f"tradewright-locked: module {PACKAGE} is not found" == str(caught.value)
    assert "reinstall it" == caught.value.fix


def test_measure_when_a_recorded_file_cannot_be_read_names_it(site: Path) -> None:
    entry = install(site)
    (site / PACKAGE / "plugin.py").unlink()
    (site / PACKAGE / "plugin.py").mkdir()

    with pytest.raises(PluginError) as caught:
        measure(entry)

    assert f"{site / PACKAGE / 'plugin.py'} cannot be read: Is a directory" == caught.value.message


def test_measure_when_there_is_no_package_says_so() -> None:
    with pytest.raises(PluginError, match="mine: belongs to no installed package"):
        measure(EntryPoint("mine", "json", "tradewright"))


# ---- misfits ---------------------------------------------------------------------------------------------


def test_misfit_when_nothing_changed_is_none(site: Path) -> None:
    entry = install(site)

    assert None is lock_of(entry).misfit(entry)


def test_misfit_when_the_plugin_is_not_locked_says_how_to_lock_it(site: Path) -> None:
    assert "not in plugins.lock; run tradewright plugins lock" == Lock().misfit(install(site))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"distribution": "a-stranger"},
            "package differs from plugins.lock (expected a-stranger, was tradewright-locked)",
        ),
        ({"version": "0.9"}, "version differs from plugins.lock (expected 0.9, was 1.0)"),
        ({"version": "0.9", "sha256": "0" * 64}, "version differs from plugins.lock (expected 0.9, was 1.0)"),
        (
            {"sha256": "0123456789abcdef" * 4},
            "content differs from plugins.lock (expected sha256 0123456789ab..., was {found}...)",
        ),
    ],
)
def test_misfit_when_something_differs_says_what_and_what_to_do(
    changes: dict[str, str], expected: str, site: Path
) -> None:
    entry = install(site)
    found = measure(entry)
    lock = Lock(plugins={"locked": attrs.evolve(found, **changes)})

    wanted = f"{expected.format(found=found.sha256[:12])}; reinstall it, or run tradewright plugins lock"
    assert wanted == lock.misfit(entry)


def test_misfit_when_the_files_cannot_be_found_says_so(site: Path) -> None:
    lock = Lock(plugins={"locked": Locked(distribution="tradewright-locked", version="1.0", sha256="0" * 64)})

    expected = f"cannot be compared with plugins.lock: module {PACKAGE} is not found; reinstall it"
    assert expected == lock.misfit(install(site, {"something_else.py": ""}))


# ---- the file --------------------------------------------------------------------------------------------

LOCK = Lock(
    plugins={
        "b": Locked(distribution="tradewright-b", version="1.0", sha256="0" * 64),
        "a-c": Locked(distribution='odd "name" \\ é', version="2!1.0+local", sha256="f" * 64),
    }
)


def test_write_when_read_again_is_the_same_and_sorted(tmp_path: Path) -> None:
    path = tmp_path / "plugins.lock"
    write(path, LOCK)
    lines = path.read_text("utf-8").splitlines()

    assert LOCK == read(path)
    assert lines[0].startswith("# Written by `tradewright plugins lock`")
    assert ["format = 1", "[plugins.a-c]", "[plugins.b]"] == [x for x in lines if x.startswith(("format", "["))]


def test_write_when_the_order_differs_gives_the_same_bytes(tmp_path: Path) -> None:
    turned = Lock(plugins=dict(reversed(LOCK.plugins.items())))
    for name, lock in (("one", LOCK), ("two", turned)):
        write(tmp_path / name, lock)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_write_when_it_fails_half_way_keeps_the_old_lock_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plugins.lock"
    path.write_text("old", "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError) as caught:
        write(path, LOCK)

    assert f"{path}: cannot be written: No space left on device" == str(caught.value)
    assert f"make {tmp_path} a folder that you may write to" == caught.value.fix
    assert [("plugins.lock", "old")] == [(file.name, file.read_text("utf-8")) for file in tmp_path.iterdir()]


def test_write_when_the_folder_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        write(tmp_path / "gone" / "plugins.lock", LOCK)


def test_write_lets_others_read_it_as_the_umask_says(tmp_path: Path) -> None:
    """A lock is made by one person and obeyed by another, who may be the account of a service."""
    script = "import os, sys; from pathlib import Path; from tradewright.host.lockfile import *\n"
    script += "os.umask(0o022); write(Path(sys.argv[1]), Lock())"
    path = tmp_path / "plugins.lock"
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)

    assert 0o644 == path.stat().st_mode & 0o777


def test_read_when_there_is_no_file_is_none(tmp_path: Path) -> None:
    assert None is read(tmp_path / "plugins.lock")


def test_read_when_it_is_a_link_to_nowhere_refuses(tmp_path: Path) -> None:
    (tmp_path / "plugins.lock").symlink_to(tmp_path / "gone")

    with pytest.raises(ConfigError, match="not found"):
        read(tmp_path / "plugins.lock")


ENTRY = f'distribution = "d"\nversion = "1"\nsha256 = "{"0" * 64}"\n'


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", 1, "format: this version reads format 1, was missing"),
        (b"format = 1\n[plugins", 2, "invalid TOML at the end of the file"),
        (b"format = 1\nformat = 1\n", 2, "format: duplicate key, first set on line 1"),
        (b"\xff\xfeformat", 1, "not plain UTF-8: looks like UTF-16"),
        (b"# head\nformat = 2\nnew = 1\n", 2, "format: this version reads format 1, was 2"),
        (b'format = "1"\n', 1, 'format: this version reads format 1, was "1"'),
        (b"format = 1\nplugin = 1\n", 2, "plugin: unknown key; did you mean plugins?"),
        (b"format = 1\nplugins = []\n", 2, "plugins: must be a table, was an array of 0"),
        (b'format = 1\n[plugins.a]\nversion = "1"\n', 2, "plugins.a.distribution: required, and missing"),
        (f"format = 1\n[plugins.a]\n{ENTRY}size = 1\n".encode(), 6, "plugins.a.size: unknown key"),
        (
            f"format = 1\n[plugins.a]\n{ENTRY.replace('0', 'g')}".encode(),
            5,
            "plugins.a.sha256: must be 64 hexadecimal digits, was ",
        ),
        (
            f"format = 1\n[plugins.a]\n{ENTRY}".replace('"1"', "1").encode(),
            4,
            "plugins.a.version: must be text in quotes",
        ),
    ],
)
def test_read_when_damaged_names_file_line_and_the_way_out(
    content: bytes, line: int, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "plugins.lock"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        read(path)

    assert str(caught.value).startswith(f"{path}:{line}: {message}")
    assert "restore it, or write a new one with tradewright plugins lock" == caught.value.fix


@pytest.mark.parametrize("digits", [63, 64, 65])
def test_locked_takes_64_digits(digits: int) -> None:
    def make() -> Locked:
        return Locked(distribution="d", version="1", sha256="a" * digits)

    if digits == 64:
        assert "a" * 64 == make().sha256
    else:
        with pytest.raises(ValueError, match="must be 64 hexadecimal digits"):
            make()


def test_lock_when_new_has_this_version_of_the_format() -> None:
    assert (1, {}) == (FORMAT, Lock().plugins)
