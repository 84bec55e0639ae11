"""template.yaml against the function folders, the design's limits and what production must never lose. Roles: test_least_privilege.py."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.local.deploy import read_template
from infra.local.stack import ROOT
from missions_core.domain.catalog import HOUR_MS
from missions_core.files import EVIDENCE
from missions_core.settings import Settings, Variable
from missions_core.use_cases.closing import UNDER_WAY_MS
from missions_core.use_cases.standings import MERGING_MS, TOO_LATE

TEMPLATE = read_template(ROOT)
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
DAY_SECONDS = 86_400


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource for name, resource in RESOURCES.items() if resource["Type"] == kind}


def functions() -> dict[str, dict[str, Any]]:
    """Folder name → properties."""
    return {Path(item["Properties"]["CodeUri"]).name: item["Properties"] for item in of_type("AWS::Serverless::Function").values()}


def setting(function: str, name: str) -> Any:
    return functions()[function].get(name, TEMPLATE["Globals"]["Function"].get(name))


def events(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Function folder and properties of every event of one kind."""
    return [
        (function, event["Properties"])
        for function, properties in functions().items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == kind
    ]


def on_stage(value: Any, stage: str) -> Any:
    """`value` with its `!If [IsProd, …]` decided for one stage."""
    if isinstance(value, dict) and list(value) == ["Fn::If"] and value["Fn::If"][0] == "IsProd":
        return value["Fn::If"][1 if stage == "prod" else 2]
    return value


def referred(value: Any) -> str:
    """The logical id behind `!Ref X` or `!GetAtt X.Attribute`."""
    name: str = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
    return name


def alarms(metric: str, dimension: str) -> set[str]:
    """Logical ids watched by an alarm on `metric`."""
    return {
        referred(watched["Value"])
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for watched in alarm["Properties"]["Dimensions"]
        if alarm["Properties"]["MetricName"] == metric and watched["Name"] == dimension
    }


# Functions ------------------------------------------------------------------------------------------------------------


def test_every_function_folder_is_deployed_and_every_deployed_function_has_a_folder() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert set(functions()) == folders


@pytest.mark.parametrize(("name", "resource"), list(of_type("AWS::Serverless::Function").items()))
def test_every_function_keeps_its_own_log_and_raises_its_own_alarm(name: str, resource: dict[str, Any]) -> None:
    log_group = RESOURCES[referred(resource["Properties"]["LoggingConfig"]["LogGroup"])]
    assert log_group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert name in alarms("Errors", "FunctionName")


def test_the_log_groups_are_one_per_function() -> None:
    groups = [referred(properties["LoggingConfig"]["LogGroup"]) for properties in functions().values()]
    assert len(set(groups)) == len(groups)


def test_the_template_sets_every_variable_the_code_reads_and_no_other() -> None:
    given = set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
    read = {variable.name for variable in vars(Settings).values() if isinstance(variable, Variable)}
    assert read <= given
    assert given - read == {"LOG_LEVEL", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}, "Powertools reads these"


def test_no_parameter_and_no_variable_can_move_a_deployed_clock() -> None:
    assert "CLOCK_OFFSET" not in (ROOT / "template.yaml").read_text().upper()


# Edges ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "event"), events("SQS"))
def test_a_queue_hides_a_message_for_six_timeouts_and_gives_up_after_five(function: str, event: dict[str, Any]) -> None:
    queue = RESOURCES[referred(event["Queue"])]["Properties"]
    window = event.get("MaximumBatchingWindowInSeconds", 0)
    assert queue["VisibilityTimeout"] >= 6 * setting(function, "Timeout") + window
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert event["BatchSize"] <= 10 or window >= 1, "AWS refuses larger batches without a window"


def test_every_dead_letter_queue_is_watched_and_keeps_messages_for_14_days() -> None:
    dead = {name for name in of_type("AWS::SQS::Queue") if "DeadLetter" in name} | {"QuarantineQueue"}
    assert dead <= alarms("ApproximateNumberOfMessagesVisible", "QueueName")
    assert all(RESOURCES[name]["Properties"]["MessageRetentionPeriod"] == 14 * DAY_SECONDS for name in dead)


def test_every_consumed_queue_is_watched_for_age() -> None:
    assert {referred(event["Queue"]) for _, event in events("SQS")} == alarms("ApproximateAgeOfOldestMessage", "QueueName")


@pytest.mark.parametrize(("function", "event"), events("ScheduleV2"))
def test_a_scheduled_run_that_fails_is_kept(function: str, event: dict[str, Any]) -> None:
    assert referred(event["DeadLetterConfig"]["Arn"]) == "SchedulesDeadLetterQueue"
    on_failure = functions()[function]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert referred(on_failure["Destination"]) == "SchedulesDeadLetterQueue"


def test_a_poison_stream_record_is_isolated_and_kept_long_before_the_stream_forgets_it() -> None:
    ((function, event),) = events("DynamoDB")
    assert function == "publish_outbox"
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert event["BisectBatchOnFunctionError"] is True
    assert 0 < event["MaximumRetryAttempts"] < 100
    assert event["MaximumRecordAgeInSeconds"] <= DAY_SECONDS / 2
    assert RESOURCES[referred(event["DestinationConfig"]["OnFailure"]["Destination"])]["Type"] == "AWS::S3::Bucket"
    (only,) = event["FilterCriteria"]["Filters"]
    assert json.loads(only["Pattern"]) == {"dynamodb": {"NewImage": {"outbox": {"B": [{"exists": True}]}}}}


