"""Pages: templates, translations, formats, forms, static files."""

from hansa.runtime.html.catalogue import Catalogue, read_catalogue
from hansa.runtime.html.pages import ON_PAGE, Page, Pages, PageSettings

__all__ = ["ON_PAGE", "Catalogue", "Page", "PageSettings", "Pages", "read_catalogue"]
