"""The bench's parts run, with two jobs; what they take is not compared with anything here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from bench import (
    growing,
    installed,
    jobs,
    listing,
    local,
    local_rows,
    measure,
    preview,
    report,
    terraform,
)
from bench.report import Row, Target


def rows_of(parts):
    return {row.what: row for row in growing.measured(2, 1, parts, lambda _: None)}


def test_a_job_costs_two_resources_of_aws():
    assert growing.resources_of_a_job() == 2


def test_the_program_alone_is_measured():
    row = rows_of({"program"})[growing.ALONE]

    assert len(row.seconds) == 1
    assert row.peak_bytes[0] > 10 * 2**20


@pytest.mark.engine
def test_a_preview_on_the_real_engine_is_measured_apart_from_its_provider():
    with preview.stack(2) as stack:
        first = stack.preview()
        stack.update()
        unchanged = stack.preview()

    assert "+ batch:index:ScheduledJob" in " ".join(first.whole.stdout.split())
    assert "to create" in first.whole.stdout
    assert "unchanged" in unchanged.whole.stdout
    assert "to create" not in unchanged.whole.stdout
    assert min(first.program_cpu, first.engine_cpu, first.provider_cpu) > 0


def test_a_run_on_a_warm_emulator_is_measured_beside_the_bare_command():
    told = json.loads(measure.run([sys.executable, "-W", "ignore", "-m", "bench.warm", "1"]).stdout)

    assert {key: len(times) for key, times in told.items()} == {"runs": 1, "bare": 1}
    assert told["runs"] > told["bare"]


def test_terraform_gets_the_same_jobs_as_two_resources_each():
    resources = terraform.configuration(3)["resource"]

    assert list(resources["aws_sfn_state_machine"]) == [job["name"] for job in jobs.of(3)]
    assert list(resources["aws_scheduler_schedule"]) == [job["name"] for job in jobs.of(3)]
    assert '"bundle exec rake report:nightly"' in json.dumps(
        json.loads(resources["aws_sfn_state_machine"]["report-0000"]["definition"])
    )


def test_what_cannot_be_measured_says_why(monkeypatch):
    monkeypatch.setattr(terraform, "missing", lambda: "no terraform")

    row = rows_of({"terraform"})[growing.TERRAFORM]

    assert row.seconds == []
    assert row.remark == "not measured: no terraform"


def test_what_fails_while_it_is_measured_does_not_end_the_rest(monkeypatch):
    fails = ["sh", "-c", "echo Error: no memory >&2; exit 1"]
    monkeypatch.setattr(growing, "_alone", lambda _: measure.run(fails))
    monkeypatch.setattr(terraform, "missing", lambda: "no terraform")

    rows = rows_of({"program", "terraform"})

    assert rows[growing.ALONE].remark == "failed: Error: no memory"
    assert rows[growing.TERRAFORM].remark == "not measured: no terraform"


def test_a_peer_that_cannot_be_installed_says_why_and_the_others_are_measured(monkeypatch):
    took = measure.Measured(2.0, 1.0, None, "", "")
    monkeypatch.setattr(local, "missing", lambda peer: "no index" if peer == "dagster" else "")
    monkeypatch.setattr(
        local,
        "measured",
        lambda _, peers: [local.Local(tool, [took], [0.5]) for tool in (local.OURS, *peers)],
    )

    rows, targets = local_rows.measured(1, lambda _: None)

    remarks = {row.what: row.remark for row in rows}
    assert remarks["Dagster, cold"] == "not measured: no index"
    assert [target.measured for target in targets] == [None, 1.0]


def lock_of(folder, text):
    lock = folder / "lock.txt"
    lock.write_text(text)
    return lock


def test_what_is_pinned_is_installed_again_once_its_lock_has_changed(tmp_path):
    count = ["sh", "-c", "mkdir -p there && echo once >> there/times"]
    for text in ("one", "one", "two"):
        assert installed.missing(tmp_path / "there", lock_of(tmp_path, text), count) == ""

    assert (tmp_path / "there" / "times").read_text() == "once\nonce\n"


def test_what_cannot_be_installed_is_not_taken_for_installed(tmp_path):
    lock = lock_of(tmp_path, "one")
    fail = ["sh", "-c", "mkdir -p there; echo trying; echo ERROR: no such version >&2; exit 1"]

    told = installed.missing(tmp_path / "there", lock, fail)

    assert told == "not to be installed: ERROR: no such version"
    assert not installed.is_current(tmp_path / "there", lock)


def test_memory_is_empty_where_the_system_does_not_tell():
    row = Row("this")
    growing._note(row, measure.Measured(1.0, 1.0, None, "", ""))

    assert row.seconds == [1.0]
    assert row.cells()[4] == ""


def test_parts_of_a_preview_are_medians_of_all_repeats():
    row = Row(growing.FIRST, 10)
    for program in (9.0, 1.0, 2.0):
        whole = measure.Measured(3.0, program + 4, 2**20, "", "")
        growing._note_preview(row, preview.Preview(whole, program, 4.0, 0.5, 2**21))

    assert row.part_cells() == [growing.FIRST, "10", "2.0", "4.0", "6.0", "0.5", "2.0"]


def test_terraforms_resources_are_counted_in_its_plan():
    plan = """
  # aws_scheduler_schedule.report-0000 will be created
  # aws_scheduler_schedule.report-0001 will be created
  # aws_sfn_state_machine.report-0000 will be created
  # aws_sfn_state_machine.report-0001 will be created
  # aws_sqs_queue.starts will be created
