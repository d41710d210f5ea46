"""scim2-server in memory, by the fastest way it offers: ASGI on uvicorn with uvloop and httptools.

`python scim2.py PORT`. Its own command serves by wsgiref, which closes every connection.
"""

# mypy: ignore-errors
import sys

import uvicorn
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage
from scim2_server.utils import load_default_provider

if __name__ == "__main__":
    app = ASGIApplication(AsyncInMemoryStorage(), load_default_provider())
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
