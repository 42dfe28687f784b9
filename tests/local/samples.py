"""Values that the tests of events and messages share."""

from datetime import UTC, datetime

REGION, ACCOUNT = "eu-west-1", "123456789012"
NOON = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
RUN = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:batch-stg-report:abc"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:batch-stg-report"
DETAIL = {
    "executionArn": RUN,
    "stateMachineArn": MACHINE,
    "name": "abc",
    "status": "FAILED",
    "startDate": 1893499200000,
    "stopDate": 1893499260000,
    "input": '{"a": 1}',
    "output": None,
}
