"""The SCIM endpoint and the command line, through the real application and a real socket."""
