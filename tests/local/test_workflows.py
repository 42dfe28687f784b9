"""The shell text of every step of the workflows, as GitHub runs it, with inputs that mean harm.

What is not here cannot be shown here: GitHub itself, its tokens, `gh` and the Pulumi CLI against a
real backend. Those two are scripts that note how they were called.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.local.executions import end_of
from tests.local.machines import PLATFORM
from tests.local.platforms import deployed

ROOT = Path(__file__).parents[2]
WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text()) for path in ROOT.glob(".github/workflows/*.yml")
}
HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    "' ; touch pwned ; '",
    '" ; touch pwned ; "',
    "a\ntouch pwned",
    "::error::x",
    "--help",
    "-x",
    "*",
]
STACK = """\
config:
  aws:region: us-east-1
  aws:accessKey: test
  aws:secretKey: test
  aws:endpoints:
    - sfn: {endpoint}
"""


def steps(workflow):
    for job in WORKFLOWS[workflow]["jobs"].values():
        yield from (step for step in job.get("steps", []) if "run" in step)


def text_of(workflow, name):
    (found,) = {step["run"] for step in steps(workflow) if step["name"] == name}
    return found


@pytest.fixture(scope="module")
def platform():
    with deployed({"hello": {"shell": "echo hello; exit $CODE"}}) as running:
        yield running


@pytest.fixture
def project(platform, tmp_path):
    """A checkout on a runner: the scripts, the stack's file, and the Python that was set up."""
    (tmp_path / "Pulumi.yaml").write_text("name: batch-platform\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text(STACK.format(endpoint=platform.emulator.endpoint))
    (tmp_path / ".github").symlink_to(ROOT / ".github")
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    command(binaries / "batchctl", f'exec {sys.executable} -m batchctl "$@"')
    (binaries / "python").symlink_to(sys.executable)
    return tmp_path


def command(path, text):
    path.write_text(f"#!/usr/bin/env bash\n{text}\n")
    path.chmod(0o755)


class Runner:
    """Runs a step as GitHub does: its text in a file, its inputs in the environment."""

    def __init__(self, project):
        self.project = project
        self.files = {name: project / name for name in ("output", "summary")}
        self.tools = project / "tools"
        self.tools.mkdir()

    def __call__(self, text, **environment):
        script = self.project / "step.sh"
        script.write_text(text)
        for file in self.files.values():
            file.write_text("")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.project, capture_output=True, text=True, check=False, timeout=120,
            env={
                "PATH": f"{self.tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(self.project), "PYTHONPATH": str(ROOT),
                "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": str(self.files["output"]),
                "GITHUB_STEP_SUMMARY": str(self.files["summary"]),
                **environment,
            },
        )  # fmt: skip

    def written(self, file):
        return self.files[file].read_text()

    def noted(self, tool):
        """Have a tool note its calls; return where."""
        calls = self.project / f"{tool}.calls"
        command(
            self.tools / tool,
            f'printf "%s\\0" "$@" >> {calls}; printf "\\n" >> {calls}\n'
            f'for word; do case $word in body=@*) cat "${{word#body=@}}" >> {calls}.body ;; esac; '
            f"done\n[ ! -f {calls}.answer ] || cat {calls}.answer",
        )
        return calls

    @property
    def harmed(self):
        return [str(path) for path in self.project.rglob("pwned")]


@pytest.fixture
def runner(project):
    return Runner(project)


def calls(file):
    return [line.split("\0")[:-1] for line in file.read_text().split("\n") if line]


