from concurrent.futures import ThreadPoolExecutor

import pytest

from fti_assets.contracts.set_aside import Reason, SetAside
from fti_assets.stores.quarantine import QuarantineStore
from fti_assets.stores.storage import Storage
from fti_assets.validation.set_aside import digest_of

ORDER = "features/order"
CHECK = ("quantity", "greater_than(0)")


def row(number: int, *, releasable: bool = True) -> SetAside:
    """A row whose quantity is not above zero, or, where that cannot be waived, is null."""
    text = f'{{"order_id": "o{number} \\n ü", "quantity": 0}}'
    reason = Reason(*CHECK, "0", True) if releasable else Reason("quantity", "not_nullable", "nan")
    return SetAside(text, digest_of(text), (reason,))


@pytest.fixture
def store(storage: Storage) -> QuarantineStore:
    return QuarantineStore(storage)


@pytest.fixture
def filled(store: QuarantineStore) -> QuarantineStore:
    """Two rows of orders on the first, one of them stuck; one on the second; one of a source."""
    store.replace(ORDER, ["2024-01-01"], {"2024-01-01": [row(1), row(2, releasable=False)]})
    store.replace(ORDER, ["2024-01-02"], {"2024-01-02": [row(3)]})
    store.replace("source/shop", ["2024-01-01"], {"2024-01-01": [row(4)]})
    return store


def test_rows_are_read_back_by_owner_and_partition(filled: QuarantineStore) -> None:
    assert filled.owners() == [ORDER, "source/shop"]
    assert [(r.partition, r.row) for r in filled.rows(ORDER)] == [
        ("2024-01-01", row(1).row),
        ("2024-01-01", row(2).row),
        ("2024-01-02", row(3).row),
    ]
    [found] = filled.rows(ORDER, "2024-01-02")
    assert (found.digest, found.reasons, found.released) == (row(3).digest, row(3).reasons, False)


def test_nothing_set_aside_writes_nothing(store: QuarantineStore, storage: Storage) -> None:
    store.replace(ORDER, ["2024-01-01", "2024-01-02"], {})
    assert storage.objects() == []
    assert (store.owners(), store.rows(ORDER), store.waivers(ORDER)) == ([], [], {})


def test_writing_partitions_again_replaces_their_rows_and_no_others(filled: QuarantineStore) -> None:
    filled.replace(ORDER, ["2024-01-01", "2024-01-02"], {"2024-01-02": [row(5)]})
    assert [(r.partition, r.row) for r in filled.rows(ORDER)] == [("2024-01-02", row(5).row)]
    assert len(filled.rows("source/shop")) == 1


def test_equal_rows_leave_everything_as_it_is(filled: QuarantineStore, storage: Storage) -> None:
    before = storage.objects()
    filled.replace(ORDER, ["2024-01-01"], {"2024-01-01": [row(1), row(2, releasable=False)]})
    assert storage.objects() == before


def test_writers_of_one_partition_leave_the_rows_of_one_of_them(store: QuarantineStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.replace(ORDER, ["2024-01-01"], {"2024-01-01": [row(n), row(n)]}), range(16)))
    first, second = store.rows(ORDER)
    assert first.row == second.row


def test_a_release_is_journaled_and_shown_and_lets_the_rows_checks_pass(filled: QuarantineStore) -> None:
    waiver = filled.release(ORDER, "2024-01-02", [row(3).digest[:8]], who="ada", why="a prize")
    assert (waiver.owner, waiver.partition, waiver.who, waiver.why) == (ORDER, "2024-01-02", "ada", "a prize")
    assert filled.waivers(ORDER) == {row(3).digest: frozenset({CHECK})}
    assert filled.waivers("source/shop") == {}
    assert [r.released for r in filled.rows(ORDER)] == [False, False, True]


def test_without_a_row_all_that_can_be_released_are(filled: QuarantineStore) -> None:
    waiver = filled.release(ORDER, "2024-01-01", [], who="ada", why="a prize")
    assert [released.digest for released in waiver.rows] == [row(1).digest]


@pytest.mark.parametrize(
    ("partition", "digests", "kind", "said"),
    [
        ("2024-01-01", [row(2).digest], ValueError, "cannot be released: quantity: not_nullable .it is nan.. Only"),
        ("2024-01-01", [row(1).digest, row(2).digest], ValueError, "cannot be released"),
        ("2024-01-01", ["zz"], LookupError, "features/order 2024-01-01: there is no row 'zz'; there are: "),
        ("2024-01-01", [""], LookupError, "names more than one row: give more digits"),
        ("2024-01-09", [], LookupError, "there is no partition '2024-01-09'; there are: 2024-01-01, 2024-01-02"),
        ("../2024", [], LookupError, "partition '../2024': expected a day such as"),
    ],
)
def test_what_cannot_be_released_says_why_and_changes_nothing(
    filled: QuarantineStore, partition: str, digests: list[str], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        filled.release(ORDER, partition, digests, who="ada", why="a prize")
    assert filled.waivers(ORDER) == {}


def test_where_every_row_is_stuck_nothing_is_released(filled: QuarantineStore) -> None:
    filled.replace(ORDER, ["2024-01-01"], {"2024-01-01": [row(2, releasable=False)]})
    with pytest.raises(ValueError, match="correct it in the source"):
        filled.release(ORDER, "2024-01-01", [], who="ada", why="a prize")
