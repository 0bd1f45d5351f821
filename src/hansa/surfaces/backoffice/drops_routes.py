"""Routes of the pages about drops, for the manifest."""

from hansa.surfaces.backoffice import drops, drops_settings

ROUTES = (
    drops.list_drops,
    drops_settings.show_new,
    drops_settings.create,
    drops.show_drop,
    drops.set_admission,
    drops.close,
    drops_settings.show_settings,
    drops_settings.save_settings,
    drops_settings.show_goods,
    drops_settings.put_product,
    drops_settings.remove_product,
)
