"""One stack of the platform: its settings, the platform, and every job."""

import pulumi

import jobs
from batch.settings import Settings
from components import (
    BatchPlatform,
    GithubActionsAccess,
    github_access,
    of_settings,
    project_configuration,
    refuse_unknown_overrides,
    registered_jobs,
    run_lean,
)

run_lean()
settings = Settings.parse(project_configuration(), stack=pulumi.get_stack())
platform = BatchPlatform(settings.name, of_settings(settings))
jobs.register(platform)
refuse_unknown_overrides(registered_jobs())

# For a team's own project: `StackReference(...).require_output("connection")`.
pulumi.export("connection", platform.connection)
pulumi.export("platform", platform.platform_name)
pulumi.export("jobs", registered_jobs())
pulumi.export("runTaskArn", platform.run_task_arn)
pulumi.export("taskDefinitionArn", platform.task_definition_arn)
pulumi.export("taskLogGroup", platform.task_log_group)
pulumi.export("successTopicArn", platform.success_topic_arn)
pulumi.export("failureTopicArn", platform.failure_topic_arn)
pulumi.export("startsQueueUrl", platform.starts_queue_url)
pulumi.export("messagesQueueUrl", platform.messages_queue_url)
# For people: `pulumi stack output policies --json | jq -r .viewer`.
pulumi.export("policies", platform.policies)
if settings.github:
    access = GithubActionsAccess("github", github_access(settings, platform.connection))
    pulumi.export("githubPreviewRoleArn", access.preview_role_arn)
    pulumi.export("githubDeployRoleArn", access.deploy_role_arn)
    pulumi.export("githubRunRoleArn", access.run_role_arn)
if settings.kms_key_arn:
    pulumi.export("keyPolicy", platform.key_policy)
