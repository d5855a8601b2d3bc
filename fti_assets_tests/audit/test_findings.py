from fti_assets.audit.findings import DEPENDS, Finding, without_repeats


def test_of_several_findings_about_a_column_the_one_that_moved_most_rows_stays_and_leaks_come_first() -> None:
    few = Finding("leak", "feature group g", "x", "no rows", "source s", rows=2, advice=DEPENDS)
    many = Finding("leak", "feature group g", "x", "other values", "source s", rows=9, advice=DEPENDS)
    other = Finding("leak", "feature group g", "x", "other values", "source t", rows=1, advice=DEPENDS)
    doubt = Finding("suspicion", "feature group g", "x", "it is late")
    assert without_repeats([doubt, few, many, other]) == [many, other, doubt]
