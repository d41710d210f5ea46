"""How many values a JSON text holds: counted as it comes, before it is parsed, because each becomes an object in memory.

Counted are commas and opening brackets outside strings: at most twice as many as there are values, and at least as
many as there are members and elements.
"""

from schema.scim.errors import PayloadTooLarge


class ValueCounter:
    """Counts the values in the pieces of a text; it need not be valid."""

    def __init__(self, most: int) -> None:
        self.count = 0
        self._most = most
        self._is_in_string = False
        self._is_escaped = (
            False  # The next character is, by a backslash at the end of the last piece.
        )

    def add(self, piece: bytes) -> None:
        """Count a piece; it should have at most a few hundred kilobytes. Errors: PayloadTooLarge."""
        if self._is_escaped and piece:
            piece, self._is_escaped = piece[1:], False
        if b"\\" in piece:
            # Pairs of backslashes go first, from the left; what is left of them escapes a quote, or the next piece.
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
            self._is_escaped = piece.endswith(b"\\")
        parts = piece.split(b'"')
        outside = b"".join(parts[1::2] if self._is_in_string else parts[::2])
        self._is_in_string ^= len(parts) % 2 == 0
        self.count += outside.count(b",") + outside.count(b"[") + outside.count(b"{")
        if self.count > self._most:
            raise PayloadTooLarge(
                f"The body holds more than {self._most:,} JSON values; send less at once."
            )


PIECE = 65_536


def count_values(text: bytes, most: int) -> int:
    """Return the count of a text. Errors: PayloadTooLarge."""
    counter = ValueCounter(most)
    for begin in range(0, len(text), PIECE):
        counter.add(text[begin : begin + PIECE])
    return counter.count
