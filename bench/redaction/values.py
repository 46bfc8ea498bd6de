"""Values to hide, by locale: Faker's where it has them, else made here with a valid check digit. Passwords and keys are random in their vendors' shapes."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable

from faker import Faker
from stdnum.es.dni import calc_check_digit as dni_letter
from stdnum.iso7064.mod_11_10 import calc_check_digit as steuer_digit

_ALNUM = string.ascii_letters + string.digits


class Values:
    """A seeded source of values for one locale."""

    def __init__(self, locale: str, seed: int) -> None:
        self._locale = locale
        self._faker = Faker(locale)
        self._faker.seed_instance(seed)
        self._random = random.Random(seed)
        self._makers: dict[str, Callable[[], str]] = {
            "name": self._full_name, "first": self._faker.first_name, "last": self._faker.last_name, "first2": self._faker.first_name,
            "last2": self._faker.last_name, "email": self._faker.email, "phone": self._faker.phone_number, "card": self._card, "iban": self._iban,
            "ipv4": self._ipv4, "ipv6": self._faker.ipv6, "id": self._national_id, "aws_id": lambda: "AKIA" + self._chars(string.ascii_uppercase + "234567", 16),
            "aws_secret": lambda: self._chars(_ALNUM + "+/", 40), "jwt": self._jwt, "github": lambda: "ghp_" + self._chars(_ALNUM, 36), "password": self._password,
            "slack": lambda: f"xoxb-{self._chars(string.digits, 12)}-{self._chars(string.digits, 12)}-{self._chars(_ALNUM, 24)}",
            "hex_secret": lambda: self._chars("0123456789abcdef", 40), "api_key": lambda: self._chars(_ALNUM, 32), "pem": self._pem,
            "name2": self._full_name, "email2": self._faker.email, "phone2": self._faker.phone_number, "ipv42": self._ipv4, "nie": self._nie,
            "stripe": lambda: f"sk_live_{self._chars(_ALNUM, 24)}", "gitlab": lambda: "glpat-" + self._chars(_ALNUM + "-_", 20),
            "npm": lambda: "npm_" + self._chars(_ALNUM, 36), "google": lambda: "AIza" + self._chars(_ALNUM + "-_", 35),
            "openai": lambda: "sk-proj-" + self._chars(_ALNUM + "-_", 48), "urlpass": lambda: self._chars(_ALNUM + "-_.~", self._random.randint(10, 18)),
        }  # fmt: skip

    def make(self, kind: str) -> str:
        """A value for the place ``{kind}`` of a template."""
        return self._makers[kind]()

    def _chars(self, alphabet: str, count: int) -> str:
        return "".join(self._random.choice(alphabet) for _ in range(count))

    def _full_name(self) -> str:
        return f"{self._faker.first_name()} {self._faker.last_name()}"

    def _card(self) -> str:
        digits = self._faker.credit_card_number(self._random.choice(["visa", "mastercard", "amex", "discover"]))
        separator = self._random.choice(["", " ", "-"])
        cuts = (4, 10, 15) if len(digits) == 15 else (4, 8, 12, 16)
        return separator.join(digits[a:b] for a, b in zip((0, *cuts), cuts, strict=False)) if len(digits) in {15, 16} else digits

    def _iban(self) -> str:
        iban = self._faker.iban()
        return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4)) if self._random.random() < 0.5 else iban

    def _ipv4(self) -> str:
        return self._faker.ipv4_public() if self._random.random() < 0.5 else self._faker.ipv4_private()

    def _password(self) -> str:
        return self._chars(_ALNUM + "!#%&*+-=?", self._random.randint(9, 16)) + self._random.choice(string.digits)

    def _jwt(self) -> str:
        parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": self._chars(_ALNUM, 12), "iat": 1_700_000_000}]
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
        return ".".join([*encoded, self._chars(_ALNUM + "-_", 43)])

    def _pem(self) -> str:
        body = "\n".join(self._chars(_ALNUM + "+/", 64) for _ in range(8))
        return f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n\n{self._chars(_ALNUM, 32)}\n-----END RSA PRIVATE KEY-----"

    def _national_id(self) -> str:
        match self._locale:
            case "en_GB":
                digits = self._chars(string.digits, 6)
                spaced = f" {digits[:2]} {digits[2:4]} {digits[4:]} " if self._random.random() < 0.5 else digits
                return self._random.choice(["AB", "CE", "JL", "PW", "SH", "YZ"]) + spaced + self._random.choice("ABCD")
            case "de_DE":
                return self._steuer_id()
            case "es_ES":
                number = self._chars(string.digits, 8)
                return number + dni_letter(number)
            case _:
                return self._faker.ssn()

    def _nie(self) -> str:
        """A Spanish foreigner's number: X, Y or Z stands for 0, 1 or 2 in the check letter's sum."""
        lead, digits = self._random.choice("XYZ"), self._chars(string.digits, 7)
        return f"{lead}{digits}{dni_letter(str('XYZ'.index(lead)) + digits)}"

    def _steuer_id(self) -> str:
        """Ten digits, one of them twice and one missing, not starting with zero; then the check digit (ISO 7064 mod 11, 10)."""
        digits = self._random.sample(string.digits, 9)
        digits.append(digits[8])
        self._random.shuffle(digits)
        if digits[0] == "0":
            digits.reverse()
        body = "".join(digits)
        number = body + steuer_digit(body)
        return f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}" if self._random.random() < 0.5 else number
