"""Jobs of the billing team: one job with two schedules."""

from components import BatchPlatform, ScheduledJob


def register(platform: BatchPlatform) -> None:
    """Register the shift reports."""
    ScheduledJob(
        "two-shifts",
        {
            "platform": platform.connection,
            "description": "Closes the books of a shift",
            "shell": 'echo "closing the shift of ${BATCH_SCHEDULED_TIME:-now}"',
            "schedules": {
                "early": "cron(0 14 ? * MON-SAT *)",
                "late": "cron(0 22 ? * MON-SAT *)",
            },
            "timezone": "America/New_York",
            # A quarter of an hour in which the platform may spread the starts of many jobs.
            "flexible_window_minutes": 15,
            "owner": "billing",
        },
    )
