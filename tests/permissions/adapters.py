"""Which operations of AWS the adapters contain, read from their sources."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

from tests.permissions.calls import OR, TRANSACTIONS
from tests.permissions.recordings import ROOT

LAYER = ROOT / "layers" / "common" / "python" / "campaigns"
ADAPTERS = LAYER / "adapters"
#: Methods of boto3's, botocore's and our own that make a client of the service that they are given.
_MAKERS = {"client", "create_client", "resource"}


class Hidden(Exception):
    """Which operation is called there is not to be seen: it has to be written another way."""


def services(layer: Path = LAYER) -> set[str]:
    """The services for which clients are made. PynamoDB makes DynamoDB's."""
    found = {"dynamodb"}
    for path in sorted(layer.rglob("*.py")):
        found |= set(_clients(path))
    return found


def contained(adapters: Path = ADAPTERS, layer: Path = LAYER) -> set[str]:
    """``service:Operation`` of every call in the adapters, or those of which it is one.

    By the name of the method, of whichever services' clients have it: called or handed on; and of
    DynamoDB also by the operation's own name, which PynamoDB takes as a string.
    """
    by_method = _methods(frozenset(services(layer)))
    found: set[str] = set()
    for path in sorted(adapters.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Attribute(attr="get_paginator" | "get_waiter"):
                    raise Hidden(f"{path.name}:{node.lineno}")
                case ast.Attribute(attr=name) if name in by_method:
                    found.add(OR.join(by_method[name]))
                case ast.Constant(value=str(name)) if name in _operations("dynamodb"):
                    found.add(f"dynamodb:{name}")
                case ast.Constant(value=str(name)) if name in TRANSACTIONS:
                    found.add(f"dynamodb:TransactWriteItems/{TRANSACTIONS[name]}")
    return found


def _clients(path: Path) -> Iterator[str]:
    for node in _outside_makers(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr=maker), args=[named, *_]) if maker in _MAKERS:
                if not isinstance(named, ast.Constant):
                    raise Hidden(f"{path.name}:{node.lineno}")
                yield str(named.value)


def _outside_makers(node: ast.AST) -> Iterator[ast.AST]:
    """A function of ours that makes clients hands on what it is given."""
    if isinstance(node, ast.FunctionDef) and node.name in _MAKERS:
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside_makers(child)


@cache
def _operations(service: str) -> frozenset[str]:
    return frozenset(get_session().get_service_model(service).operation_names)


@cache
def _methods(among: frozenset[str]) -> Mapping[str, list[str]]:
    """Operations by the names of boto3's methods, some of which several services have."""
    found: dict[str, list[str]] = {}
    for service in sorted(among):
        for operation in _operations(service):
            found.setdefault(xform_name(operation), []).append(f"{service}:{operation}")
    return found
