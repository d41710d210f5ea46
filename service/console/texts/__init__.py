"""What the console says, in the reader's language and in the reader's time zone.

`texts.py` finds the text of a message and formats numbers, `refusals.py` translates the messages of use cases, `times.py`
writes instants, `choice.py` chooses language and zone for a request. The messages are English where they are used,
`t("token.create", "Create token")`, and translated in the catalogs of `service/console/locale/fr`: one file for each area,
merged when they are first read.
Begin with `texts.py`.
"""
