import re

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from backoffice.benches import BENCHES, Bench, Measured, memory_kib, seconds_in_turns
from backoffice.management.commands.bench import on_database


@pytest.fixture
def fast_and_slow(monkeypatch):
    """Two benches that measure nothing: one is held, the other is not."""
    for name, value in (("fast", 1.0), ("slow", 9.0)):
        made = Bench(name, lambda size, value=value: [Measured(f"{size} orders", value, 2.0)])
        monkeypatch.setitem(BENCHES, name, made)


def test_a_bench_prints_its_ratio_beside_what_it_must_hold(fast_and_slow, capsys):
    call_command("bench", "fast", here=True, orders=7)

    row = capsys.readouterr().out.splitlines()[-1]
    assert row.split() == ["fast", "7", "orders", "1", "×", "≤", "2"]


def test_a_bench_that_is_not_held_fails_the_run(fast_and_slow, capsys):
    with pytest.raises(CommandError, match="1 not held"):
        call_command("bench", "fast", "slow", here=True, orders=7)

    assert "NOT HELD" in capsys.readouterr().out


def test_the_table_is_kept_beside_those_of_other_sizes(fast_and_slow, tmp_path, capsys):
    file = tmp_path / "speed.md"

    call_command("bench", "fast", here=True, orders=7, write=str(file))
    with pytest.raises(CommandError):
        call_command("bench", "fast", "slow", here=True, orders=1000, write=str(file))
    once = file.read_text()
    call_command("bench", "fast", here=True, orders=7, write=str(file))

    vendor = connection.display_name
    text = file.read_text()
    assert text.startswith("# Speed and memory\n")
    assert re.findall("^## .*", text, re.MULTILINE) == [f"## {vendor}, 7 orders", f"## {vendor}, 1,000 orders"]
    assert text.count("| fast | 7 orders | 1 × | ≤ 2 |  |\n") == 1
    assert "| slow | 1000 orders | 9 × | ≤ 2 | **not held** |\n" in text
    assert text == once


def test_an_unknown_bench_is_named_with_those_there_are(fast_and_slow):
    with pytest.raises(CommandError, match=r"No such bench: nonsense\. There are: .*fast"):
        call_command("bench", "nonsense")


def test_production_measures_nothing(fast_and_slow, settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="production"):
        call_command("bench", "fast", here=True)


def test_works_take_turns_and_the_first_turn_does_not_count():
    done = []

    medians = seconds_in_turns([lambda: done.append("a"), lambda: done.append("b")], times=2)

    assert done == ["a", "b"] * 3
    assert len(medians) == 2


def test_memory_counts_what_is_held():
    before = memory_kib()

    # More than 32 MiB glibc never takes from what was freed before, which is held already.
    held = bytearray(b"x") * (64 * 1024 * 1024)

    assert memory_kib() - before > 0.9 * len(held) / 1024


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("postgresql://test@/backoffice?host=/tmp/x", "postgresql://test@/bench?host=/tmp/x"),
        ("postgresql://me:secret@db.example:5433/shop", "postgresql://me:secret@db.example:5433/bench"),
    ],
)
def test_another_database_of_the_same_server(url, other):
    assert on_database(url, "bench") == other
