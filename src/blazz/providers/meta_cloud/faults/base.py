"""What every error of the Cloud API carries."""

from __future__ import annotations

from typing import ClassVar

from blazz.errors import Refused


class GraphError(Refused):
    """The Cloud API answered with an error.

    A class's docstring says what happened, `remedy` what to do about it, and `retry` when the same
    request may succeed.

    Attributes:
        codes: The numbers that Meta gives this error.
        remedy: What to do, in a sentence or two.
        code: The number that this answer had, from its subcode where that tells more.
        subcode: Meta's finer number, where there is one.
        title: Meta's short text, such as `(#131047) Re-engagement message`.
        details: Meta's longer text, or an empty string.
        trace_id: What Meta's support asks for (`fbtrace_id`).
        http_status: The HTTP status of the answer; None in a status webhook.
        retry_after: Seconds that the answer asked to wait, or None.

    Example:
        >>> error = GraphError(code=131026, details="Message undeliverable.")
        >>> str(error)
        'The Cloud API answered with an error (131026): Message undeliverable.'
    """

    codes: ClassVar[tuple[int, ...]] = ()
    remedy: ClassVar[str] = "Look the code up in Meta's list of error codes."

    def __init__(
        self,
        message: str | None = None,
        *,
        code: int | None = None,
        retry_after: float | None = None,
        subcode: int | None = None,
        title: str = "",
        details: str = "",
        trace_id: str | None = None,
        http_status: int | None = None,
    ) -> None:
        summary = message or self.summary()
        if code is not None:
            summary = f"{summary.removesuffix('.')} ({code})"
        said = details or title
        super().__init__(f"{summary}: {said}" if said else summary, code=code)
        self.retry_after = retry_after
        self.subcode = subcode
        self.title = title
        self.details = details
        self.trace_id = trace_id
        self.http_status = http_status

    @classmethod
    def summary(cls) -> str:
        """What happened, in one sentence: the docstring's first line."""
        return (cls.__doc__ or "").partition("\n")[0]
