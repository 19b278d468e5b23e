"""How the web application takes requests and answers them, beside what Django does."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


class Request(WSGIRequest):
    """A request whose stated charset may be anything, such as `hex`, and is then ignored.

    Django decodes the query with it before any view or handler of errors has a say: a bare 500.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # not in the stubs
            b"".decode(self.encoding or "utf-8")
        except (LookupError, UnicodeError):
            self._encoding = "utf-8"


class Application(WSGIHandler):
    request_class = Request

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """To HEAD with the headers alone: gunicorn drops a body, but warns of it each time."""
        answer = super().get_response(request)
        if request.method == "HEAD" and isinstance(answer, HttpResponse):
            answer.content = b""
        return answer
