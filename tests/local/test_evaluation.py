from __future__ import annotations

import gc
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from batch.errors import InvalidSettings
from localaws.errors import DeploymentFailed
from localaws.evaluation import evaluate
from localaws.monitor import Made, Registration

QUEUE = "aws:sqs/queue:Queue"


@pytest.fixture
def project(tmp_path):
    """A project directory to write programs into."""

    def write(program: str, config: str = "{}", **modules: str):
        (tmp_path / "Pulumi.yaml").write_text(
            "name: sample\nruntime: python\nconfig:\n  colour: {type: string, default: blue}\n"
        )
        (tmp_path / "Pulumi.dev.yaml").write_text(f"config: {config}\n")
        (tmp_path / "__main__.py").write_text(program)
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        return tmp_path

    return write


def echo(registration: Registration) -> Made:
    return Made(f"{registration.name}-id", {"arn": f"arn:{registration.name}"})


def no_answer(token: str, args: dict[str, Any]) -> dict[str, Any]:
    raise NotImplementedError(token)


def run(directory, make=echo, answer=no_answer):
    return evaluate("dev", directory, make=make, answer=answer)


def test_what_is_registered_comes_in_the_order_of_declaration(project):
    directory = project(
        "import pulumi_aws as aws\nfor n in range(20): aws.sqs.Queue(f'q{n}', delay_seconds=n)\n"
    )

    resources = run(directory).resources

    assert [r.registration.name for r in resources] == [f"q{n}" for n in range(20)]
    assert [r.registration.inputs for r in resources] == [{"delaySeconds": n} for n in range(20)]


def test_making_runs_on_one_thread(project):
    threads = set()

    def make(registration):
        threads.add(threading.current_thread())
        return echo(registration)

    run(project("import pulumi_aws as aws\nfor n in range(9): aws.sqs.Queue(f'q{n}')\n"), make)

    assert len(threads) == 1


def test_outputs_of_a_resource_reach_the_next_and_the_stack(project):
    directory = project(
        "import pulumi, pulumi_aws as aws\n"
        "first = aws.sqs.Queue('first')\n"
        "aws.sqs.QueuePolicy('second', queue_url=first.id, policy=first.arn)\n"
        "pulumi.export('arn', first.arn)\n"
    )

    evaluation = run(directory)

    assert evaluation.resources[1].registration.inputs == {
        "queueUrl": "first-id",
        "policy": "arn:first",
    }
    assert evaluation.outputs == {"arn": "arn:first"}


def test_configuration_of_every_namespace_and_the_projects_defaults_are_there(project):
    directory = project(
        "import pulumi\n"
        "config, aws = pulumi.Config(), pulumi.Config('aws')\n"
        "pulumi.export('seen', [config.require('colour'), config.require_int('n'),\n"
        "    config.require_object('list'), aws.require('region'), pulumi.get_stack(),\n"
        "    pulumi.get_project()])\n",
        config="{'sample:n': 3, 'sample:list': [{a: 1}], 'aws:region': eu-west-1}",
    )

    assert run(directory).outputs == {"seen": ["blue", 3, [{"a": 1}], "eu-west-1", "dev", "sample"]}


def test_secret_inputs_are_unwrapped_and_secret_outputs_are_marked(project):
    directory = project(
        "import pulumi, pulumi_aws as aws\n"
        "p = aws.ssm.Parameter('p', type='String', value=pulumi.Output.secret('hush'))\n"
        "pulumi.export('value', p.value)\npulumi.export('name', p.id)\n"
    )

    evaluation = run(directory)

    assert evaluation.resources[0].registration.inputs == {"type": "String", "value": "hush"}
    assert evaluation.outputs == {"value": "hush", "name": "p-id"}
    assert evaluation.secrets == {"value"}


def test_components_are_parents_and_nobody_makes_them_custom(project):
    directory = project(
        "import pulumi, pulumi_aws as aws\n"
        "class Outer(pulumi.ComponentResource):\n"
        "    def __init__(self, name):\n"
        "        super().__init__('t:index:Outer', name)\n"
        "        aws.sqs.Queue(name, opts=pulumi.ResourceOptions(parent=self))\n"
        "        self.register_outputs({})\n"
        "Outer('a')\n"
    )

    component, queue = (r.registration for r in run(directory).resources)

    assert (component.type, component.custom) == ("t:index:Outer", False)
    assert queue.urn == f"urn:pulumi:dev::sample::t:index:Outer${QUEUE}::a"
    assert queue.parent == component.urn == "urn:pulumi:dev::sample::t:index:Outer::a"


def test_a_second_resource_of_one_urn_is_refused(project):
    directory = project("import pulumi_aws as aws\nfor _ in 'ab': aws.sqs.Queue('same')\n")

    with pytest.raises(DeploymentFailed) as failed:
        run(directory)

    assert str(failed.value) == (
        f"{QUEUE} 'same': registered twice, its URN is "
        f"urn:pulumi:dev::sample::{QUEUE}::same; give one of the two another name"
    )


def test_invokes_are_answered(project):
    directory = project(
        "import pulumi, pulumi_aws as aws\n"
        "pulumi.export('account', aws.get_caller_identity().account_id)\n"
        "pulumi.export('later', aws.get_caller_identity_output().account_id)\n"
    )

    def answer(token, args):
        assert (token, args) == ("aws:index/getCallerIdentity:getCallerIdentity", {})
        return {"accountId": "1", "arn": "a", "id": "1", "userId": "u"}

    assert run(directory, answer=answer).outputs == {"account": "1", "later": "1"}


