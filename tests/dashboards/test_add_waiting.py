"""The page Add data after a landing: a filtered export and a list's line, by clicks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh
from tests.dashboards.conftest import words
from tests.unit.test_waiting_files import deals, dropped


def _button(app: AppTest, label: str) -> object:
    return next(button for button in app.button if button.label == label)


def test_what_waits_after_a_landing_is_mended_by_clicks(open_page: Callable[..., AppTest], tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    ratings = settings.lists_dir / "key_account_ratings.csv"
    ratings.parent.mkdir(parents=True)
    ratings.write_text("account_id,criterion,is_met\ncrm:1,growth,maybe\n", encoding="utf-8")
    dropped(settings, "deals.csv", deals(1, 2, 3, 4, 5, 6), 1_717_200_000)
    dropped(settings, "deals-2.csv", deals(1, 2, 3), 1_717_300_000)
    app = open_page("add_data", at_home=tmp_path)
    said = "\n".join([words(app), *(str(warning.value) for warning in app.warning)])
    assert "it lacks 3 of the 6 rows of deals that were there" in said
    assert "**lists/key_account_ratings.csv · line 2** · is_met: is neither yes nor no." in said.replace("\\_", "_")
    gone = next(frame.value for frame in app.dataframe if "name" in frame.value.columns)
    assert list(gone["name"]) == ["Deal 4", "Deal 5", "Deal 6"]
    app.text_input(key="line-key_account_ratings.csv-2").input("crm:1,growth,yes").run()
    _button(app, "Write this line").click().run()
    assert ratings.read_text(encoding="utf-8") == "account_id,criterion,is_met\ncrm:1,growth,yes\n"
    _button(app, "It holds all: take 3 rows away").click().run()
    assert all(export.is_whole for export in Refresh(settings).full_exports())
    assert not app.exception
