"""What runs statements: a connection of our own, or one borrowed from the pool."""

import asyncpg

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
