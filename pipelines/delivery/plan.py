"""`<home>/delivery.yml`: channels, reports and recipients, read and checked.

Whatever is wrong is told at once, each with its line, its key and what to write instead. Secrets do not stand in the
file: it names the variable of the environment that holds one (`password_from: MAIL_PASSWORD`), or whose name with
`_FILE` behind it names a file that does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
)

from pipelines.delivery.brake import CAUSES, Does
from pipelines.delivery.packs import MAKERS, Maker, Scope
from pipelines.delivery.periods import Schedule
from pipelines.files import YAML
from pipelines.settings import LOOPBACK

FILE = "delivery.yml"
TEMPLATE = Path(__file__).with_name("template.yml")
Place = tuple[str | int, ...]


class PlanError(Exception):
    """The file cannot be used; each line of the message is something wrong with it."""


def _mailbox(value: str) -> str:
    try:
        Address(addr_spec=value)
        if "@" in value.strip("@") and value.isascii() and value.isprintable() and not value.startswith('"'):
            return value
    except (ValueError, IndexError):
        pass
    raise ValueError(f"{value!r} is no mail address; write one such as anna@example.com")


def _one_line(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError("write it on one line")
    return value


def _variable(value: str) -> str:
    if not value.isidentifier() or value != value.upper() or value.startswith("KEYBOOK_"):
        raise ValueError(
            # Not what stands there: it may be the secret itself.
            "is no name of a variable for a secret; write one in capitals such as MAIL_PASSWORD, not beginning with "
            "KEYBOOK_, which are settings"
        )
    return value


def _scope(value: object) -> Scope:
    match value:
        case Scope():
            return value
        case "all" | "own book":
            return Scope(value)
        case {"team": str(of), **others} if not others:
            return Scope("team", of)
        case {"account": str(of), **others} if not others:
            return Scope("account", of)
    raise ValueError("write all, own book, {team: North} or {account: crm:17}")


Mailbox = Annotated[str, AfterValidator(_mailbox)]
Line = Annotated[str, AfterValidator(_one_line)]
Variable = Annotated[str, AfterValidator(_variable)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Smtp(_Part):
    """A mail server."""

    kind: Literal["smtp"]
    host: Line
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Mailbox
    sender_name: Line = "Keybook"
    user: Line | None = None
    password_from: Variable | None = None
    ca_file: Path | None = None
    seconds: float = Field(60, gt=0, le=600)


class Folder(_Part):
    """A folder, below the home unless its path begins with a slash."""

    kind: Literal["folder"]
    path: Path


class Webhook(_Part):
    """An address that takes JSON; it is a secret itself."""

    kind: Literal["webhook"]
    url_from: Variable
    seconds: float = Field(30, gt=0, le=600)


Channel = Smtp | Folder | Webhook


class Report(_Part):
    """When a report is due, and what holds it."""

    due: Annotated[Schedule, PlainValidator(lambda value: Schedule.of(str(value)))]
    brake: dict[str, Does] = {}


class Recipient(_Part):
    """Who gets reports, from which day of their being due, and until which."""

    id: Name
    name: Line
    address: Mailbox | None = None
    language: Literal["en", "ru", "sv"]
    role: Literal["leadership", "finance", "manager", "client"]
    scope_said: Annotated[Scope, BeforeValidator(_scope)] = Field(alias="scope")
    employee: Line | None = None
    reports: list[str] = Field(min_length=1)
    channel: str
    starts_on: date = Field(alias="from")
    ends_on: date | None = Field(None, alias="until")

    @property
    def scope(self) -> Scope:
        """Whose figures they may see; whose an own book is, is part of it: two people's are two."""
        said = self.scope_said
        return Scope("own book", self.employee or "") if said.kind == "own book" else said

    def is_due(self, day: date) -> bool:
        """Whether a report that is due on a day is theirs."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


# What a role may see: a slip of the pen does not give a client everybody's figures.
SEES = {
    "leadership": ("all", "team", "own book", "account"), "finance": ("all", "team", "own book", "account"),
    "manager": ("team", "own book"), "client": ("account",),
}  # fmt: skip


class Plan(_Part):
    """The whole file."""

    channels: dict[Name, Annotated[Channel, Field(discriminator="kind")]]
    reports: dict[str, Report]
    recipients: list[Recipient]


def read_plan(home: Path, makers: Mapping[str, Maker] = MAKERS) -> Plan | None:
    """What the home's file says; None where there is none.

    Raises:
        PlanError: it cannot be used.
    """
    path = home / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path} cannot be read as text in UTF-8: {error}") from error
    try:
        loader = YAML(text)
        node = loader.get_single_node()
        said = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise PlanError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    lines: dict[Place, int] = {}
    problems = list(_doubled(node, (), lines))
    if not isinstance(said, dict):
        raise PlanError(f"{path} says nothing; `keybook deliver --template` writes one to begin with")
    plan = None
    try:
        plan = Plan.model_validate(said)
    except ValidationError as error:
        problems += [(found["loc"], _in_words(found)) for found in error.errors()]
    if plan is not None:
        problems += _crossed(plan, home, makers)
    if problems:
        raise PlanError("\n".join(_line(path, lines, said, *problem) for problem in problems))
    return plan


def secret(variable: str) -> str | None:
    """What a variable of the environment holds, or the file that it names; None where there is neither."""
    if value := os.environ.get(variable):
        return value
    if file := os.environ.get(f"{variable}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None
    return None


def _doubled(node: yaml.Node | None, place: Place, lines: dict[Place, int]) -> Iterator[tuple[Place, str]]:
    """Keys that stand twice, of which YAML takes the last in silence; notes each place's line on the way."""
    if node is None:
        return
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for number, part in enumerate(node.value):
            yield from _doubled(part, (*place, number), lines)
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, part in node.value:
            if key.value in seen:
                yield (*place, key.value), "stands twice; take one out"
            seen.add(key.value)
            yield from _doubled(part, (*place, key.value), lines)
            lines[(*place, key.value)] = key.start_mark.line + 1


