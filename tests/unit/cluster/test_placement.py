"""Where sessions run: properties that hold for every cluster."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.cluster.placement import Cause, Instance, Move, place, plan, rank, stagger
from blazz.errors import InvalidValue

NAMES = st.sampled_from([f"i{number}" for number in range(8)])
WORKSPACES = st.sampled_from([f"w{number}" for number in range(20)])


def instance(
    name: str, *, capacity: int = 500, weight: float = 1.0, draining: bool = False
) -> Instance:
    return Instance(
        name=name, address=f"http://{name}", capacity=capacity, weight=weight, draining=draining
    )


INSTANCES = st.lists(
    st.builds(
        instance,
        NAMES,
        capacity=st.integers(0, 6),
        weight=st.sampled_from([0.5, 1.0, 2.0]),
        draining=st.booleans(),
    ),
    unique_by=lambda it: it.name,
    max_size=6,
)
OWNERS = st.dictionaries(
    st.builds(lambda workspace, n: f"{workspace}/s{n}", WORKSPACES, st.integers(0, 3)),
    st.none() | NAMES,
    max_size=25,
)


def after(owners: dict[str, str | None], moves: list[Move]) -> dict[str, str | None]:
    return owners | {move.session: move.target for move in moves}


@given(WORKSPACES, INSTANCES, st.randoms())
def test_every_instance_ranks_alike(workspace: str, some: list[Instance], random: object) -> None:
    shuffled = some.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(workspace, some) == rank(workspace, shuffled)


@given(WORKSPACES, INSTANCES, NAMES)
def test_who_comes_or_goes_leaves_the_others_in_order(
    workspace: str, some: list[Instance], gone: str
) -> None:
    rest = [it for it in some if it.name != gone]
    assert rank(workspace, rest) == [it for it in rank(workspace, some) if it.name != gone]


@given(WORKSPACES, INSTANCES, st.dictionaries(NAMES, st.integers(0, 6)), st.none() | NAMES)
def test_a_session_is_placed_where_there_is_room(
    workspace: str, some: list[Instance], loads: dict[str, int], current: str | None
) -> None:
    fit = {it.name for it in some if not it.draining and loads.get(it.name, 0) < it.capacity}
    found = place(workspace, some, loads, current=current)
    if current in fit:
        assert found is not None
        assert found.name == current, "a session stays while it can"
    elif fit:
        assert found is not None
        assert found.name in fit
    else:
        assert found is None


@given(OWNERS, INSTANCES, st.integers(0, 5))
def test_a_plan_fits(owners: dict[str, str | None], some: list[Instance], balance: int) -> None:
    moves = plan(owners, some, balance=balance)
    alive = {it.name: it for it in some}
    assert len({move.session for move in moves}) == len(moves), "no session moves twice"
    assert all(move.source == owners[move.session] != move.target for move in moves)
    assert all(not alive[move.target].draining for move in moves)
    assert sum(move.cause is Cause.BALANCE for move in moves) <= balance

    before = Counter(owners.values())
    for name, load in Counter(after(owners, moves).values()).items():
        if name in alive:
            assert load <= max(alive[name].capacity, before[name]), "nobody gets too much"


@given(OWNERS, INSTANCES)
def test_only_what_must_move_does(owners: dict[str, str | None], some: list[Instance]) -> None:
    staying = {it.name for it in some if not it.draining}
    moves = plan(owners, some)
    assert all(owners[move.session] not in staying for move in moves)

    left = [key for key, owner in after(owners, moves).items() if owner not in staying]
    loads = Counter(after(owners, moves).values())
    if left:
        full = [it for it in some if not it.draining and loads[it.name] < it.capacity]
        assert not full, "what stays out has found no room"


@given(OWNERS, INSTANCES)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    owners: dict[str, str | None], some: list[Instance]
) -> None:
    settled = after(owners, plan(owners, some))
    assert plan(settled, some) == [], "what found no room still has none"


@given(OWNERS, INSTANCES)
def test_balancing_comes_to_an_end(owners: dict[str, str | None], some: list[Instance]) -> None:
    settled = after(owners, plan(owners, some))
    for _ in range(200):
        moves = plan(settled, some, balance=2)
        if not moves:
            return
        settled = after(settled, moves)
    raise AssertionError("sessions move for ever")


def test_shares_are_as_the_weights() -> None:
    some = [instance("small", weight=1.0), instance("large", weight=3.0)]
    first = Counter(rank(f"workspace-{number}", some)[0].name for number in range(4000))
    assert 2.6 < first["large"] / first["small"] < 3.4


def test_a_workspace_stays_together_and_spills_over() -> None:
    some = [instance(f"i{number}", capacity=2) for number in range(3)]
    owners: dict[str, str | None] = {f"acme/s{number}": None for number in range(5)}
    order = [it.name for it in rank("acme", some)]
    assert [move.target for move in plan(owners, some)] == [
        order[0], order[0], order[1], order[1], order[2],
    ]  # fmt: skip


def test_a_newcomer_takes_its_share_bit_by_bit() -> None:
    old = [instance("a"), instance("b")]
    owners: dict[str, str | None] = {f"w{number}/s": None for number in range(60)}
    owners = after(owners, plan(owners, old))
    grown = [*old, instance("c")]
    assert plan(owners, grown) == [], "nothing must move"

    moves = plan(owners, grown, balance=1000)
    assert {move.target for move in moves} == {"c"}
    assert 8 <= len(moves) <= 32
    assert len(plan(owners, grown, balance=3)) == 3


@given(
    st.lists(st.floats(0, 1, exclude_max=True), max_size=30),
    st.floats(0.1, 100),
)
def test_starts_are_spread(jitter: list[float], per_second: float) -> None:
    starts = stagger(len(jitter), per_second=per_second, jitter=jitter)
    assert starts == sorted(starts)
    for number, start in enumerate(starts):
        assert number / per_second <= start <= (number + 1) / per_second


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 101),
        ("address", "east:8000"),
        ("capacity", -1),
        ("weight", 0),
        ("weight", float("nan")),
    ],
)
def test_limits(field: str, value: object) -> None:
    given = {"name": "a", "address": "http://a", field: value}
    with pytest.raises(InvalidValue, match=rf"Instance\.{field}"):
        Instance(**given)  # type: ignore[arg-type]


def test_nobody_starts_at_no_speed() -> None:
    with pytest.raises(InvalidValue, match="per_second"):
        stagger(1, per_second=0, jitter=[0.0])


WISHES = st.dictionaries(
    st.builds(lambda workspace, n: f"{workspace}/s{n}", WORKSPACES, st.integers(0, 3)),
    st.none() | NAMES,
    max_size=10,
)


@given(OWNERS, INSTANCES, WISHES, st.integers(0, 5))
def test_a_wish_is_granted_where_there_is_room_and_then_kept(
    owners: dict[str, str | None], some: list[Instance], wishes: dict[str, str | None], balance: int
) -> None:
    moves = plan(owners, some, balance=balance, wishes=wishes)
    fit = {it.name: it for it in some if not it.draining}
    alive = {it.name for it in some}
    settled = after(owners, moves)
    loads = Counter(settled.values())
    for move in moves:
        wish = wishes.get(move.session)
        if move.cause is Cause.REQUEST:
            assert move.target in fit
            assert move.source is None or move.target == wish
        if wish in fit:
            assert move.cause is not Cause.BALANCE, "what is wished somewhere is not balanced away"
            assert move.target == wish or loads[wish] >= fit[wish].capacity
    for session, owner in owners.items():
        if wishes.get(session) == owner and owner in fit:
            assert settled[session] == owner, "it stays where it is wished"
        if owner in alive and wishes.get(session) not in {None, owner} and owner in fit:
            wish = wishes[session]
            moved = settled[session] == wish
            assert moved or wish not in fit or loads[wish] >= fit[wish].capacity or balance
