"""Keys, tokens and passwords: by a vendor's prefix, by the name they are assigned to, or by their place in a URL."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

from streams.redact.tokens import Span

_PEM_HEAD: Final = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?)-----")
_PEM_LINES: Final = re.compile(r"(?:(?:\\n|\s)*[A-Za-z0-9+/=:,-]{16,})*")

_KNOWN: Final = re.compile(
    r"(?:"
    r"A(?:KIA|SIA|GPA|IDA|ROA|NPA|NVA|IPA)[A-Z0-9]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}|glpat-[\w-]{20,64}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}"
    r"|hooks\.slack\.com/services/[A-Za-z0-9/]{20,128}"
    r"|eyJ(?<![\w-]eyJ)[\w-]{8,4096}\.[\w-]{8,8192}(?:\.[\w-]{0,4096})?"
    r"|AIza[\w-]{35}|ya29\.[\w-]{20,1024}"
    r"|[rsp]k_(?:live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9+/=]{16,128}"
    r"|sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,255}"
    r"|SG\.[\w-]{16,64}\.[\w-]{16,64}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,1024}|hf_[A-Za-z0-9]{30,64}"
    r"|do[opr]_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|ATATT3[\w=-]{50,512}|dapi[0-9a-f]{32}|hvs\.[\w-]{20,255}|AGE-SECRET-KEY-1[A-Z0-9]{58}"
    r"|\d{8,10}:AA[\w-]{33}"
    r")(?![A-Za-z0-9])"
)
# What has to be in a text before an expression is worth its time: a literal is found much sooner.
_KNOWN_HINTS: Final = (
    "AKIA", "ASIA", "AGPA", "AIDA", "AROA", "ANPA", "ANVA", "AIPA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "xapp-", "hooks.slack", "eyJ",
    "AIza", "ya29", "k_live_", "k_test_", "whsec_", "sk-", "SG.", "npm_", "pypi-", "hf_", "_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "ATATT3", "dapi", "hvs.", "AGE-SEC", ":AA",
)  # fmt: skip
_LONG_RUN: Final = re.compile(r"[\w./+:=-]{15}")
_NAME_HINTS: Final = (
    "pass", "pwd", "secret", "token", "key", "credential", "bearer", "authorization", "pw", "kennwort", "schlüssel", "mot", "psw", "psk", "mdp", "clé", "cle ", "jeton",
    "contraseña", "clave", "clef", "llave", "parola d", "chiave", "senha", "wachtwoord", "phrase ", "frase ",
)  # fmt: skip
# What a password is asked for.
_ACCESS_HINTS: Final = (
    "wifi", "wi-fi", "wlan", "ssid", "hotspot", "log-in", "login", "log in", "ged in", "ging in", "signin", "sign in", "sign-in", "unlock", "entsperr", "anmeld", "einlogg", "zugang",
    "connexion", "connecter", "déverrouill", "acces", "acced", "sblocc", "desbloque", "cred", "identifiants", "guest", "gate", "door", "entry", "temp", "one-time", "initial", "default",
    "code", "codice", "código", "geheim",
)  # fmt: skip
_CHANGED_HINTS: Final = ("set", "change", "changé", "ändert", "cambi", "puesto", "impost", "remis")
_PAIR_HINTS: Final = ("admin", "root", "user", "guest", "login", "benutzer", "gast", "utilisateur", "invité", "usuario", "invitado", "utente", "ospite")
_PLACED_HINTS: Final = (" -p", " -w", " -a", " -u", " --user", "SecureString", "pass", "Pass", "login", "masterauth", "net use", "pwd", "Pwd")
_URL_PASSWORD: Final = re.compile(r"://[^\s:/@?#]{0,128}:([^\s/@]{1,256})@")

# Each alternative begins with a letter, so that the engine skips by first letters; that no word goes on before it is therefore asked behind it.
_NAME: Final = re.compile(
    r"(?:passw(?:or)?[dt]e?|passwort|passphrase|passcode|pwd|passwd|secret|token|api[ _-]?key|access[ _-]?key|account[ _-]?key|shared[ _-]?key|private[ _-]?key|"
    r"signing[ _-]?key|encryption[ _-]?key|client[ _-]?secret|credentials?|bearer|authorization|pw(?<![^\W_]pw)\b|pass(?<![^\W_]pass)\b|"
    r"kennwort|phrase (?:secrète|de passe)|frase (?:de paso|de contraseña|segreta|d['’]ordine)|api[ -]?schlüssel|geheimschlüssel|zugangsschlüssel|mot[ _-]de[ _-]passe|psw|psk(?<!\wpsk)\b|mdp(?<!\wmdp)\b|cl[ée] (?:d['’]?api|api|secrète|privée|d['’]accès)|jeton|"
    r"contraseña|clave(?<!\wclave)\b|parola d['’]ordine|chiave (?:api|segreta|privata|di accesso)|senha(?<!\wsenha)\b|wachtwoord)"
)
_ASSIGNED: Final = re.compile(
    r"[\w.-]{0,40}[\"'`*]{0,3}[ \t]{0,4}(?P<op>=>|:=|={1,3}|:|\bis\b|\bist\b|\bes\b|\best\b)[ \t]{0,4}(?P<quote>[\"'`]{0,3})(?:(?:Bearer|Basic|Token|bearer|basic)[ \t]{1,4})?(?P<value>[^\s\"'`<>,;]{4,2048})"
)
# A secret's noun with the value right behind it, or with a few words and a colon between: the value itself must then look like no word of any language.
_FOLLOWED: Final = re.compile(r"[ \t]{1,2}[\"'`*]{0,3}(?P<value>[^\s\"'`<>;|]{8,256})")
_TOLD: Final = re.compile(r"[^\n:=.;!?]{1,60}(?:[:=]|\b(?:is|ist|lautet|est|es|è)\b)[ \t]{1,4}[\"'`*]{0,3}(?P<value>[^\s\"'`<>;|]{8,2048})")
# A password's noun, or what one is asked for, anywhere in the line, and near it something that no language writes.
_PASSWORD: Final = re.compile(
    r"passw|passphrase|passcode|\bp(?:ass|wd|sw|w)\b|kennwort|phrase (?:secrète|de passe)|frase (?:de paso|segreta)|mot[ _-]de[ _-]passe|\bmdp\b|contraseña|parola d['’]ordine|senha|wachtwoord"
    r"|wi-?fi|\bwlan\b|\bssid\b|hotspot|log-?in\b|log(?:ged|ging)?[ -]in\b|sign[ -]?in\b|unlock|entsperr|anmeld|einlogg|zugang|connexion|connecter|déverrouill|accesso|accedere|sblocc|acceso|acceder|desbloque|credencial|credenzial|identifiants"
    r"|\bcreds?\b|(?:access|guest|door|gate|entry|temporary|one[- ]time|initial|default) (?:code|one)|\bcode (?:d['’]accès|temporaire|provisoire|invité|wifi)|codice (?:di accesso|temporaneo|ospiti)|código (?:de acceso|temporal|de invitad)"
    r"|(?:gäste|tür|zutritts|start|einmal|übergangs)code|einmalkennw|initialkennw|\bgeheim\b"
)
_WORDS_NEAR: Final = 80
_TOKEN_NEAR: Final = re.compile(r"[^\s\"'`<>;|,()]{8,128}")
_SIGNED: Final = re.compile(r"\w-?[!#$%&*+=?^~]+-?\w|[!#$%&*+?^~]{1,2}\w")
# Where commands and files take a password by its place.
_PLACED: Final = (
    re.compile(
        r"\b(?:mysql\w*|mariadb\w*|sshpass|(?:docker|podman|helm|oc|az acr)[ ][a-z ]{0,10}login|ldap[a-z]+|redis-cli|smbclient|mongo\w*)\b[^\n|;]{0,200}?[ ]-(?:p|w|a)[ ]?(?:[\"']|(?!-))(?P<value>[^\s\"'<>;|]{6,128})"
    ),
    re.compile(r"ConvertTo-SecureString[ ](?:-String[ ])?[\"'](?P<value>[^\s\"'$][^\s\"']{3,127})[\"']"),
    re.compile(r"--(?:[a-z]+-)?pass(?:word|wd|phrase)?[= ][\"']?(?P<value>[^\s\"'<>;|$-][^\s\"'<>;|]{5,127})"),
    re.compile(r"\b(?:requirepass|masterauth)[ ]+[\"']?(?P<value>[^\s\"']{4,128})"),
    re.compile(r"\bnet use\b[^\n]{1,80}?[ ][\"']?(?P<value>[^\s\"'\\/:]{6,128})[\"']?[ ]/user:"),
    re.compile(r"\bnet use\b[^\n]{1,120}?[ ]/user:\S+[ ]+[\"']?(?P<value>[^\s\"'/]{6,128})"),
    re.compile(r"<(?:\w{1,20}:)?[Pp]ass(?:word|wd|phrase)?>(?P<value>[^<\s]{4,128})</"),
    re.compile(r"(?:^|;)[ ]?(?:[Pp]assword|[Pp]wd)=(?P<value>[^;\"'\s]{4,128})(?=;|[\"']|$)"),
    re.compile(r"\blogin[ \t]+\S{1,64}\s{1,8}password[ \t]+(?P<value>\S{4,128})"),
    re.compile(r"\b(?:curl|wget)\b[^\n|;]{0,120}?[ ](?:-u|--user)[ ]?[\"']?[\w.@-]{1,64}:(?P<value>[^\s\"'<>;|$]{4,128})"),
)
# Small and capital letters, digits and a sign within one word: no language, path or version is written so.
_SCRAMBLED_WORD: Final = re.compile(
    r"(?<![^\s\"'`(«“:])(?=[^\s]{0,40}?[a-z])(?=[^\s]{0,40}?[A-Z])(?=[^\s]{0,40}?\d)(?P<value>[A-Za-z0-9]{1,40}[!#$%&*?^~][A-Za-z0-9!#$%&*?^~+=-]{2,60})(?=[\s\"'`)».,;:]|$)"
)
_PAIR: Final = re.compile(
    r"(?:admin|root|user|guest|login|benutzer|gast|utilisateur|invité|usuario|invitado|utente|ospite)\w{0,12}(?:[ ][\w.@-]{1,40})?[ ]?[/|:][ ]?(?P<value>[^\s\"'`<>;|,]{8,64})"
)
_SIGN_INSIDE: Final = re.compile(r"[!#$%&*?^~](?<=[A-Za-z0-9/: ][!#$%&*?^~])[A-Za-z0-9!#$%&*?^~+=-]")
_CELL: Final = re.compile(r"\$[A-Z]{1,3}\$\d")  # of a spreadsheet
_AWS_PAIR: Final = re.compile(r"A[KS]IA[A-Z0-9]{16}[^\n]{0,60}?(?<![\w/+])(?P<value>[A-Za-z0-9/+]{40})(?![\w/+=])")
_IRREGULAR: Final = re.compile(r"\d[A-Za-z]|[!#$%&*+=?^~]\w|[a-z][A-Z].*[a-z][A-Z]|[A-Z]{2}[a-z]|[a-z][A-Z]{2,}\d")
_MIXED_UP: Final = re.compile(r"\d[A-Za-z!#$%&*+=?^~]|[a-z]\d")
_STRUCTURED: Final = re.compile(
    r"[\w.-]+(?:[:/][\w.-]*)+|[a-z0-9]+(?:[-_.][a-z0-9]+)*|[A-Z0-9]+(?:[-_.][A-Z0-9]+)*|v?\d+(?:\.\d+)+\w*|\d+[A-Za-z]{1,4}", re.ASCII
)
# A key's noun anywhere in the line, and near it a word too irregular for an identifier.
_KEY_NOUN: Final = re.compile(
    r"(?:(?<!public )key|token|secret|credential|(?<!öffentlicher )schlüssel|clé(?! publique)|clef|llave(?! pública)|clave(?! pública)|chiave(?! pubblica))"
)
_KEY_NEAR: Final = re.compile(r"(?<![^\s\"'`(«“:=])[A-Za-z0-9+/_-]{20,512}={0,2}(?=[\s\"'`)».,;:!?]|$)(?!\.\w)")
# ``I set the projector to …``.
_CHANGED: Final = re.compile(
    r"\b(?:set|changed?|reset|gesetzt?|setz[et]|geänderte?|changée?|remise?|cambiad[oa]|cambié|puesto|impostat[oa]|cambiat[oa])\b[^\n.;:]{0,60}?[ ](?:to|auf|in|en|à|a|por|su)[ ]{1,2}[\"'`]?(?P<value>[^\s\"'`<>;|,()]{10,64})"
)
_BEARER: Final = re.compile(r"[ \t]{1,4}[\"']?(?P<value>[A-Za-z0-9._~+/=-]{16,2048})")
_NOT_SECRET: Final = re.compile(
    r"(?:string|text|password|passwort|passwd|secret|token|key|none|null|nil|true|false|undefined|required|optional|changeme|example|redacted|hidden|str|bytes|int|bool|"
    r"x{3,}|\*{2,}|\.{2,}|-{2,}|your[\w-]*|my[_-]?[a-z_-]*|the|\$\w+|\$[{(].*|%[sdr]|%\w+%|%\(.*|\{.*|\[.*|\(.*|[\w.]+\(.*|[A-Za-z_][\w.]*\[.*|os\.\w+.*|process\.env.*|env\..*|self\.\w+.*|/[\w./-]*|https?:.*)",
    re.IGNORECASE,
)
_RANDOM_VALUE: Final = re.compile(r"[=:]>?[ \t]{0,3}[\"']?(?P<value>[A-Za-z0-9+/_-]{32,512}={0,2})(?![\w+/-]|\.\w)")
_CHECKSUM_NAME: Final = re.compile(r"sha|md5|hash|digest|checksum|integrity|etag|commit|rev|fingerprint|uuid|guid|https?", re.IGNORECASE)
_NAME_LENGTH: Final = 64
_SHORTEST_RANDOM: Final = 33
_PUBLIC_KEY: Final = "AAAA"  # how SSH's begin
_LEAST_BITS_OF_A_KEY: Final = 3.6
_SHORTEST_SIGNED: Final = 10
_SHORTEST_SCRAMBLED: Final = 20
_HUMP: Final = re.compile(r"[a-z](?=[A-Z])")
_CAPITALS: Final = re.compile(r"[A-Z](?=[A-Z])")


def find_private_keys(text: str) -> list[Span]:
    """Whole PEM and PGP private keys, over paragraphs; without its end line, the key's lines."""
    spans = []
    unfinished: set[str] = set()
    at = 0
    while (head := _PEM_HEAD.search(text, at)) is not None:
        tail = f"-----END {head.group(1)}-----"
        found = -1 if tail in unfinished else text.find(tail, head.end())
        if found >= 0:
            end = found + len(tail)
        else:
            unfinished.add(tail)
            lines = _PEM_LINES.match(text, head.end())
            end = lines.end() if lines else head.end()
        spans.append(Span(head.start(), end, "SECRET", text[head.start() : end]))
        at = end
    return spans


