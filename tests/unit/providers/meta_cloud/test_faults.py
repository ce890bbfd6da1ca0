"""The error table: whole, as Meta describes it, and read from every shape of answer."""

from __future__ import annotations

import inspect
import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz import errors
from blazz.errors import Refused, Retry
from blazz.providers.meta_cloud import faults
from blazz.providers.meta_cloud.faults import (
    FAULTS,
    GraphError,
    fault_for_status_error,
    fault_from,
    has_code,
    kind_of_status,
    recipients,
    retry_after,
    templates,
    unlisted,
)

KINDS = (
    errors.NotAuthorized,
    errors.Throttled,
    errors.Restricted,
    errors.Undeliverable,
    errors.Unavailable,
    errors.Rejected,
)

TABLE: dict[Retry, str] = {
    Retry.CREDENTIALS: "0 190",
    Retry.BACKOFF: """
        1 2 4 613 80007 130429 131000 131016 131208 133004 138002 138005 138013 139103""",
    Retry.PAIR: "131056",
    Retry.ONCE: "131052 131053 138004 138007",
    Retry.LATER: """
        131048 131057 131064 132015 132069 133015 133016 134101 138003 138012 2494100""",
    Retry.NEXT_DAY: "130472 131049 131214 138009",
    Retry.OPERATOR: "131042 131044 131045 133010",
    Retry.NEVER: """
        3 10 33 100 368 130497 131005 131008 131009 131020 131021 131026 131030 131031 131037
        131041 131047 131050 131051 131059 131062 131063 131201 131202 131204 131207 131209 131210
        131211 131212 131213 131215 132000 132001 132005 132007 132008 132012 132016 132018 132068
        133000 133005 133006 133008 133009 134100 134102 135000 137000 138000 138001 138006 138018
        139000 139001 139002 139003 139004 139100 139101 139102 147001 147002 147003 147004 147005
        2388012 2388019 2388040 2388047 2388072 2388073 2388091 2388093 2388103 2388293 2388299
        2494164 2494165 2494166 2494167 2494168 2494176 2494177 2494179""",
}
WANTED = {int(code): retry for retry, codes in TABLE.items() for code in codes.split()}
WANTED |= dict.fromkeys(range(200, 300), Retry.NEVER)

# Words of the research page's retry column; the first that fits counts.
WORDS = (
    (r"token", Retry.CREDENTIALS),
    (r"no\b", Retry.NEVER),
    (r"pair", Retry.PAIR),
    (r"backoff", Retry.BACKOFF),
    (r">=24 h|days", Retry.NEXT_DAY),
    (r"once", Retry.ONCE),
    (r"user/ops|register first", Retry.OPERATOR),
    (r"minutes-hours|1 h|after call ends|see error_data|10 min|~5 min", Retry.LATER),
    (r"restart pagination|retry failed items", Retry.NEVER),
)
ANSWERS_WITHOUT_A_LISTED_CODE = {kind_of_status(status) for status in range(300, 600)}
PAGE = Path(__file__).parents[5] / "shared" / "research" / "cloud-api-facts.md"


def retry_in_words(text: str) -> Retry:
    return next(retry for pattern, retry in WORDS if re.match(pattern, text))


def rows_of_page(page: str) -> dict[int, Retry]:
    rows: dict[int, Retry] = {}
    for line in page.splitlines():
        if match := re.fullmatch(r"\| (\d+) \|.*\| ([^|]+) \|", line):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            # The second table has its retry column third of four, the first fourth of four.
            words = cells[2] if cells[2].startswith(("no", "backoff")) else cells[3]
            rows[int(match[1])] = retry_in_words(words)
    return rows


def test_each_code_has_its_retry() -> None:
    assert {code: kind.retry for code, kind in FAULTS.items()} == WANTED


def test_the_table_agrees_with_the_research_page() -> None:
    rows = rows_of_page(PAGE.read_text("utf-8")) if PAGE.exists() else dict(WANTED)
    assert len(rows) > 100
    assert {code: FAULTS[code].retry for code in rows} == rows


@pytest.mark.parametrize("kind", sorted(set(FAULTS.values()), key=lambda kind: kind.codes))
def test_each_class_says_what_happened_and_what_to_do(kind: type[GraphError]) -> None:
    assert sum(issubclass(kind, base) for base in KINDS) == 1
    assert kind.summary().endswith(".")
    assert len(kind.summary()) <= 95
    assert kind.remedy != GraphError.remedy
    assert kind.remedy.endswith(".")
    assert "retry" in vars(kind)
    assert str(kind()) == kind.summary()


def test_each_code_belongs_to_one_class() -> None:
    codes = [code for kind in set(FAULTS.values()) for code in kind.codes]
    assert len(codes) == len(set(codes)) == len(FAULTS)


def test_each_class_can_be_imported_from_the_package() -> None:
    exported = [getattr(faults, name) for name in faults.__all__]
    kinds = {kind for kind in exported if inspect.isclass(kind)}
    assert kinds == set(FAULTS.values()) | {GraphError, *ANSWERS_WITHOUT_A_LISTED_CODE}


