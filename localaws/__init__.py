"""AWS on this machine: a moto server, and what moto lacks for jobs to really run."""
