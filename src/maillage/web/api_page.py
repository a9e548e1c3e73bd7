"""The API's description as a page: server-rendered from its OpenAPI, without script, readable by everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldRow:
    name: str
    type: str
    description: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class ObjectTable:
    name: str
    description: str
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    title: str
    description: str
    sent: tuple[FieldRow, ...]
    example: str
    answers: tuple[tuple[str, str], ...]  # status, name of the object


def page(request: HttpRequest, openapi: Mapping[str, Any], json_url: str) -> HttpResponse:
    objects = openapi.get("components", {}).get("schemas", {})
    context = {
        "title": openapi["info"]["title"],
        "description": openapi["info"].get("description", ""),
        "json_url": json_url,
        "operations": list(operations(openapi)),
        "objects": [
            ObjectTable(name, item.get("description", ""), tuple(rows(item))) for name, item in objects.items()
        ],
    }
    return render(request, "api/docs.html", context)


def operations(openapi: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in openapi["paths"].items():
        for method, said in methods.items():
            body = said.get("requestBody", {}).get("content", {}).get("application/json", {})
            example = json.dumps(body["example"], ensure_ascii=False, indent=2) if "example" in body else ""
            answers = tuple((str(code), _answer(item)) for code, item in said.get("responses", {}).items())
            yield Operation(
                method.upper(),
                path,
                said.get("summary", ""),
                said.get("description", ""),
                tuple(rows(body.get("schema", {}))),
                example,
                answers,
            )


def rows(schema: Schema) -> Iterator[FieldRow]:
    required = schema.get("required", ())
    for name, item in schema.get("properties", {}).items():
        yield FieldRow(name, type_of(item), item.get("description", ""), name in required)


def type_of(item: Schema) -> str:
    """`text or null`, `list of ServiceOut`: the JSON type in a few words."""
    if "$ref" in item:
        return str(item["$ref"]).rpartition("/")[2]
    if options := item.get("anyOf") or item.get("allOf"):
        return " | ".join(dict.fromkeys(type_of(option) for option in options))
    if "enum" in item:
        return " | ".join(json.dumps(value) for value in item["enum"])
    if item.get("type") == "array":
        return f"[{type_of(item.get('items') or {})}]" if "items" in item else "[]"
    return str(item.get("type") or "any")


def _answer(item: Mapping[str, Any]) -> str:
    content = item.get("content", {}).get("application/json", {}).get("schema", {})
    return type_of(content) if content else ""
