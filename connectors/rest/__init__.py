"""REST sources on the wire: the HTTP client with its waits and limits."""
