"""What the stream of edits writes: which sentences change, which tickets and pages are added, which grants come and go.

A template's ``{n}`` is a number of three digits and ``{name}`` a name that never repeats, so each new sentence is a fact that stood nowhere before. No sentence
here is one that questions.yaml asks about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Slot:
    """A sentence that stands once in its text, and what takes its place. ``key`` is a page's id or a policy's code; ``reader`` may read it."""

    table: Literal["handbook_pages", "policies"]
    tenant: str
    key: str
    label: str
    reader: str
    original: str
    template: str


@dataclass(frozen=True, slots=True)
class NewRow:
    """A ticket or a page to be added; ``text`` holds ``{phrase}``, the sentence by which it is found."""

    tenant: str
    team: str
    allowed: tuple[str, ...]
    author: str
    title: str
    phrase: str
    text: str
    priority: int = 3
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """A principal that a page allows or not, in turn. ``reader`` may read it all the time; ``phrase`` stands in the page and in no other."""

    tenant: str
    id: int
    label: str
    principal: str
    reader: str
    phrase: str
    granted_at_first: bool


ADJECTIVES: Final = (
    "amber", "brisk", "cobalt", "dappled", "early", "frosty", "gentle", "hollow", "ivory", "jolly", "kindly", "lively", "misty", "nimble", "opal", "patient",
    "quiet", "russet", "silver", "tawny", "upland", "velvet", "windward", "yellow",
)  # fmt: skip
NOUNS: Final = (
    "anchor", "bittern", "capstan", "dipper", "eider", "ferry", "gannet", "harbour", "inlet", "jetty", "kelp", "lantern", "marsh", "nautilus", "otter", "petrel",
    "quay", "rudder", "sandbar", "turnstone", "undertow", "whimbrel", "yawl",
)  # fmt: skip

_STAFF: Final = "group:staff"
_PARTNERS: Final = "group:partners"


def _page(tenant: str, key: str, label: str, original: str, template: str, *, reader: str = _STAFF) -> Slot:
    return Slot("handbook_pages", tenant, key, label, reader, original, template)


def _policy(code: str, label: str, original: str, template: str) -> Slot:
    return Slot("policies", "tidewater", code, label, _STAFF, original, template)


SLOTS: Final[tuple[Slot, ...]] = (
    _page(
        "tidewater",
        "101",
        "Annual leave",
        "A request that nobody answered counts as approved on the fourth working day, so leads should not let requests lie.",
        "A request that nobody answered counts as approved after {n} working hours, by the rule with the name {name}.",
    ),
    _page(
        "tidewater",
        "103",
        "First thirty days",
        "In the second week you take a first task of your own.",
        "In the second week you take a first task of your own from the list {name}, which holds {n} tasks at present.",
    ),
    _page(
        "tidewater",
        "201",
        "Firmware releases",
        "The beta ring consists of 40 customer stations in five countries.",
        "The beta ring consists of {n} customer stations, which are listed under the name {name}.",
    ),
    _page(
        "tidewater",
        "202",
        "On-call rota",
        "Last year this removed 23 alerts, and the mean number of pages per shift fell from 6.1 to 2.4.",
        "Last year this removed {n} alerts, most of them from the group {name}.",
    ),
    _page(
        "tidewater",
        "203",
        "Calibration bench",
        "On the last Friday of a month the bench is closed for cleaning and for the check with the control probe.",
        "On the last Friday of a month the bench is closed for {n} minutes while the cleaning program {name} runs.",
    ),
    _page(
        "tidewater",
        "204",
        "Sending measurements",
        "Gateways of ours take their time from satellites.",
        "Gateways of ours take their time from satellites and may be wrong by {n} milliseconds under the profile {name}.",
        reader="public",
    ),
    _page(
        "tidewater",
        "301",
        "Site visits",
        "The depot refills vans on Fridays before 11:00; what was scanned later comes a week after.",
        "The depot refills vans on Fridays from the shelf {name}, with at most {n} parts for each van.",
    ),
    _page(
        "tidewater",
        "302",
        "Biofouling",
        "Please do not promise it to anyone.",
        "The trial has the name {name} and has run for {n} days without a scratch.",
    ),
    _page(
        "tidewater",
        "303",
        "Curlew gateway",
        "Metal roofs, wet trees and railway lines change the picture within metres.",
        "Metal roofs and wet trees change the picture within {n} centimetres, as the radio survey {name} has shown.",
    ),
    _page(
        "tidewater",
        "401",
        "Travel and expenses",
        "A sampled claim takes three days more.",
        "A sampled claim takes {n} minutes more since the checklist {name} came into use.",
    ),
    _page(
        "tidewater",
        "402",
        "Purchasing",
        "Please do not order by phone out of friendliness; it makes two people search for an hour.",
        "Please do not order by phone out of friendliness, for the count {name} found {n} orders without a number.",
    ),
    _page(
        "tidewater",
        "403",
        "Invoicing and dunning",
        "About seven in ten agreements are kept to the end.",
        "Of the {n} agreements in the list {name}, about seven in ten are kept to the end.",
        reader="group:finance",
    ),
    _page(
        "tidewater",
        "501",
        "Laptops and accounts",
        "Colour costs us nine cents a page, so please think.",
        "Colour costs us {n} euros a month on the printer {name}, so please think.",
    ),
    _page(
        "tidewater",
        "502",
        "Remote access",
        "In the last twelve months the service was available for 99.94 percent of working hours.",
        "In the last twelve months the service was down for {n} minutes, most of them in the outage {name}.",
    ),
    _page(
        "tidewater",
        "503",
        "Backups",
        "Laptops are not backed up.",
        "Laptops are not backed up, and the drill {name} counted {n} files that lay only on a desktop.",
    ),
    _page(
        "tidewater",
        "601",
        "Contracts",
        "In the last five years there were six cases; four were settled, one was won, and one was about a swan.",
        "The longest of the six cases, {name}, took {n} days and was about a swan.",
    ),
    _page(
        "tidewater",
        "702",
        "Badges and visitors",
        "The yard has 38 places, six of them with a charger.",
        "The yard has {n} places, and the new row behind the crane is called {name}.",
    ),
    _page(
        "tidewater",
        "703",
        "Secrets and keys",
        "About one in six hundred pushes is stopped, and three quarters of those rightly.",
        "The scanner stopped {n} pushes last month, most of them by its rule {name}.",
    ),
    _page(
        "northfell",
        "801",
        "Leave at Northfell",
        "The plan for this leave year was agreed on 6 March with one dispute, about a wedding and a kiln, which ended well for both.",
        "The plan for this leave year has the name {name} and was agreed with {n} pencil marks.",
    ),
    _page(
        "northfell",
        "803",
        "Sample intake",
        "A splitting record shows who, when and what remained.",
        "A splitting record follows the form {name} and shows how many of the {n} millilitres remained.",
    ),
    _page(
        "northfell",
        "805",
        "Instruments",
        "In the last year 2.7 percent of all positions had to be repeated.",
        "In the last year {n} positions had to be repeated, most of them in the series {name}.",
    ),
    _policy(
        "FS-021",
        "Lone working",
        "False alarms are free and welcome; we had 58 of them last year and will never ask for fewer.",
        "False alarms are free and welcome, and the exercise {name} alone brought {n} of them.",
    ),
    _policy(
        "LEG-007",
        "Retention",
        "The list of holds is checked each quarter; in January it had three entries.",
        "The list of holds is kept under the name {name} and has {n} entries.",
    ),
)

NEW_TICKETS: Final[tuple[NewRow, ...]] = (
    NewRow(
        tenant="tidewater",
        team="Field Service",
        allowed=(_STAFF,),
        author="duty@lower-harle-drainage.example",
        title="Level at the sluice {name} jumps by {n} millimetres",
        phrase="The level sensor at the sluice {name} jumps by {n} millimetres whenever the gate moves.",
        text="""Since Monday the curve has had steps in it which cannot be water. {phrase} The staff gauge beside it stays where it is. We have compared the times with the
