"""The service that the proof is compared with serves: else a row of the benchmark measures nothing."""

import pytest

from tests.benchmarks.database import database
from tests.benchmarks.servers import service_without_proof


@pytest.mark.process
def test_the_service_without_proof_serves() -> None:
    with database(None) as made, service_without_proof(made) as server:
        assert server.port
