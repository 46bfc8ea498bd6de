"""A server that stands in for Confluence: Cloud's REST API (``/wiki/api/v2`` and what is left of ``/wiki/rest/api``) or Data Center's (``/rest/api``).

``python -m examples.vendors.confluence --port 8090 [--edition datacenter] [--events forge|automation] [--speed 100]``

Every docstring that describes a wire format names the vendor's page. «Not verified» marks what no page was found for.
"""
