from __future__ import annotations

import re

import botocore.session
import pytest

from batch import fargate


def test_the_table_has_what_the_api_documents():
    """Botocore's model describes the rows up to 16 vCPU in prose; the row of 32 is newer."""
    ecs = botocore.session.get_session().get_service_model("ecs")
    memory = ecs.operation_model("RegisterTaskDefinition").input_shape.members["memory"]
    documented = {int(cpu) for cpu in re.findall(r"values: (\d+) \(", memory.documentation)}

    assert documented == fargate.MEMORY.keys() - {32768}


@pytest.mark.parametrize(
    ("cpu", "count"), [(256, 3), (512, 4), (2048, 13), (8192, 12), (16384, 12)]
)
def test_each_cpu_has_as_many_sizes_as_its_steps(cpu, count):
    assert count == len(fargate.MEMORY[cpu])


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [(cpu, memory) for cpu, sizes in fargate.MEMORY.items() for memory in (sizes[0], sizes[-1])],
)
def test_a_pair_of_the_table_is_right(cpu, memory):
    assert fargate.check(cpu, memory) == []


@pytest.mark.parametrize(
    ("cpu", "memory", "problem"),
    [
        (300, 512, "jobs.a.cpu: Fargate has no task with 300 CPU units; the nearest is 256"),
        (384, 512, "jobs.a.cpu: Fargate has no task with 384 CPU units; the nearest is 512"),
        (
            256,
            4096,
            "jobs.a.memory: Fargate has no task with 256 CPU units and 4096 MiB; "
            "the nearest is 2048, or keep it with cpu 512",
        ),
        (
            1024,
            2049,
            "jobs.a.memory: Fargate has no task with 1024 CPU units and 2049 MiB; "
            "the nearest is 2048",
        ),
    ],
)
def test_a_pair_that_fargate_lacks_names_the_nearest(cpu, memory, problem):
    assert [problem] == [str(found) for found in fargate.check(cpu, memory, "jobs.a")]


def test_one_of_the_two_gives_the_smallest_other():
    assert (fargate.memory_for(1024), fargate.cpu_for(5120)) == (2048, 1024)


def test_what_no_task_has_gives_no_other():
    assert (fargate.memory_for(300), fargate.cpu_for(513)) == (None, None)
