"""How probable it is that the quoted sentences hold the answer: a logistic function of the evidence, calibrated on questions with known answers.

The coefficients stand in ``coefficients.json`` with the command that computed them and what they reached; they are of one embedding model and one set
of evidence, and the file says of which.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from query_service.extractive.evidence import NAMES, Evidence

FILE: Final = Path(__file__).with_name("coefficients.json")


@dataclass(frozen=True, slots=True)
class Calibration:
    intercept: float
    weights: tuple[float, ...]
    threshold: float
    """Below it the answer is 'I don't know'."""

    def confidence(self, evidence: Evidence) -> float:
        """0 to 1."""
        return 1 / (1 + math.exp(-self.intercept - sum(weight * value for weight, value in zip(self.weights, evidence.values(), strict=True))))


def calibration(path: Path = FILE) -> Calibration:
    """As the file has it. KeyError where it lacks one of the evidence's names: it is of another version."""
    read = json.loads(path.read_text(encoding="utf-8"))
    return Calibration(float(read["intercept"]), tuple(float(read["weights"][name]) for name in NAMES), float(read["threshold"]))
