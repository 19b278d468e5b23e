"""The page "Two-factor sign-in": set it up, make new backup codes, remove it."""

from typing import Any, ClassVar

import segno
from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as note_device

from predictions.admin.acts import Act
from predictions.admin.signing_in.sessions import person_of
from predictions.admin.signing_in.steps import password_is_theirs
from predictions.errors import Invalid
from predictions.forms.base import ActForm
from predictions.forms.inputs import code, password
from predictions.models import User
from predictions.services.sign_ins import sign_ins_end
from predictions.services.two_factor import (
    NewKey,
    backup_codes_left,
    backup_codes_renew,
    two_factor_is_on,
    two_factor_key,
    two_factor_remove,
    two_factor_set_up,
)

_SECONDS = 3600


@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters(), name="dispatch")
class OwnAct(Act):
    """An act on one's own account: for everybody who has signed in."""

    def turn_away(self) -> None:
        return None


class SetUpForm(ActForm):
    """The key travels with the form, sealed, and is kept nowhere before a code confirms it."""

    sealed = forms.CharField(required=False, widget=forms.HiddenInput())
    password = password("Your password")
    code = code("Code", help_text="The six digits that the app shows for this key.")

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.user = user
        salt = f"{__name__} {user.pk}"
        try:
            sealed = self.data.get("sealed", "")
            self.new = NewKey(signing.loads(sealed, salt=salt, max_age=_SECONDS))
            self.resealed = ""
        except signing.BadSignature:
            self.new = two_factor_key()
            self.resealed = signing.dumps(self.new.secret, salt=salt)
            self.fields["sealed"].initial = self.resealed

    def clean(self) -> dict[str, Any]:
        """Refuses a key that came too late, or from elsewhere; the form then shows a new one."""
        if self.resealed:
            self.data = {**dict(self.data.items()), "sealed": self.resealed}
            raise ValidationError("That key was shown too long ago; take the new one.")
        return self.cleaned_data

    def picture(self) -> SafeString:
        """A QR code, dark on light in either scheme; nothing that a reader could read out."""
        svg = segno.make(self.new.address(self.user), error="m").svg_inline(
            border=4, light="#fff", dark="#000", svgclass="pl-qr", lineclass=None, omitsize=True
        )
        return mark_safe(svg)  # noqa: S308 -- shapes alone


class SetUp(OwnAct):
    title = "Two-factor sign-in"
    template = "admin/signing_in/set_up.html"

    def form(self, data: Any = None) -> SetUpForm:
        return SetUpForm(self.person, data)

    def do(self, form: Any) -> HttpResponse:
        if not password_is_theirs(self.request, self.person, form.cleaned_data["password"]):
            raise Invalid("password", "is not yours; give the one that you sign in with")
        device, codes = two_factor_set_up(
            user=self.person, key=form.new, code=form.cleaned_data["code"], now=timezone.now()
        )
        # Whoever else was signed in has shown no code.
        self.request.session.cycle_key()
        note_device(self.request, device)
        sign_ins_end(user=self.person, but=self.request.session.session_key)
        return _shown_once(self.request, codes)


class CodeForm(ActForm):
    code = code("Code", help_text="The six digits that your app shows now, or a backup code.")


class WithCode(OwnAct):
    """An act that takes a code: a browser left open is not enough."""

    template = "admin/signing_in/with_code.html"
    says: ClassVar[str]
    button: ClassVar[str]

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        if two_factor_is_on(self.person):
            return None
        return HttpResponseRedirect(reverse("admin:two_factor"))

    def form(self, data: Any = None) -> CodeForm:
        return CodeForm(data)

    def context(self) -> dict[str, Any]:
        return {"says": self.says, "button": self.button}


class BackupCodes(WithCode):
    title = "New backup codes"
    says = "The codes that you have now open nothing any more once the new ones are shown."
    button = "Make new codes"

    def do(self, form: Any) -> HttpResponse:
        given = form.cleaned_data["code"]
        codes = backup_codes_renew(user=self.person, code=given, now=timezone.now())
        return _shown_once(self.request, codes)


class Remove(WithCode):
    title = "Remove two-factor sign-in"
    says = "From then on your password alone lets you in, and whoever else knows it."
    button = "Remove"

    def do(self, form: Any) -> HttpResponse:
        given = form.cleaned_data["code"]
        two_factor_remove(user=self.person, code=given, now=timezone.now())
        return self.done("Two-factor sign-in is removed.", reverse("admin:two_factor"))


def two_factor(request: HttpRequest) -> HttpResponseBase:
    """How it stands; or, for who has none, the form that sets it up."""
    user = person_of(request)
    if not two_factor_is_on(user):
        return SetUp.as_view()(request)
    if request.method == "POST":  # of a form sent twice
        messages.warning(request, "Two-factor sign-in is set up already.")
        return HttpResponseRedirect(reverse("admin:two_factor"))
    left = backup_codes_left(user)
    return _page(request, "two_factor.html", "Two-factor sign-in", left=left)


def _shown_once(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return _page(request, "backup_codes.html", "Backup codes", codes=codes)


def _page(request: HttpRequest, template: str, title: str, **shown: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, **shown}
    return TemplateResponse(request, f"admin/signing_in/{template}", context)
