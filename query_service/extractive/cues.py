"""What kind of thing a question asks for, and whether a sentence holds one that the question did not already name.

English cues only; a question in another language, or of no known kind, expects nothing and is judged without.
"""

from __future__ import annotations

from typing import Final, Literal

import regex

Kind = Literal["time", "amount", "person", "place", "reason"]

_NUMBER_WORDS: Final = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|half|"
    "twice|once|first|second|third|no|none|single|double|both"
)
_MONTHS: Final = "january|february|march|april|may|june|july|august|september|october|november|december"
_TIMES: Final = rf"\d{{4}}|\d+(?:st|nd|rd|th)|century|centuries|{_MONTHS}|monday|tuesday|wednesday|thursday|friday|saturday|sunday|years?|months?|weeks?|days?|hours?|minutes?"
_QUESTIONS: Final[tuple[tuple[Kind, regex.Pattern[str]], ...]] = (
    (
        "amount",
        regex.compile(
            r"\bhow (?:many|much|often|long|old|far|large|big|high|tall|fast)\b|\bwhat (?:number|percent|percentage|amount|share|population)\b", regex.I
        ),
    ),
    ("time", regex.compile(r"\bwhen\b|\b(?:what|which|in what|in which) (?:\w+ )?(?:year|date|day|month|century|decade|time|period|era)\b", regex.I)),
    ("person", regex.compile(r"\bwho(?:m|se)?\b|\bwhich (?:person|king|queen|scientist|engineer|author)\b", regex.I)),
    ("place", regex.compile(r"\bwhere\b|\b(?:what|which) (?:city|country|place|town|state|street|building|district|location|region)\b", regex.I)),
    ("reason", regex.compile(r"\bwhy\b|\bwhat (?:is|was|were|are) the (?:reason|cause)s?\b|\bhow come\b", regex.I)),
)
_ANSWERS: Final[dict[Kind, regex.Pattern[str]]] = {
    "time": regex.compile(rf"\b(?:{_TIMES})\b", regex.I),
    "amount": regex.compile(rf"\d|\b(?:{_NUMBER_WORDS}|daily|weekly|monthly|yearly|annually|always|never)\b", regex.I),
    "person": regex.compile(
        r"(?<=\s)\p{Lu}[\p{L}'’-]+|^\p{Lu}\p{L}+ \p{Lu}\p{L}+|@\w+|\b(?:team|lead|manager|officer|people|staff|office|department|anyone|everyone|nobody)\b"
    ),
    "place": regex.compile(r"(?<=\s)\p{Lu}[\p{L}'’-]+|\b(?:in|at|near|on|under|behind|inside|from) (?:the )?\w+|https?://|\bfolder\b|\bchannel\b"),
    "reason": regex.compile(r"\b(?:because|since|due to|so that|in order to|as a result|therefore|thus|caused?|reasons?|why|to avoid|for this)\b", regex.I),
}


def kind_asked(question: str) -> Kind | None:
    """The first kind whose cue stands earliest in the question."""
    found = [(match.start(), kind) for kind, pattern in _QUESTIONS if (match := pattern.search(question))]
    return min(found)[1] if found else None


def holds(kind: Kind, sentence: str, question: str) -> bool:
    """Whether the sentence names something of that kind which the question does not."""
    named = question.casefold()
    return any(match[0].casefold() not in named for match in _ANSWERS[kind].finditer(sentence))
