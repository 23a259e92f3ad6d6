"""Somebody's file in a process of its own: the limits, what is read from its text, the shapes of its inputs."""
