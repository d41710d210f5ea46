"""The four packages import in one direction only, and their short names are not shadowed by other packages."""

import importlib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]


def test_imports_point_down_only(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", ["schema", "eventstore", "projections", "service"])
def test_a_package_of_ours_is_not_shadowed_by_another_of_its_name(name: str) -> None:
    package = importlib.import_module(name)
    assert [Path(place) for place in package.__path__] == [ROOT / name]


@pytest.mark.parametrize("name", ["schema", "eventstore", "projections", "service"])
def test_a_package_has_a_story(name: str) -> None:
    assert importlib.import_module(name).__doc__
