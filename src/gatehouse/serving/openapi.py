"""The contract in OpenAPI's words, so that /openapi.json tells what this model takes."""

from typing import Any

from gatehouse.contract import Column
from gatehouse.serving import values
from gatehouse.serving.requests import Reader

TYPES: dict[str, dict[str, Any]] = {
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "category": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
}


def request_body(reader: Reader) -> dict[str, Any]:
    """Return OpenAPI's description of what /predict takes."""
    row = _row(reader)
    rows = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": row, "minItems": 1, "maxItems": reader.maximum_rows}},
        "required": ["rows"],
        "additionalProperties": False,
    }
    schema = {"oneOf": [{**row, "title": "One row"}, {**rows, "title": "Rows"}]}
    example = {name: values.example(column) for name, column in reader.columns.items() if column.role == "feature"}
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def _row(reader: Reader) -> dict[str, Any]:
    required = [name for name, column in reader.columns.items() if not values.optional(column)]
    return {
        "type": "object",
        "properties": {name: _column(column) for name, column in reader.columns.items()},
        "required": required,
        "additionalProperties": False,
    }


def _column(column: Column) -> dict[str, Any]:
    if column.role == "id":
        return {"type": ["string", "integer", "null"], "description": "Logged, so that a label can be joined later."}
    schema = dict(TYPES[column.kind])
    if column.kind in ("number", "integer"):
        schema["minimum"], schema["maximum"] = values.ends(column)
    if column.maximum_missing > 0:
        schema["type"] = [schema["type"], "null"]
    if column.categories:
        # Where a category that the schema does not list is served and counted, there is no enum.
        key = "enum" if values.refuses_unseen(column) else "examples"
        schema[key] = [*column.categories, *([None] if key == "enum" and column.maximum_missing > 0 else [])]
    if column.description:
        schema["description"] = column.description
    return schema
