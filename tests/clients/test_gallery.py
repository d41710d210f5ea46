"""Every target of a mapping: discoverable, written in both dialects, read back equal, cleared."""

from typing import Any

import pytest

from schema.scim.definitions import DOCUMENTS
from schema.scim.urns import ENTERPRISE_USER, GROUP, USER
from tests.clients.entra import new_user, provision
from tests.clients.gallery import read_back, targets
from tests.serving import Scim

MAPPED = [  # By Entra, by default.
    "externalId",
    "userName",
    "active",
    "displayName",
    "title",
    "preferredLanguage",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    'emails[type eq "work"].value',
    *(
        f'addresses[type eq "work"].{sub}'
        for sub in ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
    ),
    'addresses[type eq "other"].formatted',
    *(f'phoneNumbers[type eq "{kind}"].value' for kind in ("work", "mobile", "fax")),
    'roles[primary eq "True"].value',
    f"{ENTERPRISE_USER}:employeeNumber",
    f"{ENTERPRISE_USER}:department",
    f"{ENTERPRISE_USER}:manager",
]
KEPT = ("userName", "active", "password", "roleId")  # Neither free text nor to be cleared.
WRITTEN = [
    each
    for each in targets([DOCUMENTS[USER], DOCUMENTS[ENTERPRISE_USER]])
    if each not in KEPT
    and not each.startswith("groups")
    and not each.endswith(("].type", "].primary"))
]


async def test_everything_that_entra_maps_is_discoverable(scim: Scim) -> None:
    schemas = (await scim.get("/Schemas")).body["Resources"]

    assert set(MAPPED) <= set(targets(schemas))
    of_groups = [each for each in schemas if each["id"] == GROUP]
    assert targets(of_groups) == ["externalId", "displayName", "members"]


def operations(values: dict[str, Any], *, is_verbose: bool) -> list[dict[str, Any]]:
    """Return the operations that set values, one for each or all in one."""
    if is_verbose:
        return [{"op": "replace", "path": name, "value": each} for name, each in values.items()]
    return [{"op": "replace", "value": values}]


@pytest.mark.parametrize("is_verbose", [True, False])
@pytest.mark.parametrize(
    "target", [each for each in MAPPED if each not in KEPT and not each.startswith("phone")]
)
async def test_a_target_is_written_read_back_and_cleared(
    scim: Scim, target: str, *, is_verbose: bool
) -> None:
    user = f"/Users/{(await scim.post('/Users', {'userName': 'ada'})).body['id']}"

    read = []
    for value in ("Zoë 1", "", "Zoë 2", None):
        patched = await scim.patch(user, *operations({target: value}, is_verbose=is_verbose))
        assert patched.status == 200
        read.append(read_back((await scim.get(user)).body, target))

    assert read == ["Zoë 1", None, "Zoë 2", None]


@pytest.mark.parametrize("is_verbose", [True, False])
async def test_all_targets_are_written_and_cleared_in_one_request(
    scim: Scim, *, is_verbose: bool
) -> None:
    user = f"/Users/{await provision(scim, new_user('Ada Lovelace'))}"
    bare = (await scim.post("/Users", {"userName": "bare"})).body
    values = {target: f"{place} x" for place, target in enumerate(WRITTEN)}

    written = await scim.patch(user, *operations(values, is_verbose=is_verbose))
    cleared = await scim.patch(user, *operations(dict.fromkeys(values, ""), is_verbose=is_verbose))

    assert {each: read_back(written.body, each) for each in values} == values
    assert cleared.body.keys() == bare.keys()
