"""`delivery.yml`: what is wrong with it is told at once, by line and key, with what to write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.commands.main import main
from pipelines.delivery.brake import CAUSES
from pipelines.delivery.plan import FILE, TEMPLATE, PlanError, Smtp, read_plan, secret
from pipelines.files import read_yaml
from pipelines.words import catalogue

GOOD = """\
channels:
  mail: {kind: smtp, host: mail.example.com, sender: reports@example.com, user: me, password_from: MAIL_PASSWORD}
  box: {kind: folder, path: out}
reports:
  weekly:
    due: every Monday 06:00
    brake: {implausible: hold}
recipients:
  - id: chair
    name: Anna Berg
    address: anna@example.com
    language: sv
    role: leadership
    scope: all
    reports: [weekly]
    channel: mail
    from: 2026-03-02
"""


def _read(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "delivery.yml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError) as raised:
        read_plan(tmp_path)
    return [line.removeprefix(f"{tmp_path}/") for line in str(raised.value).splitlines()]


def test_a_good_one(tmp_path: Path) -> None:
    assert read_plan(tmp_path) is None
    (tmp_path / "delivery.yml").write_text(GOOD, encoding="utf-8")
    plan = read_plan(tmp_path)
    assert plan is not None
    assert plan.recipients[0].scope.kind == "all"
    mail = plan.channels["mail"]
    assert isinstance(mail, Smtp)
    assert mail.security == "starttls"


@pytest.mark.parametrize(
    ("wrong", "instead", "said"),
    [
        ("due: every Monday 06:00", "due: on Mondays", "delivery.yml line 6, reports.weekly.due: 'on Mondays' is no schedule"),
        ("due: every Monday 06:00", "due: by the 3rd", "delivery.yml line 6, reports.weekly.due: the pack is of a week"),
        ("implausible", "improbable", "delivery.yml line 7, reports.weekly.brake.improbable: is no cause; there are incomplete"),
        ("implausible: hold", "implausible: stop", "delivery.yml line 7, reports.weekly.brake.implausible: Input should be"),
        ("  weekly:\n", "  wekly:\n", "delivery.yml line 5, reports.wekly: there is no such pack to deliver; there are "),
        ("id: chair", "id: The Chair", "delivery.yml line 9, recipients.The Chair.id: 'The Chair': write small letters"),
        ("anna@example.com", "anna", "delivery.yml line 11, recipients.chair.address: 'anna' is no mail address"),
        ("    address: anna@example.com\n", "", "delivery.yml line 9, recipients.chair.address: is missing; a mail needs one"),
        ("language: sv", "language: se", "delivery.yml line 12, recipients.chair.language: Input should be 'en', 'ru' or 'sv'"),
        ("role: leadership", "role: client", "delivery.yml line 14, recipients.chair.scope: the role client may see account"),
        ("scope: all", "scope: everything", "delivery.yml line 14, recipients.chair.scope: write all, own book"),
        ("scope: all", "scope: own book", "delivery.yml line 9, recipients.chair.employee: is missing"),
        ("[weekly]", "[weekly, daily]", "delivery.yml line 15, recipients.chair.reports: there is no report 'daily' above"),
        ("channel: mail", "channel: post", "delivery.yml line 16, recipients.chair.channel: there is no channel 'post' above"),
        ("    from: 2026-03-02\n", "", "delivery.yml line 9, recipients.chair.from: is missing; write it"),
        ("from: 2026-03-02", "from: soon", "delivery.yml line 17, recipients.chair.from: Input should be a valid date"),
        ("name: Anna Berg", 'name: "Anna\\nBcc: eve@example.com"', "delivery.yml line 10, recipients.chair.name: write it on one line"),
        ("role: leadership", "role: leadership\n    rol: x", "delivery.yml line 14, recipients.chair.rol: there is no such key"),
        ("role: leadership", "role: leadership\n    role: client", "delivery.yml line 14, recipients.chair.role: stands twice"),
        ("user: me, ", "", "delivery.yml line 2, channels.mail: write user and password_from, or neither"),
        ("MAIL_PASSWORD", "hunter2", "delivery.yml line 2, channels.mail.password_from: is no name of a variable"),
        ("MAIL_PASSWORD", "KEYBOOK_SECRET", "delivery.yml line 2, channels.mail.password_from: is no name"),
        ("user: me", "security: none, user: me", "delivery.yml line 2, channels.mail.security: only this machine is spoken to"),
        ("path: out", "path: landing/out", "delivery.yml line 3, channels.box.path: landing/ of the home is not for reports"),
        ("kind: folder", "kind: cupboard", "delivery.yml line 3, channels.box: Input tag 'cupboard'"),
    ],
)  # fmt: skip
def test_a_problem_has_its_line_its_key_and_its_remedy(tmp_path: Path, wrong: str, instead: str, said: str) -> None:
    assert wrong in GOOD
    lines = _read(tmp_path, GOOD.replace(wrong, instead, 1))
    assert any(line.startswith(said) for line in lines)
    assert "hunter2" not in "".join(lines)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("every Monday", "on Mondays").replace("anna@", "anna").replace("language: sv", "language: se")
    assert len(_read(tmp_path, text)) == 3


def test_what_is_no_yaml_or_nothing_is_said(tmp_path: Path) -> None:
    assert "is no YAML" in _read(tmp_path, "channels: [")[0]
    assert "says nothing" in _read(tmp_path, "# nothing yet\n")[0]
    (tmp_path / "delivery.yml").write_bytes(b"\xff")
    with pytest.raises(PlanError, match="UTF-8"):
        read_plan(tmp_path)


def test_the_template_is_a_good_one_that_names_every_cause_as_it_stands(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["deliver", "--home", str(tmp_path), "--template"])
    assert result.exit_code == 0, result.output
    assert read_plan(tmp_path) is not None
    said = read_yaml(TEMPLATE)
    assert said["reports"]["weekly"]["brake"] == {name: cause.does for name, cause in CAUSES.items()}
    again = CliRunner().invoke(main, ["deliver", "--home", str(tmp_path), "--template"])
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_what_holds_is_said_and_nothing_else_is() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATE.parent.glob("*.py"))
    named = set(re.findall(r"""["'](delivery(?:\.[a-z_]+)+)["']""", text)) | {
        f"delivery.hold.{name}" for name in re.findall(r"""(?:_text\(|_held\(due, )["']([a-z_]+)["']""", text)
    }
    causes = {f"delivery.{kind}.{name}" for name in CAUSES for kind in ("cause", "many")}
    assert {name for name in catalogue() if name.startswith("delivery.")} == (named | causes) - {FILE}


def test_a_secret_is_a_variable_or_a_file_that_one_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret("MAIL_PASSWORD") is None
    (tmp_path / "password").write_text("from file\n", encoding="utf-8")
    monkeypatch.setenv("MAIL_PASSWORD_FILE", str(tmp_path / "password"))
    assert secret("MAIL_PASSWORD") == "from file"
    monkeypatch.setenv("MAIL_PASSWORD", "from variable")
    assert secret("MAIL_PASSWORD") == "from variable"


def test_the_command_tells_problems_and_exits_with_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["deliver", "--home", str(tmp_path)])
    assert result.exit_code == 2
    assert "`keybook deliver --template` writes one" in result.output
    (tmp_path / "delivery.yml").write_text(GOOD.replace("language: sv", "language: se"), encoding="utf-8")
    result = CliRunner().invoke(main, ["deliver", "--home", str(tmp_path)])
    assert result.exit_code == 2
    assert "delivery.yml line 12" in result.output
