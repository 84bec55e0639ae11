"""Recorded times mapped into the last hours."""

import json
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import ToolError
from infra.lines import Line, read_lines
from infra.retiming import Retiming, into_last
from missions_core.domain.actions import parse_action
from missions_core.domain.catalog import DAY_MS, HOUR_MS
from tests.support.game import ms
from tests.support.world import post

NOW = ms("2026-11-21T12:00")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    times = ["2017-11-04T19:50:56Z", "2026-01-01T00:00:00Z", "2020-02-29T12:00:00+02:00"]
    lines = [json.dumps(post(number, time, length=1.5)) for number, time in enumerate(times)]
    path.write_text("\n".join([lines[0], "{", *lines[1:]]), encoding="utf-8")
    return path


def sent(events: Path, *, now: int = NOW, limit: int | None = None, data: str = "stack-1") -> list[Line]:
    notes = events.with_name("sent.json")
    return list(into_last(DAY_MS, events, limit, now=now, notes=notes, data=data).lines(islice(read_lines(events), limit)))


def times(lines: list[Line]) -> list[int]:
    return [parse_action(line.text).time for line in lines if line.text != "{"]


@given(st.lists(st.integers(0, 2**42), min_size=1), st.integers(1, 14 * DAY_MS))
def test_order_is_kept_and_everything_lies_in_the_span(recorded: list[int], span: int) -> None:
    retiming = Retiming(min(recorded), max(recorded), span, NOW)

    mapped = [retiming.time(time) for time in sorted(recorded)]

    assert mapped == sorted(mapped)
    assert NOW - span <= mapped[0] <= mapped[-1] == NOW


def test_the_oldest_action_moves_to_the_start_and_the_newest_just_before_now(events: Path) -> None:
    first, newest, between = times(sent(events))

    assert first == newest - DAY_MS
    assert NOW - 2_000 < newest < NOW
    assert first < between < newest


def test_only_the_time_changes_and_what_is_no_action_stays_as_it_is(events: Path) -> None:
    lines = sent(events)

    assert lines[1] == Line(2, "{")
    assert json.loads(lines[0].text) | {"time": ""} == post(0, "", length=1.5)


def test_a_file_sent_again_is_the_same_actions(events: Path) -> None:
    assert sent(events) == sent(events, now=NOW + 3 * HOUR_MS)


def test_new_data_or_another_limit_or_a_clock_moved_back_is_another_mapping(events: Path) -> None:
    before = sent(events)

    assert sent(events, now=NOW + HOUR_MS, data="stack-2") != before
    assert sent(events, now=NOW + HOUR_MS, limit=2) != before
    assert max(times(sent(events, now=NOW - HOUR_MS))) < NOW - HOUR_MS


def test_times_too_old_by_now_are_mapped_anew(events: Path) -> None:
    later = NOW + 14 * DAY_MS
    sent(events)

    assert min(times(sent(events, now=later))) > later - 14 * DAY_MS


def test_a_span_beyond_what_is_accepted_is_refused(events: Path) -> None:
    with pytest.raises(ToolError, match="14 days"):
        into_last(14 * DAY_MS, events, None, now=NOW, notes=events.with_name("sent.json"), data="stack-1")
