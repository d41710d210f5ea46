"""Run the acceptance cases of a provisioning client against a service of their own.

usage: cases FOLDER   (which holds run_cases.py and cases/)
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from issuer import AUDIENCE, SUBJECT, issuing

SCIM_LEDGER = str(Path(sys.executable).with_name("scim-ledger"))
READY_TIMEOUT_S = 60


def main(folder: Path) -> int:
    """Return the runner's exit status."""
    with tempfile.TemporaryDirectory(prefix="scim-ledger-cases-") as data_dir:
        Path(data_dir).chmod(0o711)  # Run by root, PostgreSQL has an account that must get in.
        settings = {
            **os.environ,
            "SCIM_LEDGER_DATA_DIR": data_dir,
            "SCIM_LEDGER_HOST": "127.0.0.1",
            "SCIM_LEDGER_PORT": str(free_port()),
            "SCIM_LEDGER_ISSUER_HOSTS": "127.0.0.1",
            "SCIM_LEDGER_ISSUERS_MAY_BE_PRIVATE": "true",
        }
        with serving(settings, Path(data_dir) / "service.log"), issuing() as issuer:
            first, second = (issued(settings, name) for name in ("cases", "cases-b"))
            register = ("schema", "add", str(folder / "custom-extension.json"))
            said(settings, *register, "--organization", "cases")
            tokens = ["--token", first["token"], "--token-b", second["token"]]
            runner = [sys.executable, str(folder / "run_cases.py"), str(folder / "cases")]
            by_secret = client(settings)
            by_trust = client(
                *(settings, "--issuer", issuer.url, "--subject", SUBJECT, "--audience", AUDIENCE)
            )
            oauth = [
                *("--token-endpoint", by_secret["tokenEndpoint"]),
                *("--client-id", by_secret["clientId"]),
                *("--client-secret", by_secret["clientSecret"]),
            ]
            assertions = {
                "SCIM_WIF_CLIENT_ID": by_trust["clientId"],
                "SCIM_WIF_JWT": issuer.assertion(),
                "SCIM_WIF_JWT_BAD_AUD": issuer.assertion(aud="api://other"),
                "SCIM_WIF_JWT_ALG_NONE": issuer.unsigned(),
            }
            command = [*runner, "--base", first["tenantUrl"], *tokens, *oauth, "--level", "should"]
            return subprocess.run(command, check=False, env={**os.environ, **assertions}).returncode


@contextmanager
def serving(settings: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run the service for the duration of the block; what it said is shown if it does not end well."""
    with log.open("wb") as output:
        service = subprocess.Popen(
            [SCIM_LEDGER, "serve"], env=settings, stdout=output, stderr=output
        )
        try:
            wait_until_ready(settings, service)
            yield
        finally:
            service.terminate()
            if service.wait(timeout=READY_TIMEOUT_S) != 0:
                sys.stdout.write(log.read_text(errors="replace")[-4000:])


def wait_until_ready(settings: Mapping[str, str], service: subprocess.Popen[bytes]) -> None:
    """Return when the service is ready."""
    url = f"http://{settings['SCIM_LEDGER_HOST']}:{settings['SCIM_LEDGER_PORT']}/readyz"
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and service.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    sys.exit("The service did not become ready.")


def issued(settings: Mapping[str, str], organization: str) -> dict[str, str]:
    """Return a token and the tenant URL of a new organization."""
    said(settings, "organization", "create", organization, "--json")
    label = ("--organization", organization, "--label", "cases", "--json")
    answer: dict[str, str] = json.loads(said(settings, "token", "issue", *label))
    return answer


def client(settings: Mapping[str, str], *trust: str) -> dict[str, str]:
    """Return an OAuth client of the first organization."""
    wanted = ("client", "create", "--label", "cases", "--organization", "cases", "--json")
    answer: dict[str, str] = json.loads(said(settings, *wanted, *trust))
    return answer


def said(settings: Mapping[str, str], *words: str) -> str:
    """Return what a command of the service prints."""
    command = [SCIM_LEDGER, *words]
    return subprocess.run(
        command, env=settings, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
