"""What a use case refuses is said in the reader's language, with the values that it names."""

import re

import pytest

from service.console.texts.refusals import REFUSALS, find_phrase, said
from service.console.texts.texts import Texts, catalog
from tests.console.client import Browser
from tests.console.people import provision
from tests.console.refusals import messages
from tests.serving import Served, Tenant

ENGLISH = re.compile(r"\b(?:the|is|are|there|not|must|than|this|its|which|send|again)\b")


@pytest.fixture
async def french(served: Served, contoso: Tenant) -> Browser:
    """Give an administrator who reads French."""
    made = Browser(served, language="fr")
    await made.sign_in(contoso.id)
    return made


def test_every_refusal_that_a_form_can_show_is_translated() -> None:
    found = messages()
    assert len(found) > 150
    unknown = {each.text: each.where for each in found if find_phrase(each.text) is None}
    assert unknown == {}


def test_every_phrase_is_the_message_of_some_refusal() -> None:
    used = {found[0] for each in messages() if (found := find_phrase(each.text))}
    assert [each.key for each in REFUSALS if each not in used] == []


def test_a_translated_refusal_names_what_the_message_names() -> None:
    for each in messages():
        shown = said(Texts("fr"), each.text)
        assert not ENGLISH.search(shown.replace("X7", "")), (each, shown)
    assert {(each.key, each.english) for each in REFUSALS} <= catalog("fr").keys()
    taken = "There is already an organization '<b>{x} %s'; choose another name."
    assert said(Texts("fr"), taken) == (
        "Il y a déjà une organisation &#39;&lt;b&gt;{x} %s&#39;\u202f; choisissez un autre nom."
    )
    assert said(Texts("en"), taken) == taken
    assert said(Texts("fr"), "Something of tomorrow.") == "Something of tomorrow."


async def test_forms_refuse_in_french(served: Served, contoso: Tenant, french: Browser) -> None:
    anna, bert = await provision(served, contoso), await provision(served, contoso)
    accounts, account = await french.get("/accounts"), "provisioning"
    await french.post(accounts, "/accounts", userName=account)
    settings = await french.get("/organization/settings")
    schemas = await french.get("/organization/schemas")
    change = await french.get(f"/people/{anna['id']}/change")
    tokens, holds = await french.get("/tokens/new"), await french.get("/organization/legal-holds")
    refused = [
        await french.post(accounts, "/accounts", userName=account),
        await french.post(settings, "/organization/settings", name="n" * 1_000),
        await french.post(schemas, "/organization/schemas", document="[]"),
        await french.post(change, "/change", userName=bert["userName"]),
        await french.post(tokens, "/tokens/new", label="l" * 1_000, scopes="scim"),
        await french.post(
            holds, "/organization/legal-holds", person=anna["id"], reason=anna["userName"]
        ),
        await french.get("/audit?type=Nothing"),
        await french.get("/audit/day?ask=role&role=King&position=1"),
        await french.get("/audit/proof?position=100000000"),
        await french.get("/people?cursor=x"),
    ]
    for shown in refused:
        assert shown.status in {400, 422}, (shown.url, shown.status)
        sentences = re.findall(r'<p class="field-error"[^>]*>(.*?)</p>', shown.html, re.DOTALL)
        sentences += re.findall(r'<div class="error-summary.*?</div>', shown.html, re.DOTALL)
        assert sentences or shown.status == 400, shown.url
        for each in sentences:
            assert not ENGLISH.search(re.sub("<[^>]*>", " ", each)), (shown.url, each)
    assert "Le userName" in refused[0].text
    assert "revenez à la première page" in refused[-1].text