def test_every_step_is_known_here():
    """A new one gets a test. The three that set up and run CI are what `make` and CI run anyway."""
    assert {(name, step["run"]) for name in WORKFLOWS for step in steps(name)} == {
        ("ci.yml", ".ci/run"),
        ("preview.yml", "make .venv/bin/batchctl"),
        ("preview.yml", ".github/scripts/check"),
        ("preview.yml", ".github/scripts/comment check comment.md"),
        ("preview.yml", ".github/scripts/preview"),
        ("preview.yml", '.github/scripts/comment "preview-$STACK" comment.md'),
        ("deploy.yml", ".github/scripts/resolve"),
        ("deploy-stack.yml", "make .venv/bin/batchctl"),
        ("deploy-stack.yml", ".github/scripts/deploy"),
        ("run-task.yml", "make .venv/bin/batchctl"),
        ("run-task.yml", ".github/scripts/run-task"),
        ("schedule-task.yml", "make .venv/bin/batchctl"),
        ("schedule-task.yml", ".github/scripts/schedule-task"),
    }


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_rights_but_those_of_its_jobs(name):
    assert WORKFLOWS[name]["permissions"] == {}
    for job in WORKFLOWS[name]["jobs"].values():
        assert job["permissions"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_step_has_an_expression_in_its_shell_text(name):
    assert [step["run"] for step in steps(name) if "${{" in step["run"]] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_its_commit(name):
    used = re.findall(r"uses: (\S+)(.*)", (ROOT / ".github/workflows" / name).read_text())

    for action, comment in used:
        assert action.startswith("./") or re.search(r"@[0-9a-f]{40}$", action), action
        assert action.startswith("./") or re.fullmatch(r" # v[0-9.]+", comment), action


def test_ci_runs_on_the_pythons_that_the_readme_names():
    matrix = WORKFLOWS["ci.yml"]["jobs"]["ci"]["strategy"]["matrix"]["python"]

    seen = re.search(r"Seen passing on .* with Python (.*)\.\n", (ROOT / "README.md").read_text())
    assert matrix == re.findall(r"3\.[0-9]+", seen[1])


# run-task.yml


def run_task(runner, **inputs):
    given = {"STACK": "local", "JOB": "", "COMMAND": "", "NAME": "", **inputs}
    return runner(text_of("run-task.yml", "Run"), **given)


@pytest.mark.parametrize(("code", "kind"), [(0, "notice"), (7, "error")])
def test_a_task_ends_the_step_as_it_ends(runner, code, kind):
    ended = run_task(runner, COMMAND=f"echo done; exit {code}")

    assert ended.returncode == code, ended.stderr
    assert "\ndone\n" in ended.stdout
    assert f"::{kind} title=run-task/" in ended.stderr
    assert "run-task " in runner.written("summary")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_command_arrives_as_it_was_typed(runner, platform, text):
    name = f"r{HOSTILE.index(text)}"

    run_task(runner, COMMAND=text, NAME=name)

    run = end_of(platform.states, PLATFORM.execution_arn("run-task", name))
    assert json.loads(run["input"])["commands"] == ["bash", "-c", text]
    assert runner.harmed == []


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("which", ["JOB", "NAME"])
def test_a_name_that_is_none_is_refused(runner, which, text):
    ended = run_task(runner, **{"COMMAND": "true", which: text})

    assert ended.returncode in (1, 2), ended.stdout
    assert "Traceback" not in ended.stderr
    assert runner.harmed == []


# schedule-task.yml


def schedule_task(runner, **inputs):
    given = {
        "STACK": "local", "NAME": "later", "SCHEDULE": "rate(1 day)", "TIMEZONE": "UTC",
        "COMMAND": "true",
    }  # fmt: skip
    return runner(text_of("schedule-task.yml", "Schedule"), **{**given, **inputs})


def scheduled(platform, name):
    schedule = platform.emulator.client("scheduler").get_schedule(
        GroupName=PLATFORM.manual_schedule_group, Name=name
    )
    return schedule["ScheduleExpression"], json.loads(schedule["Target"]["Input"])["commands"]


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("cron(0 3 * * ? *)", "cron(0 3 * * ? *)"),
        ("0 3 * * 1-5", "cron(0 3 ? * MON-FRI *)"),
        ("rate(15 minutes)", "rate(15 minutes)"),
        ("at(2099-12-01T03:00:00)", "at(2099-12-01T03:00:00)"),
    ],
)
def test_each_form_of_schedule_is_taken(runner, platform, text, expression):
    name = re.sub(r"\W", "-", text)

    ended = schedule_task(runner, NAME=name, SCHEDULE=text, COMMAND="echo 'a b'")

    assert ended.returncode == 0, ended.stderr
    assert scheduled(platform, name) == (expression, ["bash", "-c", "echo 'a b'"])
    assert name in runner.written("summary")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_scheduled_command_is_kept_as_it_was_typed(runner, platform, text):
    name = f"h{HOSTILE.index(text)}"

    ended = schedule_task(runner, NAME=name, COMMAND=text)

    assert ended.returncode == 0, ended.stderr
    assert scheduled(platform, name)[1] == ["bash", "-c", text]
    assert runner.harmed == []


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("which", ["NAME", "SCHEDULE", "TIMEZONE"])
def test_what_is_no_schedule_is_refused(runner, which, text):
    ended = schedule_task(runner, **{which: text})

    assert ended.returncode in (1, 2), ended.stdout
    assert "Traceback" not in ended.stderr
    assert runner.harmed == []


# deploy.yml

DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture
def registry(platform):
    """An image `v1` in the repository `app`."""
    client = platform.emulator.client("ecr")
    try:
        client.create_repository(repositoryName="app")
        client.put_image(
            repositoryName="app",
            imageManifest='{"layers": []}',
            imageTag="v1",
            imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        )
    except client.exceptions.RepositoryAlreadyExistsException:
        pass
    (image,) = client.describe_images(repositoryName="app")["imageDetails"]
    return image["imageDigest"]


