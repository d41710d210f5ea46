"""Our definitions agree with the examples of RFC 7643 (§8), and with an independent implementation."""

from typing import Any

import pytest
import scim2_models

from schema.scim.attributes import AttributeType, Document
from schema.scim.definitions import COMMON_ATTRIBUTES, DOCUMENTS, USER
from schema.scim.resource import read_document
from schema.scim.urns import (
    ENTERPRISE_USER,
    GROUP,
    RESOURCE_TYPE,
    SCHEMA,
    SERVICE_PROVIDER_CONFIG,
)
from schema.scim.urns import USER as USER_URN
from tests.rfc.deviations import ADDITIONS, DEVIATIONS
from tests.rfc.documents import (
    NAMES,
    characteristics,
    example,
    resource_type_of,
    resources,
    unknown_names,
)

RESOURCES = [pytest.param(document, id=name) for name, document in resources()]
OF_THE_RFC = {  # RFC 7643 §8.7: the schemas that it shows.
    USER_URN: "rfc7643-8.7.1-schema-user",
    GROUP: "rfc7643-8.7.1-schema-group",
    ENTERPRISE_USER: "rfc7643-8.7.1-schema-enterprise-user",
    SERVICE_PROVIDER_CONFIG: "rfc7643-8.7.2-schema-service-provider-config",
    RESOURCE_TYPE: "rfc7643-8.7.2-schema-resource-type",
    SCHEMA: "rfc7643-8.7.2-schema-schema",
}
MODELS: dict[str, Any] = {  # An Extension and a Resource share no type that has to_schema.
    USER_URN: scim2_models.User,
    GROUP: scim2_models.Group,
    ENTERPRISE_USER: scim2_models.EnterpriseUser,
    SERVICE_PROVIDER_CONFIG: scim2_models.ServiceProviderConfig,
    RESOURCE_TYPE: scim2_models.ResourceType,
    SCHEMA: scim2_models.Schema,
}
EVERY_ATTRIBUTE = [
    pytest.param(stated, id=f"{urn}:{path}")
    for urn, document in (*DOCUMENTS.items(), ("common", {"attributes": COMMON_ATTRIBUTES}))
    for path, stated in characteristics(document["attributes"]).items()
]


def ours(urn: str) -> dict[str, Document]:
    """Return the characteristics that we state for each attribute of a schema."""
    return characteristics(DOCUMENTS[urn]["attributes"])


def theirs(urn: str) -> dict[str, Document]:
    """Return the characteristics that RFC 7643 §8.7 states for each attribute of a schema."""
    return characteristics(example(OF_THE_RFC[urn])["attributes"])


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_json_object_named_by_its_section(name: str) -> None:
    assert name.startswith(("rfc7643-8.", "rfc7644-"))
    assert example(name)


@pytest.mark.parametrize("document", RESOURCES)
def test_a_resource_of_the_rfcs_has_only_attributes_that_the_definitions_know(
    document: Document,
) -> None:
    assert unknown_names(document) == []


@pytest.mark.parametrize("document", RESOURCES)
def test_a_resource_of_the_rfcs_is_read_without_ignoring_a_name(document: Document) -> None:
    assert read_document(document, resource_type_of(document)).ignored == []


def test_the_full_user_is_read_as_written_but_for_its_password_and_what_the_service_sets() -> None:
    sent = example("rfc7643-8.2-full-user")

    read = read_document(sent, USER).document

    left_out = {"schemas", "id", "meta", "groups", "password"}
    assert read == {key: value for key, value in sent.items() if key not in left_out}


@pytest.mark.parametrize("urn", OF_THE_RFC)
def test_a_schema_document_differs_from_the_rfcs_only_where_a_reason_is_given(urn: str) -> None:
    our = ours(urn)

    differences = {
        (path, key, repr(value), repr(our.get(path, {}).get(key)))
        for path, stated in theirs(urn).items()
        for key, value in stated.items()
        if our.get(path, {}).get(key) != value
    }

    assert differences == {
        (each.attribute, each.characteristic, repr(each.rfc), repr(each.ours))
        for each in DEVIATIONS
        if each.schema == urn
    }


@pytest.mark.parametrize("urn", OF_THE_RFC)
def test_a_schema_document_adds_to_the_rfcs_only_where_a_reason_is_given(urn: str) -> None:
    assert ours(urn).keys() - theirs(urn).keys() == {
        path for schema, path in ADDITIONS if schema == urn
    }


@pytest.mark.parametrize("stated", EVERY_ATTRIBUTE)
def test_every_characteristic_of_an_attribute_is_stated(stated: Document) -> None:
    always = {"type", "multiValued", "required", "caseExact", "mutability", "returned"}
    referenced = {"referenceTypes"} if stated["type"] == AttributeType.REFERENCE else set()

    assert stated.keys() - {"canonicalValues"} == always | {"uniqueness"} | referenced
    assert None not in stated.values()


@pytest.mark.parametrize("urn", DOCUMENTS)
def test_an_independent_implementation_reads_a_schema_document_in_full(urn: str) -> None:
    document = DOCUMENTS[urn]

    read = scim2_models.Schema.model_validate(document)

    dumped: dict[str, Any] = read.model_dump()
    assert characteristics(dumped["attributes"]) == characteristics(document["attributes"])


@pytest.mark.parametrize("urn", MODELS)
def test_an_independent_implementation_knows_no_attribute_that_we_lack(urn: str) -> None:
    known: dict[str, Any] = MODELS[urn].to_schema().model_dump()

    assert characteristics(known["attributes"]).keys() <= {*ours(urn), "id"}


@pytest.mark.parametrize(
    ("attribute", "types"),
    [
        ("emails", ["work", "home", "other"]),
        ("phoneNumbers", ["work", "home", "mobile", "fax", "pager", "other"]),
        ("addresses", ["work", "home", "other"]),
        ("roles", None),
    ],
)
def test_a_plural_lists_the_types_from_which_entra_makes_target_attributes(
    attribute: str, types: list[str] | None
) -> None:
    assert ours(USER_URN)[f"{attribute}.type"].get("canonicalValues") == types


def test_a_user_needs_no_role_id_since_entra_brings_it_after_creation() -> None:
    assert ours(USER_URN)["roleId"] == {
        "type": "string",
        "multiValued": False,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }


def test_a_password_is_never_returned() -> None:
    assert ours(USER_URN)["password"]["mutability"] == "writeOnly"
    assert ours(USER_URN)["password"]["returned"] == "never"
