"""Who sees what, by Confluence's own rules. The tests' oracle: it shares no code with what lists permissions and restrictions over REST.

A person sees content when the person (or anonymous, or a group of the person) has the space's «read» permission **and** each read restriction on the way
— of the page itself and of every page above — names the person or a group of the person. A page without a restriction inherits; one restriction more can
only take away; a restriction that names a person without the space permission gives nothing. Comments and attachments are seen with their page. Drafts are
seen by their author alone, what is in the trash by nobody.
https://confluence.atlassian.com/doc/page-restrictions-139414.html and https://support.atlassian.com/confluence-cloud/docs/add-or-remove-page-restrictions/

Administrators (``sees_all``): Data Center's confluence-administrators see everything,
https://confluence.atlassian.com/doc/confluence-groups-for-administrators-1720411.html; on Cloud an administrator does with an Admin Key,
https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-admin-key/
"""

from __future__ import annotations

from examples.vendors.confluence.state import Content, Person, Site


def may_read_space(site: Site, person: Person | None, space_id: int) -> bool:
    granted = [permission for permission in site.space_permissions.get(space_id, {}).values() if (permission.operation, permission.target) == ("read", "space")]
    if any(permission.kind == "anonymous" for permission in granted):
        return person is None or person.active
    if person is None or not person.active:
        return False
    return any(
        permission.principal == person.id if permission.kind == "user" else person.id in site.members.get(permission.principal, ()) for permission in granted
    )


def may_read(site: Site, person: Person | None, content: Content, *, sees_all: bool = False) -> bool:
    """Whether the person sees it; what is in the trash (or whose page is), and others' drafts, not even an administrator."""
    page = content if content.container is None else site.contents.get(content.container)
    if page is None or content.status == "trashed" or page.status == "trashed":
        return False
    if page.status == "draft" and (person is None or page.author != person.id):
        return False
    if sees_all:
        return True
    chain = [page, *site.ancestors(page)]
    return may_read_space(site, person, page.space) and all(_named_or_free(site, person, link.id) for link in chain)


def visible(site: Site, person: Person | None, *, sees_all: bool = False) -> list[Content]:
    """The published content that the person sees, by id."""
    published = (content for content in sorted(site.contents.values(), key=lambda content: content.id) if _published(site, content))
    return [content for content in published if may_read(site, person, content, sees_all=sees_all)]


def _published(site: Site, content: Content) -> bool:
    page = content if content.container is None else site.contents.get(content.container)
    return page is not None and {content.status, page.status} <= {"current", "archived"}


def _named_or_free(site: Site, person: Person | None, content_id: int) -> bool:
    allowed = site.restrictions.get(content_id, {}).get("read")
    if not allowed:
        return True
    return person is not None and (person.id in allowed.users or any(person.id in site.members.get(group, ()) for group in allowed.groups))
