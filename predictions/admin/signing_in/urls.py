"""The pages of signing in. They stand before the admin's own, so `login` here is the one used."""

from django.contrib import admin
from django.urls import URLPattern, path

from predictions.admin.signing_in.calendar import YourCalendar
from predictions.admin.signing_in.password import PasswordChange
from predictions.admin.signing_in.sessions import SignIns
from predictions.admin.signing_in.steps import FirstStep, SecondStep
from predictions.admin.signing_in.two_factor import BackupCodes, Remove, two_factor


def signing_in_urls() -> list[URLPattern]:
    own = admin.site.admin_view
    return [
        path("login/", FirstStep.as_view(), name="login"),
        path("login/code/", SecondStep.as_view(), name="second_step"),
        path("password_change/", own(PasswordChange.as_view()), name="password_change"),
        path("account/two-factor/", own(two_factor), name="two_factor"),
        path("account/two-factor/codes/", own(BackupCodes.as_view()), name="two_factor_codes"),
        path("account/two-factor/remove/", own(Remove.as_view()), name="two_factor_remove"),
        path("account/calendar/", own(YourCalendar.as_view()), name="calendar"),
        path("account/sessions/", own(SignIns.as_view()), name="sign_ins"),
    ]
