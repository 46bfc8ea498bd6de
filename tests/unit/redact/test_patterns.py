"""Each entity: what is found, its one token for all spellings, and the false friends that must stay."""

import pytest

from streams.redact import RedactionPolicy, Redactor
from streams.redact.tokens import TOKEN

REDACTOR = Redactor(b"unit test key", policy=RedactionPolicy(), memory_paragraphs=0)

FOUND = [
    ("EMAIL", "write to jane.roe+x@mail.example.co.uk.", "jane.roe+x@mail.example.co.uk"),
    ("EMAIL", "<müller@bücher.example>", "müller@bücher.example"),
    ("EMAIL", "[mail](mailto:a@b.example)", "a@b.example"),
    ("PHONE", "call (415) 555-2671 now", "(415) 555-2671"),
    ("PHONE", "415.555.2671", "415.555.2671"),
    ("PHONE", "Tel.: 030 1234567", "030 1234567"),
    ("PHONE", "unter +49 (0)30 123456-78", "+49 (0)30 123456-78"),
    ("PHONE", "order 1234 on 2024-01-02 030 1234567", "030 1234567"),
    ("PHONE", "au 06 12 34 56 78.", "06 12 34 56 78"),
    ("PHONE", "tel:+14155552671", "+14155552671"),
    ("PHONE", "phone=0044 20 7946 0018", "0044 20 7946 0018"),
    ("PHONE", "mobile 3331234567", "3331234567"),
    ("CARD", "card 4111 1111 1111 1111, exp", "4111 1111 1111 1111"),
    ("CARD", "3782-822463-10005", "3782-822463-10005"),
    ("CARD", "5555555555554444", "5555555555554444"),
    ("CARD", "charge pan=4111-1111-1111-1111 exp=0927", "4111-1111-1111-1111"),
    ("CARD", "terminal,txn,pan,amount\nT-11,000817,4111111111111111,64.20", "4111111111111111"),
    ("CARD", "T-11,000817,4111 1111 1111 1111,64.20", "4111 1111 1111 1111"),
    ("SECRET", "the AWS key pair was AKIAIOSFODNN7EXAMPLE / wJalrXUtnFEMIaK7MDENGabPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMIaK7MDENGabPxRfiCYEXAMPLEKEY"),
    ("SECRET", "sign in with 7aBDvzJ#08 as the password", "7aBDvzJ#08"),
    ("SECRET", "mysql -h db2 -u report -p'!GxLF4hT7RUwt7' sales", "!GxLF4hT7RUwt7"),
    ("SECRET", "ConvertTo-SecureString '5Qexk-dZqBI0' -AsPlainText", "5Qexk-dZqBI0"),
    ("SECRET", "wget --user=mirror --password=cvordhayzZk https://mirror.example", "cvordhayzZk"),
    ("SECRET", "machine x\n  login ci\n  password vIFjPc-AiJq", "vIFjPc-AiJq"),
    ("SECRET", "<password>LReF.rNCSkjtG</password>", "LReF.rNCSkjtG"),
    ("SECRET", "the label says admin / RMH?yi8OxLR60 for all to see", "RMH?yi8OxLR60"),
    ("SECRET", "copy the licence server key oaF1LlqsajAIxNKu8iS2G8NPRVdD53X8 into the settings", "oaF1LlqsajAIxNKu8iS2G8NPRVdD53X8"),
    ("SECRET", "saisir la clé 1SkHbn88HxjSI6bWHtP3fS2qHx6kwXoI dans les réglages", "1SkHbn88HxjSI6bWHtP3fS2qHx6kwXoI"),
    ("SECRET", "Secret access key   UvTCQCyEZDz/TddJ8HyS5SUkCnD8zRA9a9SkpXz9", "UvTCQCyEZDz/TddJ8HyS5SUkCnD8zRA9a9SkpXz9"),
    ("SECRET", 'BROKER_DEFAULT_PASS: "?Q0IZ2O=1XtXX6"', "?Q0IZ2O=1XtXX6"),
    ("SECRET", "so I set the projector to 1THnCMZ+CY7Bvqi3 because", "1THnCMZ+CY7Bvqi3"),
    ("SECRET", "le disque est chiffré, phrase secrète UMFxFkM+#R5Kjp&12.", "UMFxFkM+#R5Kjp&12"),
    ("SECRET", "the api key you sent doesn't work, I'm using QoaF1LlqsajAIxNKu8iS2G8NPRVdD53X, is it whole?", "QoaF1LlqsajAIxNKu8iS2G8NPRVdD53X"),
    ("SECRET", "la contraseña la de siempre, o sea A#-2O76UM3, sin espacios", "A#-2O76UM3"),
    ("SECRET", "net use Z: \\\\files02\\plans /user:BUILD\\svc 7b4WamDZGEdm71%1", "7b4WamDZGEdm71%1"),
    ("PHONE", "7712,sms,233.577.6174,2025-02-06T07:58:01Z", "233.577.6174"),
    ("PHONE", "sip: INVITE from 35097602074 via trunk-2", "35097602074"),
    ("IBAN", "IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFF", "DE89 3704 0044 0532 0130 00"),
    ("IBAN", "GB29NWBK60161331926819", "GB29NWBK60161331926819"),
    ("IP", "from 192.168.4.20:443", "192.168.4.20"),
    ("IP", "host=10.1.2.3", "10.1.2.3"),
    ("IP", "dns server 8.8.8.8", "8.8.8.8"),
    ("IP", "deploy@203.0.113.7", "203.0.113.7"),
    ("IP", "[2001:db8:85a3::8a2e:370:7334]:443", "2001:db8:85a3::8a2e:370:7334"),
    ("NATIONAL_ID", "ssn is 536-22-1234", "536-22-1234"),
    ("NATIONAL_ID", "NINO AB 12 34 56 C", "AB 12 34 56 C"),
    ("NATIONAL_ID", "Steuer-ID 36574261809", "36574261809"),
    ("NATIONAL_ID", "36 574 261 809", "36 574 261 809"),
    ("NATIONAL_ID", "NIR 2 95 10 99 126 111 93", "2 95 10 99 126 111 93"),
    ("NATIONAL_ID", "DNI 54362315K", "54362315K"),
    ("NATIONAL_ID", "NIE X2482300W", "X2482300W"),
    ("NATIONAL_ID", "CF RCCMNL83S18D969H", "RCCMNL83S18D969H"),
    ("SECRET", "id AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("SECRET", "ghp_" + "a1B2" * 9, "ghp_" + "a1B2" * 9),
    ("SECRET", "use xoxb-123456789012-abcDEF", "xoxb-123456789012-abcDEF"),
    ("SECRET", "password: hunter2x", "hunter2x"),
    ("SECRET", 'password = "correct horse"', "correct"),
    ("SECRET", "postgres://svc:pa55word@db/x", "pa55word"),
    ("SECRET", "Authorization: Bearer abcdef0123456789XYZ", "abcdef0123456789XYZ"),
    ("SECRET", "DEPLOY = 'kJ8s7Hq2LmN4pR6tVw9xYz3BcD5fGh1A'", "kJ8s7Hq2LmN4pR6tVw9xYz3BcD5fGh1A"),
    ("SECRET", "my pw Tr7#kq0Zb2 does nothing", "Tr7#kq0Zb2"),
    ("SECRET", "Mit dem Kennwort 9vQx2mPa7 geht es nicht.", "9vQx2mPa7"),
    ("SECRET", "The API key for the sandbox: uZ3kQ9wX7tB2nM5v. Keep it.", "uZ3kQ9wX7tB2nM5v"),
    ("SECRET", "la clé d'API de la recette : kJ8s7Hq2LmN4pR6tVw9xYz3BcD5fGh1A.", "kJ8s7Hq2LmN4pR6tVw9xYz3BcD5fGh1A"),
    ("SECRET", "X-Api-Key: QwErTYuiOPasDFghJKlzXCvb", "QwErTYuiOPasDFghJKlzXCvb"),
    ("IP", "login failed src=18.3.12.17", "18.3.12.17"),
    ("IP", "18.3.12.17 - - [14/May/2024:09:12:44 +0200]", "18.3.12.17"),
    ("IP", "-s 203.0.113.0/32", "203.0.113.0"),
    ("PHONE", "richiamatemi al 3331234567", "3331234567"),
    ("PHONE", "Tel. 030 1234567 / 3331234567", "3331234567"),
    ("PHONE", "Front desk\nT 2125550123", "2125550123"),
    ("PHONE", "shop;mail;telefono\n07;x;3304992074\n08;;", "3304992074"),
    ("PHONE", "id,arrival,phone,rate\n88213,2024-11-02,0387499207,129.00", "0387499207"),
    ("PHONE", '<a href="tel:+14155552671">9624611695</a>', "9624611695"),
    ("PHONE", "- Control room: 3500268466\n- Grid operator: +39 06 6982 1234", "3500268466"),
    ("NATIONAL_ID", "StIdNr.: 49283168505", "49283168505"),
    ("SECRET", "The Wi-Fi in the lab changed, it's j5RPD9oUs5 now", "j5RPD9oUs5"),
    ("SECRET", "Pour ta première connexion, tape 9KpGzU3HEEmX4 ; puis choisis.", "9KpGzU3HEEmX4"),
    ("SECRET", "docker login registry.example -u bot -p rfifiUziXn", "rfifiUziXn"),
    ("SECRET", "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n\nIBADANBg\n-----END PRIVATE KEY-----", "MIIEvQ\n\nIBADANBg"),
]

STAYS = [
    "GTIN 04012345678901, batch 25-0317-B",
    "pin @types/node@20.12.7, then log in at build 20240408.17b",
    "login took 250ms on i-0a1b2c3d4e5f, code E4x9",
    "room;seats;rate\n0401;12;3304992074",
    "Auftrag 024-33-118220 vom 04.11.",
    "Vorgangsnummer 2025-88-10443, Aktenzeichen 3 C 118/25",
    "Dossier sinistre 25-118-00443, franchise 380 €",
    "the cache key user-profile-settings-v2-production and the primary key customer_order_line_items_id",
    "set the timeout to 300-seconds, changed the path to /srv/app+data",
    "the public key AAAAC3NzaC1lZDI1NTE5AAAAIGq8 is no secret",
    "order id=4111111111111111 is a number of ours",
    "1000,4111111111111111,12",
    "=SUMIFS(Sales!$D$2:$D$1204;Sales!$B$2:$B$1204)",
    "**1Password**: Please note that 1Password is no longer an app",
    "version 1.2.3.4 and v10.20.30.40",
    "pkg==1.2.3.4",
    "section 8.2.4.44",
    "commit 3f2a9c1d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b",
    "id 123e4567-e89b-12d3-a456-426614174000",
    "on 2024-03-19 at 10:30–11:00 and 10:30:59",
    "2024-03-19T10:30:59.123456Z",
    "order 4000123412341235",
    "ticket 1700000000",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "netmask 255.255.255.0 on 10.0.0.0/8 via 127.0.0.1",
    "std::vector<int> a::b",
    "MAC 00:1a:2b:3c:4d:5e",
    "password = getpass.getpass()",
    "token: ${API_TOKEN}",
    'password = os.environ["PW"]',
    "Password: ask your manager",
    "the secret is kept by everyone",
    "the budget was 1,234,567.89 or 1.234.567",
    "ISBN 978-3-16-148410-0",
    "pages 1234-1239, see 301-10.450",
    "DE89370400440532013001",
    "@decorator and user@localhost",
    "coordinates 37.857713 -122.544543",
    "order number 4500017733, invoice number: 80012345",
    "numero d'ordine 4500017733",
    "part 7-2112-0045-A",
    "the password policy PCI-DSS-4.0 applies",
    "the token format RFC7519 and the token endpoint /oauth2/v2.0/token",
    "passwords for staging: see the runbook of 2024-05-14",
    "release 4.12.0.1 of the gateway",
]


@pytest.mark.parametrize(("label", "text", "value"), FOUND)
def test_found(label, text, value):
    redacted = REDACTOR.redact(text)
    assert value not in redacted.text
    assert label in redacted.counts


@pytest.mark.parametrize("text", STAYS)
def test_false_friends_stay(text):
    assert REDACTOR.redact(text).text == text


@pytest.mark.parametrize(
    "spellings",
    [
        ("Jane.Roe@Example.com", "jane.roe@example.COM"),
        ("+49 30 1234567", "+49 (0)30 1234567", "0049 30 1234567", "030 1234567"),
        ("(415) 555-2671", "+1 415-555-2671", "415.555.2671"),
        ("4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("2001:db8::8a2e:370:7334", "2001:0db8:0:0:0:8a2e:0370:7334"),
        ("36 574 261 809", "Steuer-ID 36574261809"),
    ],
)
def test_one_token_for_all_spellings(spellings):
    tokens = {token for spelling in spellings for token in TOKEN.findall(REDACTOR.redact(f"x {spelling} x").text)}
    assert len(tokens) == 1


def test_what_stands_before_an_address_is_not_part_of_it():
    assert REDACTOR.redact("user=jane@a.example").text == f"user={REDACTOR.redact('jane@a.example').text}"
    assert REDACTOR.redact("postgres://svc:pa55word@db.example.com/x").text.endswith("@db.example.com/x")


def test_two_values_two_tokens_and_two_keys_two_tokens():
    other = Redactor(b"another key", policy=RedactionPolicy())
    assert len({REDACTOR.redact("a@b.example").text, REDACTOR.redact("c@b.example").text, other.redact("a@b.example").text}) == 3


def test_a_digit_string_cannot_pass_as_a_token():
    assert "4155552671" not in REDACTOR.redact("phone <PHONE:4155552671>").text


def test_allow_list_takes_exact_values_and_mail_domains():
    redactor = Redactor(b"k", policy=RedactionPolicy(allow=("support@ours.example", "partner.example", "192.168.4.20")))
    text = "support@ours.example, x@partner.example, 192.168.4.20"
    assert redactor.redact(text).text == text
    assert "EMAIL" in redactor.redact("other@ours.example").counts


def test_entities_and_regions_of_the_policy_hold():
    only_mail = Redactor(b"k", policy=RedactionPolicy(entities=("EMAIL",)))
    assert dict(only_mail.redact("a@b.example +49 30 1234567").counts) == {"EMAIL": 1}
    with pytest.raises(ValueError, match="unknown regions XX"):
        RedactionPolicy(regions=("XX",))


def test_empty_key_is_refused():
    with pytest.raises(ValueError, match="key is empty"):
        Redactor(b"", policy=RedactionPolicy())
