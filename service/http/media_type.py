"""The media type of answers."""

MEDIA_TYPE = "application/scim+json"
