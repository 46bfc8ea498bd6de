"""What verify found, as a person or a program reads it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

from operations.verify.comparison import Difference
from operations.verify.repair import Repaired
from operations.verify.verification import Findings

SHOWN = 20
_STYLES = {"missing": "red", "orphan": "red", "stale": "red", "leftover": "yellow"}


@dataclass(frozen=True, slots=True)
class Report:
    findings: Findings
    seconds: float
    space: str
    sample: int | None = None
    in_flight: int | None = None
    """Records on their way when it ended; None where Kafka does not tell."""
    repaired: Repaired | None = None
    before: tuple[Difference, ...] = field(default=())
    """What was wrong before the repair."""
    reasons: tuple[str, ...] = ()
    """Why what differs may stay so."""

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(difference.kind for difference in self.findings.all())
        return {kind: found[kind] for kind in ("missing", "orphan", "stale", "leftover")}


def as_data(report: Report) -> dict[str, object]:
    found = report.findings
    return {
        "consistent": not found.differences,
        "rows": found.rows,
        "documents": found.documents,
        "chunks": found.chunks,
        "outside_where": found.excluded,
        "expired": found.expired,
        "changing_meanwhile": found.suspected - len(found.differences),
        "sample": report.sample,
        "embedding_space": report.space,
        "in_flight": report.in_flight,
        "seconds": round(report.seconds, 2),
        **report.counts,
        "refused": [{"scope": row.scope, "doc_id": row.doc_id, "reason": row.reason} for row in found.refused],
        "differences": [_as_data(difference) for difference in found.all()],
        "reasons": list(report.reasons),
        "repair": None if report.repaired is None else _repair_as_data(report.repaired, report.before),
    }


def print_report(report: Report, console: Console) -> None:
    if report.repaired is not None:
        _print_repair(report.repaired, console)
    found, counts = report.findings, report.counts
    sampled = f" (a sample of {report.sample} rows a table)" if report.sample is not None else ""
    console.print(
        f"{found.rows:,} rows{sampled}, {found.documents:,} documents, {found.chunks:,} chunks compared in {report.seconds:.1f} s; space: {escape(report.space)}"
    )
    console.print("  ".join(f"[{'green' if not count else _STYLES[kind]}]{count} {kind}[/]" for kind, count in counts.items()))
    _print_differences(found.all(), console)
    if found.refused:
        console.print(
            f"{len(found.refused)} rows make no document and are not compared; 'headrace dead-letters list' has them. The first: {escape(found.refused[0].reason)}"
        )
    for reason in report.reasons:
        console.print(f"[yellow]reason[/yellow]  {escape(reason)}")
    if found.differences and report.in_flight:
        console.print(
            f"{report.in_flight:,} records are still on their way to the index: what they bring may settle this. Verify again when 'headrace status' shows no lag."
        )
    elif found.differences and report.repaired is None:
        console.print("'headrace verify --repair' mends this; 'headrace why DOC_ID' tells how it came about.")
    if not found.differences:
        console.print("[green]The index holds what the sources say.[/green]")


def _print_differences(differences: list[Difference], console: Console) -> None:
    if not differences:
        return
    for difference in differences[:SHOWN]:  # lines, not a table: ids are long, and a table cuts or folds them
        what = f" ({', '.join(difference.what)})" if difference.what else ""
        console.print(f"[{_STYLES[difference.kind]}]{difference.kind:8}[/]  {difference.key.tenant}  {escape(difference.key.doc_id)}{what}")
    if len(differences) > SHOWN:
        console.print(f"and {len(differences) - SHOWN:,} more; --json lists all")


def _print_repair(repaired: Repaired, console: Console) -> None:
    console.print(
        f"Repair: asked the source again for {repaired.asked_again} rows, deleted {repaired.deleted} documents, removed {repaired.leftovers_removed} leftover objects."
    )
    for reason in repaired.beyond:
        console.print(f"[red]not repaired[/red]  {escape(reason)}")


def _as_data(difference: Difference) -> dict[str, object]:
    return {"kind": difference.kind, "tenant": difference.key.tenant, "doc_id": difference.key.doc_id, "what": list(difference.what)}


def _repair_as_data(repaired: Repaired, before: tuple[Difference, ...]) -> dict[str, object]:
    return {
        "asked_again": repaired.asked_again,
        "deleted": repaired.deleted,
        "leftovers_removed": repaired.leftovers_removed,
        "not_repaired": repaired.beyond,
        "found": [_as_data(difference) for difference in before],
    }
