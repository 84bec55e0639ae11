"""What AWS charges, us-east-1, on demand, US dollars, 2025 (aws.amazon.com: the pricing page of each service)."""

from bench.meter import Uses

WRITE_UNIT = 0.625e-6  # DynamoDB
READ_UNIT = 0.125e-6
SQS_REQUEST = 0.40e-6
EVENT = 1.00e-6  # EventBridge, put onto a custom bus
S3_PUT = 5e-6
HTTP_REQUEST = 1.00e-6  # API Gateway, HTTP API
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 13.3334e-6  # arm64

# What no emulator can tell. The functions have 512 MB; the durations are round numbers, above a few calls of some milliseconds each.
LAMBDA_GB = 0.5
REQUEST_SECONDS = 0.030  # one HTTP request, or one player in a batch
PUBLISH_SECONDS = 0.020  # per state write with effects, alone in its batch
MESSAGES_PER_BATCH = 10  # of different players, which is what a queue under moderate load delivers
SQS_REQUESTS_PER_MESSAGE = 3 / MESSAGES_PER_BATCH  # sent, received, deleted: ten at a time each


def dynamodb(uses: Uses) -> float:
    """Dollars of one use's measured capacity units."""
    return uses.mean("read_units") * READ_UNIT + uses.mean("write_units") * WRITE_UNIT


def others(uses: Uses, *, over_http: bool) -> float:
    """Dollars of one use's other services: calls as measured, durations and batch sizes as assumed."""
    calls = uses.calls()
    effects = calls.get("PutEvents", 0.0)  # every write with effects tells the bus
    batched = LAMBDA_REQUEST / MESSAGES_PER_BATCH + SQS_REQUESTS_PER_MESSAGE * SQS_REQUEST
    entry = HTTP_REQUEST + LAMBDA_REQUEST if over_http else batched
    return (
        entry
        + REQUEST_SECONDS * LAMBDA_GB * LAMBDA_GB_SECOND
        + calls.get("PutObject", 0.0) / MESSAGES_PER_BATCH * S3_PUT
        + effects * (EVENT + LAMBDA_REQUEST + PUBLISH_SECONDS * LAMBDA_GB * LAMBDA_GB_SECOND)
        + calls.get("SendMessageBatch", 0.0) * SQS_REQUEST
    )
