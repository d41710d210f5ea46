"""What happened in a year of the company Contoso: every week a provisioning cycle, and some days to remember."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, Final

from service.demo.client import ADMIN, AUDIT, SCIM, Body, Client, members, replace
from service.demo.people import DEPARTMENTS, TITLES, Person, address_of, invented

WEEKS: Final = 52
JOIN_LATER: Final = 0.2  # Of all people, within the year.
DELETED_AFTER_WEEKS: Final = 4
WAVE_WEEKS_BEFORE_END: Final = 5  # Of the cycle whose scope was wrong.
WAVE: Final = "Procurement"
ANNA, PETRA, JONAS = "Anna Berg", "Petra Winter", "Jonas Weber"


@dataclass(slots=True)
class Tokens:
    """The tokens that the year is made with. The provider's is replaced in the middle of it."""

    provider: str
    administrator: str
    auditor: str


@dataclass(slots=True)
class Company:
    """The people and groups of the company."""

    people: list[Person]
    groups: dict[str, str] = field(default_factory=dict)  # Department → id.
    leaving: list[tuple[int, Person]] = field(default_factory=list)  # The week of the deletion.

    def active(self) -> list[Person]:
        """Return who can be moved or dismissed by chance."""
        return [each for each in self.people if each.id and each.is_active and not each.is_of_story]


Pause = Callable[[], Awaitable[None]]  # Writes what the requests so far leave beside the log.
Renew = Callable[[], Awaitable[str]]  # Gives the provider a new token and ends the former one.


