"""The time between the order to stop and the last request: a balancer notices, and clients move to another process."""

import asyncio

from aiohttp import web

AGAIN_S = 1.0  # A supervisor signals all processes at once, and the parent of workers passes the signal on.


class Draining:
    """Whether this process is about to stop. It still serves, but is not ready, and keeps no connection open."""

    def __init__(self) -> None:
        self.is_on = False
        self._over = asyncio.Event()
        self._began_s = 0.0

    async def wait(self, seconds: float) -> None:
        """Drain for so long, or until `cut_short`."""
        if seconds <= 0:
            return
        self.is_on = True
        self._began_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return

    def cut_short(self) -> None:
        """End the draining now, at a further signal. One that comes at once is the same one."""
        if asyncio.get_running_loop().time() - self._began_s > AGAIN_S:
            self._over.set()


DRAINING = web.AppKey("draining", Draining)
REASON = "The service stops."