def find_credentials(text: str) -> list[Span]:
    """Everything secret within a line."""
    spans: list[Span] = []
    if _LONG_RUN.search(text) is not None and _any_in(text, _KNOWN_HINTS):
        spans += [Span(m.start(), m.end(), "SECRET", m.group()) for m in _KNOWN.finditer(text) if not (m.start() and text[m.start() - 1].isalnum())]
    if "://" in text:
        spans += [Span(m.start(1), m.end(1), "SECRET", m.group(1)) for m in _URL_PASSWORD.finditer(text) if not _NOT_SECRET.fullmatch(m.group(1))]
    if "AKIA" in text or "ASIA" in text:
        spans += _values(_AWS_PAIR, text)
    if _any_in(text, _PLACED_HINTS):
        spans += [span for place in _PLACED for span in _values(place, text) if not _NOT_SECRET.fullmatch(span.value)]
    signed = _SIGN_INSIDE.search(text) is not None
    if signed:
        spans += [span for span in _values(_SCRAMBLED_WORD, text) if len(span.value) >= _SHORTEST_SIGNED and not _CELL.search(span.value)]
    lowered = text.lower()
    if len(lowered) == len(text):
        spans += _by_words(text, lowered, signed=signed)
    if len(text) > _SHORTEST_RANDOM and ("=" in text or ":" in text):
        spans += _random_values(text)
    return spans


