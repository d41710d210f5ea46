-- is_server_local: whether this connection comes through a Unix socket or from the server's own address.
SELECT coalesce(inet_server_addr() = inet_client_addr(), true)
