"""A mail server for tests: it speaks as much of SMTP (RFC 5321) as a client needs, and keeps what it is given."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class Mailbox:
    """The mails that were taken, and with which code the next recipients are answered."""

    port: int = 0
    code: int = 250
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refused: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to a client."""
        recipient = ""
        writer.write(b"220 mailbox\r\n")
        while line := (await reader.readline()).decode().strip():
            match line.split(" ")[0].upper():
                case "EHLO" | "HELO" | "MAIL" | "RSET":
                    writer.write(b"250 OK\r\n")
                case "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                    self.refused += self.code != 250
                    writer.write(f"{self.code} said\r\n".encode())
                    self.news.set()
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    found = email.message_from_bytes(text[:-3], policy=email.policy.default)
                    assert isinstance(found, EmailMessage)
                    self.mails.append((recipient, found))
                    self.news.set()
                    writer.write(b"250 taken\r\n")
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"502 no\r\n")
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Mailbox]:
    """Give a server for the duration of the block."""
    mailbox = Mailbox()
    server = await asyncio.start_server(mailbox.serve, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mailbox
