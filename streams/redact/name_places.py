"""Places where a name stands, whatever the language: after a title, in a salutation, in a field and under a closing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_UPPER: Final = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪĮĶĻŁŃŅŇŌŐŘŚŞŠŢŤŪŮŰŲŹŻŽ]"
NAME_WORD: Final = (
    rf"(?:(?:Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|O['’]|D['’]|L['’]|d['’]|Dell['’]){_UPPER}[^\W\d_A-Z]+|{_UPPER}[^\W\d_A-Z]+)(?:[-'’]{_UPPER}?[^\W\d_A-Z]+)*"
)
PARTICLE: Final = r"(?:de|la|le|del|della|di|da|dos|van|von|zu|zur|der|den|ter|ten|y|i|al|bin|el|du|des)"
_NAME: Final = rf"(?P<name>(?:{PARTICLE}[ ]){{0,2}}{NAME_WORD}(?:[ ](?:{PARTICLE}[ ]){{0,2}}(?:{NAME_WORD}|{_UPPER}\.)){{0,4}})"
_TITLES: Final = (
    r"Mr Mrs Ms Miss Mx Dr Prof Professor Sir Doctor Rev Judge Nurse Captain",
    r"Herrn? Frau Doktor Dipl\.-Ing Kolleg(?:e|in) herr frau",
    r"Mme Mlle Madame Monsieur Mademoiselle Docteur Professeur Maître monsieur madame professeure? docteure? maître coordonnateur coordinatrice collègue",
    r"Sra? Srta Señor Señora Señorita Don Doña Dra Lic Arq Abg Ldo Lda Doctora Profe Profesora? señor señora señorita sra? don doña doctora? profesora? colega",
    r"Sig\.na Sig\.ra Sig Signora? Dott\.ssa Dott Dottor Dottoressa Professore Professoressa Avv Ing",
    r"signora? sig\.ra sig dott\.ssa dott prof professore professoressa avv avvocat[oa] ing arch geom collega",
)
"""Of the English, German, French, Spanish and Italian; in lower case where that is how they stand before a name in running text."""
_TITLE: Final = rf"(?:(?:{'|'.join(' '.join(_TITLES).split())})\.?|M\.|D\.ª)"
_TITLED: Final = re.compile(rf"(?<![\w.])(?:{_TITLE}[ ]){{1,3}}{_NAME}")
_GREETING: Final = (
    r"(?:Dear|Hi|Hello|Hey|Good (?:morning|afternoon|evening)|Hallo|Liebe[r]?|Sehr geehrte[rs]?|Guten (?:Tag|Morgen|Abend)|Moin|Servus|Bonjour|Bonsoir|Cher|Chère|Salut|"
    r"Hola|Estimad[oa]|Querid[oa]|Buen[oa]s (?:días|tardes)|Apreciad[oa]|Ciao|Gentile|Gentilissim[oa]|Egregi[oa]|Car[oa]|Buongiorno|Buonasera|Salve)"
)
_SALUTATION: Final = re.compile(rf"^[ \t>]{{0,8}}{_GREETING},?[ ](?:{_TITLE}[ ]){{0,2}}{_NAME}(?=[ \t]*(?:[,!:;.]|$))", re.MULTILINE)
_FIELD: Final = re.compile(
    r"(?:^|(?<=[|;,(]))[ \t>*|_-]{0,8}(?:(?:full |first |last |sur|fore|family |given |user |customer |employee |contact )?name(?:\(s\))?|nom|prénom|nom complet|nombre|nombre completo|apellidos?|nome|cognome|"
    r"vorname|nachname|familienname|contact|contact person|assigned to|assignee|reporter|reported by|author|autor|auteur|autore|owner|created by|approved by|reviewed by|reviewer|"
    r"requested by|requester|(?:line )?manager|supervisor|customer|employee|patient|tenant|ansprechpartner(?:in)?|bearbeiter(?:in)?|kontakt|verantwortlich|zuständig|kunde|kundin|"
    r"responsable|interlocuteur|client|cliente|titular|titolare|referente|solicitante|destinatario|from|to|cc|attn|von|an|de|da|signed|signature)"
    rf"[ \t*_]{{0,4}}[:|][ \t*_|]{{0,4}}(?:(?-i:{_TITLE})[ ]){{0,2}}(?-i:{_NAME})(?=[ \t]*(?:[,;|(<*]|$))",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING: Final = re.compile(
    r"^[ \t>]{0,8}(?:(?:best|kind|warm|many|kindest|warmest) (?:regards|wishes|thanks)|regards|best|thanks(?: again| a lot)?|thank you|many thanks|cheers|sincerely(?: yours)?|yours(?: \w+)?|respectfully|"
    r"mit (?:freundlichen|besten|herzlichen|lieben) grüßen|(?:viele|liebe|beste|freundliche|schöne|herzliche) grüße|gruß|vg|lg|mfg|cordialement|bien (?:cordialement|à vous)|"
    r"(?:sincères|meilleures|cordiales) salutations|amicalement|merci|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|gracias|un abrazo|"
    r"(?:cordiali|distinti|cari|tanti) saluti|saluti|un (?:caro )?saluto|cordialmente|grazie|all the best|take care|talk soon|see you(?: soon)?|bis (?:bald|dann|später)|"
    r"(?:bien )?à (?:toi|vous|bientôt|plus)|bien à toi|bises|hasta (?:luego|pronto)|abrazos?|a presto|un abbraccio|ci sentiamo"
    rf")[ ,.!]{{0,3}}\n[ \t>]{{0,8}}[-–—]{{0,2}}[ ]?(?:(?-i:{_TITLE})[ ]){{0,2}}(?-i:{_NAME})(?=[ \t]*(?:[,|(]|$))",
    re.IGNORECASE | re.MULTILINE,
)
_THANKED: Final = re.compile(
    rf"(?<!\w)(?:[Tt]hanks|[Tt]hx|[Tt]hank you|[Cc]heers|[Dd]anke(?: dir)?|[Mm]erci|[Gg]racias|[Gg]razie)(?: (?:a lot|so much|again|schön|beaucoup|mille))?[ ,]{{1,2}}{_NAME}(?=[ \t]*(?:[!,.:;)]|$))",
    re.MULTILINE,
)
_MENTIONED: Final = re.compile(rf"(?<!\S)@(?P<name>{NAME_WORD})(?=[ ,:!?]|$)", re.MULTILINE)
_GROUPS: Final = re.compile(
    r"\b(?:team|all|everyone|everybody|folks|there|world|sir|madam|colleagues?|customers?|support|damen|herren|kolleg\w*|zusammen|kunde\w*|kundin\w*|tous|toutes|équipe|collègues?|"
    r"client\w*|todos|todas|equipo|colegas|tutti|tutte|colleghi|cliente|friends?|none|unknown|n/a|admin|name|date|email|phone|the|your|you|this)\b",
    re.IGNORECASE,
)


def find_placed(masked: str) -> Iterator[tuple[int, int]]:
    """Start and end of each name in its place; ``masked`` has blanks over code, links, tokens and markup."""
    for place in (_TITLED, _SALUTATION, _FIELD, _CLOSING, _THANKED, _MENTIONED):
        for match in place.finditer(masked):
            if not _GROUPS.search(match.group("name")):
                yield match.span("name")
