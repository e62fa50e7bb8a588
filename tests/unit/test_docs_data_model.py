"""docs/data-model.md and the code say the same, in both directions."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from pynamodb.attributes import MapAttribute

from campaigns.adapters import dynamodb
from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import INDEXES, Item, Key
from campaigns.domain import campaign, direct_message, recipient
from campaigns.domain.books import BOOKED
from campaigns.domain.contact import ContactDraft
from campaigns.domain.model import LaneKey
from campaigns.domain.webhook_event import ConnectionChange, Inbound
from tests.fakes.dynamodb import REGION, create_table
from tests.fakes.world import a_world

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
#: Arguments that a key function may ask for, and what follows from them.
ARGUMENTS: Mapping[str, Any] = {
    "tenant_id": "tn_1",
    "campaign_id": "cp_1",
    "instance_id": "in_1",
    "contact_id": "ct_1",
    "group_id": "gr_1",
    "tag": "vip",
    "place": "ana\x1fct_1",
    "recipient_id": "rc_1",
    "review_id": "or_1",
    "message_id": "ms_1",
    "log_id": "lg_1",
    "direct_message_id": "dm_1",
    "entry_id": "au_1",
    "key_id": "key",
    "person": "hash",
    "digest": "digest",
    "day": "2026-11-22",
    "kind": "CONTACTS",
    "whatsapp_message_id": "3EB0",
    "shard": 3,
    "number": 7,
    "sequence": 12_345,
    "block": 12,
    "key": LaneKey("tn_1", "cp_1", "in_1"),
}


def table_under(heading: str) -> list[list[str]]:
    """The rows of the first table after a heading, without backticks, without its head."""
    section = re.split(rf"^##+ {re.escape(heading)}$", PAGE, flags=re.MULTILINE)[1]
    rows: list[list[str]] = []
    for line in section.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
        elif rows:
            break
    return rows[2:]


def columns(rows: list[list[str]], *wanted: int) -> dict[str, tuple[str, ...]]:
    assert len({row[0] for row in rows}) == len(rows), "something is told twice"
    return {row[0]: tuple(row[column] for column in wanted) for row in rows}


def every_table_with(head: str) -> list[list[str]]:
    """The rows of all tables that have this head."""
    rows: list[list[str]] = []
    for part in PAGE.split(head + "\n")[1:]:
        for line in part.splitlines()[1:]:
            if not line.startswith("|"):
                break
            rows.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
    return rows


def subclasses(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def shapes() -> dict[str, Any]:
    """Every item and map that the adapters store, by name."""
    for module in pkgutil.iter_modules(dynamodb.__path__):
        importlib.import_module(f"{dynamodb.__name__}.{module.name}")
    found: list[Any] = [*subclasses(Item), *subclasses(MapAttribute)]
    return {each.__name__: each for each in found if each.__module__.startswith("campaigns.")}


def attributes_of(shape: Any) -> dict[str, str]:
    return {
        attribute.attr_name: attribute.attr_type + ("?" if attribute.null else "")
        for attribute in shape.get_attributes().values()
        if attribute.attr_name not in {"pk", "sk"}
    }


def key_functions() -> dict[str, Any]:
    return {
        name: function
        for name, function in inspect.getmembers(keys, inspect.isfunction)
        if function.__module__ == keys.__name__ and not name.startswith("_")
    }


def called(function: Any) -> Any:
    return function(**{name: ARGUMENTS[name] for name in inspect.signature(function).parameters})


def test_every_key_function_is_on_the_page_and_makes_what_the_page_says() -> None:
    told = columns(table_under("Keys"), 1, 2)
    partitions = columns(every_table_with("| key function | value |"), 1)
    written = {
        name: Key(*(pattern.format(**ARGUMENTS) for pattern in patterns))
        for name, patterns in told.items()
    } | {name: pattern.format(**ARGUMENTS) for name, (pattern,) in partitions.items()}

    assert written == {name: called(function) for name, function in key_functions().items()}


def test_every_shape_is_on_the_page_with_its_attributes_and_their_types() -> None:
    headings = re.findall(r"^##+ `(\w+)`$", PAGE, flags=re.MULTILINE)
    told = {name: columns(table_under(f"`{name}`"), 1) for name in headings}

    # A name with a gap is data: no shape has it, and what is stored is held to it below.
    assert {
        name: {attribute: kind for attribute, (kind,) in rows.items() if "{" not in attribute}
        for name, rows in told.items()
    } == {name: attributes_of(shape) for name, shape in shapes().items()}


def test_the_keys_name_a_shape_for_each_item_but_for_those_whose_names_are_data() -> None:
    items = {item for (item,) in columns(table_under("Keys"), 3).values()}
    only_in_an_index = {"DueItem", "ListedItem"}
    kinds = {each.__name__ for each in subclasses(Item)}

    assert items - {"counters", "values"} == kinds & shapes().keys() - only_in_an_index


def test_the_indexes_of_page_template_code_and_fake_are_the_same() -> None:
    told = {
        name: (partition, sort, frozenset(carries.split(", ")) - {"keys"})
        for name, (partition, sort, carries) in columns(table_under("Indexes"), 1, 2, 3).items()
    }
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        create_table("campaigns")
        fake = client.describe_table(TableName="campaigns")["Table"]

    assert told == described(template_table())
    assert told == described(fake)
    assert {name: (partition, sort) for name, (partition, sort, _) in told.items()} == {
        name: (f"{partition} (S)", "" if sort is None else f"{sort} ({type_of(sort)})")
        for name, (partition, sort) in INDEXES.items()
    }


def type_of(attribute: str) -> str:
    """The one type that all shapes give it."""
    (kind,) = {
        attributes_of(shape)[attribute].rstrip("?")
        for shape in shapes().values()
        if attribute in attributes_of(shape)
    }
    return kind


def described(table: Mapping[str, Any]) -> dict[str, tuple[str, str, frozenset[str]]]:
    """What CloudFormation or DynamoDB says of a table's indexes, as the page says it."""
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    found = {}
    for index in table["GlobalSecondaryIndexes"]:
        names = {part["KeyType"]: part["AttributeName"] for part in index["KeySchema"]}
        parts = {kind: f"{name} ({types[name]})" for kind, name in names.items()}
        carried = frozenset(index["Projection"].get("NonKeyAttributes", []))
        assert index["Projection"]["ProjectionType"] == ("INCLUDE" if carried else "KEYS_ONLY")
        found[index["IndexName"]] = (parts["HASH"], parts.get("RANGE", ""), carried)
    return found


