"""What a job names and only its platform can grant: a concurrency group, a topic."""

from batch.connection import limits_of
from batch.errors import InvalidJob, Problem, nearest
from batch.job import Job
from components.rendering import split


def group_limit(*, job: Job, limits: str, topics: str) -> int | None:
    """Return how many runs of the job's concurrency group there may be; None without a group.

    Args:
        limits: those of the platform's groups, as the connection has them.
        topics: the topics that jobs may name, likewise.

    Raises:
        InvalidJob: the platform has no such group, or lets no job name the topic.
    """
    groups = limits_of(limits)
    problems = []
    if job.concurrency_group and job.concurrency_group not in groups:
        guess = nearest(job.concurrency_group, groups)
        fix = f"did you mean {guess!r}?" if guess else "add it to the stack's concurrencyGroups"
        what = f"the platform has no group {job.concurrency_group!r}"
        problems.append(Problem(f"jobs.{job.name}.concurrency_group", what, fix))
    if job.topic_arn and job.topic_arn not in split(topics):
        what = f"the platform does not let jobs name {job.topic_arn}"
        fix = "add it to the stack's topicArns"
        problems.append(Problem(f"jobs.{job.name}.topic_arn", what, fix))
    if problems:
        raise InvalidJob(problems)
    return groups[job.concurrency_group] if job.concurrency_group else None
