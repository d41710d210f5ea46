"""The SCIM endpoint, through the real application and a real socket."""
