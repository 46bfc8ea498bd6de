"""The fixed words of this Jira: issue types, one workflow, priorities, link types, permissions, fields' names."""

from __future__ import annotations

from typing import Final, NamedTuple


class Status(NamedTuple):
    id: str
    name: str
    category_id: int
    category_key: str
    category_name: str
    color: str


class LinkType(NamedTuple):
    id: str
    name: str
    inward: str
    outward: str


ISSUE_TYPES: Final = {"10001": "Task", "10002": "Bug", "10003": "Story", "10004": "Epic"}
PRIORITIES: Final = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
STATUSES: Final = {
    "10000": Status("10000", "To Do", 2, "new", "To Do", "blue-gray"),
    "3": Status("3", "In Progress", 4, "indeterminate", "In Progress", "yellow"),
    "10002": Status("10002", "Done", 3, "done", "Done", "green"),
}
FIRST_STATUS: Final = "10000"
DONE: Final = "10002"
TRANSITIONS: Final = {"11": ("To Do", "10000"), "21": ("In Progress", "3"), "31": ("Done", "10002")}
"""Each is open from every status, as in the workflow of a new project."""

LINK_TYPES: Final = {
    "10000": LinkType("10000", "Blocks", "is blocked by", "blocks"),
    "10001": LinkType("10001", "Duplicate", "is duplicated by", "duplicates"),
    "10003": LinkType("10003", "Relates", "relates to", "relates to"),
}

BROWSE: Final = "BROWSE_PROJECTS"
PERMISSIONS: Final = (
    "ADMINISTER_PROJECTS",
    BROWSE,
    "ADD_COMMENTS",
    "ASSIGN_ISSUES",
    "CREATE_ATTACHMENTS",
    "CREATE_ISSUES",
    "DELETE_ALL_ATTACHMENTS",
    "DELETE_ALL_COMMENTS",
    "DELETE_ISSUES",
    "DELETE_OWN_ATTACHMENTS",
    "DELETE_OWN_COMMENTS",
    "EDIT_ALL_COMMENTS",
    "EDIT_ISSUES",
    "EDIT_OWN_COMMENTS",
    "LINK_ISSUES",
    "MODIFY_REPORTER",
    "SET_ISSUE_SECURITY",
    "TRANSITION_ISSUES",
)
"""Of https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permission-schemes/#built-in-permissions those that a route here asks for."""

FIELD_NAMES: Final = {
    "summary": "Summary",
    "description": "Description",
    "issuetype": "Issue Type",
    "project": "Project",
    "status": "Status",
    "priority": "Priority",
    "labels": "Labels",
    "assignee": "Assignee",
    "reporter": "Reporter",
    "creator": "Creator",
    "created": "Created",
    "updated": "Updated",
    "duedate": "Due date",
    "resolution": "Resolution",
    "resolutiondate": "Resolved",
    "security": "Security Level",
    "issuelinks": "Linked Issues",
    "subtasks": "Sub-tasks",
    "attachment": "Attachment",
    "comment": "Comment",
}


def named(words: dict[str, str], wanted: str) -> str | None:
    """The id of a word given by id or by name (in any case)."""
    return next((key for key, name in words.items() if wanted == key or wanted.lower() == name.lower()), None)