def _by_words(text: str, lowered: str, *, signed: bool) -> list[Span]:
    """What a word near it, in any case, makes a secret."""
    spans: list[Span] = []
    if _any_in(lowered, _NAME_HINTS):
        spans += _assigned(text, lowered) + _keyed(text, lowered)
    if _any_in(lowered, _NAME_HINTS) or (_MIXED_UP.search(text) is not None and _any_in(lowered, _ACCESS_HINTS)):
        spans += _near_passwords(text, lowered)
    if _any_in(lowered, _CHANGED_HINTS):
        spans += _changed(text, lowered)
    if signed and _any_in(lowered, _PAIR_HINTS):
        spans += _paired(text, lowered)
    return spans


def _any_in(text: str, literals: tuple[str, ...]) -> bool:
    """A loop in C over ``in``: a generator would cost more than the searches."""
    return any(map(text.__contains__, literals))


def _values(place: re.Pattern[str], text: str) -> list[Span]:
    found = ((match.start("value"), match.group("value").rstrip(".,:!?)]}*")) for match in place.finditer(text))
    return [Span(start, start + len(value), "SECRET", value) for start, value in found if value]


def _paired(text: str, lowered: str) -> list[Span]:
    """``admin / …``: what stands behind a user's name and can be nothing else."""
    spans = []
    for match in _PAIR.finditer(lowered):
        start = match.start("value")
        value = text[start : match.end("value")].rstrip(".:!?)]}*")
        if _SIGNED.search(value) and _no_word(value):
            spans.append(Span(start, start + len(value), "SECRET", value))
    return spans


