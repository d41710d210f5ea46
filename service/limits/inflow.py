"""A bound on what arrives within one turn of the event loop: hundreds of uploads at once must not delay a small request."""

import asyncio
from collections import deque

BYTES_PER_TURN = 262_144
DROPPED_PER_TURN = (
    65_536  # Of bodies that are refused: their senders get the refusal once all has arrived.
)


class Inflow:
    """Lets at most so many bytes pass in each turn of the event loop; the rest waits for the next turns."""

    def __init__(self, bytes_per_turn: int = BYTES_PER_TURN) -> None:
        self._most, self._passed = bytes_per_turn, 0
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._is_timed = False

    async def keep(self, size: int) -> None:
        """Return when so many bytes may pass."""
        loop = asyncio.get_running_loop()
        if not self._is_timed:
            self._is_timed = True
            loop.call_soon(self._next_turn)
        if not self._waiting and self._passed < self._most:
            self._passed += size
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, size))
        await turn

    def _next_turn(self) -> None:
        self._passed = 0
        while self._waiting and self._passed < self._most:
            turn, size = self._waiting.popleft()
            if not turn.done():
                self._passed += size
                turn.set_result(None)
        self._is_timed = bool(self._waiting or self._passed)
        if self._is_timed:
            asyncio.get_running_loop().call_soon(self._next_turn)


# Of this process: its event loop is what is scarce.
INFLOW = Inflow()
DROPPED = Inflow(DROPPED_PER_TURN)
