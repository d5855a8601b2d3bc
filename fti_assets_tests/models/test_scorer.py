"""A version is asked only when its files are those that were registered and still give the same answers."""

import json
from pathlib import Path

import numpy as np
import pytest

from fti_assets.contracts.errors import Corrupt
from fti_assets.contracts.time import Window
from fti_assets.models.scorer import Scorer
from fti_assets.stores.home import Home
from fti_assets.stores.registry import ModelVersion
from fti_assets.views.reading import read_view
from fti_assets_tests.worlds import returns

DAYS = Window.of_days("2024-01-30", "2024-01-31")


def _rewritten(version: ModelVersion, name: str, content: bytes) -> None:
    Path(version.url_of(name)).write_bytes(content)


@pytest.mark.parametrize("name", ["model.ubj", "preprocessing.json", "golden.json"])
def test_a_corrupted_file_is_refused_by_name(served: Home, name: str) -> None:
    version = served.registry.get("returns", 1)
    content = bytearray(version.read(name))
    content[len(content) // 2] ^= 1
    _rewritten(version, name, bytes(content))
    with pytest.raises(Corrupt, match=name):
        Scorer(version)


def test_a_lost_file_is_refused_by_name(served: Home) -> None:
    version = served.registry.get("returns", 1)
    Path(version.url_of("model.ubj")).unlink()
    with pytest.raises(Corrupt, match=r"model\.ubj"):
        Scorer(version)


def test_a_booster_that_no_longer_gives_its_golden_predictions_is_refused(
    served: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = served.registry.get("returns", 1)
    golden = version.read_json("golden.json")
    golden["predictions"][3] = float(np.nextafter(golden["predictions"][3], 1))
    read = ModelVersion.read

    def other_golden(self: ModelVersion, name: str) -> bytes:
        return json.dumps(golden).encode() if name == "golden.json" else read(self, name)

    monkeypatch.setattr(ModelVersion, "read", other_golden)
    with pytest.raises(Corrupt, match="returns version 1 no longer gives its golden predictions"):
        Scorer(version)
    Scorer(version, trial=True)  # the trial never serves: it has no golden rows


def test_a_row_alone_has_the_bits_that_it_has_in_a_batch_and_threads_do_not_matter(served: Home) -> None:
    scorer = Scorer(served.registry.get("returns", 2))
    frame = read_view(returns.view, DAYS, served.features)
    batch = scorer.predict(frame)
    alone = [scorer.predict(frame.iloc[[n]], threads=1)[0] for n in range(len(frame))]
    assert alone == batch.tolist()
    assert scorer.predict(frame.iloc[::-1]).tolist() == batch.tolist()[::-1]


def test_the_order_of_columns_and_further_columns_do_not_matter(served: Home) -> None:
    scorer = Scorer(served.registry.get("returns", 1))
    frame = read_view(returns.view, DAYS, served.features)
    other = frame[frame.columns[::-1]].assign(more=1)
    assert scorer.predict(other).tolist() == scorer.predict(frame).tolist()


def test_no_rows_give_no_predictions(served: Home) -> None:
    scorer = Scorer(served.registry.get("returns", 1))
    frame = read_view(returns.view, DAYS, served.features)
    assert scorer.predict(frame.iloc[:0]).tolist() == []
