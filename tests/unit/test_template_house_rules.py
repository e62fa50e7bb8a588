"""The rules of the house that `sam validate --lint` does not know: functions, logs, queue."""

from campaigns.domain.reopening import LEAST_HOLD_MS
from tests.unit.template_rules import Rules, drop, of, put, rule


@rule(
    a_fourth_function=put(
        "Resources/Another", {"Type": "AWS::Serverless::Function", "Properties": {}}
    ),
    an_older_python=put("Globals/Function/Runtime", "python3.12"),
    a_function_with_a_python_of_its_own=put(of("ApiFunction", "Runtime"), "python3.12"),
    a_layer_for_another_python=put(of("CommonLayer", "CompatibleRuntimes"), ["python3.12"]),
)
def test_there_are_the_three_functions_of_the_design_on_python_3_13(template: Rules):
    assert set(template.functions) == {"ApiFunction", "SchedulerFunction", "DispatcherFunction"}
    assert template.document["Globals"]["Function"]["Runtime"] == "python3.13"
    assert all("Runtime" not in template.properties(name) for name in template.functions)
    assert template.properties("CommonLayer")["CompatibleRuntimes"] == ["python3.13"]


@rule(
    another_default=put("Parameters/Architecture/Default", "x86_64"),
    a_layer_of_one_processor=put(of("CommonLayer", "CompatibleArchitectures"), ["arm64"]),
    a_layer_built_for_another=put("Resources/CommonLayer/Metadata/BuildArchitecture", "arm64"),
    functions_of_one_processor=put("Globals/Function/Architectures", ["arm64"]),
)
def test_layer_and_functions_are_for_one_processor_and_that_is_arm_by_default(template: Rules):
    architecture = {"Ref": "Architecture"}
    assert template.parameters["Architecture"]["Default"] == "arm64"
    assert template.document["Globals"]["Function"]["Architectures"] == [architecture]
    assert template.properties("CommonLayer")["CompatibleArchitectures"] == [architecture]
    assert template.resources["CommonLayer"]["Metadata"]["BuildArchitecture"] == architecture


# Logs


@rule(
    a_group_that_keeps_for_ever=drop(of("SchedulerLogGroup", "RetentionInDays")),
    one_more_group=put(
        "Resources/Other", {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "x"}}
    ),
)
def test_no_log_is_kept_for_ever(template: Rules):
    groups = template.of_type("AWS::Logs::LogGroup")
    for name in groups:
        assert template.properties(name).get("RetentionInDays") == {"Ref": "LogRetentionDays"}


@rule(
    a_function_with_a_group_that_lambda_makes=drop(of("ApiFunction", "LoggingConfig/LogGroup")),
    a_shared_group=put(of("ApiFunction", "LoggingConfig/LogGroup"), {"Ref": "SchedulerLogGroup"}),
)
def test_a_function_logs_to_a_group_of_its_own(template: Rules):
    for name in template.functions:
        group = template.properties(name)["LoggingConfig"]["LogGroup"]["Ref"]
        function_name = template.properties(name)["FunctionName"]["Fn::Sub"]
        own = {"Fn::Sub": f"/aws/lambda/{function_name}"}
        assert template.properties(group)["LogGroupName"] == own


