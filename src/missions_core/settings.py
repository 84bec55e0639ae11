"""The environment variables of the functions: each is named here, read when first asked for, and missed loudly."""

import os

from missions_core.errors import MisconfiguredError


class Variable:
    """A variable that must be set."""

    def __init__(self, name: str, meaning: str) -> None:
        self.name = name
        self.meaning = meaning

    def __get__(self, settings: "Settings | None", owner: type) -> str:
        value = os.environ.get(self.name)
        if not value:
            raise MisconfiguredError("missing_variable", f"set the environment variable {self.name}: {self.meaning}")
        return value


class OptionalVariable(Variable):
    """A variable that may be empty or absent."""

    def __get__(self, settings: "Settings | None", owner: type) -> str:
        return os.environ.get(self.name, "")


class Settings:
    """What template.yaml tells the functions. Powertools reads its own (LOG_LEVEL, POWERTOOLS_*)."""

    stage = Variable("STAGE", "where this stack runs: local, dev, staging or prod")
    table_name = Variable("TABLE_NAME", "the DynamoDB table")
    quarantine_queue_url = Variable("QUARANTINE_QUEUE_URL", "the queue for what can never be processed")
    rewards_queue_url = Variable("REWARDS_QUEUE_URL", "the queue of grants to pay")
    settle_queue_url = Variable("SETTLE_QUEUE_URL", "the queue of due shards to settle")
    standings_queue_url = Variable("STANDINGS_QUEUE_URL", "the queue of scores and counts for leaderboards and statistics")
    erasure_queue_url = Variable("ERASURE_QUEUE_URL", "the queue of players who were erased, whose rows are to be removed")
    erasure_delay_seconds = Variable("ERASURE_DELAY_SECONDS", "how long the erasure queue holds its messages back")
    event_bus_name = Variable("EVENT_BUS_NAME", "the bus integration events leave on")
    action_log_bucket = Variable("ACTION_LOG_BUCKET", "the bucket that keeps every ingested action")
    evidence_queue_url = Variable("EVIDENCE_QUEUE_URL", "the queue of evidence to check")
    player_files_bucket = Variable("PLAYER_FILES_BUCKET", "the bucket of players' uploads and exports")
    moderation_url = OptionalVariable("MODERATION_URL", "the endpoint that is asked about evidence; without one nobody is")
    moderation_secret_arn = OptionalVariable("MODERATION_SECRET_ARN", "the secret that signs what the endpoint is asked")
    webhook_url = OptionalVariable("WEBHOOK_URL", "the endpoint that integration events are posted to; without one there is none")
    webhook_secret_arn = OptionalVariable("WEBHOOK_SECRET_ARN", "the secret that signs what is posted there")
    user_directory_url = OptionalVariable("USER_DIRECTORY_URL", "the endpoint that knows players' names; without one none are shown")
    user_directory_secret_arn = OptionalVariable("USER_DIRECTORY_SECRET_ARN", "the secret that endpoint is asked with")
    badge_issuer = OptionalVariable("BADGE_ISSUER", "the URL that badges name as their issuer")
    badge_key_arn = OptionalVariable("BADGE_KEY_ARN", "the KMS key that signs badges; without one they are not signed")


settings = Settings()
