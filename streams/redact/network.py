"""Mail addresses and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from streams.redact.tokens import Span

_DOMAIN: Final = re.compile(r"@(?:\[[0-9a-fA-F:.]{3,45}\]|(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})(?![\w]|-\w))")
_LOCAL_REVERSED: Final = re.compile(r"[\w.+%'&=/!#$*?^`{|}~-]{1,64}")
_FIELD_BEFORE: Final = re.compile(
    r"(?:user|username|login|account|e?-?mail|from|to|cc|bcc|rcpt|sender|recipient|requester|reporter|author|owner|contact|principal)=", re.IGNORECASE
)
_LONGEST_USERINFO: Final = 132
_USERINFO: Final = re.compile(r"://[^\s/@]{0,128}:\Z")
_LEADING_NOISE: Final = "'.`*_|=/{}~&!#$?^%-"

_V4: Final = re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w]|\.\d|-[A-Za-z])")
_VERSION_BEFORE: Final = re.compile(
    r"\b(?:v|ver|version|versions|release|releases|build|firmware|section|chapter|sections|clause|para|paragraph|kapitel|abschnitt|article|§)\.?[ \t]{0,2}[\x22'(]?$",
    re.IGNORECASE,
)
_ADDRESS_BEFORE: Final = re.compile(
    r"\b(?:ip|ips|ipv4|ipaddr|addr|saddr|daddr|address|adresse|indirizzo|dirección|host|rhost|server|dns|ping|gateway|router|client|from|to|von|at|inet|via|peer|src|dst|source|"
    r"destination|remote|origin|node|endpoint|connect|listen|bind|allow|deny|ssh)\b|://|[ \t]-[sd][ \t]",
    re.IGNORECASE,
)
_ADDRESS_AFTER: Final = re.compile(r"[:/]\d{1,5}(?![\w.])|[ \t]+port\b|[ \t]+-[ \t]\S+[ \t]\[")
_V6: Final = re.compile(r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{2,45}(?:(?<=\d)(?:\.\d{1,3}){3})?")
_CONTEXT: Final = 40
_PLAIN_V4: Final = 20
_NETWORK: Final = re.compile(r"/(?!(?:32|128)\b)\d{1,3}(?!\d)")


def find_mails(text: str) -> list[Span]:
    """Mail addresses: a domain after each @, then the local part leftwards, so that a long run of letters is walked once."""
    spans = []
    for match in _DOMAIN.finditer(text):
        local = _LOCAL_REVERSED.match(text[max(0, match.start() - 64) : match.start()][::-1])
        if local is None:
            continue
        written = local.group()[::-1].lstrip(_LEADING_NOISE)
        if field := _FIELD_BEFORE.match(written):
            written = written[field.end() :]
        start = match.start() - len(written)
        if written and not _USERINFO.search(text[max(0, start - _LONGEST_USERINFO) : start]):
            spans.append(Span(start, match.end(), "EMAIL", text[start : match.end()].casefold()))
    return spans


def find_addresses(text: str) -> list[Span]:
    """IPv4 and IPv6 addresses of hosts; loopback, netmasks, whole networks and version numbers are no one's."""
    spans = [Span(match.start(), match.end(), "IP", match.group()) for match in _V4.finditer(text) if _is_host_v4(text, match)]
    return spans + _find_v6(text) if text.count(":") >= 2 else spans


def _is_host_v4(text: str, match: re.Match[str]) -> bool:
    octets = match.group().split(".")
    if any(int(octet) > 255 or (len(octet) > 1 and octet[0] == "0") for octet in octets) or octets[0] in {"0", "127", "255"}:
        return False
    if octets[3] == "0" and _NETWORK.match(text, match.end()):
        return False
    before = text[max(0, match.start() - _CONTEXT) : match.start()]
    if _VERSION_BEFORE.search(before):
        return False
    small = all(int(octet) < _PLAIN_V4 for octet in octets[:3]) and octets[0] != "10"
    if not small or len(set(octets)) == 1:
        return True
    return _ADDRESS_BEFORE.search(before.rsplit("\n", 1)[-1]) is not None or _ADDRESS_AFTER.match(text, match.end()) is not None


def _find_v6(text: str) -> list[Span]:
    spans = []
    for match in _V6.finditer(text):
        written = match.group().rstrip(":") if not match.group().endswith("::") else match.group()
        end = match.start() + len(written)
        if (match.start() and (text[match.start() - 1].isalnum() or text[match.start() - 1] in "_:.")) or (
            end < len(text) and (text[end].isalnum() or text[end] == "_")
        ):
            continue
        try:
            address = ipaddress.IPv6Address(written)
        except ValueError:
            continue
        network = written.endswith("::") and _NETWORK.match(text, end)
        if len(written) > 6 and any(c.isdigit() for c in written) and not network and not written.lower().startswith("ffff:"):
            spans.append(Span(match.start(), end, "IP", str(address)))
    return spans
