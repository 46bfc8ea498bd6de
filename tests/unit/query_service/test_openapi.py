"""The API's description is valid, and describes what is served."""

from __future__ import annotations

import json

from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from query_service import openapi
from query_service.wire import QueryRequest, QueryResponse, SearchRequest


def test_it_is_valid_openapi_3_1() -> None:
    document = json.loads(json.dumps(openapi.document()))
    validate(document, cls=OpenAPIV31SpecValidator)


def test_it_is_made_from_the_models() -> None:
    schemas = openapi.document()["components"]["schemas"]
    assert set(schemas["SearchRequest"]["properties"]) == set(SearchRequest.model_fields)
    assert set(schemas["QueryResponse"]["properties"]) == set(QueryResponse.model_fields)
    assert schemas["QueryRequest"]["additionalProperties"] is False
    assert QueryRequest.model_validate_json('{"question": "x"}').max_sources == schemas["QueryRequest"]["properties"]["max_sources"]["default"]
