"""The first page says whether provisioning is healthy, and what needs somebody."""

from service.console.framework.call import ConsoleCall
from service.http.answer import Answer


async def show(call: ConsoleCall) -> Answer:
    """GET /."""
    return await call.show("overview.html")
