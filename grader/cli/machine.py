"""Commands about this machine: is it fit, and where are the data?"""

from __future__ import annotations

import click

from grader.cli.common import json_option


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Name the isolation level, attack the box with harmless probes, and say how to fix what fails.

    \b
    Example:
        grade doctor
    """
    import json

    from grader import box, bubblewrap, selfcheck
    from grader.model import Level

    isolation = box.isolation()
    probes = selfcheck.run(isolation)
    open_doors = [each for each in probes if not each.held]
    if as_json:
        rows = [each._asdict() for each in probes]
        click.echo(json.dumps({"isolation": isolation.model_dump(mode="json"), "probes": rows}))
        raise SystemExit(3 if open_doors and isolation.level is Level.STRICT else 0)
    click.echo(f"Isolation: {isolation.level} ({isolation.detail})")
    if isolation.level is not Level.STRICT:
        click.echo(f"Not strict: {bubblewrap.refusal()}.")
    for each in probes:
        click.echo(f"  {'held' if each.held else 'OPEN':<5} {each.promise}")
        if not each.held:
            click.echo(f"        {each.detail} Fix: {each.fix}")
    for name, text in selfcheck.machine().items():
        click.echo(f"{name}: {text}")
    raise SystemExit(3 if open_doors and isolation.level is Level.STRICT else 0)


@click.command()
@click.argument("names", nargs=-1)
def data(names: tuple[str, ...]) -> None:
    """Show the data sets, or download those named, with checksums; make a pretrained model.

    \b
    Examples:
        grade data
        grade data mnist shakespeare
        grade data tiny_gpt2 bert
    """
    from grader import data as sets
    from grader.pretrained import MODELS

    known = (*sets.STAND_IN, *MODELS)
    for name in names:
        if name not in known:
            raise click.UsageError(f"no data set named `{name}`; known: {', '.join(known)}.")
    for name in names:
        if name in MODELS:
            model = MODELS[name]()
            click.echo(f"{name:<12} {model.source}\n{'':<12} {model.folder}")
        else:
            sets.download(name, lambda line: click.echo(line, err=True))  # type: ignore[arg-type]
    for row in sets.status():
        place = f"{row.where}, {row.size / 1e6:.1f} MB" if row.where else "not found"
        verified = "checksum right" if row.verified else f"stands in: {row.stand_in}"
        click.echo(f"{row.name:<12} {place:<24} {verified}")
