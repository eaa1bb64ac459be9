"""Sending a pack: by mail, into a folder, to a webhook; and what came of it.

An outcome is `sent` where the other side said so, `refused` where it said no, `deferred` where it has nothing yet and
may be asked again, and `unknown` where all was handed over and no answer came: it may have arrived.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import ipaddress
import json
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.policy import SMTP
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pipelines.delivery.packs import Pack
from pipelines.delivery.plan import Channel, Folder, Recipient, Smtp, Webhook, secret
from pipelines.files import clear_unfinished, replacing
from pipelines.settings import LOOPBACK, Settings


@dataclass(frozen=True)
class Outcome:
    """What came of a sending, and what the other side said."""

    state: Literal["sent", "deferred", "refused", "unknown"]
    said: str = ""


@dataclass(frozen=True)
class Letter:
    """What is sent: a pack to a recipient. `prefix` stands before its subject, `answers` is what it corrects.

    `message_id` is the delivery's own: sent again after nobody knew whether it arrived, it is the same.
    """

    report: str
    period: str
    recipient: Recipient
    pack: Pack
    message_id: str
    sent_at: datetime
    prefix: str = ""
    answers: str = ""
    number: int = 0


def send(channel: Channel, letter: Letter, settings: Settings) -> Outcome:
    """Sends it once; never raises for what the other side does."""
    match channel:
        case Smtp():
            return _mail(channel, letter)
        case Folder():
            return _into_folder(settings.home / channel.path, letter)
        case Webhook():
            return _post(channel, letter, settings)


def as_mail(channel: Smtp, letter: Letter) -> bytes:
    """The pack's own mail, byte for byte, under a header that says from whom to whom."""
    assert letter.recipient.address is not None
    made = letter.pack.read(".eml")
    head = BytesHeaderParser(policy=SMTP).parsebytes(made, headersonly=True)
    assert isinstance(head, EmailMessage)
    _, _, body = made.partition(b"\r\n\r\n")
    subject = str(head["Subject"])
    del head["Subject"], head["Date"]
    head["From"] = Address(channel.sender_name, addr_spec=channel.sender)
    head["To"] = Address(letter.recipient.name, addr_spec=letter.recipient.address)
    head["Subject"] = f"{letter.prefix}: {subject}" if letter.prefix else subject
    head["Date"] = letter.sent_at
    head["Message-ID"] = letter.message_id
    if letter.answers:
        head["In-Reply-To"] = head["References"] = letter.answers
    # So that no holiday notice answers it.
    head["Auto-Submitted"] = "auto-generated"
    head.set_payload("")
    return head.as_bytes() + body


def _mail(channel: Smtp, letter: Letter) -> Outcome:
    password = secret(channel.password_from) if channel.password_from else None
    if channel.password_from and password is None:
        return Outcome("deferred", f"neither the variable {channel.password_from} nor {channel.password_from}_FILE "
                       "holds a password")  # fmt: skip
    message = as_mail(channel, letter)
    is_handed_over = False
    outcome = None
    try:
        with _connected(channel) as server:
            server.ehlo_or_helo_if_needed()
            if channel.user is not None and password is not None:
                server.login(channel.user, password)
            options = ["BODY=8BITMIME"] if server.has_extn("8bitmime") else []
            code, answer = server.mail(channel.sender, options)
            if code == 250:
                code, answer = server.rcpt(str(letter.recipient.address))
            if code not in (250, 251):
                outcome = _answered(code, answer, has_text=False)
                return outcome
            is_handed_over = True
            try:
                outcome = _answered(*server.data(message), has_text=True)
            except smtplib.SMTPDataError as error:
                outcome = _answered(error.smtp_code, error.smtp_error, has_text=False)
            return outcome
    except smtplib.SMTPAuthenticationError as error:
        # Nothing was refused but the login, which a person mends.
        return Outcome("deferred", f"the login was refused ({error.smtp_code})")
    except (OSError, ValueError, smtplib.SMTPException) as error:
        # What was answered stands, however the parting went.
        return outcome or Outcome("unknown" if is_handed_over else "deferred", _plain(error))


def unreachable(channel: Smtp) -> str | None:
    """Why a mail server would take no mail, by connecting and logging in; None where it would. Nothing is sent."""
    password = secret(channel.password_from) if channel.password_from else None
    try:
        with _connected(channel) as server:
            server.ehlo_or_helo_if_needed()
            if channel.user is not None and password is not None:
                server.login(channel.user, password)
            code, answer = server.noop()
    except smtplib.SMTPAuthenticationError as error:
        return f"the login was refused ({error.smtp_code})"
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return _plain(error)
    return None if code < 400 else _answered(code, answer, has_text=False).said


