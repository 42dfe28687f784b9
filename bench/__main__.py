"""``make bench``: everything side by side in one run."""

from __future__ import annotations

import click
from rich.console import Console

from bench import growing, local_rows, preview, report, synth, terraform

PARTS = ("preview", "program", "cdk", "terraform", "local")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option(
    "--jobs", "sizes", default="10,100,1000", show_default=True, help="How many, by comma."
)
@click.option("--repeats", default=3, show_default=True, help="How often each is measured.")
@click.option("--record/--no-record", default=None, help="Write results.json and README.md.")
def main(parts: tuple[str, ...], sizes: str, repeats: int, *, record: bool | None) -> None:
    """Measure PARTS, all of them by default, which then also writes the results down."""
    chosen = set(parts or PARTS)
    counts = [int(size) for size in sizes.split(",")]
    console = Console()
    say = Console(stderr=True, style="dim").print
    rows: list[report.Row] = []
    targets: list[report.Target] = []
    if chosen - {"local"}:
        per_job = growing.resources_of_a_job()
        for count in counts:
            rows += growing.measured(count, repeats, chosen, say)
        targets += growing.targets(rows)
        targets.append(report.Target("resources of AWS a job (CDK: 7)", per_job, 2))
    if "local" in chosen:
        local = local_rows.measured(repeats, say)
        rows += local[0]
        targets += local[1]
    results = report.Results(report.machine() | _versions(chosen), rows, targets)
    results.show(console)
    if record or (record is None and not parts and sizes == "10,100,1000"):
        results.record()


def _versions(chosen: set[str]) -> dict[str, str]:
    found = report.versions("pulumi", "pulumi-aws", "moto")
    if "preview" in chosen and preview.is_there():
        found["Pulumi CLI"] = preview.version()
    if "cdk" in chosen and not synth.missing():
        found["aws-cdk-lib"] = synth.version()
    if "terraform" in chosen and terraform.missing() != "no terraform":
        found["Terraform"] = terraform.version()
    if "local" in chosen:
        found |= {tool: report.pinned(tool) for tool in ("dagster", "metaflow")}
    return found


if __name__ == "__main__":
    main()
