"""What people wrote into the CRM: calls, e-mails, proposals and tasks, and the meetings in the calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.sample.calls import ANSWERED, Conversations
from pipelines.sample.contacts import Contacts
from pipelines.sample.deals import Deals, Stages
from pipelines.sample.decline import falls_silent
from pipelines.sample.invoices import Invoices
from pipelines.sample.ledger import Ledger, still_open
from pipelines.sample.noise import Floats, Ints, spread
from pipelines.sample.parties import Parties
from pipelines.sample.people import People
from pipelines.sample.scope import DAY, Scope, next_workday

CALL, EMAIL, PROPOSAL, TASK = range(4)
TYPES = ("Call", "Email", "Proposal", "Other")
SUBTYPES = ("Call", "Email", "Task", "Task")


@dataclass(frozen=True)
class Tasks:
    """One entry a task, in the order of its creation. -1: none; times in seconds."""

    kind: Ints
    party: Ints
    contact: Ints
    deal: Ints
    owner: Ints
    happened: Ints
    created: Ints
    due_day: Ints
    is_done: Ints
    call_direction: Ints  # 1 inbound, 0 outbound, -1 no call
    call_seconds: Ints
    subject: pl.Series
    disposition: pl.Series


def weights(scope: Scope, parties: Parties) -> Floats:
    """How much happens with each account in each month."""
    known = np.arange(parties.accounts)
    alive = (np.arange(scope.months) > parties.acquired_month[known, None]) & (
        scope.month_starts + 31 <= parties.silent_day[known, None]
    )
    return (
        alive
        * np.sqrt(parties.frequency[known])[:, None]
        * np.where(parties.is_customer[known], 1.0, 0.5)[:, None]
        * scope.growth()
    )


def laid_out(scope: Scope, stream: str, weight: Floats, count: int) -> tuple[Ints, Ints]:
    """Accounts and working days for `count` things."""
    cell, within = spread(scope.noise, stream, weight.ravel(), count)
    month = cell % scope.months
    return cell // scope.months, scope.workday(
        scope.month_starts[month] + (within * scope.month_lengths[month]).astype(np.int64)
    )


def _someone(scope: Scope, stream: str, contacts: Contacts, party: Ints) -> Ints:
    """A person at each account."""
    ends = np.append(contacts.first_of_party[1:], len(contacts.party))
    size = (ends - contacts.first_of_party)[party]
    return contacts.first_of_party[party] + (scope.noise.uniform(f"{stream}/person", len(party)) * size).astype(
        np.int64
    )


def _words(texts: tuple[str, ...], position: Ints) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).gather(position)


def _logged_calls(scope: Scope, parties: Parties, people: People, calls: Conversations) -> dict[str, Ints]:
    """The calls with accounts that somebody logged, a few with a wrong length, and a few that never took place."""
    noise = scope.noise
    known = (calls.party >= 0) & (calls.party < parties.accounts) & (calls.employee >= 0)
    known &= (calls.status == ANSWERED) | (calls.fell_silent > 0)
    was_inbound = calls.is_inbound | (calls.fell_silent == 2)
    known &= noise.chance("log", len(calls), np.where(was_inbound, 0.45, 0.72))
    known &= calls.started >= parties.created[np.maximum(calls.party, 0)]
    chosen = np.flatnonzero(known)
    end = calls.started[chosen] + calls.wait[chosen] + calls.talk[chosen]
    never = noise.chance("log/never", chosen, 0.02)
    # Some find the time days later, the overloaded one more often.
    soon = end + noise.curve("log/after", chosen, [20, 60, 180, 420, 900, 1700]).astype(np.int64)
    late = soon + noise.curve("log/days_late", chosen, [1.2, 2, 3, 5, 9]) * DAY
    is_late = noise.chance("log/late", chosen, np.where(calls.employee[chosen] == people.overloaded, 0.22, 0.06))
    is_late &= late < scope.until_day * DAY
    # Who types the length in rounds it up to whole minutes, a few to the next quarter of an hour.
    step = np.where(
        noise.chance("log/quarter", chosen, 0.03), 900, np.where(noise.chance("log/rounded", chosen, 0.1), 60, 1)
    )
    return {
        "party": calls.party[chosen],
        "owner": calls.employee[chosen],
        "happened": end,
        "created": np.where(is_late, late, soon).astype(np.int64),
        "due_day": end // DAY,
        "call_direction": calls.is_inbound[chosen].astype(np.int64),
        # Who never called makes it up.
        "call_seconds": np.where(never, 300, (calls.talk[chosen] + step - 1) // step * step),
        "shift": np.where(never, 3 * 3600, 0),
        "is_real": (calls.fell_silent[chosen] == 0).astype(np.int64),
    }  # fmt: skip


def make_tasks(scope: Scope, parties: Parties, people: People, contacts: Contacts, deals: Deals, stages: Stages,
               calls: Conversations, invoices: Invoices, ledger: Ledger) -> Tasks:  # fmt: skip
    """All tasks: logged calls, proposals of every opportunity, e-mails, follow-ups and payment chasing."""
    noise, until = scope.noise, (scope.until_day + 1) * DAY - 1
    logged = _logged_calls(scope, parties, people, calls)

    proposals = np.flatnonzero((stages.stage == 2) & (stages.entered >= scope.start_day * DAY))
    proposal_deal = stages.deal[proposals]

    mails = round(scope.accounts * scope.months * 1.3)
    mail_party, mail_day = laid_out(scope, "mail", weights(scope, parties), mails)
    todos = round(scope.accounts * scope.months * 0.25)
    todo_party, todo_day = laid_out(scope, "todo", weights(scope, parties), todos)
    # Somebody writes something down on the last day, whatever weekday that is: the exports tell of it.
    stays = parties.silent_day[todo_party] > scope.until_day
    todo_day[np.argmax(np.where(stays, todo_day, -1))] = scope.until_day

    chase_day = next_workday(invoices.due + noise.whole("remind/day", invoices.count, 5, 15))
    chased = still_open(invoices, ledger, chase_day) > 0
    chased &= (chase_day <= scope.until_day) & (parties.true_account[invoices.party] >= 0)
    chased &= (chase_day < parties.silent_day[invoices.party] + 40) & noise.chance("remind", invoices.count, 0.35)
    remind = np.flatnonzero(chased)
    remind_party = parties.true_account[invoices.party[remind]]

    party = np.concatenate([logged["party"], deals.party[proposal_deal], mail_party, todo_party, remind_party])
    kind = np.repeat(
        [CALL, PROPOSAL, EMAIL, TASK, TASK], [len(logged["party"]), len(proposals), mails, todos, len(remind)]
    )
    count, keys = len(party), np.arange(len(party))
    happened = np.concatenate([
        logged["happened"] + logged["shift"],
        stages.entered[proposals] + 600,
        scope.clock("mail/time", mail_day),
        scope.clock("todo/time", todo_day),
        scope.clock("remind/time", chase_day[remind]),
    ])  # fmt: skip
    happened = np.minimum(happened, until)
    is_todo = kind == TASK
    # A task is made a few days before it is due; the older it is, the surer it is done.
    due_day = np.where(is_todo, next_workday(happened // DAY + noise.whole("task/due", keys, 1, 9)), happened // DAY)
    is_old = scope.until_day - due_day > 30
    is_done = ~is_todo | (due_day <= scope.until_day) & noise.chance("task/done", keys, np.where(is_old, 0.96, 0.6))
    created = happened.copy()
    created[: len(logged["party"])] = np.minimum(logged["created"] + logged["shift"], until)
    on_deal = noise.chance("task/on_deal", keys, 0.5)
    deal = np.where(on_deal & (kind != PROPOSAL), _open_deal(deals, parties, party, happened), -1)
    deal[kind == PROPOSAL] = proposal_deal
    owner = parties.owner_at(party, happened // DAY)
    owner[: len(logged["party"])] = logged["owner"]
    seconds = np.full(count, -1)
    seconds[: len(logged["party"])] = logged["call_seconds"]
    direction = np.full(count, -1)
    direction[: len(logged["party"])] = logged["call_direction"]
    subject, disposition = _subjects(scope, kind, direction, invoices, remind)
    # What a client in decline no longer takes part in was drawn with all the rest, and is left out here.
    happens = np.ones(count, dtype=bool)
    happens[: len(logged["party"])] = logged["is_real"] == 1
    is_ours = (kind == EMAIL) | (kind == TASK) & (keys < count - len(remind))
    happens &= ~(is_ours & falls_silent(scope, parties, "tasks", party, created // DAY, 0.7))
    order = np.lexsort((keys, created))
    order = order[happens[order]]
    # Some calls are written down twice.
    order = np.repeat(order, 1 + ((kind == CALL) & noise.chance("log/twice", keys, 0.012))[order])
    return Tasks(
        kind=kind[order], party=party[order], contact=_someone(scope, "task", contacts, party)[order], deal=deal[order],
        owner=owner[order], happened=happened[order], created=created[order], due_day=due_day[order],
        is_done=is_done[order].astype(np.int64), call_direction=direction[order], call_seconds=seconds[order],
        subject=subject.gather(order), disposition=disposition.gather(order),
    )  # fmt: skip


def _subjects(
    scope: Scope, kind: Ints, direction: Ints, invoices: Invoices, remind: Ints
) -> tuple[pl.Series, pl.Series]:
    """What each task is called, and how a call ended."""
    noise, keys = scope.noise, np.arange(len(kind))
    call = ("Call: service questions", "Call: offer", "Call: renewal", "Call: invoice and payment", "Call: follow-up")
    mail = ("Email: RE: your question", "Email: documents attached", "Email: meeting notes", "Email: news of the month",
            "Email: RE: renewal")  # fmt: skip
    todo = (
        "Prepare renewal",
        "Send reconciliation act",
        "Update account card",
        "Agree next steps",
        "Check service level",
    )
    pick = noise.whole("subject", keys, 0, 4)
    texts = (*call, *mail, *todo, "Email: Proposal")
    place = np.where(kind == CALL, pick, np.where(kind == EMAIL, 5 + pick, np.where(kind == PROPOSAL, 15, 10 + pick)))
    subject = _words(texts, place)
    numbers = pl.Series(invoices.number[remind]).cast(pl.String).str.zfill(6)
    subject = pl.concat([subject.head(len(kind) - len(remind)), "Chase payment of INV-" + numbers])
    endings = ("Connected", "Interested", "Contacted", "Not interested")
    ending = _words(endings, noise.pick("disposition", keys, [0.66, 0.14, 0.12, 0.08]))
    return subject, pl.select(pl.when(pl.Series(direction) >= 0).then(ending)).to_series()


def _open_deal(deals: Deals, parties: Parties, party: Ints, when: Ints) -> Ints:
    """The account's latest opportunity that existed at that time; -1 for none."""
    order = np.lexsort((deals.created, deals.party))
    scale = np.int64(1) << 34
    keys = deals.party[order] * scale + deals.created[order]
    place = np.searchsorted(keys, party * scale + when, side="right") - 1
    found = order[np.maximum(place, 0)]
    return np.where((place >= 0) & (deals.party[found] == party), found, -1)


