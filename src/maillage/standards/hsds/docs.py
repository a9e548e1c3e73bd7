"""The description of the API as a plain page: server-rendered from its OpenAPI, no script, nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


class Docs(DocsBase):
    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        openapi = api.get_openapi_schema()
        operations = [
            {
                "method": method.upper(), "path": path, "title": said.get("summary", ""), "description": said.get("description", ""),
                "parameters": [parameter(p) for p in said.get("parameters", ())], "answers": sorted(str(code) for code in said.get("responses", {})),
            }
            for path, methods in openapi["paths"].items()
            for method, said in methods.items()
        ]  # fmt: skip
        context = {
            "title": openapi["info"]["title"], "description": openapi["info"].get("description", ""), "operations": operations,
            "json_url": reverse("hsds:openapi-json"), "profile_url": reverse("hsds:profile"),
        }  # fmt: skip
        return render(request, "standards/hsds.html", context)


def parameter(told: dict[str, Any]) -> dict[str, Any]:
    schema = told.get("schema", {})
    kinds = [schema, *schema.get("anyOf", ())]
    kind = next(
        (
            k.get("format") or k.get("type") or "/".join(k.get("enum", ()))
            for k in kinds
            if k.get("type") != "null" and (k.get("type") or k.get("enum"))
        ),
        "",
    )
    return {"name": told["name"], "kind": kind, "description": schema.get("description") or told.get("description", "")}
