"""E-mail by the operator's mail server; and anything else that apprise knows, as far as the operator allows it."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from fieldops.messages.compose import Message
from fieldops.messages.net import TIME_S
from fieldops.messages.senders import LATER, REFUSED, SENT, Outcome, Tools, Way


def mail(way: Way, message: Message, tools: Tools) -> Outcome:
    """An e-mail. Its Message-ID is ours: a repeat after a crash is known as one by the reader's mailbox."""
    if not tools.smtp_url:
        return Outcome(REFUSED, "mail: no FIELDOPS_SMTP_URL")
    sender = tools.mail_from
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, way.values["to"], message.title
    letter["Date"] = format_datetime(tools.now())
    letter["Message-ID"] = f"<{message.identity}@{sender.rpartition('@')[2].strip('<> ')}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    parts = urlsplit(tools.smtp_url)
    try:
        server = _server(parts.scheme, parts.hostname or "", parts.port)
        try:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            refused = server.send_message(letter)
        finally:
            # Not by `with`, which takes a strange good-bye for a failure: the mail would go out again.
            server.close()
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _text in error.recipients.values()}
        return Outcome(REFUSED if min(codes, default=550) >= 500 else LATER, f"mail {min(codes, default=550)}")
    except smtplib.SMTPResponseException as error:
        return Outcome(REFUSED if error.smtp_code >= 500 else LATER, f"mail {error.smtp_code}")
    except (smtplib.SMTPException, OSError) as error:
        return Outcome(LATER, f"mail: {type(error).__name__}")
    return Outcome(SENT, error=f"mail: {len(refused)} refused" if refused else "")


def _server(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIME_S, context=ssl.create_default_context())
    return smtplib.SMTP(host, port or 25, timeout=TIME_S)


def other(way: Way, message: Message, tools: Tools) -> Outcome:
    """Through apprise. It says yes or no and nothing else; it is not used for what answers 200 with an error."""
    url = way.values["url"]
    if url.split("://", 1)[0].lower() not in tools.apprise:
        return Outcome(REFUSED, "apprise: not in FIELDOPS_APPRISE")
    import apprise

    asset = apprise.AppriseAsset(async_mode=False, secure_logging=True, storage_mode="memory", service_timeout=TIME_S)
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        return Outcome(REFUSED, "apprise: address not understood")
    sent = service.notify(body=message.text, title=message.title)
    return Outcome(SENT) if sent else Outcome(LATER, "apprise: not sent")
