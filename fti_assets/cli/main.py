"""The `fti` command.

Heavy modules are imported inside the commands, so that `fti --help` answers at once.
"""

from typing import Any

import click

from fti_assets.cli.audit import audit
from fti_assets.cli.demo import demo
from fti_assets.cli.features import features
from fti_assets.cli.maintain import maintain, verify
from fti_assets.cli.quarantine import quarantine
from fti_assets.cli.registry import registry
from fti_assets.cli.serve import serve
from fti_assets.cli.stale import stale
from fti_assets.cli.ui import init, ui
from fti_assets.contracts import errors

_OURS = (
    errors.DeclarationError,
    errors.ContractViolation,
    errors.MissingPartitions,
    errors.AlreadyIssued,
    errors.NoChampion,
    errors.Conflict,
    errors.Corrupt,
    errors.StorageError,
    errors.WorkerDied,
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
    metavar="FOLDER|URL",
    envvar="FTI_HOME",
    default=".fti",
    show_default=True,
    show_envvar=True,
    help="Where everything is kept: a folder, or a bucket such as s3://bucket/prefix.",
)
@click.pass_context
def main(context: click.Context, home: str) -> None:
    """Features, datasets, models and predictions as Dagster assets.

    All that a system keeps lies in one folder or bucket, its home: the feature store, the registry and the logs. The
    commands below read and write it whether Dagster runs or not.

    \b
    Example:
      fti --home /data/fti registry list
    """
    from fti_assets.stores.storage import Storage

    context.obj = Storage(home).url


for command in (demo, init, ui, serve, registry, features, stale, quarantine, audit, maintain, verify):
    main.add_command(command)
