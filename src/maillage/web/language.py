from django.middleware.locale import LocaleMiddleware


class LanguageMiddleware(LocaleMiddleware):
    """The reader's language: the one chosen (cookie), else the browser's, else the territory's."""
