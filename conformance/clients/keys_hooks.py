"""What schemathesis looks for besides, where API keys are asked for: an answer to a request that has none."""

import schemathesis


def is_refused(response):
    """Whether it is 401, or 400 for the two keys that differ, which schemathesis makes up."""
    challenge = " ".join(response.headers.get("www-authenticate", []))
    return response.status_code == 401 or (response.status_code == 400 and "invalid_request" in challenge)


@schemathesis.check
def no_way_in(ctx, response, case):
    """An operation that needs a key refuses whoever has none, whatever else the request is."""
    if case.operation.definition.raw.get("security") and not is_refused(response):
        raise AssertionError(f"answered {response.status_code} without a key: {response.text[:200]}")