def test_a_leaderboard_waits_for_its_scores_as_long_as_one_may_be_under_way() -> None:
    """As long as the stream keeps a record, and then as often as the queue delivers a message."""
    ((_, stream),) = events("DynamoDB")
    queue = RESOURCES["StandingsQueue"]["Properties"]
    longest = stream["MaximumRecordAgeInSeconds"] + queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"]
    assert 1000 * longest <= UNDER_WAY_MS < 1000 * longest + HOUR_MS


def test_a_score_that_comes_too_late_rings_an_alarm() -> None:
    (alarm,) = (each["Properties"] for each in of_type("AWS::CloudWatch::Alarm").values() if each["Properties"]["MetricName"] == TOO_LATE)
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]


def test_a_removal_waits_until_whatever_loaded_the_state_before_has_ended() -> None:
    delay = TEMPLATE["Parameters"]["ErasureDelaySeconds"]["Default"]
    assert RESOURCES["ErasureQueue"]["Properties"]["DelaySeconds"] == {"Ref": "ErasureDelaySeconds"}
    rule = TEMPLATE["Rules"]["ErasureWaits"]
    assert {each["Fn::Equals"][1] for each in rule["RuleCondition"]["Fn::Or"]} == {"staging", "prod"}
    assert [each["Assert"] for each in rule["Assertions"]] == [{"Fn::Equals": [{"Ref": "ErasureDelaySeconds"}, str(delay)]}]
    assert delay > max(setting(function, "Timeout") for function in functions())
    assert setting("update_standings", "Timeout") * 1000 == MERGING_MS


# Production -----------------------------------------------------------------------------------------------------------


def test_the_production_table_is_recoverable_and_cannot_be_deleted() -> None:
    table = RESOURCES["Table"]
    properties = table["Properties"]
    assert on_stage(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], "prod") is True
    assert on_stage(properties["DeletionProtectionEnabled"], "prod") is True
    assert on_stage(properties["DeletionProtectionEnabled"], "dev") is False


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Cognito::UserPool"])
@pytest.mark.parametrize("policy", ["DeletionPolicy", "UpdateReplacePolicy"])
def test_whatever_holds_data_outlives_a_production_stack_only(kind: str, policy: str) -> None:
    for resource in of_type(kind).values():
        assert on_stage(resource[policy], "prod") == "Retain"
        assert on_stage(resource[policy], "dev") == "Delete"


def test_the_stage_is_one_of_a_closed_list() -> None:
    assert TEMPLATE["Parameters"]["Stage"]["AllowedValues"] == ["local", "dev", "staging", "prod"]
    assert TEMPLATE["Conditions"]["IsProd"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}


def test_buckets_are_private_and_encrypted() -> None:
    for bucket in of_type("AWS::S3::Bucket").values():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
        assert "BucketEncryption" in bucket["Properties"]
        assert bucket["Properties"]["LifecycleConfiguration"]["Rules"][0]["Status"] == "Enabled"


def test_pages_may_only_post_to_the_bucket_of_players_files_and_its_uploads_are_told_and_expire() -> None:
    bucket = RESOURCES["PlayerFilesBucket"]["Properties"]
    (cors,) = bucket["CorsConfiguration"]["Fn::If"][1]["CorsRules"]
    assert cors["AllowedMethods"] == ["POST"]
    assert cors["AllowedOrigins"] == {"Fn::Split": [",", {"Ref": "CorsAllowedOrigins"}]}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in bucket["LifecycleConfiguration"]["Rules"] if "Prefix" in rule}
    assert expiring == {"evidence/": {"Ref": "EvidenceRetentionDays"}, "exports/": 7}


def test_only_the_rule_for_uploads_may_put_messages_into_the_evidence_queue_from_outside() -> None:
    rule = RESOURCES["UploadedEvidenceRule"]["Properties"]
    assert rule["EventPattern"]["detail"]["bucket"] == {"name": [{"Ref": "PlayerFilesBucket"}]}
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": EVIDENCE}]}
    policy = RESOURCES["EvidenceQueuePolicy"]["Properties"]
    (only,) = policy["PolicyDocument"]["Statement"]
    assert (only["Principal"], only["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert only["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["UploadedEvidenceRule", "Arn"]}}}
    assert {referred(target["Arn"]) for target in rule["Targets"]} <= {referred(queue) for queue in policy["Queues"]}


@pytest.mark.parametrize("parameter", ["WebhookUrl", "ModerationUrl", "UserDirectoryUrl"])
def test_an_endpoint_of_the_hosts_is_https(parameter: str) -> None:
    """Without a user or password: those would be a secret that is shown to whoever reads the stack."""
    pattern = TEMPLATE["Parameters"][parameter]["AllowedPattern"]
    assert all(re.fullmatch(pattern, url) for url in ("", "https://a.example/x", "http://127.0.0.1:8000/only-on-the-local-stage"))
    assert not any(re.fullmatch(pattern, url) for url in ("http://a.example/", "https://u:p@a.example/", "http://127.0.0.1:1@a.example/"))


@pytest.mark.parametrize("endpoint", ["Webhook", "Moderation"])
def test_what_an_endpoint_is_sent_is_signed(endpoint: str) -> None:
    rule = TEMPLATE["Rules"][f"{endpoint}IsSigned"]
    assert rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": f"{endpoint}Url"}, ""]}]}
    assert [each["Assert"] for each in rule["Assertions"]] == [TEMPLATE["Conditions"][f"Has{endpoint}Secret"]]


def test_there_is_all_of_a_webhook_or_nothing() -> None:
    conditional = {name for name, resource in RESOURCES.items() if resource.get("Condition") == "HasWebhook"}
    assert conditional == {name for name in RESOURCES if "Webhook" in name}
