"""Where contracts come from: the vendors' in `pipelines/sources/`, a user's own, and those that are made from entities.

One template an entity is a file whose headers are the entity's own column names; one contract a list is what
`<home>/lists/` is read by.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipelines.exports.contracts.contract import Contract, ContractError
from pipelines.exports.contracts.languages import in_every_language
from pipelines.exports.contracts.own_words import ADDITIONS, with_words
from pipelines.exports.entities import Entity, entities
from pipelines.files import read_yaml
from pipelines.lists import COMMENT, DOMAIN, MADE_KEY, List, landed_lists

SOURCES = Path(__file__).resolve().parents[2] / "sources"
_COPIES = Path(__file__).with_name("copies.yml")


def _template(entity: Entity) -> Contract:
    """The contract of a file whose headers are the entity's own column names."""
    names = [column.name for column in entity.columns]
    return Contract.model_validate(
        {
            "contract": f"keybook_{entity.table}",
            "title": f"Keybook's own template for {entity.id}",
            "system": "keybook",
            "system_column": "system",
            "recognise": {"headers": list(entity.key), "only": [*names, "system"]},
            "entities": {entity.id: {"columns": {name: name for name in names}}},
        }
    )


def _by_unit(wanted: List, key: str) -> list[dict[str, Any]]:
    """How a list's values are read, each within the range of its unit."""
    units: dict[str, list[str]] = {}
    for row in wanted.defaults:
        units.setdefault(row["unit"], []).append(row[key])
    return [
        {"where": {"column": key, "is": names}, "from": "value", "range": wanted.ranges.get(unit, (0, None))}
        for unit, names in units.items()
    ] + [{"from": "value"}]


@cache
def list_contracts() -> dict[str, Contract]:
    """The contract of each list in `<home>/lists/`, by the list's name.

    They stand apart from the others: which list a file is, its name says, so a list's headers are told from no export's.
    """
    found = {}
    for wanted in landed_lists().values():
        entity = entities()[f"{DOMAIN}.{wanted.name}"]
        columns: dict[str, dict[str, Any]] = {
            name: {"from": name, "required": name in wanted.required} for name in wanted.columns
        }
        if wanted.instead_of and wanted.ranges:
            columns["value"] = {"required": True, "cases": _by_unit(wanted, *entity.key)}
        else:
            for name, range_ in wanted.ranges.items():
                columns[name]["range"] = range_
        found[wanted.name] = Contract.model_validate(
            {
                "contract": f"keybook_{DOMAIN}_{wanted.name}",
                "title": f"the list {wanted.name}",
                "system": DOMAIN,
                "recognise": {"headers": list(wanted.required)},
                "table": {
                    "short_rows": "pad",
                    "skip": [{"column": name, "in_file": True, "like": f"^{COMMENT}"} for name in wanted.columns],
                },
                "formats": {
                    "lone_thousands": "reject",
                    "date": ["%d.%m.%Y"],
                    "date_orders": {"day first": ["%d/%m/%Y"], "month first": ["%m/%d/%Y"]},
                },
                "known": wanted.headers,
                "entities": {entity.id: {"key": "made" if MADE_KEY in entity.key else "given", "columns": columns}},
            }
        )
    return found


def _is_addition(data: dict[str, Any]) -> bool:
    """Whether a file adds to a shipped contract and is none itself."""
    return "contract" in data and len(data) > 1 and data.keys() <= ADDITIONS


@cache
def _copies() -> Contract:
    """What the tools that copy tables add to every export, as a contract that is none by itself."""
    said = read_yaml(_COPIES)
    return Contract.model_validate(
        {
            "contract": "copies",
            "title": "columns of tools that copy tables",
            "system": "copies",
            "recognise": {},
            "refuse": "it is no export",
            "known": said["known"],
            "deleted": said["deleted"],
            "table": {"skip": said["skip"]},
        }
    )


def _of_copies_too(contract: Contract) -> Contract:
    """The contract, for a dump of its export as well: it knows what the copying tool added, and which rows are gone."""
    added = _copies()
    table = contract.table.model_copy(update={"skip": contract.table.skip + added.table.skip})
    known, deleted = contract.known + added.known, contract.deleted + added.deleted
    return contract.model_copy(update={"known": known, "deleted": deleted, "table": table})


def read_contract(path: Path, shipped: dict[str, Contract] | None = None) -> Contract:
    """One contract from its YAML file; of one that only adds words or an order of dates, the shipped one with these.

    Raises:
        ContractError: the file is no YAML, or says something outside the vocabulary.
    """
    try:
        data = read_yaml(path)
        if shipped and isinstance(data, dict) and _is_addition(data):
            if data["contract"] not in shipped:
                raise ValueError(
                    f"no shipped contract is called {data['contract']}; one of your own says more than words"
                )
            contract = with_words(shipped[data["contract"]], data.get("words", {}), data.get("date_order", ""))
        else:
            contract = _of_copies_too(Contract.model_validate({**data, "origin": path.name}))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{path.name} is no valid YAML: {' '.join(str(error).split())}") from error
    except (OSError, TypeError) as error:
        said = "it holds no contract" if isinstance(error, TypeError) else error.strerror
        raise ContractError(f"{path.name} cannot be read: {said}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(step) for step in problem['loc'])}: {problem['msg']}" for problem in error.errors()
        )
        raise ContractError(f"{path.name}: {problems}") from error
    except (ValueError, AttributeError) as error:
        raise ContractError(f"{path.name}: {error}") from error
    if contract.contract != path.stem:
        raise ContractError(f"{path.name}: `contract` is {contract.contract}; it must be the file's name, {path.stem}")
    return contract


@cache
def shipped_contracts() -> dict[str, Contract]:
    """Every contract that comes with Keybook, by name: the vendors', then one template an entity.

    Raises:
        ContractError: one of them cannot be used.
    """
    vendors = [in_every_language(read_contract(path)) for path in sorted(SOURCES.glob("*.yml"))]
    templates = [_template(entity) for entity in entities().values() if entity.domain != DOMAIN]
    return {contract.contract: contract for contract in [*vendors, *templates]}


@lru_cache(maxsize=4)
def _with_own(paths: tuple[tuple[Path, int, int], ...]) -> tuple[dict[str, Contract], dict[str, str]]:
    own: dict[str, Contract] = {}
    broken: dict[str, str] = {}
    for path, _, _ in paths:
        try:
            own[path.stem] = read_contract(path, shipped_contracts())
        except ContractError as error:
            broken[path.name] = str(error).removeprefix(f"{path.name}: ")
    return shipped_contracts() | own, broken


def _own(folder: Path | None) -> tuple[tuple[Path, int, int], ...]:
    paths = sorted(folder.glob("*.yml")) if folder else []
    return tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths if path.is_file())


def load_contracts(own: Path | None = None) -> dict[str, Contract]:
    """Every contract by name: the shipped ones, and a user's own from a folder.

    A contract of a user replaces the shipped one of its name, so that what he mended stays mended when Keybook is
    updated. One that cannot be used is left out (`broken_contracts`), and the shipped one of its name counts.
    """
    return _with_own(_own(own))[0]


def broken_contracts(own: Path | None) -> dict[str, str]:
    """The contracts in a user's folder that cannot be used: file name -> what is wrong."""
    return _with_own(_own(own))[1]
