"""What is wrong with a sources file: every problem at once, each with its place and its cure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: ``place`` is the path inside the YAML, ``line`` counts from 1 (0 where it is unknown), ``cure`` says what to write instead."""

    place: str
    line: int
    message: str
    cure: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        place = f"{self.place}: " if self.place else ""
        cure = f"; {self.cure}" if self.cure else ""
        return f"{where}{place}{self.message}{cure}"


class SourcesError(ValueError):
    """The file cannot be used; ``problems`` holds everything that is wrong with it."""

    def __init__(self, path: Path, problems: tuple[Problem, ...]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
