"""Components for Pulumi programs: a platform for batch jobs, a job, a run during a deployment.

They decide nothing: what a job is and what AWS reads is in ``batch``. Annotations here are not
strings, on purpose: Pulumi's analyzer reads them as types.
"""

from batch.schedule import unix_cron
from components.batch_platform import BatchPlatform
from components.batch_platform_args import BatchPlatformArgs, EmailsArgs, SlackArgs, of_settings
from components.choices import Architecture, AssignPublicIp, ContainerInsights, Overlap
from components.configuration import project as project_configuration
from components.github_actions_access import GithubActionsAccess, GithubActionsAccessArgs
from components.github_actions_access import of_settings as github_access
from components.lean import run_lean
from components.overrides import names as is_configured
from components.overrides import refuse_unknown as refuse_unknown_overrides
from components.registry import registered as registered_jobs
from components.run_on_deploy import RunOnDeploy, RunOnDeployArgs
from components.scheduled_job import ScheduledJob
from components.scheduled_job_args import (
    PermissionArgs,
    RetryArgs,
    ScheduledJobArgs,
    StartRetryArgs,
    VolumeArgs,
)

__all__ = [
    "Architecture",
    "AssignPublicIp",
    "BatchPlatform",
    "BatchPlatformArgs",
    "ContainerInsights",
    "EmailsArgs",
    "GithubActionsAccess",
    "GithubActionsAccessArgs",
    "Overlap",
    "PermissionArgs",
    "RetryArgs",
    "RunOnDeploy",
    "RunOnDeployArgs",
    "ScheduledJob",
    "ScheduledJobArgs",
    "SlackArgs",
    "StartRetryArgs",
    "VolumeArgs",
    "github_access",
    "is_configured",
    "of_settings",
    "project_configuration",
    "refuse_unknown_overrides",
    "registered_jobs",
    "run_lean",
    "unix_cron",
]