def resolve(runner, platform, image):
    return runner(
        text_of("deploy.yml", "Resolve the tag to a digest"),
        IMAGE=image, ECR_REPOSITORY="app", AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1",
        AWS_ENDPOINT_URL=platform.emulator.endpoint,
        AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
    )  # fmt: skip


def test_a_tag_and_its_digest_resolve_to_one_image(runner, platform, registry):
    for image in ("v1", registry):
        ended = resolve(runner, platform, image)

        assert ended.returncode == 0, ended.stderr
        assert runner.written("output") == (
            f"image=123456789012.dkr.ecr.us-east-1.amazonaws.com/app@{registry}\n"
        )


@pytest.mark.parametrize("image", [*HOSTILE, "imageTag=v1 imageTag=v2", "v2", DIGEST, ""])
def test_what_is_no_image_is_refused(runner, platform, registry, image):
    ended = resolve(runner, platform, image)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("::error title=image::")
    assert runner.written("output") == ""
    assert runner.harmed == []


def test_a_deployment_gets_the_image_and_says_how_to_go_back(runner):
    pulumi = runner.noted("pulumi")
    (runner.project / "pulumi.calls.answer").write_text('{"image": "old@sha256:1"}')

    ended = runner(text_of("deploy-stack.yml", "Deploy"), STACK="prod", IMAGE="new@sha256:2")

    assert ended.returncode == 0, ended.stderr
    assert calls(pulumi)[-1] == [
        "up", "--stack", "prod", "--yes", "--non-interactive", "--color", "never",
        "--skip-preview", "--config", "batch-platform:image=new@sha256:2",
    ]  # fmt: skip
    assert "Going back: deploy `sha256:1`." in runner.written("summary")


# preview.yml


def test_a_preview_has_the_image_that_is_deployed(runner):
    pulumi = runner.noted("pulumi")
    (runner.project / "pulumi.calls.answer").write_text('{"image": "old@sha256:1"}')

    ended = runner(text_of("preview.yml", "Preview"), STACK="stg")

    assert ended.returncode == 0, ended.stderr
    assert calls(pulumi)[-1][-2:] == ["--config", "batch-platform:image=old@sha256:1"]
    assert (runner.project / "comment.md").read_text().startswith("### Preview of `stg`\n")


def test_a_preview_that_fails_fails_and_is_told_whole(runner):
    command(runner.tools / "pulumi", "echo 'error: ```x```'; exit 255")

    ended = runner(text_of("preview.yml", "Preview"), STACK="stg")

    assert ended.returncode == 255
    told = (runner.project / "comment.md").read_text()
    assert told.startswith("### ❌ Preview of `stg` failed")
    assert "````text\nerror: ```x```\n" in told


@pytest.mark.parametrize(("there", "method"), [("", "POST"), ("17", "PATCH")])
def test_a_comment_is_written_once_and_then_changed(runner, there, method):
    gh = runner.noted("gh")
    (runner.project / "gh.calls.answer").write_text(there)
    (runner.project / "comment.md").write_text("### all `$(touch pwned)` is well\n")

    ended = runner(
        ".github/scripts/comment check comment.md",
        REPOSITORY="acme/jobs", PULL_REQUEST="3", GH_TOKEN="x",
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    _, written = calls(gh)
    assert written[written.index("--method") + 1] == method
    assert (runner.project / "gh.calls.body").read_text() == (
        "<!-- batch-platform: check -->\n### all `$(touch pwned)` is well\n"
    )
    assert runner.harmed == []


@pytest.fixture
def repository(runner):
    """The checkout as a repository, whose first commit is empty."""

    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *identity, *words], cwd=runner.project, check=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "-m", "empty")
    (runner.project / "__main__.py").write_text("")
    git("add", "Pulumi.yaml", "Pulumi.local.yaml", "__main__.py")
    git("commit", "--quiet", "-m", "program")


def test_a_check_fails_with_the_problems_and_writes_them_for_the_comment(runner, repository):
    (runner.project / "__main__.py").write_text("raise ValueError('no program')\n")

    ended = runner(text_of("preview.yml", "Check every stack"), BASE="HEAD")

    assert ended.returncode == 1, ended.stderr
    told = (runner.project / "comment.md").read_text()
    assert told.startswith("### ❌ `local`: 1 problem")
    assert "ValueError: no program" in told
    assert runner.written("summary") == told


def test_a_base_without_the_project_is_said_to_be_without(runner, repository):
    ended = runner(text_of("preview.yml", "Check every stack"), BASE="HEAD~1")

    assert ended.returncode == 1
    assert "HEAD~1: it has no Pulumi.yaml; give a revision that has the project" in ended.stderr
