"""A Zendesk account over HTTP: tickets, people and Help Center articles in memory, their documented REST routes, and the event webhooks that changes fire.

Shapes and rules come from https://developer.zendesk.com/api-reference/ and https://support.zendesk.com/; each module names the pages it follows. Where no page could
be found for a detail, "not verified" stands beside it. Left out: triggers, automations, views, search, custom fields, brands beyond one, translations' own webhooks,
rate limits of each route (``faults`` draws 429 instead) and the circuit breaker of webhooks.
"""
