"""Changing one's password: wrong guesses at the old one count towards lock-out."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from unfold.forms import AdminOwnPasswordChangeForm

from predictions.admin.signing_in.steps import password_is_theirs
from predictions.services.sign_ins import sign_ins_end


class PasswordChangeForm(AdminOwnPasswordChangeForm):
    def __init__(self, request: HttpRequest, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.request = request

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        if not password_is_theirs(self.request, self.user, old):
            raise forms.ValidationError(
                self.error_messages["password_incorrect"], code="password_incorrect"
            )
        return old


class PasswordChange(PasswordChangeView):
    form_class = PasswordChangeForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        return super().get_context_data(**{**admin.site.each_context(self.request), **given})

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        sign_ins_end(user=form.user, but=self.request.session.session_key)
        return answer