def _keyed(text: str, lowered: str) -> list[Span]:
    """``the licence server's key 1SkHbn88…``: random letters near the noun."""
    spans = []
    for noun in _KEY_NOUN.finditer(lowered):
        tokens = (token for token in _KEY_NEAR.finditer(text, *_line_around(text, noun)) if not token.group().startswith(_PUBLIC_KEY))
        spans += [Span(token.start(), token.end(), "SECRET", token.group()) for token in tokens if _looks_random(token.group(), _LEAST_BITS_OF_A_KEY)]
    return spans


def _line_around(text: str, noun: re.Match[str]) -> tuple[int, int]:
    """What stands near a noun in its line."""
    start = max(text.rfind("\n", 0, noun.start()) + 1, noun.start() - _WORDS_NEAR)
    end = text.find("\n", noun.end())
    return start, min(end if end >= 0 else len(text), noun.end() + _WORDS_NEAR)


def _changed(text: str, lowered: str) -> list[Span]:
    """``I set the laptop to 1THnCMZ+CY7Bvqi3``: no other value looks so."""
    spans = []
    for match in _CHANGED.finditer(lowered):
        start = match.start("value")
        value = text[start : match.end("value")].rstrip(".:!?]}*")
        if _SIGNED.search(value) and _no_word(value) and any(c.isupper() for c in value) and any(c.islower() for c in value):
            spans.append(Span(start, start + len(value), "SECRET", value))
    return spans


