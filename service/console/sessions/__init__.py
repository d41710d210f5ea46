"""Who is signed in to the console.

`links.py` makes the one-time links that sign somebody in and takes them, `store.py` keeps sessions, `caller.py` is the
person behind a request, with the roles that the person has now. `oidc.py` signs in at an identity provider, `matching.py`
finds the person that it names. `cookies.py` writes cookies, `same_site.py` refuses forms
that another site has sent. What is stored are digests: nobody who reads the tables can sign in.
Begin with `store.py`.
"""
