"""Renders templates: escaping is always on, and a name that is not there is an error."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service.console.framework.icons import icon
from service.console.texts.texts import bdi

FOLDER: Final = Path(__file__).parents[1] / "templates"
MACROS: Final = "ui.html"  # What stands in it is `ui` in every template.


@cache
def environment() -> Environment:
    """Return the environment of the templates."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"icon": icon, "bdi": bdi}
    return made


def render(name: str, values: Mapping[str, Any], *, block: str | None = None) -> str:
    """Return a rendered template, or one block of it."""
    found = environment()
    macros: Any = found.get_template(MACROS).make_module(dict(values))
    given = {**values, "ui": macros}
    template = found.get_template(name)
    if block is None:
        return template.render(given)
    return Markup("").join(
        Markup(each)  # noqa: S704 - rendered with escaping.
        for each in template.blocks[block](template.new_context(given))
    )
