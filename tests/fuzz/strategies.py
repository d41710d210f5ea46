"""Requests: method, path, query, headers and body, each of them valid, odd or hostile."""

from dataclasses import dataclass
from urllib.parse import quote, quote_plus, urlencode

from hypothesis import strategies as st

from tests.fuzz.bodies import GROUP, PATHS, TEXTS, USER, bodies
from tests.protocol.endpoints import endpoints

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND")
ODD_IDS = ["x", USER.upper(), "%00", "%ff", "..", "a%2Fb", "%20", "\u00e9", "bulkId:a"]
WORDS = (
    *PATHS,
    "title",
    "meta.created",
    "nobody",
    "eq",
    "ne",
    "co",
    "gt",
    "le",
    "pr",
    "and",
    "or",
    "not",
    "(",
    ")",
    "[",
    "]",
    '"a"',
    '"\\u0041"',
    '"',
    "true",
    "null",
    "7",
    "-1e9",
    '"2026-01-31T09:30:00Z"',
    ".value",
)
NAMES = (
    "filter",
    "FILTER",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
    "attributes",
    "excludedAttributes",
    "aadOptscim062020",
)


@dataclass(frozen=True)
class Request:
    """A request below the SCIM base path. Its ids are placeholders."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None

    def about(self, meant: dict[str, str]) -> "Request":
        """Return the request with the placeholders replaced by real values."""
        target, body = self.target, self.body
        for text, own in meant.items():
            target = target.replace(text, own)
            body = body.replace(text.encode(), own.encode()) if body else body
        return Request(self.method, target, self.headers, body)


FILTERS = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(PATHS),
        st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "is"]),
        st.sampled_from(['"a"', "true", "7", '"2026-01-31T09:30:00Z"', "null", ""]) | TEXTS,
    ),
    st.integers(1, 300).map(lambda depth: "(" * depth + "title pr" + ")" * depth),
    st.integers(1, 400).map(lambda size: " or ".join(["title pr"] * size)),
    TEXTS,
)
QUERY_VALUES = st.one_of(
    FILTERS,
    st.sampled_from(
        ["", "0", "1", "-1", "5", "1001", "9" * 30, "ascending", "descending", "A" * 90]
    ),
    st.lists(st.sampled_from(PATHS), max_size=4).map(",".join),
)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Draw a query string."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(["%", "%zz=1", "filter=%ff", "a=1&" * 150, "&&==&", "filter"]))
    asked = draw(st.lists(st.tuples(st.sampled_from(NAMES), QUERY_VALUES), max_size=4))
    encode = draw(st.sampled_from([quote, quote_plus]))
    return urlencode(asked, quote_via=encode)


WRITTEN = ("/Users", "/Groups", "/Bulk", "/.search")
ENDPOINTS = [  # Endpoints where more can go wrong are drawn more often.
    each
    for each in endpoints()
    for _ in range(5 if each[1].startswith(WRITTEN) and each[0] != "DELETE" else 1)
]
VERSIONS = st.sampled_from(
    ['W/"1"', '"1"', "*", 'W/"x"', "", 'W/"1", W/"2"', 'W/"' + "9" * 40 + '"']
)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(str.strip)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(
            ["application/json", "application/scim+json", "text/plain", "", "; charset=x", "*/*"]
        ),
        "If-Match": VERSIONS,
        "If-None-Match": VERSIONS,
        "Accept": PRINTABLE,
        "X-Forwarded-For": PRINTABLE,
        "Host": st.sampled_from(["example.com", 'a"b', "[::1]:80", "x" * 300, ""]),
        "Range": st.just("bytes=0-1"),
        "Accept-Encoding": st.sampled_from(["gzip", "identity;q=0", "*"]),
    },
)


TOKENS = st.sampled_from(["", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer \u00e9"])
ENDS = st.sampled_from(["/", "//", "/x", "/.search", "/%2e%2e", "%00", "/" + "x" * 5_000])


def ids(path: str) -> st.SearchStrategy[str]:
    """Return ids for an endpoint: most of them of an existing resource."""
    own = GROUP if path.startswith("/Groups") else USER
    return st.sampled_from([own, own, own, own]) | st.sampled_from(ODD_IDS)


def one_in(count: int) -> st.SearchStrategy[bool]:
    """Return a strategy that draws True once in `count` draws."""
    return st.integers(1, count).map(lambda drawn: drawn == count)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Draw a request. Most have a valid token and go to an endpoint that serves their method."""
    method, path = draw(st.sampled_from(ENDPOINTS))
    target = path.replace("{id}", draw(ids(path)))
    if draw(one_in(8)):
        method = draw(st.sampled_from(METHODS))
    if draw(one_in(12)):
        target += draw(ENDS)
    if draw(st.booleans()) and (query := draw(queries())):
        target += f"?{query}"
    headers = draw(HEADERS) if draw(one_in(3)) else {}
    if draw(one_in(20)):
        headers = {**headers, "Authorization": draw(TOKENS)}
    body = draw(bodies(method, path)) if method in ("POST", "PUT", "PATCH") else None
    return Request(method, target, headers, body)
