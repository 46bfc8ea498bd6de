"""What the two editions write differently: paths, and by which id a person and a group are known.

Cloud: REST v3, a person's accountId, a group's groupId, which stay when names change (https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/).
Data Center: REST v2, a person's key, which stays when the username changes (https://confluence.atlassian.com/doc/confluence-data-center-and-jira-user-keys: "JIRAUSER10100"),
and a group's name, for there is no other id of it; Jira Data Center cannot rename a group (https://jira.atlassian.com/browse/JRASERVER-1391).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from contracts.sources.rest import JiraSource
from rest_sources.jira.shape import Shape
from rest_sources.readers import named_group


@dataclass(frozen=True, slots=True)
class Edition:
    """``site`` is where people go, and what every request's URL begins with; it may have a path of its own (``https://company.example/jira``)."""

    cloud: bool
    site: str

    @classmethod
    def of(cls, source: JiraSource) -> Edition:
        return cls(source.edition == "cloud", source.url)

    def path(self, rest: str) -> str:
        """A whole URL: a site's own path stays in it."""
        return f"{self.site}/rest/api/{3 if self.cloud else 2}/{rest}"

    def user_id(self, person: Shape) -> str:
        return person.text("accountId" if self.cloud else "key")

    def group_id(self, shown: Shape) -> str:
        """Of ``{"name": …, "groupId": …}``."""
        return shown.text("groupId") if self.cloud else named_group(shown.text("name"))

    def browse(self, key: str) -> str:
        return f"{self.site}/browse/{quote(key)}"

    def file(self, attachment: str, name: str) -> str:
        """Where people open an attachment; on Data Center also where programs read it."""
        return f"{self.site}/secure/attachment/{attachment}/{quote(name, safe='')}"

    def content(self, attachment: str, name: str) -> str:
        """Without redirect, which would lead to another host.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/#api-rest-api-3-attachment-content-id-get
        """
        return self.path(f"attachment/content/{attachment}?redirect=false") if self.cloud else self.file(attachment, name)