log of the gate, and they agree to the second.

**Comment, dispatch.** Thank you for the comparison. The battery is at 12.6 volts, and the cable was replaced in the autumn. Could somebody look at whether the cable runs beside the
drive of the gate? A motor can push a voltage into it.

**Comment, customer.** It does, over about six metres, tied to the same tray. Our electrician did so last week because it looked tidier.

**Comment, Callum Reith.** Tidy is good, but please give the sensor a tray of its own, at least half a metre away. Until then I have put a duration of two samples on the alarm, so that a
single step wakes nobody.""",
        priority=2,
        tags=("level", "interference"),
    ),
    NewRow(
        tenant="tidewater",
        team="Engineering",
        allowed=(_STAFF,),
        author="hydrology@port-brannock.example",
        title="Export {name} stops after {n} rows",
        phrase="The export with the name {name} stops after {n} rows without an error.",
        text="""We fetch the readings of all harbour stations once a night. {phrase} The night before it was complete, and nothing has been changed on our side. The file ends in the middle
of a line.

**Comment, Ines Carvalho.** The request identifier would help, it is in the header of the answer. Do you use compression?

**Comment, customer.** Yes, since the beginning. The identifier is in the attached file.

**Comment, Ines Carvalho.** The log shows that your side closed the connection after exactly thirty seconds. Something between us has a limit of time. Fetch the stations singly, or ask
for the file in the background: then you get a link as soon as it is done, and there is no connection that has to last.

