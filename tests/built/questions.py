"""Run with the folders of packages as arguments: prints answers to all that a layer may lack."""

import hashlib
import json
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath

sys.path[:0] = sys.argv[1:]


def holidays() -> dict[str, str]:
    from campaigns.domain.holiday_calendar import HolidayCalendar

    calendar = HolidayCalendar()
    return {
        entry.day.isoformat(): entry.name
        for year in range(2015, 2045)
        for entry in calendar.entries(year)
    }


def phones() -> dict[str, list[object]]:
    """An example of every kind of number in every country and in none, read and judged."""
    import phonenumbers as p
    from phonenumbers import PhoneNumberType

    told: dict[str, list[object]] = {}
    examples = [
        p.example_number_for_type(region, kind)
        for region in sorted(p.SUPPORTED_REGIONS)
        for kind in PhoneNumberType.values()
    ]
    examples += map(p.example_number_for_non_geo_entity, p.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
    for example in filter(None, examples):
        text = p.format_number(example, p.PhoneNumberFormat.INTERNATIONAL)
        judged = p.parse(text, "BR")
        reason = p.is_possible_number_with_reason(judged)
        told[text] = [p.region_code_for_number(judged), p.is_valid_number(judged), reason]
    return told


def zones() -> dict[str, str]:
    reset_tzpath(to=[])  # Lambda's machine has no zones of its own
    day = datetime(2026, 11, 23, tzinfo=UTC)
    return {zone: str(day.astimezone(ZoneInfo(zone))) for zone in sorted(available_timezones())}


def clients() -> dict[str, dict[str, object]]:
    """What each client can do, and where in the world it would call."""
    import boto3
    from botocore.config import Config

    session = boto3.Session("key", "secret", region_name="sa-east-1")
    told: dict[str, dict[str, object]] = {}
    for service in ("dynamodb", "kms", "lambda", "sqs", "ssm"):
        client = session.client(service)
        model = client.meta.service_model
        told[service] = {
            "endpoint": client.meta.endpoint_url,
            "operations": [
                [name, client.can_paginate(method), model.operation_model(name).http]
                for method, name in client.meta.method_to_api_mapping.items()
            ],
            "waiters": client.waiter_names,
            "retries": [
                session.client(service, config=Config(retries={"mode": mode})).meta.config.retries
                for mode in ("legacy", "standard", "adaptive")
            ],
            "china": session.client(service, region_name="cn-north-1").meta.endpoint_url,
        }
    return told


def names_of_pydantic() -> dict[str, str]:
    import pydantic

    return {name: str(type(getattr(pydantic, name))) for name in pydantic.__all__}


def certificates() -> list[bool]:
    """Whether TLS finds some, for AWS and for Evolution: a machine may have added its own."""
    import ssl

    import certifi
    from botocore.httpsession import get_cert_path

    files = [get_cert_path(verify=True), certifi.where()]
    return [len(ssl.create_default_context(cafile=file).get_ca_certs()) > 100 for file in files]


def documentation() -> str:
    from campaigns_api.documentation_page import documentation_page

    return hashlib.sha256(documentation_page("{}").encode()).hexdigest()


def http() -> str:
    """A client and a request that ends at a closed port, through every layer of httpx."""
    import httpx

    try:
        httpx.Client(http2=False).get("http://127.0.0.1:9/")
    except httpx.ConnectError as error:
        return type(error).__name__
    return "answered"


QUESTIONS = (holidays, phones, zones, clients, names_of_pydantic, certificates, documentation, http)
json.dump({question.__name__: question() for question in QUESTIONS}, sys.stdout)
