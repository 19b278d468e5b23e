"""Requests that never reach a view."""

from io import BytesIO

import pytest
from django.test import Client

from config.application import Request


@pytest.mark.parametrize("charset", ["hex", "zip", "no-such-charset", "\u2028"])
def test_an_impossible_charset_is_ignored(charset: str) -> None:
    request = Request(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": f"application/json; charset={charset}",
            "QUERY_STRING": "page=2",
            "wsgi.input": BytesIO(b"{}"),
            "CONTENT_LENGTH": "2",
        }
    )
    assert request.body == b"{}"
    assert request.GET["page"] == "2"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "media"),
    [("/api/v1/nothing/", "application/problem+json"), ("/nothing/", "text/html")],
)
def test_what_is_not_there_is_said_in_the_form_of_its_place(
    client: Client, path: str, media: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith(media)
