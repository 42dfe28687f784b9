"""What a batch job is: its schedule, its size, its documents, its names.

Nothing here knows a cloud SDK: no module imports pulumi, boto3 or moto.
"""
