"""An issuer of assertions for the acceptance cases: it publishes a key, and signs what it is asked to."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE = "api://cases"
SUBJECT = "cases"
KID = "cases-1"


@dataclass(frozen=True)
class Issuer:
    """A running issuer."""

    url: str
    key: rsa.RSAPrivateKey

    def assertion(self, **changed: Any) -> str:
        """Return an assertion, with other claims where some are given."""
        return jwt.encode(self._claims(**changed), self.key, "RS256", headers={"kid": KID})

    def unsigned(self) -> str:
        """Return an assertion that nobody signed."""
        return jwt.encode(self._claims(), None, "none", headers={"kid": KID})

    def _claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + 3600}
        return {"iss": self.url, "aud": AUDIENCE, "sub": SUBJECT, **times, **changed}


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Run an issuer for the duration of the block."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public: Mapping[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    answers: dict[str, Any] = {"/keys": {"keys": [{**public, "kid": KID, "use": "sig"}]}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers.get(self.path, {})).encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    answers["/.well-known/openid-configuration"] = {"issuer": url, "jwks_uri": f"{url}/keys"}
    Thread(target=server.serve_forever, daemon=True).start()
    yield Issuer(url, key)
    server.shutdown()
    server.server_close()
