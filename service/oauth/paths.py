"""Where clients find the endpoints; light to import, since commands print these addresses."""

METADATA_PATH = "/.well-known/oauth-authorization-server"  # RFC 8414 §3
TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path.
