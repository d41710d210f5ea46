"""Pure decisions: no database, no socket, no clock."""
