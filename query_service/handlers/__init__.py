"""One module per group of addresses. A handler reads a body, calls the parts, writes a body; errors rise to query_service.problems."""