class Year:
    """Lets a year happen."""

    def __init__(
        self,
        client: Client,
        tokens: Tokens,
        roles: Mapping[str, str],
        random: Random,
        *,
        end: datetime,
        people: int,
        renew: Renew,
        pause: Pause,
    ) -> None:
        self._client, self._tokens, self._roles, self._random = client, tokens, roles, random
        self._end = end
        self._renew, self._pause = renew, pause
        self._invented = invented(random)
        self._company = Company(list(islice(self._invented, people - 3)))
        self._company.people[:0] = [_of_story(name) for name in (ANNA, PETRA, JONAS)]
        self._later = self._company.people[len(self._company.people) - int(people * JOIN_LATER) :]

    async def happen(self, report: Callable[[int, int], None]) -> None:
        """Let all of it happen. `report` gets the week, and how many there are."""
        for week in range(WEEKS + 1):
            # At 05:40 on a day of the week before the end, which is the same day of each week.
            self._client.at(self._end - timedelta(weeks=WEEKS - week, days=1, hours=18, minutes=20))
            await (self._first_cycle() if week == 0 else self._cycle(week))
            await self._pause()
            await self._of_this_week(week)
            await self._pause()
            report(week, WEEKS)
        await self._audit()

    async def _first_cycle(self) -> None:
        for each in self._company.people:
            if each not in self._later:
                await self._create(each)
        for name in DEPARTMENTS:
            body = {"displayName": name, "externalId": f"g-{name.lower()}"}
            made = await self._scim("POST", "/Groups", body)
            self._company.groups[name] = made["id"]
            those = [
                each.id for each in self._company.people if each.id and each.department == name
            ]
            await self._patch(f"/Groups/{made['id']}", members("Add", *those))
        await self._pause()
        self._client.now += timedelta(minutes=40)  # Roles come with the next cycle.
        for each in self._company.people:
            if each.id and each.role != "Reader":
                await self._give_role(each, each.role)

    async def _cycle(self, week: int) -> None:
        random, company = self._random, self._company
        joiners = len(self._later) * week // WEEKS - len(self._later) * (week - 1) // WEEKS
        started = len(self._later) * (week - 1) // WEEKS
        for each in self._later[started : started + joiners]:
            await self._create(each)
            await self._patch(f"/Groups/{company.groups[each.department]}", members("Add", each.id))
        for each in random.sample(company.active(), 2):
            await self._move(each)
        for each in random.sample(company.active(), random.choice((1, 1, 2))):
            await self._leave(each, week)
        for each in random.sample(company.active(), 1):
            await self._give_role(each, random.choice(("Reader", "Contributor", "Editor")))
        for at, each in company.leaving:
            if at == week:
                await self._scim("DELETE", f"/Users/{each.id}")
        if week % 4 == 1:  # Somebody whose name somebody else has.
            clash = {**random.choice(company.active()).document(), "externalId": f"x-{week}"}
            await self._scim("POST", "/Users", clash, refused=(409,))

    async def _of_this_week(self, week: int) -> None:
        anna, petra, jonas = self._company.people[:3]
        match WEEKS - week:
            case 44:
                await self._patch(f"/Users/{jonas.id}", replace("title", "Contract Director"))
            case 30:
                self._client.now += timedelta(hours=5)
                self._tokens.provider = await self._renew()
            case 27:
                await self._leave(petra, week)
            case 20:
                self._client.now += timedelta(days=1, hours=4)
                await self._by_hand(anna, role="Administrator")
            case 15:
                await self._rename(jonas, "Jonas Weber Lang")
            case 12:
                self._client.now += timedelta(hours=6)
                await self._by_hand(jonas, role="Administrator")
            case 11:
                await self._leave(anna, week)
            case 5:
                await self._wave()
            case 2:
                self._client.now += timedelta(days=2, hours=3)
                await self._erase(petra)

    async def _wave(self) -> None:
        """Somebody narrowed the scope at the provider by mistake; three hours later it is mended."""
        hit = [each for each in self._company.active() if each.department == WAVE]
        self._client.now += timedelta(hours=3)
        for is_active in (False, True):
            for each in hit:
                await self._patch(f"/Users/{each.id}", replace("active", is_active))
            await self._pause()
            self._client.now += timedelta(hours=3)

    async def _audit(self) -> None:
        """Ask and export as an auditor does."""
        client, token = self._client, self._tokens.auditor
        client.at(self._end - timedelta(hours=9))
        anna = self._company.people[0]
        for path in ("/events?type=UserDeactivated", f"/users/{anna.id}/timeline"):
            await client.send(token, "GET", AUDIT + path)
        await client.send(token, "GET", f"{AUDIT}/roles/Administrator/holders")
        await client.send(token, "GET", f"{AUDIT}/export/access?format=csv")

    async def _create(self, person: Person) -> None:
        sought = f'/Users?filter=userName eq "{person.user_name}"'
        await self._scim("GET", sought)
        person.id = (await self._scim("POST", "/Users", person.document()))["id"]

    async def _give_role(self, person: Person, role: str) -> None:
        person.role = role
        await self._patch(f"/Users/{person.id}", replace("roleId", self._roles[role]))

    async def _move(self, person: Person) -> None:
        groups, former = self._company.groups, person.department
        person.department = self._random.choice([name for name in groups if name != former])
        person.title = self._random.choice(TITLES)
        await self._patch(f"/Users/{person.id}", replace("title", person.title))
        await self._patch(f"/Groups/{groups[former]}", members("Remove", person.id))
        await self._patch(f"/Groups/{groups[person.department]}", members("Add", person.id))

    async def _leave(self, person: Person, week: int) -> None:
        person.is_active = False
        await self._patch(f"/Users/{person.id}", replace("active", False))
        group = self._company.groups[person.department]
        await self._patch(f"/Groups/{group}", members("Remove", person.id))
        self._company.leaving.append((week + DELETED_AFTER_WEEKS, person))

    async def _rename(self, person: Person, name: str) -> None:
        person.name, person.user_name = name, address_of(name)
        await self._patch(
            f"/Users/{person.id}",
            replace("userName", person.user_name),
            replace("displayName", name),
        )

    async def _by_hand(self, person: Person, *, role: str) -> None:
        path = f"{ADMIN}/users/{person.id}"
        await self._client.send(self._tokens.administrator, "PATCH", path, {"role": role})

    async def _erase(self, person: Person) -> None:
        body = {"subjectId": person.id, "reason": "asked to be forgotten (GDPR article 17)"}
        await self._client.send(self._tokens.auditor, "POST", f"{AUDIT}/erasures", body)

    async def _scim(
        self, method: str, path: str, body: Body = None, *, refused: Collection[int] = ()
    ) -> Any:
        token = self._tokens.provider
        return await self._client.send(token, method, f"{SCIM}{path}", body, refused=refused)

    async def _patch(self, path: str, *operations: dict[str, object]) -> None:
        await self._client.patch(self._tokens.provider, path, *operations)


def _of_story(name: str) -> Person:
    is_anna = name == ANNA
    return Person(
        name,
        "Legal" if is_anna else "Sales",
        "Counsel" if is_anna else "Manager",
        "Editor" if is_anna else "Reader",
        f"e-{name.lower().replace(' ', '-')}",
        address_of(name),
        is_of_story=True,
    )
