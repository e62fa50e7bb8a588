"""The HTTP API of the template: routes, throttles, access log, other origins."""

import json
import re
from pathlib import Path

from campaigns_api.routes.webhooks import routes as webhook_routes
from tests.unit.template_rules import Rules, also, drop, of, put, rule

OPENAPI = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))


def with_path(document):
    settings = document["Resources"]["HttpApiStage"]["Properties"]["AccessLogSettings"]
    settings["Format"] = '{"path":"$context.path"}'


@rule(
    the_path_with_its_ids=with_path,
    no_log=drop(of("HttpApiStage", "AccessLogSettings")),
)
def test_the_access_log_tells_neither_path_nor_query_nor_header_nor_person(template: Rules):
    log_format = template.properties("HttpApiStage")["AccessLogSettings"]["Format"]
    assert "\n" not in log_format
    assert set(json.loads(log_format).values()) == {
        "$context.requestId",
        "$context.requestTime",
        "$context.httpMethod",
        "$context.routeKey",
        "$context.status",
        "$context.integrationStatus",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.responseLength",
    }


@rule(a_key_with_an_id=put(of("HttpApiWebhookRoute", "RouteKey"), "POST /api/webhooks/{instance}"))
def test_the_key_of_a_route_names_no_part_of_a_path_that_could_be_an_id(template: Rules):
    """The access log tells keys of routes."""
    keys = [template.properties(name)["RouteKey"] for name in routes(template)]
    assert {part for key in keys for part in re.findall(r"\{[^}]+\}", key)} <= {"{proxy+}"}


@rule(
    no_default=drop("Resources/HttpApiDefaultRoute"),
    another_target=put(of("HttpApiWebhookRoute", "Target"), {"Fn::Sub": "integrations/x"}),
    another_function=put(of("ApiFunction", "FunctionName"), {"Fn::Sub": "${AWS::StackName}-x"}),
    a_function_that_comes_later=drop("Resources/HttpApiIntegration/DependsOn"),
)
def test_every_path_and_method_falls_through_to_our_function(template: Rules):
    keys = {template.properties(route)["RouteKey"] for route in routes(template)}
    targets = [template.properties(route)["Target"] for route in routes(template)]
    assert "$default" in keys
    assert targets == [{"Fn::Sub": "integrations/${HttpApiIntegration}"} for _ in targets]
    name = template.properties("ApiFunction")["FunctionName"]["Fn::Sub"]
    uri = template.properties("HttpApiIntegration")["IntegrationUri"]["Fn::Sub"]
    assert uri.endswith(f":function:{name}")
    assert template.resources["HttpApiIntegration"].get("DependsOn") == "ApiFunction"


@rule(
    no_limit=drop(of("HttpApiStage", "DefaultRouteSettings/ThrottlingRateLimit")),
    one_limit_for_all=put(of("HttpApiStage", "RouteSettings"), {}),
    the_same_limit=put(
        of("HttpApiStage", "DefaultRouteSettings"),
        {
            "ThrottlingRateLimit": {"Ref": "WebhookRateLimit"},
            "ThrottlingBurstLimit": {"Ref": "WebhookBurstLimit"},
        },
    ),
    a_route_that_comes_later=drop("Resources/HttpApiStage/DependsOn"),
)
def test_a_storm_of_webhooks_uses_up_no_operators_requests(template: Rules):
    stage = template.properties("HttpApiStage")
    (key,) = stage["RouteSettings"]
    (route,) = [name for name in routes(template) if template.properties(name)["RouteKey"] == key]
    assert route == template.resources["HttpApiStage"].get("DependsOn")
    method, path = key.split()
    assert (method, path) == ("POST", "/api/webhooks/{proxy+}")
    assert webhook_routes.prefix.startswith(path.removesuffix("{proxy+}"))
    defaults, own = stage["DefaultRouteSettings"], stage["RouteSettings"][key]
    assert own.keys() == defaults.keys() == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
    assert all(own[limit] != defaults[limit] for limit in own)


# Other origins


CORS = of("HttpApi", "CorsConfiguration/Fn::If")


@rule(
    open_to_all=put("Parameters/CorsAllowedOrigins/Default", "*"),
    always_there=put(of("HttpApi", "CorsConfiguration"), {"AllowOrigins": ["*"]}),
    turned_round=put(f"{CORS}/2", {"AllowOrigins": ["*"]}),
    with_cookies=put(f"{CORS}/1/AllowCredentials", True),
)
def test_no_page_of_another_origin_may_call_until_it_is_named(template: Rules):
    assert template.parameters["CorsAllowedOrigins"]["Default"] == ""
    condition, cors, otherwise = template.properties("HttpApi")["CorsConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("HasCors", {"Ref": "AWS::NoValue"})
    assert cors["AllowOrigins"] == {"Ref": "CorsAllowedOrigins"}
    assert "AllowCredentials" not in cors


@rule(
    any_origin=put("Parameters/CorsAllowedOrigins/AllowedPattern", ".*"),
    secure_ones_only=put("Parameters/CorsAllowedOrigins/AllowedPattern", "^https://[a-z.]*$"),
)
def test_an_origin_is_a_scheme_and_a_host_and_never_all(template: Rules):
    """CloudFormation holds each member of the list against the pattern."""
    pattern = template.parameters["CorsAllowedOrigins"]["AllowedPattern"]
    for origin in ("", "https://console.example.com", "http://localhost:5173"):
        assert re.fullmatch(pattern, origin)
    for other in ("*", "https://*", "console.example.com", "https://a.example.com/path", "null"):
        assert not re.fullmatch(pattern, other)


@rule(
    no_patch=put(f"{CORS}/1/AllowMethods", ["GET", "POST"]),
    any_method=also(f"{CORS}/1/AllowMethods", "*"),
    no_key=put(f"{CORS}/1/AllowHeaders", ["content-type"]),
    any_header=put(f"{CORS}/1/AllowHeaders", ["*"]),
    hidden_tags=put(f"{CORS}/1/ExposeHeaders", ["link"]),
)
def test_a_page_may_send_and_read_what_the_api_takes_and_gives(template: Rules):
    _, cors, _ = template.properties("HttpApi")["CorsConfiguration"]["Fn::If"]
    operations = [
        (method, operation)
        for path in OPENAPI["paths"].values()
        for method, operation in path.items()
    ]
    assert sorted(cors["AllowMethods"]) == sorted({method.upper() for method, _ in operations})
    taken = {
        parameter["name"].lower()
        for _, operation in operations
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "header"
    }
    # Said of every operation at once.
    assert {"Authorization", "Accept-Language"} <= set(words_of(OPENAPI["info"]["description"]))
    always = {"authorization", "accept-language", "content-type"}
    assert set(cors["AllowHeaders"]) == taken | always
    given = {
        name.lower()
        for _, operation in operations
        for answer in operation["responses"].values()
        for name in answer.get("headers", {})
    }
    told = {"Idempotent-Replayed", "Retry-After", "X-Request-Id"}
    assert told <= set(words_of(OPENAPI["info"]["description"]))
    assert set(cors["ExposeHeaders"]) == given | {name.lower() for name in told}


def words_of(text: str) -> list[str]:
    return re.findall(r"[A-Za-z-]+", text)


def routes(template: Rules) -> list[str]:
    return template.of_type("AWS::ApiGatewayV2::Route")
