"""Every example of RFC 7643 and RFC 7644, read by our definitions and sent to the service."""
