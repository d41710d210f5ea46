"""Who may do what: what a token stands for, and which scopes let its bearer in. It knows nothing of SCIM."""
