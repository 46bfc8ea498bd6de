"""YAML as data with the line of every value; a key that stands twice in a mapping is a problem, not a silent last one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from contracts.sources.problems import Problem

Place = tuple[str | int, ...]


class _Names(yaml.SafeLoader):
    """Keys are names, also ``on``, ``off``, ``yes`` and ``no``, which YAML 1.1 calls truth values."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:bool":
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


@dataclass(frozen=True, slots=True)
class YamlText:
    data: object
    lines: dict[Place, int]
    problems: tuple[Problem, ...]

    def line_of(self, place: Place) -> int:
        """The line of that place, or of the nearest one around it that the text has."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 0)


def show_place(place: Place) -> str:
    """``sources[0].tables[1].title``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def parse_yaml(text: str) -> YamlText:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.load(text, Loader=_Names)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return YamlText(None, {}, (Problem("", line, f"not YAML: {error.problem or error.context}", "check indentation, colons and quotes on this line"),))
    except yaml.YAMLError as error:
        return YamlText(None, {}, (Problem("", 0, f"not YAML: {str(error).splitlines()[0]}", "write the file as UTF-8 text"),))
    lines: dict[Place, int] = {}
    problems = tuple(_walk(node, (), lines)) if node is not None else ()
    return YamlText(data, lines, problems)


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Iterator[Problem]:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*place, index), lines)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                yield Problem(show_place((*place, name)), line, f"written twice, first on line {seen[name]}", "remove one of the two")
            seen.setdefault(name, line)
            lines[(*place, name)] = line
            yield from _walk(value, (*place, name), lines)
