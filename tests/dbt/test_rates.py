"""What has no exchange rate is not said: the sample's company in a currency without any, and half of it (tests/support/rates.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks import floor
from pipelines.settings import load_settings
from pipelines.warehouse.transform import read_manifest
from tests.support.publications import sample
from tests.support.raw_rows import write_raw
from tests.support.rates import every_other, everybody, in_currency, nobody, said_though_unknown
from tests.support.truncation import read_rows

EXCEPTIONS = yaml.safe_load((Path(__file__).parents[1] / "support" / "rates.yml").read_text(encoding="utf-8"))
