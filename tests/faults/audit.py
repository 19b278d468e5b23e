"""Everything that must be so of a log after crashes: `python -m tests.faults.audit FOLDER`.

FOLDER holds what was acknowledged to the writers. Prints a JSON object: the log's size, how many
entries were acknowledged, and the problems, of which there should be none.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

Body = dict[str, Any]


def main(folder: Path) -> None:
    from ledger import journal

    bodies = [journal.body_of(entry) for entry in journal.appended(after=0, until=2**62)]
    acknowledged = [
        uuid
        for file in folder.glob("*.acknowledged")
        for line in file.read_text().splitlines()
        if line.endswith("]")  # a writer may be killed while it notes
        for uuid in json.loads(line)
    ]
    problems = [
        *order(bodies),
        *tree(),
        *acknowledgements(bodies, acknowledged),
        *halves(bodies),
        *rows(bodies),
        *left_behind(),
        *verification(),
    ]
    said = {"size": len(bodies), "acknowledged": len(acknowledged), "problems": problems}
    sys.stdout.write(json.dumps(said))


def order(bodies: list[Body]) -> Iterator[str]:
    from ledger.models import Entry

    sequences = list(Entry.objects.order_by("sequence").values_list("sequence", flat=True))
    if sequences != list(range(1, len(sequences) + 1)):
        yield "the sequences have gaps"
    times = [body["time"] for body in bodies]
    if times != sorted(set(times)):
        yield "the times do not ascend"


def tree() -> Iterator[str]:
    from ledger import merkle, subtrees
    from ledger.models import Entry, Head

    frontier = merkle.Frontier()
    for body in Entry.objects.order_by("sequence").values_list("body", flat=True):
        frontier.add(merkle.leaf_hash(bytes(body)))
    head = Head.objects.get()
    if (head.size, bytes(head.root)) != (frontier.size, frontier.root()):
        yield "the head is not that of the entries"
    if [bytes(node) for node in head.frontier] != frontier.nodes:
        yield "the head's frontier is not that of the entries"
    if subtrees.root_at(head.size) != frontier.root():
        yield "the stored subtrees do not give the root of the entries"


def acknowledgements(bodies: list[Body], acknowledged: list[str]) -> Iterator[str]:
    times_there = Counter(body["uuid"] for body in bodies)
    for uuid in acknowledged:
        if times_there[uuid] != 1:
            yield f"{uuid} was acknowledged and is there {times_there[uuid]} times"


def halves(bodies: list[Body]) -> Iterator[str]:
    found = defaultdict(list)
    for sequence, body in enumerate(bodies, 1):
        if "transaction" in body["facts"]:
            found[body["facts"]["transaction"], body["facts"]["of"]].append(sequence)
    for (name, count), sequences in found.items():
        if len(sequences) != count:
            yield f"of the {count} entries of transaction {name} there are {len(sequences)}"


def rows(bodies: list[Body]) -> Iterator[str]:
    from predictions.models import Forecaster, Topic

    for model, kind in ((Topic, "topic.recorded"), (Forecaster, "forecaster.recorded")):
        said = sorted(body["uuid"] for body in bodies if body["kind"] == kind)
        held = sorted(map(str, model._default_manager.values_list("entry", flat=True)))
        if said != held:
            yield f"there are {len(said)} entries {kind} and {len(held)} rows, or other ones"


def left_behind() -> Iterator[str]:
    from ledger import journal

    if journal.waiting("ledger_staged"):
        yield "staged entries were left behind"
    if journal.waiting("ledger_batch"):
        yield "an open batch was left behind"


def verification() -> Iterator[str]:
    from ledger import replay

    for finding in replay.verify().findings:
        yield f"{finding.place}: {finding.problem}"


if __name__ == "__main__":
    django.setup()
    main(Path(sys.argv[1]))
