"""The exact gradient check."""
