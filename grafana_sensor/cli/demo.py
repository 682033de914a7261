"""`grafana-sensor demo`: a server with a year of weather in it, and devices that post to it.

Law: the records take the road that everybody's take, so that a second start stores nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from grafana_sensor.cli import terminal
from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.ingest import Reading, Tally, ingest
from grafana_sensor.cli.live import Simulation, beside, simulate, simulation_options
from grafana_sensor.cli.options import opened, read_settings, settings_options
from grafana_sensor.cli.ports import free_port
from grafana_sensor.domain.errors import BadRequest, UserExists
from grafana_sensor.settings import PREFIX, SETTINGS

if TYPE_CHECKING:
    from grafana_sensor.settings import Settings

USER: Final = "demo"
PASSWORD: Final = "demo"  # noqa: S105  # everybody may know it
STORE: Final = "sqlite:.demo"

FILE: Final = "nyc-weather-2013.csv.gz"
READING: Final = Reading(None, "origin", "time_hour")

DECLARED: Final = {
    "temp": ("fahrenheit", "Temperature"),
    "dewp": ("fahrenheit", "Dew point"),
    "humid": ("humidity", "Relative humidity"),
    "wind_dir": ("degree", "Wind direction"),
    "wind_speed": ("velocitymph", "Wind speed"),
    "wind_gust": ("velocitymph", "Gusts of wind"),
    "precip": ("lengthin", "Precipitation"),
    "pressure": ("pressurembar", "Pressure at sea level"),
    "visib": ("lengthmi", "Visibility"),
}
"""Units, by Grafana's names of them, and titles of the measures."""

TEXT: Final = """\
A year of weather at three airports of New York (EWR, JFK, LGA), {count:,} records, is in {store}.
{devices}
  address   {url}
  user      demo
  password  demo

Look at it in a browser, at that address, or ask it from another terminal:

  curl -u demo:demo {url}/api/v1/sensors

{live}  curl -u demo:demo -G {url}/api/v1/query \\
      -d from=2013-01-01 -d to=2014-01-01 --data-urlencode 'q=AVG(temp), MAX(temp) BY sensor'

  curl -u demo:demo -G {url}/api/v1/query -d from=2013-07-01 -d to=2013-08-01 -d format=csv \\
      --data-urlencode 'q=AVG(temp), SUM(precip) FROM JFK WHERE wind_speed > 10 EVERY 1d'

See it in Grafana, by the Infinity datasource:

  1. Add the datasource; Authentication: Basic, demo and demo; Allowed hosts: {url}
  2. In a panel: Type JSON, Parser Backend, Method GET, Format Time series,
     URL {url}/api/v1/query
     and the URL query parameters
         q      AVG(temp) BY sensor EVERY auto
         from   ${{__from}}
         to     ${{__to}}
     with the columns time (Time), sensor (String) and avg_temp (Number).
  3. Set the dashboard's time range to 2013-01-01 until 2014-01-01.

The datasources simPod JSON and simple-json take the address {url} as it is. docs/grafana.md goes on from here.

Ctrl-C stops the server. The next start finds the data in place; delete {store} to begin anew.
"""

DEVICES: Final = """\
{count} simulated greenhouses post to it meanwhile, since {start}: greenhouse-1, greenhouse-2, ...
"""

LIVE: Final = """\
  curl -u demo:demo -G {url}/api/v1/query -d from=now-10m \\
      --data-urlencode 'q=LAST(air_temperature), LAST(status) FROM greenhouse-1'

"""


EXAMPLES: Final = r"""
grafana-sensor demo
grafana-sensor demo --port 8080 --no-live
grafana-sensor query --store sqlite:.demo --user demo --password demo 'MAX(temp) BY sensor EVERY 28d'
grafana-sensor demo --live --url http://127.0.0.1:8000
grafana-sensor demo --live --url http://127.0.0.1:8000 --interval 600 --from 2026-01-01 --until 2026-01-02 --speed inf
"""


