"""AWS on this machine: a moto server, and what moto lacks for jobs to really run."""

from localaws import botocore_data

# Before anything imports moto, which reads them again and again from then on.
botocore_data.share()
