"""Validates bodies against Discord's own OpenAPI description, if its file is available."""

import copy
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from sandbox.discord.errors import FormErrors
from sandbox.discord.model import Json

_REPOSITORY = Path(__file__).resolve().parents[2]


def find_description() -> Path | None:
    """The description's file: `DISCORD_OPENAPI`, or shared/data next to the repository; None if there is none."""
    named = os.environ.get("DISCORD_OPENAPI")
    path = Path(named) if named else _REPOSITORY.parent / "shared" / "data" / "discord-openapi.json"
    return path if path.is_file() else None


class OpenApi:
    """Validators by operation, compiled when first used (and shared by all servers of a process)."""

    def __init__(self, path: Path) -> None:
        self._description = _load(path)
        self._path = path

    def request_errors(self, method: str, template: str, body: Any) -> FormErrors:
        """Errors in a request's JSON by dotted path; empty if it is valid."""
        operation = self._operation(method, template)
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return {}
        return _errors(_validator(self._path, _narrowed(schema, body)), body)

    def response_errors(self, method: str, template: str, status: int, body: Any) -> FormErrors:
        """Errors in a response's JSON by dotted path."""
        answer = self._operation(method, template).get("responses", {}).get(str(status), {})
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        return {} if schema is None else _errors(_validator(self._path, json.dumps(schema)), body)

    def schema_errors(self, name: str, body: Any) -> FormErrors:
        """Errors in a value of a named schema by dotted path."""
        return _errors(_validator(self._path, json.dumps({"$ref": f"#/components/schemas/{name}"})), body)

    def _operation(self, method: str, template: str) -> Json:
        operation: Json = self._description["paths"].get(template, {}).get(method.lower(), {})
        return operation


_CALLBACKS = {
    4: "CreateMessageInteractionCallbackRequest",
    5: "CreateMessageInteractionCallbackRequest",
    6: "UpdateMessageInteractionCallbackRequest",
    7: "UpdateMessageInteractionCallbackRequest",
    8: "ApplicationCommandAutocompleteCallbackRequest",
    9: "ModalInteractionCallbackRequest",
}


def _narrowed(schema: Json, body: Any) -> str:
    """For an interaction callback, the schema of its type: errors then name the field, not "any of six"."""
    branches = [branch.get("$ref", "") for branch in schema.get("anyOf", ())]
    if isinstance(body, dict) and any(branch.endswith("AutocompleteCallbackRequest") for branch in branches):
        kind = body.get("type")
        wanted = _CALLBACKS.get(kind, "") if isinstance(kind, int) else ""
        for branch in branches:
            if wanted and branch.endswith(f"/{wanted}"):
                return json.dumps({"$ref": branch})
    return json.dumps(schema)


_DIGITS = {"type": "string", "pattern": "^[0-9]+$"}


@cache
def _load(path: Path) -> Json:
    description: Json = json.loads(path.read_text(encoding="utf-8"))
    schemas = description["components"]["schemas"]
    # Where Discord accepts a number as well as its string form, the description lists only one of them.
    attachment = schemas["MessageAttachmentRequest"]["properties"]
    attachment["id"] = {"anyOf": [attachment["id"], {"type": "integer", "minimum": 0}]}
    for name in (
        "ApplicationCommandCreateRequest",
        "ApplicationCommandUpdateRequest",
        "ApplicationCommandPatchRequestPartial",
    ):
        command = schemas[name]["properties"]
        command["default_member_permissions"] = {"anyOf": [command["default_member_permissions"], _DIGITS]}
    # Forwards are documented, but missing from the description.
    schemas["MessageReferenceType"]["oneOf"].append({"title": "FORWARD", "const": 1})
    return description


@cache
def _definitions(path: Path) -> Json:
    """All schemas as `$defs`, with references rewritten, so that each validator is self-contained."""
    text = json.dumps(_load(path)["components"]["schemas"])
    definitions: Json = json.loads(text.replace("#/components/schemas/", "#/$defs/"))
    return definitions


@cache
def _validator(path: Path, schema: str) -> jsonschema_rs.Draft202012Validator:
    root = json.loads(schema.replace("#/components/schemas/", "#/$defs/"))
    return jsonschema_rs.Draft202012Validator({**root, "$defs": _used(root, _definitions(path))})


def _used(root: Json, definitions: Json) -> Json:
    """The definitions that a schema reaches: compiling all 539 would take a second."""
    found: Json = {}
    waiting = list(_references(root))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = copy.deepcopy(definitions[name])
            waiting += _references(found[name])
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix("#/$defs/")
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _errors(validator: jsonschema_rs.Draft202012Validator, body: Any) -> FormErrors:
    errors: dict[str, tuple[str, str]] = {}
    for error in validator.iter_errors(body):
        path = ".".join(str(step) for step in error.instance_path)
        errors[path] = ("BASE_TYPE_INVALID", error.message[:300])
    return errors
