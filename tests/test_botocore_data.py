import botocore.session

import localaws


def test_two_sessions_share_what_was_read():
    assert localaws.botocore_data

    first, second = (botocore.session.Session().get_data("endpoints") for _ in range(2))

    assert first is second
