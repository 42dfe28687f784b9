"""What a job is, and how the text that describes one is read and checked."""

from batch.job.model import Backoff, Job, Overlap, Permission, Retry, Volume
from batch.job.overrides import KEYS, override_problems

__all__ = [
    "KEYS",
    "Backoff",
    "Job",
    "Overlap",
    "Permission",
    "Retry",
    "Volume",
    "override_problems",
]