def _near_passwords(text: str, lowered: str) -> list[Span]:
    """What stands in the same line as a password's noun, before or after it, and can be nothing else."""
    spans: list[Span] = []
    for noun in _PASSWORD.finditer(lowered):
        for token in _TOKEN_NEAR.finditer(text, *_line_around(text, noun)):
            value = token.group().rstrip(".:!?]}*")
            if _PASSWORD.search(value.lower()) is None and _no_word(value):
                spans.append(Span(token.start(), token.start() + len(value), "SECRET", value))
    return spans


def _no_word(value: str) -> bool:
    """Signs among letters and digits, or letters and digits in both cases without a rule."""
    if not _unlike_words(value) or "://" in value or "@" in value:
        return False
    return _SIGNED.search(value) is not None or (any(c.isupper() for c in value) and any(c.islower() for c in value))


def _assigned(text: str, lowered: str) -> list[Span]:
    spans = []
    for name in _NAME.finditer(lowered):
        match = _ASSIGNED.match(text, name.end())
        if match is not None and _is_secret(match.group("value"), match.group("op"), quoted=bool(match.group("quote"))):
            value = match.group("value").rstrip(".!?)]}") if not match.group("quote") else match.group("value")
            spans.append(Span(match.start("value"), match.start("value") + len(value), "SECRET", value))
        elif name.group() == "bearer" and (match := _BEARER.match(text, name.end())) is not None and _mixed(match.group("value")):
            spans.append(Span(match.start("value"), match.end("value"), "SECRET", match.group("value")))
        else:
            spans += _told(text, name.end())
    return spans


