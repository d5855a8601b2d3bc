from fti_assets.contracts.errors import ContractViolation, FailingCase, unknown


def test_an_unknown_name_is_shown_beside_those_that_exist() -> None:
    assert unknown("column", "prise", ["price", "amount"]) == "there is no column 'prise'; there are: amount, price"
    assert unknown("key", "a", []) == "there is no key 'a'; there are: none"


def test_a_violation_shows_five_cases_and_keeps_them_all() -> None:
    cases = [FailingCase(f"c{n}", "is finite", "inf", 2) for n in range(7)]
    violation = ContractViolation("source orders", cases)
    assert violation.cases == cases
    assert str(violation).startswith("source orders breaks its contract, nothing was written: c0: is finite (e.g. inf")
    assert str(violation).endswith("c4: is finite (e.g. inf, 2 rows); and 2 more")
