"""A pass of the causality gate holds for one version, content and choice of options, and for nothing else."""

from __future__ import annotations

import attrs
import pytest
from tradewright.signals.passes import Candidate, find, forget, record

CANDIDATE = Candidate(
    kind="signal",
    name="trend",
    plugin="trend",
    version="1.0",
    sha256="ab" * 32,
    options={"fast": 50, "slow": 200},
)
EVIDENCE = {"at": "2026-01-02T03:04:05+00:00", "cuts": 95}


def test_pass_when_kept_is_found_with_its_evidence(tmp_path):
    file = record(tmp_path, CANDIDATE, EVIDENCE)

    assert {**attrs.asdict(CANDIDATE), **EVIDENCE} == find(tmp_path, CANDIDATE)
    assert [file] == [entry for entry in tmp_path.rglob("*") if entry.is_file()]


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.1"},
        {"sha256": "cd" * 32},
        {"options": {"fast": 20, "slow": 200}},
        {"plugin": "other"},
        {"kind": "target-rule"},
        {"name": "other"},
    ],
)
def test_pass_when_anything_has_changed_does_not_hold(tmp_path, change):
    record(tmp_path, CANDIDATE, EVIDENCE)

    assert find(tmp_path, attrs.evolve(CANDIDATE, **change)) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "trend"}'])
def test_pass_when_its_file_is_damaged_does_not_hold(tmp_path, content):
    record(tmp_path, CANDIDATE, EVIDENCE).write_text(content)

    assert find(tmp_path, CANDIDATE) is None


def test_pass_when_forgotten_does_not_hold(tmp_path):
    record(tmp_path, CANDIDATE, EVIDENCE)

    forget(tmp_path, CANDIDATE)
    forget(tmp_path, CANDIDATE)

    assert find(tmp_path, CANDIDATE) is None
