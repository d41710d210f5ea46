"""What a Schema resource must hold to become an organization's own extension."""

from typing import Any

import pytest

from schema.scim import urns
from schema.scim.attributes import read_schema
from schema.scim.definitions import USER
from schema.scim.errors import InvalidValue
from schema.scim.extension import check_extension, refuse_other_case, refuse_removal

URN = "urn:ietf:params:scim:schemas:extension:Contracts:2.0:User"


def extension(**members: Any) -> dict[str, Any]:
    """Return the smallest extension, with these members changed."""
    return {"id": URN, "attributes": [{"name": "Contract"}], **members}


def of(*attributes: Any) -> dict[str, Any]:
    """Return an extension with these attributes."""
    return extension(attributes=list(attributes))


def test_every_characteristic_is_stated() -> None:
    checked = check_extension(extension())

    assert checked == {
        "schemas": [urns.SCHEMA],
        "id": URN,
        "name": "Contracts",
        "description": "An extension of the organization's own.",
        "attributes": [
            {
                "name": "Contract",
                "type": "string",
                "multiValued": False,
                "required": False,
                "caseExact": False,
                "mutability": "readWrite",
                "returned": "default",
                "uniqueness": "none",
                "description": "Contract",
            }
        ],
    }


def test_checking_twice_is_checking_once() -> None:
    checked = check_extension(of({"name": "Tags", "multiValued": True, "caseExact": True}))

    assert check_extension(checked) == checked


@pytest.mark.parametrize(
    "kind", ["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary"]
)
def test_every_simple_type_may_be_used(kind: str) -> None:
    assert check_extension(of({"name": "x", "type": kind}))["attributes"][0]["type"] == kind


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        (None, "JSON object"),
        ([], "JSON object"),
        ({}, "id must be a URN"),
        (extension(id=7), "id must be a URN"),
        (extension(id="Contracts"), "id must be a URN"),
        (extension(id="urn:x"), "id must be a URN"),
        (extension(id="urn:x:y:"), "id must be a URN"),
        (extension(id="urn:x::y"), "id must be a URN"),
        (extension(id=f"{URN} "), "id must be a URN"),
        (extension(id=f"{URN}:{'x' * 101}"), "id must be a URN"),
        (extension(id=urns.USER), "built in"),
        (extension(id=urns.ENTERPRISE_USER.lower()), "built in"),
        (extension(id=f"{urns.USER}:roleId"), "built in"),
        (extension(id=f"{urns.ENTERPRISE_USER}:department"), "built in"),
        (extension(attributes=None), "attributes must be a list"),
        (of(), "1 to 100"),
        (of(*({"name": f"a{n}"} for n in range(101))), "1 to 100"),
        (of("x"), "needs a name"),
        (of({}), "needs a name"),
        (of({"name": "1x"}), "needs a name"),
        (of({"name": "a.b"}), "needs a name"),
        (of({"name": "a:b"}), "needs a name"),
        (of({"name": "x\\"}), "needs a name"),
        (of({"name": "x" * 101}), "needs a name"),
        (of({"name": "a"}, {"name": "A"}), "same name"),
        (of({"name": "schemas"}), "attribute of every resource"),
        (of({"name": "ID"}), "attribute of every resource"),
        (of({"name": "externalId"}), "attribute of every resource"),
        (of({"name": "x", "type": "complex"}), "simple attributes only"),
        (of({"name": "x", "subAttributes": []}), "simple attributes only"),
        (of({"name": "x", "type": "text"}), "type must be one of string"),
        (of({"name": "x", "type": ["string"]}), "type must be one of string"),
        (of({"name": "x", "multiValued": "yes"}), "multiValued must be one of False, True"),
        (of({"name": "x", "multiValued": 1}), "multiValued must be one of"),
        (of({"name": "x", "required": True}), "required must be one of False"),
        (of({"name": "x", "mutability": "readOnly"}), "mutability must be one of readWrite"),
        (of({"name": "x", "returned": "never"}), "returned must be one of default"),
        (of({"name": "x", "uniqueness": "server"}), "uniqueness must be one of none"),
        (of({"name": "x", "description": 7}), "description must be a text"),
        (extension(name="x" * 1_001), "name must be a text"),
        (extension(description="a\0b"), "description must be a text"),
    ],
    ids=lambda each: str(each)[-40:],
)
def test_what_is_no_extension_schema_is_refused_with_what_to_change(
    document: object, detail: str
) -> None:
    with pytest.raises(InvalidValue, match=detail):
        check_extension(document)


@pytest.mark.parametrize(
    "latter",
    [
        of({"name": "Other"}),
        of({"name": "contract"}),
        of({"name": "Contract", "type": "integer"}),
        of({"name": "Contract", "multiValued": True}),
    ],
)
def test_a_registered_attribute_stays_as_it_is(latter: dict[str, Any]) -> None:
    former = check_extension(extension())

    with pytest.raises(InvalidValue, match="only ever added"):
        refuse_removal(former, check_extension(latter))


@pytest.mark.parametrize(
    "latter",
    [
        of({"name": "Contract"}, {"name": "Tags"}),
        of({"name": "Tags"}, {"name": "Contract"}),
        of({"name": "Contract", "description": "Better."}),
    ],
)
def test_attributes_may_be_added_and_described(latter: dict[str, Any]) -> None:
    refuse_removal(check_extension(extension()), check_extension(latter))


def test_a_urn_is_registered_in_one_letter_case() -> None:
    refuse_other_case([URN], URN)
    refuse_other_case([URN], f"{URN}s")

    with pytest.raises(InvalidValue, match=f"already as {URN}"):
        refuse_other_case([URN], URN.upper())


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_another_urn_of_the_enterprise_extension_cannot_be_registered(version: str) -> None:
    urn = f"urn:scim:schemas:extension:Enterprise:{version}"

    with pytest.raises(InvalidValue, match="is built in"):
        check_extension({"id": urn, "attributes": [{"name": "a"}]})


def test_an_own_extension_that_was_registered_under_such_a_urn_stays_itself() -> None:
    urn = "urn:scim:schemas:extension:enterprise:1.0"
    own = USER.with_extensions((read_schema({"id": urn, "attributes": [{"name": "badge"}]}),))

    assert str(own.find(f"{urn}:badge")) == f"{urn}:badge"