def _told(text: str, at: int) -> list[Span]:
    """A value that prose names as a secret without assigning it: ``the password Xk7pQ2-vv9 no longer works``, ``the key for staging: …``."""
    for place in (_FOLLOWED, _TOLD):
        match = place.match(text, at)
        if match is not None and _unlike_words(value := match.group("value").rstrip(".,:!?)]}*")):
            return [Span(match.start("value"), match.start("value") + len(value), "SECRET", value)]
    return []


def _unlike_words(value: str) -> bool:
    """Letters and digits mixed within the word, in both cases or with signs: no identifier, version, path or date is written so."""
    if len(value) < 8 or _NOT_SECRET.fullmatch(value) or _STRUCTURED.fullmatch(value):
        return False
    return (any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and _IRREGULAR.search(value) is not None) or _scrambled(value)


def _is_secret(value: str, operator: str, *, quoted: bool) -> bool:
    """A literal, not a placeholder, a type, a call or a word of prose."""
    if _NOT_SECRET.fullmatch(value):
        return False
    bare = value.rstrip(".!?)]}")
    if quoted and operator in {"=", ":", ":=", "=>"}:
        return len(bare) >= 4
    return len(bare) >= 6 and _mixed(bare)


def _mixed(value: str) -> bool:
    """Letters with digits or signs inside: what a word of prose, an identifier or a path does not have."""
    return (any(c.isdigit() for c in value) and any(c.isalpha() for c in value)) or any(c in "!#$%^&*+~" for c in value[:-1]) or _scrambled(value)


def _scrambled(value: str) -> bool:
    """A long run of letters whose cases follow no rule: camel case has no row of capitals, an abbreviation no row of humps."""
    return len(value) >= _SHORTEST_SCRAMBLED and len(_HUMP.findall(value)) >= 4 and len(_CAPITALS.findall(value)) >= 3


def _random_values(text: str) -> list[Span]:
    spans = []
    for match in _RANDOM_VALUE.finditer(text):
        value = match.group("value")
        name = text[max(0, match.start() - _NAME_LENGTH) : match.start()].rsplit("\n", 1)[-1]
        if _looks_random(value) and not _CHECKSUM_NAME.search(name):
            spans.append(Span(match.start("value"), match.end("value"), "SECRET", value))
    return spans


def _looks_random(value: str, least_bits: float = 4.0) -> bool:
    classes = (any(c.isupper() for c in value), any(c.islower() for c in value), any(c.isdigit() for c in value))
    if not all(classes) or value.count("-") + value.count("_") + value.count("/") > len(value) // 8:
        return False
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) > least_bits
