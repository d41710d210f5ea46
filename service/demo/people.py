"""Invented people: names, departments and titles, all from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

DOMAIN: Final = "contoso.example"
GIVEN: Final = (
    *("Ada", "Alma", "Amir", "Anders", "Anya", "Aron", "Asta", "Bela", "Boris", "Carla", "Cem", "Clara", "Dario"),
    *("Dina", "Edda", "Elif", "Emil", "Erik", "Esra", "Eva", "Farid", "Felix", "Fiona", "Frida", "Georg", "Gita"),
    *("Hana", "Hugo", "Ida", "Ilse", "Ines", "Ivan", "Jana", "Jonas", "Juri", "Kaja", "Karim", "Klara", "Lars", "Lea"),
    *("Leon", "Lina", "Luca", "Maja", "Marco", "Mila", "Mona", "Nadia", "Nils", "Nora", "Olaf", "Olga", "Omar", "Paula"),
    *("Per", "Petra", "Rania", "Rosa", "Ruben", "Sami", "Selma", "Silke", "Sven", "Tara", "Theo", "Tilda", "Ugo", "Vera"),
    *("Viktor", "Wanda", "Yara", "Yusuf", "Zoe"),
)  # fmt: skip
FAMILY: Final = (
    *("Abel", "Adler", "Arslan", "Bauer", "Berg", "Bianchi", "Blum", "Brandt", "Conti", "Dahl", "Demir", "Egger"),
    *("Eklund", "Falk", "Fischer", "Frank", "Garcia", "Graf", "Haas", "Hansen", "Holm", "Horvat", "Iversen", "Jansen"),
    *("Kaiser", "Kaya", "Keller", "Klein", "Kovac", "Lang", "Larsen", "Lindgren", "Lopez", "Maier", "Marino", "Martin"),
    *("Moreau", "Moser", "Nagy", "Nielsen", "Novak", "Olsen", "Petit", "Popov", "Rossi", "Roth", "Sahin", "Sato"),
    *("Schmid", "Silva", "Simon", "Sommer", "Stein", "Szabo", "Toth", "Urban", "Vogel", "Weber", "Winter", "Wolf"),
    *("Yilmaz", "Zimmer"),
)  # fmt: skip
DEPARTMENTS: Final = {  # Name → how many of a hundred people.
    "Legal": 8,
    "Sales": 24,
    "Procurement": 12,
    "Finance": 10,
    "Operations": 22,
    "Engineering": 16,
    "People": 8,
}
TITLES: Final = ("Assistant", "Specialist", "Manager", "Senior Manager", "Director")
ROLES: Final = ("Reader",) * 70 + ("Contributor",) * 14 + ("Editor",) * 11 + ("Validator",) * 5


@dataclass(slots=True)
class Person:
    """Somebody, as the identity provider knows them."""

    name: str
    department: str
    title: str
    role: str
    external_id: str
    user_name: str
    id: str = ""  # Ours, once it is known.
    is_active: bool = True
    is_of_story: bool = False  # Chance does not move or dismiss them.

    def document(self) -> dict[str, object]:
        """Return what the provider sends when it creates this person."""
        given, _, family = self.name.partition(" ")
        return {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "externalId": self.external_id,
            "userName": self.user_name,
            "displayName": self.name,
            "name": {"givenName": given, "familyName": family},
            "title": self.title,
            "emails": [{"type": "work", "primary": True, "value": self.user_name}],
            "active": True,
        }


def address_of(name: str) -> str:
    """Return the userName that a name gives."""
    return f"{name.lower().replace(' ', '.')}@{DOMAIN}"


def invented(random: Random) -> Iterator[Person]:
    """Yield people without end. No two have the same userName."""
    taken = set[str]()
    departments, weights = list(DEPARTMENTS), list(DEPARTMENTS.values())
    number = 0
    while True:
        name = f"{random.choice(GIVEN)} {random.choice(FAMILY)}"
        user_name = address_of(name)
        if user_name in taken:
            user_name = user_name.replace("@", f"{len(taken)}@")
        taken.add(user_name)
        number += 1
        yield Person(
            name,
            random.choices(departments, weights)[0],
            random.choice(TITLES),
            random.choice(ROLES),
            f"e-{number:05}",
            user_name,
        )