@rule(
    lambdas_filter_follows_the_level=put(
        of("DispatcherFunction", "LoggingConfig/ApplicationLogLevel"), {"Ref": "LogLevel"}
    ),
    a_higher_level_for_debug=put("Conditions/IsVerbose/Fn::Equals/1", "ERROR"),
    the_functions_do_not_know_their_level=drop(
        "Globals/Function/Environment/Variables/POWERTOOLS_LOG_LEVEL"
    ),
)
def test_no_log_level_leaves_out_the_metrics(template: Rules):
    """Lambda takes a line that names no level for INFO, and metrics are such lines."""
    for name in template.functions:
        logging = template.properties(name)["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert logging["ApplicationLogLevel"] == {"Fn::If": ["IsVerbose", "DEBUG", "INFO"]}
    verbose = {"Fn::Equals": [{"Ref": "LogLevel"}, "DEBUG"]}
    assert template.document["Conditions"]["IsVerbose"] == verbose
    assert template.environment["POWERTOOLS_LOG_LEVEL"] == {"Ref": "LogLevel"}


# Times


@rule(as_long_as_the_gateway=put(of("ApiFunction", "Timeout"), 30))
def test_the_api_function_gives_up_before_the_gateway_does(template: Rules):
    assert template.properties("ApiFunction")["Timeout"] < 30


@rule(outlives_it=put(of("ApiFunction", "Timeout"), LEAST_HOLD_MS // 1_000))
def test_nobody_is_put_back_by_a_call_that_outlived_its_hold_of_the_mark(template: Rules):
    margin_ms = 15_000  # What two functions' clocks may differ, and a last write takes.
    assert template.properties("ApiFunction")["Timeout"] * 1_000 + margin_ms <= LEAST_HOLD_MS


@rule(
    another_timeout=put(of("DispatcherFunction", "Timeout"), 90),
    visible_too_soon=put(of("JobsQueue", "VisibilityTimeout"), 60),
    six_times_as_advised_for_other_queues=put(of("JobsQueue", "VisibilityTimeout"), 360),
)
def test_leases_and_queue_visibility_are_reckoned_from_the_dispatchers_own_timeout(
    template: Rules,
):
    timeout = template.properties("DispatcherFunction")["Timeout"]
    assert int(template.environment["FUNCTION_TIMEOUT_SECONDS"]) == timeout
    assert template.properties("JobsQueue")["VisibilityTimeout"] == timeout + 30


@rule(
    slow_answers=put("Globals/Function/Environment/Variables/READ_TIMEOUT_SECONDS", "55"),
    a_short_function=put(of("DispatcherFunction", "Timeout"), 30),
)
def test_a_dispatcher_has_the_time_for_a_whole_send(template: Rules):
    longest_send = int(template.environment["CONNECT_TIMEOUT_SECONDS"]) + int(
        template.environment["READ_TIMEOUT_SECONDS"]
    )
    assert longest_send + 5 < template.properties("DispatcherFunction")["Timeout"]


# Queue


@rule(
    a_plain_queue=put(of("JobsQueue", "FifoQueue"), False),
    low_throughput=put(of("JobsQueue", "FifoThroughputLimit"), "perQueue"),
    by_content=put(of("JobsQueue", "ContentBasedDeduplication"), True),
    a_delay=put(of("JobsQueue", "DelaySeconds"), 10),
)
def test_the_queue_is_fifo_with_high_throughput_and_deduplicates_by_our_ids_only(
    template: Rules,
):
    queue = template.properties("JobsQueue")
    assert queue["FifoQueue"] is True
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    assert queue["ContentBasedDeduplication"] is False
    assert "DelaySeconds" not in queue


@rule(
    lost_after_four_days=drop(of("DeadLetterQueue", "MessageRetentionPeriod")),
    nowhere_to_go=drop(of("JobsQueue", "RedrivePolicy")),
    too_impatient_for_put_backs=put(of("JobsQueue", "RedrivePolicy/maxReceiveCount"), 3),
    a_queue_without_order=put(of("DeadLetterQueue", "FifoQueue"), False),
    another_queue_is_watched=put(
        of("DeadLettersAlarm", "Dimensions/0/Value"), {"Fn::GetAtt": "JobsQueue.QueueName"}
    ),
    sent_ones_are_counted=put(of("DeadLettersAlarm", "MetricName"), "NumberOfMessagesSent"),
    one_is_no_news=put(of("DeadLettersAlarm", "Threshold"), 1),
)
def test_a_job_that_came_ten_times_is_kept_for_two_weeks_where_an_alarm_sees_it(
    template: Rules,
):
    assert template.properties("JobsQueue")["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": "DeadLetterQueue.Arn"},
        "maxReceiveCount": 10,
    }
    dead_letters = template.properties("DeadLetterQueue")
    assert dead_letters["FifoQueue"] is True
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 60 * 60

    alarm = template.properties("DeadLettersAlarm")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": "DeadLetterQueue.QueueName"}}
    ]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


@rule(
    one_at_a_time=put(of("DispatcherFunction", "Events/Jobs/Properties/BatchSize"), 1),
    all_or_nothing=drop(of("DispatcherFunction", "Events/Jobs/Properties/FunctionResponseTypes")),
)
def test_the_dispatcher_takes_ten_jobs_and_reports_each_failure(template: Rules):
    mapping = template.properties("DispatcherFunction")["Events"]["Jobs"]["Properties"]
    assert mapping["Queue"] == {"Fn::GetAtt": "JobsQueue.Arn"}
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


# Concurrency


@rule(
    fewer_than_the_mapping=put(
        of("DispatcherFunction", "ReservedConcurrentExecutions/Fn::If/1"), 10
    ),
    always_reserved=put(of("SchedulerFunction", "ReservedConcurrentExecutions"), 5),
    a_ceiling_for_webhooks=put(of("ApiFunction", "ReservedConcurrentExecutions"), 20),
    too_many_by_default=put("Parameters/DispatcherMaximumConcurrency/Default", 1_000),
)
def test_concurrency_is_reserved_on_demand_and_never_below_the_mappings(template: Rules):
    mapping = template.properties("DispatcherFunction")["Events"]["Jobs"]["Properties"]
    at_most = {"Ref": "DispatcherMaximumConcurrency"}
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == at_most
    reserved = {
        name: template.properties(name)["ReservedConcurrentExecutions"]
        for name in template.functions
        if "ReservedConcurrentExecutions" in template.properties(name)
    }
    nothing = {"Ref": "AWS::NoValue"}
    assert reserved == {
        "DispatcherFunction": {"Fn::If": ["HasReservedConcurrency", at_most, nothing]},
        "SchedulerFunction": {"Fn::If": ["HasReservedConcurrency", 5, nothing]},
    }
    # 1,000 is the usual quota of an account, of which 100 cannot be reserved.
    assert template.parameters["DispatcherMaximumConcurrency"]["Default"] + 5 <= 1_000 - 100


@rule(
    tried_again=put(of("SchedulerFunction", "EventInvokeConfig/MaximumRetryAttempts"), 2),
    kept_for_hours=drop(of("SchedulerFunction", "EventInvokeConfig/MaximumEventAgeInSeconds")),
    each_hour=put(of("SchedulerFunction", "Events/EachMinute/Properties/Schedule"), "rate(1 hour)"),
)
def test_the_scheduler_is_called_each_minute_and_a_late_run_is_left_out(template: Rules):
    scheduler = template.properties("SchedulerFunction")
    never_again = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    assert scheduler["EventInvokeConfig"] == never_again
    schedule = scheduler["Events"]["EachMinute"]["Properties"]
    assert schedule == {"Schedule": "rate(1 minute)", "RetryPolicy": never_again}