def _line(path: Path, lines: dict[Place, int], said: Any, loc: Place, what: str) -> str:
    """A problem with its line and its key, recipients by their ids."""
    known: Place = ()
    for part in loc:
        if (*known, part) in lines:
            known = (*known, part)
    written: list[str] = []
    for part in loc:
        if part not in ("smtp", "folder", "webhook"):  # which kind of channel it was tried as
            written.append(str(part))
    if len(loc) > 1 and loc[0] == "recipients" and isinstance(loc[1], int):
        one = said["recipients"][loc[1]]
        written[1] = str(one.get("id", loc[1] + 1)) if isinstance(one, dict) else str(loc[1] + 1)
    return f"{path} line {lines.get(known, 1)}, {'.'.join(written) or 'file'}: {what}"


def _in_words(found: Any) -> str:
    match found["type"]:
        case "missing":
            return "is missing; write it"
        case "extra_forbidden":
            return "there is no such key; take it out, or mend its spelling"
        case "string_pattern_mismatch":
            return f"{found['input']!r}: write small letters, digits and hyphens"
        case _:
            return str(found["msg"]).removeprefix("Value error, ")


def _crossed(plan: Plan, home: Path, makers: Mapping[str, Maker]) -> Iterator[tuple[Place, str]]:
    """What does not fit together."""
    for name, channel in plan.channels.items():
        place: Place = ("channels", name)
        if isinstance(channel, Smtp):
            if channel.security == "none" and channel.host not in LOOPBACK:
                yield (*place, "security"), "only this machine is spoken to without TLS; write starttls or tls"
            if (channel.user is None) != (channel.password_from is None):
                yield place, "write user and password_from, or neither"
        if isinstance(channel, Folder):
            folder = (home / channel.path).resolve()
            for taken in ("landing", "warehouse", "deliveries"):
                if folder.is_relative_to((home / taken).resolve()):
                    yield (*place, "path"), f"{taken}/ of the home is not for reports; write another folder"
    for name, report in plan.reports.items():
        if name not in makers:
            yield ("reports", name), f"there is no such pack to deliver; there are {', '.join(sorted(makers))}"
        elif report.due.unit != makers[name].unit:
            yield ("reports", name, "due"), f"the pack is of a {makers[name].unit}; write when it is due after one"
        for cause, does in report.brake.items():
            if cause not in CAUSES:
                yield ("reports", name, "brake", cause), f"is no cause; there are {', '.join(CAUSES)}"
            elif does == "mark" and name in makers and makers[name].is_for_clients:
                yield ("reports", name, "brake", cause), "a client is not told what is odd inside; write hold or pass"
    seen: set[str] = set()
    for number, recipient in enumerate(plan.recipients):
        place = ("recipients", number)
        if recipient.id in seen:
            yield (*place, "id"), "stands twice; each recipient has an id of its own, which stays the same for good"
        seen.add(recipient.id)
        if recipient.channel not in plan.channels:
            yield (*place, "channel"), f"there is no channel {recipient.channel!r} above"
        elif recipient.address is None and isinstance(plan.channels[recipient.channel], Smtp):
            yield (*place, "address"), "is missing; a mail needs one"
        for report_name in recipient.reports:
            if report_name not in plan.reports:
                yield (*place, "reports"), f"there is no report {report_name!r} above"
        if recipient.scope.kind not in SEES[recipient.role]:
            yield (*place, "scope"), f"the role {recipient.role} may see {' or '.join(SEES[recipient.role])}"
        if recipient.scope.kind == "own book" and recipient.employee is None:
            yield (*place, "employee"), "is missing; whose book it is says employee, an id as the pages show it"
        if recipient.ends_on and recipient.ends_on < recipient.starts_on:
            yield (*place, "until"), "lies before from"
