"""The system's home as a Dagster resource."""

import dagster as dg

from fti_assets.stores.home import Home


class HomeResource(dg.ConfigurableResource):
    """The directory of the stores; empty for `$FTI_HOME`, or else `.fti` in the working directory."""

    root: str = ""

    def open(self) -> Home:
        """The stores."""
        return Home(self.root or None)
