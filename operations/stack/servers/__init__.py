"""How each server is configured for one machine: one module a server, each with command, prepare and probe."""
