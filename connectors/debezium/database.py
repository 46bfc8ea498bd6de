"""Connections to a source's database. A driver's error becomes one sentence with its cure; a password never gets into either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from connectors.debezium.errors import DatabaseError
from contracts.sources import PostgresSource, SecretMissingError, environment, resolve_secret

Connection = psycopg.Connection[TupleRow]
_CURES: Final = {
    psycopg.errors.InvalidPassword: "Check connection.user and the secret that connection.password refers to.",
    psycopg.errors.InvalidAuthorizationSpecification: "Check connection.user, and the server's pg_hba.conf for this user, database and address.",
    psycopg.errors.InvalidCatalogName: "Check connection.database.",
    psycopg.errors.InsufficientPrivilege: "Have its owner grant it to connection.user.",
}


@contextmanager
def connected(source: PostgresSource, environ: Mapping[str, str] | None = None) -> Iterator[Connection]:
    """An autocommit connection as the source's user; any error of the driver inside the block leaves it as a DatabaseError."""
    where = f"{source.connection.host}:{source.connection.port}/{source.connection.database}"
    try:
        with psycopg.connect(connection_info(source, environ), autocommit=True) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise DatabaseError(f"The database {where} of source {source.name} is out of reach: {_first_line(error)}", _cure(error)) from error
    except psycopg.Error as error:
        raise DatabaseError(f"The database {where} of source {source.name} refuses: {_first_line(error)}", _cure(error)) from error


def connection_info(source: PostgresSource, environ: Mapping[str, str] | None = None, options: str = "") -> str:
    """Connection string of libpq, password included: for the driver alone, never for a log."""
    connection = source.connection
    try:
        password = None if connection.password is None else resolve_secret(connection.password, environment() if environ is None else environ)
    except SecretMissingError as error:
        raise DatabaseError(f"The password of source {source.name} is missing.", str(error)) from error
    return psycopg.conninfo.make_conninfo(
        "",
        host=connection.host,
        port=connection.port,
        dbname=connection.database,
        user=connection.user,
        password=password,
        sslmode=connection.sslmode,
        connect_timeout=5,
        application_name="headrace",
        options=options,
    )


def _first_line(error: psycopg.Error) -> str:
    text = str(error).strip()
    lines = text.splitlines()
    fatal = next((line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line), "")
    return fatal or (lines[0] if lines else type(error).__name__)


def _cure(error: psycopg.Error) -> str:
    text = str(error)
    for kind, cure in _CURES.items():
        if isinstance(error, kind):
            return cure
    if "password authentication failed" in text or "no password supplied" in text:
        return _CURES[psycopg.errors.InvalidPassword]
    if "no pg_hba.conf entry" in text or ("role" in text and "does not exist" in text):
        return _CURES[psycopg.errors.InvalidAuthorizationSpecification]
    if "does not exist" in text:
        return _CURES[psycopg.errors.InvalidCatalogName]
    return "Start it, or correct connection.host and connection.port in sources.yaml."
