"""The errors that the Graph API answers with: codes, texts, HTTP statuses and bodies.

This table is kept apart from the one that `MetaCloud` reads errors with, on purpose: a stand-in
that shares the client's table could not show the client's mistakes. Texts and statuses follow
Meta's error reference; a code's meaning is what counts, texts change without notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_DOCS: Final = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclass(frozen=True, slots=True)
class Fault:
    """One error code: its title, what the details say unless something better is known."""

    code: int
    title: str
    details: str
    status: int = 400
    transient: bool = False


def _table(*faults: Fault) -> dict[int, Fault]:
    return {fault.code: fault for fault in faults}


FAULTS: Final[dict[int, Fault]] = _table(
    Fault(0, "AuthException", "We were unable to authenticate the app user.", 401),
    Fault(1, "An unknown error occurred", "API Unknown", 500, transient=True),
    Fault(2, "Service temporarily unavailable", "API Service", 503, transient=True),
    Fault(3, "Application does not have the capability to make this API call.", "API Method", 500),
    Fault(4, "Application request limit reached", "API Too Many Calls", 429, transient=True),
    Fault(10, "Application does not have permission for this action", "Permission denied.", 403),
    Fault(33, "This object does not exist or does not support this action", "Invalid ID."),
    Fault(100, "Invalid parameter", "One of the parameters is not supported or misspelled."),
    Fault(190, "Invalid OAuth access token - Cannot parse access token", "Token invalid.", 401),
    Fault(200, "You do not have the necessary permissions", "API permission missing.", 403),
    Fault(368, "Temporarily blocked for policies violations", "Policy violation.", 403),
    Fault(613, "Calls to this API have exceeded the rate limit", "Too many calls.", 429),
    Fault(80007, "Rate limit issues", "The WhatsApp Business Account's rate limit is hit.", 429),
    Fault(130429, "Rate limit hit", "Cloud API message throughput has been reached.", 429, True),
    Fault(
        130472,
        "User's number is part of an experiment",
        "Failed to send message because this user's phone number is part of an experiment.",
    ),
    Fault(
        130497,
        "Business account is restricted from messaging users in this country.",
        "The business account may not message users in certain countries.",
        403,
    ),
    Fault(131000, "Something went wrong", "Message failed to send, unknown error.", 500, True),
    Fault(131005, "Access denied", "Permission is either not granted or has been removed.", 403),
    Fault(131008, "Required parameter is missing", "The request lacks a required parameter."),
    Fault(131009, "Parameter value is not valid", "One or more parameter values are invalid."),
    Fault(131016, "Service unavailable", "A service is temporarily unavailable.", 500, True),
    Fault(131020, "Group is not valid", "The group cannot be messaged."),
    Fault(
        131021,
        "Recipient cannot be sender",
        "Sender and recipient phone number is the same.",
    ),
    Fault(
        131026,
        "Message undeliverable",
        "Message Undeliverable: the recipient is not on WhatsApp or cannot get this message.",
    ),
    Fault(
        131030,
        "Recipient phone number not in allowed list",
        "Add the recipient's phone number to the recipient list and try again.",
    ),
    Fault(131031, "Business Account locked", "Business account has been locked.", 403),
    Fault(131037, "Display name approval needed", "The number's display name is not approved."),
    Fault(131041, "Group unknown", "There is no group of this id."),
    Fault(131042, "Business eligibility payment issue", "There is an error with the payment."),
    Fault(131044, "Business payment issue", "There is an error with the payment method."),
    Fault(131045, "Incorrect certificate", "The phone number is not registered correctly.", 500),
    Fault(
        131047,
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last"
        " replied to this number.",
    ),
    Fault(
        131048,
        "Spam rate limit hit",
        "Message failed to send: too many earlier messages were blocked or flagged as spam.",
        429,
    ),
    Fault(
        131049,
        "Message not delivered to maintain healthy ecosystem engagement",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    Fault(
        131050,
        "Unable to deliver the message",
        "This recipient has chosen to stop receiving marketing messages from this business.",
    ),
    Fault(131051, "Unsupported message type", "Message type is currently not supported."),
    Fault(131052, "Media download error", "The media of the message could not be downloaded."),
    Fault(131053, "Media upload error", "The media of the message could not be uploaded."),
    Fault(
        131056,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Message failed to send because there were too many messages sent from this phone number"
        " to the same phone number in a short period of time.",
        429,
        True,
    ),
    Fault(131057, "Business Account is in maintenance mode", "Maintenance is under way.", 503),
    Fault(131059, "Group cursor is not valid", "Start the listing again."),
    Fault(
        131062,
        "BSUID recipients are not supported",
        "Business-scoped User ID (BSUID) recipients are not supported for this message.",
    ),
    Fault(
        131063,
        "Marketing templates are disabled for Cloud API",
        "Send marketing templates through the Marketing Messages API.",
    ),
    Fault(131064, "Messaging limit reached", "The account's messaging limit is reached.", 429),
    Fault(131201, "Group request partially succeeded", "Some participants failed."),
    Fault(131202, "Group participant is a duplicate", "A participant is named twice."),
    Fault(131204, "Group has too many participants", "A group takes at most 8 participants."),
    Fault(131207, "Group suspended", "The group is suspended."),
    Fault(131208, "Group rate limit hit", "Too many group requests.", 429),
    Fault(131209, "Group picture aspect ratio is not valid", "The picture must be square."),
    Fault(131210, "Group picture is too small", "The picture must be at least 192 x 192."),
    Fault(131211, "Group creation limit reached", "The number has too many groups."),
    Fault(131212, "Participant is not in the group", "Nobody of this number is in the group."),
    Fault(131213, "Group join request does not exist", "There is no such join request."),
    Fault(131214, "Group creation is temporarily disabled", "Try again in a few days."),
    Fault(131215, "Not eligible for the Groups API", "The number may not use groups."),
    Fault(
        132000,
        "Number of parameters does not match the expected number of params",
        "The number of parameters differs from the template's.",
    ),
    Fault(
        132001,
        "Template name does not exist in the translation",
        "The template does not exist in this language or is not approved.",
    ),
    Fault(132005, "Translated text too long", "The text is too long once parameters are filled."),
    Fault(132007, "Template format character policy violated", "The template breaks a policy."),
    Fault(132008, "Template parameter value is not valid", "A parameter is formatted wrongly."),
    Fault(
        132012,
        "Parameter format does not match format in the created template",
        "A parameter is formatted otherwise than in the template.",
    ),
    Fault(132015, "Template is paused", "Template is paused due to low quality."),
    Fault(132016, "Template is disabled", "Template is permanently disabled."),
    Fault(132018, "Template parameters are not valid", "There is an issue with the parameters."),
    Fault(132068, "Flow is blocked", "Flow is in blocked state."),
    Fault(132069, "Flow is throttled", "Flow is in throttled state."),
    Fault(133000, "Incomplete deregistration", "A previous attempt failed.", 500),
    Fault(133004, "Server temporarily unavailable", "Try again later.", 503),
    Fault(133005, "Two-step verification PIN mismatch", "The PIN is wrong."),
    Fault(133006, "Phone number re-verification needed", "Verify the number first."),
    Fault(133008, "Too many two-step verification PIN guesses", "Wait before the next guess."),
    Fault(133009, "Two-step verification PIN guessed too fast", "Wait before the next guess."),
    Fault(133010, "Phone number not registered", "The number is not registered with Cloud API."),
    Fault(133015, "Please wait a few minutes before registering", "The number was just deleted."),
    Fault(133016, "Account register/deregister rate limit hit", "Too many attempts."),
    Fault(134100, "Only marketing messages are supported", "Send a marketing template."),
    Fault(134101, "Template is still syncing", "Try again in 10 minutes."),
    Fault(134102, "Template is not available", "The template cannot be sent here."),
    Fault(135000, "Generic user error", "Message failed to send, unknown request parameters."),
    Fault(137000, "Recipient identity key mismatch", "The recipient's identity has changed."),
    Fault(138000, "Calling is not enabled", "Enable calling first.", 401),
    Fault(138001, "Receiver is uncallable", "The receiver cannot be called."),
    Fault(138002, "Concurrent calls limit reached", "1,000 calls are under way.", 429),
    Fault(138003, "Duplicate call", "There is a call with this user already."),
    Fault(138004, "Connection error", "The call could not be connected.", 500),
    Fault(138005, "Call rate limit exceeded", "Too many calls.", 429),
    Fault(138006, "No approved call permission found", "The user has not permitted calls."),
    Fault(138007, "Connection timeout error", "The call could not be connected in time.", 500),
    Fault(138009, "Call permission request limit hit", "One request a day, two a week."),
    Fault(138012, "Business initiated calls limit hit", "The limit is reached."),
    Fault(138013, "Fetch call permission limit hit", "Too many look-ups.", 429),
    Fault(138018, "Calling cannot be enabled", "The number may not use calling."),
    Fault(139000, "Flow blocked by integrity", "The flow breaks a policy."),
    Fault(139001, "Flow updating error", "The flow is published."),
    Fault(139002, "Flow publishing error", "The flow has errors."),
    Fault(139003, "Flow deprecating error", "The flow is not published."),
    Fault(139004, "Flow deleting error", "The flow is not a draft."),
    Fault(139100, "Failed to block or unblock some users", "Some users failed."),
    Fault(139101, "Blocklist limit reached", "64,000 users are blocked."),
    Fault(139102, "Blocklist concurrent update", "The list changed meanwhile."),
    Fault(139103, "Internal error", "Try again.", 500, True),
    Fault(147001, "Username is not available", "Choose another username."),
    Fault(147002, "Account is not eligible for a username", "A higher limit is needed."),
    Fault(147003, "Facebook account is not linked", "Link the account first."),
    Fault(147004, "Instagram account is not linked", "Link the account first."),
    Fault(147005, "Username transfer required", "Another number has this username."),
    Fault(999999, "An error that nobody knows yet", "This code is not in any documentation."),
    Fault(2388012, "Phone number already exists", "The number is registered elsewhere."),
    Fault(2388019, "Message template limit exceeded", "250 templates exist."),
    Fault(2388040, "Character limit exceeded", "A field of the template is too long."),
    Fault(2388047, "Message header format is incorrect", "The header is formatted wrongly."),
    Fault(2388072, "Message body format is incorrect", "The body is formatted wrongly."),
    Fault(2388073, "Message footer format is incorrect", "The footer is formatted wrongly."),
    Fault(2388091, "Phone number not eligible for a code", "Wait before the next code."),
    Fault(2388093, "Phone number not eligible for a code", "Wait before the next code."),
    Fault(2388103, "Phone number cannot be migrated", "The number is not ready."),
    Fault(2388293, "Parameters-to-words ratio exceeds the limit", "Use more words."),
    Fault(2388299, "Leading or trailing parameters are not allowed", "Add words around them."),
    Fault(2494100, "Phone number is in maintenance mode", "Try again later.", 503),
    Fault(2494164, "Signup not found", "There is no signup of this id."),
    Fault(2494165, "Signup API is unavailable", "Try again later.", 503),
    Fault(2494166, "Unknown placeholder in the signup message", "Use the documented ones."),
    Fault(2494167, "A placeholder of the signup message has no value", "Give every value."),
    Fault(2494168, "Signup terms are not accepted", "Accept the terms first."),
    Fault(2494176, "Signup terms are already accepted", "There is nothing to accept."),
    Fault(2494177, "URL is not allowed in the signup terms", "Use another URL."),
    Fault(2494179, "Website's URL scheme is not allowed", "Use https."),
)
"""Every code that the sandbox can answer with, and so every code that has a magic number."""


class Refusal(Exception):
    """The Graph API says no.

    Attributes:
        code: Meta's error code.
        message: The whole `error.message`.
        details: `error.error_data.details`, or None where Meta sends none.
        status: The HTTP status.
        subcode: `error.error_subcode`, or None.
        kind: `error.type`.
        retry_after: Seconds for the `Retry-After` header, or None.
    """

    def __init__(
        self,
        code: int,
        details: str | None = None,
        *,
        message: str | None = None,
        status: int | None = None,
        subcode: int | None = None,
        kind: str = "OAuthException",
        retry_after: int | None = None,
    ) -> None:
        fault = FAULTS.get(code) or Fault(code, "Unknown error", "")
        self.code = code
        self.message = message or f"(#{code}) {fault.title}"
        self.details = details if details is not None or message else fault.details
        self.status = status or fault.status
        self.subcode = subcode
        self.kind = kind
        self.retry_after = retry_after
        self.transient = fault.transient
        super().__init__(self.message)

    def body(self, trace_id: str) -> dict[str, Any]:
        """Build the JSON body of the answer."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.transient:
            error["is_transient"] = True
        error["fbtrace_id"] = trace_id
        return {"error": error}


def required(parameter: str) -> Refusal:
    """Refuse because a parameter is missing at the top of the request."""
    return Refusal(
        100,
        f"The parameter {parameter} is required.",
        message=f"(#100) The parameter {parameter} is required.",
    )


def unknown_object(method: str, object_id: str) -> Refusal:
    """Refuse because no object has this id, as Graph does for numbers, accounts and media."""
    return Refusal(
        100,
        message=(
            f"Unsupported {method.lower()} request. Object with ID '{object_id[:64]}' does not"
            " exist, cannot be loaded due to missing permissions, or does not support this"
            " operation. Please read the Graph API documentation at"
            " https://developers.facebook.com/docs/graph-api"
        ),
        subcode=33,
        kind="GraphMethodException",
    )


def status_error(code: int, details: str | None = None) -> dict[str, Any]:
    """Build one entry of `errors` in a status webhook."""
    fault = FAULTS.get(code) or Fault(code, "Unknown error", "")
    return {
        "code": code,
        "title": fault.title,
        "message": fault.title,
        "error_data": {"details": details or fault.details},
        "href": _DOCS,
    }