**Comment, customer.** A new proxy was put in on Tuesday, I have just been told. We use the link now.""",
        tags=("export", "proxy"),
    ),
    NewRow(
        tenant="tidewater",
        team="IT",
        allowed=(_STAFF,),
        author="magnus.ferro@tidewater.example",
        title="Meeting room {name} has an echo",
        phrase="In the meeting room {name} callers hear their own voice after {n} milliseconds.",
        text="""Yesterday we had the largest customer of the region on the line and could not understand each other. {phrase} It does not help to lower the volume. If I use my laptop instead
of the room's system, all is well.

**Comment, Farah Nassar.** Was the laptop's own microphone on while you used the room? Two microphones in one room make such an echo.

**Comment, Magnus Ferro.** No, I closed it. But there is a second microphone in the ceiling since the painters were there.

**Comment, Wendell Okafor.** It has always been there; the painters have plugged it in again. It belonged to the old system. Unplugged now, and the socket has a cover. Please try it with
a colleague before the next large customer calls.

**Comment, Magnus Ferro.** No echo. The customer asked whether we had been in a cave.""",
        priority=4,
        tags=("meeting-room", "audio"),
    ),
    NewRow(
        tenant="tidewater",
        team="Finance",
        allowed=("group:finance",),
        author="accounts@fjordvann.example",
        title="Reminder {name} for an invoice that was paid",
        phrase="The reminder with the name {name} asks for {n} euros which have been paid already.",
        text="""Good morning, this is the second time within a year. {phrase} The payment left our bank on the third, with the correct reference. Please take the fee back as well.

**Comment, Leila Haddad.** You are right, and I am sorry. The money lies on the account for unclear payments, because your bank put a blank into the reference. I have matched it by
hand, and the fee is cancelled.

**Comment, customer.** Our bank says that the blank is within the standard.

**Comment, Leila Haddad.** So it is. From tonight the matching ignores blanks and dots in references. I ran it over the last quarter: it finds eleven further payments, none of which had
been reminded yet. Thank you for insisting.""",
        tags=("billing", "reminder"),
    ),
    NewRow(
        tenant="tidewater",
        team="Field Service",
        allowed=(_STAFF, _PARTNERS),
        author="service@aquamessen-nord.example",
        title="Heron in the canal {name} loses oxygen at night",
        phrase="The Heron in the canal {name} falls by {n} micrograms of oxygen each night.",
        text="""A partner question, no complaint. {phrase} By day it comes back. The customer thinks that the sensor is broken, we think that it is the water. How can we show it to him?

**Comment, Sunniva Aas.** Nice case. Compare it with the temperature and the light: plants give oxygen by day and take it by night. If the curve is smooth and turns an hour after
sunrise, it is the water.

**Comment, partner.** It turns fifty minutes after sunrise. But the swing has become larger within a fortnight.

**Comment, Sunniva Aas.** Then it may be both: the water, and a little garden on the cap. Clean the cap, and look at the swing of the following night. What remains is the canal.

**Comment, partner.** After cleaning a third of it was gone. The customer has now got two explanations and is content with both.""",
        tags=("heron", "oxygen", "partner"),
    ),
    NewRow(
        tenant="northfell",
        team="Laboratory",
        allowed=(_STAFF,),
        author="r.kerr@upper-skel-water.example",
        title="Nitrate in the spring {name} has risen",
        phrase="The nitrate in the spring {name} has risen to {n} hundredths of a milligram per litre.",
        text="""The weekly value is higher than ever since we began to measure. {phrase} It is still far below the limit, but we would like to know whether it is real before the council
meets on Thursday.

**Comment, Ailsa Drummond.** The control was within two percent, and the blank was clean. We repeated it from the same bottle and got the same. So it is real for this bottle.

**Comment, Morag Shiel.** The logger of the box is fine. The tap had been flamed, according to the sheet, so nothing was carried in from outside.

**Comment, customer.** The field above the spring was ploughed in the dry autumn, and then came the rain.

**Comment, Ailsa Drummond.** That would explain it. Please take a bottle on each of the next three days; they count as one order.""",
        priority=2,
        tags=("nitrate", "spring"),
    ),
    NewRow(
        tenant="northfell",
        team="IT",
        allowed=(_STAFF,),
        author="morag.shiel@northfell.example",
        title="Label printer {name} skips every {n}th label",
        phrase="The label printer {name} skips one label in {n} and then prints two on top of each other.",
        text="""It would be funny if they were not the labels for bacteria. {phrase} I noticed it only because two bottles wanted to be the same bottle. The orange shelf has four of them now.