def test_an_answer_becomes_its_class_with_all_that_meta_says() -> None:
    body = {
        "error": {
            "message": "(#131047) Re-engagement message",
            "type": "OAuthException",
            "code": 131047,
            "error_subcode": 2494010,
            "error_data": {"messaging_product": "whatsapp", "details": "More than 24 hours."},
            "fbtrace_id": "AbC-1",
        }
    }
    error = fault_from(400, body, {"retry-after": "7"})
    assert type(error) is recipients.OutsideWindow
    assert isinstance(error, errors.Undeliverable)
    assert (error.code, error.subcode) == (131047, 2494010)
    assert error.title == "(#131047) Re-engagement message"
    assert error.details == "More than 24 hours."
    assert (error.trace_id, error.http_status, error.retry_after) == ("AbC-1", 400, 7.0)
    assert error.remedy == "Send a template."
    assert str(error) == (
        "The recipient has not written in the last 24 hours (131047): More than 24 hours."
    )


def test_the_error_object_alone_is_read_too() -> None:
    assert fault_from(400, {"code": "131026", "message": "x"}).code == 131026


def test_a_telling_subcode_wins_over_a_general_code() -> None:
    error = fault_from(400, {"error": {"code": 100, "error_subcode": 2388073, "message": "x"}})
    assert type(error) is templates.TemplateFooterMalformed
    assert (error.code, error.subcode) == (2388073, 2388073)


def test_a_short_subcode_is_not_taken_for_a_code() -> None:
    error = fault_from(400, {"error": {"code": 100, "error_subcode": 33, "message": "x"}})
    assert type(error) is faults.InvalidRequest


def test_a_listed_code_wins_over_a_telling_subcode() -> None:
    error = fault_from(401, {"error": {"code": 190, "error_subcode": 2388073}})
    assert type(error) is faults.TokenExpired


@pytest.mark.parametrize(
    ("status", "kind", "retry"),
    [
        (302, unlisted.Redirected, Retry.NEVER),
        (400, unlisted.UnlistedError, Retry.NEVER),
        (401, unlisted.Unauthenticated, Retry.CREDENTIALS),
        (403, unlisted.Forbidden, Retry.NEVER),
        (404, unlisted.NotFound, Retry.NEVER),
        (418, unlisted.UnlistedError, Retry.NEVER),
        (429, unlisted.TooManyRequests, Retry.BACKOFF),
        (500, unlisted.PassingTrouble, Retry.BACKOFF),
        (503, unlisted.PassingTrouble, Retry.BACKOFF),
    ],
)
def test_an_unlisted_code_is_judged_by_its_status(
    status: int, kind: type[GraphError], retry: Retry
) -> None:
    assert kind_of_status(status) is kind
    error = fault_from(status, {"error": {"code": 999_999, "message": "new"}})
    assert type(error) is kind
    assert (error.retry, error.code, error.http_status) == (retry, 999_999, status)
    assert "new" in str(error)


def test_an_unlisted_transient_error_may_be_tried_again() -> None:
    error = fault_from(400, {"error": {"code": 999_999, "is_transient": True}})
    assert error.retry is Retry.BACKOFF


def test_a_failed_status_becomes_the_same_class() -> None:
    entry = {
        "code": 131049,
        "title": "Not delivered",
        "message": "Not delivered",
        "error_data": {"details": "To maintain healthy engagement."},
        "href": "https://example.com",
    }
    error = fault_for_status_error(entry)
    assert type(error) is recipients.MarketingCapped
    assert error.retry is Retry.NEXT_DAY
    assert error.http_status is None
    assert type(fault_for_status_error({})) is unlisted.UnlistedError


def test_errors_cross_process_borders() -> None:
    error = fault_from(429, {"error": {"code": 130429}}, {"retry-after": "3"})
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)
    assert retry_after({"retry-after": later}, now=now) == 90
    earlier = format_datetime(now - timedelta(seconds=90), usegmt=True)
    assert retry_after({"retry-after": earlier}, now=now) == 0
    assert retry_after({"retry-after": "Sat, 21 Nov 2026 12:00:05 -0000"}, now=now) == 5


def test_metas_usage_header_tells_minutes() -> None:
    usage = {"1": [{"type": "whatsapp", "estimated_time_to_regain_access": 19}], "2": []}
    assert retry_after({"x-business-use-case-usage": json.dumps(usage)}) == 19 * 60
    free = {"1": [{"estimated_time_to_regain_access": 0}]}
    assert retry_after({"x-business-use-case-usage": json.dumps(free)}) is None
    assert retry_after({}) is None


@given(st.text(), st.text())
def test_no_header_breaks_it(value: str, usage: str) -> None:
    headers = {"retry-after": value, "x-business-use-case-usage": usage}
    seconds = retry_after(headers, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert seconds is None or seconds >= 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
ERROR = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.sampled_from([100, "131026", 2388073])
        for name in ("code", "error_subcode", "message", "title", "error_data", "fbtrace_id")
    },
)


@given(st.integers(300, 599), JSON | ERROR | ERROR.map(lambda error: {"error": error}))
def test_whatever_is_answered_becomes_one_error(status: int, body: object) -> None:
    error = fault_from(status, body)
    assert isinstance(error, GraphError)
    assert isinstance(error, Refused)
    assert sum(isinstance(error, base) for base in KINDS) == 1
    assert isinstance(has_code(body), bool)
    assert len(str(error)) < 1_200
