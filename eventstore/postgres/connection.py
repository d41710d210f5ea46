"""The type of what runs statements: a connection of our own, or one borrowed from a pool."""

import asyncpg

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
