"""What no page of ours sends is answered in words, and never as a failure of ours."""

import pytest
from django.contrib import admin

from tests.admin.pages import Pages, text_of


@pytest.mark.parametrize("chosen", ["x", "\x00", "9" * 5000])
def test_an_action_on_what_is_no_row_is_refused(desk: Pages, chosen: str) -> None:
    for model, model_admin in admin.site._registry.items():
        for _, action, _ in model_admin._get_base_actions():  # type: ignore[attr-defined]
            if action == "delete_selected":  # is refused before
                continue
            name = f"{model._meta.app_label}_{model._meta.model_name}_changelist"
            data = {"action": action, "_selected_action": chosen}
            told = text_of(desk.post(name, data=data))
            assert "A row that was chosen is none of this list; choose again." in told


@pytest.mark.parametrize("charset", ["utf-16", "unicode_escape", "idna", "rot13", "nope"])
def test_a_form_in_another_charset_is_refused(desk: Pages, charset: str) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = desk.client.generic(
            "POST", "/admin/login/", b"a=b", content_type=f"{kind}; charset={charset}"
        )
        assert answer.status_code == 400


@pytest.mark.parametrize("pk", ["1", "x", "00000000-0000-0000-0000-000000000000"])
def test_no_row_has_a_page_elsewhere(desk: Pages, pk: str) -> None:
    assert {desk.get("view_on_site", kind, pk).status_code for kind in ("1", "4", "x")} == {404}
