"""Filters select the same as scim2-models, an independent implementation.

The two differ on purpose in these points, and no such filter is tried here:

- `ne` on a multi-valued attribute: theirs holds if no value is equal. RFC 7644 §3.4.2.2 makes a filter
  hold if any value satisfies it, so ours holds if some value differs.
- Texts beyond ASCII: theirs are only lower-cased, ours are also composed (NFC). Theirs normalizes
  caseExact texts too; ours compares them as they are.
- `eq null` and `ne null` on many values: theirs looks at each element, ours at whether any has the value.
- A single-valued complex attribute (Entra sends `manager eq "x"`): theirs does not compare its `value`.
- Bare words, `"True"` for true, and `[…].value op x`: Entra sends them, and theirs refuses them.
- `primary`, if a value does not state it: by RFC 7643 §2.4 it is false in ours; in theirs it has no value.
- Passwords and x509Certificates: theirs compares passwords, and reads certificates as bytes.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, ScimFilter
from scim2_models import User as TheirUser

from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.definitions import ENTERPRISE_USER, USER
from schema.scim.filter.parse import And, Comparison, Filter, Not, Operator, Or, parse_filter
from schema.scim.filter.predicate import matches
from tests.filter_strategies import ASCII, filters, some_of

Theirs = TheirUser[EnterpriseUser]
CORE = [
    USER.schema.attributes[name]
    for name in ("username", "displayname", "title", "externalid", "active", "name")
]
MANY = [USER.schema.attributes[name] for name in ("phonenumbers", "entitlements", "ims")]
ENTERPRISE = [ENTERPRISE_USER.attributes[name] for name in ("employeenumber", "department")]

DOCUMENTS = st.builds(
    lambda core, enterprise: {
        "schemas": [urns.USER, urns.ENTERPRISE_USER],
        **core,
        urns.ENTERPRISE_USER: enterprise,
    },
    some_of([*CORE, *MANY], ASCII),
    some_of(ENTERPRISE, ASCII),
)
FILTERS = st.one_of(
    filters([*CORE, *MANY], ASCII),
    filters(ENTERPRISE, ASCII, f"{urns.ENTERPRISE_USER}:"),
)


def is_understood_alike(text: str) -> bool:
    """Return whether a filter uses nothing of the list above."""
    differs = ('"true"', '"false"', "].", " eq null", " ne null", "primary")
    return not any(each in text.lower() for each in differs) and not asks_ne_of_many(
        parse_filter(text, USER)
    )


def asks_ne_of_many(chosen: Filter) -> bool:
    """Return whether a filter compares a multi-valued attribute by `ne`, outside of value paths."""
    match chosen:
        case And(terms) | Or(terms):
            return any(map(asks_ne_of_many, terms))
        case Not(term):
            return asks_ne_of_many(term)
        case Comparison(path, Operator.NE):
            return path.attribute.multi_valued
        case _:
            return False


@given(
    documents=st.lists(DOCUMENTS, min_size=1, max_size=5), text=FILTERS.filter(is_understood_alike)
)
@settings(deadline=None, max_examples=40)
def test_the_predicate_selects_what_scim2_models_selects(
    documents: list[Document], text: str
) -> None:
    theirs, ours = ScimFilter[Theirs](text), parse_filter(text, USER)
    assert [matches(ours, each) for each in documents] == [
        theirs.match(Theirs.model_validate(each)) for each in documents
    ]
