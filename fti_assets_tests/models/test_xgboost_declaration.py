import pytest

from fti_assets.contracts.errors import DeclarationError
from fti_assets.models.boosting import XGBoost


def test_the_label_decides_the_objective_and_params_the_rest() -> None:
    trees = XGBoost(max_depth=3, params={"subsample": 0.5, "tree_method": "approx"}, seed=7)
    assert trees.parameters(is_binary=True) == {
        "objective": "binary:logistic",
        "tree_method": "approx",
        "max_depth": 3,
        "learning_rate": 0.1,
        "seed": 7,
        "subsample": 0.5,
        "num_boost_round": 100,
        "ordered_categories": False,
    }
    assert trees.parameters(is_binary=False)["objective"] == "reg:squarederror"


@pytest.mark.parametrize(
    "wrong", [{"rounds": 0}, {"max_depth": -1}, {"learning_rate": 0.0}, {"learning_rate": float("nan")}]
)
def test_sizes_are_more_than_zero(wrong: dict[str, float]) -> None:
    with pytest.raises(DeclarationError, match="expected more than zero"):
        XGBoost(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["objective", "eta", "seed", "random_state", "nthread", "n_jobs", "max_depth"])
def test_what_is_set_elsewhere_is_no_parameter(name: str) -> None:
    with pytest.raises(DeclarationError, match=rf"XGBoost params \['{name}'\]"):
        XGBoost(params={name: 1})
