"""`fti serve`: predictions over HTTP."""

import click

from fti_assets.cli.systems import system_named, system_option


@click.command()
@system_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for any.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.pass_obj
def serve(home: str, system: str, host: str, port: int) -> None:
    """Answer requests over HTTP, each by the model's present champion.

    A promotion or a rollback takes effect with the next request. /models lists the fields of a request, /docs has a
    form to try it. Every answer is logged in the online store.

    \b
    Example:
      fti serve --system shop --port 8001
      curl localhost:8001/predict/returns -H 'Content-Type: application/json' \\
        -d '{"rows": [{"order_id": "7", "customer": "ada", "product": "boots", "quantity": 2}]}'
    """
    import uvicorn

    from fti_assets.inference.service import create_app
    from fti_assets.stores.home import Home

    uvicorn.run(create_app(system_named(system).models, Home(home)), host=host, port=port)