@click.command(
    "demo", cls=Command, short_help="Serve a year of real weather, and devices that post.", examples=EXAMPLES
)
@click.option("--live/--no-live", default=True, help="Devices that post meanwhile.  [default: yes]")
@simulation_options
@click.option("--url", help="Be the devices of this server, and start none.")
@click.option(
    "--user", default=USER, envvar=PREFIX + "USER", show_envvar=True, show_default=True, help="Their user; with --url."
)
@click.option(
    "--password",
    default=PASSWORD,
    envvar=PREFIX + "PASSWORD",
    show_envvar=True,
    show_default=True,
    help="The user's password; with --url.",
)
@settings_options(store=STORE)
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Serve a year of hourly weather at three airports, to the user demo with the password demo, and devices that live.

    The data is kept in the folder .demo of the current one, unless --store says otherwise, so that the next start is
    quick. From a terminal, the page opens in a browser where there is one.

    The devices are simulated greenhouses with a day's course in all they measure: faults, low batteries, hours offline
    after which what was kept is posted late, posts that are sent twice, and some that are lost. The same --seed draws
    the same. What they'd have measured since --from is stored at the start, and then they post in real time. Stopped and
    started again, they go on from there, and nothing is stored twice.

    With --url there are only the devices, and they post to that server. Their user is registered where it lets anybody
    do that.
    """
    simulation = Simulation(**{name.name: given.pop(name.name) for name in fields(Simulation)})
    live, url, user, password, until_eof = (
        given.pop(name) for name in ("live", "url", "user", "password", "until_eof")
    )
    if url is None:
        serve(given, simulation if live else None)
    elif not live:
        raise click.UsageError("--no-live and --url leave nothing to do")
    else:
        named = (name for name in SETTINGS if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)
        if (name := next(named, None)) is not None:
            raise click.UsageError(f"{SETTINGS[name].flag} is the server's, and with --url there is one")
        simulate(simulation, url, user, password, until_eof=until_eof)


def serve(given: Mapping[str, Any], simulation: Simulation | None) -> None:
    """Serve by these settings, and have the devices post meanwhile."""
    settings = read_settings({**given, "store": given["store"] or STORE})
    if settings.store.lower().startswith("memory:"):
        raise BadRequest("memory:// ends with the process that fills it: the demo wants a store like sqlite:.demo")
    port = free_port(settings.host, settings.port)
    tally = prepare(settings)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}"
    scheme, _, place = settings.store.partition(":")
    if scheme.lower() != "sqlite":
        place = "the store"  # its URI may hold a password
    devices = DEVICES.format(count=simulation.devices, start=simulation.start) if simulation else ""
    live = LIVE.format(url=url) if simulation else ""
    click.echo(TEXT.format(count=tally.stored + tally.before, store=place, url=url, devices=devices, live=live))
    from grafana_sensor import bootstrap

    settings = read_settings({**given, "store": settings.store, "port": port})
    with beside(simulation, url, USER, PASSWORD) as start:

        def listening() -> None:
            start()
            terminal.open_page(url)

        bootstrap.serve(settings, listening)


def prepare(settings: Settings) -> Tally:
    """Have the user and the data in the store, sealed; what became of the records."""
    from importlib.resources import as_file, files

    from grafana_sensor.domain.catalog import Declaration

    tally = Tally()
    with opened(settings) as database:
        try:
            database.register(USER, PASSWORD)
        except UserExists:
            database.initialize(USER, PASSWORD)
        data = as_file(files("grafana_sensor") / "demo" / FILE)
        with data as path, database.session_login(USER, PASSWORD) as session:
            for receipt in ingest(session, (str(path),), READING):
                tally.add(receipt)
            for attribute, (unit, title) in DECLARED.items():
                session.store.declare(attribute, Declaration(unit=unit, title=title))
            session.seal()
    return tally
