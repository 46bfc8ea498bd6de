"""The one file that declares what is indexed: ``load_sources(path)`` gives it frozen and checked.

The connectors make their configuration from it and the normaliser its mapping, so that both agree by construction.
"""

from contracts.sources.captured import Captured
from contracts.sources.clickhouse import ClickHouseSource, ClickHouseTable
from contracts.sources.custom import CustomSource
from contracts.sources.declared import Source, Sources
from contracts.sources.loader import environment, json_schema, load_sources, parse_sources
from contracts.sources.model import ENTITIES, REGIONS, Connection, Entity, PostgresSource, RedactionPolicy, Table, TableSource
from contracts.sources.parts import Condition, ConditionValue, Exclusion
from contracts.sources.problems import Problem, SourcesError
from contracts.sources.related import Related
from contracts.sources.rest import ConfluenceSource, JiraSource, RestSource, ZendeskSource
from contracts.sources.secrets import SecretMissingError, connect_reference, resolve_secret
from contracts.sources.template import InvalidTemplateError, Placeholder, Template, parse_column_or_template, parse_template

__all__ = [
    "ENTITIES",
    "REGIONS",
    "Captured",
    "ClickHouseSource",
    "ClickHouseTable",
    "Condition",
    "ConditionValue",
    "ConfluenceSource",
    "Connection",
    "CustomSource",
    "Entity",
    "Exclusion",
    "InvalidTemplateError",
    "JiraSource",
    "Placeholder",
    "PostgresSource",
    "Problem",
    "RedactionPolicy",
    "Related",
    "RestSource",
    "SecretMissingError",
    "Source",
    "Sources",
    "SourcesError",
    "Table",
    "TableSource",
    "Template",
    "ZendeskSource",
    "connect_reference",
    "environment",
    "json_schema",
    "load_sources",
    "parse_column_or_template",
    "parse_sources",
    "parse_template",
    "resolve_secret",
]
