"""The saved runs of a workspace: kept once each, counted as trials, and never in the way of a result."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from tradewright.errors import DataError, UsageError
from tradewright.workspace.kept import Run, Saved, Ticket
from tradewright.workspace.runs import RunStore

AT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
RUN = Run(at=AT, config={"seed": 7}, data={"mine": "ab"}, versions={"python": "3.11"}, request={"from": None})
CURRENT = 2
TRACE = {"curve": "c0", "fills": "f0", "events": "e0"}
OLD_TABLE = """\
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    trial TEXT NOT NULL,
    config TEXT NOT NULL,
    data TEXT NOT NULL,
    versions TEXT NOT NULL,
    request TEXT NOT NULL,
    result TEXT NOT NULL
)"""
"""What the first version made; such files lie on disks."""


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore.of(tmp_path / "desk & co?")


def later(run: Run, seconds: float = 1.0, **changes: Any) -> Run:
    return attrs.evolve(run, at=run.at + timedelta(seconds=seconds), **changes)


def kept(store: RunStore, run: Run) -> Ticket:
    """Save a run and return what its report was told."""
    told: list[Ticket] = []

    def report(ticket: Ticket) -> dict[str, Any]:
        told.append(ticket)
        return {"run_id": ticket.run_id, "trials": ticket.trials}

    assert {"run_id", "trials"} == set(store.save(run, report))
    return told[0]


# ---- names and trials ------------------------------------------------------------------------------------


def test_run_id_begins_with_the_instant_in_utc_and_ends_with_the_trial() -> None:
    elsewhere = attrs.evolve(RUN, at=AT.astimezone(timezone(timedelta(hours=9))))

    assert f"20240102-030405-{RUN.trial[:6]}" == RUN.run_id == elsewhere.run_id


def test_run_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="at must have a time zone"):
        attrs.evolve(RUN, at=datetime(2024, 1, 2))  # noqa: DTZ001  # this is the mistake


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"request": {"from": "2001-01-01"}}, True),
        ({"versions": {}}, True),
        ({"config": {"seed": 8}}, False),
        ({"data": {"mine": "cd"}}, False),
        ({"data": {"yours": "ab"}}, False),
    ],
)
def test_trial_is_configuration_and_data(changes: dict[str, Any], same: bool) -> None:
    assert same is (attrs.evolve(RUN, **changes).trial == RUN.trial)


def test_trial_minds_the_order_of_settings() -> None:
    one, other = ({"risk": dict.fromkeys(names, 1)} for names in ("ab", "ba"))

    assert attrs.evolve(RUN, config=one).trial != attrs.evolve(RUN, config=other).trial


@pytest.mark.parametrize("cache", [{"cache": True}, {"cache": False}])
def test_trial_does_not_mind_where_equal_prices_came_from(cache: dict[str, bool]) -> None:
    """Runs that were counted before prices could be cached count as the same trial, too."""
    plain = {"seed": 7, "data": {"mine": {"source": "files", "gaps": "mark"}}, "risk": {}}
    cached = {"seed": 7, "data": {"mine": {"source": "files", "gaps": "mark", **cache}}, "risk": {}}
    counted = "f9c304"

    assert attrs.evolve(RUN, config=plain).trial == attrs.evolve(RUN, config=cached).trial
    assert attrs.evolve(RUN, config=plain).trial.startswith(counted)


def test_trials_count_distinct_pairs_ever_run(store: RunStore) -> None:
    runs = [RUN, later(RUN), later(RUN, 2, config={"seed": 8}), later(RUN, 3), later(RUN, 4, data={"mine": "cd"})]

    assert [1, 1, 2, 2, 3] == [kept(store, run).trials for run in runs]


def test_trials_of_a_run_that_is_not_kept_include_it(store: RunStore) -> None:
    assert (1, ()) == store.trials(RUN)
    kept(store, RUN)

    assert (1, 2) == (store.trials(RUN)[0], store.trials(attrs.evolve(RUN, config={"seed": 8}))[0])
    assert 1 == len(store.stored())


def judged(store: RunStore, run: Run, sharpe: float | None) -> Ticket:
    """Save a run whose report shows this Sharpe ratio and return what the report was told."""
    told: list[Ticket] = []

    def report(ticket: Ticket) -> dict[str, Any]:
        told.append(ticket)
        return {"net": {"sharpe": sharpe}}

    store.save(run, report)
    return told[0]


def test_sharpes_are_those_of_the_latest_run_of_each_other_trial(store: RunStore) -> None:
    other, third = (attrs.evolve(RUN, config={"seed": seed}) for seed in (8, 9))
    judged(store, RUN, 0.5)
    judged(store, later(RUN), 0.75)
    judged(store, other, None)
    told = judged(store, third, 1.5)

    assert ((0.75,), 3) == (told.sharpes, told.trials)
    assert (3, (1.5,)) == store.trials(RUN)
    assert [0.75, 1.5] == sorted(store.trials(attrs.evolve(RUN, config={"seed": 1}))[1])


def test_sharpes_leave_out_a_run_that_is_damaged(store: RunStore) -> None:
    judged(store, RUN, 0.5)
    judged(store, attrs.evolve(RUN, config={"seed": 8}), 0.75)
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE runs SET result = '{' WHERE trial = ?", (RUN.trial,))
    db.close()

    assert (3, (0.75,)) == store.trials(attrs.evolve(RUN, config={"seed": 9}))


# ---- keeping ---------------------------------------------------------------------------------------------


def test_save_keeps_everything_in_its_order(store: RunStore) -> None:
    run = attrs.evolve(RUN, config={"b": 1, "a": {"z": 2, "y": 3}})
    kept(store, run)

    with sqlite3.connect(store.path) as db:
        row = db.execute("SELECT at, trial, config, data, versions, request FROM runs").fetchone()
    db.close()

    assert (
        "2024-01-02T03:04:05Z",
        run.trial,
        '{"b": 1, "a": {"z": 2, "y": 3}}',
        '{"mine": "ab"}',
        '{"python": "3.11"}',
        '{"from": null}',
    ) == row


def test_save_tells_the_report_where_it_is_kept(store: RunStore) -> None:
    assert Ticket(run_id=RUN.run_id, trials=1, saved_to=store.path) == kept(store, RUN)


def test_save_twice_within_a_second_gives_two_names(store: RunStore) -> None:
    names = [kept(store, RUN).run_id for _ in range(3)]

    assert [RUN.run_id, f"{RUN.run_id}-2", f"{RUN.run_id}-3"] == names


def test_save_when_the_report_fails_keeps_nothing(store: RunStore) -> None:
    kept(store, RUN)

    def fail(_: Ticket) -> dict[str, Any]:
        raise RuntimeError("no report")

    with pytest.raises(RuntimeError, match="no report"):
        store.save(later(RUN), fail)
    assert 1 == len(store.stored())


def test_save_from_many_threads_keeps_every_run_and_counts_right(store: RunStore) -> None:
    runs = [later(RUN, second, config={"seed": second % 5}) for second in range(20)]
    with ThreadPoolExecutor(8) as pool:
        tickets = list(pool.map(lambda run: kept(store, run), runs))

    assert 20 == len(store.stored())
    assert 5 == max(ticket.trials or 0 for ticket in tickets) == store.trials(runs[0])[0]


# ---- reading ---------------------------------------------------------------------------------------------


def test_stored_without_a_file_is_empty_and_makes_none(store: RunStore) -> None:
    assert () == store.stored()
    assert not store.path.parent.exists()


def test_stored_are_newest_first(store: RunStore) -> None:
    for run in (later(RUN), RUN, later(RUN, 2)):
        kept(store, run)

    assert [later(RUN, 2).run_id, later(RUN).run_id, RUN.run_id] == [one.run_id for one in store.stored()]


def test_stored_of_one_name_is_its_report(store: RunStore) -> None:
    kept(store, RUN)
    kept(store, later(RUN))
    (found,) = store.stored(RUN.run_id)

    assert ({"run_id": RUN.run_id, "trials": 1}, "2024-01-02T03:04:05Z") == (found.report, found.at)


@pytest.mark.parametrize("name", ["nope", "'; DROP TABLE runs;--", "%"])
def test_stored_of_an_unknown_name_is_refused(store: RunStore, name: str) -> None:
    kept(store, RUN)

    with pytest.raises(UsageError, match="no run ") as refused:
        store.stored(name)
    assert "tradewright runs lists them" == refused.value.fix
    assert 1 == len(store.stored())


def test_find_gives_back_everything_that_was_saved(store: RunStore) -> None:
    run = attrs.evolve(RUN, config={"b": 1.5, "a": ["z"]}, trace=TRACE)
    ticket = kept(store, run)

    found = store.find(ticket.run_id)

    assert Saved(run_id=ticket.run_id, run=run, report={"run_id": ticket.run_id, "trials": 1}) == found
    assert list(found.run.config) == ["b", "a"]


def test_find_takes_the_beginning_of_one_name(store: RunStore) -> None:
    first, second = kept(store, RUN), kept(store, later(RUN, 60))

    assert first.run_id == store.find("20240102-0304").run_id
    assert second.run_id == store.find("20240102-0305").run_id


def test_find_prefers_the_whole_name_to_a_beginning(store: RunStore) -> None:
    """The second run of a second is named after the first."""
    names = [kept(store, RUN).run_id for _ in range(2)]

    assert f"{names[0]}-2" == names[1]
    assert names == [store.find(name).run_id for name in names]


def test_find_of_a_beginning_of_several_names_lists_them(store: RunStore) -> None:
    names = [kept(store, later(RUN, second)).run_id for second in range(7)]

    with pytest.raises(UsageError, match="7 runs begin with '20240102'") as refused:
        store.find("20240102")
    assert f"name one of them: {', '.join(names[:1:-1])}" == refused.value.fix


@pytest.mark.parametrize("name", ["nope", "", "%", "_", "'; DROP TABLE runs;--"])
def test_find_of_an_unknown_name_lists_the_latest(store: RunStore, name: str) -> None:
    names = [kept(store, later(RUN, second)).run_id for second in range(6)]

    with pytest.raises(UsageError, match="no run ") as refused:
        store.find(name)
    assert f"name one of the latest: {', '.join(names[:0:-1])}" == refused.value.fix
    assert 6 == len(store.stored())


def test_find_without_a_file_says_how_to_get_a_run(store: RunStore) -> None:
    with pytest.raises(UsageError, match="no run 'any'") as refused:
        store.find("any")
    assert "run a backtest first; each is saved" == refused.value.fix
    assert not store.path.parent.exists()


# ---- files of the first version --------------------------------------------------------------------------


@pytest.fixture
def old(store: RunStore) -> RunStore:
    """Return a store with one run, as the first version wrote it."""
    store.path.parent.mkdir(parents=True)
    texts = [json.dumps(one) for one in (RUN.config, RUN.data, RUN.versions, RUN.request, {"run_id": RUN.run_id})]
    with sqlite3.connect(store.path) as db:
        db.execute(OLD_TABLE)
        db.execute("PRAGMA user_version = 1")
        row = (RUN.run_id, "2024-01-02T03:04:05Z", RUN.trial, *texts)
        db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    db.close()
    return store


def schema_of(store: RunStore) -> tuple[int, list[str]]:
    with sqlite3.connect(store.path) as db:
        (number,) = db.execute("PRAGMA user_version").fetchone()
        columns = [row[1] for row in db.execute("PRAGMA table_info(runs)")]
    db.close()
    return number, columns


def test_old_file_is_read_as_it_is(old: RunStore) -> None:
    before = old.path.read_bytes()

    assert [RUN.run_id] == [one.run_id for one in old.stored()]
    assert Saved(run_id=RUN.run_id, run=RUN, report={"run_id": RUN.run_id}) == old.find(RUN.run_id)
    assert (1, ()) == old.trials(RUN)
    assert before == old.path.read_bytes()


def test_old_file_is_brought_up_to_date_by_the_next_run_and_loses_nothing(old: RunStore, tmp_path: Path) -> None:
    added = attrs.evolve(later(RUN, config={"seed": 8}), trace=TRACE)
    ticket = kept(old, added)
    fresh = RunStore.of(tmp_path / "fresh")
    kept(fresh, RUN)

    assert schema_of(fresh) == schema_of(old)
    assert (CURRENT, "trace") == (schema_of(old)[0], schema_of(old)[1][-1])
    assert 2 == ticket.trials
    assert (RUN, added) == (old.find(RUN.run_id).run, old.find(ticket.run_id).run)


def test_old_file_stays_old_when_the_next_report_fails(old: RunStore) -> None:
    def fail(_: Ticket) -> dict[str, Any]:
        raise RuntimeError("no report")

    with pytest.raises(RuntimeError, match="no report"):
        old.save(later(RUN), fail)
    assert 1 == schema_of(old)[0]
    assert [RUN.run_id] == [one.run_id for one in old.stored()]


def test_old_file_brought_up_to_date_by_many_at_once_is_migrated_once(old: RunStore) -> None:
    runs = [later(RUN, second) for second in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run: kept(old, run), runs))

    assert (CURRENT, 9) == (schema_of(old)[0], len(old.stored()))


# ---- what can go wrong -----------------------------------------------------------------------------------


def damage_header(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be read as one" * 20)


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * len(content[4096:])
    path.write_bytes(bytes(content))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_report(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE runs SET result = '{'")
    db.close()


@pytest.mark.parametrize("damage", [damage_header, damage_middle, empty, damage_report])
def test_stored_when_the_file_is_damaged_says_so(store: RunStore, damage: Any) -> None:
    kept(store, RUN)
    damage(store.path)

    with pytest.raises(DataError, match="saved runs cannot be used: ") as refused:
        store.stored()
    with pytest.raises(DataError, match="saved runs cannot be used: "):
        store.find(RUN.run_id)
    assert str(store.path) == refused.value.file
    assert refused.value.fix is not None
    assert "move it away" in refused.value.fix


@pytest.mark.parametrize("damage", [damage_header, damage_middle])
def test_save_when_the_file_is_damaged_leaves_it_alone(store: RunStore, damage: Any) -> None:
    kept(store, RUN)
    damage(store.path)
    before = store.path.read_bytes()

    with pytest.raises(DataError, match="saved runs cannot be used: "):
        kept(store, later(RUN))
    assert before == store.path.read_bytes()


@pytest.mark.parametrize("newer", [CURRENT + 1, 99])
def test_store_of_a_newer_schema_is_refused(store: RunStore, newer: int) -> None:
    kept(store, RUN)
    with sqlite3.connect(store.path) as db:
        db.execute(f"PRAGMA user_version = {newer}")
    db.close()

    for use in (store.stored, lambda: store.find("2"), lambda: kept(store, later(RUN)), lambda: store.trials(RUN)):
        with pytest.raises(DataError, match=f"schema {newer}, this version reads {CURRENT}") as refused:
            use()
        assert "upgrade tradewright" == refused.value.fix


def test_save_where_no_folder_can_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / ".tradewright").write_text("a file")

    with pytest.raises(DataError, match="saved runs cannot be used: File exists"):
        kept(RunStore.of(tmp_path), RUN)


def test_save_when_another_process_never_stops_writing_gives_up(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(store, RUN)
    monkeypatch.setattr("tradewright.workspace.runs.WAIT_SECONDS", 0.05)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DataError, match="database is locked"):
        kept(store, later(RUN))
    other.execute("ROLLBACK")
    other.close()
    assert 1 == len(store.stored())
