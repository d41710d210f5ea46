"""The web console at /console/: pages for people who would rather look than read. It decides nothing itself.

A page is four things. A handler in `pages/` takes a ConsoleCall, calls a use case with `call.runtime`, and shows a
template; `pages/tokens.py` is the example. Its template in `service/console/templates` extends layout.html and uses the components
of ui.html. Its row in `routes.py` names the address and the roles. Its texts are `t("key", "English")`, translated in
`service/console/locale/fr`. Tests sign in with the client of `tests/console/client.py`, and find what is not translated.
`framework/` is what every page is made with, `sessions/` who is signed in, `texts/` languages and zones, `events/` says events in sentences,
`live.py` sends live updates, `app.py` puts it together. docs/explanation/console.md has more.
Begin with `routes.py`.
"""
