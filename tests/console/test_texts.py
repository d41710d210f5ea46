"""Every text of the console is in the catalog: none is untranslated, none is forgotten there."""

import re
from string import Formatter

from service.console.framework.templates import FOLDER
from service.console.texts.texts import Texts, catalog, typeset
from tests.console.texts import Used, used_texts

# A command, in mono, is the same in every language.
CODE = re.compile(
    r'{#.*?#}|{%.*?%}|<span class="mono">scim-ledger [^<]*</span>|{{.*?}}|<[^>]*>|&\w+;', re.DOTALL
)
ATTRIBUTES = re.compile(r' (?:aria-label|title|alt|placeholder)="([^"]*)"')
WORDS = re.compile(r"[A-Za-z]{2,}")
NAMES = {"scim", "ledger", "UTC"}  # Not of a language.


def entry(used: Used) -> str:
    """Return the entry that a catalog lacks, for whoever translates it."""
    if used.plural:
        return f'# {used.where}\nmsgctxt "{used.key}"\nmsgid "{used.english}"\nmsgid_plural "{used.plural}"\nmsgstr[0] ""\nmsgstr[1] ""\n'
    return f'# {used.where}\nmsgctxt "{used.key}"\nmsgid "{used.english}"\nmsgstr ""\n'


def test_every_text_has_a_french_translation() -> None:
    known = catalog("fr")
    missing = {each[:3]: each for each in used_texts() if each[:2] not in known}
    assert not missing, "\n".join(["", *map(entry, missing.values())])


def test_the_catalog_holds_no_text_that_nothing_uses() -> None:
    assert {*catalog("fr")} - {each[:2] for each in used_texts()} == set()


def test_a_key_has_one_text() -> None:
    texts: dict[str, set[str]] = {}
    for each in used_texts():
        texts.setdefault(each.key, set()).add(each.english)
    assert {key: found for key, found in texts.items() if len(found) > 1} == {}


def test_a_translation_has_the_names_of_its_text() -> None:
    used = {each[:2]: each for each in used_texts()}
    for (key, english), texts in catalog("fr").items():
        wanted = names(used[key, english].plural or english)
        for text in texts:
            assert names(text) - {"n"} == wanted - {"n"}, (key, text)


def names(text: str) -> set[str]:
    """Return the names in braces of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_template_holds_no_words_outside_of_texts() -> None:
    for file in FOLDER.rglob("*.html"):
        whole = re.sub(r"{#.*?#}", " ", file.read_text("utf-8"), flags=re.DOTALL)
        shown = [CODE.sub(" ", whole), *(CODE.sub(" ", each) for each in ATTRIBUTES.findall(whole))]
        assert set(WORDS.findall(" ".join(shown))) - NAMES == set(), file.name


def test_french_has_the_spaces_of_its_punctuation() -> None:
    assert typeset("Révoquer le jeton « A » ? 20 %") == (
        "Révoquer le jeton «\u00a0A\u00a0»\u202f? 20\u202f%"
    )


def test_values_in_texts_are_escaped() -> None:
    texts = Texts("en")
    assert texts.t("k", "{name} has {n}", name="<b>", n=1234) == "&lt;b&gt; has 1,234"
    assert texts.tn("k", "{n} person", "{n} people", n=1) == "1 person"
    assert Texts("fr").t("k", "{n}", n=1234) == "1\u202f234"
