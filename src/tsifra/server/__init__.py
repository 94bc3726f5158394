"""A page for people and an HTTP service for programs (extra `serve`)."""