def test_errors_of_making_are_raised_as_they_are_and_nothing_more_is_made(project):
    made = []

    def make(registration):
        made.append(registration.name)
        raise DeploymentFailed("no room; make some")

    directory = project("import pulumi_aws as aws\nfor n in range(5): aws.sqs.Queue(f'q{n}')\n")
    with pytest.raises(DeploymentFailed, match=r"^no room; make some$"):
        run(directory, make)

    assert made == ["q0"]


def test_bad_input_keeps_its_own_text(project):
    directory = project(
        "from batch.errors import InvalidSettings, Problem\n"
        "raise InvalidSettings([Problem('a', 'is bad', 'mend it'), Problem('b', 'too', 'same')])\n"
    )

    with pytest.raises(InvalidSettings) as failed:
        run(directory)

    assert str(failed.value) == "a: is bad; mend it\nb: too; same"


def test_an_accident_names_the_programs_lines_only(project):
    directory = project(
        "import pulumi, mine\npulumi.Output.from_input(1).apply(lambda _: mine.go())\n",
        mine="def go():\n    return {}['gone']\n",
    )

    with pytest.raises(DeploymentFailed) as failed:
        run(directory)

    assert str(failed.value) == (
        "the program failed; correct it:\n"
        "__main__.py:2: in <lambda>\n"
        "mine.py:2: in go\n"
        "KeyError: 'gone'"
    )


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("import sys\nsys.exit(3)\n", "ended itself with exit status 3"),
        ("x = (\n", "SyntaxError: '(' was never closed"),
        ("import nowhere_at_all\n", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
    ],
)
def test_a_program_that_cannot_run_says_why(project, program, text):
    with pytest.raises(DeploymentFailed, match=r"^the program failed; correct it:\n") as failed:
        run(project(program))

    assert str(failed.value).splitlines()[-1] == text


def test_a_directory_without_a_program_is_an_error(project):
    directory = project("")
    (directory / "__main__.py").unlink()

    with pytest.raises(DeploymentFailed, match=r"no __main__\.py; name the project's directory"):
        run(directory)


def test_a_missing_stack_file_says_which_there_are(project):
    with pytest.raises(InvalidSettings, match="the stacks are dev"):
        evaluate("prod", project(""), make=echo, answer=no_answer)


def test_warnings_of_the_program_are_kept(project):
    directory = project("import pulumi\npulumi.log.warn('late')\npulumi.log.info('fine')\n")

    assert run(directory).warnings == ("late",)


def test_a_failed_evaluation_leaves_the_next_one_unharmed(project):
    bad = "import pulumi_aws as aws\naws.sqs.Queue('a')\naws.sqs.Queue('a')\n"
    for _ in range(3):
        with pytest.raises(DeploymentFailed):
            run(project(bad))

    evaluation = run(project("import pulumi_aws as aws\naws.sqs.Queue('a')\n"))

    assert [r.registration.name for r in evaluation.resources] == ["a"]


def test_the_process_is_as_before(project):
    before = (sys.path[:], sys.argv[:], sys.modules["__main__"], Path.cwd())
    directory = project(
        "import os, jobs_of_mine, pulumi\n"
        "pulumi.export('cwd', os.getcwd())\n"
        "pulumi.export('name', __name__)\n",
        jobs_of_mine="",
    )

    outputs = run(directory).outputs

    assert outputs == {"cwd": str(directory), "name": "__main__"}
    assert (sys.path, sys.argv, sys.modules["__main__"], Path.cwd()) == before
    assert "jobs_of_mine" not in sys.modules


def test_each_program_has_its_own_modules(project, tmp_path):
    program = "import pulumi, colours\npulumi.export('colour', colours.COLOUR)\n"
    first = run(project(program, colours="COLOUR = 'red'")).outputs
    second = run(project(program, colours="COLOUR = 'a different one'")).outputs

    assert (first, second) == ({"colour": "red"}, {"colour": "a different one"})


def test_modules_of_the_caller_with_the_programs_names_come_back(project, monkeypatch):
    theirs = type(sys)("colours")
    monkeypatch.setitem(sys.modules, "colours", theirs)

    outputs = run(
        project(
            "import pulumi, colours\npulumi.export('c', colours.COLOUR)\n", colours="COLOUR = 'red'"
        )
    ).outputs

    assert outputs == {"c": "red"}
    assert sys.modules["colours"] is theirs


def test_pulumi_is_left_as_it_was(project):
    from pulumi.runtime import config, settings

    before = (settings.get_project(), settings.get_stack(), config.get_config("sample:colour"))

    run(project("import pulumi\npulumi.export('x', 1)\n"))

    after = (settings.get_project(), settings.get_stack(), config.get_config("sample:colour"))
    assert after == before
    assert settings.get_root_resource() is None


def test_no_event_loop_is_left_open(project, recwarn):
    run(project("import pulumi_aws as aws\naws.sqs.Queue('a')\n"))
    with pytest.raises(DeploymentFailed):
        run(project("import pulumi_aws as aws\naws.sqs.Queue('a')\nraise RuntimeError\n"))
    gc.collect()

    assert [str(warning.message) for warning in recwarn] == []


def test_a_failure_is_told_once(project, caplog):
    program = "import pulumi_aws as aws\nq = aws.sqs.Queue('a')\naws.sqs.Queue('b', name=q.arn)\n"

    def refuse(registration):
        raise DeploymentFailed("no room; make some")

    with pytest.raises(DeploymentFailed):
        run(project(program), refuse)
    gc.collect()

    assert [record.getMessage() for record in caplog.records] == []


def test_it_works_in_any_thread_and_below_a_running_event_loop(project):
    import asyncio

    directory = project("import pulumi\npulumi.export('x', 1)\n")

    async def main():
        return run(directory).outputs

    results = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(main())))
    thread.start()
    thread.join()

    assert results == [{"x": 1}]
