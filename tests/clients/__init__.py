"""Identity providers and SCIM clients: their requests, sent through a real socket."""
