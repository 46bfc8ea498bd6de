"""Which old chunk's vector a new chunk goes by until its own is computed.

An edit leaves most of a chunk's words as they were, so the vector of the chunk that stood in its place is near to its own: the new text is ranked by its meaning
at once, if not quite exactly. What stands where nothing stood before has nobody to borrow from, and is found by its words alone for so long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index.manifest import Entry


def lenders(before: Sequence[Entry], now: Sequence[Entry]) -> Mapping[str, str]:
    """The old chunk's id for each new chunk's id. Both lists are in the order of the text; an entry in both was kept.

    Between two kept chunks the new ones take from the old ones in their order, spread evenly; where there were none, from the kept chunk before.
    """
    kept = {entry.chunk_id for entry in before} & {entry.chunk_id for entry in now}
    old, new = _gaps(before, kept), _gaps(now, kept)
    pairs: dict[str, str] = {}
    for anchor, entries in new.items():
        from_whom = old.get(anchor) or ([anchor] if anchor else [])
        pairs |= {chunk_id: from_whom[at * len(from_whom) // len(entries)] for at, chunk_id in enumerate(entries) if from_whom}
    return pairs


def _gaps(entries: Sequence[Entry], kept: set[str]) -> dict[str, list[str]]:
    """The chunks that were not kept, by the kept one that they follow ("" before the first)."""
    gaps: dict[str, list[str]] = {}
    anchor = ""
    for entry in entries:
        if entry.chunk_id in kept:
            anchor = entry.chunk_id
        else:
            gaps.setdefault(anchor, []).append(entry.chunk_id)
    return gaps