def _connected(channel: Smtp) -> smtplib.SMTP:
    own = channel.sender.partition("@")[2]
    if channel.security == "none":
        return smtplib.SMTP(channel.host, channel.port, own, channel.seconds)
    trusted = ssl.create_default_context(cafile=str(channel.ca_file) if channel.ca_file else None)
    if channel.security == "tls":
        return smtplib.SMTP_SSL(channel.host, channel.port, own, timeout=channel.seconds, context=trusted)
    server = smtplib.SMTP(channel.host, channel.port, own, channel.seconds)
    try:
        server.starttls(context=trusted)
    except BaseException:
        server.close()
        raise
    return server


def _answered(code: int, answer: bytes | str, has_text: bool) -> Outcome:
    """What a server's answer means, `has_text` if it was given the mail; -1 is an answer that is none."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    said = f"{code} {' '.join(text.split())}"[:300]
    if code >= 400:
        return Outcome("refused" if code >= 500 else "deferred", said)
    if not has_text:
        return Outcome("deferred", said)
    return Outcome("sent" if 200 <= code < 300 else "unknown", said)


def _into_folder(folder: Path, letter: Letter) -> Outcome:
    """A folder of its own for a report, period and recipient; what corrects it stands beside it."""
    name = letter.period + (f"-corrected-{letter.number}" if letter.number else "")
    target = folder / letter.report / name / letter.recipient.id
    try:
        target.mkdir(parents=True, exist_ok=True)
        clear_unfinished(target)
        for file in letter.pack.files:
            with replacing(target / file) as temporary:
                temporary.write_bytes((letter.pack.folder / file).read_bytes())
    except OSError as error:
        return Outcome("deferred", _plain(error))
    return Outcome("sent", str(target))


def _post(channel: Webhook, letter: Letter, settings: Settings) -> Outcome:
    """As JSON, the mail's text in it and its PDF; no other host is led to, whatever it answers."""
    try:
        url = urlsplit(secret(channel.url_from) or "")
        host, port = url.hostname or "", url.port
    except ValueError:
        return Outcome("deferred", f"what {channel.url_from} holds is no address")
    if host not in settings.webhook_names:
        return Outcome("deferred", f"the address in {channel.url_from} is of no host that the setting webhook_hosts "
                       "allows" if host else f"neither the variable {channel.url_from} nor {channel.url_from}_FILE "
                       "holds an address")  # fmt: skip
    if url.scheme != "https" and host not in LOOPBACK:
        return Outcome("deferred", "only this machine is spoken to without TLS; the address begins with https")
    mail = BytesParser(policy=SMTP).parsebytes(letter.pack.read(".eml"))
    text = mail.get_body(("plain",))
    subject = str(mail["Subject"])
    body = json.dumps({
        "report": letter.report, "period": letter.period, "recipient": letter.recipient.id, "id": letter.message_id,
        "subject": f"{letter.prefix}: {subject}" if letter.prefix else subject,
        "text": text.get_content() if text else "",
    } | ({"pdf": base64.b64encode(letter.pack.read(".pdf")).decode()} if letter.pack.has(".pdf") else {}),
        ensure_ascii=False).encode()  # fmt: skip
    is_handed_over = False
    try:
        connection = (
            http.client.HTTPSConnection(host, port, timeout=channel.seconds)
            if url.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=channel.seconds)
        )
        try:
            connection.connect()
            if why := _not_there(host, connection.sock.getpeername()[0]):
                return Outcome("refused", why)
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.putrequest("POST", path)
            connection.putheader("Content-Type", "application/json; charset=utf-8")
            connection.putheader("Content-Length", str(len(body)))
            connection.putheader("Idempotency-Key", letter.message_id)
            is_handed_over = True
            connection.endheaders(body)
            code = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Outcome("unknown" if is_handed_over else "deferred", _plain(error))
    if code < 300:
        return Outcome("sent" if code >= 200 else "unknown", f"HTTP {code}")
    is_busy = code in (408, 425, 429) or code >= 500
    return Outcome("deferred" if is_busy else "refused", f"HTTP {code}")


def _not_there(host: str, peer: str) -> str:
    """Why a host's address may not be spoken to: a name from outside that leads inside this machine."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    # Until 3.13 Python does not look at the address within such a one.
    address = getattr(address, "ipv4_mapped", None) or address
    if host not in LOOPBACK and (address.is_loopback or address.is_link_local or address.is_unspecified):
        return f"{host} leads to {peer}, which is this machine's own"
    return ""


def _plain(error: Exception) -> str:
    """An error without what it was told: an address of a webhook is a secret."""
    said = getattr(error, "strerror", None) or (str(error) if isinstance(error, smtplib.SMTPException) else "")
    return f"{type(error).__name__}{': ' if said else ''}{said}"[:300]


def message_id(sender_domain: str, report: str, period: str, recipient: str, content: str) -> str:
    """The Message-ID of what is delivered: the same figures of the same delivery have the same."""
    told = "\0".join((report, period, recipient, content))
    return f"<{hashlib.sha256(told.encode()).hexdigest()[:32]}@{sender_domain}>"


# What `run` is given to send with.
Sender = Callable[[Channel, Letter, Settings], Outcome]