def template_table() -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        """CloudFormation's short forms say nothing of the table's keys."""

    Loader.add_multi_constructor("!", lambda *_: None)
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    properties: dict[str, Any] = Loader(text).get_single_data()["Resources"]["Table"]["Properties"]
    return properties


@pytest.mark.parametrize(
    ("head", "moves"),
    [
        ("campaign", [(before.value, after.value) for before, after in campaign.MOVES]),
        (
            "recipient",
            [
                (before.value, after.value)
                for before, afters in recipient.MOVES.items()
                for after in afters
            ],
        ),
        (
            "direct message",
            [
                (before.value, after.value)
                for before, afters in direct_message.MOVES.items()
                for after in afters
            ],
        ),
    ],
)
def test_the_states_and_their_moves_are_those_of_the_code(
    head: str, moves: list[tuple[str, str]]
) -> None:
    rows = columns(every_table_with(f"| {head} | may become |"), 1)
    told = {
        (before, after) for before, (cell,) in rows.items() for after in cell.split(", ") if after
    }
    kinds = {
        "campaign": campaign.CampaignStatus,
        "recipient": recipient.RecipientStatus,
        "direct message": direct_message.DirectStatus,
    }

    assert told == set(moves)
    assert rows.keys() == set(kinds[head])


def test_a_campaign_stores_nothing_that_the_page_does_not_tell() -> None:
    told = stored_on_the_page()
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(3)
        world.app.contacts.create(
            world.tenant_id, ContactDraft("(11) 99000-8000", name="Ana", tags=("vip",))
        )
        group_id = world.app.groups.create(world.tenant_id, "Osasco", "").group.group_id
        world.app.groups.add_contacts(world.tenant_id, group_id, contacts[:1])
        world.app.contacts.opt_out(world.tenant_id, contacts[0], reason=None, source="key:test")
        world.app.tenants.put_holiday(world.tenant_id, date(2026, 11, 30), "Inventário")
        world.app.idempotency.begin(world.tenant_id, "key", "POST", "/", "digest")
        instance = world.app.instance_store.read(world.instance_id)
        assert instance is not None
        world.app.watch_connection(instance, ConnectionChange())
        world.app.take_inbound(instance, Inbound("3A1", "7@lid", text="SAIR", push_name="Bia"))
        world.app.aliases.learn(world.tenant_id, "8@lid", "person")
        world.start_running(1)
        stored = scan(world.app.table.name)
        campaign_id = world.started(contacts)
        world.run_until_over(campaign_id)
        world.app.direct.test_text(
            world.tenant_id,
            world.instance_id,
            phone="(11) 99000-9000",
            text="Oi",
            contact_id=None,
        )
        world.run(60)
        stored += scan(world.app.table.name)

    seen = set()
    for item in stored:
        (name,) = [
            name
            for name, (pattern, _) in told.items()
            if pattern.fullmatch(f"{item['pk']['S']} {item['sk']['S']}")
        ]
        seen.add(name)
        names = item.keys() - {"pk", "sk"}
        if name == "campaign_values":
            continue
        assert {data_named(each) for each in names} <= told[name][1]
    # Those gone by the time of both looks: laid, both within the same second; and no draft was
    # deleted.
    assert told.keys() - seen <= {"laying", "campaign_source", "removal"}


def data_named(attribute: str) -> str:
    """An attribute as the page writes it: ids in its name are gaps."""
    for ids, gap in (
        (r"\.ms_\w+$", ".{message_id}"),
        (r"#tn_\w+$", "#{tenant_id}"),
        (r"#in_\w+$", "#{instance_id}"),
    ):
        attribute = re.sub(ids, gap, attribute)
    return attribute


def stored_on_the_page() -> dict[str, tuple[re.Pattern[str], set[str]]]:
    """For each key on the page what matches it, and the attributes that may lie there."""
    found = {}
    for name, (partition, sort, item) in columns(table_under("Keys"), 1, 2, 3).items():
        pattern = re.sub(r"\{.*?\}", "[^#]+", f"{partition} {sort}")
        heading = f"`{item}`" if item in shapes() else "Counters and values"
        found[name] = (re.compile(pattern), set(columns(table_under(heading), 1)))
    return found


def scan(table_name: str) -> list[Any]:
    client = boto3.client("dynamodb", region_name=REGION)
    items: list[Any] = client.scan(TableName=table_name)["Items"]
    return items


def test_the_counters_on_the_page_are_those_that_are_booked() -> None:
    told = columns(table_under("Counters and values"), 1).keys()

    assert {str(status) for status in BOOKED} < told
    assert told - BOOKED == {
        "times_sent.{message_id}",
        "responses.{message_id}",
        "last_send_at",
        "moves",
        "changed_at",
    }
