"""The command line of a small JVM: serial collector, first compiler tier, and a class data archive where ``make setup`` made one."""

from __future__ import annotations

from pathlib import Path

from operations.stack.site import Site

LOGGING = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders>
    <Console name="out"><PatternLayout pattern="%d{ISO8601} %p %c{1}: %m%n"/></Console>
  </Appenders>
  <Loggers>
    <Root level="INFO"><AppenderRef ref="out"/></Root>
    <Logger name="org.apache.kafka.clients" level="WARN"/>
    <Logger name="org.apache.kafka.common.config.AbstractConfig" level="WARN"/>
    <Logger name="kafka.server.KafkaConfig" level="WARN"/>
    <Logger name="org.apache.kafka.connect.runtime.isolation" level="WARN"/>
    <Logger name="io.debezium.config" level="WARN"/>
  </Loggers>
</Configuration>
"""
"""Client and worker configurations are logged at INFO in full and hold what the providers resolved, so they stay out of the logs."""


def write_logging(site: Site) -> None:
    site.config("log4j2.xml").write_text(LOGGING)


def java_command(site: Site, program: str, heap_mib: int, main: str, *arguments: str) -> list[str]:
    archive = site.binaries.shared_archive(program)
    return [
        site.binaries.java,
        "-Xms64m",
        f"-Xmx{heap_mib}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xss512k",
        "-XX:+ExitOnOutOfMemoryError",
        *([f"-XX:SharedArchiveFile={archive}"] if archive else []),
        "-Xshare:auto",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        f"-Dlog4j2.configurationFile={site.config('log4j2.xml')}",
        "-Djava.awt.headless=true",
        "-cp",
        class_path(site.binaries.kafka_libs),
        main,
        *arguments,
    ]


def class_path(libs: Path) -> str:
    """Every jar by name, sorted: a class data archive is valid for the very class path it was made with."""
    return ":".join(str(jar) for jar in sorted(libs.glob("*.jar")))


def properties(values: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())
