"""The smallest job that there can be. Begin here."""

from components import BatchPlatform, ScheduledJob


def register(platform: BatchPlatform) -> None:
    """Register the job: a name, a command, when."""
    ScheduledJob(
        "hello",
        {
            "platform": platform.connection,
            "shell": 'echo "hello from $BATCH_JOB, attempt $BATCH_ATTEMPT"',
            "schedule": "cron(0 8 ? * MON-FRI *)",
            "timezone": "Europe/Dublin",
            "owner": "platform",
        },
    )