@dataclass(frozen=True)
class Meetings:
    """One entry a meeting in the calendar; some still lie ahead on the last day."""

    party: Ints
    contact: Ints
    deal: Ints
    owner: Ints
    starts: Ints
    ends: Ints
    created: Ints
    subject: pl.Series
    location: pl.Series

    def taken(self, place: Ints) -> Meetings:
        """Some of the meetings, by position."""
        return Meetings(
            party=self.party[place], contact=self.contact[place], deal=self.deal[place], owner=self.owner[place],
            starts=self.starts[place], ends=self.ends[place], created=self.created[place],
            subject=self.subject.gather(place), location=self.location.gather(place),
        )  # fmt: skip


def make_meetings(scope: Scope, parties: Parties, contacts: Contacts, deals: Deals) -> Meetings:
    """Meetings with accounts: reviews, visits and demonstrations."""
    noise = scope.noise
    count = max(20, round(scope.accounts * scope.months * 0.22))
    party, day = laid_out(scope, "meeting", weights(scope, parties), count)
    # What is planned for the next two weeks.
    here = np.flatnonzero(
        parties.is_crm & (parties.silent_day > scope.until_day) & (parties.created // DAY < scope.until_day)
    )
    ahead = here[scope.noise.chance("meeting/ahead_of_all", here, 0.1)]
    party = np.append(party, ahead)
    day = np.append(day, next_workday(scope.until_day + noise.whole("meeting/next", ahead, 1, 14)))
    keys = np.arange(len(party))
    starts = scope.clock("meeting/time", day) // 900 * 900
    starts = np.maximum(starts, parties.created[party] + 3600)
    created = np.maximum(starts - noise.whole("meeting/ahead", keys, 1, 12) * DAY, parties.created[party])
    created = np.minimum(created, scope.until_day * DAY + starts % DAY)
    subjects = ("Quarterly review", "On-site visit", "Demonstration", "Kick-off", "Contract negotiation")
    places = ("Video call", "Client's office", "Our office")
    meetings = Meetings(
        party=party,
        contact=_someone(scope, "meeting", contacts, party),
        deal=np.where(noise.chance("meeting/on_deal", keys, 0.4), _open_deal(deals, parties, party, starts), -1),
        owner=parties.owner_at(party, starts // DAY),
        starts=starts,
        ends=starts + np.array([1800, 2700, 3600, 5400])[noise.whole("meeting/length", keys, 0, 3)],
        created=created,
        subject=_words(subjects, noise.pick("meeting/subject", keys, [0.34, 0.24, 0.2, 0.1, 0.12])),
        location=_words(places, noise.pick("meeting/place", keys, [0.5, 0.35, 0.15])),
    )
    held = np.flatnonzero(~falls_silent(scope, parties, "meetings", party, starts // DAY, 0.9))
    return meetings.taken(held)
