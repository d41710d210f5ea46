"""A moment of some shapes of `make attack`. Test workers share the processors, so a gap may be twice as long here."""

import asyncio

import pytest

from tests.attack.report import GAP_S_MAX, PEAK_BYTES_MAX
from tests.attack.run import SHAPES, attack_with
from tests.attack.site import attacked
from tests.benchmarks.events import Size
from tests.conftest import quick_folder

pytestmark = pytest.mark.process

UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
CHOSEN = (
    "half-sent-heads",
    "half-sent-bodies",
    "patch-lists",
    "bulk-of-quotes",
    "bulk-of-creations",
    "gzip-members",
    "filters-of-200-terms",
)
TIMEOUT_S = 60.0


@pytest.mark.slow
async def test_hostile_clients_do_not_stop_the_others() -> None:
    shapes = [each for each in SHAPES if each.name in CHOSEN]
    async with (
        asyncio.timeout(TIMEOUT_S),
        attacked(Size(40, everyone=30, spare=10), quick_folder(), UNSAFE) as site,
    ):
        results = [each async for each in attack_with(site, shapes, seconds=0.6, seed=7)]
    for result in results:
        assert result.report.others_s, result
        assert result.report.gap_s < 2 * GAP_S_MAX, result
        assert result.report.peak_bytes < PEAK_BYTES_MAX, result
        assert not [each for each in result.answers if each.startswith("5") and each != "503"]
        assert all(each.startswith("2") for each in result.other.statuses), result
