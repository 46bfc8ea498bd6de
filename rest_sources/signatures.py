"""Whether a delivery was signed by who shares a secret with us. Constant-time comparison over the raw body, before anything is parsed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import jwt

from rest_sources.delivery import Delivery, UnsignedDeliveryError

Algorithm = Literal["sha256", "sha512"]
Encoding = Literal["hex", "base64"]
TOLERANCE_SECONDS: Final = 300.0
"""How far a signed time may be from ours, either way: clocks differ, and a delivery is under way for a while."""
_MOST_CHARS: Final = 4096


def check_hmac(text: bytes, given: str, secrets: Sequence[bytes], algorithm: Algorithm = "sha256", encoding: Encoding = "hex") -> None:
    """UnsignedDeliveryError unless ``given`` is the text's HMAC under one of the secrets."""
    if not given:
        raise UnsignedDeliveryError("The signature is missing.")
    claimed = given.encode("utf-8", "surrogateescape")[:_MOST_CHARS]
    # Every secret is tried, whichever fits: the time taken says nothing of which one does.
    fits = [hmac.compare_digest(_digest(text, secret, algorithm, encoding), claimed) for secret in secrets]
    if not any(fits):
        raise UnsignedDeliveryError("The signature does not fit the body and the secret that is configured for this source.")


def check_hub_signature(delivery: Delivery, secrets: Sequence[bytes]) -> None:
    """``X-Hub-Signature: sha256=<hex>`` over the body, as WebSub has it (https://www.w3.org/TR/websub/#signing-content).

    Jira Cloud: https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks; Confluence Data Center: https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html.
    """
    method, separator, digest = delivery.header("x-hub-signature").partition("=")
    if not separator:
        raise UnsignedDeliveryError("The header X-Hub-Signature is missing: give the webhook a secret.")
    if method.lower() != "sha256":
        raise UnsignedDeliveryError("X-Hub-Signature uses another method than sha256.")
    check_hmac(delivery.body, digest.lower(), secrets)


def check_time(signed: datetime, delivery: Delivery, tolerance_seconds: float = TOLERANCE_SECONDS) -> None:
    """UnsignedDeliveryError for a signed time that is too far from ours: a recording played again, or a clock that is wrong."""
    apart = delivery.time_seconds - signed.timestamp()
    if abs(apart) > tolerance_seconds:
        how = "old" if apart > 0 else "in the future"
        raise UnsignedDeliveryError(
            f"The signature's time is {abs(apart):.0f} s {how}; {tolerance_seconds:.0f} s are allowed. If deliveries are fresh, a clock is wrong."
        )


def check_bearer_jwt(delivery: Delivery, secrets: Sequence[bytes], tolerance_seconds: float = TOLERANCE_SECONDS) -> None:
    """``Authorization: Bearer <JWT>`` signed HS256 with an OAuth app's client secret.

    https://developer.atlassian.com/cloud/jira/platform/webhooks/#webhooks-authentication-for-oauth-2-0-apps. The page names no claims, so ``exp``, ``nbf``
    and ``iat`` are checked where they are there. Such a token does not cover the body; nothing of the body is believed but which object to fetch.
    """
    scheme, _, token = delivery.header("authorization").partition(" ")
    if scheme.lower() not in {"bearer", "jwt"} or not token:
        raise UnsignedDeliveryError("The header Authorization holds no bearer token.")
    reasons = [_jwt_refused(token.strip(), secret, delivery, tolerance_seconds) for secret in secrets]
    if all(reasons):
        raise UnsignedDeliveryError(f"The bearer token is not accepted: {reasons[0]}.")


def check_token(given: str, secrets: Sequence[bytes]) -> None:
    """A shared token itself, as senders have it that cannot sign. It covers neither body nor time."""
    fits = [hmac.compare_digest(hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest(), hashlib.sha256(secret).digest()) for secret in secrets]
    if not given or not any(fits):
        raise UnsignedDeliveryError("The token is missing, or not the one that is configured for this source.")


def _digest(text: bytes, secret: bytes, algorithm: Algorithm, encoding: Encoding) -> bytes:
    digest = hmac.new(secret, text, algorithm)
    return base64.b64encode(digest.digest()) if encoding == "base64" else digest.hexdigest().encode()


def _jwt_refused(token: str, secret: bytes, delivery: Delivery, tolerance_seconds: float) -> str | None:
    options: jwt.types.Options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False, "enforce_minimum_key_length": False}
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options=options)
    except jwt.PyJWTError as error:
        return type(error).__name__
    now = delivery.time_seconds  # the delivery's time, not the clock's: the check is a function of its arguments
    for name, sign in (("exp", 1), ("nbf", -1), ("iat", -1)):
        claim = claims.get(name)
        if claim is not None and (not isinstance(claim, int | float) or sign * (claim - now) < -tolerance_seconds):
            return f"its claim {name} does not hold now"
    return None
