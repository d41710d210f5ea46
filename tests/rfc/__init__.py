"""Every example of RFC 7643 and RFC 7644, and what our definitions say of each."""