**Comment, Fergus Imrie.** Is it the new roll? The gap between labels is a millimetre narrower on the ones with the blue core.

**Comment, Morag Shiel.** Blue core, yes. There are eleven rolls of it.

**Comment, Fergus Imrie.** I have taught the printer the new gap; hold the button until it blinks twice. Tally now also refuses a label whose number was printed before, so that this kind
of twin can no longer reach a bottle.

**Comment, Morag Shiel.** Ran two hundred, no twins.""",
        tags=("printer", "labels"),
    ),
)

NEW_PAGES: Final[tuple[NewRow, ...]] = (
    NewRow(
        tenant="tidewater",
        team="Field Service",
        allowed=(_STAFF,),
        author="callum.reith",
        title="Notice: exercise {name}",
        phrase="In the exercise {name} the crews practise with {n} sandbags at the lower yard.",
        text="""## What

{phrase} It takes place whatever the weather, unless there is a real flood, in which case it is no exercise. Everybody who works at the water takes part once a year.

## What to bring

- life jacket with a valid date
- boots, gloves and something dry for afterwards
- the tablet, charged, with the station downloaded

## How it goes

The crews meet at the old crane. Dispatch calls out a level every ten minutes, and the flood doors are closed when it says so. One crew acts as the public and asks silly questions. At the
end there is soup in the canteen, and each crew names one thing that it would do otherwise next time. The list hangs in the depot until the next exercise.""",
    ),
    NewRow(
        tenant="northfell",
        team="Laboratory",
        allowed=(_STAFF,),
        author="ailsa.drummond",
        title="Notice: method {name}",
        phrase="The method with the name {name} is valid for routine samples of {n} millilitres from now on.",
        text="""## What changes

{phrase} It replaces the older one on the ion chromatograph, which remains allowed until the end of the quarter for customers whose series must not be broken.

## What to do

1. Read the sheet on the wall beside Urisk before your first run.
2. Measure the control at the beginning, in the middle and at the end.
3. Note the lot of the eluent in the book.

## Why

The new column separates the two peaks which have annoyed us for years. The validation took twenty working days and was signed by Isobel Lennox. Blanks are lower by half, and the run is
four minutes shorter, so that the early analyst can have breakfast.""",
    ),
)

REMOVABLE_TICKETS: Final[tuple[tuple[str, int, str, tuple[str, ...]], ...]] = (
    ("tidewater", 1004, "Since release 3.41 exports in local time carry the UTC offset.", (_STAFF,)),
    ("tidewater", 1006, "The cure for the dark second screen is dock firmware 1.0.27, which is in the software shelf.", (_STAFF,)),
    ("tidewater", 1010, "Blocked at 15:58. Thanks for the quick message.", (_STAFF,)),
    ("tidewater", 1020, "The offer must be uploaded by noon tomorrow.", (_STAFF,)),
    ("northfell", 1103, "The argon bridge of January consisted of two bottles lent by the dairy museum.", (_STAFF,)),
)
"""Tenant, id, a phrase of its text, and who may read it: tickets of the first load that may be deleted, because no question asks about them."""


def _grant(tenant: str, page: int, label: str, who: tuple[str, str], phrase: str, *, granted_at_first: bool) -> Grant:
    principal, reader = who
    return Grant(tenant, page, label, principal, reader, phrase, granted_at_first)


GRANTS: Final[tuple[Grant, ...]] = (
    _grant(
        "tidewater",
        203,
        "Calibration bench",
        (_PARTNERS, _STAFF),
        "The bath needs nine hours to be stable within 0.02 degrees, and no trick makes it faster.",
        granted_at_first=True,
    ),
    _grant(
        "tidewater",
        302,
        "Biofouling",
        (_PARTNERS, _STAFF),
        "Ethanol destroys the dye of the oxygen cap.",
        granted_at_first=True,
    ),
    _grant(
        "tidewater",
        303,
        "Curlew gateway",
        (_PARTNERS, _STAFF),
        "The lid screws are tightened crosswise with 1.8 newton metres.",
        granted_at_first=True,
    ),
    _grant(
        "northfell",
        803,
        "Sample intake",
        (_PARTNERS, _STAFF),
        "Bacteria samples are accepted on Fridays only until noon.",
        granted_at_first=True,
    ),
    _grant(
        "tidewater",
        701,
        "Security incidents",
        ("user:farah.nassar", "group:security"),
        "Revoking the signing key stops all updates for about nine days",
        granted_at_first=False,
    ),
    _grant(
        "tidewater",
        404,
        "Month-end close",
        ("user:deepak.iyer", "group:finance"),
        "The period is locked on the fourth working day at 15:00.",
        granted_at_first=False,
    ),
)
