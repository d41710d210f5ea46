"""The names that migrations create are read from their text."""

from service.database.made_names import MadeNames, names_made, names_to_make
from service.database.migrate import packaged

A = "CREATE SCHEMA a;\nCREATE TABLE a.t (\n  b int);\nCREATE FUNCTION a.f() RETURNS int"


def test_schemas_relations_and_functions_are_names_that_a_migration_makes() -> None:
    view = "CREATE VIEW a.v AS SELECT 1; CREATE SEQUENCE a.s; CREATE MATERIALIZED VIEW a.m AS"
    assert names_made([A, view]) == MadeNames(
        frozenset({"a"}), frozenset({"a.t", "a.v", "a.s", "a.m"}), frozenset({"a.f"})
    )


def test_what_is_only_replaced_or_mentioned_is_not_made() -> None:
    text = "-- CREATE SCHEMA mentioned\nCREATE OR REPLACE FUNCTION a.f() RETURNS int"
    assert names_made([text]) == MadeNames(frozenset(), frozenset(), frozenset())


def test_what_an_applied_migration_made_is_ours_and_may_be_made_again() -> None:
    again = "DROP FUNCTION a.f; CREATE FUNCTION a.f(); CREATE FUNCTION a.g()"
    assert names_to_make([again], [A]).functions == {"a.g"}


def test_the_schemas_of_this_release_are_found_in_its_migrations() -> None:
    names = names_made(each.sql for each in packaged())
    assert names.schemas == {"service", "eventstore", "projections", "followers", "proof"}
    assert {"eventstore.events", "service.schema_migrations"} <= names.relations
