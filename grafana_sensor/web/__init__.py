"""The HTTP doors: they decode requests, ask the service, and encode its answers."""
