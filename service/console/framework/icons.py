"""The drawings of the console: each is what stands in an svg of 16 by 16, drawn with lines."""

from typing import Final

from markupsafe import Markup

DRAWINGS: Final = {
    "active": '<path d="m3.2 8.4 3.1 3.2 6.5-7"/>',
    "activity": '<path d="M1.5 8.5h3l2-5 3 9 2-4h3"/>',
    "add": '<path d="M8 3v10M3 8h10"/>',
    "audit": '<path d="M3 2.5h8.2a1.8 1.8 0 0 1 1.8 1.8v9.2H4.8A1.8 1.8 0 0 1 3 11.7z"/><path d="M5.6 5.6h4.8M5.6 8.2h4.8"/>',
    "back": '<path d="m9.8 3.5-4.5 4.5 4.5 4.5"/>',
    "clock": '<circle cx="8" cy="8" r="6.2"/><path d="M8 4.6V8l2.3 1.6"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 3v-.2A.8.8 0 0 0 9.7 2H3.3a.8.8 0 0 0-.8.8v6.9c0 .4.4.8.8.8h.2"/>',
    "cross": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "crossed": '<circle cx="8" cy="8" r="6.2"/><path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4"/>',
    "cycle": '<path d="M13.2 6.4A5.5 5.5 0 0 0 3.4 5M2.8 9.6a5.5 5.5 0 0 0 9.8 1.4"/><path d="M3.2 2.2V5h2.8M12.8 13.8V11H10"/>',
    "down": '<path d="m3.5 6.2 4.5 4.5 4.5-4.5"/>',
    "done": '<circle cx="8" cy="8" r="6.2"/><path d="m5.2 8.2 2 2 3.6-4.1"/>',
    "export": '<path d="M8 2.5v8M4.8 7.6 8 10.8l3.2-3.2M3 13.5h10"/>',
    "group": '<circle cx="6" cy="5.4" r="2.4"/><path d="M1.6 13.2c.4-2.6 2.1-3.9 4.4-3.9s4 1.3 4.4 3.9M10.6 3.2a2.3 2.3 0 0 1 0 4.4M12 9.6c1.4.5 2.2 1.7 2.5 3.6"/>',
    "guard": '<rect x="3" y="3" width="10" height="10" rx="2"/><path d="M6.5 6v4M9.5 6v4"/>',
    "held": '<circle cx="8" cy="8" r="6.2"/><path d="M6.4 5.8v4.4M9.6 5.8v4.4"/>',
    "information": '<circle cx="8" cy="8" r="6.2"/><path d="M8 7.4v3.6M8 5v.1"/>',
    "inactive": '<circle cx="8" cy="8" r="6.2"/><path d="m3.8 3.8 8.4 8.4"/>',
    "key": '<circle cx="5.2" cy="10.8" r="2.9"/><path d="m7.4 8.6 6-6M11 5l2 2M9.3 6.7l1.2 1.2"/>',
    "link": '<path d="M6.6 9.4a2.6 2.6 0 0 0 3.7 0l2.4-2.4a2.6 2.6 0 0 0-3.7-3.7l-.7.7M9.4 6.6a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l.7-.7"/>',
    "lock": '<rect x="3.2" y="7" width="9.6" height="6.8" rx="1.4"/><path d="M5.4 7V5a2.6 2.6 0 0 1 5.2 0v2"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
    "next": '<path d="m6.2 3.5 4.5 4.5-4.5 4.5"/>',
    "open": '<circle cx="8" cy="8" r="5.4"/>',
    "organization": '<path d="M2.5 13.5h11M4 13.5v-11h5v11M9 6h3.2v7.5M6 5h1M6 7.6h1M6 10.2h1"/>',
    "overview": '<path d="M2.5 7.2 8 2.8l5.5 4.4v6.3h-11z"/><path d="M6.3 13.5V9.3h3.4v4.2"/>',
    "pen": '<path d="M3 13l.6-2.8 7.3-7.3 2.2 2.2-7.3 7.3z"/>',
    "person": '<circle cx="8" cy="5.2" r="2.7"/><path d="M2.8 13.6c.5-2.9 2.5-4.4 5.2-4.4s4.7 1.5 5.2 4.4"/>',
    "print": '<path d="M4.5 6V2.5h7V6M4.5 11.5h-2v-5h11v5h-2"/><path d="M4.5 9.5h7v4h-7z"/>',
    "projections": '<path d="M2.2 11.5a6 6 0 1 1 11.6 0"/><path d="m8 10 2.6-3.4"/>',
    "proof": '<circle cx="8" cy="6.4" r="4.2"/><path d="m5.6 10-1 4L8 12.4 11.4 14l-1-4"/>',
    "role": '<path d="M8 1.8 13 3.6v4c0 3.2-2 5.5-5 6.6-3-1.1-5-3.4-5-6.6v-4z"/>',
    "setup": '<path d="M5.5 2v3M10.5 2v3M3.8 5h8.4v2.6a4.2 4.2 0 0 1-8.4 0zM8 11.8V14"/>',
    "up": '<path d="m3.5 9.8 4.5-4.5 4.5 4.5"/>',
    "warning": '<path d="M8 2.2 14.4 13.4H1.6z"/><path d="M8 6.4v3.2M8 11.5v.1"/>',
}


def icon(name: str, kind: str = "") -> Markup:
    """Return a drawing, which says nothing by itself: a word stands beside it. `kind` is a class such as ok or bad."""
    return Markup('<svg class="i{}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>').format(
        f" {kind}" if kind else "",
        Markup(DRAWINGS[name]),  # noqa: S704 - ours.
    )
