"""What surrounds every call: identity, errors, log, metrics, authentication."""
