"""What every page of the console is made with. It knows no page.

`page.py` is a row of the table of pages, and `call.py` is a request as the handler of a page sees it: begin there.
`serve.py` surrounds handlers: session, roles, the checks of forms, refusals as pages. `templates.py` renders, `answers.py`
writes headers, `links.py` makes every URL, `static.py` serves files with their digest in the name, `forms.py` reads forms,
`paging.py` pages, `csv_files.py` writes lists as files, `charts.py` computes bars, `navigation.py` lists the pages, `icons.py`
has the drawings, `proof_state.py` says how the log is proven, `parts.py` holds what all of them share.
Begin with `page.py`.
"""
