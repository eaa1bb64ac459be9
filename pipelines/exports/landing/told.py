"""What landed files tell of others: in which order a source writes its dates, and whose records have been landed.

What is held for want of either is landed again once another file has told it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.landing.raw import RawStore, Receipt


@dataclass(frozen=True)
class _Told:
    """What one file tells: `orders` of dates by contract, and the systems of whose records it holds any."""

    known_at: str
    landed_at: str
    orders: dict[str, str]
    systems: frozenset[str]


def _of(receipt: Receipt) -> _Told:
    systems = frozenset(str(row["system"]) for row in receipt.entities if row["rows_loaded"])
    return _Told(receipt.known_at, receipt.landed_at, receipt.date_orders, systems)


class Told:
    """What the files of one raw store tell, by their hashes; read when it is first asked for."""

    def __init__(self, store: RawStore, contracts: dict[str, Contract]) -> None:
        """Reads nothing yet."""
        self.store = store
        self.contracts = contracts
        self._files: dict[str, _Told] | None = None

    def forget(self) -> None:
        """Reads the store again when next asked: others may have landed in between two runs."""
        self._files = None

    def note(self, receipt: Receipt) -> None:
        """Remembers what was landed just now."""
        if self._files is not None:
            self._files[receipt.sha256] = _of(receipt)

    @property
    def files(self) -> dict[str, _Told]:
        """What each file tells, by its hash."""
        if self._files is None:
            self._files = {receipt.sha256: _of(receipt) for receipt in self.store.receipts()}
        return self._files

    def order(self, contract: Contract, known_at: str) -> str | None:
        """The order that the source's file told that was last known by then, or else the first one after.

        A file of the same contract goes before others of its system; two orders at the same time tell none.
        """
        told: dict[tuple[bool, bool, str], set[str]] = {}
        for file in self.files.values():
            for name, order in file.orders.items():
                if name in self.contracts and self.contracts[name].system == contract.system:
                    when = (name == contract.contract, file.known_at <= known_at, file.known_at)
                    told.setdefault(when, set()).add(order)
        if not told:
            return None
        same, before, _ = max(told, key=lambda when: when[:2])
        moments = [when for when in told if when[:2] == (same, before)]
        orders = told[max(moments) if before else min(moments)]
        return next(iter(orders)) if len(orders) == 1 else None

    def is_awaited(self, receipt: Receipt) -> bool:
        """Whether a file was held for what another file has told since: the order of its dates, or whose it is."""
        held = {
            code: [row for row in receipt.held if row["code"] == code] for code in {row["code"] for row in receipt.held}
        }
        undated = [row["contract"] for row in held.get("date_order_unknown", ())]
        if any(self.order(self.contracts[name], receipt.known_at) for name in undated if name in self.contracts):
            return True
        tied = {name for row in held.get("several_contracts", ()) for name in str(row["name"]).split(", ")}
        systems = {self.contracts[name].system for name in tied if name in self.contracts}
        # Landed in the same second may be landed since: to look once more costs one file.
        return bool(systems) and any(
            file.landed_at >= receipt.landed_at and systems & file.systems
            for sha256, file in self.files.items()
            if sha256 != receipt.sha256
        )
