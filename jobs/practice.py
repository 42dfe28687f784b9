"""Jobs that fail on purpose, to see what the platform makes of it.

Each is registered only in stacks whose configuration names it (``jobs.<name>``, an empty mapping is
enough): the local one does.
"""

from components import BatchPlatform, ScheduledJob, ScheduledJobArgs, is_configured


def register(platform: BatchPlatform) -> None:
    """Register those that the stack asks for."""
    practice: dict[str, ScheduledJobArgs] = {
        "flaky": {
            "platform": platform.connection,
            "description": "Fails the first time and succeeds the second",
            "shell": (
                'if [ "$BATCH_ATTEMPT" -lt 2 ]; then echo "attempt 1: giving up"; exit 1; fi; '
                'echo "attempt $BATCH_ATTEMPT: done"'
            ),
            "retry": {"attempts": 3, "interval": "30s", "exit_codes": [1]},
            "schedule": "cron(0/30 * * * ? *)",
            "owner": "platform",
        },
        "too-slow": {
            "platform": platform.connection,
            "description": "Takes longer than it may",
            "shell": "echo taking my time; sleep 600; echo never reached",
            "attempt_timeout": "1m",
            "schedule": "cron(15 * * * ? *)",
            "owner": "platform",
        },
    }
    for name, args in practice.items():
        if is_configured(name):
            ScheduledJob(name, args)
