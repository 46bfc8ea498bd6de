"""What Jira's answers become, answer by answer: right ones, wrong ones, and those of an issue that goes while it is fetched."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from rest_sources.api import ForbiddenError, TooLargeError, UnexpectedAnswerError
from rest_sources.source import GONE, Fetched, Record, RemoteFile, UnreadableFileError
from tests.unit.rest_sources.jira_answers import CENTER, CLOUD, GROUP, Answers, adf, comment, issue, permissions, person, reader

ISSUE = "issue/10002"
FILE = {"id": "5", "filename": "a.txt", "mimeType": "text/plain", "size": 3, "created": "2026-01-31T10:00:00.000+0000"}


async def fetched(**fields: Any) -> Fetched:
    return await reader(Answers({ISSUE: issue(**fields)})).fetch(ISSUE)


async def test_a_record_holds_what_the_draft_needs_and_no_more() -> None:
    found = await fetched()
    record = found.records[ISSUE]
    assert (found.stamp, found.changed_us) == ("1769853600250", 1769853600250000), "the same in every time zone"
    assert (record["key"], record["labels"], record["links"], record["parent"]) == ("OPS-12", ["blue", "red"], ["is blocked by HR-3"], "OPS-1")
    text = orjson.dumps(dict(record)).decode()
    for hidden in ("Not for everybody", "Neither", "Nor this", "self", "avatar", "accountId"):
        assert hidden not in text, "of other issues the keys alone"


async def test_comments_beyond_the_first_page_are_asked_for() -> None:
    comments = [comment(number, adf(f"Number {number}.")) for number in range(1, 121)]
    first = {"comments": comments[:20], "total": 120, "maxResults": 20, "startAt": 0}
    pages = [{"comments": comments[at : at + 50], "total": 120, "startAt": at, "maxResults": 50} for at in (0, 50, 100)]
    api = Answers({ISSUE: issue(comment=first), f"{ISSUE}/comment": pages})
    record = (await reader(api).fetch(ISSUE)).records[ISSUE]
    shown = record["comments"]
    assert isinstance(shown, list)
    assert [one["id"] for one in shown] == sorted((str(number) for number in range(1, 121)), key=lambda text: (int(text) % 60, int(text)))
    assert [asked["startAt"] for name, asked in api.asked if name.endswith("comment")] == [0, 50, 100]


async def test_an_issue_that_goes_between_two_requests_is_gone() -> None:
    api = Answers({ISSUE: [issue(comment={"comments": [], "total": 5}), None]})
    assert await reader(api).fetch(ISSUE) == GONE
    field = {"type": "userCustomField", "parameter": "customfield_1"}
    api = Answers({ISSUE: [issue(), None], "project/10000/permissionscheme": permissions(field)})
    assert await reader(api).fetch(ISSUE) == GONE


async def test_what_we_may_not_see_is_nothing_and_what_is_forbidden_is_said() -> None:
    assert await reader(Answers({})).fetch(ISSUE) == GONE
    for path in (ISSUE, "project/10000/permissionscheme"):
        with pytest.raises(ForbiddenError):
            await reader(Answers({ISSUE: issue()} | {path: ForbiddenError("No.", "Ask.")})).fetch(ISSUE)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"summary": 1.5}, "fields.summary"),
        ({"description": "plain text"}, "fields.description"),
        ({"labels": [1]}, "fields.labels"),
        ({"labels": "red"}, "fields.labels"),
        ({"status": "Done"}, "fields.status"),
        ({"project": None}, "fields.project"),
        ({"updated": "yesterday"}, "fields.updated"),
        ({"comment": []}, "fields.comment"),
        ({"comment": {"comments": [{"id": "1"}], "total": 1}}, "fields.comment.comments[0].created"),
        ({"security": "secret"}, "fields.security"),
        ({"security": {"name": "secret"}}, "fields.security.id"),
        ({"reporter": {"displayName": "Ann"}, "security": {"id": "7"}}, "fields.reporter.accountId"),
        ({"issuelinks": [{"type": {}, "inwardIssue": {"key": "A-1"}}]}, "fields.issuelinks[0].type.inward"),
        ({"attachment": [{**FILE, "size": "many"}]}, "fields.attachment[0].size"),
        ({"attachment": [{**FILE, "id": "x5"}]}, "fields.attachment[0].id"),
    ],
)
async def test_a_field_of_another_type_is_named_without_its_value(wrong: dict[str, Any], place: str) -> None:
    level = {"values": [{"issueSecurityLevelId": "7", "holder": {"type": "reporter"}}], "total": 1}
    api = Answers({ISSUE: issue(**wrong), "issuesecurityschemes/level/member": level})
    with pytest.raises(UnexpectedAnswerError, match="another form") as refused:
        await reader(api).fetch(ISSUE)
    assert f"{ISSUE}.{place} " in str(refused.value)
    assert "plain text" not in str(refused.value)


async def test_what_cannot_be_determined_is_nobodys_and_is_said() -> None:
    customers, roleless = {"type": "sd.customer.portal.only"}, {"type": "projectRole", "parameter": "10999"}
    for holder, named in ((customers, "sd.customer.portal.only"), (roleless, "projectRole"), ({"type": "group", "parameter": "staff"}, "group")):
        record = (await reader(Answers({ISSUE: issue(), "project/10000/permissionscheme": permissions(holder)})).fetch(ISSUE)).records[ISSUE]
        assert record["readers"] == []
        assert named in str(record["untold"])
    record = (await reader(Answers({ISSUE: issue(), "project/10000/permissionscheme": None})).fetch(ISSUE)).records[ISSUE]
    assert (record["readers"], record["untold"]) == ([], ["Jira does not say whom the project's permission scheme lets browse it."])


async def test_a_hidden_level_field_lets_nobody_in_where_the_project_has_levels() -> None:
    shown = issue()
    del shown["fields"]["security"]
    levels = {"project/10000/issuesecuritylevelscheme": {"id": 1, "levels": [{"id": "7"}]}}
    assert (await reader(Answers({ISSUE: shown})).fetch(ISSUE)).records[ISSUE]["readers"] == [["group:g1"]]
    assert (await reader(Answers({ISSUE: shown} | levels)).fetch(ISSUE)).records[ISSUE]["readers"] == []


async def test_a_comment_for_an_unknown_role_is_read_by_nobody() -> None:
    comments = [comment(1, adf("Hush."), visibility={"type": "role", "value": "Elders"}), comment(2, adf("All."))]
    records = (await fetched(comment={"comments": comments, "total": 2})).records
    assert records.keys() == {ISSUE, f"{ISSUE}/restricted/role-unknown"}
    hushed = records[f"{ISSUE}/restricted/role-unknown"]
    assert (hushed["readers"], hushed["untold"]) == ([], ["Jira does not say who is in the role that a comment is for."])
    assert "Hush" not in str(records[ISSUE])


async def test_data_center_speaks_of_keys_names_and_markup_under_a_path_of_its_own() -> None:
    text = "h1. Disk [~bob] [~nobody]"
    shown = issue(description=text, comment={"comments": [comment(1, "*one* [~ann]", visibility={"type": "group", "value": "the/board"})], "total": 1})
    api = Answers(
        {
            ISSUE: shown,
            "user": [person("ann"), person("bob"), None],
            "project/10000/permissionscheme": permissions({"type": "reporter"}, {"type": "user", "parameter": "KEY-bob"}),
        }
    )
    api.answers["user"] = None
    records = (await reader(api, CENTER).fetch(ISSUE)).records
    assert records[ISSUE]["description"] == text
    assert records[ISSUE]["readers"] == [["user:KEY-ann"], ["user:KEY-bob"]]
    board = records[f"{ISSUE}/restricted/group-the%2Fboard"]
    assert board["readers"] == [["group:the%2Fboard", "user:KEY-ann"], ["group:the%2Fboard", "user:KEY-bob"]]
    assert board["people"] == {"ann": "Ann"}
    assert [asked["username"] for name, asked in api.asked if name == "user"] == ["bob", "nobody"]


class Reading:
    def __init__(self, outcome: Record | Exception | None) -> None:
        self.outcome = outcome
        self.files: list[RemoteFile] = []

    async def read(self, file: RemoteFile) -> Record | None:
        self.files.append(file)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(UnreadableFileError("Locked."), "Locked."), (TooLargeError("Too large.", "Raise the limit."), "Too large. Raise the limit."), (None, "")],
)
async def test_an_attachment_that_gives_nothing_does_not_stop_the_issue(outcome: Exception | None, reason: str) -> None:
    files = Reading(outcome)
    found = await reader(Answers({ISSUE: issue(attachment=[FILE])}), files=files).fetch(ISSUE)
    assert found.records.keys() == {ISSUE}
    assert dict(found.refused) == ({f"{ISSUE}/attachment/5": reason} if reason else {})
    assert files.files[0].url == "https://acme.example/rest/api/3/attachment/content/5?redirect=false"


async def test_an_attachments_address_on_data_center_keeps_the_sites_path() -> None:
    files = Reading({"format": "text", "pages": []})
    source = CENTER.model_copy(update={"projects": ("OPS",)})
    api = Answers({ISSUE: issue(description=None, comment=None, attachment=[{**FILE, "filename": "a b?.txt"}])})
    await reader(api, source, files).fetch(ISSUE)
    assert files.files[0].url == "https://acme.example/jira/secure/attachment/5/a%20b%3F.txt"


async def test_a_moved_issue_keeps_its_id_and_shows_its_new_key() -> None:
    moved = {**issue(project={"id": "10000", "key": "NET", "name": "Network"}), "key": "NET-4"}
    record = (await reader(Answers({ISSUE: moved})).fetch(ISSUE)).records[ISSUE]
    assert (record["key"], record["project"]) == ("NET-4", {"key": "NET", "name": "Network"})
    assert await reader(Answers({ISSUE: moved}), CLOUD.model_copy(update={"projects": ("OPS",)})).fetch(ISSUE) == GONE


@pytest.mark.parametrize("native", ["ticket/1", "issue/OPS-1", "issue/10002/attachment/5", "issue/", "issue", "project/x", "", "issue/١"])
async def test_ids_of_others_and_of_parts_are_key_errors(native: str) -> None:
    with pytest.raises(KeyError):
        await reader(Answers({})).fetch(native)
    with pytest.raises(KeyError):
        _ = [below async for below in reader(Answers({})).below(native)]


async def test_access_follows_who_may_read_and_nothing_else() -> None:
    about = {"id": "10000", "key": "OPS", "name": "Operations", "lead": person("ann"), "description": "old"}
    role = {"actors": [{"type": "atlassian-group-role-actor", "actorGroup": {"name": "dev", "groupId": "g7"}}]}

    async def access(**answers: Any) -> str:
        known = {"project/10000": about, "project/10000/role/10100": role}
        return (await reader(Answers(known | {name.replace("__", "/"): answer for name, answer in answers.items()})).fetch("project/10000")).access

    before = await access()
    assert before
    assert before == await access(project__10000={**about, "description": "new"})
    assert before == await access(project__10000={**about, "lead": person("bob")}), "no grant names the lead"
    changed = [
        await access(project__10000={**about, "key": "NET"}),
        await access(project__10000__permissionscheme=permissions(GROUP, {"type": "anyone"})),
        await access(project__10000__permissionscheme=permissions({"type": "projectLead"})),
        await access(project__10000__role__10100={"actors": []}),
        await access(
            project__10000__issuesecuritylevelscheme={"id": 1, "levels": [{"id": "7"}]}, issuesecurityschemes__level__member={"values": [], "total": 0}
        ),
    ]
    assert len({before, *changed}) == len(changed) + 1
