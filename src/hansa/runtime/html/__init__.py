"""Pages: templates, translations, formats, forms, static files."""

from hansa.runtime.html.catalogue import Catalogue, read_catalogue
from hansa.runtime.html.forms import Form, first_shown, read_form, uploads
from hansa.runtime.html.pages import ON_PAGE, Page, Pages, PageSettings

__all__ = [
    "ON_PAGE",
    "Catalogue",
    "Form",
    "Page",
    "PageSettings",
    "Pages",
    "first_shown",
    "read_catalogue",
    "read_form",
    "uploads",
]
