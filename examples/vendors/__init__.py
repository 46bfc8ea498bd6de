"""Servers that stand in for vendors whose systems cannot be had: each a process of its own that speaks the vendor's documented REST and webhook formats over HTTP.

They keep state, pages, permissions and signatures as documented, so that connectors, tests and the demo meet what they would meet outside, and can be told to fail
(``/_control``). They are no part of the product: no other package imports them.
"""
