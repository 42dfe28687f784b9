"""The operator's tool: what was deployed, run and read by name. boto3, no Pulumi."""
