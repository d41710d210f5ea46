"""Where a process finds its master keys: two settings and two files. Which of them counts, the database says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eventstore.sealing.sealer import fingerprint_of
from service.config import Settings
from service.database.master_key import (
    SETTING,
    KeyProblem,
    decoded,
    load_master_key,
    make_key_file,
    read_key_file,
)

NEXT_SETTING = "SCIM_LEDGER_NEXT_MASTER_KEY"


@dataclass(frozen=True, slots=True)
class GivenKey:
    """A master key, and where it was found."""

    key: bytes = field(repr=False)
    place: str

    @property
    def fingerprint(self) -> str:
        """Return what names the key in the database."""
        return fingerprint_of(self.key)


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """The settings and the file of the master key, and those of the key that is to replace it."""

    setting: str | None = field(repr=False)
    next_setting: str | None = field(repr=False)
    key_file: Path

    @classmethod
    def of(cls, settings: Settings) -> "KeyPlaces":
        """Return the places that settings name."""
        now, after = settings.master_key, settings.next_master_key
        return cls(
            now.get_secret_value() if now else None,
            after.get_secret_value() if after else None,
            settings.master_key_file,
        )

    @property
    def next_file(self) -> Path:
        """Return the file of the key that is to replace the one in use."""
        return self.key_file.with_name(f"{self.key_file.name}.next")

    def __call__(self) -> list[bytes]:
        """Return the master keys that can be read now, for a sealer that meets one that it does not have."""
        try:
            return [each.key for each in self.find()]
        except KeyProblem:
            return []

    def find(self) -> list[GivenKey]:
        """Return the master keys that are here, each once. Errors: KeyProblem for one that cannot be used."""
        found: dict[bytes, GivenKey] = {}
        for each in self._read():
            found.setdefault(each.key, each)
        return list(found.values())

    def find_next(self) -> GivenKey | None:
        """Return the key that is to replace the one in use, if one is given. Errors: KeyProblem."""
        if self.next_setting is not None:
            return GivenKey(decoded(self.next_setting, NEXT_SETTING), NEXT_SETTING)
        if self.next_file.exists():
            return GivenKey(read_key_file(self.next_file), str(self.next_file))
        return None

    def first(self, *, may_make: bool) -> bytes:
        """Return the key for a database that has none yet. Errors: KeyProblem."""
        return load_master_key(setting=self.setting, key_file=self.key_file, create=may_make)

    def make_next(self) -> GivenKey:
        """Make the file of a new key. Errors: KeyProblem."""
        try:
            make_key_file(self.next_file)
        except OSError as error:
            raise KeyProblem(f"{self.next_file} cannot be made: {error.strerror}.") from error
        return GivenKey(read_key_file(self.next_file), str(self.next_file))

    def _read(self) -> Iterator[GivenKey]:
        if self.setting is not None:
            yield GivenKey(decoded(self.setting, SETTING), SETTING)
        elif self.key_file.exists():
            yield GivenKey(read_key_file(self.key_file), str(self.key_file))
        after = self.find_next()
        if after is not None:
            yield after
