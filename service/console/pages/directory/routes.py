"""The pages of the directory."""

from typing import Final

from service.console.framework.page import ADMINISTRATORS, READERS, Page
from service.console.pages.directory import (
    groups,
    people,
    person,
    person_changes,
    role_groups,
    roles,
)

PEOPLE: Final = (
    Page("GET", "/people", READERS, people.read_list),
    Page("GET", "/people/new", ADMINISTRATORS, person_changes.show_new),
    Page("POST", "/people/new", ADMINISTRATORS, person_changes.create),
    Page("GET", "/people/{id}", READERS, person.read),
    Page("GET", "/people/{id}/change", ADMINISTRATORS, person_changes.show_change),
    Page("POST", "/people/{id}/change", ADMINISTRATORS, person_changes.change),
    Page("GET", "/people/{id}/deactivate", ADMINISTRATORS, person_changes.show_deactivate),
    Page("POST", "/people/{id}/deactivate", ADMINISTRATORS, person_changes.deactivate),
    Page("GET", "/people/{id}/reactivate", ADMINISTRATORS, person_changes.show_reactivate),
    Page("POST", "/people/{id}/reactivate", ADMINISTRATORS, person_changes.reactivate),
)
GROUPS: Final = (
    Page("GET", "/groups", READERS, groups.read_list),
    Page("GET", "/groups/new", ADMINISTRATORS, groups.show_new),
    Page("POST", "/groups/new", ADMINISTRATORS, groups.create),
    Page("GET", "/groups/{id}", READERS, groups.read),
    Page("GET", "/roles", READERS, roles.read_list),
    Page("GET", "/roles/groups", READERS, role_groups.show),
    Page("POST", "/roles/groups/preview", ADMINISTRATORS, role_groups.edit),
    Page("POST", "/roles/groups", ADMINISTRATORS, role_groups.save),
)

DIRECTORY: Final = (*PEOPLE, *GROUPS)
