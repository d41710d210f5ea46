"""Write the software bill of materials of the locked dependencies, in CycloneDX 1.5: `make sbom`.

Names, versions and hashes are those of requirements.lock; licenses are those that the installed packages declare.
"""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def component(name: str, version: str, hashes: list[str]) -> dict[str, Any]:
    """Return one dependency. A package of another platform is not installed here, and has no license."""
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        # One for each file of the release: wheels, and the source.
        "properties": [{"name": "requirements.lock:sha256", "value": each} for each in hashes],
    }
    try:
        declared = metadata(name)
    except PackageNotFoundError:
        return found
    license_ = declared.get("License-Expression") or declared.get("License") or ""
    if license_ and "\n" not in license_:
        found["licenses"] = [{"license": {"name": license_}}]
    return found


def bill() -> dict[str, Any]:
    """Return the whole bill."""
    text = LOCK.read_text("utf-8")
    places = [*LOCKED.finditer(text)]
    ends = [*(each.start() for each in places[1:]), len(text)]
    components = [
        component(each[1], each[2], HASH.findall(text, each.start(), end))
        for each, end in zip(places, ends, strict=True)
    ]
    own = metadata("scim-ledger")
    name = f"pkg:pypi/scim-ledger@{own['Version']}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": name,
                "name": "scim-ledger",
                "version": own["Version"],
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": [each["bom-ref"] for each in components]}],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bill(), indent=2) + "\n")
