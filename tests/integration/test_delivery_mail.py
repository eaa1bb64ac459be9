"""Delivery through a real mail server that misbehaves, and to a real webhook."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines.commands.main import main
from pipelines.delivery.decisions import Decision
from tests.support.deliveries import MONDAY, SUNDAY, deliveries, home_of, plan, publish_week

Step = Callable[[Any, str], str]


@dataclass
class Mailbox:
    """A server's handler: what it answers to a recipient and to a message, and what it took."""

    to: Step = lambda server, address: "250 OK"
    data: Step = lambda server, address: "250 taken"
    took: list[tuple[str, bytes]] = field(default_factory=list)
    bye: str = "221 bye"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        return self.bye

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.to(server, address)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.data(server, envelope.rcpt_tos[0])
        if answer.startswith("250"):
            self.took += [(address, envelope.original_content) for address in envelope.rcpt_tos]
        return answer


@pytest.fixture
def held() -> Iterator[socket.socket]:
    """A port of this machine that nobody else gets before the test has ended, and at which nobody listens yet."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        yield port


class _Server(Controller):
    """A mail server at the port that the test holds."""

    def __init__(self, mailbox: Mailbox, held: socket.socket, **options: Any) -> None:
        super().__init__(mailbox, *held.getsockname(), ready_timeout=60, **options)
        self._held = held

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._held.dup())


@contextmanager
def _serving(mailbox: Mailbox, held: socket.socket, **options: Any) -> Iterator[None]:
    controller = _Server(mailbox, held, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def _home(tmp_path: Path, held: socket.socket, *recipients: str, **channel: Any) -> Path:
    port = held.getsockname()[1]
    mail = {"kind": "smtp", "host": "127.0.0.1", "port": port, "security": "none", "sender": "reports@example.com"}
    people = [
        {"id": name, "name": "Анна Берг", "address": f"{name}@example.com", "channel": "mail"} for name in recipients
    ]
    home = home_of(tmp_path / "home", plan(*people, channels={"mail": mail | channel}))
    publish_week(home, SUNDAY)
    return home


def _told(done: list[Decision]) -> dict[str, tuple[str, str]]:
    return {each.due.recipient.id: (each.due.entry.state, each.due.entry.said) for each in done}


def test_the_mail_is_the_pack_under_a_header_of_its_own(tmp_path: Path, held: socket.socket) -> None:
    home, mailbox = _home(tmp_path, held, "chair"), Mailbox()
    with _serving(mailbox, held):
        [decision] = deliveries(home).preview(MONDAY)
        assert decision.pack is not None
        assert _told(deliveries(home).deliver(MONDAY)) == {"chair": ("sent", "250 taken")}
    [(to, came)] = mailbox.took
    assert to == "chair@example.com"
    assert came.partition(b"\r\n\r\n")[2] == decision.pack.read(".eml").partition(b"\r\n\r\n")[2]
    read = message_from_bytes(came, policy=policy.default)
    assert read["To"] == "Анна Берг <chair@example.com>"
    assert read["From"] == "Keybook <reports@example.com>"
    assert read["Subject"] == "Weekly"
    assert read["Date"].datetime == MONDAY
    assert len(read.get_all("Date")) == 1
    assert read["Message-ID"].endswith("@example.com>")
    assert [part.get_filename() for part in read.iter_attachments()] == ["weekly.pdf"]


def test_a_server_that_greylists_is_asked_again_and_one_copy_comes(tmp_path: Path, held: socket.socket) -> None:
    home, asked = _home(tmp_path, held, "chair"), []
    mailbox = Mailbox(
        to=lambda server, address: asked.append(address) or ("450 try later" if len(asked) < 3 else "250 OK")
    )  # type: ignore[func-returns-value]
    with _serving(mailbox, held):
        found = [
            _told(deliveries(home).deliver(MONDAY + timedelta(minutes=minute)))["chair"][0]
            for minute in (0, 1, 5, 15, 20)
        ]
    assert found == ["deferred", "deferred", "deferred", "sent", "sent"]
    assert len(asked) == 3
    assert len(mailbox.took) == 1


def test_one_who_is_refused_keeps_it_from_nobody_else(tmp_path: Path, held: socket.socket) -> None:
    home = _home(tmp_path, held, "first", "gone", "last")
    mailbox = Mailbox(to=lambda server, address: "550 no such mailbox" if address.startswith("gone") else "250 OK")
    with _serving(mailbox, held):
        for minute in (0, 600):
            told = _told(deliveries(home).deliver(MONDAY + timedelta(minutes=minute)))
            assert told == {
                "first": ("sent", "250 taken"),
                "gone": ("refused", "550 no such mailbox"),
                "last": ("sent", "250 taken"),
            }
    assert [address for address, _ in mailbox.took] == ["first@example.com", "last@example.com"]


def test_the_log_says_what_became_of_each_and_names_no_address_and_no_password(
    tmp_path: Path, held: socket.socket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEYBOOK_LOG", "json")
    monkeypatch.setenv("MAIL_PASSWORD", "correct horse")
    home = _home(tmp_path, held, "chair", "gone")
    mailbox = Mailbox(
        to=lambda server, address: f"550 <{address}> is nobody" if address.startswith("gone") else "250 OK"
    )
    with _serving(mailbox, held):
        deliveries(home).deliver(MONDAY + timedelta(days=7))
    said = capsys.readouterr().err
    lines = {line["what"]: line for line in map(json.loads, said.splitlines())}
    assert {name: line["status"] for name, line in lines.items()} == {
        "weekly 2026-W09 to chair": "sent", "weekly 2026-W09 to gone": "refused",
        "weekly 2026-W10 to chair": "held", "weekly 2026-W10 to gone": "held",
    }  # fmt: skip
    assert (lines["weekly 2026-W09 to chair"]["where"], lines["weekly 2026-W09 to chair"]["publication"]) == (
        "mail", "20260301",
    )  # fmt: skip
    assert lines["weekly 2026-W09 to gone"]["answered"] == "550 <…> is nobody"
    assert lines["weekly 2026-W10 to gone"]["causes"] == ["not_published"]
    assert all(line["event"] == "report" and line["seconds"] >= 0 for line in lines.values())
    assert not [word for word in ("example.com", "correct horse", "Анна") if word in said]


def test_the_command_writes_lines_of_json_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYBOOK_LOG", "json")
    weeks_ago = datetime.now(UTC).date() - timedelta(days=8)
    home = home_of(tmp_path / "home", plan({"id": "chair", "from": weeks_ago}))
    done = CliRunner().invoke(main, ["deliver", "--home", str(home)])
    assert done.exit_code == 3
    started, *reports, ended = map(json.loads, done.output.splitlines())
    assert {line["run"] for line in (started, *reports, ended)} == {ended["run"]}
    assert {(line["status"], *line["causes"]) for line in reports} == {("held", "not_published")}
    assert (ended["status"], ended["reports"]) == ("not_all_well", {"held": len(reports)})
    (home / "delivery.yml").write_text("channels: 7\n", encoding="utf-8")
    [_, ended] = map(json.loads, CliRunner().invoke(main, ["deliver", "--home", str(home)]).output.splitlines())
    assert (ended["status"], ended["exit_code"]) == ("unusable", 2)


def test_what_was_taken_is_taken_however_the_server_parts(tmp_path: Path, held: socket.socket) -> None:
    home, mailbox = _home(tmp_path, held, "chair"), Mailbox(bye="421 overloaded")
    with _serving(mailbox, held):
        assert _told(deliveries(home).deliver(MONDAY))["chair"] == ("sent", "250 taken")


def _hang_up(server: Any, address: str) -> str:
    server.transport.abort()
    return "250 taken"


def test_a_server_that_dies_after_the_last_line_is_not_sent_to_again(tmp_path: Path, held: socket.socket) -> None:
    home, mailbox = _home(tmp_path, held, "chair"), Mailbox(data=_hang_up)
    with _serving(mailbox, held):
        for minute in (0, 600):
            assert _told(deliveries(home).deliver(MONDAY + timedelta(minutes=minute)))["chair"][0] == "unknown"
    assert len(mailbox.took) == 1
    # A person looked, and it had not come.
    again = Mailbox()
    with _serving(again, held):
        deliveries(home).again("weekly", "2026-W09", "chair", MONDAY + timedelta(hours=20))
        assert _told(deliveries(home).deliver(MONDAY + timedelta(hours=20)))["chair"][0] == "sent"
    ids = {message_from_bytes(came)["Message-ID"] for _, came in (*mailbox.took, *again.took)}
    assert len(ids) == len(again.took) == 1


@pytest.mark.parametrize(
    ("to", "data", "state"),
    [
        # Nothing was handed over: it is asked again.
        (_hang_up, Mailbox.data, "deferred"),
        (Mailbox.to, lambda server, address: "554 looks like an advertisement", "refused"),
        (Mailbox.to, lambda server, address: "452 no room", "deferred"),
        # An answer that is none, or no yes, is not taken for one.
        (lambda server, address: "well, hello", Mailbox.data, "deferred"),
        (lambda server, address: "252 perhaps", Mailbox.data, "deferred"),
        (Mailbox.to, lambda server, address: "well, hello", "unknown"),
    ],
)  # fmt: skip
def test_what_a_server_says_or_does_not_say(
    tmp_path: Path, held: socket.socket, to: Step, data: Step, state: str
) -> None:
    home = _home(tmp_path, held, "chair")
    with _serving(Mailbox(to, data), held):
        assert _told(deliveries(home).deliver(MONDAY))["chair"][0] == state


def test_a_server_that_does_not_answer_in_time_leaves_it_unknown(tmp_path: Path, held: socket.socket) -> None:
    home, ended = _home(tmp_path, held, "chair", seconds=2), threading.Event()
    with _serving(Mailbox(data=lambda server, address: (ended.wait(20), "250 late")[1]), held):
        told = _told(deliveries(home).deliver(MONDAY))
        ended.set()
    assert told["chair"][0] == "unknown"


def test_nobody_there_is_no_loss(tmp_path: Path, held: socket.socket) -> None:
    told = _told(deliveries(_home(tmp_path, held, "chair")).deliver(MONDAY))
    assert told["chair"][0] == "deferred"
    assert "refused" in told["chair"][1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and its certificate for this machine's address, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_a_password_goes_through_tls_alone_and_into_no_file(
    tmp_path: Path, held: socket.socket, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins: list[bytes] = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        logins.append(data.password)
        return AuthResult(success=data.password == b"secret-7f3a", handled=False)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("MAIL_PASSWORD", "wrong-9c1b")
    channel = {"security": "starttls", "host": "localhost", "user": "me", "password_from": "MAIL_PASSWORD"}
    home, mailbox = _home(tmp_path, held, "chair", **channel), Mailbox()
    served = {"tls_context": context, "require_starttls": True, "authenticator": check, "auth_required": True}
    with _serving(mailbox, held, **served):
        state, said = _told(deliveries(home).deliver(MONDAY))["chair"]
        assert (state, logins) == ("deferred", [])
        assert "CERTIFICATE_VERIFY_FAILED" in said or "SSLCertVerificationError" in said
        text = (home / "delivery.yml").read_text(encoding="utf-8")
        (home / "delivery.yml").write_text(
            text.replace("    user: me", f"    ca_file: {certificate}\n    user: me"), encoding="utf-8"
        )
        assert _told(deliveries(home).deliver(MONDAY + timedelta(hours=1)))["chair"] == (
            "deferred",
            "the login was refused (535)",
        )
        monkeypatch.setenv("MAIL_PASSWORD", "secret-7f3a")
        assert _told(deliveries(home).deliver(MONDAY + timedelta(hours=2)))["chair"][0] == "sent"
    assert len(mailbox.took) == 1
    for file in (path for path in home.rglob("*") if path.is_file() and "warehouse" not in path.parts):
        assert not {secret for secret in (b"secret-7f3a", b"wrong-9c1b") if secret in file.read_bytes()}, file


class _Hook(BaseHTTPRequestHandler):
    """Answers with the code that its path names; keeps what it was told."""

    got: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((self.headers["Idempotency-Key"], said))
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "/200")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("code", "state"), [(200, "sent"), (302, "refused"), (404, "refused"), (429, "deferred"), (503, "deferred")]
)
def test_a_webhook_is_told_and_leads_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, state: str
) -> None:
    hook = type("Hook", (_Hook,), {"got": []})
    server = HTTPServer(("127.0.0.1", 0), hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        monkeypatch.setenv("CHAT_URL", f"http://127.0.0.1:{server.server_port}/{code}")
        channels = {"chat": {"kind": "webhook", "url_from": "CHAT_URL"}}
        home = home_of(tmp_path / "home", plan({"id": "chair", "channel": "chat"}, channels=channels))
        publish_week(home, SUNDAY)
        # The host is allowed by nobody yet.
        state_before, said = _told(deliveries(home).deliver(MONDAY))["chair"]
        assert state_before == "deferred"
        assert "webhook_hosts" in said
        assert not hook.got
        (home / "keybook.toml").write_text('webhook_hosts = "127.0.0.1"\n', encoding="utf-8")
        done = deliveries(home).deliver(MONDAY + timedelta(hours=1))
        assert _told(done) == {"chair": (state, f"HTTP {code}")}
    finally:
        server.shutdown()
        server.server_close()
    [(key, told)] = hook.got
    assert key == told["id"] == done[0].due.entry.sendings[-1]["message_id"]
    assert (told["report"], told["period"]) == ("weekly", "2026-W09")
    assert "crm:1 owes 100" in told["text"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "neither the variable CHAT_URL nor CHAT_URL_FILE holds an address"),
        ("http://[half", "what CHAT_URL holds is no address"),
        ("https://chat.example.com:port/secret", "what CHAT_URL holds is no address"),
        ("https://elsewhere.example.com/secret", "of no host that the setting webhook_hosts allows"),
        ("http://chat.example.com/secret", "only this machine is spoken to without TLS"),
        ("http://localhost:{port}/sec ret", "InvalidURL"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    home = home_of(
        tmp_path / "home",
        plan({"id": "chair", "channel": "chat"}, channels={"chat": {"kind": "webhook", "url_from": "CHAT_URL"}}),
    )
    (home / "keybook.toml").write_text('webhook_hosts = "chat.example.com, localhost"\n', encoding="utf-8")
    publish_week(home, SUNDAY)
    with HTTPServer(("127.0.0.1", 0), _Hook) as server:
        monkeypatch.setenv("CHAT_URL", address.format(port=server.server_port))
        state, why = _told(deliveries(home).deliver(MONDAY))["chair"]
    assert state == "deferred"
    assert said in why
    assert "sec" not in why


def test_a_name_from_outside_that_leads_to_this_machine_is_refused() -> None:
    from pipelines.delivery.channels import _not_there

    assert _not_there("chat.example.com", "127.0.0.1")
    assert _not_there("chat.example.com", "169.254.169.254")
    assert _not_there("chat.example.com", "::1")
    assert _not_there("chat.example.com", "::ffff:127.0.0.1")
    assert not _not_there("chat.example.com", "192.0.2.7")
    assert not _not_there("localhost", "127.0.0.1")


def test_the_doctor_speaks_to_the_mail_server_and_sends_nothing(tmp_path: Path, held: socket.socket) -> None:
    home, mailbox = _home(tmp_path, held, "chair"), Mailbox()

    def told() -> dict[str, list[str]]:
        done = CliRunner().invoke(main, ["doctor", "--home", str(home), "--json"])
        found: dict[str, list[str]] = {}
        for check in json.loads(done.output)["checks"]:
            found.setdefault(f"{check['name']} {check['state']}", []).append(check["said"])
        return found

    where = f"mail: 127.0.0.1:{held.getsockname()[1]}"
    # Nobody listens yet.
    [wrong] = [said for said in told()["delivery wrong"] if said.startswith(where)]
    assert "would take no mail: ConnectionRefusedError" in wrong
    assert "mend host, port, security or login in delivery.yml" in wrong
    with _serving(mailbox, held):
        found = told()
        assert found["mail well"] == [f"{where} answers, and would take mail"]
        assert "delivery wrong" not in found
        [schedule] = found["schedule well"]
        assert schedule.startswith("weekly ")
        assert " is due next, on Monday " in schedule
    assert mailbox.took == []
