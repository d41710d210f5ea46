"""Filters select what scim2-models, an implementation that is not ours, selects.

Where the two differ on purpose, no such filter is asked here:

- `ne` on a multi-valued attribute: theirs holds if no value is equal. RFC 7644 §3.4.2.2 makes a filter
  hold if any value satisfies it, so ours holds if some value differs.
- Texts beyond ASCII: they lower-case only, we compose (NFC) too; and they
  normalize caseExact texts too, which we compare as they are.
- `eq null` and `ne null` on many values: theirs asks each element, ours whether any has the value.
- A complex attribute with one value (`manager eq "x"`, which Entra asks): theirs is not compared by `value`.
- Bare words, `"True"` for true, and `[…].value op x`: Entra's, which theirs refuses.
- `primary` where a value does not state it: RFC 7643 §2.4 takes it for false, and so do we; theirs has no value.
- passwords and x509Certificates: theirs compares the one, and reads the other as bytes.
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
    """Tell whether a filter asks nothing of the list above."""
    differs = ('"true"', '"false"', "].", " eq null", " ne null", "primary")
    return not any(each in text.lower() for each in differs) and not asks_ne_of_many(
        parse_filter(text, USER)
    )


def asks_ne_of_many(chosen: Filter) -> bool:
    """Tell whether a filter compares a multi-valued attribute by `ne`, outside of value paths."""
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
