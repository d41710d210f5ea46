"""The feed, webhooks and all that follows the log from outside."""