"""

    assert terraform.resources_of_a_job(plan) == 2


def test_ended_by_a_signal_it_ends_what_it_started_and_leaves_no_folder(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WITH_A_COMMAND_THAT_TAKES_LONG],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        started = int(process.stdout.readline())
        folders = list(tmp_path.glob("bench-*"))

        process.terminate()
        process.wait(20)

    assert process.returncode == 128 + signal.SIGTERM
    assert len(folders) == 1
    assert list(tmp_path.glob("bench-*")) == []
    with pytest.raises(ProcessLookupError):
        os.kill(started, 0)


WITH_A_COMMAND_THAT_TAKES_LONG = """
from bench import __main__, growing, measure

def tell(stream, *_):
    print(stream.readline(), flush=True)

measure._read = tell
growing.resources_of_a_job = lambda: 2
growing._alone = lambda _: measure.run(["sh", "-c", "echo $$; exec sleep 60"])
__main__.main(["program", "--jobs", "2"])
"""


def test_a_ratio_is_of_medians_at_the_largest_size():
    rows = [
        Row(growing.FIRST, 100, seconds=[1.0]),
        Row(growing.FIRST, 1000, seconds=[6.0, 30.0, 7.0]),
        Row(growing.CDK, 1000, seconds=[14.0]),
    ]

    measured = {target.what: target.measured for target in growing.targets(rows)}

    assert measured["pulumi preview, first / cdk synth, time at 1,000 jobs"] == 0.5
    assert measured["pulumi preview, first, 1,000 jobs / 100"] == 7
    assert measured["pulumi preview, first / terraform plan, time"] is None


@pytest.mark.parametrize(("measured", "expected"), [(0.75, "yes"), (0.76, "no"), (None, "")])
def test_a_target_says_whether_it_is_reached(measured, expected):
    assert Target("ratio", measured, 0.75).cells()[-1] == expected


def test_results_stand_between_the_marks_of_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "HERE", tmp_path)
    (tmp_path / "README.md").write_text("before\n<!-- results -->\nold\n<!-- end -->\nafter\n")

    report.Results({"CPUs": "2"}, [Row("this", 10, seconds=[1.5])], []).record()

    page = (tmp_path / "README.md").read_text()
    assert page.startswith("before\n<!-- results -->\n")
    assert page.endswith("<!-- end -->\nafter\n")
    assert "| this | 10 | 1.50 |" in page
    assert "old" not in page
    assert json.loads((tmp_path / "results.json").read_text())["rows"][0]["seconds"] == [1.5]


def test_ls_makes_a_call_a_schedule_and_a_bounded_number_of_others():
    (row,) = listing.measured(3, 1, lambda _: None)

    assert row.remark == (
        "10 calls: 1 GetCallerIdentity, 1 GetResources, 3 GetSchedule, 1 ListSchedules, "
        "1 ListStateMachines, 3 Query"
    )
