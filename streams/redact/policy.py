"""What a source wants replaced. A value of the policy is part of the redactor's identity: another policy means reading the sources again."""

from __future__ import annotations

from typing import Final, Literal

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel, ConfigDict, Field, field_validator

Entity = Literal["EMAIL", "PHONE", "CARD", "IBAN", "IP", "NATIONAL_ID", "SECRET", "PERSON"]

ENTITIES: Final[tuple[Entity, ...]] = ("EMAIL", "PHONE", "CARD", "IBAN", "IP", "NATIONAL_ID", "SECRET", "PERSON")
REGIONS: Final = ("US", "GB", "DE", "FR", "ES", "IT")


class RedactionPolicy(BaseModel):
    """The tiers, entities and exceptions of one source. The pattern tier is the default; names cost about a hundred times as much per byte."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patterns: bool = Field(default=True, description="replace what a pattern and its checksum can recognise")
    names: bool = Field(default=False, description="replace names of people too: NER, 30 to 100 KB of new text per second")
    entities: tuple[Entity, ...] = Field(default=ENTITIES, description="labels that are replaced; PERSON needs names: true as well")
    regions: tuple[str, ...] = Field(default=REGIONS, description="ISO 3166 countries whose national phone formats and ids are looked for; earlier ones win")
    allow: tuple[str, ...] = Field(default=(), description="never replaced: an exact value, or a mail domain such as ourcompany.example")
    ner_threshold: float = Field(default=0.6, ge=0.0, le=1.0, description="a name found by the model is replaced from this score on")

    @field_validator("regions")
    @classmethod
    def _known_regions(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [region for region in regions if region not in SUPPORTED_REGIONS]
        if unknown:
            raise ValueError(f"unknown regions {', '.join(unknown)}: use ISO 3166 codes such as US, GB, DE")
        return regions
