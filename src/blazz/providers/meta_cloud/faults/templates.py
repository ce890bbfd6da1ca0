"""Errors about templates: sending them, and making them."""

from __future__ import annotations

from blazz.errors import Rejected, Restricted, Retry
from blazz.providers.meta_cloud.faults.base import GraphError


class ParameterCountMismatch(GraphError, Rejected):
    """The template has another number of parameters than the message gives."""

    codes = (132000,)
    retry = Retry.NEVER
    remedy = "Give each of the template's placeholders one value."


class TemplateMissing(GraphError, Rejected):
    """There is no approved template of this name and language."""

    codes = (132001,)
    retry = Retry.NEVER
    remedy = "Check name and language; a new template needs some minutes after its approval."


class TemplateTextTooLong(GraphError, Rejected):
    """The template's text is too long once its parameters are filled in."""

    codes = (132005,)
    retry = Retry.NEVER
    remedy = "Shorten the parameters."


class TemplateAgainstPolicy(GraphError, Rejected):
    """The template's content breaks a WhatsApp policy."""

    codes = (132007,)
    retry = Retry.NEVER
    remedy = "See why it was rejected in WhatsApp Manager, edit it and submit it again."


class ParameterValueInvalid(GraphError, Rejected):
    """A template parameter has a value that is not allowed."""

    codes = (132008,)
    retry = Retry.NEVER
    remedy = "Correct the parameter that the details name."


class ParameterFormatMismatch(GraphError, Rejected):
    """A template parameter has another format than the template asks for."""

    codes = (132012,)
    retry = Retry.NEVER
    remedy = "Give each placeholder the kind of value it was approved with: text, currency, media."


class TemplatePaused(GraphError, Restricted):
    """The template is paused because recipients disliked it."""

    codes = (132015,)
    retry = Retry.LATER
    remedy = (
        "Wait until the pause of 3 or 6 hours ends, or edit the template; the third disables it."
    )


class TemplateDisabled(GraphError, Restricted):
    """The template was paused too often and is now disabled."""

    codes = (132016,)
    retry = Retry.NEVER
    remedy = "Make a new template with other content."


class TemplateParametersInvalid(GraphError, Rejected):
    """The template's parameters are not valid."""

    codes = (132018,)
    retry = Retry.NEVER
    remedy = "Compare the parameters with the template as it was approved."


class TemplateLimitReached(GraphError, Rejected):
    """The account has as many templates as it may have."""

    codes = (2388019,)
    retry = Retry.NEVER
    remedy = "Delete templates that are no longer used."


class TemplateHeaderMalformed(GraphError, Rejected):
    """The template's header is not formatted as it must be, or a text in it is too long."""

    codes = (2388047,)
    retry = Retry.NEVER
    remedy = "Correct the header: at most one variable, and no line breaks, emoji or formatting."


class TemplateTextOverLimit(GraphError, Rejected):
    """A text of the template is longer than allowed."""

    codes = (2388040,)
    retry = Retry.NEVER
    remedy = "Shorten the text that the details name."


class TemplateBodyMalformed(GraphError, Rejected):
    """The template's body is not formatted as it must be."""

    codes = (2388072,)
    retry = Retry.NEVER
    remedy = "Correct the body; variables are {{1}}, {{2}} … or {{name}}, without gaps."


class TemplateFooterMalformed(GraphError, Rejected):
    """The template's footer is not formatted as it must be."""

    codes = (2388073,)
    retry = Retry.NEVER
    remedy = "Correct the footer; it takes no variables and no line breaks."


class TooManyVariables(GraphError, Rejected):
    """The template has too many variables for so short a text."""

    codes = (2388293,)
    retry = Retry.NEVER
    remedy = "Use fewer variables or more words."


class VariableAtTheEdge(GraphError, Rejected):
    """The template's text starts or ends with a variable."""

    codes = (2388299,)
    retry = Retry.NEVER
    remedy = "Put words before the first and after the last variable."
