"""A Jira: Cloud's REST v3 and v2 (``--edition cloud``) or Data Center's REST v2 (``--edition datacenter``), with their webhooks.

Shapes follow Atlassian's OpenAPI description of Jira Cloud (https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/), its page on webhooks
(https://developer.atlassian.com/cloud/jira/platform/webhooks/) and Data Center's reference (https://developer.atlassian.com/server/jira/platform/rest/).
Each module names the page of each shape; "not verified" stands where none was found.
"""
