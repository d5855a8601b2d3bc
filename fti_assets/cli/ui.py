"""`fti init` and `fti ui`: the Dagster instance that lives in a home."""

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from fti_assets.cli.systems import locations_of, system_option


@click.command()
@click.pass_obj
def init(home: str) -> None:
    """Create the home and its Dagster instance, and print what a shell must export for `dg launch`.

    \b
    Example:
      eval "$(fti --home /data/fti init)"
    """
    from fti_assets.assets.instance.settings import instance_directory
    from fti_assets.stores.home import Home

    click.echo(f"export FTI_HOME={shlex.quote(home)}")
    click.echo(f"export DAGSTER_HOME={shlex.quote(str(instance_directory(Home(home))))}")


@click.command()
@system_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="The port to listen on.")
@click.option("--daemon", is_flag=True, help="Run the daemon in its place: conditions and sensors keep the loop going.")
@click.option(
    "--workspace",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A workspace.yaml of code locations, instead of the system's own three.",
)
@click.pass_obj
def ui(home: str, system: str, host: str, port: int, daemon: bool, workspace: Path | None) -> None:
    """Serve the Dagster UI over the home's instance, or run its daemon.

    \b
    Example:
      fti ui --system shop --port 3001
      fti ui --system shop --daemon
    """
    from fti_assets.assets.instance.settings import instance_directory
    from fti_assets.assets.instance.workspace import write_workspace
    from fti_assets.stores.home import Home

    if workspace is None:
        workspace = write_workspace(Home(home), locations_of(system), Path.cwd())
    environment = os.environ | {"FTI_HOME": home, "DAGSTER_HOME": str(instance_directory(Home(home)))}
    if daemon:
        arguments = ["dagster-daemon", "run", "-w", str(workspace)]
    else:
        arguments = ["dagster-webserver", "-w", str(workspace), "-h", host, "-p", str(port)]
    program = shutil.which(arguments[0], path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        raise click.ClickException(f"{arguments[0]} is not installed beside {sys.executable}: pip install fti_assets")
    os.execve(program, arguments, environment)  # noqa: S606  # the project's own server, no shell
