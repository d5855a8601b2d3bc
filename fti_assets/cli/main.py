"""The `fti` command.

Heavy modules are imported inside the commands, so that `fti --help` answers at once.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fti_assets.cli.audit import audit
from fti_assets.cli.dagster import demo, init, ui
from fti_assets.cli.features import features
from fti_assets.cli.modules import named_in
from fti_assets.cli.quarantine import quarantine
from fti_assets.cli.registry import registry
from fti_assets.contracts import errors
from fti_assets.stores.synced_files import Corrupt

if TYPE_CHECKING:
    from fti_assets.contracts.model import Model

DEFAULT_SYSTEM = "fti_assets.flights.contracts"
_OURS = (
    errors.DeclarationError,
    errors.ContractViolation,
    errors.MissingPartitions,
    errors.AlreadyIssued,
    errors.NoChampion,
    errors.Conflict,
    Corrupt,
)


class OneLineErrors(click.Group):
    """A group whose commands say what is wrong on stderr, with exit code 1 and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except _OURS as error:
            raise click.ClickException(str(error)) from None
        except LookupError as error:
            if isinstance(error, KeyError | IndexError):
                raise
            raise click.ClickException(str(error)) from None


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="FTI_HOME",
    default=Path(".fti"),
    show_default=".fti",
    show_envvar=True,
    help="The directory of the stores.",
)
@click.pass_context
def main(context: click.Context, home: Path) -> None:
    """Features, datasets, models and predictions as Dagster assets.

    All that a system keeps lies in one directory, its home: the feature store, the registry, the online store and the
    logs. The commands below read and write it whether Dagster runs or not.

    \b
    Example:
      fti --home /data/fti registry list
    """
    context.obj = home.absolute()


@main.command()
@click.option("--system", metavar="MODULE", default=DEFAULT_SYSTEM, show_default=True, help="A module with MODELS.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for any.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.pass_obj
def serve(home: Path, system: str, host: str, port: int) -> None:
    """Answer requests over HTTP, each by the model's present champion.

    MODULE is a Python module with MODELS, a sequence of Model; it is looked for in the working directory too. A
    promotion or a rollback takes effect with the next request. /models lists the fields of a request, /docs has a form
    to try it. Every answer is logged in the online store.

    \b
    Example:
      fti serve --system shop.contracts --port 8001
      curl localhost:8001/predict/returns -H 'Content-Type: application/json' \\
        -d '{"rows": [{"order_id": "7", "customer": "ada", "product": "boots", "quantity": 2}]}'
    """
    import uvicorn

    from fti_assets.inference.service import create_app
    from fti_assets.stores.home import Home

    uvicorn.run(create_app(models_of(system), Home(home)), host=host, port=port)


def models_of(system: str) -> Sequence["Model"]:
    """The MODELS of a module, looked for in the working directory too."""
    models: Sequence[Model] = named_in(system, "MODELS", "fti.Model")
    return models


main.add_command(audit)
main.add_command(demo)
main.add_command(init)
main.add_command(ui)
main.add_command(registry)
main.add_command(features)
main.add_command(quarantine)
