"""The media types of answers."""

MEDIA_TYPE = "application/scim+json"
