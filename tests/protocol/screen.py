"""A pseudo-terminal for the command under test, and the lines that a person would see on it."""

import os
import pty
import re
import struct
import termios
from fcntl import ioctl

COLUMNS, ROWS = 400, 200
PIECE = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b\[\?\d+[hl]|\x1b[()].|([\r\n])|([^\x1b\r\n]+)")


def open_terminal() -> tuple[int, int]:
    """Return two descriptors of a terminal: one to read from, and one that a command writes to."""
    reader, writer = pty.openpty()
    ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    return reader, writer


def read_terminal(reader: int) -> str:
    """Return everything that was written to a terminal; all writers must have closed it."""
    written = b""
    try:
        while piece := os.read(reader, 65_536):
            written += piece
    except OSError:  # Linux raises it when the last writer has closed the terminal.
        pass
    return written.decode()


def seen(written: str) -> list[str]:
    """Return the lines on a screen after all that was written to it, without colors."""
    lines, row, column = [""], 0, 0
    for number, verb, move, text in PIECE.findall(written):
        if text:
            line = lines[row].ljust(column)
            lines[row] = line[:column] + text + line[column + len(text) :]
            column += len(text)
        elif move == "\r":
            column = 0
        elif move == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif verb == "A":
            row -= int(number or 1)
        elif verb == "K":
            lines[row] = "" if number == "2" else lines[row][:column]
    return lines
