"""The server of the dashboards: Streamlit's own, which asks nobody outside who it is. `keybook dashboard` runs it."""

from __future__ import annotations

from streamlit import net_util
from streamlit.web.cli import main

# For a page of an origin that it does not know Streamlit asks a service for this machine's address in the world, which
# might be that one. It never is: whom this serves the settings say.
net_util.get_external_ip = lambda: None

if __name__ == "__main__":
    main(prog_name="streamlit")
