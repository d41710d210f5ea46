"""People, groups, roles: now, and as of any day.

`routes.py` is their table. `people.py` has the list of people, `person.py` a person, `attributes.py` what a person or group has and where it came from,
`strip.py` computes the drawing of roles over time, `person_changes.py` changes by hand. `groups.py` has groups and their members,
`roles.py` the five roles, `role_groups.py` the list that gives roles and its preview. `moments.py` reads which day is asked for,
`words.py` has the words that they share.
Begin with `routes.py`.
"""
