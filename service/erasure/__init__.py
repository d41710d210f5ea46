"""The use cases of erasure: erase a person, keep one by a legal hold, end a contract.

`people.py` erases a person and lists who was erased, `subjects.py` says whom it is about and what stands against it,
`values.py` reads by which values a person is named, `sessions.py` ends the sessions of whoever is erased, `receipt.py` says
what was removed and what backups still hold, `outside.py` records it outside of the database. `holds.py` sets and lifts
legal holds, `export.py` writes everything of one organization, `organization.py` erases one.
The decisions are in service/write. They may not know how they were called. Begin with `people.py`.
"""
