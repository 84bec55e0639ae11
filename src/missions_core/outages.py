"""Outages of AWS told from mistakes of ours: what will be over by itself, and what will not."""

from collections.abc import Callable
from typing import TypeVar

from botocore import exceptions

from missions_core.observability import create_logger

# Refusals that pass by themselves, besides every 5xx.
PASSING = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
SERVER_ERROR = 500
AwsError = (exceptions.BotoCoreError, exceptions.ClientError)  # whatever a call to AWS, but not to the table, may raise

Part = TypeVar("Part")
Substitute = TypeVar("Substitute")

logger = create_logger()


def is_outage(error: BaseException) -> bool:
    """Whether a service could not be reached, broke or throttled, after all of botocore's attempts. Any other refusal is a bug."""
    cause = getattr(error, "cause", None) or error  # of PynamoDB's errors, botocore's
    if isinstance(cause, exceptions.ClientError):
        told = cause.__cause__ if isinstance(cause.__cause__, exceptions.ClientError) else cause  # PynamoDB's own leaves out the status
        status = told.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= SERVER_ERROR or cause.response["Error"].get("Code") in PASSING
    return isinstance(cause, exceptions.ConnectionError | exceptions.HTTPClientError)


def optional(part: str, read: Callable[[], Part], substitute: Substitute) -> Part | Substitute:
    """A part that an answer can do without: what `read` gives, or the substitute during an outage."""
    try:
        return read()
    except Exception as error:
        if not is_outage(error):
            raise
        logger.warning("answered without a part", part=part, error=type(error).__name__)
        return substitute
