"""`tradewright plugins new`: the first files of a plugin, which works, is documented and tests itself."""

from __future__ import annotations

from pathlib import Path

import click

from tradewright.host import kinds

KINDS = ("signal", "data-source", "optimizer", "target-rule", "order-check", "executor")


@click.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What it provides.")
@click.option(
    "--dir",
    "parent",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="FOLDER",
    help="Where to make the folder NAME. Default: here.",
)
def new_plugin(name: str, kind: str, parent: Path) -> None:
    """Write a new plugin NAME: a working component, its page, its suite and its checks in CI.

    NAME is one word such as my-signal: the package becomes tradewright-my-signal.
    """
    # Built-in components and templates, which the other commands of this group do not need.
    from tradewright.scaffold.names import names_of  # noqa: PLC0415  # see above
    from tradewright.scaffold.project import rendered, write  # noqa: PLC0415  # see above

    names = names_of(name)
    folder, texts = parent / names.plugin, rendered(names, kind)
    write(folder, texts)
    click.echo("\n".join([f"Wrote the plugin {name}:", *(f"  {folder / path}" for path in texts)]))
    click.echo(
        "\nNext:\n"
        f"  cd {folder}\n"
        "  python -m pip install -e '.[test]'\n"
        "  python -m pytest\n"
        "  tradewright plugins list\n\n"
        "To use it, in the plugins.toml of a workspace:\n"
        f'  [plugins] enabled = [..., "{name}"]\n'
        f"  {kinds.KINDS[kind].place.format(name)}"
    )
