"""Jobs of the reporting team: a Rails application in its own image."""

from components import BatchPlatform, ScheduledJob


def register(platform: BatchPlatform) -> None:
    """Register a rake task that runs in the application's own container."""
    ScheduledJob(
        "rails-report",
        {
            "platform": platform.connection,
            "description": "Writes last night's report",
            "command": ["bundle", "exec", "rake", "report:nightly"],
            # The application's image, and what its Dockerfile's people call the container.
            # The local stack has a command that needs no Ruby in its place.
            "image": "ghcr.io/example/reporting:1.4.2",
            "container": "rails",
            "environment": {"RAILS_ENV": "production", "RAILS_LOG_TO_STDOUT": "1"},
            "schedule": "cron(0 3 * * ? *)",
            "timezone": "Asia/Tokyo",
            "attempt_timeout": "2h",
            # A second try for what goes by itself, such as a database that restarts.
            "retry": {"attempts": 2, "interval": "5m"},
            "owner": "reporting",
        },
    )
