"""Signing in, in one step or two: nobody is signed in before the last."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import BACKEND_SESSION_KEY, authenticate, login, user_login_failed
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp import login as note_device

from predictions.admin.signing_in.lockout import locked_out
from predictions.errors import Conflict, Invalid
from predictions.forms.base import ActForm, sentence
from predictions.forms.inputs import code
from predictions.models import User
from predictions.services.locks import locked_until
from predictions.services.two_factor import two_factor_check, two_factor_is_on

_PENDING = "signing_in"
# From the password to the code.
_SECONDS = 600


class Step(LoginView):
    """What the two have in common: the admin's look, and a `next` on this site alone."""

    title: str

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        shell = {**admin.site.each_context(self.request), "title": self.title, "subtitle": None}
        own = {"app_path": self.request.get_full_path(), **shell}
        return super().get_context_data(**{**own, **given})

    def onward(self, page: str) -> HttpResponseRedirect:
        wanted = self.get_redirect_url()
        return HttpResponseRedirect(
            reverse(f"admin:{page}", query={"next": wanted} if wanted else None)
        )


class FirstStep(Step):
    """User name and password."""

    title = "Sign in"
    template_name = "admin/login.html"

    def get_form_class(self) -> Any:
        return admin.site.login_form

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if admin.site.has_permission(request):
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not two_factor_is_on(user):
            return super().form_valid(form)
        self.request.session.cycle_key()
        self.request.session[_PENDING] = {
            "user": user.pk,
            "backend": user.backend,
            "password": user.get_session_auth_hash(),
            "at": timezone.now().timestamp(),
        }
        return self.onward("second_step")


class CodeForm(ActForm):
    code = code("Code", autofocus=True)


class SecondStep(Step):
    """A code, from whom the password has let so far; or whose session has shown none yet."""

    title = "Second step"
    template_name = "admin/signing_in/second_step.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if (user := _who(request)) is None:
            return self.onward("login")
        if locked_until(request, user.username):
            return locked_out(request, None, {"username": user.username})
        self.user = user
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> Any:
        return CodeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"data": self.request.POST if self.request.method == "POST" else None}

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            device = two_factor_check(
                user=self.user, code=form.cleaned_data["code"], now=timezone.now()
            )
        except Invalid as error:
            _count_failure(self.request, self.user)
            form.refuse(error)
            return self.form_invalid(form)
        except Conflict as error:
            form.add_error("code", sentence(str(error)))
            return self.form_invalid(form)
        login(self.request, self.user)
        note_device(self.request, device)
        self.request.session.pop(_PENDING, None)
        return HttpResponseRedirect(self.get_success_url())


def _who(request: HttpRequest) -> User | None:
    """Whose password was right, in this session and not long ago."""
    pending = request.session.get(_PENDING)
    if pending is None or timezone.now().timestamp() - pending["at"] > _SECONDS:
        return _unverified(request)
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not _same_password(user, pending["password"]):
        return None
    user.backend = pending["backend"]
    return user


def _unverified(request: HttpRequest) -> User | None:
    """Who signed in before there was a second factor, such as elsewhere at the same moment."""
    user = request.user
    if not isinstance(user, User) or user.is_verified():  # type: ignore[attr-defined]
        return None
    user.backend = request.session[BACKEND_SESSION_KEY]
    return user


def _same_password(user: User, digest: str) -> bool:
    return constant_time_compare(user.get_session_auth_hash(), digest)


def _count_failure(request: HttpRequest, user: User) -> None:
    """A wrong code counts towards lock-out as a wrong password does."""
    user_login_failed.send(
        sender=__name__, credentials={"username": user.username}, request=request
    )


def password_is_theirs(request: HttpRequest, user: User, password: str) -> bool:
    """Asked of who is signed in already; wrong ones count towards lock-out."""
    return authenticate(request, username=user.username, password=password) is not None
