"""An app whose signals are imported when it is ready, as Django's documentation has it."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class ProfilesConfig(AppConfig):
    name = "profiles"

    def ready(self):
        if settings.IMPORTS_SIGNALS:
            import_module("profiles.signals")
