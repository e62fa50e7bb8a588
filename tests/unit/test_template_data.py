"""What the template says of data: kept, encrypted, recoverable, and shaped as the code reads it."""

import json
import re

from campaigns.adapters.dynamodb.table import INDEXES
from tests.unit.template_rules import Rules, also, drop, of, put, rule


@rule(
    a_table_that_goes_with_its_stack=drop("Resources/Table/DeletionPolicy"),
    a_table_that_an_update_replaces=drop("Resources/Table/UpdateReplacePolicy"),
    a_key_that_goes_with_its_stack=put("Resources/Key/DeletionPolicy", "Delete"),
    a_key_that_an_update_replaces=put("Resources/Key/UpdateReplacePolicy", "Delete"),
    unprotected=drop(of("Table", "DeletionProtectionEnabled")),
    unprotected_by_default=put("Parameters/DeletionProtection/Default", "false"),
)
def test_what_cannot_be_made_again_outlives_the_stack(template: Rules):
    for name, policy in (("Table", "Retain"), ("Key", "RetainExceptOnCreate")):
        assert template.resources[name].get("DeletionPolicy") == policy
        assert template.resources[name].get("UpdateReplacePolicy") == "Retain"
    protection = template.properties("Table").get("DeletionProtectionEnabled")
    assert protection == {"Ref": "DeletionProtection"}
    assert template.parameters["DeletionProtection"]["Default"] == "true"


@rule(
    capacity_by_the_hour=put(of("Table", "BillingMode"), "PROVISIONED"),
    no_way_back=put(
        of("Table", "PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled"), False
    ),
    another_time_to_live=put(of("Table", "TimeToLiveSpecification/AttributeName"), "ttl"),
    a_key_that_stays_the_same=put(of("Key", "EnableKeyRotation"), False),
)
def test_the_table_is_on_demand_recoverable_and_forgets_what_expires(template: Rules):
    table = template.properties("Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert template.properties("Key")["EnableKeyRotation"] is True


@rule(
    a_plain_table=drop(of("Table", "SSESpecification")),
    a_plain_queue=put(of("JobsQueue", "SqsManagedSseEnabled"), False),
    plain_dead_letters=drop(of("DeadLetterQueue", "SqsManagedSseEnabled")),
    a_plain_topic=drop(of("AlarmTopic", "KmsMasterKeyId")),
    a_key_that_cloudwatch_may_not_use=put(of("AlarmTopic", "KmsMasterKeyId"), "alias/aws/sns"),
)
def test_whatever_holds_data_is_encrypted(template: Rules):
    """Log groups are by themselves."""
    assert template.properties("Table").get("SSESpecification") == {"SSEEnabled": True}
    for queue in template.of_type("AWS::SQS::Queue"):
        assert template.properties(queue).get("SqsManagedSseEnabled") is True
    for topic in template.of_type("AWS::SNS::Topic"):
        assert template.properties(topic).get("KmsMasterKeyId") == {"Ref": "Key"}


@rule(
    an_index_that_nobody_queries=also(
        of("Table", "GlobalSecondaryIndexes"),
        {"IndexName": "by_x", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]},
    ),
    one_is_missing=drop(of("Table", "GlobalSecondaryIndexes/0")),
    other_keys=put(of("Table", "GlobalSecondaryIndexes/1/KeySchema/0/AttributeName"), "pk"),
)
def test_the_tables_indexes_are_those_that_the_code_queries(template: Rules):
    declared = {}
    for index in template.properties("Table")["GlobalSecondaryIndexes"]:
        keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
        declared[index["IndexName"]] = (keys["HASH"], keys.get("RANGE"))
    assert declared == INDEXES


@rule(
    an_instant_as_text=put(of("Table", "AttributeDefinitions/3/AttributeType"), "S"),
    a_missing_one=drop(of("Table", "AttributeDefinitions/2")),
)
def test_key_attributes_are_strings_and_instants_are_numbers(template: Rules):
    types = {
        definition["AttributeName"]: definition["AttributeType"]
        for definition in template.properties("Table")["AttributeDefinitions"]
    }
    indexed = {name for keys in INDEXES.values() for name in keys if name}
    assert types == {name: "N" if name.endswith("_at") else "S" for name in {"pk", "sk"} | indexed}


@rule(
    too_little=drop(of("Table", "GlobalSecondaryIndexes/1/Projection/NonKeyAttributes/0")),
    too_much=put(of("Table", "GlobalSecondaryIndexes/0/Projection"), {"ProjectionType": "ALL"}),
)
def test_a_job_can_be_made_from_what_the_retry_index_holds(template: Rules):
    projections = {
        index["IndexName"]: index["Projection"]
        for index in template.properties("Table")["GlobalSecondaryIndexes"]
    }
    retry = projections.pop("by_retry")
    assert retry["ProjectionType"] == "INCLUDE"
    assert set(retry["NonKeyAttributes"]) == {"plan_number", "sequence", "recipient_id", "person"}
    assert all(projection == {"ProjectionType": "KEYS_ONLY"} for projection in projections.values())


@rule(
    the_functions_keep_the_stacks_own=put(
        "Globals/Function/Environment/Variables/TABLE_NAME", {"Ref": "Table"}
    ),
    a_role_keeps_the_stacks_own=put(
        of("DispatcherRole", "Policies/0/PolicyDocument/Statement/0/Resource"),
        {"Fn::GetAtt": "Table.Arn"},
    ),
    whoever_asks_is_told_the_stacks_own=put("Outputs/TableName/Value", {"Ref": "Table"}),
)
def test_a_restored_table_takes_the_place_of_the_stacks_own_everywhere(template: Rules):
    in_use = {"Fn::If": ["HasRestoredTable", {"Ref": "RestoredTableName"}, {"Ref": "Table"}]}
    text = json.dumps({name: template.properties(name) for name in template.roles})
    assert template.environment["TABLE_NAME"] == in_use
    assert template.outputs["TableName"]["Value"] == in_use
    assert not re.search(r"Table\.Arn|\"Ref\": \"Table\"", text.replace(json.dumps(in_use), ""))
    for role in template.roles:
        assert json.dumps(in_use) in json.dumps(template.properties(role))
