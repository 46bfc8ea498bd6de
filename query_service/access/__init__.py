"""Who asks: from a request's credentials to a tenant and principals. One module per kind of credential; ``authenticate`` chooses."""
