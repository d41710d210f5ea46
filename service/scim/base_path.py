"""Where SCIM is served, apart from the handlers: commands print it, and need nothing else of SCIM."""

BASE_PATH = "/api/scim/v2"
